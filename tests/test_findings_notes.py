"""`--findings … --pr --note`: from a finding to a merged pull request, and a note on the finding, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixbot.cli.options import Format
from fixbot.publish.pull_requests.state_block import read_state_block
from tests.aws_endpoint import REGION, refuse, serve_aws
from tests.hub_runs import World, world
from tests.security_hub import SecurityHub, asff, ocsf
from tests.test_secrets_create import documented

OTHER = {"name": "other", "image": "nginx:1.25", "essential": True, "memory": 64}
TASK = {"family": "orders", "containerDefinitions": [{**OTHER, "name": "app"}]}
FILES = {
    "deploy/orders.json": json.dumps(TASK, indent=2) + "\n",
    "deploy/mail.json": json.dumps({**TASK, "family": "mail"}, indent=2) + "\n",
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Sources = list[dict[str, Any]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecurityHub]:
    with serve_aws() as aws:
        for name, value in aws.variables.items():
            monkeypatch.setenv(name, value)
        yield SecurityHub(aws)
        assert aws.troubles == []


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, FILES) as made:
        yield made


@pytest.fixture
def run(shop: World, tmp_path: Path) -> Callable[..., tuple[int, Sources]]:
    def run_once(source: str = "security-hub", **more: object) -> tuple[int, Sources]:
        output = tmp_path / "report.json"
        words = {"findings": (source,), "note": True, "format": Format.JSON, "output": output, **more}
        words["aws_region"] = REGION
        code = shop.run(**words)  # type: ignore[arg-type]
        return code, list(json.loads(output.read_text())["sources"])

    return run_once


def merge_all(shop: World) -> int:
    (issue,) = shop.ours()
    shop.person.set_draft(issue.number, draft=False)
    shop.person.merge(issue.number, delete=True)
    return issue.number


def test_a_finding_becomes_one_pull_request_that_cites_it_and_then_a_note(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    hub.v1.append(asff())
    code, (row,) = run()
    assert (code, row["outcome"], row["note"]) == (0, "matched", None)
    (issue,) = shop.ours()
    assert list(shop.findings(issue)) == row["findings"]
    assert hub.v1[0]["Id"] in (issue.body or "")
    assert hub.writes == []
    number = merge_all(shop)
    code, (row,) = run()
    assert (code, row["outcome"], row["note"]) == (0, "clean", "written")
    note = hub.v1[0]["Note"]
    assert f"/pull/{number}" in note["Text"]
    assert (note["UpdatedBy"], hub.v1[0]["Workflow"]) == ("fixbot", {"Status": "NOTIFIED"})
    code, (row,) = run()
    assert (code, row["note"], len(hub.writes)) == (0, "there", 1)
    assert {*hub.aws.actions} == documented("fixbot run --findings security-hub --pr --note")


def test_security_hub_v2_gets_a_comment_and_no_status(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    hub.v2.append(ocsf())
    run("security-hub-v2")
    number = merge_all(shop)
    for note in ("written", "there"):
        code, (row,) = run("security-hub-v2")
        assert (code, row["note"]) == (0, note)
    assert f"/pull/{number}" in hub.v2[0]["comment"]
    assert (hub.v2[0]["status"], len(hub.writes)) == ("New", 1)


def test_a_second_run_changes_nothing_and_other_pull_requests_stay(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    shop.run(include=("deploy/mail.json",))
    (other,) = shop.ours()
    hub.v1.append(asff())
    run()
    before = {issue.number: (issue.title, issue.body, issue.the_pull.head_sha) for issue in shop.ours()}
    assert len(before) == 2
    run()
    assert {i.number: (i.title, i.body, i.the_pull.head_sha) for i in shop.ours()} == before
    assert other.open


def test_an_open_pull_request_that_holds_it_stays_whole_and_remembers_the_finding(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    shop.run()
    (issue,) = shop.ours()
    held = shop.findings(issue)
    assert len(held) == 2
    hub.v1.append(asff())
    run()
    (issue,) = shop.ours()
    assert shop.findings(issue) == held
    mark = read_state_block(issue.body or "")
    assert mark is not None
    assert len(mark.sources) == 1
    merge_all(shop)
    assert run()[1][0]["note"] == "written"


def test_a_closed_pull_request_stays_a_no(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    hub.v1.append(asff())
    run()
    (issue,) = shop.ours()
    shop.person.close(issue.number)
    code, (row,) = run()
    assert (code, row["outcome"], shop.ours(), hub.writes) == (0, "suppressed", [], [])
    assert row["reason"].startswith("the repository ignores it")


@pytest.mark.parametrize(
    ("text", "by", "outcome"),
    [
        ("we accept this until May", "anna", "written"),
        ("x" * 500, "anna", None),
        ("old", "fixbot", "written"),
    ],
)
def test_a_persons_note_is_carried_along_or_ours_is_not_written(
    text: str, by: str, outcome: str | None,
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]],
) -> None:  # fmt: skip
    hub.v1.append(asff(workflow="RESOLVED" if by == "nobody" else "NOTIFIED"))
    run()
    merge_all(shop)
    hub.v1[0]["Note"] = {"Text": text, "UpdatedBy": by, "UpdatedAt": "2026-10-03T10:00:00.000Z"}
    code, (row,) = run()
    assert (code, row["note"]) == (0, outcome)
    assert hub.v1[0]["Note"]["Text"].startswith(text)
    assert len(hub.v1[0]["Note"]["Text"]) <= 512
    assert hub.v1[0]["Workflow"] == {"Status": "NOTIFIED"}
    if outcome is None:
        assert "somebody's note stands there" in row["reason"]


@pytest.mark.parametrize("trouble", ["refused", "unprocessed", "expired"])
def test_a_note_that_fails_costs_one_line_and_the_exit_code(
    trouble: str, hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    hub.v1.append(asff())
    run()
    merge_all(shop)
    hub.refuses = trouble == "unprocessed"
    code = {"refused": "AccessDeniedException", "expired": "ExpiredTokenException"}.get(trouble)
    if code is not None:
        hub.aws.before.append(lambda call: refuse(code, 403) if "Update" in call.action else None)
    capsys.readouterr()
    status, (row,) = run(quiet=False)
    assert (status, row["note"]) == (1, "failed")
    assert "Note" not in hub.v1[0]
    lines = [line for line in capsys.readouterr().err.splitlines() if "note" in line and "written" in line]
    assert len(lines) == 1


def test_nothing_is_written_before_the_merge_on_a_dry_run_or_without_the_option(
    hub: SecurityHub, shop: World, run: Callable[..., tuple[int, Sources]]
) -> None:
    hub.v1.append(asff())
    run()
    run()
    merge_all(shop)
    assert run(dry_run=True)[1][0]["note"] is None
    assert run(note=False)[1][0]["note"] is None
    assert hub.writes == []
