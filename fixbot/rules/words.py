"""What a rule says of all its findings, once; the names and the values come from what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fixbot.model.proposal_facts import NOBODY

SAME_CALLERS: Final = f"{NOBODY}{{who}} {{serves|serve}} the same callers as before."
"""What `access` says where a fix takes nothing from anybody, whatever else its `effect` is."""


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences of a rule. `{who}` stands for what it found: one name, or several joined.

    `problem` goes on after the name, without a full stop: "may be published by an ACL". `access` is who can
    no longer do what they did, where `effect` doesn't say that, and `undo` how to go back, where a revert is
    not enough.
    """

    problem: str
    change: str
    effect: str
    why: str
    unknown: str = ""
    notes: tuple[str, ...] = ()
    access: str = ""
    undo: str = ""
