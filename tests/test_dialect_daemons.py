"""ECS daemons and Express services, in CloudFormation and in Terraform's blocks."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Status
from fixbot.settings import Settings
from tests.first_rules import first_rules

PASSWORD = "plum-Tr4ctor-88"
EXPRESS = f"""\
    Resources:
      Web:
        Type: AWS::ECS::ExpressGatewayService
        Properties:
          ServiceName: web
          InfrastructureRoleArn: arn:aws:iam::111122223333:role/infra
          ExecutionRoleArn: arn:aws:iam::111122223333:role/execution
          PrimaryContainer:
            Image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:2
            Environment:
              - Name: MODE
                Value: live
              - Name: DB_PASSWORD
                Value: {PASSWORD}
    """
EXPRESS_BLOCKS = f"""\
    resource "aws_ecs_express_gateway_service" "web" {{
      service_name            = "web"
      infrastructure_role_arn = "arn:aws:iam::111122223333:role/infra"
      execution_role_arn      = "arn:aws:iam::111122223333:role/execution"

      primary_container {{
        image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:2"

        environment {{
          name  = "DB_PASSWORD"
          value = "{PASSWORD}"
        }}
      }}
    }}
    """
DAEMON = """\
    Resources:
      Agent:
        Type: AWS::ECS::DaemonTaskDefinition
        Properties:
          Family: agent
          ContainerDefinitions:
            - Name: nginx
              Image: nginx:1.27
    """
DAEMON_BLOCKS = """\
    resource "aws_ecs_daemon_task_definition" "agent" {
      family = "agent"

      container_definition {
        name  = "nginx"
        image = "nginx:1.27"
      }
    }
    """


def looked_at(folder: Path, name: str, text: str) -> Report:
    (folder / name).write_text(dedent(text))
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


@pytest.mark.parametrize(("name", "text"), [("stack.yaml", EXPRESS), ("main.tf", EXPRESS_BLOCKS)])
def test_a_secret_of_an_express_service_moves_and_nothing_else_is_asked_of_it(
    tmp_path: Path, name: str, text: str
) -> None:
    report = looked_at(tmp_path, name, text)
    assert [(each.rule, each.status) for each in report.findings] == [
        ("secret-in-environment", Status.FIXED)
    ], [each.reason for each in report.findings]
    (patch,) = report.patches
    assert PASSWORD not in patch.after
    if name == "main.tf":
        assert "secret {\n" in patch.after
        assert "value_from" in patch.after
    else:
        assert "Secrets:\n" in patch.after
        assert "Name: MODE" in patch.after


@pytest.mark.parametrize(("name", "text"), [("stack.yaml", DAEMON), ("main.tf", DAEMON_BLOCKS)])
def test_the_root_of_a_daemon_becomes_read_only(tmp_path: Path, name: str, text: str) -> None:
    report = looked_at(tmp_path, name, text)
    assert [(each.rule, each.status, each.resource) for each in report.findings] == [
        ("readonly-root-filesystem", Status.FIXED, "daemon agent, container nginx")
    ], [each.reason for each in report.findings]
    (patch,) = report.patches
    if name == "main.tf":
        assert "readonly_root_filesystem = true" in patch.after
        assert patch.after.count("mount_point {") == patch.after.count("volume {") > 1
    else:
        assert "ReadonlyRootFilesystem: true" in patch.after
        assert "MountPoints:" in patch.after


def test_a_privileged_daemon_is_an_agent_and_left_alone(tmp_path: Path) -> None:
    text = dedent(DAEMON).replace(
        "          Image: nginx", "          Privileged: true\n          Image: nginx"
    )
    (found,) = (each for each in looked_at(tmp_path, "s.yaml", text).findings if "privileged" in each.rule)
    assert found.status is Status.REFUSED


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (DAEMON.replace("- Name: nginx\n              Image: nginx:1.27", "!Ref Containers"), "Agent"),
        (EXPRESS.partition("PrimaryContainer:")[0] + "PrimaryContainer: !Ref Container\n", "Web"),
    ],
)
def test_computed_containers_are_said(tmp_path: Path, text: str, what: str) -> None:
    report = looked_at(tmp_path, "stack.yaml", text)
    assert [what in each.reason and "computed" in each.reason for each in report.unread] == [True]
