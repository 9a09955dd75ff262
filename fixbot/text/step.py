"""What a person is told to do: sentences with commands in them, and a document to type or to copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fixbot.text import command
from fixbot.text.command import Command
from fixbot.text.markdown_escape import is_shown_unchanged
from fixbot.text.name_lists import join_with_and

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
class StepSubjects:
    """What a step is to be done to, by name, as Markdown; steps that differ in these alone become one."""

    names: tuple[str, ...]
    one: str
    many: str

    @property
    def text(self) -> str:
        """`the role A`, `the roles A, B and C`."""
        noun = self.one if len(self.names) == 1 else self.many
        return f"{noun} {join_with_and(self.names)}"


StepPart = str | Command | StepSubjects


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do. `parts` are plain Markdown sentences, with commands and names where they belong."""

    parts: tuple[StepPart, ...]
    document: PrintedDocument | None = None

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands, in order."""
        return tuple(part for part in self.parts if isinstance(part, Command))


def build_step(*parts: StepPart, document: PrintedDocument | None = None) -> Step:
    """A step of these parts."""
    return Step(parts, document)


def merge_steps(steps: Iterable[Step]) -> list[Step]:
    """Each step once; those that differ in their subjects alone are one step for all of these."""
    named: dict[Step, list[dict[str, None]]] = {}
    for each in steps:
        subjects = [part.names for part in each.parts if isinstance(part, StepSubjects)]
        every = named.setdefault(_name_subjects(each, [()] * len(subjects)), [{} for _ in subjects])
        for names, some in zip(every, subjects, strict=True):
            names.update(dict.fromkeys(some))
    return [_name_subjects(each, [tuple(names) for names in every]) for each, every in named.items()]


def _name_subjects(each: Step, names: Sequence[tuple[str, ...]]) -> Step:
    given = iter(names)
    parts = (
        replace(part, names=next(given)) if isinstance(part, StepSubjects) else part for part in each.parts
    )
    return replace(each, parts=tuple(parts))


def pack_step(each: Step) -> list[Any]:
    """The step as what JSON can hold."""
    document = each.document
    told = None if document is None else [document.syntax, document.text, document.withheld]
    return [list(map(_pack_part, each.parts)), told]


def _pack_part(part: StepPart) -> Any:
    match part:
        case str():
            return part
        case StepSubjects():
            return {"names": part.names, "one": part.one, "many": part.many}
        case Command():
            return command.pack_command(part)


def _unpack_part(part: Any) -> StepPart:
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        return StepSubjects(tuple(part["names"]), part["one"], part["many"])
    return command.unpack_command(part)


def unpack_step(value: Sequence[Any]) -> Step:
    """The step that was packed. Raises LookupError, TypeError or ValueError for anything else."""
    parts, document = value
    return Step(
        tuple(map(_unpack_part, parts)),
        None if document is None else PrintedDocument(*document),
    )
