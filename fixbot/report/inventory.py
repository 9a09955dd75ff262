"""The inventory: what was read, by kind, folder and owner, for people and for machines."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fixbot.text.characters import escape_hidden, write_json

if TYPE_CHECKING:
    from fixbot.model.findings import Report

Owner = Callable[[str], str | None]
"""Who owns a file first, None for nobody."""


def list_rows(report: Report, owner: Owner) -> Iterator[dict[str, Any]]:
    """A row for each thing, with its owner and how many findings are about it or a container of it."""
    found = Counter((each.path, each.resource.partition(", container ")[0]) for each in report.findings)
    for item in sorted(report.items, key=lambda each: (each.path, each.line, each.kind, each.resource)):
        yield asdict(item) | {"owner": owner(item.path), "findings": found[item.path, item.resource]}


def render_inventory_json(report: Report, owner: Owner) -> str:
    """All rows, and what was not read."""
    unread = [asdict(each) for each in report.unread]
    return write_json({"items": list(list_rows(report, owner)), "unread": unread}, indent=2) + "\n"


def render_inventory(report: Report, owner: Owner) -> str:
    """How much there is of each kind, by folder and owner, and how many findings are about it."""
    counts: Counter[tuple[str, str, str]] = Counter()
    findings: Counter[tuple[str, str, str]] = Counter()
    for row in list_rows(report, owner):
        key = (posixpath.dirname(row["path"]) or ".", row["owner"] or "", row["kind"])
        counts[key] += 1
        findings[key] += row["findings"]
    lines = ["folder", *(key[0] for key in counts)]
    width = min(max(map(len, lines)), 60)
    out = [f"{'folder':{width}}  number  findings  kind", ""]
    for key, number in sorted(counts.items()):
        folder, who, kind = map(escape_hidden, key)
        out.append(f"{folder:{width}}  {number:6}  {findings[key]:8}  {kind}{f'  @{who}' if who else ''}")
    if not counts:
        out = ["Nothing was found that fixbot reads."]
    if report.unread:
        out += ["", f"Not read: {len(report.unread)} files or places; --format json names them."]
    return "\n".join(out) + "\n"
