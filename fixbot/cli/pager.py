"""A long text through the pager that git would use; nothing of a repository chooses or is one."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from fixbot.programs.lookup import find_program
from fixbot.text.command import ARGUMENT, build_command

_SHELL: Final = frozenset("|&;<>()$`\n")
"""A pager with one of these is a line for a shell, and none is started here."""


def choose_pager(environment: Mapping[str, str], configured: str, outside: Sequence[str]) -> list[str]:
    """The words of the pager, its program absolute; empty where there is none to use.

    GIT_PAGER, the user's own `core.pager`, PAGER, `less`, in this order (git-var(1)). `outside` are the
    folders (real paths) that no program is taken from.
    """
    chosen = [environment.get("GIT_PAGER", ""), configured, environment.get("PAGER", ""), "less"]
    line = next(each for each in chosen if each)
    try:
        words = [] if _SHELL.intersection(line) else shlex.split(line)
    except ValueError:  # a quote that doesn't end
        words = []
    name, *options = words or ["less"]
    program = name if Path(name).is_absolute() else find_program(name, environment.get("PATH", ""), outside)
    return [program, *options] if program else []


def page_text(text: str, pager: Sequence[str]) -> None:
    """Show the text; when the pager ends, so does this.

    It starts at the root of the file system: some pagers (delta) take options, their own pager among them,
    from the git configuration of the folder that they start in.
    """
    os.environ["PAGER"] = build_command(*map(ARGUMENT, pager)).text
    os.environ.setdefault("LESS", "FRX")  # as git has it: quits on a short text, shows colours
    with contextlib.chdir(Path(pager[0]).anchor):
        click.echo_via_pager(text.removesuffix("\n"), color=True)
