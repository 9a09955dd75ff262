"""Many proposals: what the terminal shows of them, and the ways to see one or all."""

from __future__ import annotations

import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fixbot.cli.pager import choose_pager

HERE = Path(__file__).parent.parent
EXAMPLES = HERE / "examples"


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fixbot", "run", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd or HERE,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLES, tmp_path / "there")
    (tmp_path / "there" / ".fixbot.yml").write_text("# older than profiles: the four rules of then\n")
    (tmp_path / "there" / "compose.yaml").write_text("services: {web: {image: e/web:1, privileged: true}}\n")
    return tmp_path / "there"


def test_more_than_five_proposals_are_a_table_and_the_gravest_three(repository: Path) -> None:
    said = run(cwd=repository).stdout
    assert re.search(r"^topic +worst +proposals +findings +files +safe +review$", said, re.MULTILINE)
    assert re.search(r"^secrets +critical +4 ", said, re.MULTILINE)
    assert len(re.findall(r"^\d+  ", said, re.MULTILINE)) == 3
    assert said.count("  @@ ") <= 3 * 3
    assert "Left alone: 1\n" in said
    assert "Not read yet: 1\n" in said


def test_it_ends_with_how_to_go_on(repository: Path) -> None:
    said = run(cwd=repository).stdout
    for way in (
        "fixbot run --show KEY",
        "fixbot run --diffs",
        "fixbot run --review",
        "fixbot run --format html --output fixbot.html",
        "fixbot run --write",
    ):
        assert f": {way}" in said


def test_each_key_of_the_others_shows_that_proposal_whole(repository: Path) -> None:
    said = run(cwd=repository).stdout
    rows = re.findall(r"^([0-9a-f]{12})  (.*?)   ", said, re.MULTILINE)
    assert len(rows) == 7
    for key, title in rows:
        shown = run("--show", key, cwd=repository).stdout
        assert re.findall(r"^\d+  (.*?)   ", shown, re.MULTILINE) == [title]
        assert "more line" not in shown
        assert "topic " not in shown


def test_a_key_may_be_cut_and_a_wrong_one_is_a_line(repository: Path) -> None:
    key = re.findall(r"^([0-9a-f]{12})  ", run(cwd=repository).stdout, re.MULTILINE)[0]
    assert run("--show", key[:6], cwd=repository).returncode == 0
    wrong = run("--show", "zzz", cwd=repository)
    assert wrong.returncode == 2
    assert wrong.stderr.endswith(
        "fixbot: --show: no proposal has the key 'zzz'; `fixbot run` and --format json list the keys\n"
    )


def test_all_diffs_are_shown_when_asked(repository: Path) -> None:
    said = run("--diffs", cwd=repository).stdout
    assert len(re.findall(r"^\d+  ", said, re.MULTILINE)) == 10
    assert "topic " not in said


@pytest.mark.parametrize("other", ["--write", "--branch", "--pr", "--format=json"])
def test_what_is_for_reading_does_not_write(repository: Path, other: str) -> None:
    done = run("--diffs", other, cwd=repository)
    assert done.returncode == 2
    assert "--show and --diffs are for reading" in done.stderr


def test_on_a_terminal_the_users_pager_shows_it(repository: Path, tmp_path: Path) -> None:
    pager = tmp_path / "bin" / "mypager"
    pager.parent.mkdir()
    pager.write_text('#!/bin/sh\nsed "s/^/paged: /"\n')
    pager.chmod(0o755)
    paged = _on_terminal(repository, {"GIT_PAGER": "mypager", "PATH": f"{pager.parent}:/usr/bin:/bin"})
    assert "paged: Looked through" in paged
    assert "paged: 10 proposals" in paged


def test_a_pager_that_asks_git_sees_nothing_of_the_repository(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "mypager").write_text("#!/bin/sh\npwd; cat > /dev/null\n")
    (tmp_path / "mypager").chmod(0o755)
    paged = _on_terminal(repository, {"GIT_PAGER": str(tmp_path / "mypager"), "PATH": "/usr/bin:/bin"})
    assert paged.split()[-1].removeprefix("\x1b[K") == "/"


def test_no_pager_of_the_repository_is_started(repository: Path) -> None:
    planted = repository / "less"
    planted.write_text("#!/bin/sh\necho stolen\n")
    planted.chmod(0o755)
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    subprocess.run(["git", "config", "core.pager", str(planted)], cwd=repository, check=True)
    shown = _on_terminal(repository, {"PATH": f"{repository}:.:/nowhere", "TERM": "xterm"})
    assert "stolen" not in shown
    assert "Looked through" in shown


def _on_terminal(repository: Path, environment: dict[str, str]) -> str:
    """What a person sees on a terminal of `fixbot run --diffs`."""
    shown: list[bytes] = []

    def read(descriptor: int) -> bytes:
        import os  # noqa: PLC0415 - what the terminal's other end needs

        shown.append(os.read(descriptor, 4096))
        return shown[-1]

    words = ["env", "-i", *(f"{key}={value}" for key, value in environment.items())]
    program = [*words, f"HOME={repository.parent}", f"PYTHONPATH={HERE}", sys.executable, "-m", "fixbot"]
    import os  # noqa: PLC0415

    before = Path.cwd()
    os.chdir(repository)
    try:
        pty.spawn([*program, "run", "--diffs"], read)
    finally:
        os.chdir(before)
    return b"".join(shown).decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("environment", "configured", "chosen"),
    [
        ({"GIT_PAGER": "cat -u", "PAGER": "more"}, "less", ["cat", "-u"]),
        ({"PAGER": "cat"}, "cat -n", ["cat", "-n"]),
        ({"PAGER": "cat"}, "", ["cat"]),
        ({"PAGER": "sh -c 'x' | cat"}, "", ["less"]),
        ({"PAGER": "'unended"}, "", ["less"]),
        ({"PAGER": "no-such-program"}, "", []),
    ],
)
def test_the_pager_is_the_one_that_git_would_use(
    environment: dict[str, str], configured: str, chosen: list[str], tmp_path: Path
) -> None:
    for name in ("cat", "less", "more"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    found = choose_pager({**environment, "PATH": str(tmp_path)}, configured, ())
    assert [Path(each).name for each in found[:1]] + found[1:] == chosen
