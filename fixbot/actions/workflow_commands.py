"""The lines by which a step talks to the runner, with nothing in them that could say more than was meant.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; the escapes are those of the
runner's own parser (actions/runner, ActionCommand.cs).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fixbot.text.characters import escape_hidden

Kind = Literal["error", "warning", "notice"]


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def format_annotation(
    kind: Kind, message: str, *, title: str = "", path: str = "", line: int | None = None
) -> str:
    """A remark, shown at a line of a file where `path` is given (relative to the repository's top)."""
    message, title, path = (
        "\n".join(map(escape_hidden, each.split("\n"))) for each in (message, title, path)
    )
    fields = {"file": path, "line": "" if line is None else str(line), "title": title}
    listed = ",".join(f"{name}={_escape_property(value)}" for name, value in fields.items() if value)
    return f"::{kind}{' ' if listed else ''}{listed}::{_escape_data(message)}\n"


def mask_commands(secret: str) -> Iterator[str]:
    """What makes the runner hide a secret wherever it is printed from now on; it hides single lines only."""
    for line in dict.fromkeys(secret.replace("\r", "\n").split("\n")):
        if line.strip():
            yield f"::add-mask::{_escape_data(line)}\n"


def stop_commands(word: str) -> str:
    """Until `resume_commands` with the same word the runner takes no commands from what is printed."""
    return f"::stop-commands::{word}\n"


def resume_commands(word: str) -> str:
    """The end of what `stop_commands` began."""
    return f"::{word}::\n"


def format_output(name: str, value: str, word: str) -> str:
    """One row of the file GITHUB_OUTPUT. Raises ValueError where the value holds the word that ends it."""
    if word in value:
        raise ValueError("the delimiter stands in the value")
    return f"{name}<<{word}\n{value}\n{word}\n"
