"""In a namespace without policies every pod reaches every other, the one that was taken over too."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from fixbot.lens import ResourceType, Task
from fixbot.model.findings import Found, Manual, Severity
from fixbot.rules import EXPLAINED, Rule
from fixbot.rules.context import Context

_MARKS: Final = ("NetworkPolicy", "NetworkPolicies")
POLICIES = (
    ResourceType("NetworkPolicy", "NetworkPolicies", "", "kubernetes_network_policy",
                 "networking.k8s.io/NetworkPolicy", marks=_MARKS),
    ResourceType("CiliumNetworkPolicy", "CiliumNetworkPolicies",
                 kubernetes="cilium.io/CiliumNetworkPolicy", marks=_MARKS),
    ResourceType("CiliumClusterwideNetworkPolicy", "CiliumClusterwideNetworkPolicies",
                 kubernetes="cilium.io/CiliumClusterwideNetworkPolicy", marks=_MARKS),
)  # fmt: skip
_WRITE: Final = Manual(
    "Unless one stands in another folder, write a NetworkPolicy for the namespace that selects all pods "
    "and lets "
    "nothing in, and one for each Service that names who may call it and on which port. On EKS the VPC CNI "
    "enforces them once enableNetworkPolicy is true."
)
_SYSTEM: Final = ("kube-system", "kube-public", "kube-node-lease")


def find_open_namespaces(pod: Task, world: Context) -> Iterator[Found]:
    """The first workload of a namespace, as a file has it, for which no policy stands beside it."""
    if pod.spelling.vocabulary != "k8s" or pod.kind == "batch" or pod.namespace in _SYSTEM or pod.partial:
        return
    spaces, folders, everywhere = world.compute_once(find_open_namespaces, lambda: _list_policies(world))
    folder = posixpath.dirname(pod.path)
    if everywhere or (pod.namespace, folder) in folders or (pod.namespace and pod.namespace in spaces):
        return
    first = world.compute_once((find_open_namespaces, pod.namespace, pod.path), lambda: pod)
    if first.address != pod.address or first.path != pod.path or pod.owner is None:
        return
    space = f"the namespace {pod.namespace}" if pod.namespace else "its namespace"
    yield Found(
        pod.owner, pod.title, pod.address, f"namespace {pod.namespace}",
        f"{pod.title} and all others in {space} reach each other on every port",
        _WRITE,
        subject=pod.subject,
    )  # fmt: skip


def _list_policies(world: Context) -> tuple[frozenset[str], frozenset[tuple[str, str]], bool]:
    """The namespaces that have a policy, those of folders, and whether one is for the whole cluster."""
    spaces, folders, everywhere = set(), set(), False
    for each in world.resources:
        if each.type not in POLICIES:
            continue
        everywhere = everywhere or each.type == POLICIES[2]
        space = str(each.slot("metadata.namespace").value) if each.slot("metadata.namespace").found else ""
        spaces.add(space)
        folders.add((space, posixpath.dirname(each.path)))
    return frozenset(spaces), frozenset(folders), everywhere


rule = Rule(
    title="Narrow who reaches the pods of {subject}",
    topic="cluster",
    severity=Severity.MEDIUM,
    controls={"cis-eks": ("4.3.2", "5.4.4"), "cis-k8s": ("5.3.2",), "nist-800-190": ("4.3.3",)},
    looks_at=Task,
    beside=POLICIES,
    check=find_open_namespaces,
    profiles=EXPLAINED,
    peers={"checkov": ("CKV2_K8S_6",), "trivy": ("KSV-0038",), "kube-linter": ("non-isolated-pod",),
           "polaris": ("missingNetworkPolicy",), "kubescape": ("C-0030", "C-0206", "C-0260")},
)  # fmt: skip
