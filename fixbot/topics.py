"""What pull requests of each topic are called that hold more than one rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class TopicTitles:
    """A title with `{subject}`, and one with `{count}` and `{folder}`; both count subjects, not findings."""

    one: str
    many: str


TITLES: Final[Mapping[str, TopicTitles]] = MappingProxyType(
    {
        "iam-scope": TopicTitles("Narrow {subject}", "Narrow {count} policies in {folder}"),
        "network": TopicTitles("Narrow the network of {subject}", "Narrow {count} networks in {folder}"),
        "secrets": TopicTitles(
            "Take {subject} out of the file", "Take {count} secrets in {folder} out of the files"
        ),
        "workload-hardening": TopicTitles("Harden {subject}", "Harden {count} workloads in {folder}"),
    }
)
"""By topic; pull requests of any other are titled by how many findings they repair."""
