"""The text of a Go template as Helm has it: where its actions stand, and which branch each line is in.

Source of the syntax: the documentation of Go's `text/template`: `{{`, `}}`, comments, strings of three kinds,
`{{- ` and ` -}}` that take white space away, and the words that open and close branches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[a-z]+")
_OPENS: Final = ("if", "with", "range", "define", "block")


@dataclass(frozen=True, slots=True)
class TemplateAction:
    """What stands between `{{` and `}}`, the braces included. `word` is its first, empty for a comment."""

    start: int
    end: int
    word: str
    inner: str
    trims_before: bool
    trims_behind: bool


Branch = tuple[int, ...]
"""Where a line is: for each block around it two numbers, of the action that opened it and of its branch."""


def find_actions(text: str) -> Iterator[TemplateAction]:
    """The actions of a template in their order; what is never closed ends them."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = _find_action_end(text, start + 2)
        if end is None:
            return
        inner = text[start + 2 : end - 2]
        before = inner.startswith("-") and inner[1:2].isspace()
        behind = inner.endswith("-") and inner[-2:-1].isspace()
        inner = inner[before : len(inner) - behind].strip()
        found = _WORD.match(inner)
        yield TemplateAction(start, end, found[0] if found else "", inner, before, behind)
        at = end


def _find_action_end(text: str, at: int) -> int | None:
    """Where an action's closing braces end; None where it isn't closed."""
    comment = re.compile(r"(?:-\s+)?/\*").match(text, at)
    if comment is not None:
        closed = text.find("*/", comment.end())
        close = text.find("}}", closed) if closed >= 0 else -1
        return close + 2 if close >= 0 else None
    while at < len(text):
        char = text[at]
        if char in "\"'`":
            closing = _find_quote_end(text, at)
            if closing is None:
                return None
            at = closing
        elif text.startswith("}}", at):
            return at + 2
        else:
            at += 1
    return None


def _find_quote_end(text: str, at: int) -> int | None:
    quote, at = text[at], at + 1
    while at < len(text):
        if text[at] == "\\" and quote != "`":
            at += 2
        elif text[at] == quote:
            return at + 1
        else:
            at += 1
    return None


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """One line: what of it is outside of actions, where it is, and what a mark at its end would do.

    `markable` says that a comment may be put at its end: text stands there that is the template's own, and no
    action is open there or takes the line's end away.
    """

    text: str
    own: str
    branch: Branch
    markable: bool
    actions: tuple[TemplateAction, ...]


def split_lines(text: str) -> tuple[TemplateLine, ...]:
    """The lines of a template, without their ends."""
    actions = list(find_actions(text))
    lines: list[TemplateLine] = []
    branch: list[int] = []
    number, at = 0, 0
    for line in text.split("\n"):
        end = at + len(line)
        here: list[TemplateAction] = []
        own, place = "", at
        if number and actions[number - 1].end > at:
            place = min(actions[number - 1].end, end)
        before = tuple(branch)
        while number < len(actions) and actions[number].start < end + 1:
            action = actions[number]
            own += text[place : action.start]
            place = min(action.end, end)
            here.append(action)
            _follow_branch(branch, action, number)
            number += 1
        own += text[place:end]
        open_at_end = number > 0 and actions[number - 1].end > end
        trimmed = bool(here) and here[-1].trims_behind and not text[here[-1].end : end].strip()
        markable = bool(own.strip()) and not open_at_end and not trimmed and not own.lstrip().startswith("#")
        lines.append(TemplateLine(line, own, before, markable, tuple(here)))
        at = end + 1
    return tuple(lines)


def _follow_branch(branch: list[int], action: TemplateAction, number: int) -> None:
    if action.word in _OPENS:
        branch += [number, 0]
    elif action.word == "else" and branch:
        branch[-1] += 1
    elif action.word == "end" and branch:
        del branch[-2:]


def mentions_values(text: str) -> frozenset[tuple[str, ...]]:
    """The keys of values that a template names outright: `.Values.image.tag` is `("image", "tag")`."""
    return frozenset(
        tuple(found[1].strip(".").split("."))
        for action in find_actions(text)
        for found in _VALUES.finditer(action.inner)
    )


_VALUES: Final = re.compile(r"\.Values((?:\.[A-Za-z_]\w*)+)")
