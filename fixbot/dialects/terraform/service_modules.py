"""The ECS modules of terraform-aws-modules: services with containers by name, volumes by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from fixbot.dialects import ecs
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.dialects.terraform.module_spelling import FIVE, SIX
from fixbot.dialects.terraform.task_definitions import KINDS
from fixbot.edit.change import Change, Put
from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind, UnsetValue
from fixbot.lens import TERRAFORM_SERVICE, Container, Spelling, Task, Volume, text_of, to_snake_case, truth_of
from fixbot.source.project import Inventory

_FLAG = "readonlyRootFilesystem"
DEFAULTS: Final[Mapping[str, bool | UnsetValue]] = MappingProxyType({_FLAG: True, "privileged": False})
"""modules/container-definition/variables.tf, in versions 5 and 6."""

_VERSION = re.compile(r"(?:^|[\s~>=v])(\d+)\.")
_CAMEL = (
    "readonlyRootFilesystem", "portMappings", "mountPoints", "logConfiguration", "linuxParameters",
    "dependsOn", "dockerLabels", "environmentFiles", "extraHosts", "firelensConfiguration",
    "healthCheck", "memoryReservation", "pseudoTerminal", "repositoryCredentials",
    "resourceRequirements", "startTimeout", "stopTimeout", "systemControls", "volumesFrom",
    "workingDirectory",
)  # fmt: skip
_SNAKE = frozenset(map(to_snake_case, _CAMEL))


def choose_spelling(module: Node, container: Node) -> Spelling:
    """How the inputs are named: as the container's own are; else as the module's version has them."""
    names = {entry.key for entry in container.entries}
    if names & set(_CAMEL):
        return SIX
    if names & _SNAKE:
        return FIVE
    source = text_of(module.find_node("source")) or ""
    wanted = text_of(module.find_node("version")) or source.partition("ref=")[2]
    found = _VERSION.search(wanted)
    return FIVE if found is not None and int(found[1]) < 6 else SIX


def read_module_services(
    index: FolderIndex, block: TerraformBlock, reading: Inventory, *, several: bool
) -> None:
    """The service of `//modules/service`, or the `services` of the module's root."""
    if not several:
        _read_module_service(index, block, block.name, block.node, reading)
        return
    services = index.resolve_local(block.node.find_node("services"))
    if services is None:
        return
    if services.kind is not NodeKind.MAP:
        reading.add_unread(block.document, block.node.start, f"the services of {block.address} are computed")
    for entry in services.entries:
        value = index.resolve_local(entry.value)
        if value is None or value.kind is not NodeKind.MAP:
            what = f"the service {entry.key} of {block.address} is computed"
            reading.add_unread(block.document, entry.value.start, what)
        else:
            _read_module_service(index, block, entry.key, value, reading)


def _read_module_service(
    index: FolderIndex, block: TerraformBlock, key: str, node: Node, reading: Inventory
) -> None:
    written = node.find_node("container_definitions")
    if written is None:
        return
    listed = index.resolve_local(written)
    if listed is None or listed.kind is not NodeKind.MAP:
        reading.add_unread(block.document, written.start, f"the containers of {block.address} are computed")
        return
    task = _build_service_task(index, block, key, node)
    defaults = _container_defaults(index, node)
    for position, entry in enumerate(listed.entries):
        value = index.resolve_local(entry.value)
        spelling = choose_spelling(block.node, value) if value is not None else SIX
        if value is None or value.kind is not NodeKind.MAP:
            reading.add_unread(
                block.document, entry.value.start, f"the container {entry.key} of {block.address} is computed"
            )
        elif value.find_node("image") is None:
            reading.add_unread(
                block.document,
                entry.value.start,
                f"the container {entry.key} of {block.address} has no image here",
            )
        else:
            task.containers.append(
                Container(value, task, spelling, position, key=entry.key.strip("()"), defaults=defaults)
            )
    reading.tasks.append(task)


def _build_service_task(index: FolderIndex, block: TerraformBlock, key: str, node: Node) -> Task:
    compatibilities = index.resolve_local(node.find_node("requires_compatibilities"))
    network = index.resolve_local(node.find_node("network_mode"))
    platform = index.resolve_local(node.find_node("runtime_platform"))
    exec_ = truth_of(index.resolve_local(node.find_node("enable_execute_command")))
    address = block.address if node is block.node else f"{block.address}/{key}"
    task = Task(
        block.document.path,
        "ecs",
        "terraform",
        text_of(node.find_node("name")) or key,
        node,
        TERRAFORM_SERVICE,
        address=address,
        workload="service",
        owner=block.node,
        fargate=True if compatibilities is None else ecs.asks_for_fargate(compatibilities),
        windows=ecs.is_windows_family(platform.find_node("operating_system_family"))
        if platform is not None
        else False,
        exec_enabled=None if exec_ is UNKNOWN else exec_ is True,
        network_mode="awsvpc" if network is None else text_of(network),
        execution_role=node.find_node("task_exec_iam_role_arn"),
        region=index.provider_region(),
        daemon=text_of(node.find_node("scheduling_strategy")) == "DAEMON",
    )
    volumes = index.resolve_local(node.find_node("volume"))
    if volumes is None or volumes.kind is NodeKind.MAP:
        task.volumes = tuple(_read_volumes(volumes))
        target = volumes

        def add_volume(name: str) -> Change:
            if target is not None:
                return Put(target, (name,), {})
            return Put(
                node, ("volume", name), {}, ("volume_configuration", "container_definitions", "memory", "cpu")
            )

        task.volume_adder = add_volume
    else:
        task.volumes, task.volumes_reason = None, f"the volumes of {block.address} are computed"
    return task


def _read_volumes(node: Node | None) -> Iterator[Volume]:
    for entry in node.entries if node is not None else ():
        given = {each.key for each in entry.value.entries if each.value.scalar is not None}
        kind = next((kind for name, kind in KINDS.items() if name in given), "bind")
        kind = "host" if "host_path" in given else kind
        yield Volume(text_of(entry.value.find_node("name")) or entry.key, kind, entry.value)


def _container_defaults(index: FolderIndex, node: Node) -> Mapping[str, bool | UnsetValue]:
    """The module's own defaults, or those that a service gives to all of its containers."""
    written = index.resolve_local(node.find_node("container_definition_defaults"))
    if written is None:
        return DEFAULTS
    if written.kind is not NodeKind.MAP:
        return dict.fromkeys(DEFAULTS, UNKNOWN)
    found = dict(DEFAULTS)
    for name in found:
        for spelling in (FIVE, SIX):
            flag = truth_of(written.find_node(spelling.spell_field(name)))
            if flag is not ABSENT and flag is not None:
                found[name] = flag
    return found
