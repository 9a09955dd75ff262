"""Whether a text that can't be read is the source of a template, and so one that fixbot only names.

A text is one where reading it stopped at a template's tag that means something there. A tag in a
comment or within quotes, and a text that is only too deep or too large, make no template.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.edit.tree import BeyondLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import SyntaxProblem

_TAG: Final = re.compile(r"\{\{|\{%|%\{|<%")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "%{": "}", "<%": "%>"}
_LONGEST: Final = 4000
"""Characters in which a tag is closed."""
_LINES: Final = 2
"""How many lines before the place where reading stopped a tag may stand: an error shows late."""
_HELM: Final = re.compile(
    r"\{\{-?\s*(?:\.Values|\.Release|\.Chart|include|template|if|range|with|\$|end|toYaml|define|/\*)"
)
HELM: Final = "a Helm template; fixbot doesn't change these yet"
CHART_VALUES: Final = "values of a Helm chart; fixbot doesn't change these yet"
ERB: Final = "an ERB template; fixbot doesn't change these"
SCRIPT: Final = "a script; nothing in it is looked at"
OTHER: Final = "a template (Jinja or similar); fixbot doesn't change these yet"


def find_template_reason(text: str, problem: SyntaxProblem, *, in_chart: bool) -> str | None:
    """Which template language a text that doesn't parse is written in; None where it is in none."""
    if isinstance(problem, BeyondLimits) or problem.offset is None:
        return None
    if (tag := _find_tag_at(text, problem.offset)) is None:
        return None
    if tag == "<%":
        return ERB
    return HELM if in_chart or _HELM.search(text) else OTHER


def _find_tag_at(text: str, offset: int) -> str | None:
    """The tag that reading stopped at: on that line, or on one of those before it that aren't blank."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    start = text.rfind("\n", 0, offset) + 1
    seen = 0
    while start >= 0:
        tag = next(_iterate_tags(text, start, end), None)
        if tag is not None:
            return tag
        seen += bool(text[start:end].strip())
        if start == 0 or seen > _LINES:
            return None
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
    return None


def _iterate_tags(text: str, start: int, end: int) -> Iterator[str]:
    """The tags that begin in `text[start:end]`, but for those in its comments and quoted strings."""
    at = start
    while at < end:
        char = text[at]
        if char == "#" and (at == start or text[at - 1].isspace()):
            return
        if char in "\"'":
            closing = text.find(char, at + 1, end)
            # A tag that goes on behind the closing quote has quotes of its own.
            open_tag = _find_open_tag(text, at + 1, closing) if closing >= 0 else None
            if open_tag is not None:
                yield open_tag
            at = closing + 1 if closing >= 0 else end
            continue
        if found := _TAG.match(text, at, end):
            yield found[0]
            close = text.find(_CLOSING[found[0]], at, at + _LONGEST)
            at = close if close >= 0 else end
            continue
        at += 1


def _find_open_tag(text: str, start: int, end: int) -> str | None:
    """The tag that is open at `end` and began behind `start`."""
    last = None
    for found in _TAG.finditer(text, start, end):
        last = found
    if last is None or text.find(_CLOSING[last[0]], last.end(), end) >= 0:
        return None
    return last[0]
