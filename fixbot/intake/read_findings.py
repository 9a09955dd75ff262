"""Files of findings: which format one is in is told by its content; an entry that is none costs itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fixbot.intake.field_checks import MalformedFinding
from fixbot.intake.hub_formats import parse_asff, parse_ocsf
from fixbot.intake.tool_formats import Parsed, parse_checkov, parse_sarif, parse_trivy
from fixbot.model.errors import FixbotError
from fixbot.model.foreign_findings import SourceFormat, UnreadFinding

MOST_BYTES: Final = 100_000_000
"""Of a file of findings."""
MOST_FINDINGS: Final = 50_000
"""Of one source."""
_NONE: Final = "holds no findings: it is none of ASFF, OCSF, SARIF, checkov's or trivy's JSON"


def parse_file(data: bytes, name: str) -> list[Parsed]:
    """The findings of a file. Raises FixbotError where it is in no format, or holds too many."""
    whole = _load_json(data, name)
    try:
        rows = _tell_twins_apart(_parse_whole(whole, name))
    except MalformedFinding as problem:
        raise FixbotError(f"--findings {name}: it can't be read: {problem.said}") from None
    return rows


def parse_answers(rows: Iterable[Any], format: SourceFormat) -> list[Parsed]:  # noqa: A002 - the field's name
    """What Security Hub answered."""
    return [_parse_entry(each, format) for each in rows]


def _load_json(data: bytes, name: str) -> Any:
    """A JSON text, or one a line."""
    try:
        text = data.decode("utf-8-sig")
        try:
            return json.loads(text)
        except ValueError:
            lines = [json.loads(line) for line in text.splitlines() if line.strip()]
            if lines:
                return lines
            raise
    except (ValueError, RecursionError):
        raise FixbotError(f"--findings {name}: it is no JSON that can be read") from None


def _parse_whole(whole: Any, name: str) -> Iterator[Parsed]:
    if isinstance(whole, Mapping):
        if isinstance(whole.get("runs"), list):
            yield from parse_sarif(whole)
            return
        if isinstance(whole.get("results"), Mapping) or "check_type" in whole:
            yield from parse_checkov(whole)
            return
        if "Results" in whole or "ClusterName" in whole or whole.get("ArtifactType"):
            yield from parse_trivy(whole)
            return
    elif isinstance(whole, list) and whole and all(_is_checkov(each) for each in whole):
        yield from parse_checkov(whole)
        return
    entries = _find_entries(whole)
    formats = [_tell_format(each) for each in entries] if entries is not None else []
    known = next((each for each in formats if each is not None), None)
    if entries is None or (entries and known is None):
        raise FixbotError(f"--findings {name}: it {_NONE}")
    if len(entries) > MOST_FINDINGS:
        raise FixbotError(f"--findings {name}: it holds more than {MOST_FINDINGS:,} findings")
    for entry, told in zip(entries, formats, strict=True):
        yield _parse_entry(entry, told or known or "asff")


def _is_checkov(value: Any) -> bool:
    return isinstance(value, Mapping) and "check_type" in value


def _find_entries(whole: Any) -> list[Any] | None:
    """A list of findings: bare, as the API answers it, as an event has it, several of these, or one alone."""
    if isinstance(whole, list):
        lists = [_find_entries(each) if _holds_list(each) else [each] for each in whole]
        return [entry for some in lists for entry in some or ()]
    if not isinstance(whole, Mapping):
        return None
    for key in ("Findings", "findings"):
        if isinstance(whole.get(key), list):
            return list(whole[key])
    detail = whole.get("detail")
    if isinstance(detail, Mapping):
        return _find_entries(detail)
    return [whole] if _tell_format(whole) else None


def _holds_list(value: Any) -> bool:
    return isinstance(value, Mapping) and any(
        isinstance(value.get(each), list | Mapping) for each in ("Findings", "findings", "detail")
    )


def _tell_format(entry: Any) -> SourceFormat | None:
    if not isinstance(entry, Mapping):
        return None
    if any(each in entry for each in ("class_uid", "finding_info", "category_uid", "activity_id")):
        return "ocsf"
    if any(each in entry for each in ("AwsAccountId", "ProductArn", "GeneratorId", "Resources")):
        return "asff"
    return None


def _parse_entry(entry: Any, format: SourceFormat) -> Parsed:  # noqa: A002 - the field's name
    if not isinstance(entry, Mapping):
        return UnreadFinding("", format, "it is no map")
    try:
        return parse_ocsf(entry) if format == "ocsf" else parse_asff(entry)
    except MalformedFinding as problem:
        return UnreadFinding(problem.id, format, problem.said)
    except RecursionError:
        return UnreadFinding("", format, "it is nested too deeply")


def _tell_twins_apart(rows: Iterable[Parsed]) -> list[Parsed]:
    """Rows of scanners whose tool, rule, path and resource are the same get a number behind their id."""
    seen: Counter[str] = Counter()
    found: list[Parsed] = []
    for row in rows:
        seen[row.id] += 1
        twin = row.format in ("sarif", "checkov", "trivy") and bool(row.id) and seen[row.id] > 1
        found.append(replace(row, id=f"{row.id}-{seen[row.id]}") if twin else row)
        if len(found) > MOST_FINDINGS:
            raise MalformedFinding(f"it holds more than {MOST_FINDINGS:,} findings")
    return found
