"""What Fargate refuses though the API's shapes and cfn-lint let it pass.

Source: Amazon ECS developer guide, task definition differences for Fargate (fargate-tasks-services); it takes
`tmpfs` since January 2026 (aws/containers-roadmap 736), AWS Batch on Fargate does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from fixbot.edit.tree import ABSENT
from fixbot.validity.plain_data import is_flag_on, is_unknown, list_maps, mapping_or_empty

_CONTAINER: Final = (
    "dockerSecurityOptions",
    "links",
    "extraHosts",
    "dnsServers",
    "dnsSearchDomains",
    "disableNetworking",
)
_LINUX: Final = ("devices", "sharedMemorySize", "maxSwap", "swappiness")
_CAPABILITIES: Final = frozenset({"SYS_PTRACE"})
_LOG_DRIVERS: Final = frozenset({"awslogs", "splunk", "awsfirelens"})


def is_fargate(task: Mapping[str, object]) -> bool:
    """Whether a task definition says that it runs on Fargate."""
    wanted = task.get("requiresCompatibilities")
    return isinstance(wanted, list | tuple) and "FARGATE" in wanted


def find_fargate_problems(task: Mapping[str, object]) -> tuple[str, ...]:
    """What Fargate refuses in a task definition, one line each, whatever its requiresCompatibilities."""
    return (*_check_task(task), *_check_volumes(task), *_check_containers(task))


def find_container_problems(
    container: Mapping[str, object], where: str, *, job: bool = False
) -> Iterator[str]:
    """What Fargate refuses in one container definition; `where` names it, `job` says that it is Batch's."""
    if job and _is_set(mapping_or_empty(container.get("linuxParameters")).get("tmpfs")):
        yield f"{where}.linuxParameters.tmpfs is not supported by AWS Batch on Fargate"
    if is_flag_on(container.get("privileged")):
        yield f"{where}.privileged is not supported on Fargate"
    for key in _CONTAINER:
        if _is_set(container.get(key)):
            yield f"{where}.{key} is not supported on Fargate"
    yield from _check_linux(mapping_or_empty(container.get("linuxParameters")), f"{where}.linuxParameters")
    for _, need in list_maps(container.get("resourceRequirements")):
        if need.get("type") == "GPU":
            yield f"{where}.resourceRequirements: Fargate has no GPU"
    driver = mapping_or_empty(container.get("logConfiguration")).get("logDriver")
    if isinstance(driver, str) and driver not in _LOG_DRIVERS:
        yield f"{where}.logConfiguration.logDriver: Fargate knows {', '.join(sorted(_LOG_DRIVERS))} only"
    for at, port in list_maps(container.get("portMappings")):
        outside, inside = port.get("hostPort"), port.get("containerPort")
        if isinstance(outside, int) and isinstance(inside, int) and outside not in (0, inside):
            yield f"{where}.portMappings[{at}].hostPort must be the containerPort on Fargate"


def _check_linux(linux: Mapping[str, object], where: str) -> Iterator[str]:
    for key in _LINUX:
        if _is_set(linux.get(key)):
            yield f"{where}.{key} is not supported on Fargate"
    added = mapping_or_empty(linux.get("capabilities")).get("add")
    for name in added if isinstance(added, list | tuple) else ():
        if isinstance(name, str) and name not in _CAPABILITIES:
            yield f"{where}.capabilities.add: Fargate can add SYS_PTRACE only, not {name}"


def _check_task(task: Mapping[str, object]) -> Iterator[str]:
    mode = task.get("networkMode", ABSENT)
    if not is_unknown(mode) and mode != "awsvpc":
        yield "networkMode must be awsvpc on Fargate"
    for key in ("ipcMode", "placementConstraints", "inferenceAccelerators"):
        if _is_set(task.get(key)):
            yield f"{key} is not supported on Fargate"
    if task.get("pidMode") == "host":
        yield "pidMode host is not supported on Fargate"
    for key in ("cpu", "memory"):
        if task.get(key, ABSENT) in (ABSENT, None):
            yield f"{key} of the task is missing, and Fargate needs it"


def _check_volumes(task: Mapping[str, object]) -> Iterator[str]:
    for at, volume in list_maps(task.get("volumes")):
        for key in ("dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"):
            if _is_set(volume.get(key)):
                yield f"volumes[{at}].{key} is not supported on Fargate"
        if _is_set(mapping_or_empty(volume.get("host")).get("sourcePath")):
            yield f"volumes[{at}].host.sourcePath is not supported on Fargate"


def _check_containers(task: Mapping[str, object]) -> Iterator[str]:
    for at, container in list_maps(task.get("containerDefinitions")):
        yield from find_container_problems(container, f"containerDefinitions[{at}]")


def _is_set(value: object) -> bool:
    """Whether something is asked for: empty lists, zeroes of unset numbers and false are not."""
    return not is_unknown(value) and value is not ABSENT and value not in (None, False, "", [], {}, ())
