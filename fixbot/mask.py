"""Hides secrets in everything that people are shown: `••••••`, always as wide as that.

A known secret is hidden in every way that files and tools write it down; beside these, whatever
looks certain by itself, and what stands under a name that likely holds a secret.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from fixbot.knowledge.secrets import Kind, certain_in, certain_spans, classify, is_likely_name, query_spans

MASK: Final = "••••••"

_SHORT: Final = 4
_FEW: Final = 100
_ROUNDS: Final = 8
_WEAK: Final = re.compile(
    r"admin|changeit|default|demo|elastic|example|grafana|guest|minio|mongo|mysql|password|postgres(?:ql)?"
    r"|rabbitmq|redis|root|secret|sysdba|test|token|user(?:name)?|wordpress",
    re.IGNORECASE,
)
_ALPHABET: Final = r"[A-Za-z0-9+/=_-]"
_HEAD: Final = re.compile(
    r"""(?P<quote>(?:\\{0,3}["'])?)(?<![\w.-])(?P<name>-{0,2}[A-Za-z_][\w.-]{0,120})(?P=quote)
    (?P<sign>[ \t]{0,40}(?:=>|[:=])[ \t]{0,40})""",
    re.VERBOSE,
)
_BODY: Final = re.compile(
    r"""\\{1,3}"(?P<escaped>[^"\\]{1,65536})|"(?P<double>(?:\\.|[^"\\]){1,65536})"|'(?P<single>(?:''|[^']){1,65536})'
    |(?P<bare>(?:\$\{[^}\n]{0,100}\}|\{\{[^}\n]{0,100}\}\}|[^\s"'\\\[{(,;}])(?:,(?=\S)|[^\n"',;}\])]){0,200})""",
    re.VERBOSE,
)
_LINE_START: Final = re.compile(r"(?:[ \t]|[+-](?=[ \t+-]|\w))*(?:(?:export|set|ENV|ARG)[ \t]+)?")
_FLAG: Final = re.compile(
    r"(?<![\w-])--(?P<name>[A-Za-z][\w-]{0,60})[ \t]{1,4}(?P<value>[^\s\"'-][^\s\"']{0,1000})"
)
_TAGGED: Final = re.compile(
    r"""!(?:(?:Ref|GetAtt|ImportValue|FindInMap|Not|Equals|And|Or|Condition)\b|If[ \t]*$
    |If[ \t]+\[[ ]?\w{1,255}(?:,[ ]?!(?:Ref|GetAtt|ImportValue)[ ]["']?[\w:.]{1,255}["']?){2}[ ]?\])""",
    re.VERBOSE | re.MULTILINE,
)
_KEY: Final = re.compile(r"[A-Z][A-Z_]*")
_REFERRING: Final = frozenset({"existingSecret", "ServiceToken"})
_CODE: Final = re.compile(r"[A-Za-z_]\w*(?:(?:\.[\w\[\]*$-]+)+\s*|\(.*)\Z", re.DOTALL)
_BEFORE: Final = r"(?m:(?<=[\"'`=:])|(?<=[=:-][ \t])|^)"
_BEHIND: Final = r"(?m:(?=[\"'`](?![ \t]*[:=])|[ \t]*(?:[,;}\])]|$)|[ \t]+\#))"
_VALUE_KEYS: Final = frozenset({"value", "Value", "default", "Default"})
_NAME_KEYS: Final = frozenset({"name", "Name", "key", "Key"})
_REACH: Final = 3


class Needles:
    """Texts to look for, all at once where they are many: a folder may hold a thousand secrets."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._all = tuple(dict.fromkeys(needles))
        self._by_head: dict[str, list[str]] = {}
        for needle in self._all if len(self._all) > _FEW else ():
            self._by_head.setdefault(needle[:_SHORT], []).append(needle)

    def within(self, text: str) -> Iterator[tuple[int, str]]:
        """Every place where one of them stands."""
        if self._by_head:
            for at in range(len(text) - _SHORT + 1):
                for needle in self._by_head.get(text[at : at + _SHORT], ()):
                    if text.startswith(needle, at):
                        yield at, needle
            return
        for needle in self._all:
            at = text.find(needle)
            while at >= 0:
                yield at, needle
                at = text.find(needle, at + 1)


class Masker:
    """Knows some secrets and hides them, and others it recognises, in any text."""

    def __init__(self, secrets: Iterable[str] = (), beside: Masker | None = None) -> None:
        self._beside = beside
        self._known = frozenset(part for secret in secrets for part in _parts(secret))
        known = sorted(self._known, key=len, reverse=True)
        self._needles = Needles(
            form for secret in known if not _whole_only(secret) for form in _forms(secret)
        )
        self._runs = Needles(form for secret in known if len(secret) >= 6 for form in _inside_base64(secret))
        whole = [re.escape(form) for secret in known if _whole_only(secret) for form in _forms(secret)]
        self._whole = re.compile(f"{_BEFORE}(?P<value>{'|'.join(whole)}){_BEHIND}") if whole else None
        self._lines: dict[str, str] = {}  # diffs show the same lines again and again

    def seeing(self, text: str) -> Masker:
        """One that also hides what `text` shows to be a secret, by a name on another line."""
        if "alue" not in text and "efault" not in text:  # no key of _VALUE_KEYS
            return self
        named = {value for start, end in _named(text) if not self.knows(value := text[start:end])}
        return Masker(named, self) if named else self

    def knows(self, value: str) -> bool:
        """Whether it is hidden wherever it stands."""
        return value in self._known or (self._beside is not None and self._beside.knows(value))

    def line(self, text: str) -> str:
        """One line, or a piece of one, without its secrets."""
        if text not in self._lines:
            self._lines[text] = self.text(text)
        return self._lines[text]

    def text(self, text: str) -> str:
        """The text without its secrets, line ends kept. What is masked once stays as it is."""
        for _ in range(_ROUNDS):  # a mask may complete a secret that itself holds dots
            masked = _without(text, self._spans(text))
            if masked == text:
                break
            text = masked
        return text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self.known_spans(text)
        yield from ((start, end) for start, end, _ in certain_spans(text))
        yield from query_spans(text)
        yield from _named(text)

    def known_spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the secrets that are known stand in a text."""
        yield from ((at, at + len(needle)) for at, needle in self._needles.within(text))
        for run in {run for _, run in self._runs.within(text)}:
            pattern = f"{_ALPHABET}*{re.escape(run)}{_ALPHABET}*"
            yield from (match.span() for match in re.finditer(pattern, text))
        if self._whole is not None:
            yield from (match.span("value") for match in self._whole.finditer(text))
        if self._beside is not None:
            yield from self._beside.known_spans(text)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with each span, or group of spans that touch, replaced by one mask."""
    out: list[str] = []
    at = 0
    covered = -1
    for start, end in sorted(spans):
        if text[start:end] == MASK:
            continue
        if start > covered:
            out += (text[at:start], MASK)
            at = covered = end
        elif end > covered:
            at = covered = end
    return "".join((*out, text[at:]))


def _parts(secret: str) -> Iterator[str]:
    """The secret, and each line of one that has several, since diffs are shown line by line."""
    for part in (secret, secret.strip(), *(line.strip() for line in secret.splitlines())):
        if part and part.strip("• \t\r\n"):
            yield part


def _whole_only(secret: str) -> bool:
    """Whether hiding every occurrence would hide ordinary words as well."""
    return len(secret) < _SHORT or _WEAK.fullmatch(secret) is not None


def _forms(secret: str) -> Iterator[str]:
    """How files and tools write a text down: as it is, encoded, quoted, escaped."""
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret)[1:-1]
    forms = [secret, json.dumps(secret, ensure_ascii=False)[1:-1], escaped, escaped.replace("/", "\\/")]
    forms += [
        secret.replace("'", "''"),
        secret.replace("'", "'\\''"),
        html.escape(secret),
        html.escape(secret, quote=False),
    ]
    forms += [
        escaped.replace("${", "$${").replace("%{", "%%{"),
        secret.replace("${", "$${"),
        repr(secret)[1:-1],
    ]
    for coded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms += [coded, re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), coded)]
    for data in (raw, raw + b"\n"):
        for coded in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
            forms += [coded, coded.rstrip("=")]
    forms.append(raw.hex())
    return (form for form in forms if form)


def _inside_base64(secret: str) -> Iterator[str]:
    """What is always the same when a longer text around the secret (`user:secret`) is base64-encoded."""
    raw = secret.encode("utf-8", "surrogatepass")
    for shift in range(3):
        skipped = -shift % 3
        middle = raw[skipped : len(raw) - (len(raw) - skipped) % 3]
        if len(middle) >= 6:
            yield base64.b64encode(middle).decode()
            yield base64.urlsafe_b64encode(middle).decode()


def _named(text: str) -> Iterator[tuple[int, int]]:
    """Values that stand under a likely name, in the same place or as `name` and `value` nearby."""
    name_above: tuple[int, str] | None = None
    value_above: tuple[int, int, int] | None = None
    line, counted = 0, 0
    for head, body in _pairs(text):
        line += text.count("\n", counted, head.start())
        counted = head.start()
        name, (start, end) = head["name"].lstrip("-"), _value(text, head, body)
        if name in _NAME_KEYS:
            name_above = line, text[start:end]
            if value_above is not None and line - value_above[0] < _REACH:
                yield from _hidden(text[start:end], text, *value_above[1:])
            value_above = None
        elif name in _VALUE_KEYS:
            if name_above is not None and line - name_above[0] < _REACH:
                yield from _hidden(name_above[1], text, start, end)
            value_above = line, start, end
        elif not (body["bare"] and head["sign"].strip() == "=" and _CODE.match(body["bare"])):
            yield from _hidden(name, text, start, end)
    for flag in _FLAG.finditer(text):
        yield from _hidden(flag["name"], text, *flag.span("value"))


def _pairs(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Whatever reads like `name: value` and matters; pairs inside values are found as well."""
    for head in _HEAD.finditer(text):
        name = head["name"].lstrip("-")
        if head["sign"].endswith(":") and not head["quote"]:
            continue  # `secret:db` in an ARN is no pair
        if name in _NAME_KEYS or name in _VALUE_KEYS or (is_likely_name(name) and name not in _REFERRING):
            body = _BODY.match(text, head.end())
            if body is not None and not _TAGGED.match(text, body.start()):
                yield head, body


def _value(text: str, head: re.Match[str], body: re.Match[str]) -> tuple[int, int]:
    """Where the value stands; without quotes and at the head of a line it goes on to the line's end."""
    start, end = body.span(body.lastgroup or 0)
    if body.lastgroup == "bare":
        line = text.rfind("\n", max(0, head.start() - 200), head.start()) + 1
        if (line or head.start() <= 200) and _LINE_START.fullmatch(text, line, head.start()):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
        comment = text.find(" #", start, end)
        end = comment if comment >= 0 else end
        end = start + len(text[start:end].rstrip(" \t\r,"))
    return start, end


def _hidden(name: str, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if not is_likely_name(name):
        return
    value = text[start:end]
    if classify(name, value.rstrip("]}) \t")).kind is Kind.NONE:
        return  # `ManageMasterUserPassword: true}}` at the end of something on one line
    if name == "secretKey" and _KEY.fullmatch(value):
        return  # an ExternalSecret's word for the key that it fills
    kind = classify(name, value).kind
    if kind is Kind.LIKELY or (kind is Kind.CERTAIN and not certain_in(value)):
        yield start, end
