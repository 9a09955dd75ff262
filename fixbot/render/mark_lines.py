"""Where each line of what a chart renders to comes from: told from comments put behind its templates' lines.

A chart is rendered as it is and with a mark behind each line that can bear one. A line of the first that is a
line of the second without its mark comes from where the mark says. What a value brings has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from fixbot.render.template_text import TemplateLine, split_lines

_MARK: Final = re.compile(r"[ ]#@(\d+)\.(\d+)@")
_YAML_LINE: Final = re.compile(r"\s*(?:- |-$|[\w.\"'/-]+:(?:\s|$))")
_LARGEST: Final = 4_000
"""Lines of two texts that are still compared where one has more lines than the other."""


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """A line of a template, counted from 0."""

    path: str
    line: int


def mark_templates(templates: Mapping[str, str]) -> dict[str, str]:
    """The templates with a mark behind each line that can bear one, numbered in the order of their paths."""
    marked = {}
    for number, path in enumerate(sorted(templates)):
        lines = split_lines(templates[path])
        marked[path] = "\n".join(
            f"{line.text.rstrip(chr(13))} #@{number}.{at}@" if _may_bear_mark(line) else line.text
            for at, line in enumerate(lines)
        )
    return marked


def _may_bear_mark(line: TemplateLine) -> bool:
    """Whether a mark may stand behind a line; a helper that makes a name is no YAML, and would be spoilt."""
    return line.markable and _YAML_LINE.match(line.text) is not None


def find_origins(plain: str, marked: str, paths: Sequence[str]) -> tuple[TemplatePlace | None, ...]:
    """Where each line of a rendered text comes from, `marked` being the same with marks.

    `paths` are those of the templates, sorted.
    """
    lines, others = plain.split("\n"), marked.split("\n")
    bare = [_MARK.sub("", other) for other in others]
    origins: list[TemplatePlace | None] = [None] * len(lines)
    for one, two in _pair_lines(lines, bare):
        found = _MARK.findall(others[two])
        if len(found) == 1 and int(found[0][0]) < len(paths):
            origins[one] = TemplatePlace(paths[int(found[0][0])], int(found[0][1]))
    return tuple(origins)


def _pair_lines(lines: Sequence[str], bare: Sequence[str]) -> list[tuple[int, int]]:
    """The numbers of lines that are the same in both."""
    if len(lines) == len(bare):
        pairs = enumerate(zip(lines, bare, strict=True))
        return [(at, at) for at, (one, two) in pairs if one.rstrip() == two.rstrip()]
    if len(lines) + len(bare) > _LARGEST:
        return []
    blocks = SequenceMatcher(None, lines, bare, autojunk=False).get_matching_blocks()
    return [(block.a + at, block.b + at) for block in blocks for at in range(block.size)]
