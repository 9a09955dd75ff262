"""People's Terraform files for the tests, and what is asked of them."""

from __future__ import annotations

from textwrap import dedent

from fixbot import dialects
from fixbot.edit.change import Change, plan_rewrites, render_edits
from fixbot.edit.splice import splice_edits
from fixbot.lens import Container, Policy, Task
from fixbot.source.document import parse_document
from fixbot.source.project import Inventory, Project, RepositoryFacts


def read_files(files: dict[str, str]) -> Inventory:
    documents = {path: parse_document(path, dedent(text)) for path, text in files.items()}
    return dialects.read_dialects(Project(documents, RepositoryFacts(frozenset(files))))


def tf(text: str, **more: str) -> Inventory:
    return read_files({"main.tf": text, **more})


def containers(reading: Inventory) -> list[Container]:
    return [container for task in reading.tasks for container in task.containers]


def only_task(reading: Inventory) -> Task:
    (task,) = [task for task in reading.tasks if task.containers]
    return task


def only_policy(reading: Inventory) -> Policy:
    (policy,) = reading.policies
    return policy


def aloud(reading: Inventory) -> list[str]:
    return [each.reason for each in reading.unread]


def changed(text: str, *changes: Change) -> str:
    """The text with the changes carried out, as the grammar of the changed nodes writes them."""
    return splice_edits(dedent(text), render_edits(dedent(text), plan_rewrites(changes)))


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
