"""SARIF 2.1.0 (OASIS), for GitHub's code scanning and other collectors."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fixbot import __version__
from fixbot.model.findings import Safety, Severity, Status
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.replacements import Replacement, find_replacements
from fixbot.report.text import describe_finding
from fixbot.rules.topics import names_of
from fixbot.text.characters import fold_to_line, write_json

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Patch, Proposal, Report, Unread
    from fixbot.rules.rule import Rule
    from fixbot.settings.suppressions import Ignore

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_REPEATED = 20
_MOST_TAGS = 20
"""Of a rule: GitHub's code scanning refuses a file with more."""
_WEAKNESSES: Final = {
    "cluster": "1188",
    "database": "668",
    "file-system": "311",
    "iam-scope": "269",
    "images": "494",
    "keys": "324",
    "load-balancer": "319",
    "logging": "778",
    "network": "668",
    "node": "1188",
    "registry": "1104",
    "secrets": "798",
    "storage": "732",
    "task-roles": "269",
    "task-service": "1188",
    "trust": "284",
    "workload-hardening": "250",
}
"""The weakness that a topic's findings are examples of, by its number in MITRE's CWE."""
_LEVELS = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
}


def render_sarif(report: Report, fixers: Iterable[Rule], configured: Collection[Ignore] = ()) -> str:
    """The report as one SARIF run. `configured` tells wishes from outside the files from inline ones."""
    rules = sorted(fixers, key=lambda fixer: fixer.name)
    numbers = {fixer.name: number for number, fixer in enumerate(rules)}
    outside = {(wish.rule, wish.reason) for wish in configured}
    fixes = _collect_fixes(report)
    run = {
        "tool": {
            "driver": {
                "name": "fixbot",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule_to_sarif(fixer) for fixer in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification_of(each) for each in report.unread],
            }
        ],
        "results": [_result_to_sarif(each, numbers, fixes.get(each.id), outside) for each in report.findings],
    }
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return write_json(whole, indent=2) + "\n"


def _remove_links(message: str) -> str:
    """A message on one line without links: SARIF has `[text](target)` in plain text too (2.1.0, 3.11.6)."""
    return fold_to_line(message).replace("](", "] (")


def _rule_to_sarif(fixer: Rule) -> dict[str, Any]:
    level, score = _LEVELS[fixer.severity]
    page = fixer.page
    rule: dict[str, Any] = {
        "id": fixer.name,
        "shortDescription": {"text": fixer.heading},
        "help": {"text": page or fixer.heading, "markdown": page or fixer.heading},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": _list_tags(fixer)[:_MOST_TAGS],
            "precision": "very-high" if fixer.default_safety is Safety.SAFE else "high",
            "controls": {name: list(ids) for name, ids in fixer.controls.items()},
            "security-severity": score,
        },
    }
    return rule


def _list_tags(fixer: Rule) -> list[str]:
    """What code scanning sorts by: topics, weaknesses as GitHub writes them, controls."""
    topics = names_of(fixer.topic)
    weaknesses = dict.fromkeys(
        f"external/cwe/cwe-{_WEAKNESSES[each]}" for each in topics if each in _WEAKNESSES
    )
    return ["security", *topics, *weaknesses, *fixer.control_ids]


def _result_to_sarif(
    finding: Finding,
    numbers: dict[str, int],
    fix: dict[str, Any] | None,
    outside: Collection[tuple[str, str | None]],
) -> dict[str, Any]:
    reason = f". {finding.reason}" if finding.reason and finding.status is not Status.SUPPRESSED else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity][0],
        "message": {"text": _remove_links(f"{describe_finding(finding)}{reason}")},
        "locations": [_location_of(finding.path, finding.line, finding.column, finding.resource)],
        # GitHub takes this name alone; a hash of the line would change with it, and the finding's id does not
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.id}:1", "fixbot/v1": finding.id},
        "properties": {
            "status": finding.status.value,
            "safety": finding.safety.value,
            "topic": finding.topic,
            "controls": list(finding.controls),
            "security-severity": _LEVELS[finding.severity][1],
        },
    }
    if finding.known:
        result["baselineState"] = "unchanged"
    if finding.rule in numbers:
        result["ruleIndex"] = numbers[finding.rule]
    if fix is not None and finding.status is Status.FIXED:
        result["fixes"] = [fix]
    if finding.status is Status.SUPPRESSED:
        kind = "external" if (finding.rule, finding.reason) in outside else "inSource"
        result["suppressions"] = [{"kind": kind, "status": "accepted", "justification": finding.reason or ""}]
    return result


def _artifact_of(path: str) -> dict[str, Any]:
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}


def _location_of(path: str, line: int | None, column: int | None, name: str = "") -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact_of(path)}
    if line is not None:
        place["region"] = {"startLine": line} | ({"startColumn": column} if column else {})
    location: dict[str, Any] = {"physicalLocation": place}
    if name:
        location["logicalLocations"] = [{"name": name, "kind": "resource"}]
    return location


def _notification_of(unread: Unread) -> dict[str, Any]:
    return {
        "level": "warning" if unread.cause == "damaged" else "note",
        "message": {"text": _remove_links(f"Not read: {unread.reason}")},
        "locations": [_location_of(unread.path, unread.line, None)],
        "properties": {"cause": unread.cause},
    }


def _collect_fixes(report: Report) -> dict[str, dict[str, Any]]:
    """The fix of each finding: all that its proposal changes, since that is offered as one.

    A large proposal's stands at its first finding only: at each of a thousand it would be gigabytes.
    """
    patches = {patch.path: patch for patch in report.patches}
    found: dict[str, dict[str, Any]] = {}
    for proposal in report.proposals:
        fix = _fix_to_sarif(proposal, patches)
        if fix is not None:
            few = len(proposal.findings) <= _REPEATED
            found.update(dict.fromkeys(proposal.findings if few else proposal.findings[:1], fix))
    return found


def _fix_to_sarif(proposal: Proposal, patches: dict[str, Patch]) -> dict[str, Any] | None:
    """None where its edits are not to be shown, or the texts that they count in are not at hand."""
    if (
        proposal.touches_secret
        or not (proposal.edits and proposal.contents)
        or any(file.path not in patches for file in proposal.edits)
    ):
        return None
    changes = []
    for file in proposal.edits:
        some = list(
            map(_replacement_to_sarif, find_replacements(patches[file.path].before or "", file.edits))
        )
        if some:
            changes.append({"artifactLocation": _artifact_of(file.path), "replacements": some})
    text = _remove_links(render_headline(proposal.story))
    return {"description": {"text": text}, "artifactChanges": changes} if changes else None


def _replacement_to_sarif(each: Replacement) -> dict[str, Any]:
    (line, column), (end_line, end_column) = each.start, each.end
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region} | ({"insertedContent": {"text": each.text}} if each.text else {})
