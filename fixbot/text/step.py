"""What a person is told to do: sentences with commands in them, and a document to type or to copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fixbot.text import command
from fixbot.text.command import Command
from fixbot.text.markdown_escape import is_shown_unchanged

MOST_LINES: Final = 200
"""Lines of a document. A longer one is left out with a word, never shown in part."""
TOO_LONG: Final = "The text is left out here: it would be longer than anyone types."

UNSEEN: Final = "The text is left out here: it would hold characters that nobody sees."


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """A text that a reader applies, in the words of its syntax; `own_documents` makes it from data.

    Where `withheld` says why, that sentence stands for the text.
    """

    syntax: str
    text: str
    withheld: str = ""

    @property
    def why_refused(self) -> str:
        """Why the text is not shown, in a sentence; empty where it is."""
        if self.withheld or all(map(is_shown_unchanged, self.text.split("\n"))):
            return self.withheld or (TOO_LONG if self.text.count("\n") > MOST_LINES else "")
        return UNSEEN


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do. `parts` are plain Markdown sentences, and commands where they belong in them."""

    parts: tuple[str | Command, ...]
    document: PrintedDocument | None = None

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands, in order."""
        return tuple(part for part in self.parts if isinstance(part, Command))


def build_step(*parts: str | Command, document: PrintedDocument | None = None) -> Step:
    """A step of these parts."""
    return Step(parts, document)


def pack_step(each: Step) -> list[Any]:
    """The step as what JSON can hold."""
    parts = [part if isinstance(part, str) else command.pack_command(part) for part in each.parts]
    document = each.document
    return [parts, None if document is None else [document.syntax, document.text, document.withheld]]


def unpack_step(value: Sequence[Any]) -> Step:
    """The step that was packed. Raises LookupError, TypeError or ValueError for anything else."""
    parts, document = value
    return Step(
        tuple(part if isinstance(part, str) else command.unpack_command(part) for part in parts),
        None if document is None else PrintedDocument(*document),
    )
