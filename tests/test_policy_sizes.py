"""No fix makes a policy larger than AWS takes it: inline policies count together, wherever they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from tests.first_rules import first_rules

STOP: dict[str, object] = {
    "Effect": "Allow",
    "Action": ["ecs:StopTask", "ecs:RunTask", "s3:GetObject"],
    "Resource": "*",
}


def statements(size: int) -> list[dict[str, object]]:
    """Statements of about so many characters without blanks, the first of which is too wide."""
    names = [f"arn:aws:s3:::bucket-{number:05}/*" for number in range(size // 30)]
    put: dict[str, object] = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": names}
    return [STOP, put]


def document(size: int) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements(size)}, indent=1)


def look(folder: Path, name: str, text: str) -> Report:
    (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def refused(report: Report) -> str:
    return " ".join(each.reason or "" for each in report.findings if each.rule == "tag-condition-missing")


ROLE = 'resource "aws_iam_role" "deploy" {\n  name = "deploy"\n}\n'


def inline(kind: str, name: str, owner: str, size: int) -> str:
    policy = f"<<EOF\n{document(size)}\nEOF"
    return f'resource "aws_iam_{kind}_policy" "{name}" {{\n  {kind} = {owner}\n  policy = {policy}\n}}\n'


def data(name: str, size: int) -> str:
    names = ", ".join(f'"arn:aws:s3:::bucket-{number:05}/*"' for number in range(size // 30))
    return f"""\
data "aws_iam_policy_document" "{name}" {{
  statement {{
    actions   = ["ecs:StopTask", "ecs:RunTask", "s3:GetObject"]
    resources = ["*"]
  }}
  statement {{
    actions   = ["s3:PutObject"]
    resources = [{names}]
  }}
}}
resource "aws_iam_role_policy" "{name}" {{
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.{name}.json
}}
"""


LARGE = {
    "two inline policies of a role": ROLE
    + inline("role", "a", "aws_iam_role.deploy.id", 4800)
    + inline("role", "b", "aws_iam_role.deploy.name", 4800),
    "policies of a role called by name": inline("role", "a", '"ci"', 4800)
    + inline("role", "b", '"ci"', 4800),
    "documents of a role": ROLE + data("a", 4800) + data("b", 4800),
    "one of a user": inline("user", "a", "aws_iam_user.ci.name", 1700),
    "one of a group": inline("group", "a", "aws_iam_group.ci.name", 4800),
}


@pytest.mark.parametrize("how", LARGE)
def test_what_would_be_too_large_is_refused_with_the_figures(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, "main.tf", LARGE[how])
    assert "and AWS takes" in refused(report)


SMALL = {
    "two policies of two roles": inline("role", "a", "aws_iam_role.a.id", 4800)
    + inline("role", "b", "aws_iam_role.b.id", 4800),
    "one of a role": inline("role", "a", "aws_iam_role.deploy.id", 4800),
}


@pytest.mark.parametrize("how", SMALL)
def test_what_fits_is_repaired(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, "main.tf", ROLE + SMALL[how])
    assert "AWS takes" not in refused(report)
    assert report.patches


def template(**resources: object) -> str:
    return json.dumps({"Resources": resources}, indent=1)


def policy(size: int) -> dict[str, object]:
    return {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements(size)}}


TEMPLATES = {
    "a role and a policy of its own": template(
        Ci={"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy(4800)]}},
        More={"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Ci"}], **policy(4800)}},
    ),
    "two resources for one role": template(
        A={"Type": "AWS::IAM::RolePolicy", "Properties": {"RoleName": "ci", **policy(4800)}},
        B={"Type": "AWS::IAM::Policy", "Properties": {"Roles": ["ci"], **policy(4800)}},
    ),
    "a policy of a group and a role": template(
        A={
            "Type": "AWS::IAM::Policy",
            "Properties": {"Roles": ["ci"], "Groups": ["people"], **policy(4800)},
        },
    ),
    "a function of SAM": template(
        F={
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Policies": [policy(9950)["PolicyDocument"], {"Version": "2012-10-17", "Statement": []}]
            },
        },
    ),
    "a managed policy": template(
        A={"Type": "AWS::IAM::ManagedPolicy", "Properties": {**policy(5850), "PolicyName": "p"}}
    ),
}


@pytest.mark.parametrize("how", TEMPLATES)
def test_templates_are_counted_alike(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, "template.json", TEMPLATES[how])
    assert "and AWS takes" in refused(report)
