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
    """What is said to people who read no Markdown: a paragraph, or where it is `whole`, lines as they are."""

    text: str
    whole: bool = False

    def lines(self, indent: str) -> list[str]:
        """The lines of a whole text, each behind an indentation."""
        return [f"{indent}{shown(line)}" for line in self.text.split("\n")]


def shell_lines(commands: Iterable[Command], told: set[str] | None = None) -> list[str]:
    """Commands as lines of a shell, each after its comment and, once, what its placeholders stand for.

    `told` are explanations that were given already; what is explained here is added.
    """
    lines: list[str] = []
    told = set() if told is None else told
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
    told: set[str] = set()
    return [_item(each, list(documents), told) for each, documents in below.items()]


def _item(each: Step, documents: Sequence[PrintedDocument], told: set[str]) -> Markdown:
    first = "".join(_part(part) for part in each.parts)
    new = [said for said in _explained(each.commands) if said not in told]
    told.update(new)
    if new:
        first += f" ({sentence('; '.join(new))})"
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


def _explained(commands: Iterable[Command]) -> list[str]:
    return list(once(each for command in commands if not command.refused for each in command.explained))


def _block(document: PrintedDocument) -> str:
    if document.refused:
        return f"   {sentence(document.refused)}"
    lines = document.text.removesuffix("\n").split("\n")
    return "\n".join(f"   {line}" for line in verbatim(lines, document.syntax).split("\n"))


def step_notes(heading: str, each: Step, told: set[str]) -> Iterator[Note]:
    """The first sentence of a step; the commands that stand in it, and its document, on their own lines."""
    said = f"{heading} "
    for part in _first_sentence(each):
        if isinstance(part, Command):
            if said := said.strip(" ("):
                yield Note(said if said.endswith(":") else f"{said}:")
            yield from command_notes((part,), told)
            said = ""
        else:
            said += part if said else _begun(part)
    if re.search(r"\w", said):
        yield Note(said.strip())
    if each.document is not None:
        refused = each.document.refused
        yield Note(refused) if refused else Note(each.document.text.removesuffix("\n"), whole=True)


def _begun(part: str) -> str:
    """What follows a command, as a sentence of its own."""
    rest = part.lstrip(",;:.) ")
    return rest[:1].upper() + rest[1:]


def command_notes(commands: Iterable[Command], told: set[str]) -> Iterator[Note]:
    """Commands, each whole on a line, and above it what there is to say of it."""
    for each in once(commands):
        yield Note("\n".join(shell_lines((each,), told)), whole=True)


def _first_sentence(each: Step) -> Iterator[str | Command]:
    for part in each.parts:
        if isinstance(part, Command):
            yield part
            continue
        found = _SENTENCE.match(part)
        yield found[0] if found else part
        if found is not None and len(found[0]) < len(part):
            return
