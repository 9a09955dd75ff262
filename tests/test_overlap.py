"""What counts as a conflict is what git refuses to merge: held against git itself, by its own two ways."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fixbot.edit.overlap import LinedText, do_touch, find_touching
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import TextEdit


def git_merge(folder: Path, base: str, one: str, two: str, *diff: str) -> tuple[bool, str]:
    """Whether `git merge-file` merges, and its result."""
    for name, text in (("base", base), ("one", one), ("two", two)):
        (folder / name).write_text(text, newline="")
    done = subprocess.run(
        ["git", *diff, "merge-file", "-p", "-q", "one", "base", "two"], cwd=folder, check=False,
        capture_output=True,
    )  # fmt: skip
    return done.returncode == 0, done.stdout.decode()


def git_merge_tree(folder: Path, base: str, one: str, two: str) -> tuple[bool, str]:
    """The same by `git merge-tree`, as GitHub and `git merge` do it, with whole commits."""

    def git(*arguments: str, stdin: str | None = None) -> str:
        names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments], cwd=folder, check=False, input=stdin, capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", **names},
        )  # fmt: skip
        return done.stdout if done.returncode in {0, 1} else ""

    def commit(text: str, *parents: str) -> str:
        (folder / "f").write_text(text, newline="")
        blob = git("hash-object", "-w", "f").strip()
        tree = git("mktree", stdin=f"100644 blob {blob}\tf\n").strip()
        return git("commit-tree", "-m", "x", *(f"-p{p}" for p in parents), tree).strip()

    if not (folder / ".git").exists():
        git("init", "-q")
    start = commit(base)
    lines = git("merge-tree", "--write-tree", commit(one, start), commit(two, start)).split("\n")
    clean = not any(line.startswith("CONFLICT") for line in lines)
    return clean, git("cat-file", "blob", f"{lines[0]}:f")


LINE = st.sampled_from(["a\n", "b\n", "c\n", "  x: 1\n", "  x: 2\n", "\n", "- name: app\n", "  image: i\n"])
TEXT = st.lists(LINE, max_size=14).map("".join)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, list[TextEdit], list[TextEdit]]:
    """A text that repeats itself, and two changes of it of one or two edits each."""
    text = draw(TEXT) + draw(st.sampled_from(["", "end", "a"]))

    def edits() -> list[TextEdit]:
        made: list[TextEdit] = []
        for _ in range(draw(st.integers(1, 2))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.sampled_from([0, 0, 0, 2, 7])))
            new = draw(st.one_of(st.sampled_from(["", "z", "q\n"]), st.lists(LINE, max_size=3).map("".join)))
            if text[start:end] != new and all(end < each.start or start > each.end for each in made):
                made.append(TextEdit(start, end, new))
        return made

    return text, edits(), edits()


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(changed())
def test_what_counts_as_apart_is_merged_by_git_into_both(
    tmp_path: Path, case: tuple[str, list[TextEdit], list[TextEdit]]
) -> None:
    base, first, second = case
    text = LinedText(base)
    one, two = splice_edits(base, first), splice_edits(base, second)
    assume(base not in (one, two))
    assume(not do_touch(text.find_hunks(first), text.find_hunks(second)))
    clean, merged = git_merge(tmp_path, base, one, two)
    assert clean
    assert merged == splice_edits(base, [*first, *second])
    assert git_merge_tree(tmp_path, base, one, two) == (True, merged), "with the histogram algorithm"


LINES = "".join(f"line {number}\n" for number in range(9))


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((3, 3, "new\n"), (3, 3, "other\n"), False),
        ((3, 4, "new\n"), (3, 4, ""), False),
        ((3, 4, "new\n"), (4, 5, "other\n"), False),
        ((3, 4, "new\n"), (4, 4, "other\n"), False),
        ((3, 4, "new\n"), (5, 6, "other\n"), True),
        ((3, 3, "new\n"), (4, 4, "other\n"), True),
        ((0, 0, "new\n"), (9, 9, "other\n"), True),
    ],
)
def test_lines_that_do_not_repeat_are_apart_just_where_git_merges(
    tmp_path: Path, first: tuple[int, int, str], second: tuple[int, int, str], apart: bool
) -> None:
    def edit(row: tuple[int, int, str]) -> TextEdit:
        return TextEdit(row[0] * len("line 0\n"), row[1] * len("line 0\n"), row[2])

    one, two, text = edit(first), edit(second), LinedText(LINES)
    assert do_touch(text.find_hunks([one]), text.find_hunks([two])) is not apart
    assert git_merge(tmp_path, LINES, splice_edits(LINES, [one]), splice_edits(LINES, [two]))[0] is apart


@settings(deadline=None)
@given(changed())
def test_what_touches_is_found_in_one_go_as_it_is_pair_by_pair(
    case: tuple[str, list[TextEdit], list[TextEdit]],
) -> None:
    base, first, second = case
    hunks = [LinedText(base).find_hunks([edit]) for edit in (*first, *second)]
    numbered = [(hunk, number) for number, some in enumerate(hunks) for hunk in some]
    linked = {number: {number} for number in range(len(hunks))}
    for one, two in find_touching(numbered):
        whole = linked[one] | linked[two]
        linked |= dict.fromkeys(whole, whole)
    for one in range(len(hunks)):
        for two in range(one):
            assert not do_touch(hunks[one], hunks[two]) or linked[one] is linked[two]
