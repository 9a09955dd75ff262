"""One thing that was read: a workload, a policy or a resource, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """`kind` is `workload`, `policy` or what a resource is (`S3 bucket`); `line` counts from 1."""

    kind: str
    path: str
    line: int
    resource: str
