"""What people ask of a pull request, by a label or a comment: rebase, recreate, ignore."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from fixbot.publish.pull_requests.pull_request import PullRequest, PullRequestComment

_BLANKS: Final = " \t"
_NAME: Final = "fixbot"
_VERB = re.compile(r"(?P<verb>rebase|recreate|ignore)\b", re.IGNORECASE)
_UNTIL = re.compile(r"\buntil[=: ]{1,9}(\d{4}-\d\d-\d\d)\b", re.IGNORECASE)
_FENCES: Final = ("```", "~~~")
_LONGEST = 200
_EDGES: Final = " \t:-,."
_AROUND: Final = "`'\",:"
_SUFFIXES: Final = (".yaml", ".yml", ".json", ".tf", ".tofu", ".template")
OURS = "<!-- fixbot "
"""What every comment of fixbot's holds: it never takes its own words for a wish."""


@dataclass(frozen=True, slots=True)
class CommentCommand:
    """One wish. `comment` is the comment's id, 0 for a label. `until` is the last day of a no, or empty."""

    verb: str
    comment: int = 0
    until: str = ""
    reason: str = ""
    words: str = field(default="", repr=False, compare=False)
    """What follows the verb, without the day: it may begin with a rule and a path."""


def parse_partial_refusal(asked: CommentCommand, rules: Collection[str]) -> tuple[str, str, str] | None:
    """The rule, perhaps a path, and the reason, where a no is to a part: where it names one of `rules`.

    A second word that is written like a path is one; whoever asks must see whether it is a path of theirs.
    """
    rule, _, rest = asked.words.partition(" ")
    if asked.verb != "ignore" or (rule := rule.strip(_AROUND)) not in rules:
        return None
    path, _, reason = rest.strip(_BLANKS).partition(" ")
    path = path.strip("`'\"")
    if "/" in path or path.endswith(_SUFFIXES):
        return rule, path, _clean_reason(reason)
    return rule, "", _clean_reason(rest)


def find_command(
    pull: PullRequest,
    comments: Iterable[PullRequestComment],
    said_by: Callable[[PullRequestComment], bool],
    labelled_by: Callable[[PullRequest, str], bool],
) -> CommentCommand | None:
    """The last wish for an open pull request that was not carried out yet.

    `said_by` and `labelled_by` tell whether the one who wrote a comment, or set a label, may write to the
    repository. They are asked only where there is a wish, since to answer may take a request.
    """
    mark = pull.state_block
    done = mark.did if mark is not None else 0
    for comment in sorted(comments, key=lambda each: -each.id):
        if comment.number != pull.number or comment.id <= done or OURS in comment.body:
            continue
        if (found := parse_command(comment.body)) is not None and said_by(comment):
            return replace(found, comment=comment.id)
    for verb in ("ignore", "recreate", "rebase"):
        if f"fixbot: {verb}" in pull.labels and labelled_by(pull, f"fixbot: {verb}"):
            return CommentCommand(verb)
    return None


def parse_command(text: str) -> CommentCommand | None:
    """The last wish in a comment; quoted lines and code don't count."""
    found = list(filter(None, map(_words_after_name, _spoken_lines(text))))
    if not found:
        return None
    verb, rest = found[-1]
    until = _UNTIL.search(rest)
    if verb != "ignore":
        return CommentCommand(verb)
    if until and not _is_date(until[1]):
        return None  # a slip of the pen must not become a no for good
    words = " ".join(_UNTIL.sub("", rest).split())
    return CommentCommand(verb, 0, until[1] if until else "", _clean_reason(words), words.strip(_EDGES))


def _clean_reason(words: str) -> str:
    return words.strip(_EDGES)[:_LONGEST]


def _spoken_lines(text: str) -> Iterator[str]:
    """The lines that say something: not those between fences, which show something."""
    fence = ""
    for line in text.replace("\r", "\n").split("\n"):
        begin = line.lstrip(_BLANKS)
        if fence:
            fence = "" if begin.startswith(fence) else fence
        elif begin.startswith(_FENCES):
            fence = begin[:3]
        else:
            yield begin


def _words_after_name(line: str) -> tuple[str, str] | None:
    """The verb that follows our name at the beginning of a line, and the rest of the line."""
    line = line.removeprefix("@")
    if line[: len(_NAME)].lower() != _NAME:
        return None
    rest = line[len(_NAME) :]
    after = rest.lstrip(_BLANKS)
    rest, after = (after[1:], after[1:].lstrip(_BLANKS)) if after.startswith(":") else (rest, after)
    verb = _VERB.match(after) if after != rest else None
    return None if verb is None else (verb["verb"].lower(), after[verb.end() :][:1000])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
