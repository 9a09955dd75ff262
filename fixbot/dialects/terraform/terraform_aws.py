"""The ECS modules of terraform-aws-modules: services with containers by name, volumes by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from fixbot.change import Change, Put
from fixbot.dialects import ecs
from fixbot.dialects.terraform.ecs import KINDS
from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.spelling import FIVE, SIX
from fixbot.lens import TERRAFORM_SERVICE, Container, Spelling, Task, Volume, snake, text_of, truth
from fixbot.project import Reading
from fixbot.tree import ABSENT, UNKNOWN, Kind, Node, Unset

_FLAG = "readonlyRootFilesystem"
DEFAULTS: Final[Mapping[str, bool | Unset]] = MappingProxyType({_FLAG: True, "privileged": False})
"""modules/container-definition/variables.tf, in versions 5 and 6."""

_VERSION = re.compile(r"(?:^|[\s~>=v])(\d+)\.")
_CAMEL = (
    "readonlyRootFilesystem", "portMappings", "mountPoints", "logConfiguration", "linuxParameters",
    "dependsOn", "dockerLabels", "environmentFiles", "extraHosts", "firelensConfiguration",
    "healthCheck", "memoryReservation", "pseudoTerminal", "repositoryCredentials",
    "resourceRequirements", "startTimeout", "stopTimeout", "systemControls", "volumesFrom",
    "workingDirectory",
)  # fmt: skip
_SNAKE = frozenset(map(snake, _CAMEL))


def version(module: Node, container: Node) -> Spelling:
    """How the inputs are named: as the container's own are; else as the module's version has them."""
    names = {entry.key for entry in container.entries}
    if names & set(_CAMEL):
        return SIX
    if names & _SNAKE:
        return FIVE
    source = text_of(module.get("source")) or ""
    wanted = text_of(module.get("version")) or source.partition("ref=")[2]
    found = _VERSION.search(wanted)
    return FIVE if found is not None and int(found[1]) < 6 else SIX


def read_services(index: Index, block: Block, reading: Reading, *, several: bool) -> None:
    """The service of `//modules/service`, or the `services` of the module's root."""
    if not several:
        _service(index, block, block.name, block.node, reading)
        return
    services = index.settled(block.node.get("services"))
    if services is None:
        return
    if services.kind is not Kind.MAP:
        reading.skip(block.document, block.node.start, f"the services of {block.address} are computed")
    for entry in services.entries:
        value = index.settled(entry.value)
        if value is None or value.kind is not Kind.MAP:
            what = f"the service {entry.key} of {block.address} is computed"
            reading.skip(block.document, entry.value.start, what)
        else:
            _service(index, block, entry.key, value, reading)


def _service(index: Index, block: Block, key: str, node: Node, reading: Reading) -> None:
    written = node.get("container_definitions")
    if written is None:
        return
    listed = index.settled(written)
    if listed is None or listed.kind is not Kind.MAP:
        reading.skip(block.document, written.start, f"the containers of {block.address} are computed")
        return
    task = _task(index, block, key, node)
    defaults = _defaults(index, node)
    for position, entry in enumerate(listed.entries):
        value = index.settled(entry.value)
        spelling = version(block.node, value) if value is not None else SIX
        if value is None or value.kind is not Kind.MAP:
            reading.skip(
                block.document, entry.value.start, f"the container {entry.key} of {block.address} is computed"
            )
        elif value.get("image") is None:
            reading.skip(
                block.document,
                entry.value.start,
                f"the container {entry.key} of {block.address} has no image here",
            )
        else:
            task.containers.append(
                Container(value, task, spelling, position, key=entry.key.strip("()"), defaults=defaults)
            )
    reading.tasks.append(task)


def _task(index: Index, block: Block, key: str, node: Node) -> Task:
    compatibilities = index.settled(node.get("requires_compatibilities"))
    network = index.settled(node.get("network_mode"))
    platform = index.settled(node.get("runtime_platform"))
    exec_ = truth(index.settled(node.get("enable_execute_command")))
    address = block.address if node is block.node else f"{block.address}/{key}"
    task = Task(
        block.document.path, "ecs", "terraform", text_of(node.get("name")) or key, node,
        TERRAFORM_SERVICE, address=address, workload="service", owner=block.node,
        fargate=True if compatibilities is None else ecs.fargate(compatibilities),
        windows=ecs.windows(platform.get("operating_system_family")) if platform is not None else False,
        exec_enabled=None if exec_ is UNKNOWN else exec_ is True,
        network_mode="awsvpc" if network is None else text_of(network),
        execution_role=node.get("task_exec_iam_role_arn"), region=index.region(),
        daemon=text_of(node.get("scheduling_strategy")) == "DAEMON",
    )  # fmt: skip
    volumes = index.settled(node.get("volume"))
    if volumes is None or volumes.kind is Kind.MAP:
        task.volumes = tuple(_volumes(volumes))
        target = volumes

        def add(name: str) -> Change:
            if target is not None:
                return Put(target, (name,), {})
            return Put(
                node, ("volume", name), {}, ("volume_configuration", "container_definitions", "memory", "cpu")
            )

        task.volume_adder = add
    else:
        task.volumes, task.volumes_reason = None, f"the volumes of {block.address} are computed"
    return task


def _volumes(node: Node | None) -> Iterator[Volume]:
    for entry in node.entries if node is not None else ():
        given = {each.key for each in entry.value.entries if each.value.scalar is not None}
        kind = next((kind for name, kind in KINDS.items() if name in given), "bind")
        kind = "host" if "host_path" in given else kind
        yield Volume(text_of(entry.value.get("name")) or entry.key, kind, entry.value)


def _defaults(index: Index, node: Node) -> Mapping[str, bool | Unset]:
    """The module's own defaults, or those that a service gives to all of its containers."""
    written = index.settled(node.get("container_definition_defaults"))
    if written is None:
        return DEFAULTS
    if written.kind is not Kind.MAP:
        return dict.fromkeys(DEFAULTS, UNKNOWN)
    found = dict(DEFAULTS)
    for name in found:
        for spelling in (FIVE, SIX):
            flag = truth(written.get(spelling.field(name)))
            if flag is not ABSENT and flag is not None:
                found[name] = flag
    return found
