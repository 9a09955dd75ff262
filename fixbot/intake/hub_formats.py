"""Findings as Security Hub has them: ASFF (GetFindings), and OCSF (GetFindingsV2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from fixbot.intake.field_checks import (
    MalformedFinding,
    check_ownership,
    find_namespace,
    name_resource,
    parse_arn,
    read_account,
    read_control,
    read_id,
    read_list,
    read_map,
    read_region,
    read_sentence,
    read_severity,
    read_tags,
    read_text,
    read_time,
)
from fixbot.model.foreign_findings import ForeignFinding
from fixbot.text.kinds import compact_kind

State = Literal["", "suppressed", "resolved"]
_NAMING: Final = (
    "family", "name", "bucketname", "dbinstanceidentifier", "dbclusteridentifier", "repositoryname",
    "rolename", "policyname", "clustername", "servicename", "groupname", "launchtemplatename",
    "loadbalancername", "functionname",
)  # fmt: skip
"""Details of a resource that hold its name, in small letters; the surest first."""
_BY_NUMBER: Final = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "critical"}
"""`severity_id`. Source: OCSF, base event."""
_CLOSED: Final = {3: "suppressed", 4: "resolved", 5: "resolved", 6: "resolved"}
"""`status_id`: suppressed, resolved, archived, deleted. Source: OCSF, findings category."""


def parse_asff(data: Mapping[str, Any]) -> ForeignFinding:
    """A finding in ASFF. Raises MalformedFinding."""
    name = read_id(data.get("Id"), "Id")
    try:
        return _parse_asff_fields(data, name)
    except MalformedFinding as problem:
        raise MalformedFinding(problem.said, name) from None


def _parse_asff_fields(data: Mapping[str, Any], name: str) -> ForeignFinding:
    resource = _choose_resource(read_list(data.get("Resources"), "Resources"), "Type")
    what = read_id(resource.get("Id"), "Resources[0].Id")
    account = read_account(data.get("AwsAccountId"), "AwsAccountId")
    if not account:
        raise MalformedFinding("AwsAccountId is missing")
    check_ownership(what, account)
    details = _flatten_details(read_map(resource.get("Details"), "Resources[0].Details"))
    kind, names = _identify(what, read_text(resource.get("Type"), "Resources[0].Type"), details)
    compliance = read_map(data.get("Compliance"), "Compliance")
    workflow = read_text(read_map(data.get("Workflow"), "Workflow").get("Status"), "Workflow.Status")
    state, why = _judge_asff(data, compliance, workflow)
    note = read_map(data.get("Note"), "Note")
    severity = read_map(data.get("Severity"), "Severity")
    advice = read_map(read_map(data.get("Remediation"), "Remediation").get("Recommendation"), "Remediation")
    region = read_region(resource.get("Region") or data.get("Region"), "Region")
    return ForeignFinding(
        name, "asff", _find_control(data, compliance),
        read_severity(severity.get("Label")) or _grade_number(severity.get("Normalized")),
        account, region or _region_of(what), what, kind,
        read_time(data.get("FirstObservedAt")) or read_time(data.get("CreatedAt")),
        read_text(data.get("ProductName"), "ProductName"), _render_advice(advice),
        _list_standards(compliance.get("AssociatedStandards"), "StandardsId"),
        _join_names(names, details), _name_containers(details),
        str(details.get("namespace") or find_namespace(what))[:253],
        {**read_tags(details.get("labels")), **read_tags(resource.get("Tags"))},
        state=state, state_reason=why, note=str(note.get("Text") or "")[:2_000],
        noted_by=str(note.get("UpdatedBy") or "")[:200], workflow=workflow,
        product_uid=read_text(data.get("ProductArn"), "ProductArn", 2_048),
    )  # fmt: skip


def _judge_asff(data: Mapping[str, Any], compliance: Mapping[str, Any], workflow: str) -> tuple[State, str]:
    if read_text(data.get("RecordState"), "RecordState") == "ARCHIVED":
        return "resolved", "archived at its source"
    if read_text(compliance.get("Status"), "Compliance.Status") == "PASSED":
        return "resolved", "its control passes"
    if workflow == "RESOLVED":
        return "resolved", "resolved at its source"
    return ("suppressed", "suppressed at its source") if workflow == "SUPPRESSED" else ("", "")


def _find_control(data: Mapping[str, Any], compliance: Mapping[str, Any]) -> str:
    """`ECS.5`; of a finding without it, how its generator ends."""
    if found := read_control(compliance.get("SecurityControlId"), "Compliance.SecurityControlId"):
        return found
    fields = read_map(data.get("ProductFields"), "ProductFields")
    if found := read_control(fields.get("ControlId"), "ProductFields.ControlId"):
        return found
    generator = read_text(data.get("GeneratorId"), "GeneratorId", 2_048)
    return read_control(generator.rpartition("/")[2], "GeneratorId")


def _choose_resource(listed: Sequence[Any], kind: str) -> Mapping[str, Any]:
    """The first resource that is no account: findings name that beside what they are about."""
    rows = [read_map(each, "a resource") for each in listed[:100]]
    if not rows:
        raise MalformedFinding("it names no resource")
    accounts = ("awsaccount", "awsiamuser") if len(rows) > 1 else ()
    return next((each for each in rows if compact_kind(str(each.get(kind, ""))) not in accounts), rows[0])


def _identify(resource: str, type: str, details: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:  # noqa: A002
    """Kind and names: an ARN says both; of an object of Kubernetes its id or the details do."""
    kind, names = name_resource(resource)
    said = details.get("kind")
    if kind or not (isinstance(said, str) or names):
        return kind or compact_kind("" if type.lower() == "other" else type), names
    return compact_kind(said) if isinstance(said, str) else compact_kind(type), names


def _flatten_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `AwsEcsTaskDefinition`, `Other` … by their names in small letters."""
    found: dict[str, Any] = {}
    for inner in details.values():
        for key, value in inner.items() if isinstance(inner, Mapping) else ():
            found.setdefault(str(key).lower(), value)
    return found


def _join_names(names: Sequence[str], details: Mapping[str, Any]) -> tuple[str, ...]:
    told = (details.get(key) for key in _NAMING)
    short = (each for each in told if isinstance(each, str) and 0 < len(each) <= 512)
    return tuple(dict.fromkeys((*names, *short)))


def _name_containers(details: Mapping[str, Any]) -> tuple[str, ...]:
    listed = details.get("containerdefinitions", details.get("containers"))
    rows = listed if isinstance(listed, list) else []
    lower = ({str(k).lower(): v for k, v in row.items()} for row in rows[:200] if isinstance(row, Mapping))
    return tuple(name for row in lower if isinstance(name := row.get("name"), str) and len(name) <= 255)


def _list_standards(value: Any, key: str) -> tuple[str, ...]:
    rows = value if isinstance(value, list) else []
    names = (
        row if isinstance(row, str) else row.get(key) if isinstance(row, Mapping) else None
        for row in rows[:100]
    )
    return tuple(each for each in names if isinstance(each, str) and len(each) <= 512)


def _grade_number(value: Any) -> str:
    """The word for ASFF's older figure, 0 to 100. Source: ASFF, `Severity.Normalized`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        return ""
    bounds = ((0, "informational"), (39, "low"), (69, "medium"), (89, "high"))
    return next((word for most, word in bounds if value <= most), "critical")


def _render_advice(advice: Mapping[str, Any]) -> str:
    said, url = read_sentence(advice.get("Text")), read_sentence(advice.get("Url"))
    return f"{said} {url}".strip() if url.startswith("https://") and url not in said else said


def _region_of(resource: str) -> str:
    arn = parse_arn(resource)
    return arn["region"] if arn is not None else ""


def parse_ocsf(data: Mapping[str, Any]) -> ForeignFinding:
    """A finding in OCSF, any class of the category of findings. Raises MalformedFinding."""
    info, metadata = (
        read_map(data.get("finding_info"), "finding_info"),
        read_map(data.get("metadata"), "metadata"),
    )
    name = read_id(info.get("uid") or metadata.get("uid"), "finding_info.uid")
    try:
        return _parse_ocsf_fields(data, info, metadata, name)
    except MalformedFinding as problem:
        raise MalformedFinding(problem.said, name) from None


def _parse_ocsf_fields(
    data: Mapping[str, Any], info: Mapping[str, Any], metadata: Mapping[str, Any], name: str
) -> ForeignFinding:
    cloud = read_map(data.get("cloud"), "cloud")
    resource = _choose_resource(read_list(data.get("resources"), "resources"), "type")
    what = read_id(resource.get("uid") or resource.get("name"), "resources[0].uid")
    account = read_account(read_map(cloud.get("account"), "cloud.account").get("uid"), "cloud.account.uid")
    if not account:
        raise MalformedFinding("cloud.account.uid is missing")
    check_ownership(what, account)
    data_of = read_map(resource.get("data"), "resources[0].data")
    details = {**_flatten_details(data_of), **{str(k).lower(): v for k, v in data_of.items()}}
    details |= {"namespace": resource.get("namespace", details.get("namespace", ""))}
    kind, names = _identify(what, read_text(resource.get("type"), "resources[0].type"), details)
    compliance = read_map(data.get("compliance"), "compliance")
    product = read_map(metadata.get("product"), "metadata.product")
    state, why = _judge_ocsf(data, compliance)
    remediation = read_map(data.get("remediation"), "remediation")
    links = read_list(remediation.get("references"), "references")
    own = resource.get("name")
    region = read_region(resource.get("region") or cloud.get("region"), "cloud.region")
    return ForeignFinding(
        name, "ocsf", read_control(compliance.get("control"), "compliance.control"),
        read_severity(data.get("severity")) or _BY_NUMBER.get(_read_number(data.get("severity_id")), ""),
        account, region or _region_of(what), what, kind, _read_first_seen(info),
        read_text(product.get("name"), "metadata.product.name"),
        _render_advice({"Text": remediation.get("desc"), "Url": next(iter(links), "")}),
        _list_standards(compliance.get("standards"), "uid"),
        _join_names((*names, own) if isinstance(own, str) and parse_arn(own) is None else names, details),
        _name_containers(details), str(details.get("namespace") or find_namespace(what))[:253],
        {**read_tags(resource.get("labels")), **read_tags(resource.get("tags"))},
        state=state, state_reason=why, note=str(data.get("comment") or "")[:2_000],
        product_uid=read_text(product.get("uid"), "metadata.product.uid", 2_048),
        metadata_uid=read_text(metadata.get("uid"), "metadata.uid", 2_048),
    )  # fmt: skip


def _judge_ocsf(data: Mapping[str, Any], compliance: Mapping[str, Any]) -> tuple[State, str]:
    status = _CLOSED.get(_read_number(data.get("status_id")), "")
    words = str(data.get("status") or "").lower()
    if status == "resolved" or words in ("resolved", "archived", "deleted", "closed"):
        return "resolved", "resolved at its source"
    passed = _read_number(compliance.get("status_id")) == 1
    if passed or str(compliance.get("status") or "").lower() in ("pass", "passed"):
        return "resolved", "its control passes"
    if status == "suppressed" or words == "suppressed":
        return "suppressed", "suppressed at its source"
    return "", ""


def _read_first_seen(info: Mapping[str, Any]) -> str:
    for key in ("first_seen_time", "created_time"):
        if found := read_time(info.get(f"{key}_dt")):
            return found
        number = info.get(key)
        if isinstance(number, int) and 0 < number < 32_503_680_000_000:  # milliseconds up to the year 3000
            return datetime.fromtimestamp(number / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if found := read_time(number):
            return found
    return ""


def _read_number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
