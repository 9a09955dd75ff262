"""Who stands behind a policy, and how each of them gets a tag: services, people by single sign-on, pipelines.

Sources: the guides of IAM Identity Center (attributes for access control) and of IAM (session tags), and
of each service that starts tasks by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_OWN_REQUESTS: Final = (
    "application-autoscaling",
    "autoscaling",
    "backup",
    "codedeploy",
    "dlm",
    "ec2",
    "ecs",
    "eks",
    "elasticbeanstalk",
    "elasticmapreduce",
    "events",
    "imagebuilder",
    "scheduler",
    "spot",
    "spotfleet",
)
"""Services that build the request themselves, for what their owner set up: no person acts there."""
_NAMED: Final = re.compile(
    r"awsservicerolefor|aws-service-role|autoscal|ecs-?(?:instance|service|events|infrastructure)-?role",
    re.IGNORECASE,
)
_CONTROLLERS: Final = re.compile(
    r"(?:ebs|efs)-?csi|karpenter|cluster-?autoscaler|node-?termination|load-?balancer-?controller"
    r"|external-?dns|cloud-?controller|vpc-?cni|velero|\bkops\b|packer",
    re.IGNORECASE,
)
"""What runs in a cluster and works on the EC2 of all of it, by tags of its own."""
_PERMISSION_SETS: Final = ("AWS::SSO::PermissionSet", "aws_ssoadmin_permission_set_inline_policy")
_PIPELINES: Final = re.compile(
    r"token\.actions\.githubusercontent|gitlab|bitbucket|circleci|vstoken\.dev\.azure|buildkite|spacelift"
    r"|app\.terraform\.io",
    re.IGNORECASE,
)


def why_exempt(principals: Collection[str], names: Collection[str], services: Collection[str]) -> str:
    """Why nobody's access is limited: a service acts there by itself; empty where somebody's is.

    `services` are the prefixes of what would be limited.
    """
    called = next((name for name in names if _NAMED.search(name)), None)
    if called is not None:
        return f"by its name, {called} belongs to an AWS service and not to people"
    called = next((name for name in names if _CONTROLLERS.search(name)), None)
    if called is not None and "ecs" not in services:
        return f"by its name, {called} is a controller's, which works on its whole cluster"
    named = [_prefix_of(each) for each in principals]
    if named and all(set(name.split(".")) & set(_OWN_REQUESTS) for name in named):
        return f"only {', '.join(sorted(principals))} can assume this role: a service acts here, not a person"
    return ""


def is_permission_set(written: str) -> bool:
    """Whether a resource's type is that of what people get by single sign-on."""
    return written in _PERMISSION_SETS


def is_pipeline(trust: str) -> bool:
    """Whether a trust policy's text names a provider of pipelines' identities."""
    return _PIPELINES.search(trust) is not None


def _prefix_of(principal: str) -> str:
    return principal.lower().partition(".amazonaws.")[0]
