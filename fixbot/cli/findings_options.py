"""What `--findings` goes with, and what a filter may say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fixbot.cli.options import Options, ProfileChoice
from fixbot.model.errors import FixbotError
from fixbot.model.foreign_findings import FILTERS

HUBS: Final = ("security-hub", "security-hub-v2")
"""Sources that are asked; all others are files."""


def widen_profile(options: Options) -> Options:
    """The options with every rule on, where nobody chose: whoever brings a finding asks for its rule."""
    if not options.findings or options.rules_profile or options.only or options.framework:
        return options
    return replace(options, rules_profile=ProfileChoice.ALL)


def parse_filters(words: Sequence[str]) -> dict[str, set[str]]:
    """`KEY=VALUE`, each; several values of a key are alternatives. Raises FixbotError."""
    found: dict[str, set[str]] = {}
    for word in words:
        key, mark, value = word.partition("=")
        key = key.strip().lower()
        if not mark or not value.strip() or key not in FILTERS:
            raise FixbotError(f"--filter {word!r}: write KEY=VALUE, KEY one of {', '.join(FILTERS)}")
        found.setdefault(key, set()).add(value.strip())
    return found


def check_findings_options(options: Options) -> None:
    """See that what goes with --findings is there. Raises FixbotError."""
    if not options.findings:
        for option, given in (
            ("--filter", options.filters), ("--state", options.states), ("--stacks", options.stacks),
            ("--note", options.note),
        ):  # fmt: skip
            if given:
                raise FixbotError(f"{option} is about findings from outside; name them with --findings")
        return
    if options.note and not options.pr:
        raise FixbotError("--note says on a finding which pull request repaired it; add --pr")
    if options.files or options.since is not None:
        raise FixbotError("--findings says what a run is about; leave --since and the names of files out")
    parse_filters(options.filters)
