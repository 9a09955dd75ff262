"""`fixbot run --findings security-hub`, both versions: what is asked, and what happens when AWS fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, refuse, serve_aws
from tests.security_hub import SecurityHub, asff, ocsf
from tests.test_cli import Done, fixbot, repository
from tests.test_secrets_create import documented

TEMPLATE = """Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: orders
      ContainerDefinitions:
        - Name: app
          Image: nginx:1.25
          Essential: true
"""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def hub() -> Iterator[SecurityHub]:
    with serve_aws() as aws:
        yield SecurityHub(aws)
        assert aws.troubles == []


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", **{"deploy/orders.yaml": TEMPLATE})


def run(hub: SecurityHub, repo: Path, *words: str, **more: str) -> Done:
    return fixbot("run", "--format", "json", "--findings", *words, at=repo, **{**hub.aws.variables, **more})


def rows(done: Done) -> list[dict[str, Any]]:
    return list(json.loads(done.out)["sources"])


@pytest.mark.parametrize(("source", "make"), [("security-hub", asff), ("security-hub-v2", ocsf)])
def test_every_page_is_read_and_each_finding_gets_a_row(
    source: str, make: Any, hub: SecurityHub, repo: Path
) -> None:
    listed = hub.v1 if source == "security-hub" else hub.v2
    listed += [make(str(number)) for number in range(5)]
    done = run(hub, repo, source)
    assert done.code == 0, done.err
    assert [row["outcome"] for row in rows(done)] == ["matched"] * 5
    assert len(hub.aws.calls) == 3
    assert {row["path"] for row in rows(done)} == {"deploy/orders.yaml"}
    (proposal,) = json.loads(done.out)["proposals"]
    assert len(proposal["sources"]) == 5
    assert "The 5 findings that it resolves" in proposal["body"]
    assert ACCOUNT in proposal["body"]
    assert "2026-09-30T08:00:00" in proposal["body"]


def test_nobody_but_security_hub_is_asked_without_aws(hub: SecurityHub, repo: Path) -> None:
    hub.v1.append(asff())
    run(hub, repo, "security-hub")
    assert (
        {*hub.aws.actions} == {"securityhub:GetFindings"} == documented("fixbot run --findings security-hub")
    )


@pytest.mark.parametrize(
    ("source", "make", "key", "value"),
    [
        ("security-hub", asff, "account", ACCOUNT),
        ("security-hub", asff, "region", "EU-WEST-1"),
        ("security-hub", asff, "severity", "high"),
        ("security-hub", asff, "control", "ecs.5"),
        ("security-hub", asff, "product", "SECURITY hub"),
        ("security-hub", asff, "standard", "aws-foundational"),
        ("security-hub-v2", ocsf, "account", ACCOUNT),
        ("security-hub-v2", ocsf, "region", REGION),
        ("security-hub-v2", ocsf, "severity", "HIGH"),
        ("security-hub-v2", ocsf, "id", "FINDING-1"),
    ],
)
def test_filters_are_exact_in_any_case(
    source: str, make: Any, key: str, value: str, hub: SecurityHub, repo: Path
) -> None:
    (hub.v1 if source == "security-hub" else hub.v2).append(make())
    assert len(rows(run(hub, repo, source, "--filter", f"{key}={value}"))) == 1
    other = {"account": "999999999999", "region": "us-east-1", "severity": "low"}.get(key, "nothing")
    assert rows(run(hub, repo, source, "--filter", f"{key}={other}")) == []
    both = ("--filter", f"{key}={other}", "--filter", f"{key}={value}")
    assert len(rows(run(hub, repo, source, *both))) == 1


def test_a_page_that_fails_is_never_the_end(hub: SecurityHub, repo: Path) -> None:
    hub.v1 += [asff(str(number)) for number in range(5)]
    hub.aws.before.append(
        lambda call: refuse("AccessDeniedException", 403) if '"NextToken": "2"' in call.body else None
    )
    done = run(hub, repo, "security-hub")
    assert done.code == 1
    assert len(rows(done)) == 2
    (remark,) = json.loads(done.out)["remarks"]
    assert remark.startswith("security-hub: not all findings were read: securityhub:GetFindings in eu-west-1")


def test_a_page_that_leads_to_itself_ends(hub: SecurityHub, repo: Path) -> None:
    hub.v1.append(asff())
    hub.aws.answers["securityhub:GetFindings"] = lambda _: {"Findings": hub.v1, "NextToken": "again"}
    done = run(hub, repo, "security-hub")
    assert done.code == 1
    assert "not all findings were read" in json.loads(done.out)["remarks"][0]


def test_throttling_is_waited_for(hub: SecurityHub, repo: Path) -> None:
    hub.v1.append(asff())
    tries = iter(range(10))
    hub.aws.before.append(lambda _: refuse("TooManyRequestsException", 429) if next(tries) < 2 else None)
    done = run(hub, repo, "security-hub")
    assert (done.code, len(rows(done)), len(hub.aws.calls)) == (0, 1, 3)


@pytest.mark.parametrize(
    ("more", "answer", "code", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, None, 2, "AWS: no credentials"),
        ({}, refuse("ExpiredTokenException", 403), 1, "AWS doesn't take these credentials, or no longer"),
        ({"AWS_REGION": ""}, None, 2, "no Region"),
    ],
)
def test_credentials_that_are_none_are_one_line(
    more: dict[str, str], answer: Any, code: int, said: str, hub: SecurityHub, repo: Path
) -> None:
    if answer is not None:
        hub.aws.before.append(lambda _: answer)
    done = run(hub, repo, "security-hub", **more)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_with_aws_stacks_and_tags_are_asked_for(hub: SecurityHub, repo: Path) -> None:
    other = repo / "deploy" / "other.yaml"
    other.write_text(TEMPLATE.replace("Family: orders\n", "Cpu: 256\n"))
    (repo / "deploy" / "orders.yaml").write_text(TEMPLATE.replace("Family: orders\n", "Memory: 512\n"))
    other.write_text(other.read_text().replace("TaskDefinition:\n    T", "PaymentsTask:\n    T"))
    hub.v1.append(asff())
    resource = hub.v1[0]["Resources"][0]["Id"]

    def describe(asked: Any) -> Any:
        assert asked["PhysicalResourceId"] == resource
        row = {
            "StackName": "orders-prod", "LogicalResourceId": "TaskDefinition", "PhysicalResourceId": resource,
            "ResourceType": "AWS::ECS::TaskDefinition", "Timestamp": "2026-01-01T00:00:00Z",
            "ResourceStatus": "CREATE_COMPLETE",
        }  # fmt: skip
        return {"StackResources": [row]}

    hub.aws.answers["cloudformation:DescribeStackResources"] = describe
    assert rows(run(hub, repo, "security-hub"))[0]["outcome"] == "no-file"
    (row,) = rows(run(hub, repo, "security-hub", "--aws"))
    assert (row["outcome"], row["path"], row["by"]) == ("matched", "deploy/orders.yaml", "stack")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--note",), "add --pr"),
        (("--since", "HEAD"), "leave --since"),
        (("--filter", "colour=red"), "KEY one of account"),
        (("--filter", "account"), "write KEY=VALUE"),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    words: tuple[str, ...], said: str, hub: SecurityHub, repo: Path
) -> None:
    done = run(hub, repo, "security-hub", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert hub.aws.calls == []
