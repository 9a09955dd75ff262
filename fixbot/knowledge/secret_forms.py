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

PEM: Final = (
    r"-----BEGIN (?:[A-Z0-9 ]{1,30} )?PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]++|-(?!----))*+(?:-----END [A-Z0-9 ]{1,40}-----)?"
)
_TOKENS: Final = (
    (
        "an AWS access key",
        ("AKIA", "ASIA"),
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])",
    ),
    (
        "a private key",
        ("-----BEGIN",),
        PEM,
    ),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{60,255})",
    ),
    (
        "a GitLab token",
        ("glpat-",),
        r"(?<![\w-])glpat-[\w.-]{20,255}",
    ),
    (
        "a Slack token",
        ("xox",),
        r"(?<![\w-])xox[abeoprs]-[\w-]{10,255}",
    ),
    (
        "a Slack webhook",
        ("hooks.slack.com/services/T",),
        r"hooks\.slack\.com/services/T\w{1,30}/B\w{1,30}/\w{1,60}",
    ),
    (
        "a Stripe live key",
        ("k_live_",),
        r"(?<![A-Za-z0-9_])[rs]k_live_[A-Za-z0-9]{16,255}",
    ),
    (
        "a Google API key",
        ("AIza",),
        r"(?<![\w-])AIza[\w-]{35}",
    ),
    (
        "a SendGrid key",
        ("SG.",),
        r"(?<![\w-])SG\.[\w-]{22}\.[\w-]{43}",
    ),
    (
        "an npm token",
        ("npm_",),
        r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}",
    ),
    (
        "a PyPI token",
        ("pypi-",),
        r"(?<![\w-])pypi-[\w-]{50,500}",
    ),
    (
        "a JSON web token",
        ("eyJ",),
        r"(?<![\w-])eyJ[\w-]{10,4000}\.[\w-]{10,8000}\.[\w-]{10,2000}",
    ),
    (
        "an AI provider's key",
        ("sk-",),
        r"(?<![\w-])sk-(?:ant-[a-z0-9]{2,12}-[\w-]{20,255}|(?:proj|svcacct|admin|or-v1)-[\w-]{20,255}|[A-Za-z0-9]{32,128})",
    ),
    (
        "a Vault token",
        ("hvs.",),
        r"(?<![\w-])hvs\.[\w-]{20,255}",
    ),
)
_SCHEME: Final = string.ascii_letters + string.digits + "+.-"
_LONGEST_SCHEME: Final = 31
_USERINFO: Final = re.compile(r"://[^/\s:@\"'<>]{0,128}:(?P<url>[^/\s@\"'<>]++)@")
_NAMES: Final = ("password", "pwd", "accountkey", "sharedaccesskey")
_PAIR: Final = rf"(?<![a-z])(?:{'|'.join(_NAMES)})[ \t]{{0,9}}=[ \t]{{0,9}}(?P<pair>[^;&\s\"'<>]{{1,512}})"


class SecretForm(Enum):
    """What a form is one of."""

    BARE = "a token"
    URL = "a password in a URL"
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
    for number, (_, letters, _) in enumerate(_TOKENS):
        for each in letters:
            if each in text:
                yield partial(_find_next_token, number, text)
                break
    if "://" in text and "@" in text:
        yield partial(_find_next_address, text)
    if "=" in text:
        small = text.casefold()
        if any(name in small for name in _NAMES):
            # Letters beyond ASCII may change a text's length when they are made small.
            plain = text.isascii()
            yield partial(_find_next_pair, _pair_pattern(small=plain), small if plain else text)


def _find_next_token(number: int, text: str, at: int) -> FoundForm | None:
    if (found := _token_pattern(number).search(text, at)) is None:
        return None
    start, end = found.span()
    return FoundForm(start, start, end, end, SecretForm.BARE, _TOKENS[number][0])


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
    return re.compile(_TOKENS[number][2])


@cache
def _pair_pattern(*, small: bool) -> re.Pattern[str]:
    return re.compile(_PAIR, re.NOFLAG if small else re.IGNORECASE)
