"""Passwords and secrets that a file writes out itself: every way of writing one, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Finding, Report, Status
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings

VALUE = "Tr0ub4dor-and-3"
DATABASE = """Parameters:
  Given: {{Type: String, NoEcho: true}}
  Written: {{Type: String, Default: Plum-Tr4ctor-9, NoEcho: true}}
  Empty: {{Type: String, Default: ""}}
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: orders
      MasterUserPassword: {written}
"""
TERRAFORM = """
variable "given" {{}}
variable "written" {{ default = "Plum-Tr4ctor-7" }}
locals {{ password = "Plum-Tr4ctor-8" }}
resource "aws_db_instance" "orders" {{
  username = "orders"
  password = {written}
}}
"""


def scan(folder: Path, rule: str, files: dict[str, str]) -> Report:
    for name, text in files.items():
        (folder / name).write_text(text)
    rules = tuple(each for each in load_rules() if each.name == rule)
    return run_pipeline(Checkout.open_checkout(str(folder)), rules, Settings())


def told(report: Report) -> list[Status]:
    assert VALUE not in repr([report.findings, [each.diff for each in report.patches], report.proposals])
    return [each.status for each in report.findings]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (VALUE, Status.FIXED),
        (f'"{VALUE}"', Status.FIXED),
        (f"!Sub {VALUE}", Status.FIXED),
        (f'{{"Fn::Sub": "{VALUE}"}}', Status.FIXED),
        ('!Join ["", [Tr0ub4dor, -and-3]]', Status.FIXED),
        ("12345678", Status.FIXED),
        ("!Ref Written", Status.FIXED),
        ('{"Ref": "Written"}', Status.FIXED),
        (f"!If [Live, {VALUE}, !Ref Given]", Status.MANUAL),
        ("!If [Live, !Ref Written, !Ref Given]", Status.MANUAL),
        ("!Ref Given", None),
        ("!Ref Empty", None),
        ('"{{resolve:ssm-secure:orders:1}}"', None),
        ('!Sub "{{resolve:secretsmanager:${Secret}:SecretString:password}}"', None),
        ("!ImportValue password", None),
        ('!Join ["", ["{{resolve:secretsmanager:", !Ref Secret, "}}"]]', None),
    ],
)
def test_a_password_in_a_template(tmp_path: Path, written: str, status: Status | None) -> None:
    report = scan(tmp_path, "database-password-in-code", {"t.yaml": DATABASE.format(written=written)})
    assert told(report) == ([] if status is None else [status])


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (f'"{VALUE}"', Status.FIXED),
        (f'sensitive("{VALUE}")', Status.FIXED),
        (f'"{VALUE}-${{var.given}}"', Status.FIXED),
        ("local.password", Status.FIXED),
        ("var.written", Status.MANUAL),
        (f'var.live ? "{VALUE}" : var.given', Status.REFUSED),
        ("var.given", None),
        ("random_password.orders.result", None),
        ('"${random_password.orders.result}!"', None),
        ("data.aws_ssm_parameter.orders.value", None),
        ("module.passwords.orders", None),
        ("null", None),
    ],
)
def test_a_password_in_terraform(tmp_path: Path, written: str, status: Status | None) -> None:
    report = scan(tmp_path, "database-password-in-code", {"main.tf": TERRAFORM.format(written=written)})
    assert told(report) == ([] if status is None else [status])


def only(report: Report) -> Finding:
    (found,) = report.findings
    return found


@pytest.mark.parametrize(
    "secret",
    [
        '{"data": {"password": "VHIwdWI0ZG9yLWFuZC0z"}}',
        '{"stringData": {"password": "Tr0ub4dor-and-3"}}',
        '{"type": "kubernetes.io/basic-auth", "stringData": {"password": "Tr0ub4dor-and-3"}}',
        '{"immutable": true, "data": {"password": "VHIwdWI0ZG9yLWFuZC0z"}}',
    ],
)
def test_a_secret_of_kubernetes_in_any_form(tmp_path: Path, secret: str) -> None:
    head = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "orders"}, '
    report = scan(tmp_path, "secret-value-committed", {"secret.json": head + secret[1:]})
    assert told(report) == [Status.REFUSED]
    assert "`password`" in only(report).message


@pytest.mark.parametrize(
    "secret",
    [
        '{"data": null}',
        '{"stringData": []}',
        '{"data": {"password": "not base64!"}}',
        '{"data": {"password": ""}}',
        '{"type": "bootstrap.kubernetes.io/token", "stringData": {"token-secret": "f395accd246ae52d"}}',
        '{"stringData": {"password": "ENC[AES256_GCM,data:abc]"}, "sops": {"mac": "x"}}',
        '{"stringData": {"password": "<path:secret/data/orders#password>"}}',
    ],
)
def test_what_is_no_value_of_a_secret(tmp_path: Path, secret: str) -> None:
    head = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "orders"}, '
    assert not scan(tmp_path, "secret-value-committed", {"secret.json": head + secret[1:]}).findings
