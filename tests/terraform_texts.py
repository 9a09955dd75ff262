"""People's Terraform files for the tests, and what is asked of them."""

from __future__ import annotations

from textwrap import dedent

from fixbot import dialects
from fixbot.change import Change, edits, plan
from fixbot.document import parse
from fixbot.lens import Container, Policy, Task
from fixbot.project import Project, Reading, Surroundings
from fixbot.splice import splice


def read_files(files: dict[str, str]) -> Reading:
    documents = {path: parse(path, dedent(text)) for path, text in files.items()}
    return dialects.read(Project(documents, Surroundings(frozenset(files))))


def tf(text: str, **more: str) -> Reading:
    return read_files({"main.tf": text, **more})


def containers(reading: Reading) -> list[Container]:
    return [container for task in reading.tasks for container in task.containers]


def only_task(reading: Reading) -> Task:
    (task,) = [task for task in reading.tasks if task.containers]
    return task


def only_policy(reading: Reading) -> Policy:
    (policy,) = reading.policies
    return policy


def aloud(reading: Reading) -> list[str]:
    return [each.reason for each in reading.unread]


def changed(text: str, *changes: Change) -> str:
    """The text with the changes carried out, as the grammar of the changed nodes writes them."""
    return splice(dedent(text), edits(dedent(text), plan(changes)))


TASK = """\
    resource "aws_ecs_task_definition" "web" {
      family                   = "web"
      requires_compatibilities = ["FARGATE"]
      network_mode             = "awsvpc"
      execution_role_arn       = aws_iam_role.exec.arn
      container_definitions = CONTAINERS

      volume {
        name = "scratch"
      }
      volume {
        name      = "sock"
        host_path = "/var/run/docker.sock"
      }
      volume {
        name = "shared"
        efs_volume_configuration {
          file_system_id = aws_efs_file_system.x.id
        }
      }
    }
    """

APP = '{ name = "app", image = "nginx:1.27", privileged = true }'
APP_JSON = '[{"name": "app", "image": "nginx:1.27", "privileged": true}]'


def task_with(expression: str, rest: str = "") -> str:
    return dedent(TASK).replace("CONTAINERS", expression) + dedent(rest)
