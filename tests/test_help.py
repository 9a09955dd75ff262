"""What people read before they begin: help, its examples, the page of commands, completion."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fixbot.cli.app import app
from tests.test_cli import ROOT, TASK, environment, fixbot, git, repository
from tests.typist import Typist

PAGES = ROOT / "docs"


def every_command() -> Iterator[tuple[str, ...]]:
    """The words of each command, the program itself as none."""

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, below in getattr(command, "commands", {}).items():
            if not below.hidden:
                yield from walk(below, (*words, name))

    yield from walk(typer.main.get_command(app), ())


COMMANDS = list(every_command())


def help_of(words: tuple[str, ...]) -> str:
    return fixbot(*words, "--help", at=ROOT, COLUMNS="80").out


def examples(words: tuple[str, ...]) -> list[str]:
    rows = help_of(words).partition("\n  Examples:\n")[2].rstrip().split("\n")
    return [row.partition(" # ")[0].strip() for row in rows]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder with `fixbot` in it, for a PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "fixbot").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fixbot "$@"\n')
    (folder / "fixbot").chmod(0o755)
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository of two commits."""
    folder = repository(tmp_path / "shop")
    (folder / "deploy" / "more.json").write_text(TASK.replace("web", "mail"))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    return folder


def in_bash(script: str, bin_folder: Path, at: Path, **more: str) -> subprocess.CompletedProcess[str]:
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    env = environment(PATH=path, XDG_CACHE_HOME=str(at.parent / "cache"), **more)
    return subprocess.run(
        ["bash", "--norc", "-c", script], cwd=at, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_ends_with_a_few_examples_and_fits_the_screen(words: tuple[str, ...]) -> None:
    text = help_of(words)
    assert 2 <= len(examples(words)) <= 4
    assert [line for line in text.split("\n") if len(line) > 80] == []


def test_the_first_help_fits_one_screen() -> None:
    assert help_of(()).count("\n") <= 24


# Those of `fleet` need repositories on GitHub: tests/test_fleet_runs.py runs them. Those of `secrets` and of
# `drift` need an account: tests/test_secrets_create.py and tests/test_drift.py do.
ELSEWHERE = {"drift", "fleet", "secrets"}


@pytest.mark.parametrize(
    "line",
    sorted({line for words in COMMANDS if ELSEWHERE.isdisjoint(words) for line in examples(words)}),
)
def test_an_example_does_what_it_says(line: str, shop: Path, bin_folder: Path) -> None:
    if "--review" in line:
        env = environment(TERM="xterm", XDG_CACHE_HOME=str(shop.parent / "cache"))
        with Typist(shlex.split(line)[1:], shop, env) as typist:
            typist.answer("q")
            assert typist.end()[0] == 0
        return
    done = in_bash(f"set -o pipefail; {line}", bin_folder, shop)
    assert done.returncode in ((0, 1) if " scan" in line else (0,)), done.stderr
    assert done.stderr == "" or "Written to" in done.stderr
    assert done.stdout or (shop / "fixbot.sarif").exists()
    changes = git(shop, "status", "--porcelain", "--", "deploy")
    assert bool(changes) == ("--write" in line)


def test_the_page_of_commands_is_what_the_program_says(tmp_path: Path) -> None:
    new = tmp_path / "commands.md"
    script = ROOT / "scripts" / "build_command_pages.py"
    subprocess.run([sys.executable, str(script), str(new)], env=environment(), check=True)
    assert new.read_text() == (PAGES / "commands.md").read_text(), f"run {script.relative_to(ROOT)}"


# Completion, by a real bash


def completed(line: str, bin_folder: Path, at: Path) -> list[str]:
    """What bash offers behind a line, by the page's own way of setting it up."""
    (setup,) = re.findall(r"```bash\n(.*?)\n```", (PAGES / "completion.md").read_text(), re.DOTALL)
    words = line.split(" ")
    script = f"""{setup}
complete -p fixbot >/dev/null || exit 9
COMP_WORDS=({" ".join(shlex.quote(word) for word in words)}); COMP_CWORD={len(words) - 1}
_fixbot_completion fixbot
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = in_bash(script, bin_folder, at)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fixbot expl", ["explain"]),
        ("fixbot explain secret-in-e", ["secret-in-environment"]),
        ("fixbot run --only privileged-container,read", ["privileged-container,readonly-root-filesystem"]),
        ("fixbot run --format s", ["sarif"]),
        ("fixbot run --safety ", ["safe", "review"]),
        ("fixbot run --rev", ["--review"]),
        ("fixbot scan --fail-on cri", ["critical"]),
    ],
)
def test_bash_completes(line: str, offered: list[str], bin_folder: Path, tmp_path: Path) -> None:
    assert completed(line, bin_folder, tmp_path) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_other_shells_have_a_script_of_their_own(shell: str, tmp_path: Path) -> None:
    done = fixbot(at=tmp_path, _FIXBOT_COMPLETE=f"source_{shell}")
    assert done.code == 0
    assert f"complete_{shell}" in done.out


def test_completion_can_be_installed_and_counts_in_the_next_shell(bin_folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # Which shell it is, is read from the process above.
    done = in_bash("fixbot --install-completion; true", bin_folder, tmp_path, HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert "bash completion installed in" in done.stdout
    again = in_bash('. "$HOME/.bashrc"; complete -p fixbot', bin_folder, tmp_path, HOME=str(home))
    assert "_fixbot_completion" in again.stdout
