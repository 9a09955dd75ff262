"""What a rule is made of, and the common shapes of checks, so that a rule costs its facts and its words.

This and `fixbot.lens` are what rules of other distributions build on; `API_VERSION` names its version.
"""

from __future__ import annotations

from fixbot.rules.checks import (
    by_type,
    each_of,
    must_be,
    must_contain,
    must_have_entry,
    must_not_hold,
    report,
)
from fixbot.rules.loading import API_VERSION, load_rules
from fixbot.rules.rule import ESSENTIAL, EXPLAINED, RECOMMENDED, Rule
from fixbot.rules.words import SAME_CALLERS, Words

__all__ = [
    "API_VERSION",
    "ESSENTIAL",
    "EXPLAINED",
    "RECOMMENDED",
    "SAME_CALLERS",
    "Rule",
    "Words",
    "by_type",
    "each_of",
    "load_rules",
    "must_be",
    "must_contain",
    "must_have_entry",
    "must_not_hold",
    "report",
]
