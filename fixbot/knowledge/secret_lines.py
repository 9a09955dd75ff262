"""Lines of configurations and scripts that hold a secret by how they are built, whatever its name is.

Hashes of passwords, pairs of an identity and its key, files of logins, words that a script prints or puts in
the place of a name. For hiding only: nothing is found by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fixbot.knowledge.secret_names import TELLING_STEMS, is_likely_name, may_name_secret
from fixbot.knowledge.secret_words import (
    BETWEEN,
    QUOTE,
    VALUE,
    Place,
    is_hole,
    is_name_like,
    list_value_spans,
    looks_random,
)
from fixbot.text.word_search import holds_any

_SIGN: Final = r"\${1,2}"
_HASH: Final = re.compile(
    rf"{_SIGN}(?:(?:apr1|[1567y]){_SIGN}(?:rounds=\d{{1,9}}{_SIGN})?[./A-Za-z0-9]{{1,22}}{_SIGN}[./A-Za-z0-9]{{10,}}+"
    rf"|2[abxy]?{_SIGN}\d\d{_SIGN}[./A-Za-z0-9]{{20,}}+|argon2(?:id|i|d){_SIGN}[^\s\"'\\]{{20,}}+)"
)
"""As crypt(5) has them; a file for Docker Compose doubles the signs."""
_IDENTITY: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|(?:AC|SK)[0-9a-f]{32}):(?P<value>[^\s\"'\\@,;]{8,}+)"
)
_PGPASS: Final = re.compile(
    r"(?:(?m:^)|#|//)[ \t]*[^\s:#/\"']{1,253}:(?:\d{2,5}|\*):[^\s:/\"']{1,128}:[^\s:/\"']{1,128}:"
    r"(?P<value>[^\s\"']++)[ \t\r]*(?m:$)"
)
"""A line of `.pgpass`."""
_COLONS: Final = 3
_RELAY: Final = re.compile(
    r"\[[\w.-]{1,253}\](?::\w{1,10})?[ \t]{1,8}[^\s:\"'\[]{1,128}:(?P<value>[^\s\"'\\]{3,}+)"
)
"""A line of Postfix's `sasl_passwd`."""
_DIALLED: Final = re.compile(
    r"(?m:^)[ \t]*[^\s*]{1,128}[ \t]{1,8}\*[ \t]{1,8}(?P<value>[^\s*]{6,}+)(?:[ \t]{1,8}\*)?[ \t\r]*(?m:$)"
)
"""A line of pppd's `chap-secrets`."""
_LISTED_USER: Final = re.compile(
    r"(?m:^)[ \t-]*[\"']?[a-z_][\w-]{0,31}:(?P<value>[^\s:\"'\\]{3,}+)[\"']?[ \t\r]*(?m:$)"
)
"""A line of the list that cloud-init gives to chpasswd."""
_PRINTED: Final = re.compile(
    rf"(?<![\w-])(?:echo|printf)(?:[ \t]{{1,4}}-[neE]{{1,3}})?"
    rf"(?:[ \t]{{1,4}}(?:{QUOTE})[^\"'\\\n]{{0,80}}%s[^\"'\n]{{0,40}}(?:{QUOTE}))?[ \t]{{1,4}}{VALUE}"
)
_FED: Final = re.compile(rf"<<<[ \t]{{0,4}}{VALUE}")
_PUT: Final = re.compile(
    r"(?<![\w-])s(?P<sign>[/|#,!@])[^\n/|#,!]{0,80}?(?i:pass|secret|token|key|pw|cred)[^\n/|#,!]{0,80}(?P=sign)"
    r"(?P<value>[^\n/|#,!]{3,200})(?P=sign)"
)
"""What sed puts in the place of a name."""
_CASE: Final = re.compile(
    rf"(?<![\w-])case[ \t]{{1,4}}(?:{QUOTE})?\$\{{?(?P<name>\w{{2,80}})[^\s]{{0,20}}[ \t]{{1,4}}"
    rf"in\s{{1,40}}{VALUE}"
)
_SWITCHED: Final = re.compile(rf"/(?<![\w/.:-]/)(?P<name>[A-Za-z]{{1,30}}):(?!/){VALUE}")
"""`/password:X`, as programs of Windows take it."""
_BESIDE: Final = re.compile(
    rf"(?:{QUOTE})(?P<name>[\w.-]{{2,80}})(?:{QUOTE})[ \t]{{0,4}},[ \t]{{0,4}}(?={QUOTE}){VALUE}"
)
"""`define('DB_PASSWORD', 'X')`"""
_FOLLOWED: Final = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{0,60}(?i:key|token|secret|passw(?:or)?d|pwd|auth|credentials?))[ \t]{1,4}"
    r"(?:to[ \t]{1,4})?[\"']?(?P<value>[^\s\"'`,;<>{}()\[\]=]{8,}+)"
)
_QUOTED_BEHIND: Final = re.compile(
    rf"(?<![\w.$-])(?P<name>[A-Za-z][\w.-]{{1,80}})[ \t]{{1,8}}(?={QUOTE}){VALUE}"
)
"""`password "X Y"`, as configurations of daemons have it."""
_BEHIND_BLANK: Final = (' "', " '", '\t"', ' \\"')
_ENDS: Final = tuple(
    f"{name}{blank}"
    for name in ("key", "token", "secret", "passwd", "password", "pwd", "auth", "credential", "credentials")
    for blank in " \t"
)
"""One of these is in every ASCII text that holds such a pair, in small letters."""
_COMMA: Final = re.compile(r"[\"'][ \t]{0,4},[ \t]{0,4}\\{0,3}[\"']")
"""What stands between the two of `'name', 'value'`."""
_KEYED: Final = re.compile(rf"-(?<![\w-]-)-?(?P<name>[A-Za-z][\w.-]{{1,60}}){BETWEEN}(?!-){VALUE}")
_WITH_LOGIN: Final = re.compile(
    r"-(?<![\w-]-)-?(?:[\w-]{0,40}(?:auth|user|login|creds?|userpwd|userpass))"
    r"(?:[= \t]|\\{0,3}[\"'],[ \t]{0,4})[ \t]{0,4}\\{0,3}[\"']?[^\s:\"'\\/]{1,64}:"
    r"(?P<value>[^\s\"'\\@/]{3,}+)"
)


def find_line_spans(text: str) -> Iterator[Place]:
    """Where the values of all these forms stand in a text."""
    if "$" in text:
        yield from (match.span() for match in _HASH.finditer(text))
    if ":" in text:
        yield from _find_logins(text)
    if "*" in text and (" * " in text or "\t*" in text):
        yield from (m.span("value") for m in _DIALLED.finditer(text) if looks_random(m["value"]))
    yield from _find_in_scripts(text)
    lower = text.lower()
    named = holds_any(lower, TELLING_STEMS)
    if ":" in text and "/" in text and (named or "/p" in lower):
        yield from _find_switched(text)
    if named:
        yield from _find_named(text, lower)


def _find_logins(text: str) -> Iterator[Place]:
    if "AKIA" in text or "ASIA" in text or "AC" in text or "SK" in text:
        yield from (match.span("value") for match in _IDENTITY.finditer(text))
    if text.count(":") > _COLONS:
        yield from (m.span("value") for m in _PGPASS.finditer(text) if not is_hole(m["value"]))
    if "]" in text:
        yield from _spans_unless_named(_RELAY, text)
    if (at := text.find("chpasswd")) >= 0:
        yield from (m.span("value") for m in _LISTED_USER.finditer(text, at) if not is_hole(m["value"]))


def _spans_unless_named(pattern: re.Pattern[str], text: str) -> Iterator[Place]:
    """The values that nothing is called like."""
    for match in pattern.finditer(text):
        if not is_hole(match["value"]) and not is_name_like(match["value"]):
            yield match.span("value")


def _find_in_scripts(text: str) -> Iterator[Place]:
    """What is printed, fed to a program, compared, or put into a file."""
    for gate, pattern in (("echo", _PRINTED), ("printf", _PRINTED), ("<<<", _FED)):
        for start, end in list_value_spans(pattern.finditer(text)) if gate in text else ():
            if looks_random(text[start:end]):
                yield start, end
    if "sed" in text:
        yield from (m.span("value") for m in _PUT.finditer(text) if not is_hole(m["value"]))
    if "case " in text:
        yield from list_value_spans(m for m in _CASE.finditer(text) if is_likely_name(m["name"]))


def _find_named(text: str, lower: str) -> Iterator[Place]:
    """What stands beside a name without a sign between them; `lower` is the text in small letters."""
    if "-" in text and ":" in text:
        yield from _spans_unless_named(_WITH_LOGIN, text)
    for match in _BESIDE.finditer(text) if _COMMA.search(text) is not None else ():
        for start, end in list_value_spans((match,)) if is_likely_name(match["name"]) else ():
            if not is_name_like(text[start:end]):
                yield start, end
    yield from _find_behind_blanks(text, lower)
    for match in _KEYED.finditer(text) if "-" in text else ():
        name = match["name"]
        if name.lower().endswith("key") or may_name_secret(name):
            yield from (place for place in list_value_spans((match,)) if looks_random(text[slice(*place)]))


def _find_behind_blanks(text: str, lower: str) -> Iterator[Place]:
    followed = " " in text and (holds_any(lower, _ENDS) or not text.isascii())
    for match in _FOLLOWED.finditer(text) if followed else ():
        if looks_random(match["value"]):
            yield match.span("value")
    for match in _QUOTED_BEHIND.finditer(text) if holds_any(text, _BEHIND_BLANK) else ():
        for start, end in list_value_spans((match,)) if is_likely_name(match["name"]) else ():
            if " " in text[start:end] or not is_name_like(text[start:end]):
                yield start, end


def _find_switched(text: str) -> Iterator[Place]:
    for match in _SWITCHED.finditer(text):
        name = match["name"]
        for start, end in list_value_spans((match,)):
            value = text[start:end]
            sure = is_likely_name(name) and not is_name_like(value)
            if sure or (name.lower() in ("p", "pass") and looks_random(value)):
                yield start, end
