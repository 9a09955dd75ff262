"""The one issue that says what waits and why: opt-in, found by its mark, its boxes are commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.publish.pull_requests.dashboard import (
    BEGIN,
    END,
    LABEL,
    LONGEST,
    TITLE,
    DashboardPart,
    DashboardRow,
    put_between_marks,
    read_ticks,
    render_dashboard,
)
from fixbot.text.markdown_escape import Markdown
from fixbot.text.markdown_page import as_markdown
from tests.hub.model import Issue
from tests.hub.people import Person
from tests.hub_runs import World, pod, world
from tests.test_calm_pull_requests import DAY, services

ON = "dashboard: true\npull_requests: {per_week: 2}\n"
SHELL = "          securityContext:\n            readOnlyRootFilesystem: ${x}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {**services(*"abcd"), ".fixbot.yml": ON}) as made:
        made.repo.private = True
        yield made


def boards(shop: World) -> list[Issue]:
    return [issue for issue in shop.repo.issues.values() if issue.pull is None]


def board(shop: World) -> Issue:
    (issue,) = boards(shop)
    return issue


def tick(shop: World, mark: str) -> None:
    issue = board(shop)
    body, box = issue.body or "", f"- [ ] <!-- fixbot:{mark}"
    assert box in body
    shop.person.edit(issue.number, body=body.replace(box, box.replace("[ ]", "[x]"), 1))


def test_it_says_what_is_open_and_what_waits_until_when(shop: World) -> None:
    shop.run()
    issue = board(shop)
    body = issue.body or ""
    assert (issue.title, issue.labels) == (TITLE, (LABEL,))
    assert body.count(BEGIN) == body.count(END) == 1
    opened, waiting = body.partition("## Open")[2].split("## Waiting")
    assert opened.count("fixbot:rebase") == waiting.count("<!-- fixbot:open") == 2
    assert "#1 Make the root filesystem of a read-only" in opened
    assert "comes on 2027-01-22 (pull\\_requests.per\\_week)" in waiting or "per_week" in waiting


def test_an_unchanged_run_writes_nothing_and_asks_four_times(shop: World) -> None:
    shop.run()
    before, asked = board(shop), shop.asked
    shop.hub.clock.advance(3600)
    shop.run()
    assert board(shop) == before
    assert shop.asked - asked <= 4


def test_without_the_setting_there_is_none(tmp_path: Path) -> None:
    with world(tmp_path, services("a")) as shop:
        shop.run()
        assert boards(shop) == []


def test_a_ticked_box_opens_one_beyond_the_budget(shop: World) -> None:
    shop.run()
    tick(shop, "open")
    shop.run()
    assert len(shop.ours()) == 3
    body = board(shop).body or ""
    assert "[x]" not in body
    assert "Done as anna asked: opened" in body
    before = board(shop)
    shop.run()
    assert board(shop) == before


def test_a_ticked_box_makes_one_anew(shop: World) -> None:
    shop.run()
    first = shop.ours()[0]
    shop.person.push("main", {"README.md": "More\n"})
    tick(shop, "rebase")
    shop.run()
    assert shop.branches()[first.the_pull.head_ref] != first.the_pull.head_sha
    assert "[x]" not in (board(shop).body or "")


def test_a_no_is_remembered_in_a_comment_and_taken_back_with_it(shop: World) -> None:
    shop.run()
    issue = board(shop)
    key = (issue.body or "").partition("<!-- fixbot:open ")[2][:12]
    shop.person.edit(issue.number, body=f"{issue.body}\n- [x] <!-- fixbot:ignore {key} -->\n")
    shop.run()
    assert not shop.repo.comments, "outside of the marks nothing is a box"
    body = (board(shop).body or "").replace(f"[ ] <!-- fixbot:open {key}", f"[x] <!-- fixbot:ignore {key}")
    shop.person.edit(issue.number, body=body)
    shop.run()
    assert "## Ignored" in (board(shop).body or "")
    (remark,) = shop.repo.comments.values()
    assert "by anna" in remark.body
    shop.hub.clock.advance(30 * DAY)
    shop.run()
    assert len(shop.ours()) == 3, "one of four is not asked again"
    shop.repo.comments.clear()
    shop.hub.clock.advance(30 * DAY)
    shop.run()
    assert len(shop.ours()) == 4


def test_ticks_of_who_may_not_write_count_for_nothing(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run()
    tick(shop, "open")
    shop.repo.collaborators["anna"] = "triage"
    shop.run(quiet=False)
    assert len(shop.ours()) == 2
    assert "does not count" in capsys.readouterr().err


def test_what_people_wrote_around_it_stays(shop: World) -> None:
    shop.run()
    issue = board(shop)
    shop.person.edit(issue.number, body=f"Ask Lena.\n\n{issue.body}\n\nThanks.\n", title="Where we are")
    shop.hub.clock.advance(8 * DAY)
    shop.run()
    body = board(shop).body or ""
    assert body.startswith("Ask Lena.\n\n<!--")
    assert body.endswith("\n\nThanks.\n")
    assert body.count("fixbot:rebase") == 4


def test_closed_by_a_person_there_is_none_until_it_is_opened_again(shop: World) -> None:
    shop.run()
    number = board(shop).number
    shop.person.close(number)
    closed = board(shop)
    shop.hub.clock.advance(8 * DAY)
    shop.run()
    assert board(shop) == closed
    shop.person.reopen(number)
    shop.run()
    assert (board(shop).body or "").count("fixbot:rebase") == 4


def test_a_strangers_issue_with_the_mark_is_not_ours(shop: World) -> None:
    stranger = Person(shop.hub, "mallory", shop.name, role="read")
    stranger.open_issue(TITLE, f"{BEGIN}\n- [x] <!-- fixbot:open 0123456789ab -->\n{END}")
    shop.run()
    made = [issue for issue in boards(shop) if LABEL in issue.labels]
    assert len(made) == 1
    assert len(shop.ours()) == 2


def test_issues_that_are_off_are_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with world(tmp_path, {**services("a"), ".fixbot.yml": ON}) as shop:
        shop.repo.has_issues = False
        assert shop.run(quiet=False) == 0
        assert len(shop.ours()) == 1
        assert "there is no dashboard" in capsys.readouterr().err


def test_where_strangers_read_it_holds_counts_alone(tmp_path: Path) -> None:
    files = {**services(*"abc"), "x/pod.yaml": pod("x", SHELL), ".fixbot.yml": ON}
    with world(tmp_path, files) as shop:
        shop.run()
        body = board(shop).body or ""
        assert "A change of 1 file: comes" in body.partition("## Waiting")[2]
        assert "pod.yaml" not in body
        assert "readonly-root-filesystem" not in body


ROWS = st.lists(st.text("ab#@<!-[]() \n", max_size=30), max_size=40)


@given(ROWS, ROWS)
def test_no_name_makes_a_box_or_ends_the_text(one: list[str], two: list[str]) -> None:
    boxes = tuple(DashboardRow(as_markdown(each), "rebase", "0123456789ab") for each in one)
    text = render_dashboard(
        [
            DashboardPart("Open", boxes),
            DashboardPart("Refused", tuple(DashboardRow(as_markdown(each)) for each in two)),
        ]
    )
    assert text.count(BEGIN) == text.count(END) == 1
    assert read_ticks(text) == ()
    assert put_between_marks(f"a\n{text}\nb", text) == f"a\n{text}\nb"


def test_the_longest_parts_are_cut_and_boxes_of_open_ones_stay() -> None:
    long = tuple(DashboardRow(Markdown("x" * 200), "ignore", f"{number:016x}") for number in range(5_000))
    few = tuple(DashboardRow(Markdown("#1 a"), "rebase", f"{number:012x}") for number in range(100))
    text = render_dashboard([DashboardPart("Open", few, kept=True), DashboardPart("Refused", long)])
    assert len(text) <= LONGEST
    assert text.count("fixbot:rebase") == 100
    assert "more; `fixbot run` lists them" in text
