"""Policies that stand in a template as text: `PolicyDocument: |` and the JSON below it."""

from __future__ import annotations

import json
from pathlib import Path

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Status
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings

TEMPLATE = """\
Resources:
  Deploy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {style}
        {{
          "Version": "2012-10-17",
          "Statement": [{{
            "Sid": "Deploy",
            "Effect": "Allow",
            "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
            "Resource": "*"
          }}]
        }}
      Description: deploys   # for CI
"""


def looked_at(folder: Path, text: str, name: str = "stack.yaml") -> Report:
    (folder / name).write_text(text)
    rule = tuple(fixer for fixer in load_rules() if fixer.name == "tag-condition-missing")
    return run_pipeline(Checkout.open_checkout(str(folder)), rule, Settings())


def test_the_json_of_a_block_scalar_is_changed_where_it_stands(tmp_path: Path) -> None:
    report = looked_at(tmp_path, TEMPLATE.format(style="|"))
    assert [finding.status for finding in report.findings] == [Status.FIXED]
    after = report.patches[0].after
    assert '          "Statement": [{\n' in after
    assert "${aws:PrincipalTag/Environment, 'none'}" in after
    assert after.endswith("      Description: deploys   # for CI\n")
    assert looked_at(tmp_path, after).findings == ()


def test_sub_leaves_the_policy_variable_alone(tmp_path: Path) -> None:
    report = looked_at(tmp_path, TEMPLATE.format(style="!Sub |"))
    assert "${!aws:PrincipalTag/Environment, 'none'}" in report.patches[0].after
    assert looked_at(tmp_path, report.patches[0].after).findings == ()


def test_text_that_is_no_json_is_said(tmp_path: Path) -> None:
    report = looked_at(tmp_path, TEMPLATE.format(style="|").replace('"*"', "*"))
    assert [(unread.line, unread.reason) for unread in report.unread] == [
        (5, "a policy can't be read as JSON (not JSON: a value is missing)")
    ]


def test_an_escaped_text_is_read_and_never_changed(tmp_path: Path) -> None:
    statement = '{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}'
    quoted = json.dumps(f'{{"Statement": [{statement}]}}')
    text = f"Resources:\n  A:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument: {quoted}\n"
    report = looked_at(tmp_path, text)
    assert [(found.line, found.status.value) for found in report.findings] == [(5, "manual")]
    assert "a quoted text" in str(report.findings[0].reason)
    assert not report.unread


def test_a_controllers_policy_is_read_too(tmp_path: Path) -> None:
    text = (
        "apiVersion: iam.services.k8s.aws/v1alpha1\nkind: Policy\nmetadata: {name: deploy}\nspec:\n"
        '  policyDocument: \'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": "ecs:StopTask", "Resource": "*"}]}\'\n'
    )
    report = looked_at(tmp_path, text)
    assert [(f.resource, f.status) for f in report.findings] == [
        ("policy deploy, statement #1", Status.FIXED)
    ]
    assert looked_at(tmp_path, report.patches[0].after).findings == ()


def test_policies_of_json_configuration_are_read_and_never_changed(tmp_path: Path) -> None:
    statement = {"actions": ["ecs:StopTask"], "resources": ["*"]}
    limit = {"test": "StringEquals", "variable": "aws:ResourceTag/env", "values": ["dev"]}
    allowed = {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}
    held = {
        "resource": {"aws_iam_policy": {"p": {"policy": json.dumps({"Statement": [allowed]})}}},
        "data": {
            "aws_iam_policy_document": {
                "wide": {"statement": [statement]},
                "limited": [{"statement": {**statement, "condition": limit}}],
                "computed": {"statement": "${var.statements}"},
            }
        },
    }
    report = looked_at(tmp_path, json.dumps(held, indent=1), "main.tf.json")
    assert [found.resource for found in report.findings] == [
        "policy p, statement #1",
        "policy wide, statement #1",
    ]
    assert {found.status.value for found in report.findings} == {"manual"}
    assert not report.patches
    assert ["computed" in each.reason for each in report.unread] == [True]


def test_two_rules_that_speak_of_one_statement_are_both_answered(tmp_path: Path) -> None:
    actions = ["ecs:RegisterTaskDefinition", "ecs:UpdateService", "iam:PassRole"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    (tmp_path / "deploy.json").write_text(json.dumps(policy))
    names = ("tag-condition-missing", "pass-role-unscoped")
    rules = tuple(fixer for fixer in load_rules() if fixer.name in names)
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), rules, Settings())
    assert Status.FIXED in {found.status for found in report.findings}
    assert "would bring a new finding" not in str([found.reason for found in report.findings])


def test_twins_are_told_apart_where_one_is_mended(tmp_path: Path) -> None:
    statement = '{Effect: Allow, Action: "ecs:StopTask", Resource: "*"}'
    document = '{Version: "2012-10-17", Statement: [%s]}'
    policies = (
        document % statement,
        document % f'!If [Live, {statement}, !Ref "AWS::NoValue"]',
    )
    text = "Resources:\n  Deploy:\n    Type: AWS::IAM::User\n    Properties:\n      Policies:\n" + "".join(
        f"      - PolicyName: deploy\n        PolicyDocument: {each}\n" for each in policies
    )
    first, second = looked_at(tmp_path, text).findings
    assert first.status is Status.FIXED
    assert "stands in a condition of the template" in str(second.reason)
