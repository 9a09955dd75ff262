"""A cluster whose API answers the whole internet is tried from everywhere, with each stolen token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit, Node, NodeKind, Scalar, UnsetValue, Value
from fixbot.knowledge.ingress_rules import EVERYBODY
from fixbot.lens import ABSENT, UNKNOWN, Module, Resource, ResourceType, Slot, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.rules.outcomes import find_hindrance
from fixbot.text.markdown_escape import mark_code

_ABOVE: Final = "ResourcesVpcConfig"
PUBLIC, PRIVATE = f"{_ABOVE}.EndpointPublicAccess", f"{_ABOVE}.EndpointPrivateAccess"
CIDRS: Final = f"{_ABOVE}.PublicAccessCidrs"
_INPUTS: Final = {
    PUBLIC: "endpoint_public_access", PRIVATE: "endpoint_private_access",
    CIDRS: "endpoint_public_access_cidrs",
}  # fmt: skip
_DEFAULTS: Final[dict[str, Scalar | UnsetValue]] = {PUBLIC: False, PRIVATE: True, CIDRS: ABSENT}
_SOURCE: Final = "terraform-aws-modules/eks/aws"
_NOUNS: Final = ("cluster", "clusters")
CLUSTER = ResourceType(
    *_NOUNS, "AWS::EKS::Cluster", "aws_eks_cluster", "eksctl.io/ClusterConfig", name="Name",
    renamed={_ABOVE: "vpc_config"},
    in_objects={PUBLIC: "vpc.clusterEndpoints.publicAccess", PRIVATE: "vpc.clusterEndpoints.privateAccess",
                CIDRS: "vpc.publicAccessCIDRs"},
    modules={_SOURCE: Module(_INPUTS, _DEFAULTS)},
)  # fmt: skip
OLDER = ResourceType(
    *_NOUNS,
    modules={_SOURCE: Module({name: f"cluster_{each}" for name, each in _INPUTS.items()}, _DEFAULTS)},
)
"""Before version 21 the module's inputs have the cluster in front."""


def find_public_endpoints(cluster: Resource, world: Context) -> Iterator[Found]:
    """A cluster whose API answers everybody."""
    if cluster.module is not None and (cluster.type == OLDER) != _is_older(cluster):
        return
    public, cidrs = cluster.slot(PUBLIC), cluster.slot(CIDRS)
    if public.value is False or str(public.value).lower() == "false":
        return
    if public.value is UNKNOWN and public.found is not None:
        yield _build_found(cluster, public, "may answer everybody", partial(_refuse, cluster, public))
        return
    ranges = _list_ranges(cluster, cidrs)
    if ranges is None:
        return
    if not ranges or EVERYBODY & set(ranges):
        outlook = partial(_choose_outcome, cluster, public, cidrs, ranges, world)
        yield _build_found(cluster, cidrs if ranges else public, "answers the whole internet", outlook)


def _build_found(cluster: Resource, at: Slot, what: str, outlook: partial[Outcome]) -> Found:
    return Found(
        at.node, cluster.title, cluster.address, PUBLIC, f"The API of {cluster.title} {what}", outlook,
        subject=cluster.subject,
    )  # fmt: skip


def _is_older(cluster: Resource) -> bool:
    """Whether the first number of the version is below 21; without a version it is the newest."""
    found = re.search(r"\d+", text_of(cluster.node.find_node("version")) or "")
    return found is not None and int(found[0]) < 21


def _list_ranges(cluster: Resource, cidrs: Slot) -> list[str | None] | None:
    """The ranges, None for one that is computed; an empty list for none, None where all are computed."""
    if cidrs.found is None:
        return [] if cidrs.value is ABSENT else None
    if cidrs.found.kind is not NodeKind.LIST or not cidrs.found.is_known:
        return None
    return [text_of(each) or _text_behind(cluster, each) for each in cidrs.found.items]


def _text_behind(cluster: Resource, node: Node) -> str | None:
    value = cluster.follow(node).value
    return value if isinstance(value, str) else None


def _refuse(cluster: Resource, slot: Slot) -> Outcome:
    return find_hindrance(cluster, [slot]) or Refusal(f"{mark_code(slot.written)} is computed.")


def _choose_outcome(
    cluster: Resource, public: Slot, cidrs: Slot, ranges: list[str | None], world: Context
) -> Outcome:
    private = cluster.slot(PRIVATE)
    wanted = [each for each in world.settings.admin_cidrs if ":" not in each]
    alone = world.settings.cluster_endpoint == "private"
    if not wanted and not alone:
        return Manual(
            f"Name the ranges of your people and runners as `admin_cidrs` in the settings, and the API of "
            f"{cluster.title} is narrowed to these ({mark_code(cidrs.written)}); or say `cluster_endpoint: "
            "private` once a VPN, or runners in the VPC, lead to it. In either case "
            f"{mark_code(private.written)} goes on, so that nodes keep their own way."
        )
    kept = [each for each in ranges if each not in EVERYBODY]
    if None in kept and not alone:
        return Refusal(f"Some of {mark_code(cidrs.written)} of {cluster.title} are computed.")
    if (hindrance := find_hindrance(cluster, [public, private] if alone else [private])) is not None:
        return hindrance
    narrowed: list[Value] = [*kept, *(each for each in wanted if each not in kept)]
    try:
        changes: list[Change] = [public.set(value=False)] if alone else [cidrs.set(narrowed)]
        if private.value is not True:
            changes.append(private.set(value=True))
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    who = "its VPC alone" if alone else mark_code(", ".join(map(str, narrowed)))
    return Fix(
        tuple(changes),
        who=cluster.called,
        before="the whole internet",
        after=who,
        gist=f"The API of {{who}} answers {who}, and nodes by its address in the VPC.",
        effect="`kubectl`, pipelines and whatever else asks from elsewhere gets no answer any more. The "
        "cluster stays as it is for its pods.",
        why="Anybody can try a stolen token, or the newest hole of the API server, against {who} from "
        "anywhere, at any time.",
        unknown="From where {who} is asked today isn't in the files; its audit log has the addresses. "
        "Security Hub's EKS.1 asks for no public address at all.",
    )


rule = Rule(
    title="Narrow who reaches the API of {subject}",
    topic="cluster",
    severity=Severity.HIGH,
    controls={"fsbp": ("EKS.1",), "cis-eks": ("5.4.1", "5.4.2"), "nist-800-190": ("4.3.1", "4.3.2"),
              "pci-dss": ("1.4.4",),
              "nist-800-53": ("AC-21", "AC-3", "AC-3(7)", "AC-4", "AC-4(21)", "AC-6", "SC-7", "SC-7(3)",
                              "SC-7(4)", "SC-7(9)", "SC-7(11)", "SC-7(16)", "SC-7(20)", "SC-7(21)")},
    looks_at=(CLUSTER, OLDER),
    check=find_public_endpoints,
    discloses=True,
    peers={"checkov": ("CKV_AWS_38", "CKV_AWS_39"), "trivy": ("AWS-0040", "AWS-0041"),
           "kubescape": ("C-0227", "C-0228")},
)  # fmt: skip
