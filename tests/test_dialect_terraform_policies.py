"""IAM policies in Terraform."""

# ruff: noqa: E501 (the texts are as wide as people write them)
from __future__ import annotations

from textwrap import dedent

import pytest

from tests.terraform_texts import (
    aloud,
    only_policy,
    tf,
)

STATEMENT = '{ Sid = "Deploy", Effect = "Allow", Action = "ecs:UpdateService", Resource = "*" }'


def test_a_policy_in_jsonencode() -> None:
    text = f"""\
        resource "aws_iam_policy" "deploy" {{
          name   = "deploy"
          policy = jsonencode({{ Version = "2012-10-17", Statement = [{STATEMENT}] }})
        }}
        """
    policy = only_policy(tf(text))
    assert (policy.address, policy.kind, policy.dialect) == ("aws_iam_policy.deploy", "identity", "terraform")
    assert [s.sid for s in policy.statements] == ["Deploy"]
    assert policy.escape("${aws:PrincipalTag/x}") == "${aws:PrincipalTag/x}"


def test_a_policy_in_a_heredoc() -> None:
    text = """\
        resource "aws_iam_role_policy" "deploy" {
          role   = aws_iam_role.ci.id
          policy = <<EOF
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "${var.arn}"}}
        EOF
        }
        """
    policy = only_policy(tf(text))
    assert len(policy.statements) == 1
    assert policy.escape("${aws:username}") == "$${aws:username}"
    assert policy.unescape("$${aws:username}") == "${aws:username}"


@pytest.mark.parametrize(("function", "escaped"), [("file", "${x}"), ("templatefile", "$${x}")])
def test_a_policy_in_a_file(function: str, escaped: str) -> None:
    call = f'{function}("${{path.module}}/p.json"{", {}" if function == "templatefile" else ""})'
    policies = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    )
    text = f'resource "aws_iam_policy" "a" {{\n  policy = {call}\n}}\nresource "aws_iam_user_policy" "b" {{\n  policy = {call}\n}}\n'
    policy = only_policy(tf(text, **{"p.json": policies}))
    assert (policy.node.root_node.source, policy.dialect, policy.escape("${x}")) == (
        "p.json",
        "terraform",
        escaped,
    )


def test_a_policy_in_blocks() -> None:
    text = """\
        data "aws_iam_policy_document" "deploy" {
          source_policy_documents = [data.aws_iam_policy_document.base.json]
          statement {
            sid       = "Deploy"
            actions   = ["ecs:UpdateService"]
            resources = ["*"]
          }
          dynamic "statement" {
            for_each = var.more
            content {
              actions = statement.value
            }
          }
        }
        """
    reading = tf(text)
    policy = only_policy(reading)
    assert policy.in_blocks
    assert [s.title for s in policy.statements] == ["policy deploy, statement Deploy"]
    assert (policy.kind, policy.address) == ("identity", "data.aws_iam_policy_document.deploy")
    assert policy.others == "`source_policy_documents` brings statements of other documents in"
    assert policy.escape("${aws:PrincipalTag/x}") == "&{aws:PrincipalTag/x}"
    assert policy.unescape("&{aws:PrincipalTag/x}") == "${aws:PrincipalTag/x}"
    assert aloud(reading) == ["statements of data.aws_iam_policy_document.deploy are in a dynamic block"]


TRUST_JSON = """
    resource "aws_iam_role" "task" {
      assume_role_policy = jsonencode({
        Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
      })
      inline_policy {
        name   = "own"
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })
      }
    }
    """
TRUST_BLOCKS = """
    resource "aws_iam_role" "task" {
      assume_role_policy = data.aws_iam_policy_document.trust.json
    }
    data "aws_iam_policy_document" "trust" {
      statement {
        actions = ["sts:AssumeRole"]
        principals {
          type        = "Service"
          identifiers = ["ecs-tasks.amazonaws.com"]
        }
      }
    }
    """
ATTACHED = {
    "a role policy": 'resource "aws_iam_role_policy" "p" {\n  role   = aws_iam_role.task.id\n  policy = data.aws_iam_policy_document.p.json\n}\n',
    "an attachment": (
        'resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.p.json\n}\n'
        'resource "aws_iam_role_policy_attachment" "p" {\n  role       = aws_iam_role.task.name\n  policy_arn = aws_iam_policy.p.arn\n}\n'
    ),
}
DOCUMENT = 'data "aws_iam_policy_document" "p" {\n  statement {\n    actions   = ["s3:*"]\n    resources = ["*"]\n  }\n}\n'


@pytest.mark.parametrize("trust", [TRUST_JSON, TRUST_BLOCKS])
@pytest.mark.parametrize("way", ATTACHED)
def test_who_assumes_the_role_of_a_policy(trust: str, way: str) -> None:
    reading = tf(dedent(trust) + ATTACHED[way] + DOCUMENT)
    found = next(p for p in reading.policies if p.address == "data.aws_iam_policy_document.p")
    assert found.principals == ("ecs-tasks.amazonaws.com",)
    assert found.roles == ("aws_iam_role.task",)


@pytest.mark.parametrize("trust", [TRUST_JSON, TRUST_BLOCKS])
def test_trust_policies_are_trust_policies(trust: str) -> None:
    kinds = {p.address: p.kind for p in tf(trust).policies}
    assert "trust" in kinds.values()
    assert kinds.get("aws_iam_role.task/inline_policy", "identity") == "identity"


def test_resource_policies_and_what_is_neither() -> None:
    text = """\
        resource "aws_s3_bucket_policy" "b" {
          policy = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*" }] })
        }
        resource "aws_organizations_policy" "scp" {
          content = jsonencode({ Statement = [{ Effect = "Deny", Action = "s3:*", Resource = "*" }] })
        }
        """
    assert [p.kind for p in tf(text).policies] == ["resource", "unknown"]


def test_statements_in_concat_and_in_locals() -> None:
    text = f"""\
        locals {{
          one = {STATEMENT}
        }}
        resource "aws_iam_policy" "p" {{
          policy = jsonencode({{ Statement = concat([local.one, {STATEMENT}], var.more) }})
        }}
        """
    reading = tf(text)
    policy = only_policy(reading)
    assert len(policy.statements) == 2
    assert policy.others == "some of its statements are computed"
    assert aloud(reading) == ["statements of aws_iam_policy.p are computed"]


def test_a_policy_in_a_local_is_read_where_it_stands() -> None:
    text = f"""\
        locals {{
          policy = {{ Version = "2012-10-17", Statement = [{STATEMENT}] }}
        }}
        resource "aws_iam_policy" "p" {{
          policy = jsonencode(local.policy)
        }}
        """
    reading = tf(text)
    assert only_policy(reading).address == "local.policy"
    assert aloud(reading) == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("var.policy", "the policy of aws_iam_policy.p is given by var.policy"),
        ("module.p.json", "the policy of aws_iam_policy.p is given by module.p.json"),
        (
            'file("gone.json")',
            "the policy of aws_iam_policy.p is read from gone.json, which isn't in this repository",
        ),
        (
            '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Resource\\": \\"${var.x}\\"}]}"',
            "a policy of aws_iam_policy.p is a quoted string, with escapes that fixbot doesn't edit",
        ),
        (
            "data.aws_iam_policy_document.gone.json",
            "the policy of aws_iam_policy.p is given by data.aws_iam_policy_document.gone.json",
        ),
    ],
)
def test_policies_that_are_given(expression: str, reason: str) -> None:
    assert aloud(tf(f'resource "aws_iam_policy" "p" {{\n  policy = {expression}\n}}\n')) == [reason]
