"""What a person is told to do, as it is shown: in Markdown, and as lines for a terminal or a commit message.

A command or a document is shown whole, on lines of its own or in one code span, or it is left out and that
is said. Nothing here cuts or wraps one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fixbot.text.characters import escape_hidden
from fixbot.text.command import Command
from fixbot.text.markdown_escape import Markdown, escape_part, format_verbatim, iterate_unique, mark_code
from fixbot.text.step import PrintedDocument, Step, StepPart, StepSubjects, merge_steps

_OPEN_CODE: Final = 12
"""Lines of a document that stand open in a text."""
_SENTENCE: Final = re.compile(r"(?:[^.`]|\.(?! [A-Z(])|`[^`]*`)+\.?")


@dataclass(frozen=True, slots=True)
class TerminalNote:
    """What is said to people who read no Markdown: a paragraph, or where it is `whole`, lines as they are."""

    text: str
    whole: bool = False

    def indent_lines(self, indent: str) -> list[str]:
        """The lines of a whole text, each behind an indentation."""
        return [f"{indent}{escape_hidden(line)}" for line in self.text.split("\n")]


def render_shell_lines(commands: Iterable[Command], told: set[str] | None = None) -> list[str]:
    """Commands as lines of a shell, each after its comment and, once, what its placeholders stand for.

    `told` are explanations that were given already; what is explained here is added.
    """
    lines: list[str] = []
    told = set() if told is None else told
    for each in iterate_unique(commands):
        if each.why_refused:
            lines.append(f"# {escape_hidden(each.why_refused)}")
            continue
        new = [said for said in each.explain_placeholders if said not in told]
        told.update(new)
        lines += [f"# {said}" for said in (each.comment, *new) if said]
        lines.append(each.text)
    return lines


def render_shell_block(groups: Iterable[Iterable[Command]]) -> Markdown:
    """Commands as a block of code; what belongs to one of several groups is said in each of them."""
    told: set[str] = set()
    return format_verbatim((line for each in groups for line in render_shell_lines(each, told)), "sh")


def render_step_items(steps: Iterable[Step]) -> list[Markdown]:
    """Steps as items of a numbered list, without their numbers; what several say first is said once."""
    below: dict[Step, dict[PrintedDocument, None]] = {}
    for each in merge_steps(steps):
        documents = below.setdefault(replace(each, document=None), {})
        if each.document is not None:
            documents[each.document] = None
    told: set[str] = set()
    return [_render_step(each, list(documents), told) for each, documents in below.items()]


def _render_step(each: Step, documents: Sequence[PrintedDocument], told: set[str]) -> Markdown:
    first = "".join(_render_part(part) for part in each.parts)
    new = [said for said in _list_explanations(each.commands) if said not in told]
    told.update(new)
    if new:
        first += f" ({escape_part('; '.join(new))})"
    blocks = "\n".join(filter(None, (_render_document(document) for document in documents)))
    if not blocks:
        return Markdown(first)
    if blocks.count("\n") <= _OPEN_CODE:
        return Markdown(f"{first}\n\n{blocks}")
    folded = f"   <details><summary>The whole text</summary>\n\n{blocks}\n\n   </details>\n"
    return Markdown(f"{first}\n\n{folded}")


def _render_part(part: StepPart) -> str:
    if isinstance(part, Command):
        return escape_part(f"({part.why_refused})") if part.why_refused else mark_code(part.text)
    return escape_part(part if isinstance(part, str) else part.text)


def _list_explanations(commands: Iterable[Command]) -> list[str]:
    return list(
        iterate_unique(
            each for command in commands if not command.why_refused for each in command.explain_placeholders
        )
    )


def _render_document(document: PrintedDocument) -> str:
    if document.why_refused:
        return f"   {escape_part(document.why_refused)}"
    lines = document.text.removesuffix("\n").split("\n")
    return "\n".join(f"   {line}" for line in format_verbatim(lines, document.syntax).split("\n"))


def render_step_notes(heading: str, each: Step, told: set[str]) -> Iterator[TerminalNote]:
    """The first sentence of a step; the commands that stand in it, and its document, on their own lines."""
    said = f"{heading} "
    for part in _take_first_sentence(each):
        if isinstance(part, Command):
            if said := said.strip(" ("):
                yield TerminalNote(said if said.endswith(":") else f"{said}:")
            yield from render_command_notes((part,), told)
            said = ""
        else:
            said += part if said else _begin_sentence(part)
    if re.search(r"\w", said):
        yield TerminalNote(said.strip())
    if each.document is not None:
        refused = each.document.why_refused
        yield (
            TerminalNote(refused)
            if refused
            else TerminalNote(each.document.text.removesuffix("\n"), whole=True)
        )


def _begin_sentence(part: str) -> str:
    """What follows a command, as a sentence of its own."""
    rest = part.lstrip(",;:.) ")
    return rest[:1].upper() + rest[1:]


def render_command_notes(commands: Iterable[Command], told: set[str]) -> Iterator[TerminalNote]:
    """Commands, each whole on a line, and above it what there is to say of it."""
    for each in iterate_unique(commands):
        yield TerminalNote("\n".join(render_shell_lines((each,), told)), whole=True)


def _take_first_sentence(each: Step) -> Iterator[str | Command]:
    for part in each.parts:
        if isinstance(part, Command):
            yield part
            continue
        if isinstance(part, StepSubjects):
            yield part.text
            continue
        found = _SENTENCE.match(part)
        yield found[0] if found else part
        if found is not None and len(found[0]) < len(part):
            return
