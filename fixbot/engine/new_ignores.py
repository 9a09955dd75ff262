"""What a pull request asks to be left alone that its base did not: in comments, and in its settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fixbot.model.findings import Severity
from fixbot.source.inline_ignores import read_inline_ignores

if TYPE_CHECKING:
    from fixbot.model.findings import Finding
    from fixbot.settings.loosened import LoosenedSettings
    from fixbot.settings.suppressions import Ignore


def find_new_ignores(path: str, text: str, before: str) -> Iterator[Ignore]:
    """The wishes in comments of a text that stood nowhere in `before` for a line of the same words."""
    old = Counter(_ignore_keys(path, before))
    for wish, key in zip(read_inline_ignores(path, text), _ignore_keys(path, text), strict=True):
        if old[key] > 0:
            old[key] -= 1
        else:
            yield wish


def _ignore_keys(path: str, text: str) -> Iterator[tuple[object, ...]]:
    lines = text.split("\n")
    for wish in read_inline_ignores(path, text):
        about = lines[wish.line - 1].strip() if wish.line is not None else ""
        yield wish.rule, wish.reason, wish.until, about


def describe_ignore(path: str, wish: Ignore) -> str:
    """What a new comment asks for, as a sentence."""
    until = f" until {wish.until}" if wish.until is not None else ""
    return f"{path}:{wish.where} ignores {wish.rule}{until}: {wish.reason}"


def describe_slid(finding: Finding) -> str:
    """That words which are no comment of fixbot's own, or were there before, silence something new."""
    return (
        f"{finding.path}:{finding.line} what stands beside it ignores {finding.rule} of "
        f"{finding.resource}, which is new: {finding.reason}"
    )


def describe_silenced(finding: Finding) -> str:
    """That settings of the base silence something new, as they ask."""
    return f"{finding.path}:{finding.line} {finding.rule} of {finding.resource}: {finding.reason}"


def describe_loosened(loosened: LoosenedSettings, files: int) -> Iterator[str]:
    """What a pull request's settings leave out beyond its base's; `files` is how many files that meets."""
    if loosened.rules:
        yield f"switches off {', '.join(loosened.rules)}"
    patterns = [*(f"exclude {each}" for each in loosened.exclude)]
    patterns += [f"include {', '.join(loosened.include)}"] if loosened.include else []
    if patterns:
        yield f"leaves out {files:,} files more ({', '.join(patterns)})"
    if loosened.severity is not None and loosened.severity > Severity.LOW:
        yield f"hides findings below {loosened.severity.label}"
    for wish in loosened.ignores:
        where = " ".join(filter(None, [wish.path, wish.resource]))
        until = f" until {wish.until}" if wish.until is not None else ""
        yield f"ignores {wish.rule}{f' in {where}' if where else ''}{until}: {wish.reason}"
    if loosened.ephemeral:
        yield f"asks for no protection from deletion in {', '.join(loosened.ephemeral)}"
    if loosened.never_patch:
        yield f"never changes {', '.join(loosened.never_patch)}"
