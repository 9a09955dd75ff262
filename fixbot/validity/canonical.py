"""A task as plain data in its API's own names, for validators: what can't be known is UNKNOWN."""

from __future__ import annotations

from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind
from fixbot.lens import Container, Spelling, Task, value_of

_OF_MODULES = frozenset(("volume", "volumes", "networkMode", "requiresCompatibilities", "runtimePlatform"))
"""Inputs of a Terraform module for services that a task definition has as well, with the same meaning."""
_FIELDS = (
    "name", "image", "command", "entryPoint", "environment", "secrets", "logConfiguration", "linuxParameters",
    "mountPoints", "volumesFrom", "privileged", "readonlyRootFilesystem", "user",
)  # fmt: skip
"""What a Terraform module for one container takes and hands on to the API."""
_DATA_KEYS = frozenset(
    ("options", "dockerLabels", "labels", "driverOpts", "systemControls", "nodeSelector", "matchLabels")
)
_BLOCK_LISTS = frozenset((
    "containerDefinitions", "containers", "devices", "env", "envFrom", "environment", "environmentFiles",
    "imagePullSecrets", "inferenceAccelerators", "initContainers", "matchExpressions", "mountPoints",
    "nodeSelectorTerms", "placementConstraints", "portMappings", "ports", "resourceRequirements",
    "secretOptions", "secrets", "systemControls", "tmpfs", "tolerations", "ulimits", "volume",
    "volumeMounts", "volumes", "volumesFrom",
))  # fmt: skip
"""What blocks of HCL stand for an item of; any other block is a map."""


def canonical_task(each: Task) -> dict[str, object]:
    """The task definition with its containers, as `RegisterTaskDefinition` names the fields."""
    data: dict[str, object] = {}
    if each.node is not None:
        found = _canonical_data(each.node, each.spelling)
        data = found if isinstance(found, dict) else {}
    if each.workload == "service":
        data = {key: value for key, value in data.items() if key in _OF_MODULES}
    data.pop("containerDefinitions", None)
    data["containerDefinitions"] = [canonical_container(one) for one in each.containers]
    volumes = data.get("volumes", data.pop("volume", None))
    if isinstance(volumes, dict):  # a module's input: volumes by name
        named = {name: each if isinstance(each, dict) else {} for name, each in volumes.items()}
        volumes = [{"name": name, **each} for name, each in named.items()]
    if isinstance(volumes, list):
        data["volumes"] = volumes
    if each.fargate:
        data.setdefault("requiresCompatibilities", ["FARGATE"])
    return data


def canonical_pod(each: Task) -> dict[str, object]:
    """A pod specification as the Kubernetes API names its fields."""
    found = _canonical_data(each.node, each.spelling) if each.node is not None else {}
    return found if isinstance(found, dict) else {}


def canonical_job(each: Task) -> dict[str, object]:
    """A Batch job definition, as far as its container or its task says it."""
    node, data = each.node, canonical_pod(each)
    single = any(one.node is node for one in each.containers)
    found: dict[str, object] = (
        {"type": "container", "containerProperties": data}
        if single
        else {"ecsProperties": {"taskProperties": [data]}}
    )
    return {**found, "platformCapabilities": ["FARGATE"]} if each.fargate else found


def canonical_container(each: Container) -> dict[str, object]:
    """One container definition; of a Terraform module's inputs, those that the API has as well."""
    found = _canonical_data(each.node, each.spelling)
    data: dict[str, object] = found if isinstance(found, dict) else {}
    if each.spelling.top is None:
        return data
    return {name: data[written] for name in _FIELDS if (written := each.spelling.spell_field(name)) in data}


def _canonical_data(node: Node, spelling: Spelling, *, own: bool = True) -> object:
    if node.tag is not None:
        return UNKNOWN
    match node.kind:
        case NodeKind.MAP:
            data: dict[str, object] = {}
            for entry in node.entries:
                if entry.value.is_nothing:  # the APIs take a null for a field that isn't given
                    continue
                name = spelling.canonical_name(entry.key, own=own)
                if entry.value.style == "body":
                    given = _canonical_data(entry.value, spelling, own=False)
                    listed = data.setdefault(name, [] if name in _BLOCK_LISTS else given)
                    if isinstance(listed, list):
                        listed.append(given)
                elif name in _DATA_KEYS and entry.value.kind is NodeKind.MAP:
                    data[name] = {e.key: value_or_unknown(e.value) for e in entry.value.entries}
                else:
                    data[name] = _canonical_data(entry.value, spelling, own=False)
            return UNKNOWN if _is_intrinsic(node) else data
        case NodeKind.LIST:
            return [_canonical_data(item, spelling, own=False) for item in node.items]
        case _:
            return value_or_unknown(node)


def value_or_unknown(node: Node) -> object:
    """A scalar's value, UNKNOWN for all else."""
    value = value_of(node)
    return UNKNOWN if value is ABSENT else value


def _is_intrinsic(node: Node) -> bool:
    return len(node.entries) == 1 and (
        node.entries[0].key in ("Ref", "Condition") or node.entries[0].key.startswith("Fn::")
    )
