"""What an option's value looks like in a script or a list of words, and when it is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

Place = tuple[int, int]

QUOTE: Final = r"\\{0,3}[\"']"
BETWEEN: Final = rf"(?:[ \t]{{1,4}}(?:\\\r?\n[ \t]{{0,40}})?|{QUOTE}[ \t]{{0,4}},?[ \t]{{0,4}}(?={QUOTE}))"
"""Between an option and its value: blanks, or the end of one word of a list and the next word's beginning."""
VALUE: Final = (
    r"(?:\\{1,3}\"(?P<escaped>[^\"\\\n]++)|\"(?P<double>(?:[^\"\\\n]++|\\.)++)|'(?P<single>[^'\n]++)"
    r"|(?P<bare>[^\s\"'\\,;|&)\]}<>][^\s\"'\\;|&)\]}]*+))"
)
_HOLES: Final = re.compile(r"\$|\{\{|#\{|••|%(?:\w+%|\w{1,3}\{|[sdvqr]\b|[({%]|\Z)|<(?:[^<>]*>|[<(%]|\Z)")


_NAME_PART: Final = r"(?:[A-Za-z]?[a-z]{0,14}|[A-Za-z][a-z]{2,14}(?:[A-Z][a-z]{2,14}){1,3}|[A-Z]{1,5})\d{0,4}"
_NAME_LIKE: Final = re.compile(rf"{_NAME_PART}(?:[-_. /]{_NAME_PART}){{0,5}}")


def is_name_like(text: str) -> bool:
    """Whether somebody may be called so: short words in small letters, with a number behind them at most."""
    return _NAME_LIKE.fullmatch(text) is not None


_SWITCH: Final = re.compile(
    r"(?=[A-Za-z]\d|\d[A-Za-z]|[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z\d][!#$%^&*+=~?][A-Za-z\d])"
)
_RUN: Final = re.compile(r"[A-Za-z0-9!#$%^&*+=~?]+")
_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*:.*|(?:[\w-]+\.){2,}[\w-]+(?::\d+)?|[\w.+-]+@[\w.-]+|\d[\d.:/-]*[a-z]?|[0-9a-f]{7,12}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{4}-\d\d-\d\d.*|v?\d+(?:\.\d+)+.*"
    r"|[a-z]{2}(?:-[a-z]+)+-\d[a-z]?|[0-9a-f]{32,}|[A-Z0-9]+(?:_[A-Z0-9]+)+|.*\*|.*\.[a-z]{1,5}|[A-Za-z.-]+|(?:sha\d+|md5):.*",
    re.DOTALL,
)
_FEWEST: Final = 8


def looks_random(text: str) -> bool:
    """Whether a word reads like one that was made up to be a secret: letters, digits and signs change often.

    Addresses, versions, dates, Regions, identities and names of the usual forms don't.
    """
    if not _FEWEST <= len(text) <= 512 or any(each in text for each in " \t\n/\\\"'${}<>()[],;|"):
        return False
    if is_name_like(text) or _ADDRESS.fullmatch(text) is not None:
        return False
    return any(len(_SWITCH.findall(run)) > 1 for run in _RUN.findall(text))


def is_hole(text: str) -> bool:
    """Whether something else stands there for the value: a variable, a template's hole, dots."""
    return _HOLES.match(text) is not None


def list_value_spans(found: Iterable[re.Match[str]]) -> Iterator[Place]:
    """Where the values stand that were found by VALUE."""
    for match in found:
        group = next((g for g in ("escaped", "double", "single", "bare") if match[g] is not None), None)
        if group is not None and not is_hole(match[group]):
            yield match.span(group)


_DEFAULT: Final = re.compile(
    r"\$\{\w{1,80}:[-=][\"']?([^}\"'$]{1,300})|\$\{[A-Z][A-Z0-9_]{0,80}[-=][\"']?([^}\"'$]{1,300})"
    r"|\bdefault[ \t(]{1,4}\\{0,3}[\"']([^\"'{}\\]{1,300})"
    r"|,[ \t]{0,4}[\"']([^\"'{}<>\\]{1,300})[\"'][ \t]{0,4}\)?[ \t]{0,4}%>"
)
"""Defaults of a shell's `${X:-…}`, of Helm's, Jinja's and Ansible's `default`, of ERB's `fetch`."""


def find_written_default(text: str) -> str | None:
    """What stands in a reference for the case that there is nothing to refer to: `${PW:-this}`."""
    found = _DEFAULT.search(text)
    return None if found is None else next(filter(None, found.groups()), None)
