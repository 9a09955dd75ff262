"""The report for machines; its fields are promised in `schema` 1 and are only ever added to."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from fixbot import __version__
from fixbot.proposal.evidence import collect_evidence
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.text.characters import write_json

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Patch, Proposal, ProposedCommit, Report
from fixbot.model.run_stats import Stats


def render_json(report: Report) -> str:
    r"""The whole report. What a path holds that is no Unicode stands as a lone surrogate (`\\udcff`)."""
    whole: dict[str, Any] = {
        "schema": 1,
        "fixbot": __version__,
        "stats": _stats_to_json(report.stats),
        "findings": [_finding_to_json(each) for each in report.findings],
        "patches": [_patch_to_json(each) for each in report.patches],
        "proposals": [_proposal_to_json(each) for each in report.proposals],
        "unread": [asdict(each) for each in report.unread],
        "left_out": asdict(report.left_out) | {"severity": report.left_out.severity.label},
        "remarks": report.remarks,
    }
    if report.sources is not None:
        whole["sources"] = [asdict(each) for each in report.sources]
    if report.pulls is not None:
        whole["pull_requests"] = [asdict(each) for each in report.pulls]
    return write_json(whole, indent=2) + "\n"


def _stats_to_json(stats: Stats) -> dict[str, Any]:
    seconds = round(stats.seconds, 3)
    files = {"files_listed": stats.files_listed, "files_parsed": stats.files_parsed}
    return {**files, **stats.counts, "seconds": seconds}


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    told = (each.name for each in fields(finding) if each.name != "lapse")  # the message says it
    return {name: getattr(finding, name) for name in told} | {
        "severity": finding.severity.label,
        "safety": finding.safety.value,
        "status": finding.status.value,
        "layer": None if finding.layer is None else asdict(finding.layer),
    }


def _patch_to_json(patch: Patch) -> dict[str, Any]:
    fields = ("path", "diff", "fixed", "introduced")
    return {name: getattr(patch, name) for name in fields}


def _proposal_to_json(proposal: Proposal) -> dict[str, Any]:
    words = render_proposal(proposal)
    return {
        "key": proposal.key,
        "branch": proposal.branch,
        "title": words.title,
        "body": words.body,
        "paths": proposal.paths,
        "findings": proposal.findings,
        "rule": proposal.rule,
        "notes": ["\n".join(note.indent_lines("  ")) if note.whole else note.text for note in words.notes],
        "severity": proposal.severity.label,
        "safety": proposal.safety.value,
        "topic": proposal.topic,
        "risk": proposal.risk,
        "commits": [_commit_to_json(each) for each in proposal.commits],
        "evidence": asdict(collect_evidence(proposal.story)),
        "facts": [asdict(each) for each in proposal.facts],
        "sources": [each.id for each in proposal.story.cited],
    }


def _commit_to_json(commit: ProposedCommit) -> dict[str, Any]:
    rules = commit.rules
    return {"rule": rules[0] if len(rules) == 1 else None, "rules": rules, "findings": commit.findings}
