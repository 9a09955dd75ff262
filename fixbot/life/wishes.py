"""What people ask of a pull request, by a label or a comment: rebase, recreate, ignore."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fixbot.life.pull import Comment, Pull

_WISH = re.compile(
    r"^[ \t]*+@?fixbot(?:[ \t]*+:)?[ \t]++(?P<verb>rebase|recreate|ignore)\b(?P<rest>[^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_UNTIL = re.compile(r"\buntil[=: ]+(\d{4}-\d\d-\d\d)\b", re.IGNORECASE)
_LONGEST = 200
OURS = "<!-- fixbot "
"""What every comment of fixbot's holds: it never takes its own words for a wish."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish. `comment` is the comment's id, 0 for a label. `until` is the last day of a no, or empty."""

    verb: str
    comment: int = 0
    until: str = ""
    reason: str = ""


def wish(pull: Pull, comments: Iterable[Comment]) -> Wish | None:
    """The last wish for an open pull request that was not carried out yet.

    Comments count where their author may write to the repository; anybody who can set a label may.
    """
    mark = pull.mark
    done = mark.did if mark is not None else 0
    for comment in sorted(comments, key=lambda each: -each.id):
        if comment.number != pull.number or comment.id <= done:
            continue
        if comment.trusted and OURS not in comment.body and (found := read(comment.body)) is not None:
            return Wish(found.verb, comment.id, found.until, found.reason)
    for verb in ("recreate", "rebase"):
        if f"fixbot: {verb}" in pull.labels:
            return Wish(verb)
    return None


def read(text: str) -> Wish | None:
    """The last wish in a comment; quoted lines don't count."""
    all_found = list(_WISH.finditer(text))
    if not all_found:
        return None
    found = all_found[-1]
    rest = found["rest"]
    verb, until = found["verb"].lower(), _UNTIL.search(rest)
    if verb != "ignore":
        return Wish(verb)
    if until and not _is_date(until[1]):
        return None  # a slip of the pen must not become a no for good
    return Wish(verb, 0, until[1] if until else "", _UNTIL.sub("", rest).strip(" \t:-,.")[:_LONGEST])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
