"""Roles that any token may take: what a repository says of who takes them, and what nobody may guess."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Finding, Report, Status
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings

RULES = tuple(each for each in load_rules() if each.name == "oidc-trust-unscoped")
GITHUB = "token.actions.githubusercontent.com"
ROLE = """Resources:
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      RoleName: deploy
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Federated: !Sub "arn:aws:iam::${{AWS::AccountId}}:oidc-provider/{issuer}"}}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {condition}
"""
WORKFLOW = """jobs:
  deploy:
    steps:
      - uses: aws-actions/configure-aws-credentials@v5
        with:
          role-to-assume: arn:aws:iam::111122223333:role/deploy
"""


def scan(folder: Path, files: dict[str, str]) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), RULES, Settings())


def role(condition: str, issuer: str = GITHUB) -> dict[str, str]:
    return {"role.yaml": ROLE.format(issuer=issuer, condition=condition)}


def only(report: Report) -> Finding:
    (found,) = report.findings
    return found


AUDIENCE = f'"{GITHUB}:aud": sts.amazonaws.com'


def test_a_workflow_of_this_repository_says_whose_the_role_is(tmp_path: Path) -> None:
    for words in (["init", "-q"], ["remote", "add", "origin", "git@github.com:acme/shop.git"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    files = role(f"{{StringEquals: {{{AUDIENCE}}}}}") | {".github/workflows/deploy.yml": WORKFLOW}
    report = scan(tmp_path, files)
    assert only(report).status is Status.FIXED
    assert f'StringLike: {{"{GITHUB}:sub": "repo:acme/shop:*"}}' in report.patches[0].after


def test_without_a_remote_on_github_a_person_says_it(tmp_path: Path) -> None:
    files = role(f"{{StringEquals: {{{AUDIENCE}}}}}") | {".github/workflows/deploy.yml": WORKFLOW}
    assert only(scan(tmp_path, files)).status is Status.MANUAL


WIDE = ["*", "repo:*", "repo:acme/*", "repo:acme*", "repo:*/shop:*", "repo:?cme/shop:*", "repo:${Owner}/*"]
NARROW = ["repo:acme/shop:*", "repo:acme/shop:pull_request", "repo:${Repository}:*", "repo:acme/shop-*:ref:*"]


@pytest.mark.parametrize(("subject", "wide"), [*((w, True) for w in WIDE), *((n, False) for n in NARROW)])
@pytest.mark.parametrize(
    "spelled", ['"{}"', '["{}"]', '!Sub "{}"', '{{"Fn::Sub": "{}"}}', '["repo:a/b:*", "{}"]']
)
def test_a_pattern_before_the_repository_s_name_ends_is_everybody_s(
    tmp_path: Path, subject: str, wide: bool, spelled: str
) -> None:
    written = spelled.format(subject)
    report = scan(
        tmp_path, role(f'{{StringEquals: {{{AUDIENCE}}}, StringLike: {{"{GITHUB}:sub": {written}}}}}')
    )
    assert bool(report.findings) is wide


@pytest.mark.parametrize(
    "condition",
    [
        f'{{StringNotLike: {{"{GITHUB}:sub": "repo:other/*"}}}}',
        f'{{StringLike: {{"{GITHUB}:sub": "*"}}}}',
        f'{{StringEquals: {{"{GITHUB}:aud": sts.amazonaws.com}}}}',
        f'{{Null: {{"{GITHUB}:sub": "false"}}}}',
        "{Bool: {aws:SecureTransport: true}}",
        f'{{StringLike: {{"{GITHUB}:repository": "*"}}}}',
    ],
)
def test_what_says_nothing_of_the_subject_leaves_it_open(tmp_path: Path, condition: str) -> None:
    assert only(scan(tmp_path, role(condition))).message.endswith("of any repository on GitHub take its role")


@pytest.mark.parametrize("issuer", ["gitlab.com", "app.terraform.io", "agent.buildkite.com"])
def test_other_providers_of_strangers_are_told(tmp_path: Path, issuer: str) -> None:
    found = only(scan(tmp_path, role(f'{{StringEquals: {{"{issuer}:aud": x}}}}', issuer)))
    assert found.status is Status.MANUAL
    assert f"{issuer}:sub" in str(found.reason)


def test_a_provider_of_one_s_own_with_an_audience_is_no_finding(tmp_path: Path) -> None:
    assert not scan(tmp_path, role('{StringEquals: {"login.acme.com:aud": shop}}', "login.acme.com")).findings


@pytest.mark.parametrize(
    ("subject", "wide"),
    [("system:serviceaccount:*:*", True), ("system:serviceaccount:shop:*", True), ("system:*", True),
     ("system:serviceaccount:*:orders", True), ("system:serviceaccount:shop:orders", False),
     ("system:serviceaccount:shop:orders-*", False)],
)  # fmt: skip
def test_a_pattern_of_service_accounts(tmp_path: Path, subject: str, wide: bool) -> None:
    issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABCD"
    audience = f'StringEquals: {{"{issuer}:aud": sts.amazonaws.com}}'
    condition = f'{{{audience}, StringLike: {{"{issuer}:sub": "{subject}"}}}}'
    assert bool(scan(tmp_path, role(condition, issuer)).findings) is wide


def test_another_provider_beside_it_is_not_taken_for_its_own(tmp_path: Path) -> None:
    text = """
resource "aws_iam_openid_connect_provider" "github" {
  url = "https://token.actions.githubusercontent.com"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [data.outputs.cluster.oidc_provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${data.outputs.cluster.oidc_provider}:sub"
      values   = ["system:serviceaccount:apps:orders"]
    }
  }
}
"""
    report = scan(tmp_path, {"main.tf": text})
    assert only(report).status is Status.FIXED
    assert 'variable = "${data.outputs.cluster.oidc_provider}:aud"' in report.patches[0].after


@pytest.mark.parametrize(("subject", "wide"), [("acme/*", True), ("*", True), ("acme/shop:*", False)])
@pytest.mark.parametrize(
    ("module", "given"), [("iam-role", "oidc_wildcard_subjects"), ("iam-github-oidc-role", "subjects")]
)
def test_what_a_module_is_given(tmp_path: Path, module: str, given: str, subject: str, wide: bool) -> None:
    source = f"terraform-aws-modules/iam/aws//modules/{module}"
    text = f'module "deploy" {{\n  source = "{source}"\n  {given} = ["{subject}"]\n}}\n'
    assert [each.status for each in scan(tmp_path, {"main.tf": text}).findings] == [Status.MANUAL] * wide
