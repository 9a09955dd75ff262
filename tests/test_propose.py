"""What one pull request holds, and that it is known again whatever else changes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.propose import LONGEST_BRANCH, build_branch_name
from fixbot.model.findings import Proposal, Report, Safety, Status
from fixbot.model.proposal_facts import pack_facts, unpack_facts
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.settings import Settings
from fixbot.settings.pull_request_settings import PullRequestSettings
from tests.first_rules import first_rules

POD = """apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers:
    - name: app
      image: registry.example/{name}:1
      securityContext:
        privileged: true
        readOnlyRootFilesystem: true
"""
FILES = {
    "shop/web.yaml": POD.format(name="web"),
    "shop/api.yaml": POD.format(name="api"),
    "bank/vault.yaml": POD.format(name="vault").replace("        readOnlyRootFilesystem: true\n", ""),
}


def proposals(folder: Path, files: dict[str, str], group: str = "folder") -> tuple[Proposal, ...]:
    return looked_at(folder, files, group).proposals


def looked_at(folder: Path, files: dict[str, str], group: str = "folder") -> Report:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = Settings(pull_requests=PullRequestSettings(group=group))  # type: ignore[arg-type]
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), settings)


@pytest.mark.parametrize(
    ("group", "held"),
    [
        (
            "folder",
            {
                "Drop privileged mode from vault": ["bank/vault.yaml"],
                "Drop privileged mode from 2 containers in shop": ["shop/api.yaml", "shop/web.yaml"],
                "Make the root filesystem of vault read-only": ["bank/vault.yaml"],
            },
        ),
        (
            "file",
            {
                "Drop privileged mode from vault": ["bank/vault.yaml"],
                "Drop privileged mode from api": ["shop/api.yaml"],
                "Drop privileged mode from web": ["shop/web.yaml"],
                "Make the root filesystem of vault read-only": ["bank/vault.yaml"],
            },
        ),
        (
            "rule",
            {
                "Drop privileged mode from 3 containers in 2 folders": [
                    "bank/vault.yaml",
                    "shop/api.yaml",
                    "shop/web.yaml",
                ],
                "Make the root filesystem of vault read-only": ["bank/vault.yaml"],
            },
        ),
        (
            "all",
            {
                "Repair 4 misconfigurations in 2 folders": [
                    "bank/vault.yaml",
                    "shop/api.yaml",
                    "shop/web.yaml",
                ]
            },
        ),
    ],
)
def test_what_one_pull_request_holds(tmp_path: Path, group: str, held: dict[str, list[str]]) -> None:
    found = proposals(tmp_path, FILES, group)
    assert {render_proposal(each).title: list(each.paths) for each in found} == held
    assert {each.rule for each in found} <= ({None} if group == "all" else {f.name for f in first_rules()})
    assert len({each.key for each in found}) == len(found)


def test_all_in_one_holds_what_the_working_tree_would(tmp_path: Path) -> None:
    report = looked_at(tmp_path, FILES, "all")
    assert report.proposals[0].contents == {patch.path: patch.after for patch in report.patches}
    assert sorted(report.proposals[0].findings) == sorted(each.id for each in report.findings)


def test_a_key_stays_when_lines_move_and_when_fine_neighbours_come(tmp_path: Path) -> None:
    old = {each.rule: each.key for each in proposals(tmp_path / "old", FILES)}
    fine = POD.format(name="fine").replace("privileged: true", "privileged: false")
    moved = {name: f"# a new line\n\n{text}" for name, text in FILES.items()}
    moved["shop/api.yaml"] = moved["shop/api.yaml"].replace("{name: api}", "\n  name: api")
    new = proposals(tmp_path / "new", {**moved, "shop/fine.yaml": fine})
    assert {each.rule: each.key for each in new} == old


def test_a_key_is_another_when_something_else_is_repaired(tmp_path: Path) -> None:
    old = {each.key for each in proposals(tmp_path / "old", FILES) if each.paths[0].startswith("shop")}
    new = proposals(tmp_path / "new", {**FILES, "shop/more.yaml": POD.format(name="more")})
    assert not old & {each.key for each in new}


def test_titles_that_repeat_name_their_folder_or_file(tmp_path: Path) -> None:
    twins = {"a/web.yaml": POD.format(name="web"), "b/web.yaml": POD.format(name="web")}
    folders = {render_proposal(each).title for each in proposals(tmp_path / "a", twins)}
    assert folders == {"Drop privileged mode from web in a", "Drop privileged mode from web in b"}
    twins = {"a/one.yaml": POD.format(name="web"), "a/two.yaml": POD.format(name="web")}
    files = {render_proposal(each).title for each in proposals(tmp_path / "b", twins, "file")}
    assert files == {
        "Drop privileged mode from web in one.yaml",
        "Drop privileged mode from web in two.yaml",
    }


def test_a_story_outlives_its_run(tmp_path: Path) -> None:
    for each in proposals(tmp_path, FILES):
        assert unpack_facts(pack_facts(each.story)) == each.story
        assert render_proposal(replace(each, story=unpack_facts(pack_facts(each.story)))) == render_proposal(
            each
        )


@given(st.text(max_size=300), st.sampled_from(["fixbot/", "réparations/", "a/b.c-", "x" * 100]))
def test_every_name_of_a_branch_is_one_that_git_takes(rule: str, prefix: str) -> None:
    name = build_branch_name(prefix, rule, "0123456789ab")
    assert name.startswith(prefix)
    assert name.endswith("/0123456789ab")
    assert len(name.encode()) <= LONGEST_BRANCH
    assert subprocess.run(["git", "check-ref-format", "--branch", name], check=False).returncode == 0


SAFE = """{{"family": "{name}", "requiresCompatibilities": ["FARGATE"],
  "containerDefinitions": [
  {{"name": "app", "image": "e/{name}:1", "readonlyRootFilesystem": true, "privileged": true}}]}}
"""
OWNERS = "/shop/ @shop/team\n/bank/ @bank/team\n"


def test_what_is_safe_is_one_for_each_owner_across_the_repository(tmp_path: Path) -> None:
    files = {f"{name}/task.json": SAFE.format(name=name) for name in ("shop/web", "shop/api", "bank")}
    (all_of_it,) = proposals(tmp_path / "alone", files, "topic")
    assert (all_of_it.safety, len(all_of_it.findings)) == (Safety.SAFE, 3)
    assert [commit.rules for commit in all_of_it.commits] == [("privileged-container",)]
    assert render_proposal(all_of_it).title == "Drop privileged mode from 3 containers in 3 folders"
    owned = proposals(tmp_path / "owned", {**files, ".github/CODEOWNERS": OWNERS}, "topic")
    assert sorted(each.paths for each in owned) == [
        ("bank/task.json",),
        ("shop/api/task.json", "shop/web/task.json"),
    ]


def test_safe_and_bold_share_one_only_where_git_could_not_merge_them(tmp_path: Path) -> None:
    near = SAFE.replace('"readonlyRootFilesystem": true, ', "").format(name="web")
    fine = '{"name": "a",\n   "image": "e/a:1", "readonlyRootFilesystem": true}'
    bold = '{"name": "b",\n   "image": "e/b:1",\n   "cpu": 10}'
    far = SAFE.format(name="web").replace("}]}", f"}},\n  {fine},\n  {bold}]}}")
    (one,) = proposals(tmp_path / "near", {"task.json": near}, "topic")
    assert (one.safety, one.rule, len(one.findings)) == (Safety.REVIEW, None, 2)
    two = proposals(tmp_path / "far", {"task.json": far}, "topic")
    assert {(each.safety, each.rule) for each in two} == {
        (Safety.SAFE, "privileged-container"),
        (Safety.REVIEW, "readonly-root-filesystem"),
    }


def test_a_rule_that_is_safe_here_and_bold_there_has_its_safe_fixes_apart(tmp_path: Path) -> None:
    files = {"a/task.json": SAFE.format(name="web"), "a/pod.yaml": POD.format(name="api")}
    found = proposals(tmp_path, files, "topic")
    assert sorted((each.safety.value, *each.paths) for each in found) == [
        ("review", "a/pod.yaml"),
        ("safe", "a/task.json"),
    ]
    (both,) = proposals(tmp_path, files, "folder")
    assert len(both.commits) == 1


STACK = """{"Resources": {
  "One": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "one",
    "RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": [
    {"Name": "a", "Image": "e/a:1", "ReadonlyRootFilesystem": true, "Privileged": true}]}},
  "Stops": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "s", "PolicyDocument": {"Statement": [{
    "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}}},
  "Fine": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "fine",
    "ContainerDefinitions": [{"Name": "b", "Image": "e/b:1", "ReadonlyRootFilesystem": true}]}},
  "Two": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "two",
    "ContainerDefinitions": [
      {"Name": "c", "Image": "e/c:1",
       "Essential": true}]}}
}}
"""


def test_nothing_is_lost_where_groups_are_joined_under_a_name_that_is_there(tmp_path: Path) -> None:
    near = STACK.replace("[{\n    ", "[{")
    found = looked_at(tmp_path, {"stack.json": near}, "topic")
    fixed = sorted(each.id for each in found.findings if each.status is Status.FIXED)
    assert len(fixed) == 3
    assert sorted(name for each in found.proposals for name in each.findings) == fixed
    for each in found.proposals:
        assert sorted(name for commit in each.commits for name in commit.findings) == sorted(each.findings)
    assert [each.safety for each in found.proposals] == [Safety.REVIEW]
    assert found.proposals[0].topic == "workload-hardening"
    assert render_proposal(found.proposals[0]).title.endswith(", and 1 more fix")
