"""Judges a report: whether it agrees with itself, with the files, and with what the oracle sees in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.oracle.judge import Defect
from tests.oracle.nodes import Broken
from tests.oracle.reading import read
from tests.oracle.sightings import Sighting, sightings

Report = Mapping[str, Any]
_NAMES = (
    ".json",
    ".yaml",
    ".yml",
    ".tf",
    ".tofu",
    ".hcl",
    ".template",
    ".tpl",
    ".tftpl",
    ".tmpl",
    ".j2",
    ".dist",
)
_STATUSES = {"fixed", "refused", "manual", "suppressed"}


def consistent(report: Report, before: Mapping[str, bytes]) -> Iterator[Defect]:
    """Whether the report agrees with itself and with the files."""
    findings = {each["id"]: each for each in report["findings"]}
    if len(findings) != len(report["findings"]):
        twice = [i for i, n in Counter(each["id"] for each in report["findings"]).items() if n > 1]
        yield Defect("report", "", f"ids are there twice: {twice[:3]}")
    yield from _positions(report, before)
    fixed = {i for i, each in findings.items() if each["status"] == "fixed"}
    for name in ("patches", "proposals"):
        key = "fixed" if name == "patches" else "findings"
        offered = {i for each in report[name] for i in each[key]}
        yield from (
            Defect("report", findings[i]["path"], f"fixed, and in none of the {name}")
            for i in fixed - offered
        )
        yield from (Defect("report", "", f"{name} hold {i}, which isn't fixed") for i in offered - fixed)
    counted = Counter(i for each in report["proposals"] for i in each["findings"])
    yield from (
        Defect("report", findings[i]["path"], "in two proposals") for i, n in counted.items() if n > 1
    )
    for name in ("branch", "key"):
        values = Counter(each[name] for each in report["proposals"])
        yield from (
            Defect("report", "", f"two proposals have the {name} {v}") for v, n in values.items() if n > 1
        )


def _positions(report: Report, before: Mapping[str, bytes]) -> Iterator[Defect]:
    for each in report["findings"]:
        path = each["path"]
        if path not in before:
            yield Defect("report", path, "a finding in a file that isn't there")
            continue
        lines = before[path].decode().split("\n")
        if not (1 <= each["line"] <= len(lines) and 1 <= each["column"] <= len(lines[each["line"] - 1]) + 1):
            yield Defect("report", path, f"no such place: {each['line']}:{each['column']}")
        if each["status"] not in _STATUSES or (each["status"] == "fixed") != (each["reason"] is None):
            yield Defect("report", path, f"{each['status']} with the reason {each['reason']!r}")
        if each["status"] != "fixed" and len((each["reason"] or "").split()) < 4:
            yield Defect("report", path, f"the reason says nothing: {each['reason']!r}")


def unlisted(report: Report, before: Mapping[str, bytes], seen: Counter[str]) -> Iterator[Defect]:
    """What the oracle sees and the report neither lists nor counts as unread; `seen` counts by rule."""
    listed, unread = _by_place(report)
    read_in_part = {path for path, _ in listed}
    for path, data in before.items():
        for each in looked_at(path, data):
            seen[each.rule] += 1
            if any(each.first <= line <= each.last for line in listed[path, each.rule]):
                continue
            whole = path not in read_in_part
            if unread[path] and (whole or any(_within(each, line) for line in unread[path])):
                seen["unread"] += 1
                continue
            yield Defect("not listed", path, f"line {each.first}: {each.rule}: {each.what}")


def _within(each: Sighting, line: int | None) -> bool:
    return line is None or each.within[0] <= line <= each.within[1]


def _by_place(report: Report) -> tuple[dict[tuple[str, str], list[int]], dict[str, list[int | None]]]:
    listed: dict[tuple[str, str], list[int]] = defaultdict(list)
    unread: dict[str, list[int | None]] = defaultdict(list)
    for each in report["findings"]:
        listed[each["path"], each["rule"]].append(each["line"])
    for each in report["unread"]:
        unread[each["path"]].append(each["line"])
    return listed, unread


def looked_at(path: str, data: bytes) -> list[Sighting]:
    """All that the oracle sees in a file; nothing where it isn't one that its readers take."""
    if not path.lower().endswith(_NAMES) or (b"mage" not in data and b"tatement" not in data):
        return []
    try:
        return list(sightings(read(path, data.decode())))
    except (Broken, UnicodeDecodeError):
        return []


def still_there(report: Report, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Defect]:
    """Findings that are called fixed and are still seen in the files afterwards."""
    fixed: dict[tuple[str, str], set[int]] = defaultdict(set)
    for each in report["findings"]:
        if each["status"] == "fixed":
            fixed[each["path"], each["rule"]].add(each["line"])
    for path in {path for path, _ in fixed}:
        left = {(each.rule, each.order, each.what) for each in looked_at(path, after[path])}
        for each in looked_at(path, before[path]):
            done = any(each.first <= line <= each.last for line in fixed[path, each.rule])
            if done and (each.rule, each.order, each.what) in left:
                yield Defect("fixed and still there", path, f"line {each.first}: {each.rule}: {each.what}")
