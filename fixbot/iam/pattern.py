"""IAM's wildcards and variables: does a pattern match a text, and does it hold all of another one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fixbot.text.globs import Wildcard, WordPattern

if TYPE_CHECKING:
    from collections.abc import Sequence

Token = str | Wildcard
"""One character, one wildcard, or one variable as it is written: `${aws:username}`."""


def tokenize_pattern(text: str, *, variables: bool = True, wildcards: bool = True) -> tuple[Token, ...]:
    """Take a pattern apart. With `variables` off, as in policies of 2008, `${` is plain text."""
    found: list[Token] = []
    at = 0
    while variables and (begin := text.find("${", at)) >= 0 and (end := text.find("}", begin)) >= 0:
        found += _plain_tokens(text[at:begin], wildcards)
        found.append(text[begin : end + 1])
        at = end + 1
    return (*found, *_plain_tokens(text[at:], wildcards))


def _plain_tokens(text: str, wildcards: bool) -> list[Token]:
    return [Wildcard(char) if wildcards and char in "*?" else char for char in text]


def is_wild(text: str) -> bool:
    """Whether a text holds a wildcard."""
    return "*" in text or "?" in text


def matches_pattern(pattern: Sequence[Token], text: str | Sequence[Token]) -> bool:
    """Whether the pattern holds all that `text` stands for; a text with wildcards is a pattern itself.

    Sound, not complete: True is a proof, False may only mean that it isn't obvious (`*?` and `?*`).
    A variable is held by itself and by `*`, since what it becomes isn't known.
    """
    return WordPattern(pattern).holds_text(text)


@lru_cache(maxsize=512)
def _compile_pattern(text: str) -> WordPattern:
    return WordPattern(tokenize_pattern(text, variables=False))


@lru_cache(maxsize=8192)
def action_matches(pattern: str, action: str) -> bool:
    """Whether an action pattern holds an action, or all of a narrower pattern; case doesn't count."""
    wide, narrow = pattern.lower(), action.lower()
    if wide in ("*", narrow):
        return True
    if not is_wild(wide):
        return False
    return _compile_pattern(wide).holds_text(_compile_pattern(narrow).tokens if is_wild(narrow) else narrow)


def resource_covers(wide: str, narrow: str, *, variables: bool = True) -> bool:
    """Whether one resource pattern surely holds all of another; compared segment by segment.

    Segments, because AWS doesn't say everywhere whether `*` crosses a colon: this way it is true
    of both readings.
    """
    if wide in ("*", narrow):
        return True
    ours, theirs = _split_arn(wide, variables), _split_arn(narrow, variables)
    if ours is None or theirs is None:
        return False
    return all(matches_pattern(one, other) for one, other in zip(ours, theirs, strict=True))


def _split_arn(arn: str, variables: bool) -> list[tuple[Token, ...]] | None:
    """The six parts of an ARN; None where it has fewer, or a variable stands over a border."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None
    if variables and any(part.count("${") != part.count("}") for part in parts[:5]):
        return None
    return [tokenize_pattern(part, variables=variables) for part in parts]


def arn_like(pattern: Sequence[Token], text: str) -> bool:
    """ArnLike and ArnEquals: six parts, each matched on its own."""
    ours: list[list[Token]] = [[]]
    for each in pattern:
        if each == ":" and len(ours) < 6:
            ours.append([])
        else:
            ours[-1].append(each)
    theirs = text.split(":", 5)
    if len(ours) != 6 or len(theirs) != 6:
        return list(pattern) == [Wildcard.MANY]
    return all(matches_pattern(one, other) for one, other in zip(ours, theirs, strict=True))
