"""What a review's verdicts come to: the patches of what was taken, proven again, and a no for good."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.checkout.named_files import read_own_file
from fixbot.checkout.write_files import FileChange, write_files
from fixbot.edit.tree import CannotEdit
from fixbot.model.findings import Unread
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.style import format_count
from fixbot.settings.add_ignores import add_ignores, ignore_for_finding
from fixbot.settings.read_settings import MOST_BYTES, NAMES

if TYPE_CHECKING:
    from fixbot.checkout import Checkout
    from fixbot.model.findings import Report
    from fixbot.settings.suppressions import Ignore

CHANGED = "the files changed during the review, and nothing was taken; run it again"
Again = Callable[[Mapping[str, str]], "Report"]
"""The run once more, with findings (by id) left alone for the reasons given."""


class VerdictKind(Enum):
    """What can be said of a proposal."""

    TAKE = "taken"
    LEAVE = "left"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of a proposal; the reason and the last day belong to a NEVER."""

    word: VerdictKind
    reason: str = ""
    until: date | None = None


def keep_taken(report: Report, places: Iterable[int], again: Again | None) -> tuple[Report, tuple[str, ...]]:
    """The report less what was not taken, with what stands in the way of something taken.

    The proposals stand alone as they were shown, and need no more than that on branches (no `again`).
    The patches are those of a run of its own, in which the taken findings alone are fixed: they are
    proven together as all offers of a run are.
    """
    chosen = tuple(report.proposals[at] for at in sorted(places))
    if len(chosen) == len(report.proposals):
        return report, ()
    wanted = {finding for each in chosen for finding in each.findings}
    only = replace(report, proposals=chosen)
    if again is None:
        return only, ()
    if not chosen:
        return replace(only, patches=()), ()
    others = {each.id: "not taken" for each in report.findings if each.id not in wanted}
    alone = again(others)
    before = {patch.path: patch.before for patch in report.patches}
    fixed = {finding for patch in alone.patches for finding in patch.fixed}
    moved = any(patch.before != before.get(patch.path) for patch in alone.patches)
    if moved or not fixed <= wanted or not wanted <= {each.id for each in alone.findings}:
        return replace(only, proposals=(), patches=()), (CHANGED,)
    reasons = {each.id: each.reason for each in alone.findings}
    missing = tuple(
        f"{render_headline(each.story)}: {reasons[finding]}"
        for each in chosen
        if (finding := next((one for one in each.findings if one not in fixed), None)) is not None
    )
    return replace(only, patches=alone.patches), missing


@dataclass(frozen=True, slots=True)
class SettingsAddition:
    """What there is to say of the settings file: what was added, or why not."""

    said: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def write_ignores(
    checkout: Checkout, home: Path, report: Report, decided: Mapping[int, Verdict]
) -> SettingsAddition:
    """Write each NEVER into the settings file in `home`, or into a new one at the repository's top."""
    name = next((name for name in NAMES if os.path.lexists(home / name)), None)
    if name is None:
        name, home = NAMES[0], Path(checkout.top if checkout.git is not None else checkout.root)
    way = os.path.relpath(checkout.root, home).replace(os.sep, "/")
    wishes = tuple(_ignores_of_verdicts(report, decided, "" if way == "." else f"{way}/"))
    if not wishes:
        return SettingsAddition()
    there = read_own_file(str(home), name, MOST_BYTES)
    if isinstance(there, Unread):
        return SettingsAddition(failures=(f"{name}: nothing was added: {there.reason}",))
    before = None if there is None else there.data
    try:
        text = add_ignores("" if there is None else there.text, wishes, name)
    except CannotEdit as error:
        return SettingsAddition(failures=(f"{name}: nothing was added: {error}",))
    refusal = write_files(str(home), [FileChange(name, before, text.encode())])
    if refusal is not None:
        return SettingsAddition(failures=(refusal.reason,))
    entries = format_count(len(set(wishes)), "entry", "entries")
    return SettingsAddition((f"{os.path.relpath(home / name)}: {entries} added below `ignore`.",))


def _ignores_of_verdicts(report: Report, decided: Mapping[int, Verdict], folder: str) -> Iterable[Ignore]:
    by_id = {finding.id: finding for finding in report.findings}
    for at, verdict in sorted(decided.items()):
        if verdict.word is VerdictKind.NEVER:
            for finding in report.proposals[at].findings:
                yield ignore_for_finding(by_id[finding], folder, verdict.reason, verdict.until)
