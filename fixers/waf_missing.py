"""A public load balancer without a web ACL passes on what every scanner of the internet tries first."""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import Node
from fixbot.knowledge.ways_out import find_user
from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import EXPLAINED, Rule, Words, by_type, report
from fixbot.rules.context import Context

_NOUNS: Final = ("load balancer", "load balancers")
BALANCER = ResourceType(*_NOUNS, "AWS::ElasticLoadBalancingV2::LoadBalancer", name="Name")
IN_TERRAFORM = ResourceType(*_NOUNS, terraform="aws_lb", name="Name")
MODULE = ResourceType(
    *_NOUNS,
    modules={"terraform-aws-modules/alb/aws": Module(
        {"Attached": "associate_web_acl", "Internal": "internal", "Kind": "load_balancer_type"},
        {"Attached": False, "Internal": ABSENT, "Kind": "application"},
    )},
)  # fmt: skip
_ALB: Final = "metadata.annotations.[alb.ingress.kubernetes.io/{}]"
INGRESS = ResourceType(
    "Ingress", "Ingresses", kubernetes="networking.k8s.io/Ingress",
    marks=("alb.ingress.kubernetes.io/scheme",),
    in_objects={"Scheme": _ALB.format("scheme"), "Acl": _ALB.format("wafv2-acl-arn")},
)  # fmt: skip
ASSOCIATION = (
    ResourceType("web ACL association", "web ACL associations", "AWS::WAFv2::WebACLAssociation",
                 "aws_wafv2_web_acl_association"),
)  # fmt: skip


def find_bare_balancer(balancer: Resource, world: Context) -> Node | None:
    """A load balancer for HTTP on the internet that no association names."""
    if balancer.type == MODULE:
        inner = balancer.slot("Internal").value is True or balancer.slot("Kind").value != "application"
        return None if inner or balancer.slot("Attached").value is not False else balancer.owner
    if balancer.type == INGRESS:
        outside = balancer.slot("Scheme").value == "internet-facing"
        return balancer.owner if outside and balancer.slot("Acl").value is ABSENT else None
    template = balancer.type == BALANCER
    kind = balancer.slot("Type" if template else "LoadBalancerType").value
    scheme = balancer.slot("Scheme" if template else "Internal").value
    if kind not in (ABSENT, "application") or scheme not in (ABSENT, "internet-facing", False):
        return None
    return None if find_user(balancer, ASSOCIATION, world) is not None else balancer.owner


_REPORT: Final = report(
    find_bare_balancer,
    words=Words(problem="answers the internet without a web ACL", change="", effect="", why=""),
    instead="Give it a web ACL of scope REGIONAL with AWSManagedRulesCommonRuleSet, "
    "AWSManagedRulesKnownBadInputsRuleSet, AWSManagedRulesAmazonIpReputationList and a rate rule, each with "
    "OverrideAction Count, and an association. Read its metrics for a week, then let it block. Firewall "
    "Manager may attach one from outside of these files.",
)
rule = Rule(
    title="Put a web ACL before {subject}",
    topic="load-balancer",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ELB.16",), "nist-800-53": ("AC-4(21)",)},
    looks_at=(BALANCER, IN_TERRAFORM, MODULE, INGRESS),
    beside=ASSOCIATION,
    check=by_type(dict.fromkeys((BALANCER, IN_TERRAFORM, MODULE, INGRESS), _REPORT)),
    profiles=EXPLAINED,
    peers={"checkov": ("CKV2_AWS_28",)},
)  # fmt: skip
