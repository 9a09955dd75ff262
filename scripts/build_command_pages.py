# ruff: noqa: INP001 - a script, no package
"""Write docs/commands.md from the program itself: `python scripts/build_command_pages.py [FILE]`.

A test writes it anew and compares, so that the page says what the program does.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from fixbot.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
WIDTH = 116
HEAD = """\
# Commands

Made by `python scripts/build_command_pages.py` from what `--help` says.
"""
TAIL = """\
## Exit codes

| code | when |
|---|---|
| 0 | done; with `--fail-on`, nothing as bad as that |
| 1 | a finding as bad as `--fail-on` says, or a part that failed: what else could be done was done |
| 2 | called wrongly: an unknown option, a setting that makes no sense, `--review` without a terminal |
| 3 | a bug of fixbot's own, in one line that says where the report is |
| 130 | interrupted (Ctrl-C); another signal: 128 and its number. Every file is as it was, or whole |
| 141 | whoever read the output went away |

## Files

- `.fixbot.yml` in the repository: settings and what is ignored. `config/default.yml` shows each setting.
- `# fixbot:ignore RULE until=YYYY-MM-DD reason` above a line, in files that have comments.
- `$XDG_CACHE_HOME/fixbot` (else `~/.cache/fixbot`): results of earlier runs, without the texts of files.

## Environment
"""
MORE_VARIABLES = {
    "NO_COLOR": "Present and not empty: no colours.",
    "TERM": "`dumb`: no colours, no progress; a review reads lines instead of keys.",
    "XDG_CACHE_HOME": "Where results of earlier runs are kept.",
}


def commands(command: Any, words: str, parent: Any = None) -> Iterator[tuple[Any, Any]]:
    """The command and all below it, each with a context to ask for its help."""
    context = command.make_context(words, [], parent=parent, resilient_parsing=True)
    yield command, context
    for name, each in getattr(command, "commands", {}).items():
        if not each.hidden:
            yield from commands(each, name, context)


def section(command: Any, context: Any) -> Iterator[str]:
    """Everything that a command's help says, as Markdown."""
    yield f"## {context.command_path}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```\n{context.command_path} {usage}\n```"
    yield from (wrapped(each) for each in (command.help or "").split("\n\n") if each)
    options = [row for each in command.get_params(context) if (row := entry(each, context))]
    if options:
        yield "\n".join(options)
    below = {name: each for name, each in getattr(command, "commands", {}).items() if not each.hidden}
    listed = [
        f"- `{context.command_path} {name}`: {each.get_short_help_str(WIDTH)}" for name, each in below.items()
    ]
    if listed:
        yield "\n".join(listed)
    if command.epilog:
        lines = textwrap.dedent(command.epilog.replace("\b\n", "").removeprefix("Examples:\n"))
        yield f"```sh\n{lines}\n```"


def entry(parameter: Any, context: Any) -> str | None:
    """One option or argument, as its help has it."""
    record = parameter.get_help_record(context)
    if record is None:
        return None
    name, says = record
    return wrapped(f"- `{name}`: {says}".rstrip(), "  ")


def wrapped(text: str, indent: str = "") -> str:
    """A paragraph in lines of a page."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def variables(contexts: list[tuple[Any, Any]]) -> list[str]:
    """Every variable that an option reads, and those that need no option."""
    rows = dict(MORE_VARIABLES)
    for command, context in contexts:
        for each in command.get_params(context):
            names = [each.envvar] if isinstance(each.envvar, str) else each.envvar or []
            rows.update({name: f"The same as `{max(each.opts, key=len)}`." for name in names})
    return [f"- `{name}`: {says}" for name, says in sorted(rows.items())]


def page() -> str:
    """The whole page."""
    os.environ["COLUMNS"] = str(WIDTH)
    found = list(commands(typer.main.get_command(app), "fixbot"))
    parts = [HEAD.rstrip(), *(part for each in found for part in section(*each)), TAIL.rstrip()]
    return "\n\n".join([*parts, "\n".join(variables(found))]) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).write_text(page(), encoding="utf-8")
