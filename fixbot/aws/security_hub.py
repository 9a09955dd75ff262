"""Findings of Security Hub, both versions: read page by page, and a note put on one.

`GetFindings` and `GetFindingsV2` are allowed by `securityhub:GetFindings`, both updates by
`securityhub:BatchUpdateFindings` (botocore's descriptions of the calls). A note is read again right before it
is written: Security Hub has no way to write only where nobody else did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.aws_gateway import AwsGateway
from fixbot.aws.list_pages import PagedCall, iterate_rows
from fixbot.intake.read_findings import MOST_FINDINGS, parse_answers
from fixbot.model.foreign_findings import ForeignFinding, NoteOutcome, SourceFormat, UnreadFinding
from fixbot.text.characters import escape_hidden

HubVersion = Literal["security-hub", "security-hub-v2"]
SERVICE: Final = "securityhub"
LONGEST_NOTE: Final = 512
"""Characters. Source: securityhub, `BatchUpdateFindings` and `BatchUpdateFindingsV2`."""
WRITER: Final = "fixbot"
_OURS: Final = "fixbot: repaired by pull request "
_CALLS: Final = {
    "security-hub": PagedCall(SERVICE, "get_findings", "Findings", "NextToken", "NextToken"),
    "security-hub-v2": PagedCall(SERVICE, "get_findings_v2", "Findings", "NextToken", "NextToken"),
}
_FIELDS: Final = {
    "security-hub": {"account": "AwsAccountId", "region": "Region", "severity": "SeverityLabel"},
    "security-hub-v2": {"account": "cloud.account.uid", "region": "cloud.region"},
}
"""What Security Hub itself leaves out: by fields whose values have one spelling; the rest is done here."""
FORMATS: Final[Mapping[str, SourceFormat]] = {"security-hub": "asff", "security-hub-v2": "ocsf"}


@dataclass(frozen=True, slots=True)
class HubFindings:
    """What was read; `remark` says why that isn't all, and is empty where it is."""

    findings: tuple[ForeignFinding | UnreadFinding, ...]
    remark: str = ""


def read_hub_findings(
    gateway: AwsGateway, version: HubVersion, filters: Mapping[str, Collection[str]]
) -> HubFindings:
    """All findings that pass the filters as far as Security Hub knows them. Raises FixbotError."""
    rows: list[Any] = []
    remark = ""
    try:
        for row in iterate_rows(gateway, _CALLS[version], _build_question(version, filters)):
            rows.append(row)
            if len(rows) >= MOST_FINDINGS:
                remark = (
                    f"{version}: only the first {MOST_FINDINGS:,} findings were read; narrow it with --filter"
                )
                break
    except AwsCallFailed as failed:
        remark = f"{version}: not all findings were read: {failed}"
    return HubFindings(tuple(parse_answers(rows, FORMATS[version])), remark)


def _build_question(version: HubVersion, filters: Mapping[str, Collection[str]]) -> dict[str, Any]:
    known = {
        field: [_spell_value(key, each) for each in sorted(filters[key])]
        for key, field in _FIELDS[version].items()
        if key in filters
    }
    if version == "security-hub":
        wanted: dict[str, Any] = {
            field: [{"Value": value, "Comparison": "EQUALS"} for value in values]
            for field, values in known.items()
        }
    else:
        parts = [
            {
                "StringFilters": [
                    {"FieldName": field, "Filter": {"Value": value, "Comparison": "EQUALS"}}
                    for value in values
                ],
                "Operator": "OR",
            }
            for field, values in known.items()
        ]
        wanted = {"CompositeFilters": parts, "CompositeOperator": "AND"} if parts else {}
    return {"MaxResults": 100, **({"Filters": wanted} if wanted else {})}


def _spell_value(key: str, value: str) -> str:
    return value.upper() if key == "severity" else value.lower()


@dataclass(frozen=True, slots=True)
class HubNotes:
    """Writes notes."""

    gateway: AwsGateway

    def write_note(self, finding: ForeignFinding, text: str, mark: str) -> tuple[NoteOutcome | None, str]:
        """Put `text` on a finding once; `mark` in a note tells that it is there. And why not, if not.

        Another person's words are carried along; where there is no room for them, nothing is written.
        """
        try:
            fresh = self._read_again(finding)
            if fresh is None:
                return "failed", "Security Hub has this finding no more"
            if mark in fresh.note:
                return "there", ""
            note = join_notes(text, fresh)
            if note is None:
                return None, "somebody's note stands there, and both together are too long"
            return self._send_note(fresh, note)
        except AwsCallFailed as failed:
            return "failed", str(failed)

    def _read_again(self, finding: ForeignFinding) -> ForeignFinding | None:
        if finding.format == "asff":
            wanted = {"Id": finding.id, "ProductArn": finding.product_uid}
            filters: dict[str, Any] = {
                key: [{"Value": value, "Comparison": "EQUALS"}] for key, value in wanted.items() if value
            }
            version: HubVersion = "security-hub"
        else:
            field = "metadata.uid" if finding.metadata_uid else "finding_info.uid"
            rule = {"Value": finding.metadata_uid or finding.id, "Comparison": "EQUALS"}
            filters = {"CompositeFilters": [{"StringFilters": [{"FieldName": field, "Filter": rule}]}]}
            version = "security-hub-v2"
        question = {"MaxResults": 100, "Filters": filters}
        rows = list(iterate_rows(self.gateway, _CALLS[version], question, finding.region))
        found = parse_answers(rows, finding.format)
        same = (each for each in found if isinstance(each, ForeignFinding) and _is_same(each, finding))
        return next(same, None)

    def _send_note(self, finding: ForeignFinding, note: str) -> tuple[NoteOutcome | None, str]:
        if finding.format == "asff":
            operation = "batch_update_findings"
            request: dict[str, Any] = {
                "FindingIdentifiers": [{"Id": finding.id, "ProductArn": finding.product_uid}],
                "Note": {"Text": note, "UpdatedBy": WRITER},
            }
            if finding.workflow == "NEW":
                request["Workflow"] = {"Status": "NOTIFIED"}
        else:
            operation, request = "batch_update_findings_v2", {"Comment": note, **_name_in_ocsf(finding)}
        answer = self.gateway.call_service(SERVICE, operation, request, finding.region)
        refused = answer.get("UnprocessedFindings") or []
        if refused:
            code = str(refused[0].get("ErrorCode", "")) if isinstance(refused[0], Mapping) else ""
            return "failed", f"Security Hub did not take it ({code if code.isalnum() else 'no reason given'})"
        return "written", ""


def _is_same(one: ForeignFinding, other: ForeignFinding) -> bool:
    keys = ("id", "account", "product_uid", "metadata_uid")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _name_in_ocsf(finding: ForeignFinding) -> dict[str, Any]:
    if finding.metadata_uid:
        return {"MetadataUids": [finding.metadata_uid]}
    name = {
        "CloudAccountUid": finding.account,
        "FindingInfoUid": finding.id,
        "MetadataProductUid": finding.product_uid,
    }
    return {"FindingIdentifiers": [name]}


def word_note(number: int, url: str, path: str) -> str:
    """What a finding is told; short enough by itself."""
    begin = f"{_OURS}#{number}, {url}: it is merged, and"
    whole = f"{begin} {path} is right now."
    fits = len(whole) <= LONGEST_NOTE and escape_hidden(path) == path
    return whole if fits else f"{begin} the file is right now."


def join_notes(text: str, finding: ForeignFinding) -> str | None:
    """The new note behind what somebody else wrote; None where there is no room for both."""
    parts = finding.note.strip().split("\n\n") if finding.note.strip() else []
    own = not finding.noted_by or finding.noted_by == WRITER
    kept = [each for each in parts if not (own and each.startswith(_OURS))]
    whole = "\n\n".join([*kept, text])
    return whole if len(whole) <= LONGEST_NOTE else None
