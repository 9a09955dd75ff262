"""Secrets inside of a text that holds more: options, pairs, headers and logins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from fixbot.knowledge.classify_secrets import classify_value
from fixbot.knowledge.secret_commands import command_secrets
from fixbot.knowledge.secret_names import LIKELY_STEMS, is_header_name, is_likely_name, only_describes
from fixbot.knowledge.secret_shapes import is_made_up
from fixbot.knowledge.secret_words import VALUE, is_hole
from fixbot.text.markdown_escape import mark_code
from fixbot.text.word_search import holds_any

_LONGEST: Final = 20_000
"""Characters of a text that is looked into."""
_PAIR: Final = re.compile(
    r"(?<![\w.])(?P<quote>(?:\\{0,3}[\"'])?)(?:-D|--?)?(?P<name>[A-Za-z_][\w.-]{1,100})(?P=quote)"
    rf"(?:[ \t]{{0,4}}=[ \t]{{0,4}}|[ \t]{{0,4}}:[ \t]{{0,4}}(?=\\{{0,3}}[\"'])){VALUE}"
)
_OPTION: Final = re.compile(rf"(?<![\w-])--?(?P<name>[A-Za-z][\w.-]{{2,60}})[ \t]{{1,4}}(?!-){VALUE}")
_USER_OPTION: Final = re.compile(
    r"(?<![\w-])-{1,2}u(?:ser)?[ \t=]{1,4}[\w.@-]{1,64}:(?P<password>[^\s\"']{4,128})"
)
_HEADER: Final = re.compile(
    r"(?i:authorization)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
    r"(?i:basic|bearer|token|digest|apikey)[ \t]{1,4}(?P<value>[\w.~+/=-]{8,4000})"
)
_DEFINED: Final = re.compile(
    rf"define\([ \t]{{0,4}}[\"'](?P<name>\w{{2,80}})[\"'][ \t]{{0,4}},[ \t]{{0,4}}{VALUE}"
)
_LINE: Final = re.compile(
    r"(?m:^)[ \t-]*(?P<name>[A-Za-z_][\w.-]{1,100})[ \t]*:[ \t]+(?P<bare>[^\s#][^\n#]*)"
)
_KNOWN_DEFAULTS: Final = frozenset(("changeit",))
"""The password of Java's own trust store, which everybody has."""


class InnerSecret(NamedTuple):
    """Where a secret stands in a text, in characters, and what it is to a reader."""

    start: int
    end: int
    what: str


def find_inner_secrets(text: str) -> Iterator[InnerSecret]:
    """What in a text of options, pairs or commands is a secret."""
    if len(text) > _LONGEST or ("=" not in text and " " not in text and ":" not in text):
        return
    if "-" not in text and not holds_any(text.lower(), LIKELY_STEMS):
        return
    for pattern in (_PAIR, _OPTION, _LINE, _DEFINED):
        at = 0
        while (found := pattern.search(text, at)) is not None:
            at, told, span = found.end("name"), found["name"], _span_of_value(found)
            if not only_describes(told) and is_written_out(told, text[slice(*span)]):
                yield InnerSecret(*span, mark_code(told))
    if "uthorization" in text:
        for found in _HEADER.finditer(text):
            yield InnerSecret(*found.span("value"), "a header that lets somebody in")
    logins = (found.span("password") for found in _USER_OPTION.finditer(text)) if "-" in text else ()
    for start, end in (*command_secrets(text), *logins):
        if is_made_up(text[start:end]):
            yield InnerSecret(start, end, "what a command is given as its password")


def _span_of_value(found: re.Match[str]) -> tuple[int, int]:
    groups = found.groupdict()
    return found.span(next(key for key in ("escaped", "double", "single", "bare") if groups.get(key)))


def is_written_out(name: str, value: str) -> bool:
    """Whether the value of an option or key is a secret in clear."""
    if not (is_likely_name(name) or is_header_name(name)) or is_hole(value) or value in _KNOWN_DEFAULTS:
        return False
    return classify_value(name, value.partition(",")[0] or value).is_secret
