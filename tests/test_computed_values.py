"""What a condition may come to is reported by every rule alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.settings import Settings
from tests.first_rules import first_rules

TEMPLATE = """\
Parameters: {Stage: {Type: String}}
Conditions: {Dev: !Equals [!Ref Stage, dev]}
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: registry.example/web:2
          ReadonlyRootFilesystem: READONLY
          Privileged: PRIVILEGED
          Environment: [{Name: DB_PASSWORD, Value: SECRET}]
  Deploy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{Effect: Allow, Action: ACTION, Resource: '*'}]
"""
TERRAFORM = """\
resource "aws_ecs_task_definition" "web" {
  family                = "web"
  container_definitions = jsonencode([{
    name                   = "web"
    image                  = "registry.example/web:2"
    readonlyRootFilesystem = READONLY
    privileged             = PRIVILEGED
    environment            = [{ name = "DB_PASSWORD", value = SECRET }]
  }])
}
data "aws_iam_policy_document" "deploy" {
  statement {
    actions   = ACTION
    resources = ["*"]
  }
}
"""
COMPUTED = {
    "an If": ("t.yaml", TEMPLATE, "!If [Dev, false, true]", "!If [Dev, true, false]",
              "!If [Dev, plum-Tr4ctor9, !Ref Stage]", "!If [Dev, 'ecs:StopTask', 'ecs:RunTask']"),
    "an If in an If": ("t.yaml", TEMPLATE, "!If [Dev, !If [Dev, false, true], true]",
                       "!If [Dev, false, !If [Dev, true, false]]",
                       "!If [Dev, !Ref Stage, !If [Dev, plum-Tr4ctor9, x]]",
                       "!If [Dev, 'ecs:StopTask', 's3:*']"),
    "the long form": ("t.yaml", TEMPLATE, "{'Fn::If': [Dev, false, true]}", "{'Fn::If': [Dev, true, false]}",
                      "{'Fn::If': [Dev, plum-Tr4ctor9, '']}", "{'Fn::If': [Dev, 'ecs:StopTask', 's3:*']}"),
    "a question": ("main.tf", TERRAFORM, "var.a ? false : true", "var.a ? true : false",
                   'var.a ? "plum-Tr4ctor9" : var.b', 'var.a ? ["ecs:StopTask"] : ["s3:*"]'),
}  # fmt: skip


@pytest.mark.parametrize("how", COMPUTED)
def test_each_rule_says_what_a_condition_may_come_to(tmp_path: Path, how: str) -> None:
    name, text, readonly, privileged, secret, action = COMPUTED[how]
    text = text.replace("READONLY", readonly).replace("PRIVILEGED", privileged)
    (tmp_path / name).write_text(text.replace("SECRET", secret).replace("ACTION", action))
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert {each.rule for each in report.findings} == {
        "privileged-container", "readonly-root-filesystem", "secret-in-environment", "tag-condition-missing",
    }  # fmt: skip
    assert {each.status.value for each in report.findings} <= {"refused", "manual"}


def test_a_condition_that_is_never_on_is_no_finding(tmp_path: Path) -> None:
    text = TEMPLATE.replace("READONLY", "true").replace("PRIVILEGED", "!If [Dev, false, false]")
    (tmp_path / "t.yaml").write_text(text.replace("SECRET", "!Ref Stage").replace("ACTION", "s3:GetObject"))
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert report.findings == ()


POLICY = (
    '{"Statement": [{"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "arn:aws:ecs:${R}:*:task/*"}]}'
)


@pytest.mark.parametrize(
    "form", ["!Sub '{}'", "!Sub ['{}', {{R: x}}]", "{{'Fn::Sub': '{}'}}", "{{'Fn::Sub': ['{}', {{R: x}}]}}"]
)
def test_a_policy_in_a_substituted_text_is_read(tmp_path: Path, form: str) -> None:
    document = form.format(POLICY)
    (tmp_path / "t.yaml").write_text(
        "Resources:\n  A:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"
        f"      PolicyDocument: {document}\n"
    )
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert {each.rule for each in report.findings} == {"tag-condition-missing"}
    assert all("${!aws:" in str(each.after) for each in report.patches)
