"""What a person is told to do, as it is shown: in Markdown, and as lines for a terminal or a commit message.

A command or a document is shown whole, on lines of its own or in one code span, or it is left out and that
is said. Nothing here cuts or wraps one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fixbot.characters import shown
from fixbot.command import Command
from fixbot.prose import Markdown, code, once, sentence, verbatim
from fixbot.step import PrintedDocument, Step

_OPEN_CODE: Final = 12
"""Lines of a document that stand open in a text."""
_SENTENCE: Final = re.compile(r"(?:[^.`]|\.(?! [A-Z(])|`[^`]*`)+\.?")


@dataclass(frozen=True, slots=True)
class Note:
    """A line for people who read no Markdown; `whole` where it is code that may not be wrapped."""

    text: str
    whole: bool = False


def shell_lines(commands: Iterable[Command]) -> list[str]:
    """Commands as lines of a shell, each after its comment and, once, what its placeholders stand for."""
    lines: list[str] = []
    told: set[str] = set()
    for each in once(commands):
        if each.refused:
            lines.append(f"# {shown(each.refused)}")
            continue
        new = [said for said in each.explained if said not in told]
        told.update(new)
        lines += [f"# {said}" for said in (each.comment, *new) if said]
        lines.append(each.text)
    return lines


def shell_block(commands: Iterable[Command]) -> Markdown:
    """The same as a block of code."""
    return verbatim(shell_lines(commands), "sh")


def step_items(steps: Iterable[Step]) -> list[Markdown]:
    """Steps as items of a numbered list, without their numbers; what several say first is said once."""
    below: dict[Step, dict[PrintedDocument, None]] = {}
    for each in once(steps):
        documents = below.setdefault(replace(each, document=None), {})
        if each.document is not None:
            documents[each.document] = None
    return [_item(each, list(documents)) for each, documents in below.items()]


def _item(each: Step, documents: Sequence[PrintedDocument]) -> Markdown:
    first = "".join(_part(part) for part in each.parts)
    if said := _explained(each.commands):
        first += f" ({sentence(said)})"
    blocks = "\n".join(filter(None, (_block(document) for document in documents)))
    if not blocks:
        return Markdown(first)
    if blocks.count("\n") <= _OPEN_CODE:
        return Markdown(f"{first}\n\n{blocks}")
    folded = f"   <details><summary>The whole text</summary>\n\n{blocks}\n\n   </details>\n"
    return Markdown(f"{first}\n\n{folded}")


def _part(part: str | Command) -> str:
    if isinstance(part, Command):
        return sentence(f"({part.refused})") if part.refused else code(part.text)
    return sentence(part)


def _explained(commands: Iterable[Command]) -> str:
    said = once(each for command in commands if not command.refused for each in command.explained)
    return "; ".join(said)


def _block(document: PrintedDocument) -> str:
    if document.refused:
        return f"   {sentence(document.refused)}"
    lines = document.text.removesuffix("\n").split("\n")
    return "\n".join(f"   {line}" for line in verbatim(lines, document.syntax).split("\n"))


def step_notes(heading: str, each: Step) -> Iterator[Note]:
    """The first sentence of a step; the commands that stand in it on lines of their own."""
    said = f"{heading} "
    for part in _first_sentence(each):
        if isinstance(part, Command):
            if said := said.strip(" ("):
                yield Note(said if said.endswith(":") else f"{said}:")
            yield from command_notes((part,))
            said = ""
        else:
            said += part if said else _begun(part)
    if re.search(r"\w", said):
        yield Note(said.strip())


def _begun(part: str) -> str:
    """What follows a command, as a sentence of its own."""
    rest = part.lstrip(",;:.) ")
    return rest[:1].upper() + rest[1:]


def command_notes(commands: Iterable[Command]) -> Iterator[Note]:
    """Commands, each whole on a line."""
    return (Note(line, whole=True) for line in shell_lines(commands))


def _first_sentence(each: Step) -> Iterator[str | Command]:
    for part in each.parts:
        if isinstance(part, Command):
            yield part
            continue
        found = _SENTENCE.match(part)
        yield found[0] if found else part
        if found is not None and len(found[0]) < len(part):
            return
