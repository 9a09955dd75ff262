"""A policy as a file has it and as a proposal leaves it, for whoever asks AWS about the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fixbot.edit.tree import Value


@dataclass(frozen=True, slots=True)
class ChangedPolicy:
    """One policy that one proposal changes. Values that something else fills in are as the file has them.

    `roles` are the names or ARNs of the roles that have it, as far as the files say them; `logical` are
    those roles' own names in their template or their addresses in Terraform.
    """

    proposal: str
    path: str
    address: str
    name: str
    kind: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    roles: tuple[str, ...] = ()
    logical: tuple[str, ...] = ()
