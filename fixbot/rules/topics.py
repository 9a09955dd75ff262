"""Topics: what shares one pull request. A topic belongs to what is edited, so that no two edit one thing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from fixbot.text.globs import NamePatterns, tokenize_starred

TOPICS: Final = {
    "workload-hardening": "pod specs and container definitions",
    "images": "image references",
    "secrets": "values in files, and what they become",
    "task-service": "ECS services, clusters, capacity providers",
    "task-roles": "roles that tasks use, and their trust",
    "iam-scope": "statements of identity policies",
    "trust": "trust and resource policies",
    "node": "launch templates, instances, node groups, subnets, machine images",
    "cluster": "EKS clusters and namespaces",
    "registry": "ECR repositories",
    "storage": "buckets",
    "file-system": "EFS",
    "database": "RDS, Aurora, DocumentDB, Neptune, DynamoDB",
    "network": "security groups and VPCs",
    "load-balancer": "load balancers and listeners",
    "logging": "log groups, trails",
    "keys": "KMS",
}
"""Every topic with what it is about."""
Topic = str | Mapping[str, str]
"""One topic, or topics by the type that is edited: `{"AWS::EFS::*": "file-system", "default": "trust"}`."""


def choose_topic(topic: Topic, edited: str) -> str:
    """The topic for an edit of that CloudFormation type (empty for what is no resource)."""
    if isinstance(topic, str):
        return topic
    patterns = [pattern for pattern in topic if pattern != "default"]
    held = tuple(_compile_patterns(tuple(patterns)).holding_patterns(edited))
    chosen = patterns[min(held)] if held else "default"
    return topic.get(chosen) or next(iter(topic.values()))


@lru_cache(maxsize=64)
def _compile_patterns(patterns: tuple[str, ...]) -> NamePatterns:
    return NamePatterns(map(tokenize_starred, patterns))


def names_of(topic: Topic) -> tuple[str, ...]:
    """Every topic that a rule can have."""
    return (topic,) if isinstance(topic, str) else tuple(dict.fromkeys(topic.values()))
