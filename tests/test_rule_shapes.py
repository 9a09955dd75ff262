"""Rules of the common shapes on resources of every dialect: what is found, changed and refused."""

# ruff: noqa: E501 (the texts are as wide as people write them)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.lens import Container, ResourceType, text_of
from fixbot.model.findings import Report, Severity
from fixbot.rules import must_be, must_not_hold, report
from fixbot.rules.rule import Check, Rule
from fixbot.settings import Settings
from tests.sample_rules import (
    AUDIT,
    BUCKET,
    CLUSTER,
    DATABASE,
    ESCALATION,
    GROUP,
    IMDS,
    PRIVATE,
    PUBLIC,
    TEMPLATE,
    WORDS,
)


def rule(check: Check, looks_at: type | ResourceType) -> Rule:
    return Rule(
        "Repair {subject}", "storage", Severity.HIGH, {}, looks_at, check, name="a-rule",
    )  # fmt: skip


def looked_at(folder: Path, files: Mapping[str, str], check: Check, looks_at: type | ResourceType) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
    return run_pipeline(Checkout.open_checkout(str(folder)), (rule(check, looks_at),), Settings())


def patched(report: Report) -> str:
    assert [each.reason for each in report.findings if each.reason] == []
    (patch,) = report.patches
    return patch.after


def added(report: Report) -> str:
    """The lines that the one patch adds, without its signs."""
    (patch,) = report.patches
    lines = patch.diff.partition("\n@@")[2].splitlines()
    return "\n".join(line[1:] for line in lines if line.startswith("+"))


def refusal(report: Report) -> str:
    assert report.patches == ()
    (finding,) = report.findings
    return finding.reason or ""


def test_a_template_of_buckets_alone_is_parsed_when_a_bucket_rule_runs(tmp_path: Path) -> None:
    text = "Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n"
    report = looked_at(tmp_path, {"stack.yaml": text}, PUBLIC, BUCKET)
    assert report.stats.files_parsed == 1
    assert patched(report) == text + (
        "    Properties:\n      PublicAccessBlockConfiguration:\n"
        "        BlockPublicAcls: true\n        BlockPublicPolicy: true\n"
    )


def test_and_costs_nothing_when_none_does(tmp_path: Path) -> None:
    text = "Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n"
    report = looked_at(tmp_path, {"stack.yaml": text}, PRIVATE, DATABASE)
    assert report.stats.files_parsed == 0


def test_only_what_is_missing_is_written(tmp_path: Path) -> None:
    text = """\
        Resources:
          Logs:
            Type: AWS::S3::Bucket
            Properties:
              BucketName: logs
              PublicAccessBlockConfiguration:
                BlockPublicAcls: "true"
                BlockPublicPolicy: false
        """
    report = looked_at(tmp_path, {"stack.yaml": text}, PUBLIC, BUCKET)
    assert patched(report) == dedent(text).replace("Policy: false", "Policy: true")
    assert report.findings[0].resource == "S3 bucket logs"


def test_terraform_gets_one_companion_behind_its_bucket(tmp_path: Path) -> None:
    text = 'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n\noutput "x" {\n  value = 1\n}\n'
    assert added(looked_at(tmp_path, {"main.tf": text}, PUBLIC, BUCKET)) == dedent(
        """\
        resource "aws_s3_bucket_public_access_block" "logs" {
          bucket              = aws_s3_bucket.logs.id
          block_public_acls   = true
          block_public_policy = true
        }
        """
    )


def test_a_companion_that_is_there_is_completed_wherever_it_stands(tmp_path: Path) -> None:
    files = {
        "main.tf": 'resource "aws_s3_bucket" "logs" {\n}\n',
        "block.tf": """\
            resource "aws_s3_bucket_public_access_block" "x" {
              bucket            = aws_s3_bucket.logs.id
              block_public_acls = true
            }
            """,
    }
    report = looked_at(tmp_path, files, PUBLIC, BUCKET)
    assert [patch.path for patch in report.patches] == ["block.tf"]
    assert "block_public_policy = true" in added(report)


@pytest.mark.parametrize(
    ("bucket", "more", "why"),
    [
        ("  for_each = var.names\n", "", "one of several"),
        ("  count = 2\n", "", "one of several"),
        ("", "  bucket = var.bucket\n", "belongs to it isn't known"),
        ("", '  for_each = toset(["a"])\n  bucket = aws_s3_bucket.logs.id\n', "belongs to it isn't known"),
    ],
)  # fmt: skip
def test_a_companion_that_cannot_be_told_is_refused(tmp_path: Path, bucket: str, more: str, why: str) -> None:
    text = f'resource "aws_s3_bucket" "logs" {{\n{bucket}}}\n'
    if more:
        text += f'\nresource "aws_s3_bucket_public_access_block" "x" {{\n{more}}}\n'
    assert why in refusal(looked_at(tmp_path, {"main.tf": text}, PUBLIC, BUCKET))


def test_two_values_of_a_block_that_is_missing_make_one_block(tmp_path: Path) -> None:
    text = 'resource "aws_launch_template" "nodes" {\n  name = "nodes"\n}\n'
    assert added(looked_at(tmp_path, {"main.tf": text}, IMDS, TEMPLATE)).count("metadata_options {") == 1


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("!Ref Open", "the default of the parameter Open decides it"),
        ("!Ref Given", "the parameter Given decides it, and has no default"),
        ("!If [Dev, true, false]", "computed"),
        ("!If [Dev, true, true]", "a condition decides it"),
        ("{Ref: Open}", "the default of the parameter Open decides it"),
    ],
)
def test_what_decides_a_value_elsewhere_is_named(tmp_path: Path, value: str, why: str) -> None:
    text = f"""\
        Parameters:
          Open: {{Type: String, Default: "true"}}
          Given: {{Type: String}}
        Resources:
          Db:
            Type: AWS::RDS::DBInstance
            Properties:
              PubliclyAccessible: {value}
        """
    reason = refusal(looked_at(tmp_path, {"stack.yaml": text}, PRIVATE, DATABASE))
    assert reason.startswith("`PubliclyAccessible` of database Db is not changed")
    assert why in reason


@pytest.mark.parametrize(
    "value", ["false", '"false"', "!Ref Closed", "!If [A, !Ref AWS::NoValue, !Ref AWS::NoValue]"]
)
def test_what_is_right_by_a_default_is_right(tmp_path: Path, value: str) -> None:
    text = f"""\
        Parameters: {{Closed: {{Type: String, Default: false}}}}
        Resources:
          Db:
            Type: AWS::RDS::DBInstance
            Properties:
              PubliclyAccessible: {value}
        """
    assert looked_at(tmp_path, {"stack.yaml": text}, PRIVATE, DATABASE).findings == ()


def test_a_local_of_one_use_is_changed_and_one_of_two_is_named(tmp_path: Path) -> None:
    one = 'locals {\n  open = true\n}\n\nresource "aws_db_instance" "a" {\n  publicly_accessible = local.open\n}\n'
    report = looked_at(tmp_path, {"main.tf": one}, PRIVATE, DATABASE)
    assert patched(report) == one.replace("open = true", "open = false")
    two = one + '\noutput "o" {\n  value = local.open\n}\n'
    reason = refusal(looked_at(tmp_path, {"main.tf": two}, PRIVATE, DATABASE))
    assert "local.open decides it, for others too" in reason


def test_the_default_of_a_variable_counts_from_a_file_of_its_own(tmp_path: Path) -> None:
    files = {
        "main.tf": 'resource "aws_db_instance" "a" {\n  publicly_accessible = var.open\n}\n',
        "variables.tf": 'variable "open" {\n  default = true\n}\n',
    }
    reason = refusal(looked_at(tmp_path, files, PRIVATE, DATABASE))
    assert "the default of the variable open decides it" in reason


def test_a_property_that_replaces_what_holds_data_is_never_changed(tmp_path: Path) -> None:
    check = must_be({"StorageEncrypted": True}, words=WORDS)
    text = (
        "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      StorageEncrypted: false\n"
    )
    assert "would replace database Db" in refusal(looked_at(tmp_path, {"s.yaml": text}, check, DATABASE))


@pytest.mark.parametrize(
    ("given", "found"), [("", 0), ("  block_public_acls = false\n", 1), ("  block_public_acls = var.x\n", 1)]
)
def test_inputs_of_a_module_are_properties_too(tmp_path: Path, given: str, found: int) -> None:
    text = f'module "logs" {{\n  source = "terraform-aws-modules/s3-bucket/aws"\n{given}}}\n'
    report = looked_at(tmp_path, {"main.tf": text}, PUBLIC, BUCKET)
    assert len(report.findings) == found
    assert len(report.patches) == (1 if "false" in given else 0)


def test_json_of_terraform_is_read_and_changed(tmp_path: Path) -> None:
    text = '{\n  "resource": {\n    "aws_db_instance": {\n      "a": {"publicly_accessible": true}\n    }\n  }\n}\n'
    report = looked_at(tmp_path, {"main.tf.json": text}, PRIVATE, DATABASE)
    assert patched(report) == text.replace("true", "false")


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("c.yaml", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: c\n", None),
        (
            "main.tf",
            'resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = ["api"]\n}\n',
            'resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = ["audit", "api"]\n}\n',
        ),
    ],
)
def test_a_list_gets_the_item_that_it_must_contain(
    tmp_path: Path, name: str, text: str, after: str | None
) -> None:
    result = patched(looked_at(tmp_path, {name: text}, AUDIT, CLUSTER))
    assert (
        result == after
        if after
        else "cloudWatch:\n  clusterLogging:\n    enableTypes:\n      - audit" in result
    )


def test_items_that_may_not_be_there_go(tmp_path: Path) -> None:
    check = must_not_hold(
        "SecurityGroupIngress",
        lambda item, _: "0.0.0.0/0" in str(text_of(item.find_node("CidrIp"))),
        words=WORDS,
    )
    text = """\
        Resources:
          Web:
            Type: AWS::EC2::SecurityGroup
            Properties:
              SecurityGroupIngress:
                - {CidrIp: 0.0.0.0/0, FromPort: 22}
                - {CidrIp: 10.0.0.0/8, FromPort: 22}
        """
    report = looked_at(tmp_path, {"s.yaml": text}, check, GROUP)
    assert "0.0.0.0/0" not in patched(report)
    assert "10.0.0.0/8" in patched(report)


def test_what_no_machine_should_change_is_reported_with_what_to_do(tmp_path: Path) -> None:
    check = report(lambda subject, _: subject.around[0], words=WORDS, instead="Ask whoever owns {who} first.")
    text = "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n"
    found = looked_at(tmp_path, {"s.yaml": text}, check, DATABASE)
    assert refusal(found) == "Ask whoever owns database Db first."


def test_a_container_is_a_subject_as_well(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: a\n      image: b:1\n"
    after = patched(looked_at(tmp_path, {"p.yaml": text}, ESCALATION, Container))
    assert after == text + "      securityContext:\n        allowPrivilegeEscalation: false\n"
