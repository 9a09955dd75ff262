"""The Action as GitHub runs it: the scripts of action.yml, in a clean home, against the strict stand-in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.action_places import API, NAME, SAFE, WEB, Place
from tests.hub.people import Person


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    return Place(tmp_path, {"deploy/web/task.json": WEB})


def test_in_a_pull_request_the_touched_lines_are_annotated_and_nothing_else(shop: Place) -> None:
    number = shop.pull({"deploy/api/task.json": API})
    ran = shop.check(number)
    assert ran.code == 0
    (said,) = ran.log.of("error", "warning", "notice")
    assert (said.name, said.fields["file"], said.fields["line"]) == ("error", "deploy/api/task.json", "5")
    assert said.fields["title"] == "readonly-root-filesystem"
    assert "`fixbot run --write --only readonly-root-filesystem` repairs it." in said.data
    assert ran.outputs["findings"] == "2"
    assert json.loads(ran.outputs["pull-requests"]) == []
    assert [entry.path for entry in shop.hub.writes()] == [f"/repos/{NAME}/issues/{number}/comments"]
    shop.content()


def test_the_author_gets_one_comment_that_is_kept_up_to_date(shop: Place) -> None:
    number = shop.pull({"deploy/api/task.json": API})
    for _ in range(2):
        shop.check(number)
    (text,) = shop.comments(number)
    assert text.startswith("<!-- fixbot check -->\n**1 finding on lines that this pull request touches**")
    assert '+      "readonlyRootFilesystem": true,' in text
    assert len(shop.hub.writes()) == 1
    shop.ann.push("work", {"deploy/api/task.json": SAFE})
    shop.merged(number)
    shop.check(number)
    (text,) = shop.comments(number)
    assert text == "<!-- fixbot check -->\nNothing to say about the lines that this pull request touches."
    shop.content()


def test_a_pull_request_with_nothing_to_say_gets_no_comment(shop: Place) -> None:
    ran = shop.check(shop.pull({"README.md": "hello\n"}))
    assert ran.code == 0
    assert shop.hub.writes() == []
    assert "Nothing to say about the lines that this pull request touches." in ran.summary


def test_a_stranger_who_signs_as_fixbot_keeps_his_comment(shop: Place) -> None:
    number = shop.pull({"deploy/api/task.json": API})
    eve = Person(shop.hub, "eve", NAME, role="read")
    eve.comment(number, "<!-- fixbot check -->\nAll is well.")
    del shop.hub.repo(NAME).collaborators["eve"]
    shop.check(number)
    first, second = shop.comments(number)
    assert first == "<!-- fixbot check -->\nAll is well."
    assert "1 finding" in second


def test_a_pull_request_from_a_fork_gets_the_summary_alone(shop: Place) -> None:
    number = shop.pull({"deploy/api/task.json": API}, fork=True)
    reading = shop.hub.actions_token(NAME, contents="read", pull_requests="read")
    ran = shop.check(number, fork=True, token=reading)
    assert ran.code == 0
    assert shop.hub.writes() == []
    assert "comes from another repository, where the token may only read: no comment." in ran.summary
    assert len(ran.log.of("error")) == 1


def test_without_the_right_to_comment_the_check_goes_on_and_says_so(shop: Place) -> None:
    reading = shop.hub.actions_token(NAME, contents="read", pull_requests="read")
    ran = shop.check(shop.pull({"deploy/api/task.json": API}), token=reading)
    assert ran.code == 0
    assert "the token may not write comments here (Resource not accessible by integration)." in ran.summary


def test_comments_can_be_switched_off(shop: Place) -> None:
    shop.check(shop.pull({"deploy/api/task.json": API}), comment="false")
    assert shop.hub.log == []


def test_a_pull_request_fails_for_what_it_touches_and_not_for_what_was_there(shop: Place) -> None:
    assert shop.check(shop.pull({"README.md": "hello\n"}), fail_on="low").code == 0
    number = shop.pull({"deploy/api/task.json": API}, "more")
    assert shop.check(number, fail_on="high").code == 1
    assert shop.check(number, fail_on="critical").code == 0


def test_without_history_nothing_is_annotated_and_the_page_says_what_to_do(shop: Place) -> None:
    number = shop.pull({"deploy/api/task.json": API})
    assert shop.check(number, depth=1, fail_on="critical").code == 1  # a gate that can't judge
    ran = shop.check(number, depth=1)
    assert ran.code == 0
    (said,) = ran.log.of("error", "warning", "notice")
    assert said.name == "notice"
    assert "set `fetch-depth: 2` at actions/checkout" in said.data
    assert shop.hub.log == []


def test_on_a_schedule_pull_requests_are_opened_and_a_second_run_writes_nothing(shop: Place) -> None:
    ran = shop.scheduled()
    assert ran.code == 0, ran.printed
    (url,) = json.loads(ran.outputs["pull-requests"])
    assert url.endswith(f"/{NAME}/pull/1")
    assert "| opened | [#1 Make the root filesystem of" in ran.summary
    writes = len(shop.hub.writes())
    again = shop.scheduled()
    assert again.code == 0
    assert json.loads(again.outputs["pull-requests"]) == []
    assert len(shop.hub.writes()) == writes
    shop.content()


def test_a_folder_alone_is_proposed_where_path_says_so(shop: Place) -> None:
    shop.ann.push("main", {"deploy/api/task.json": API})
    ran = shop.scheduled(path="deploy/api")
    assert ran.code == 0, ran.printed
    assert len(json.loads(ran.outputs["pull-requests"])) == 1
    report = json.loads(Path(ran.outputs["report-file"]).read_text())
    assert [each["path"] for each in report["findings"]] == ["deploy/api/task.json"]


def test_what_stands_in_the_way_is_an_annotation_and_on_the_page(shop: Place) -> None:
    shop.hub.repo(NAME).actions_may_open = False
    ran = shop.scheduled()
    told = "Allow GitHub Actions to create and approve pull requests"
    assert told in ran.summary
    shop.content()


ELSEWHERE = [("push", "topic"), ("workflow_dispatch", "topic"), ("release", "main")]


@pytest.mark.parametrize(("name", "ref"), ELSEWHERE)
def test_on_other_occasions_it_only_looks(shop: Place, name: str, ref: str) -> None:
    ran = shop.scheduled(name=name, ref=ref)
    assert ran.code == 0
    assert ran.outputs["findings"] == "1"
    assert shop.hub.log == []


def test_every_push_to_the_default_branch_keeps_the_pull_requests_up_to_date(shop: Place) -> None:
    ran = shop.scheduled(name="push")
    assert len(json.loads(ran.outputs["pull-requests"])) == 1


def test_the_report_and_the_results_for_code_scanning_are_files_of_the_job(shop: Place) -> None:
    ran = shop.scheduled(mode="scan")
    results = json.loads(Path(ran.outputs["sarif-file"]).read_text())
    (result,) = results["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "deploy/web/task.json"
    assert json.loads(Path(ran.outputs["report-file"]).read_text())["findings"][0]["line"] == 5


def test_paths_count_from_the_top_where_only_a_folder_is_looked_at(shop: Place) -> None:
    ran = shop.check(shop.pull({"deploy/api/task.json": API}), path="deploy")
    (said,) = ran.log.of("error")
    assert said.fields["file"] == "deploy/api/task.json"
    results = json.loads(Path(ran.outputs["sarif-file"]).read_text())["runs"][0]["results"]
    found = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert found == {"deploy/api/task.json", "deploy/web/task.json"}


def test_nobody_ever_sees_the_token(shop: Place) -> None:
    for ran in (shop.scheduled(), shop.check(shop.pull({"a.json": API}))):
        assert ran.log.of("add-mask")[0].data == shop.token
        assert ran.printed.startswith(f"::add-mask::{shop.token}\n")
        assert ran.printed.count(shop.token) == 1
        assert shop.token not in ran.summary


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"mode": "everything"}, "input mode: 'everything' is not one of auto, check, pull-requests, scan"),
        ({"fail_on": "worst"}, "input fail-on: 'worst' is not one of low, medium, high, critical, never"),
        ({"comment": "yes"}, "input comment: 'yes' is neither true nor false"),
        ({"only": "nothing"}, "--only: unknown rule 'nothing'; `fixbot rules` lists them"),
        ({"path": "nowhere"}, "'nowhere' does not exist"),
    ],
)
def test_a_wrong_input_is_one_annotation(shop: Place, inputs: dict[str, str], said: str) -> None:
    ran = shop.scheduled(None, "schedule", "main", **inputs)
    assert ran.code == 2
    (error,) = ran.log.of("error")
    assert error.data == said
    assert "Traceback" not in ran.printed
