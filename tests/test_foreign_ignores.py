"""What people told checkov, trivy, kube-linter, polaris and others counts here, with their reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import fixbot, git
from tests.test_gate_cli import BAD, POD

TERRAFORM = """\
resource "aws_ecs_task_definition" "edge" {
  family                   = "edge"
  requires_compatibilities = ["EC2"]
  container_definitions = jsonencode([
    { name = "nat", image = "nat:1", privileged = true, readonlyRootFilesystem = true }
  ])
}
"""
TEMPLATE = """\
Resources:
  Edge:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: edge
      RequiresCompatibilities: [EC2]
      ContainerDefinitions:
        - Name: nat
          Image: nat:1
          Privileged: true
          ReadonlyRootFilesystem: true
          LogConfiguration: {LogDriver: splunk}
"""


def annotated(line: str) -> str:
    return BAD.replace("  name: web\n", f"  name: web\n  annotations:\n    {line}\n", 1)


def with_metadata(text: str) -> str:
    return TEMPLATE.replace("    Properties:\n", f"    Metadata:\n      {text}\n    Properties:\n")


def within(line: str) -> str:
    return TERRAFORM.replace('  family                   = "edge"\n', f'  {line}\n  family = "edge"\n')


def findings(folder: Path, name: str, text: str) -> list[tuple[str, str, str]]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    done = fixbot("scan", "--format", "json", "--only", "privileged-container", at=folder)
    return [(each["rule"], each["status"], each["reason"]) for each in json.loads(done.out)["findings"]]


NONE = "no reason given"


@pytest.mark.parametrize(
    ("name", "text", "tool", "check", "reason"),
    [
        ("a.yaml", annotated("checkov.io/skip1: CKV_K8S_16=the node agent"), "checkov", "CKV_K8S_16",
         "the node agent"),
        ("a.yaml", annotated("checkov.io/skip12: CKV_K8S_16"), "checkov", "CKV_K8S_16", NONE),
        ("a.yaml", annotated('ignore-check.kube-linter.io/privileged-container: "it mounts"'), "kube-linter",
         "privileged-container", "it mounts"),
        ("a.yaml", annotated('kube-linter.io/ignore-all: "a demo"'), "kube-linter", "everything", "a demo"),
        ("a.yaml", annotated('polaris.fairwinds.com/runAsPrivileged-exempt: "true"'), "polaris",
         "runAsPrivileged", NONE),
        ("a.yaml", annotated('polaris.fairwinds.com/run-as-privileged-exempt: "true"'), "polaris",
         "run-as-privileged", NONE),
        ("a.yaml", annotated('polaris.fairwinds.com/exempt: "true"'), "polaris", "everything", NONE),
        ("a.yaml", f"#trivy:ignore:AVD-KSV-0017\n{BAD}", "trivy", "AVD-KSV-0017", NONE),
        ("a.tf", within("#checkov:skip=CKV_AWS_334:NAT needs it"), "checkov", "CKV_AWS_334", "NAT needs it"),
        ("a.tf", within("// bridgecrew:skip=CKV_AWS_334: NAT needs it"), "checkov", "CKV_AWS_334",
         "NAT needs it"),
        ("a.tf", within("/* checkov:skip=CKV_AWS_1,CKV_AWS_334:both */"), "checkov", "CKV_AWS_334", "both"),
        ("a.yaml", with_metadata("checkov: {skip: [{id: CKV_AWS_334, comment: it is NAT}]}"), "checkov",
         "CKV_AWS_334", "it is NAT"),
        ("a.yaml", TEMPLATE.replace("  Edge:\n", "  # checkov:skip=CKV_AWS_334:NAT\n  Edge:\n"), "checkov",
         "CKV_AWS_334", "NAT"),
    ],
)  # fmt: skip
def test_what_another_tool_was_told_is_left_alone_with_the_reason(
    tmp_path: Path, name: str, text: str, tool: str, check: str, reason: str
) -> None:
    said = f"{tool} was told to leave {check} alone here: {reason}"
    assert findings(tmp_path, name, text) == [("privileged-container", "suppressed", said)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", annotated("checkov.io/skip1: CKV_K8S_160=another check")),
        ("a.yaml", annotated("checkov.io/skip1: CKV_K8S_22=another check")),
        ("a.yaml", annotated("example.io/skip1: CKV_K8S_16=another tool")),
        ("a.yaml", annotated('ignore-check.kube-linter.io/privileged: "another check"')),
        ("a.yaml", annotated('polaris.fairwinds.com/runAsPrivileged-exempt: "false"')),
        ("a.yaml", annotated('note: "checkov.io/skip1: CKV_K8S_16=quoted"')),
        ("a.yaml", f"# see checkov:skip=CKV_K8S_16:quoted in prose\n{BAD}"),
        ("a.yaml", f"# trivy:ignore:AVD-KSV-0017\n---\n{BAD}"),
        ("a.tf", f"# checkov:skip=CKV_AWS_334:too far above\n\n{TERRAFORM}"),
        ("a.tf", TERRAFORM + 'resource "x" "y" {\n  # checkov:skip=CKV_AWS_334:of another one\n}\n'),
        ("a.tf", within('tags = { note = "#checkov:skip=CKV_AWS_334:in a string" }')),
        ("a.yaml", with_metadata("checkov: {skip: [{comment: no id}, 7, {id: [CKV_AWS_334]}]}")),
        ("a.yaml", f"{TEMPLATE}      Metadata: {{checkov: {{skip: [{{id: CKV_AWS_334}}]}}}}\n"),
        ("a.yaml", f"{BAD}      metadata: {{annotations: {{kube-linter.io/ignore-all: x}}}}\n"),
        ("a.yaml", with_metadata("cfn_nag: {rules_to_suppress: [{id: W11, reason: another tool}]}")),
    ],
)
def test_what_says_something_else_leaves_the_finding(tmp_path: Path, name: str, text: str) -> None:
    assert [status for _, status, _ in findings(tmp_path, name, text)] in (["fixed"], ["refused"])


def test_one_of_two_objects_in_a_file_is_told(tmp_path: Path) -> None:
    other = BAD.replace("name: web", "name: other")
    told = annotated("checkov.io/skip1: CKV_K8S_16=agent")
    found = findings(tmp_path, "a.yaml", f"{told}---\n{other}")
    assert sorted(status for _, status, _ in found) == ["fixed", "suppressed"]


def test_a_pull_request_that_tells_another_tool_is_named_first(tmp_path: Path) -> None:
    at = tmp_path / "work"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    (at / "pod.yaml").write_text(POD)
    git(at, "add", "-A")
    git(at, "commit", "-qm", "first")
    git(at, "checkout", "-qb", "topic")
    (at / "pod.yaml").write_text(annotated("checkov.io/skip1: CKV_K8S_16=trust me"))
    git(at, "commit", "-qam", "second")
    done = fixbot("scan", "--since", "main", "--fail-on-new-ignores", at=at)
    assert done.code == 1
    assert (
        "new since main: pod.yaml:12 what stands beside it ignores privileged-container of Pod web, "
        "container web, which is new: checkov was told to leave CKV_K8S_16 alone here: trust me" in done.err
    )


def test_who_enforces_what_is_ignored_overrules_other_tools_too(tmp_path: Path) -> None:
    rules = tmp_path / "organisation.yml"
    rules.write_text("enforce: [ignore]\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.yaml").write_text(annotated("checkov.io/skip1: CKV_K8S_16=mine"))
    done = fixbot("scan", "--config", str(rules), "--format", "json", at=tmp_path / "work")
    (found,) = json.loads(done.out)["findings"]
    assert found["status"] == "fixed"
