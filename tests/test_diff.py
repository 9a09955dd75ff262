"""A diff is right when `git apply` makes of the old files exactly the new ones."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.diff import changed, lines, masked_diff, quoted, unified
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
    patch = unified("f", before, after, context)
    if before == after:
        assert patch == ""
    else:
        assert applied(repository, {"f": before}, patch)["f"] == after


@settings(max_examples=300)
@given(before=TEXT, after=TEXT)
def test_what_is_said_to_be_unchanged_is_unchanged(before: str, after: str) -> None:
    one, two = lines(before), lines(after)
    assert "".join(one) == before
    at_one = at_two = 0
    for a, b, c, d in changed(one, two):
        assert one[at_one:a] == two[at_two:c]
        at_one, at_two = b, d
    assert one[at_one:] == two[at_two:]


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
    patch = "".join(unified(path, before.get(path), text) for path, text in after.items())
    assert applied(tmp_path, before, patch) == after


def test_the_diff_reads_as_git_writes_it() -> None:
    assert unified("deploy/task.json", "a\nb\nc\nd\ne\n", "a\nb\nc\nX\nd\ne", 1) == (
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
    assert '+volume {\n+  name = "b"\n+}\n' in unified("x.tf", before, after)
    assert '-volume {\n-  name = "b"\n-}\n' in unified("x.tf", after, before)


def test_masked_lines_are_masked_on_both_sides_and_around() -> None:
    class Stars:
        def old(self, some: Sequence[str], _first: int, /) -> Sequence[str]:
            return [line.replace("hunter2", "••••••") for line in some]

        new = old

    before = "other: hunter2\npassword: hunter2\nend\n"
    shown = masked_diff("x.yaml", before, before.replace("password: hunter2", "password: ref"), Stars())
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
    assert quoted(path) == written


def test_a_long_file_with_changes_at_both_ends_takes_few_steps() -> None:
    before = [f"{number % 50}\n" for number in range(100_000)]
    after = ["first\n", *before[:50_000], "middle\n", *before[50_001:], "last\n"]
    assert steps(lambda: changed(before, after)) < 100 * len(before)
    assert len(changed(before, after)) == 3


def test_texts_with_nothing_in_common_are_replaced_as_a_whole() -> None:
    before = [f"a{number}\n" for number in range(2000)]
    after = [f"b{number}\n" for number in range(2000)]
    assert changed(before, after) == [(0, 2000, 0, 2000)]
