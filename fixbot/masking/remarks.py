"""Comments beside a secret: they often hold the one that was there before.

A comment's plain words stay readable; what is none, and the word behind `was`, `is` or `password`, is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.knowledge.secret_shapes import is_plain_word
from fixbot.masking.mask_spans import Span

_AHEAD: Final = re.compile(
    r"(?:was|is|were|old|new|now|formerly|previously|before|password|passwd|pass|pw|pwd|secret|token|key|used|to|[=:]|->)[:=]?",
    re.IGNORECASE,
)
_STOP: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "before",
        "by",
        "changed",
        "comes",
        "do",
        "fixed",
        "for",
        "from",
        "generated",
        "here",
        "if",
        "in",
        "injected",
        "is",
        "it",
        "its",
        "kept",
        "left",
        "managed",
        "moved",
        "must",
        "never",
        "not",
        "now",
        "of",
        "off",
        "old",
        "on",
        "only",
        "or",
        "out",
        "please",
        "required",
        "rotate",
        "rotated",
        "same",
        "set",
        "should",
        "since",
        "stored",
        "that",
        "the",
        "there",
        "this",
        "to",
        "too",
        "used",
        "value",
        "was",
        "we",
        "why",
        "will",
        "with",
    ]
)
_KNOWN: Final = re.compile(
    r"(?:fixbot|tfsec|trivy|checkov|kics|semgrep|gitleaks|pragma|nosec|noqa|nosemgrep|yamllint|cfn-lint)[:\w-]*|todo:?|fixme:?"
    r"|until=[\d-]+|[a-z]{2,20}(?:-[a-z]{2,20}){1,5}|[#(]?\d{1,6}\)?|[\W_]+|https?://[\w./-]+",
    re.IGNORECASE,
)
_LINES: Final = {"yaml": r"#", "hcl": r"#|//", "json": r"#|//"}
_WORD: Final = re.compile(r"\S+")


def find_remark_spans(text: str, spans: Iterable[Span], syntax: str) -> Iterator[Span]:
    """What is to be hidden of the comments on the lines of these spans, and on the lines above them."""
    mark = re.compile(rf"(?:^|(?<=[\s,\"'}})\]]))(?:{_LINES.get(syntax, '#')})|/\*")
    alone = re.compile(rf"[ \t]*(?:{_LINES.get(syntax, '#')}|/\*)")
    done: set[int] = set()
    for start, end in list(spans):
        first = text.rfind("\n", 0, start) + 1
        yield from _find_remarks_above(text, first, alone, done)
        yield from _find_remarks_below(text, text.find("\n", end) + 1, alone, done)
        for begin in {first, text.rfind("\n", 0, end) + 1}:
            stop = text.find("\n", begin)
            stop = len(text) if stop < 0 else stop
            after = max(begin, end) if begin != first or end <= stop else start
            found = mark.search(text, after, stop)
            if found is not None and found.start() not in done:
                done.add(found.start())
                yield from find_hidden_words(text, found.end(), stop)


def _find_remarks_above(text: str, first: int, alone: re.Pattern[str], done: set[int]) -> Iterator[Span]:
    """The comments that stand by themselves on the lines above."""
    for _ in range(3):
        end = first - 1
        first = text.rfind("\n", 0, max(0, end)) + 1
        found = alone.match(text, first, max(first, end))
        if end <= 0 or found is None or found.end() in done:
            return
        done.add(found.end())
        yield from find_hidden_words(text, found.end(), end)


def _find_remarks_below(text: str, first: int, alone: re.Pattern[str], done: set[int]) -> Iterator[Span]:
    """The comments that stand by themselves on the lines below."""
    for _ in range(3):
        end = text.find("\n", first)
        end = len(text) if end < 0 else end
        found = alone.match(text, first, end) if 0 < first < end else None
        if found is None or found.end() in done:
            return
        done.add(found.end())
        yield from find_hidden_words(text, found.end(), end)
        first = end + 1


def find_hidden_words(text: str, start: int, end: int) -> Iterator[Span]:
    """The words of a comment that are none of a language's."""
    ahead = False
    for match in _WORD.finditer(text, start, end):
        word = match[0].strip("\"'`.,;()!?")
        told = ahead and word.lower() not in _STOP and not _AHEAD.fullmatch(word)
        known = _KNOWN.fullmatch(match[0]) is not None and "=" not in word.removeprefix("until=")
        if (word and not known and (told or not is_plain_word(word))) or (told and known and word.isalnum()):
            yield match.span()
        ahead = _AHEAD.fullmatch(match[0]) is not None or (ahead and word.lower() in _STOP)
