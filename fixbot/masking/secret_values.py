"""Values that are known to be secrets, found in every way that files and tools write a text down."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from fixbot.masking.mask_spans import Span
from fixbot.text.characters import fold_to_line

SHORT: Final = 4
_PHRASE: Final = 3
"""Blanks in a pass phrase."""
_HEAD: Final = 4
_FEW: Final = 100
_WEAK: Final = re.compile(
    r"admin|changeit|default|demo|elastic|example|grafana|guest|minio|mongo|mysql|password|postgres(?:ql)?"
    r"|rabbitmq|redis|root|secret|sysdba|test|token|user(?:name)?|wordpress",
    re.IGNORECASE,
)
_LETTERS: Final = re.compile(r"[^\W_]")
_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-")
_BEFORE: Final = re.compile(r"(?m:(?<=[\"'`=:])|(?<=[=:-][ \t])|^)")
_BEHIND: Final = re.compile(r"(?m:(?=[\"'`](?![ \t]{0,99}+[:=])|[ \t]{0,99}+(?:[,;}\])]|$|(?<=[ \t])\#)))")
_APART: Final = re.compile(r"(?<![\w-])(?=\S)")
_ALONE: Final = re.compile(r"(?![\w-])")


class TextSearch:
    """Texts to look for, all at once where they are many: a folder may hold a thousand secrets."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._all = tuple(dict.fromkeys(needles))
        self._by_head: dict[str, list[str]] = {}
        for needle in self._all if len(self._all) > _FEW else ():
            self._by_head.setdefault(needle[:SHORT], []).append(needle)
        self._heads = frozenset(map(tuple, self._by_head))

    def find_within(self, text: str) -> Iterator[tuple[int, str]]:
        """Every place where one of them stands."""
        if self._by_head:
            heads = self._by_head
            if self._heads.isdisjoint(zip(*(text[n:] for n in range(SHORT)), strict=False)):
                return  # told at the speed of C, as nearly all texts are
            for at in range(len(text) - SHORT + 1):
                head = text[at : at + SHORT]
                if head in heads:
                    for needle in heads[head]:
                        if text.startswith(needle, at):
                            yield at, needle
            return
        for needle in self._all:
            at = text.find(needle)
            while at >= 0:
                yield at, needle
                at = text.find(needle, at + 1)


class ValueForms:
    """Texts that count only where certain things stand before and behind them.

    At each place that one may begin at, what stands there is looked up: once for each length that those have
    which begin alike. However many there are, that is as many steps as they have lengths.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._all = frozenset(forms)
        lengths: dict[str, set[int]] = {}
        for each in self._all:
            lengths.setdefault(each[:_HEAD], set()).add(len(each))
        self._lengths = {head: sorted(some, reverse=True) for head, some in lengths.items()}
        self._sizes = sorted({len(head) for head in lengths}, reverse=True)

    def find_spans(self, text: str, before: re.Pattern[str], behind: re.Pattern[str]) -> Iterator[Span]:
        """Where they stand, the longest of those that begin at one place, and none within another."""
        done = 0
        for begin in before.finditer(text) if self._all else ():
            at = begin.end()
            for size in self._sizes if at >= done else ():
                end = self._find_end(text, at, size, behind)
                if end > at:
                    yield at, end
                    done = end
                    break

    def _find_end(self, text: str, at: int, size: int, behind: re.Pattern[str]) -> int:
        """Where the longest ends that begins here with a head of that size; `at` where there is none."""
        for length in self._lengths.get(text[at : at + size], ()):
            end = at + length
            if text[at:end] in self._all and behind.match(text, end):
                return end
        return at


class SecretValues:
    """Secrets by value. Those that are ordinary words or very short are found as whole values only.

    `words` are secrets that may be a part of other words: they are found where they stand by themselves.
    """

    def __init__(self, secrets: Iterable[str], words: Iterable[str] = ()) -> None:
        self.known = frozenset(part for secret in secrets for part in split_secret(secret))
        apart = frozenset(words) - self.known
        known = sorted(self.known, key=len, reverse=True)
        self._needles = TextSearch(
            form for secret in known if not is_whole_only(secret) for form in _encoded_forms(secret)
        )
        self._runs = TextSearch(
            form for secret in (*known, *apart) if len(secret) >= 6 for form in _find_base64_cores(secret)
        )
        whole = (
            form for secret in (*known, *apart) if is_whole_only(secret) for form in _encoded_forms(secret)
        )
        single = (form for secret in apart if not is_whole_only(secret) for form in _encoded_forms(secret))
        self._whole, self._single = ValueForms(whole), ValueForms(single)

    def find_spans(self, text: str) -> Iterator[Span]:
        """Where they stand in a text."""
        yield from ((at, at + len(needle)) for at, needle in self._needles.find_within(text))
        done = 0
        for at, run in sorted(self._runs.find_within(text)):
            if at >= done:
                start, done = _extend_base64_run(text, at, at + len(run))
                yield start, done
        yield from self._whole.find_spans(text, _BEFORE, _BEHIND)
        yield from self._single.find_spans(text, _APART, _ALONE)


def _extend_base64_run(text: str, start: int, end: int) -> Span:
    """The whole stretch of base64 that a piece of it stands in."""
    while start > 0 and text[start - 1] in _ALPHABET:
        start -= 1
    while end < len(text) and text[end] in _ALPHABET:
        end += 1
    return start, end


def split_secret(secret: str) -> Iterator[str]:
    """The secret, and each line of one that has several, since diffs are shown line by line."""
    for part in (secret, secret.strip()):
        if part.strip("• \t\r\n"):
            yield part
    lines = secret.splitlines()
    for line in lines if len(lines) > 1 else ():
        if len(_LETTERS.findall(line)) >= SHORT:  # a brace by itself gives nothing away
            yield line.strip()


def is_phrase(secret: str) -> bool:
    """Whether it is made of so many words that nobody is called so: `correct horse battery staple`."""
    return secret.count(" ") >= _PHRASE


def is_whole_only(secret: str) -> bool:
    """Whether hiding every occurrence would hide ordinary words as well."""
    return len(secret) < SHORT or _WEAK.fullmatch(secret) is not None


def _encoded_forms(secret: str) -> Iterator[str]:
    """How files and tools write a text down: as it is, encoded, quoted, escaped."""
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret)[1:-1]
    forms = [secret, json.dumps(secret, ensure_ascii=False)[1:-1], escaped, escaped.replace("/", "\\/")]
    forms += [json.dumps(escaped)[1:-1], escaped.replace("\\", "\\\\").replace('"', '\\"')]
    forms += [
        secret.replace("'", "''"),
        secret.replace("'", "'\\''"),
        secret.replace("'", "'\"'\"'"),
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
    forms += [raw.hex(), fold_to_line(secret)]
    return (form for form in dict.fromkeys(forms) if form)


def _find_base64_cores(secret: str) -> Iterator[str]:
    """What is always the same when a longer text around the secret (`user:secret`) is base64-encoded."""
    raw = secret.encode("utf-8", "surrogatepass")
    for shift in range(3):
        skipped = -shift % 3
        middle = raw[skipped : len(raw) - (len(raw) - skipped) % 3]
        if len(middle) >= 6:
            yield base64.b64encode(middle).decode()
            yield base64.urlsafe_b64encode(middle).decode()
