"""Forms in which scripts, lists of words and prose write secrets down: options, headers, logins, sentences.

Each pattern begins with what is rare in a text, and is bounded, so that time grows with the text's length
only. What is found is where a value stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from fixbot.knowledge.classify_secrets import SecretKind, classify_value
from fixbot.knowledge.secret_commands import command_secrets
from fixbot.knowledge.secret_lines import find_line_spans
from fixbot.knowledge.secret_names import LIKELY_STEMS, is_header_name, is_likely_name
from fixbot.knowledge.secret_words import (
    BETWEEN,
    QUOTE,
    VALUE,
    Place,
    is_hole,
    is_name_like,
    list_value_spans,
)
from fixbot.knowledge.token_forms import TOKEN_LETTERS
from fixbot.text.word_search import holds_any


class _AnyCase(NamedTuple):
    """A pattern for texts in any case: it runs over the text in small letters where that is as long.

    Ignoring case keeps `re` from skipping to where a match may begin.
    """

    small: re.Pattern[str]
    ignoring: re.Pattern[str]

    def find_all(self, text: str) -> Iterator[re.Match[str]]:
        """All matches; what they hold may be in small letters, where they stand is exact."""
        return self.small.finditer(text.lower()) if text.isascii() else self.ignoring.finditer(text)


_OPTION: Final = re.compile(rf"-(?<![\w-]-)-?(?P<name>[A-Za-z][\w.-]{{2,60}}){BETWEEN}(?!-){VALUE}")
_DEFINED: Final = re.compile(rf"-(?<![\w-]-)D(?P<name>[\w.-]{{2,80}})={VALUE}")
_SET: Final = re.compile(rf"(?<![\w-])set(?:env|x)?[ \t]{{1,4}}(?P<name>[\w.-]{{2,80}}){BETWEEN}{VALUE}")
_SCHEMED_FORM: Final = (
    r"(?:(?<![\w-])(?P<lone>bearer|basic|splunk|geniekey|ssws)[ \t]{1,4}"
    r"|authorization[\"'\\ \t]{0,4}[:=,][\"'\\ \t]{0,4}(?:[a-z]{3,12}[ \t]{1,4}(?=[^\s\"'\\]))?)"
    r"(?P<value>[^\s\"'\\,;)\]}]{3,}+)"
)
_SCHEMED: Final = _AnyCase(re.compile(_SCHEMED_FORM), re.compile(_SCHEMED_FORM, re.IGNORECASE))
_HEADER: Final = re.compile(
    r"(?<![\w-])(?P<name>(?i:x-[\w-]{0,40}|private-token|api-?key|cookie|set-cookie))[ \t]{0,2}:[ \t]{0,4}"
    r"(?P<value>[^\s\"'\\][^\n\"'\\]*+)"
)
_SAID_FORM: Final = (
    r"(?:password|passwd|passwort|passphrase|requirepass|masterauth|secret|token|pw|api[ _-]?key"
    r"|basic[ _-]?auth|auth[ _-]basic)"
    r"(?:[ \t]{0,4}(?:->|=>)|[ \t]{1,4}(?:is|was|to|now|old|new)\b:?)?[ \t]{1,4}[\"'`]?"
    r"(?P<value>[^\s\"'`,;<>{}()\[\]!&*=:-][^\s\"'`,;<>{}()\[\]]{3,}+)"
)
_SAID: Final = _AnyCase(re.compile(_SAID_FORM), re.compile(_SAID_FORM, re.IGNORECASE))
_SQL_FORM: Final = (
    r"(?:identified[ \t]{1,4}(?:with[ \t]{1,4}[\w']{1,60}[ \t]{1,4})?(?:by|as)|\bpassword)[ \t(]{1,6}"
    r"\\{0,3}(?P<quote>[\"'])(?P<value>[^\"'\\\n]++)\\{0,3}(?P=quote)"
)
_SQL: Final = _AnyCase(re.compile(_SQL_FORM), re.compile(_SQL_FORM, re.IGNORECASE))
_ELEMENT: Final = re.compile(r"<(?P<name>[A-Za-z][\w.:-]{1,60})>(?P<value>[^<>\n]++)</")
_PIPED: Final = re.compile(
    rf"(?:(?<![\w-])(?:echo|printf)(?:[ \t]{{1,4}}-[neE]{{1,3}})?"
    rf"(?:[ \t]{{1,4}}(?:{QUOTE})?%s(?:\\{{1,4}}n)?(?:{QUOTE})?)?[ \t]{{1,4}}{VALUE})"
)
_INTO: Final = re.compile(
    r"\\{0,3}[\"']?[ \t]{0,4}(?:\|[^\n;]{0,200}"
    r"(?:login|-stdin|chpasswd|sudo[ \t]+-S|passphrase|passwd|htpasswd|secret|-pass|auth|unlock|-token)"
    r"|>{1,2}[ \t]{0,4}[^\n;|]{0,200}(?:pass|pw|secret|token|cred|netrc|[._-]key\b))"
)
_HERE: Final = re.compile(
    rf"(?:login|-stdin|chpasswd|passphrase|passwd)[^\n;|]{{0,200}}<<<[ \t]{{0,4}}{VALUE}"
)
_READ: Final = re.compile(
    rf"(?<![\w-])read[ \t](?:[^\n;|<]{{0,80}}[ \t])?(?P<name>\w{{2,80}})[ \t]{{0,4}}<<<[ \t]{{0,4}}{VALUE}"
)
_SENT: Final = re.compile(r"(?<![\w-])send(?:[ \t]+--)?[ \t]+\\{0,3}[\"'](?P<value>[^\"'\\\n]++)\\{1,4}[rn]")
_COMPARED: Final = re.compile(
    rf"\$\{{?(?P<name>\w{{2,80}})[^\s=\"']{{0,40}}(?:{QUOTE})?[ \t]{{0,4}}(?:!=|={{1,2}}|=~)"
    rf"[ \t]{{0,4}}{VALUE}"
)
_INDEXED: Final = re.compile(
    rf"(?:{QUOTE})(?P<name>[\w.-]{{2,80}})(?:{QUOTE})[ \t]{{0,4}}"
    rf"\][ \t]{{0,4}}={{1,2}}[ \t]{{0,4}}(?={QUOTE}){VALUE}"
)
_CALLED: Final = re.compile(
    rf"(?<![\w.-])(?P<name>[\w.]{{2,80}})\([ \t]{{0,4}}"
    rf"(?:(?:{QUOTE})?[^\s,()\"'\\]{{1,80}}(?:{QUOTE})?,[ \t]{{0,4}}){{0,3}}"
    rf"(?={QUOTE}){VALUE}[ \t]{{0,4}}"
)
_LETTER: Final = re.compile(
    r"-(?<![\w-]-)[pP](?:[ \t]{1,4}|=|[\"'],[ \t]{0,4}[\"'])(?P<value>[^\s\"'\\/:,;|&()]{8,}+)"
)
_BLOCK: Final = re.compile(
    r"(?m:^)(?P<indent>[ \t-]*)(?P<name>[\w.-]{2,80})[\"']?:[ \t]*[|>][-+\d]{0,3}[ \t]*(?:#[^\n]*)?\r?\n"
    r"(?P<value>(?P=indent)[ \t]+[^\n]*(?:\n(?P=indent)[ \t]+[^\n]*)*+)"
)
_PASS: Final = re.compile(r"(?<![\w-])pass:(?P<value>[^\s\"'\\,;)\]}]++)")
_LOGIN: Final = re.compile(
    r"(?<![\w./@%+-])(?!(?:mailto|sip|sips|xmpp|acct|urn|arn|git|ssh|npm|sha256|docker|oci|image)[:])"
    r"[A-Za-z][\w.+-]{0,60}:(?P<value>(?!/)[^\s:@/\"'<>{},]{3,}+)@(?!sha\d{3}:)(?=[\w\[(.-])"
)
_USER_ONLY: Final = re.compile(
    r"(?:https?|git\+https?)://(?P<value>[^\s:@/\"'<>?#]{8,}+)(?::(?:x-oauth-basic)?)?@(?P<host>[^\s\"'<>]{0,253})"
)
_RUN: Final = re.compile(r"://[^\s\"'<>?#]++")
_USER: Final = re.compile(r"://[^\s:@/]{0,128}:")
_ORACLE: Final = re.compile(r"jdbc:oracle:\w{1,10}:[^\s/@\"'<>]{1,128}/(?P<value>[^\s@\"'<>]{1,200}+)@")
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{0,14}(?:[-_.'][a-z]{1,14}){0,4}[.!?:]?")
_MADE_UP: Final = 8
"""Characters that a text needs to be told from words that stand anywhere."""
_CONSTANT: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_MIXED: Final = re.compile(r"[a-z][A-Z]|[A-Z]{2}|[A-Za-z]\d|\d[A-Za-z]|[!@#$%^&*+=~?|]")
_HEX_KEY: Final = re.compile(r"[0-9a-f]{32}")
_GATES: Final = ("://", "@", "pass:", "<<<", "echo", "printf", "</")


_SHORT: Final = 300
"""Characters of a text that is worth being remembered."""
_COLONS: Final = 3
"""More of them than a name has: a line of `.pgpass`."""
_LONG: Final = 20
"""Characters that a word needs to be a token by its form alone."""


def is_plain_word(text: str) -> bool:
    """Whether it reads like a word or a name, not like something that was made up by a machine."""
    return _WORD.fullmatch(text) is not None


def is_made_up(text: str) -> bool:
    """Whether nobody would write it but for that secret: then it is one in every file of a repository."""
    if (
        len(text) < _MADE_UP
        or text[:1] in ":/."
        or text.startswith("arn:")
        or "${" in text
        or is_name_like(text)
    ):
        return False
    if _CONSTANT.fullmatch(text) or sum(map(str.isalnum, text)) < _MADE_UP - 2:
        return False
    return _MIXED.search(text) is not None


def find_shaped_spans(text: str) -> Iterator[Place]:
    """Where the values of all these forms stand in a text."""
    lower = text.lower()
    yield from _find_option_values(text) if "-" in text else ()
    yield from _find_header_values(text, lower) if ":" in text else ()
    yield from command_secrets(text)
    if "uthorization" in lower or "bearer" in lower or "basic" in lower or "splunk" in lower:
        yield from _find_scheme_values(text)
    if holds_any(lower, LIKELY_STEMS) or "identified" in lower:
        yield from _find_stated_values(text)
        if "set" in text:
            yield from (
                place
                for place in list_value_spans(_find_under_names(_SET, text))
                if not is_plain_word(text[slice(*place)])
            )
        yield from list_value_spans(_find_under_names(_READ, text)) if "<<<" in text else ()
        yield from _find_assigned_values(text)
    for gate in _GATES:
        if gate in text:
            yield from _find_gated_spans(gate, text)
    if "send" in lower and ("expect" in lower or "spawn" in lower):
        yield from (m.span("value") for m in _SENT.finditer(text) if not is_plain_word(m["value"]))


def _find_assigned_values(text: str) -> Iterator[Place]:
    """What a variable of a secret's name is compared with, or is given by the syntax of a language."""
    for sign, pattern in (("$", _COMPARED), ("]", _INDEXED), ("(", _CALLED)):
        for start, end in list_value_spans(_find_under_names(pattern, text)) if sign in text else ():
            if not text[start:end].isalpha():
                yield start, end
    if "|" in text or ">" in text:
        yield from (m.span("value") for m in _find_under_names(_BLOCK, text))


def find_login_spans(text: str) -> Iterator[Place]:
    """Where passwords stand in `user:password@host`, with and without a scheme."""
    for gate in ("://", "@"):
        if gate in text and "@" in text:
            yield from _find_gated_spans(gate, text)


def _find_gated_spans(gate: str, text: str) -> Iterator[Place]:
    match gate:
        case "://":
            yield from _find_address_values(text)
            yield from _find_spans_to_last_at(text)
        case "@":
            yield from (m.span("value") for m in _LOGIN.finditer(text) if not is_hole(m["value"]))
            if "jdbc:oracle" in text:
                yield from (m.span("value") for m in _ORACLE.finditer(text) if not is_hole(m["value"]))
        case "pass:":
            yield from (m.span("value") for m in _PASS.finditer(text) if not is_hole(m["value"]))
        case "<<<":
            yield from list_value_spans(_HERE.finditer(text))
        case "</":
            yield from (m.span("value") for m in _find_under_names(_ELEMENT, text) if not is_hole(m["value"]))
        case _:
            yield from list_value_spans(m for m in _PIPED.finditer(text) if _INTO.match(text, m.end()))


def _find_spans_to_last_at(text: str) -> Iterator[Place]:
    """Passwords with an `@` or a slash in them: they go on to the last `@` of the address."""
    for run in _RUN.finditer(text):
        user = _USER.match(text, run.start())
        last = text.rfind("@", run.start(), run.end())
        if user is not None and user.end() < last and not is_hole(text[user.end() : last]):
            yield user.end(), last


def _find_under_names(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What is found under a likely name; behind another one reading goes on with its value."""
    at = 0
    while (found := pattern.search(text, at)) is not None:
        likely = is_likely_name(found["name"]) or is_header_name(found["name"])
        at = found.end() if likely else found.end("name")
        if likely:
            yield found


def _find_option_values(text: str) -> Iterator[Place]:
    for found in _find_under_names(_OPTION, text):
        for start, end in list_value_spans((found,)):
            if classify_value(found["name"], text[start:end]).kind is not SecretKind.NONE:
                yield start, end
    yield from list_value_spans(_find_under_names(_DEFINED, text)) if "-D" in text else ()
    for match in _LETTER.finditer(text) if "-p" in text or "-P" in text else ():
        if is_made_up(match["value"]) and not is_hole(match["value"]):
            yield match.span("value")


_HEADERS: Final = ("x-", "private-token", "api-key", "apikey", "cookie")


def _find_header_values(text: str, lower: str) -> Iterator[Place]:
    for match in _find_under_names(_HEADER, text) if any(each in lower for each in _HEADERS) else ():
        if not is_hole(match["value"]):
            yield match.start("value"), match.start("value") + len(match["value"].rstrip())


def _find_scheme_values(text: str) -> Iterator[Place]:
    for match in _SCHEMED.find_all(text):
        value = text[slice(*match.span("value"))]
        if is_hole(value) or (is_plain_word(value) and (match["lone"] is not None or len(value) < 12)):
            continue
        if not (match["lone"] is not None and len(value) < 8):
            yield match.span("value")


def _find_stated_values(text: str) -> Iterator[Place]:
    for match in _SAID.find_all(text):
        value = text[slice(*match.span("value"))]
        if not is_hole(value) and not is_plain_word(value) and "=" not in value[:-2]:
            yield match.span("value")
    yield from (m.span("value") for m in _SQL.find_all(text) if not is_hole(m["value"]))


def _find_address_values(text: str) -> Iterator[Place]:
    for match in _USER_ONLY.finditer(text):
        value, host = match["value"], match["host"]
        public = _HEX_KEY.fullmatch(value) and ("sentry" in host or re.fullmatch(r"[^/]+/\d{1,12}", host))
        if not is_hole(value) and not public and not is_plain_word(value):
            yield match.span("value")


_NAME_HINT: Final = re.compile(
    rf"(?:{'|'.join(map(re.escape, LIKELY_STEMS))})[\w.-]{{0,20}}(?:[=>:]|\\{{0,3}}[\"'][ \t,:]|[ \t])"
)
"""A likely name, in small letters, with a sign or a blank behind it."""
_OPTION_HINT: Final = re.compile(r"-(?<![\w-]-)(?:[apPuUw](?:[ \"']|[^-\s])|D|-(?:proxy-)?user[ =\"'])")
_QUERY_HINT: Final = re.compile(r"[?&]\w{1,20}=")
_SEND_HINT: Final = re.compile(r"[ ;\"'\n]send[ \t]")
_MARKS: Final = ("IDENTIFIED", "identified", "PRIVATE KEY", "pass:", *TOKEN_LETTERS)


def may_hold_shapes(text: str) -> bool:
    """Whether it is worth a closer look; most texts aren't, and short ones stand in files many times."""
    return _hints_at_secret(text) if len(text) <= _SHORT else _hints_at_secret.__wrapped__(text)


@lru_cache(maxsize=16384)
def _hints_at_secret(text: str) -> bool:
    if " " in text or "=" in text or "@" in text or "\n" in text or text.count(":") > _COLONS:
        return _holds_hint(text) or any(find_line_spans(text)) or any(command_secrets(text))
    if text[:4] == "arn:":
        return False
    if ":" in text and is_likely_name(text.partition(":")[0]):
        return True
    if len(text) < _LONG:
        return False
    return '"' in text or holds_any(text, _MARKS) or any(find_line_spans(text))


def _holds_hint(text: str) -> bool:
    """Whether any sign of a secret stands in a text; each pattern runs only where it may find something."""
    lower = text.lower()
    return (
        holds_any(text, _MARKS)
        or (holds_any(lower, LIKELY_STEMS) and _NAME_HINT.search(lower) is not None)
        or _OPTION_HINT.search(text) is not None
        or ("@" in text and (_holds_login(text) or any(_find_spans_to_last_at(text))))
        or ("=" in text and _QUERY_HINT.search(text) is not None)
        or ("send" in text and _SEND_HINT.search(text) is not None)
    )


def _holds_login(text: str) -> bool:
    """Whether `:` and at most 99 characters, or `://` and 8 to 99 of them, stand before an `@`; no blank."""
    at = text.find("@")
    while at >= 0:
        head = text[max(0, at - 102) : at]
        words = head.replace("/", " ").split()
        last = words[-1] if words and head.endswith(words[-1]) else ""
        if ":" in last[-100:-1] or (8 <= len(last) <= 99 and head.removesuffix(last).endswith("://")):
            return True
        at = text.find("@", at + 1)
    return False
