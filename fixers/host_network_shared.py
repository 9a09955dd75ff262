"""On the network of its machine a pod reaches what listens there for the machine alone, past every policy."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Change, Drop
from fixbot.edit.tree import UNKNOWN, Node, NodeKind
from fixbot.knowledge.host_signals import refuse_node_work
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import ResourceType, Task, text_of, value_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Outlook, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

SERVICE = ResourceType(
    "Service",
    "Services",
    terraform="kubernetes_service",
    kubernetes="Service",
    marks=("kind: Service", '"Service"', 'kind: "Service'),
)
_INGRESS: Final = re.compile(
    r"ingress|traefik|haproxy|contour|envoy|istio|gateway|metallb|kube-vip|keepalived"
)
_OWN: Final = "ClusterFirstWithHostNet"
_PORT: Final = re.compile(r"[1-9]\d*")


def find_shared_networks(task: Task, world: Context) -> Iterator[Found]:
    """A pod on its node's network or with one of its ports; a task on its instance's."""
    if task.spelling.vocabulary == "k8s":
        yield from _find_in_pod(task, world)
    elif task.kind == "ecs" and task.workload not in ("daemon", "Express service"):
        yield from _find_in_task(task)


def _find_in_pod(pod: Task, world: Context) -> Iterator[Found]:
    said = pod.followed("hostNetwork")
    ports = [each for container in pod.containers for each in _list_host_ports(container.node, pod)]
    if said is not None and str(said.value).lower() == "true":
        node = pod.get("hostNetwork") or said.node
        outlook = partial(_choose_outcome, pod, [node], ports, world)
        yield _build_found(pod, node, "hostNetwork", "uses the network of its node", outlook)
    elif ports:
        number = text_of(ports[0]) or "computed"
        outlook = partial(_choose_outcome, pod, [], ports, world)
        yield _build_found(
            pod, ports[0], f"hostPort {number}", f"takes port {number} of its node", outlook, Severity.MEDIUM
        )


def _list_host_ports(container: Node, pod: Task) -> Iterator[Node]:
    for item in container.list_items(pod.spelling.spell_field("ports")):
        node = item.find_node(pod.spelling.key("hostPort")) if item.kind is NodeKind.MAP else None
        if node is not None and (value_of(node) is UNKNOWN or _PORT.fullmatch(text_of(node) or "")):
            yield node


def _build_found(
    task: Task, node: Node, wrong: str, what: str, outlook: Outlook, severity: Severity | None = None
) -> Found:
    return Found(
        node, task.title, task.address, wrong, f"{task.title} {what}", outlook,
        subject=task.subject, severity=severity,
    )  # fmt: skip


def _choose_outcome(pod: Task, network: list[Node], ports: list[Node], world: Context) -> Outcome:
    if (kept := refuse_node_work(pod)) is not None:
        return kept
    if any(value_of(each) is UNKNOWN or not each.is_known for each in (*network, *ports)):
        return Refusal(f"What {pod.title} has of its node's network is filled in elsewhere.")
    if said := next((c.name for c in pod.containers if _INGRESS.search(f"{c.name} {c.image or ''}")), None):
        return Refusal(f"{said} looks like what takes requests in for all, on ports of its node.")
    service = find_service(pod, world)
    if ports and service is None:
        return Refusal(
            f"No Service here leads to {pod.title}, so what talks to it uses the node's port "
            f"{text_of(ports[0])}. Make one, or name the pod's own address there."
        )
    changes: list[Change] = [Drop(each) for each in (*network, *ports)]
    policy = pod.get("dnsPolicy") if network else None
    if policy is not None and text_of(policy) == _OWN:
        changes.append(Drop(policy))
    through = f"{mark_code(service)} leads to {{who}} as before; " if service else ""
    return Fix(
        tuple(changes),
        who=pod.called,
        before="its node's network" if network else "a port of its node",
        after="an address of its own",
        gist="{who} {has|have} an address of {its|their} own, and no port of the node.",
        effect=f"{through}what asks the node's own address for it finds nothing any more: scrapers, health "
        "checks, firewall rules.".capitalize(),
        why="Code in {who} reaches what listens on the node for the node alone: the kubelet, the metadata "
        "with the node's credentials, agents without a password. No NetworkPolicy holds for it.",
        unknown="Who uses the node's address to reach {who} isn't in the files.",
        rollout=describe_rollout(pod),
    )


def find_service(pod: Task, world: Context) -> str | None:
    """The name of a Service beside a pod whose selector its labels meet."""
    folder = posixpath.dirname(pod.path)

    def list_selectors() -> list[tuple[str, dict[str, str | None]]]:
        nodes = (
            (each.name, each.node.find_node("spec", "selector"))
            for each in world.resources
            if each.type == SERVICE and posixpath.dirname(each.path) == folder
        )
        return [(name, {e.key: text_of(e.value) for e in node.entries}) for name, node in nodes if node]

    labels = _labels_of(pod)
    for name, wanted in world.compute_once((find_service, folder), list_selectors):
        if wanted and None not in wanted.values() and wanted.items() <= labels.items():
            return name
    return None


def _labels_of(pod: Task) -> dict[str, str | None]:
    """The labels of a pod, which stand beside its spec."""
    around = pod.node.parent if pod.node is not None else None
    found = around.find_node("metadata", "labels") if around is not None else None
    return {each.key: text_of(each.value) for each in found.entries} if found is not None else {}


def _find_in_task(task: Task) -> Iterator[Found]:
    said = task.followed("networkMode")
    if said is not None and said.value == "host":
        yield _build_found(task, said.node, "host", "uses the network of its instance", Manual(_WAY))
        return
    absent = task.get("networkMode") is None and task.node is not None and task.network_mode is None
    bridge = said is not None and said.value == "bridge"
    if task.fargate or task.windows is not False or task.partial or task.workload != "task":
        return
    if (bridge or absent) and (task.node is not None and not _is_fragment(task)):
        node = said.node if said is not None else task.containers[0].node if task.containers else task.node
        yield _build_found(
            task, node, "bridge", "shares one security group with all tasks of its instance (bridge)",
            Manual(_WAY), Severity.LOW,
        )  # fmt: skip


def _is_fragment(task: Task) -> bool:
    """Whether only containers are known, and what they belong to is not."""
    return task.get("family") is None and task.dialect == "ecs"


_WAY: Final = (
    "Set networkMode to awsvpc and take every hostPort away; give its services NetworkConfiguration with "
    "subnets and a security group of their own, and target groups of type ip, which are made anew. An "
    "instance holds few such tasks without the account setting awsvpcTrunking."
)
rule = Rule(
    title="Take {subject} off the network of the host",
    topic="workload-hardening",
    severity=Severity.HIGH,
    controls={"fsbp": ("ECS.17",), "cis-eks": ("4.2.4",), "cis-k8s": ("5.2.5", "5.2.12"),
              "pss-baseline": ("hostNetwork", "hostPort"), "nist-800-190": ("4.3.3", "4.4.2"),
              "nist-800-53": ("AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6")},
    looks_at=Task,
    beside=(SERVICE,),
    check=find_shared_networks,
    peers={"checkov": ("CKV_K8S_19", "CKV_K8S_26"), "trivy": ("KSV-0009", "KSV-0024"),
           "kube-linter": ("host-network",), "polaris": ("hostNetworkSet", "hostPortSet"),
           "kubescape": ("C-0041", "C-0044")},
)  # fmt: skip
