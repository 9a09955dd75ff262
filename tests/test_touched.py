"""Which lines a pull request touches, in the checkouts that people have."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout.changed_lines import TouchedLines, find_start, list_changes, read_touched_lines
from fixbot.checkout.git import Git, GitFailed
from tests.test_cli import git

TEN = "".join(f"line {n}\n" for n in range(1, 11))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A branch that changes line 3 and drops line 8; main, which changes another file, has it merged."""
    at = tmp_path / "work"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    (at / "a b.txt").write_text(TEN)
    (at / "other.txt").write_text(TEN)
    git(at, "add", "-A")
    git(at, "commit", "-qm", "first")
    git(at, "checkout", "-q", "-b", "topic")
    (at / "a b.txt").write_text(TEN.replace("line 3", "line three").replace("line 8\n", ""))
    (at / "sub").mkdir()
    (at / "sub" / "new.txt").write_text("x\ny\n")
    git(at, "add", "-A")
    git(at, "commit", "-qm", "second")
    git(at, "checkout", "-q", "main")
    (at / "other.txt").write_text("changed\n" + TEN)
    git(at, "commit", "-qam", "third")
    git(at, "merge", "-q", "--no-ff", "-m", "merge", "topic")
    return at


def commit(at: Path, name: str) -> str:
    return git(at, "rev-parse", name).strip()


def lines(found: TouchedLines, path: str) -> list[int]:
    return [number for number in range(1, 20) if (path, number) in found]


def seen(at: Path, start: str | None, *paths: str) -> TouchedLines:
    assert start is not None
    changes = list_changes(Git(str(at)), start)
    return read_touched_lines(Git(str(at)), start, (each for each in changes if each.path in paths))


def test_in_the_merge_of_a_pull_request_only_its_own_lines_count(work: Path) -> None:
    start = find_start(Git(str(work)), "0" * 40, commit(work, "HEAD"))
    found = seen(work, start, "a b.txt", "other.txt", "sub/new.txt", "unknown")
    assert lines(found, "a b.txt") == [3, 7, 8]
    assert lines(found, "other.txt") == []
    assert lines(found, "sub/new.txt") == list(range(1, 20))


def test_on_the_branch_itself_the_base_is_where_it_left_main(work: Path) -> None:
    git(work, "checkout", "-q", "topic")
    start = find_start(Git(str(work)), commit(work, "main~1"), "f" * 40)
    assert lines(seen(work, start, "a b.txt", "other.txt"), "a b.txt") == [3, 7, 8]


def test_a_merge_that_is_not_the_one_of_the_event_is_no_base(work: Path) -> None:
    git(work, "checkout", "-q", "topic")
    git(work, "merge", "-q", "--no-ff", "-m", "main into topic", "main~1")
    start = find_start(Git(str(work)), commit(work, "main~1"), "f" * 40)
    assert lines(seen(work, start, "a b.txt", "other.txt"), "a b.txt") == [3, 7, 8]
    assert start == commit(work, "main~1")


def test_paths_count_from_the_top(work: Path) -> None:
    start = find_start(Git(str(work / "sub")), "", commit(work, "HEAD"))
    assert lines(seen(work, start, "sub/new.txt"), "sub/new.txt")[:2] == [1, 2]


@pytest.mark.parametrize("base", ["", "main", "--help", "e" * 40])
def test_without_the_base_nothing_is_known(work: Path, base: str) -> None:
    git(work, "checkout", "-q", "topic")
    assert find_start(Git(str(work)), base, "f" * 40) is None


def test_a_start_that_is_not_there_is_gits_trouble(work: Path) -> None:
    with pytest.raises(GitFailed):
        seen(work, "e" * 40, "a b.txt")
