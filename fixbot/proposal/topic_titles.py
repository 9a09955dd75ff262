"""What pull requests of each topic are called that hold more than one rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class TopicTitles:
    """A title with `{subject}`, and one with `{count}` and `{folder}`; both count subjects, not findings.

    `{nouns}` is what the subjects are called, where they are all called alike, else resources.
    """

    one: str
    many: str


TITLES: Final[Mapping[str, TopicTitles]] = MappingProxyType(
    {
        "cluster": TopicTitles("Harden {subject}", "Harden {count} {nouns} in {folder}"),
        "database": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "file-system": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "iam-scope": TopicTitles("Narrow {subject}", "Narrow {count} policies in {folder}"),
        "keys": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "load-balancer": TopicTitles("Harden {subject}", "Harden {count} {nouns} in {folder}"),
        "logging": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "network": TopicTitles("Narrow the network of {subject}", "Narrow {count} {nouns} in {folder}"),
        "node": TopicTitles("Harden {subject}", "Harden {count} {nouns} in {folder}"),
        "registry": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "secrets": TopicTitles("Take {subject} out of the file", "Take {count} secrets out of {folder}"),
        "storage": TopicTitles("Protect {subject}", "Protect {count} {nouns} in {folder}"),
        "task-roles": TopicTitles("Narrow {subject}", "Narrow {count} {nouns} in {folder}"),
        "task-service": TopicTitles("Harden {subject}", "Harden {count} {nouns} in {folder}"),
        "trust": TopicTitles("Narrow {subject}", "Narrow {count} policies in {folder}"),
        "workload-hardening": TopicTitles("Harden {subject}", "Harden {count} workloads in {folder}"),
    }
)
"""By topic; pull requests of any other are titled by how many findings they repair."""
