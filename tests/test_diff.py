"""A diff is right when `git apply` makes of the old files exactly the new ones."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.edit.diff import masked_diff, quote_path, unified_diff
from fixbot.edit.edited_text import (
    EditedFile,
    changed_lines,
    moved_spans,
    replace_whole,
    split_lines,
    trim_edits,
    written_spans,
)
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import TextEdit
from tests.steps import steps

LINE = st.sampled_from(["a", "b", "  c", "}", "", "é\t", "x\r", "\x0b y", "\u2028"])
TEXT = st.lists(LINE, max_size=12).flatmap(
    lambda some: st.sampled_from(["\n".join(some), "".join(line + "\n" for line in some)])
)


def applied(folder: Path, before: dict[str, str], patch: str) -> dict[str, str]:
    for path, text in before.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(command, cwd=folder, input=patch.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode() + patch
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in files}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apply")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "config", "core.autocrlf", "false"], cwd=folder, check=True)
    return folder


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXT, after=TEXT, context=st.integers(1, 3))
def test_git_makes_the_new_file_of_the_old(repository: Path, before: str, after: str, context: int) -> None:
    patch = unified_diff(replace_whole("f", before, after), context)
    if before == after:
        assert patch == ""
    else:
        assert applied(repository, {"f": before}, patch)["f"] == after


@st.composite
def edited(draw: st.DrawFn) -> EditedFile:
    """A text, and edits of it at random places."""
    before = draw(TEXT)
    places = sorted(draw(st.lists(st.integers(0, len(before)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    edits = tuple(TextEdit(start, end, draw(TEXT)) for start, end in pairs)
    return EditedFile("f", before, splice_edits(before, edits), edits)


@settings(max_examples=400)
@given(edited())
def test_what_is_said_to_be_unchanged_is_unchanged(file: EditedFile) -> None:
    one, two = split_lines(file.before or ""), split_lines(file.after)
    assert "".join(one) == file.before
    at_one = at_two = 0
    for a, b, c, d in changed_lines(file.before or "", file.edits):
        assert one[at_one:a] == two[at_two:c]
        at_one, at_two = b, d
    assert one[at_one:] == two[at_two:]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=edited(), context=st.integers(1, 3))
def test_git_makes_the_new_file_with_the_diff_of_any_edits(
    repository: Path, file: EditedFile, context: int
) -> None:
    patch = unified_diff(file, context)
    if file.before == file.after:
        assert patch == ""
    else:
        assert applied(repository, {"f": file.before or ""}, patch)["f"] == file.after


@settings(max_examples=400)
@given(edited())
def test_edits_are_the_same_without_what_they_write_as_it_was(file: EditedFile) -> None:
    before = file.before or ""
    trimmed = trim_edits(before, file.edits)
    assert splice_edits(before, trimmed) == file.after
    assert all(each.text != before[each.start : each.end] for each in trimmed)
    written = [file.after[start:end] for start, end in written_spans(trimmed)]
    assert written == [each.text for each in trimmed]


@settings(max_examples=400)
@given(edited(), st.data())
def test_a_place_is_found_again_or_is_replaced_or_not_told(file: EditedFile, data: st.DataObject) -> None:
    before = file.before or ""
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    moved = moved_spans([(start, end)], file)
    if moved:
        ((new_start, new_end),) = moved
        assert file.after[new_start:new_end] == before[start:end]
    elif moved is not None:
        assert any(each.start <= start and end <= each.end for each in file.edits)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("image: nginx-1.25", "image: nginx-1.26", "26"),
        ("run: true", "run: false", "false"),
        ("a\r\nb", "a\r\nc\r\nb", "c\r\n"),
        ("readonly: no", "readonly: no\nuser: 10", "\nuser: 10"),
    ],
)
def test_whole_words_are_replaced_and_nothing_more(old: str, new: str, text: str) -> None:
    (edit,) = replace_whole("f", old, new).edits
    assert edit.text == text


def test_one_patch_carries_files_of_every_kind(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    before = {
        "plain.yaml": "a: 1\nb: 2\n",
        "deploy/no last newline.json": '{"a": 1}',
        "windows.tf": "a = 1\r\nb = 2\r\n",
        'odd "name"\t\\ é.json': "x\n",
    }
    after = {
        "plain.yaml": "a: 1\nb: 3\n",
        "deploy/no last newline.json": '{"a": 2}',
        "windows.tf": "a = 1\r\nc = 3\r\nb = 2\r\n",
        'odd "name"\t\\ é.json': "y\n",
        "new/file.yaml": "made: true\n",
        "new/empty.yaml": "",
        "new/unended.yaml": "made: true",
    }
    patch = "".join(unified_diff(replace_whole(path, before.get(path), text)) for path, text in after.items())
    assert applied(tmp_path, before, patch) == after


def test_the_diff_reads_as_git_writes_it() -> None:
    assert unified_diff(replace_whole("deploy/task.json", "a\nb\nc\nd\ne\n", "a\nb\nc\nX\nd\ne"), 1) == (
        "diff --git a/deploy/task.json b/deploy/task.json\n"
        "--- a/deploy/task.json\n"
        "+++ b/deploy/task.json\n"
        "@@ -3,3 +3,4 @@\n"
        " c\n"
        "+X\n"
        " d\n"
        "-e\n"
        "+e\n"
        "\\ No newline at end of file\n"
    )


def test_an_inserted_block_is_shown_whole() -> None:
    before = 'volume {\n  name = "a"\n}\nend\n'
    after = 'volume {\n  name = "a"\n}\nvolume {\n  name = "b"\n}\nend\n'
    assert '+volume {\n+  name = "b"\n+}\n' in unified_diff(replace_whole("x.tf", before, after))
    assert '-volume {\n-  name = "b"\n-}\n' in unified_diff(replace_whole("x.tf", after, before))


def test_masked_lines_are_masked_on_both_sides_and_around() -> None:
    class Stars:
        def mask_old(self, some: Sequence[str], _first: int, /) -> Sequence[str]:
            return [line.replace("hunter2", "••••••") for line in some]

        mask_new = mask_old

    before = "other: hunter2\npassword: hunter2\nend\n"
    shown = masked_diff(
        replace_whole("x.yaml", before, before.replace("password: hunter2", "password: ref")), Stars()
    )
    assert "hunter2" not in shown
    assert "-password: ••••••\n+password: ref\n" in shown
    assert " other: ••••••\n" in shown


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("a b.json", "a b.json"),
        ("é", '"\\303\\251"'),
        ("\udcff", '"\\377"'),
        ("line\nfeed", '"line\\nfeed"'),
    ],
)
def test_odd_names_are_quoted_as_git_quotes_them(path: str, written: str) -> None:
    assert quote_path(path) == written


def test_a_long_file_with_changes_at_both_ends_takes_few_steps() -> None:
    before = "".join(f"{number % 50}\n" for number in range(100_000))
    middle, end = before.index("\n", 140_000) + 1, len(before)
    edits = (
        TextEdit(0, 0, "first\n"),
        TextEdit(middle, middle + 3, "middle\n"),
        TextEdit(end, end, "last\n"),
    )
    assert steps(lambda: changed_lines(before, edits)) < 2 * 100_000
    assert len(changed_lines(before, edits)) == 3


def test_texts_with_nothing_in_common_are_replaced_as_a_whole() -> None:
    before = "".join(f"a{number}\n" for number in range(2000))
    after = "".join(f"b{number}\n" for number in range(2000))
    assert changed_lines(before, replace_whole("f", before, after).edits) == [(0, 2000, 0, 2000)]


def test_lines_that_stay_inside_of_what_is_written_anew_are_no_change() -> None:
    before, after = "a\nb\nc\nd\n", "A\nb\nc\nD\n"
    assert changed_lines(before, (TextEdit(0, 8, after),)) == [(0, 1, 0, 1), (3, 4, 3, 4)]
