"""The four rules that many tests run: what they say stays true whichever rules are written later."""

from __future__ import annotations

from fixbot.rules import Rule, load_rules
from fixbot.rules.loading import FIRST_VERSION


def first_rules() -> tuple[Rule, ...]:
    """Privileged mode, writable root filesystems, secrets in the environment, policies without a tag."""
    return tuple(each for each in load_rules() if each.since == FIRST_VERSION)
