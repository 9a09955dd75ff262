"""What is written as null is not there, in every dialect; so is `AWS::NoValue`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Status
from fixbot.settings import Settings
from tests.first_rules import first_rules

RULE = "readonly-root-filesystem"


def look(folder: Path, name: str, text: str) -> Report:
    (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


TASK = dict.fromkeys(
    ("taskRoleArn", "executionRoleArn", "networkMode", "volumes", "placementConstraints", "pidMode",
     "ipcMode", "requiresCompatibilities", "runtimePlatform", "cpu", "memory")
)  # fmt: skip
CONTAINER = dict.fromkeys(
    ("privileged", "readonlyRootFilesystem", "environment", "mountPoints", "portMappings", "linuxParameters",
     "logConfiguration", "secrets", "user", "command", "essential")
)  # fmt: skip


@pytest.mark.parametrize("runtime", [None, {"operatingSystemFamily": None, "cpuArchitecture": None}])
@pytest.mark.parametrize("wrapped", [True, False])
def test_the_answer_of_describe_task_definition(
    tmp_path: Path, runtime: dict[str, None] | None, wrapped: bool
) -> None:
    containers = [{"name": "app", "image": "example/app:1", **CONTAINER}]
    task = {"family": "web", **TASK, "runtimePlatform": runtime, "containerDefinitions": containers}
    report = look(tmp_path, "task.json", json.dumps({"taskDefinition": task} if wrapped else task, indent=1))
    (finding,) = report.findings
    assert (finding.rule, finding.status) == (RULE, Status.FIXED)
    after = json.loads(report.patches[0].after)
    after = after["taskDefinition"] if wrapped else after
    assert after["containerDefinitions"][0]["readonlyRootFilesystem"] is True


NULLS = ["null", "~", "", "Null", "!!null ''"]


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("field", ["readOnlyRootFilesystem", "securityContext", "all"])
def test_a_pod(tmp_path: Path, null: str, field: str) -> None:
    inside = f"\n        privileged: {null}\n        readOnlyRootFilesystem: {null}"
    context = inside if field == "readOnlyRootFilesystem" else f" {null}"
    more = f"      env: {null}\n      volumeMounts: {null}\n      ports: {null}\n" if field == "all" else ""
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n"
        f"  volumes: {null}\n  initContainers: {null}\n  hostNetwork: {null}\n"
        f"  containers:\n    - name: web\n      image: example/app:1\n{more}      securityContext:{context}\n"
    )
    report = look(tmp_path, "a.yaml", text)
    assert {(each.rule, each.status) for each in report.findings} == {(RULE, Status.FIXED)}
    assert "readOnlyRootFilesystem: true" in report.patches[0].after


@pytest.mark.parametrize(
    "nothing",
    ["null", "!Ref AWS::NoValue", '!Ref "AWS::NoValue"', "{Ref: AWS::NoValue}", '{"Ref": "AWS::NoValue"}'],
)
def test_a_template(tmp_path: Path, nothing: str) -> None:
    text = f"""Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      Volumes: {nothing}
      ContainerDefinitions:
        - Name: app
          Image: example/app:1
          Privileged: {nothing}
          ReadonlyRootFilesystem: {nothing}
          MountPoints: {nothing}
          Environment: {nothing}
"""
    report = look(tmp_path, "a.yaml", text)
    assert [(each.rule, each.status) for each in report.findings] == [(RULE, Status.FIXED)]
    after = report.patches[0].after
    assert "ReadonlyRootFilesystem: true\n" in after
    assert f"Privileged: {nothing}\n" in after


def test_terraform(tmp_path: Path) -> None:
    text = """resource "aws_ecs_task_definition" "web" {
  family                = "web"
  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "example/app:1"
    privileged             = null
    readonlyRootFilesystem = null
    mountPoints            = null
  }])
}

resource "kubernetes_pod" "web" {
  metadata { name = "web" }
  spec {
    container {
      name  = "app"
      image = "example/app:1"
      security_context {
        privileged                = null
        read_only_root_filesystem = null
      }
    }
  }
}
"""
    report = look(tmp_path, "main.tf", text)
    assert [(each.rule, each.status) for each in report.findings] == [(RULE, Status.FIXED)] * 2
    assert "readonlyRootFilesystem = true" in report.patches[0].after
    assert "read_only_root_filesystem = true" in report.patches[0].after
