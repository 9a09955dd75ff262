"""Forms that alone give a secret away, and where a text holds them: tokens, keys, passwords of addresses.

Each form is looked for only in a text that holds the letters it cannot be without, which
nearly no text does. Each begins with a literal and is bounded, so that time grows with its length only.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache, partial
from typing import Final, NamedTuple

from fixbot.knowledge.token_forms import TOKEN_FORMS

_SCHEME: Final = string.ascii_letters + string.digits + "+.-"
_LONGEST_SCHEME: Final = 31
_USERINFO: Final = re.compile(r"://[^/\s:@\"'<>]{0,128}:(?P<url>[^/\s@\"'<>]++)@")
_NAMES: Final = ("password", "pwd", "accountkey", "sharedaccesskey")
_PAIR: Final = rf"(?<![a-z])(?:{'|'.join(_NAMES)})[ \t]{{0,9}}=[ \t]{{0,9}}(?P<pair>[^;&\s\"'<>]{{1,512}})"


class SecretForm(Enum):
    """What a form is one of."""

    BARE = "a token"
    URL = "a password in a URL"
    LINE = "a login in a line"
    PAIR = "a connection string's password"


class FoundForm(NamedTuple):
    """A form in a text, in characters: where it begins, where in it the secret stands, and what it is.

    It ends at `stop`, from which on the next is looked for.
    """

    begin: int
    start: int
    end: int
    stop: int
    kind: SecretForm
    what: str


_LETTERS: Final = tuple(
    (letters, number) for number, form in enumerate(TOKEN_FORMS) for letters in form.letters
)
_Search = Callable[[int], FoundForm | None]
"""The first one from there on."""


def find_forms(text: str) -> Iterator[FoundForm]:
    """All that a text holds, none inside another, in order; of two in one place the one named first."""
    waiting: list[tuple[_Search, FoundForm | None]] = [(search, None) for search in _choose_searches(text)]
    at = 0
    while waiting:
        again: list[tuple[_Search, FoundForm | None]] = []
        first: FoundForm | None = None
        for search, known in waiting:
            found = known if known is not None and known.begin >= at else search(at)
            if found is not None:
                again.append((search, found))
                first = found if first is None or found.begin < first.begin else first
        if first is None:
            return
        yield first
        at, waiting = first.stop, again


def _choose_searches(text: str) -> Iterator[_Search]:
    """The forms whose letters stand in the text."""
    for number in sorted({number for letters, number in _LETTERS if letters in text}):
        yield partial(_find_next_token, number, text)
    if "://" in text and "@" in text:
        yield partial(_find_next_address, text)
    if "=" in text:
        small = text.casefold()
        if any(name in small for name in _NAMES):
            # Letters beyond ASCII may change a text's length when they are made small.
            plain = text.isascii()
            yield partial(_find_next_pair, _pair_pattern(small=plain), small if plain else text)


def _find_next_token(number: int, text: str, at: int) -> FoundForm | None:
    form, pattern = TOKEN_FORMS[number], _token_pattern(number)
    found = pattern.search(text, at)
    while found is not None and form.check is not None and not form.check(found):
        found = pattern.search(text, found.end())
    if found is None:
        return None
    inside = "secret" if "secret" in pattern.groupindex else 0
    kind = SecretForm.LINE if inside else SecretForm.BARE
    return FoundForm(found.start(), *found.span(inside), found.end(), kind, form.what)


def _find_next_address(text: str, at: int) -> FoundForm | None:
    for found in _USERINFO.finditer(text, at):
        head = text[max(0, found.start() - _LONGEST_SCHEME - 1) : found.start()]
        length = len(head) - len(head.rstrip(_SCHEME))
        begin = found.start() - length
        if 0 < length <= _LONGEST_SCHEME and text[begin] in string.ascii_letters and begin >= at:
            return FoundForm(begin, *found.span("url"), found.end(), SecretForm.URL, SecretForm.URL.value)
    return None


def _find_next_pair(pattern: re.Pattern[str], text: str, at: int) -> FoundForm | None:
    found = pattern.search(text, at)
    if found is None:
        return None
    return FoundForm(found.start(), *found.span("pair"), found.end(), SecretForm.PAIR, SecretForm.PAIR.value)


@cache
def _token_pattern(number: int) -> re.Pattern[str]:
    return re.compile(TOKEN_FORMS[number].pattern)


@cache
def _pair_pattern(*, small: bool) -> re.Pattern[str]:
    return re.compile(_PAIR, re.NOFLAG if small else re.IGNORECASE)
