"""What runs against what files say: the tasks of the files, and rows that tell where the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Direction = Literal["weaker", "stronger", "other"]
Verdict = Literal["file-newer", "by-hand", "pipeline", "unknown"]
SECURITY_FLAGS: Final = ("privileged", "readonlyRootFilesystem", "interactive", "pseudoTerminal")
SECURITY_TEXTS: Final = ("user", "logConfiguration.logDriver")
SECURITY_LISTS: Final = (
    "linuxParameters.capabilities.add", "linuxParameters.capabilities.drop", "dockerSecurityOptions",
)  # fmt: skip
TASK_FIELDS: Final = ("networkMode", "pidMode", "ipcMode", "taskRoleArn", "executionRoleArn")
FieldValue = str | bool | tuple[str, ...] | None
"""A field's value; None where nothing is written."""


@dataclass(frozen=True, slots=True)
class SecurityFields:
    """The security fields of a container or a task, by the names of the ECS API; without what isn't known.

    `image` is the container's, where the file says it.
    """

    title: str
    fields: Mapping[str, FieldValue]
    image: str = ""


@dataclass(frozen=True, slots=True)
class FileTask:
    """One task definition of a file, with what it says outright."""

    family: str
    path: str
    account: str | None
    region: str | None
    own: SecurityFields
    containers: Mapping[str, SecurityFields]
    whole: bool = True
    """Whether these are all of its containers."""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One field that is another one in AWS than in the file; `running` is what AWS has."""

    service: str
    family: str
    account: str
    region: str
    path: str
    resource: str
    field: str
    file: FieldValue
    running: FieldValue
    direction: Direction
    verdict: Verdict = "unknown"
    proposal: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOutContainer:
    """A container that something else puts beside a task's own."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything that was compared; a line of `remarks` for each call that was refused."""

    drift: tuple[DriftRow, ...] = ()
    left_out: tuple[LeftOutContainer, ...] = ()
    unmatched: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default=())
