"""`--note`: what a finding is told, once its fix is merged and the file is clean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fixbot.intake.judge_findings import ControlIndex
from fixbot.masking.secret_masker import SecretMasker
from fixbot.model.errors import FixbotError
from fixbot.model.foreign_findings import ForeignFinding
from fixbot.publish.pull_requests.state_block import digest_sources
from fixbot.rules.loading import load_rules

if TYPE_CHECKING:
    from fixbot.cli.findings_run import FindingsRun
    from fixbot.model.foreign_findings import SourceRow
    from fixbot.publish.pull_requests.pull_request import PullRequest

_HUBS = frozenset(("asff", "ocsf"))
"""Formats whose findings can be told anything."""


def write_notes(findings: FindingsRun, pulls: Iterable[PullRequest], base: str) -> None:
    """Put a note on each finding whose fix was merged into `base`; the rows say what became of that."""
    merged = [pull for pull in pulls if pull.merged and pull.base == base and pull.state_block is not None]
    fixes = _find_fixes(findings, merged)
    if not fixes:
        return
    try:
        _write_each(findings, fixes)
    except FixbotError as error:
        findings.add_failure(f"notes were not written: {error}")
        for at in fixes:
            if findings.rows[at].note is None:
                findings.rows[at] = replace(findings.rows[at], note="failed")


def _find_fixes(findings: FindingsRun, merged: list[PullRequest]) -> dict[int, PullRequest]:
    """The pull request that repaired a finding, by the finding's place in the list."""
    index = ControlIndex(load_rules())
    found: dict[int, PullRequest] = {}
    for at, row in enumerate(findings.rows):
        if row.outcome == "clean" and row.format in _HUBS:
            pull = find_fix(row, merged, index)
            if pull is not None and pull.url.startswith("http"):
                found[at] = pull
    return found


def _write_each(findings: FindingsRun, fixes: Mapping[int, PullRequest]) -> None:
    from fixbot.aws.security_hub import HubNotes, word_note  # noqa: PLC0415 - boto3 costs 200 ms

    notes = HubNotes(findings.open_gateway())
    masker = SecretMasker()
    for at, pull in fixes.items():
        entry, row = findings.entries[at], findings.rows[at]
        if isinstance(entry, ForeignFinding):
            text = masker.mask_sentence(word_note(pull.number, pull.url, row.path or ""))
            outcome, why = notes.write_note(entry, text, pull.url)
            reason = f"{row.reason}; no note: {why}" if why else row.reason
            findings.rows[at] = replace(row, note=outcome, reason=reason)
            if outcome == "failed":
                findings.add_failure(f"{row.id}: no note was written: {why}")


def find_fix(row: SourceRow, merged: Iterable[PullRequest], index: ControlIndex) -> PullRequest | None:
    """The last merged pull request that was for a finding; where none names it, the only one that fits.

    One that was opened before the finding was brought doesn't name it: then its rules and files have to.
    """
    marks = [(pull, mark) for pull in merged if (mark := pull.state_block) is not None]
    (name,) = digest_sources([row.id])
    if named := [pull for pull, mark in marks if name in mark.sources]:
        return named[-1]
    rules = set(index.find_rules(row.control or ""))
    fitting = [p for p, mark in marks if row.path in mark.paths and not rules.isdisjoint(mark.every_rule)]
    return fitting[0] if len(fitting) == 1 else None
