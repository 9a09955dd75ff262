"""What other tools and AWS found, and what became of each: strangers' words, checked where they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

SourceFormat = Literal["asff", "ocsf", "sarif", "checkov", "trivy"]
SourceOutcome = Literal[
    "matched", "ambiguous", "no-file", "no-rule", "clean", "suppressed", "resolved", "unread"
]
MatchedBy = Literal["stack", "state", "tag", "name", "label"]
Confidence = Literal["certain", "likely"]
NoteOutcome = Literal["written", "there", "failed"]

FILTERS: Final = ("account", "region", "severity", "control", "product", "standard", "id")
"""What findings can be chosen by."""
SEVERITIES: Final = ("informational", "low", "medium", "high", "critical")
"""From the least."""


@dataclass(frozen=True, slots=True)
class ForeignFinding:
    """One finding from outside; what it doesn't say is empty.

    `control` is what its tool calls the check (`ECS.5`, `CKV_AWS_336`), `resource` an ARN or the tool's own
    name for it, `kind` its type in small letters and digits (`awsecstaskdefinition`). `path`, `line` and
    `last_line` are there where the tool looked at files. `names` are what the resource is called, the
    surest first. `state` is what its source says is done with it, and `note` what stands there by whom.
    """

    id: str
    format: SourceFormat
    control: str = ""
    severity: str = ""
    account: str = ""
    region: str = ""
    resource: str = ""
    kind: str = ""
    first_seen: str = ""
    product: str = ""
    advice: str = ""
    standards: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    namespace: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags and labels."""
    path: str = ""
    line: int = 0
    last_line: int = 0
    state: Literal["", "suppressed", "resolved"] = ""
    state_reason: str = ""
    note: str = ""
    noted_by: str = ""
    workflow: str = ""
    product_uid: str = ""
    """The ARN of the product (ASFF), or its uid (OCSF): with account and id it names the finding."""
    metadata_uid: str = ""


@dataclass(frozen=True, slots=True)
class UnreadFinding:
    """An entry that is no finding as its format has it. `id` is its own, or empty."""

    id: str
    format: SourceFormat
    reason: str


@dataclass(frozen=True, slots=True)
class ResourcePlace:
    """A resource, workload or policy of the files, and what the rules say of it.

    `kinds` are its types as `ForeignFinding.kind` has them. `address` is its logical id, its address in
    Terraform, or its kind and name; `names` are those that AWS or Kubernetes knows it by, as far as the
    files say.
    `accounts` are those of the roles that it, or else its file, names; `traces` are identifiers of taggers.
    `rules` are those that look at it, `unjudged` those of them without an opinion.
    """

    path: str
    dialect: str
    address: str
    title: str
    kinds: frozenset[str]
    names: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    """Those of the names that no variable gives: it is called nothing else."""
    containers: frozenset[str] = frozenset()
    namespace: str = ""
    accounts: frozenset[str] = frozenset()
    traces: frozenset[str] = frozenset()
    lines: tuple[tuple[str, int, int], ...] = ()
    """(path, first line, last line) of all that it is written in."""
    rules: frozenset[str] = frozenset()
    problems: tuple[tuple[str, str], ...] = ()
    """(rule, finding)."""
    unjudged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SourceCandidate:
    """A place that a finding may be about."""

    path: str
    resource: str
    by: MatchedBy


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A finding from outside and what became of it; the fields are those of the contract.

    `findings` are all of fixbot's own that it is about, `finding` the first of them.
    """

    id: str
    format: SourceFormat
    outcome: SourceOutcome
    control: str | None = None
    severity: str | None = None
    account: str | None = None
    region: str | None = None
    resource: str | None = None
    first_seen: str | None = None
    path: str | None = None
    finding: str | None = None
    by: MatchedBy | None = None
    confidence: Confidence | None = None
    candidates: tuple[SourceCandidate, ...] = ()
    reason: str | None = None
    note: NoteOutcome | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CitedSource:
    """What a proposal says of a finding from outside that it resolves."""

    id: str
    control: str
    severity: str
    account: str
    region: str
    resource: str
    first_seen: str


def grade_severity(label: str | None) -> int:
    """How bad that is, from 0 where nothing says."""
    return SEVERITIES.index(label) + 1 if label in SEVERITIES else 0


def rank_cited(cited: Sequence[CitedSource]) -> tuple[int, int]:
    """What comes first: the gravest finding, then whatever resolves most of them."""
    return -max((grade_severity(each.severity) for each in cited), default=0), -len(cited)
