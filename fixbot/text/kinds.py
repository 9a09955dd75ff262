"""Types of resources, and names of checks, as one word, however a dialect, an API or a tool spells them."""

from __future__ import annotations

import re
from typing import Final

_OTHERWISE: Final = (
    ("awselbv2", "awselasticloadbalancingv2"),
    ("awselbloadbalancer", "awselasticloadbalancingloadbalancer"),
)
_ALIKE: Final = {
    "awsiammanagedpolicy": "awsiampolicy",
    "awssecuritygroup": "awsec2securitygroup",
    "awsdefaultsecuritygroup": "awsec2securitygroup",
    "awsinstance": "awsec2instance",
    "awsebsvolume": "awsec2volume",
    "awslaunchtemplate": "awsec2launchtemplate",
    "awsdbinstance": "awsrdsdbinstance",
    "awsrdscluster": "awsrdsdbcluster",
    "awsdocdbdbcluster": "awsrdsdbcluster",
    "awsdocdbcluster": "awsrdsdbcluster",
    "awsneptunedbcluster": "awsrdsdbcluster",
    "awsneptunecluster": "awsrdsdbcluster",
    "awscloudwatchloggroup": "awslogsloggroup",
    "awslb": "awselasticloadbalancingv2loadbalancer",
    "awsalb": "awselasticloadbalancingv2loadbalancer",
    "awslaunchconfiguration": "awsautoscalinglaunchconfiguration",
    "awsvpc": "awsec2vpc",
    "awssubnet": "awsec2subnet",
}
"""Other names of types, and Security Hub's; clusters of databases have ARNs of one service."""


def compact_kind(name: str) -> str:
    """`AwsEcsTaskDefinition`, `AWS::ECS::TaskDefinition` and `aws_ecs_task_definition` as one word."""
    word = re.sub(r"[^a-z0-9]", "", name.lower())[:80]
    for short, long in _OTHERWISE:
        if word.startswith(short):
            word = long + word.removeprefix(short)
    return _ALIKE.get(word, word)


def normalize_check(name: str) -> str:
    """`AVD-KSV-0014` and `KSV014` are one check, and so are `runAsPrivileged` and `run-as-privileged`."""
    word = re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("avd")
    return re.sub(r"(?<=[a-z])0+(?=\d)", "", word)
