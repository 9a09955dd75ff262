"""A namespace that says no Pod Security level takes any pod; two labels make what falls short of it heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Change, Put
from fixbot.edit.tree import ArgumentMap
from fixbot.knowledge.pod_security import BASELINE, RESTRICTED, find_obstacles
from fixbot.lens import Resource, ResourceType, Task
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.text.command import NAMESPACE, build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_DOMAIN: Final = "pod-security.kubernetes.io"
_HEARD: Final = ("warn", "audit")
_ENFORCED: Final = {
    BASELINE: "pod-security.kubernetes.io/enforce=baseline",
    RESTRICTED: "pod-security.kubernetes.io/enforce=restricted",
}
_SYSTEM: Final = re.compile(
    r"kube-(?:system|node-lease|public|flannel|router)|calico-\w+|tigera-\w+|cilium(?:-\w+)?|istio-\w+|linkerd(?:-\w+)?"
    r"|consul|kuma-\w+|longhorn-\w+|rook-\w+|openebs|ceph-\w+|metallb-\w+|gatekeeper-\w+|kyverno|spire(?:-\w+)?"
)
"""Namespaces of the cluster, and of networks, storage, meshes and policy engines, which need the host."""
SPACE = ResourceType("namespace", "namespaces", terraform="kubernetes_namespace", kubernetes="Namespace")


def find_unlabelled(space: Resource, world: Context) -> Iterator[Found]:
    """A namespace without any of the three labels, or one that hears of nothing (`privileged`)."""
    name = space.slot("metadata.name").value
    if not isinstance(name, str) or _SYSTEM.fullmatch(name):
        return
    labels = space.slot("metadata.labels")
    known = labels.found.entries if labels.found is not None else []
    said = {e.key.rpartition("/")[2]: e.value.value for e in known if e.key.startswith(f"{_DOMAIN}/")}
    muted = any(said.get(each) == "privileged" for each in _HEARD)
    if said and not muted:
        return
    outcome = partial(_choose_outcome, space, name, world) if not muted else _refuse_muted()
    yield Found(
        labels.node, space.title, space.address, "labels",
        f"{space.title} says no Pod Security level: what its pods ask for is checked by nobody",
        outcome, subject=name,
    )  # fmt: skip


def _refuse_muted() -> Manual:
    return Manual(
        "Its label says `privileged`: nothing is heard of. Say `baseline`, and see what is warned of."
    )


def _choose_outcome(space: Resource, name: str, world: Context) -> Outcome:
    """The highest level that all pods of the namespace keep to, of those that stand in the repository."""
    here = space.path.rpartition("/")[0]
    beside = [each for each in world.tasks if each.kind == "k8s" and each.namespace in (name, "")]
    named = (each for each in world.surroundings.namespaces if each[0] == name)
    elsewhere = {folder: needs_node for _, folder, needs_node in sorted(named) if folder != here}
    short = [(each, why) for each in beside for why in find_obstacles(each, BASELINE)]
    if short:
        listed = join_with_and([f"{each.title} {why}" for each, why in short[:3]])
        more = f" (and {len(short) - 3} more)" if len(short) > 3 else ""
        return Manual(
            f"Not even {mark_code(BASELINE)} holds in it: {listed}{more}. Once that is "
            "mended, or has moved to a namespace of its own, the label can be set."
        )
    if doubtful := [folder or "the top folder" for folder, needs_node in elsewhere.items() if needs_node]:
        return Manual(
            f"Pods of it stand in {join_with_and(doubtful[:3])} too, and may need their node. Look which "
            f"level they keep to, then label it with {mark_code(f'{_DOMAIN}/warn')} and "
            f"{mark_code('/audit')}."
        )
    strict = bool(beside) and not elsewhere and all(map(_is_restricted, beside))
    return _label(space, name, RESTRICTED if strict else BASELINE, beside)


def _is_restricted(task: Task) -> bool:
    return next(find_obstacles(task, RESTRICTED), None) is None


def _label(space: Resource, name: str, level: str, beside: list[Task]) -> Outcome:
    labels = space.slot("metadata.labels")
    if labels.why_not or (labels.found is not None and not labels.found.is_known):
        return Refusal("Its labels are computed where the file is used.")
    wanted = {f"{_DOMAIN}/{each}": level for each in _HEARD}
    found = labels.found
    changes: list[Change] = [Put(labels.owner, labels.path, ArgumentMap(wanted))]
    if found is not None:
        changes = [Put(found, (key,), level) for key in wanted]
    one = len(beside) == 1
    looked = (
        f"{len(beside)} of its workloads {'was' if one else 'were'} looked at, and keep{'s' * one} to it."
        if beside
        else "Where no workload stands beside it, `baseline` is what nearly every pod keeps to."
    )
    return Fix(
        tuple(changes), safety=Safety.SAFE, who=space.called,
        before="no level", after=mark_code(level),
        gist=f"What falls short of {mark_code(level)} in {{who}} is warned of, and stands in the audit log.",
        why="Whoever may create pods in {who} can ask for the host's network, disk and privileges, and "
        "nobody hears of it.",
        effect="No pod is rejected: only `enforce` does that. " + looked,
        access="Nobody: pods of {who} are warned about, and not rejected.",
        commands=(
            build_command(
                "kubectl", "label", "--dry-run=server", "--overwrite", "ns", NAMESPACE(name),
                _ENFORCED[level], note="what enforcing the level would reject, once no warning comes",
            ),
        ),
    )  # fmt: skip


rule = Rule(
    title="Watch the Pod Security level of {subject}",
    topic="cluster",
    severity=Severity.LOW,
    controls={"cis-k8s": ("5.2.1",), "nist-800-190": ("4.3.4", "4.4.3")},
    looks_at=SPACE,
    check=find_unlabelled,
    default_safety=Safety.SAFE,
    peers={"kubescape": ("C-0192",)},
    profiles=ESSENTIAL,
)
