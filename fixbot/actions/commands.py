"""The lines by which a step talks to the runner, with nothing in them that could say more than was meant.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; the escapes are those of the
runner's own parser (actions/runner, ActionCommand.cs).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fixbot.characters import shown

Kind = Literal["error", "warning", "notice"]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(kind: Kind, message: str, *, title: str = "", path: str = "", line: int | None = None) -> str:
    """A remark, shown at a line of a file where `path` is given (relative to the repository's top)."""
    message, title, path = ("\n".join(map(shown, each.split("\n"))) for each in (message, title, path))
    fields = {"file": path, "line": "" if line is None else str(line), "title": title}
    listed = ",".join(f"{name}={_property(value)}" for name, value in fields.items() if value)
    return f"::{kind}{' ' if listed else ''}{listed}::{_data(message)}\n"


def masks(secret: str) -> Iterator[str]:
    """What makes the runner hide a secret wherever it is printed from now on; it hides single lines only."""
    for line in dict.fromkeys(secret.replace("\r", "\n").split("\n")):
        if line.strip():
            yield f"::add-mask::{_data(line)}\n"


def stop(word: str) -> str:
    """Until `resume` with the same word the runner takes no commands from what is printed."""
    return f"::stop-commands::{word}\n"


def resume(word: str) -> str:
    """The end of what `stop` began."""
    return f"::{word}::\n"


def output(name: str, value: str, word: str) -> str:
    """One row of the file GITHUB_OUTPUT. Raises ValueError where the value holds the word that ends it."""
    if word in value:
        raise ValueError("the delimiter stands in the value")
    return f"{name}<<{word}\n{value}\n{word}\n"
