"""Whether ECS and Batch would register a definition, as far as that shows offline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fixbot.edit.tree import ABSENT
from fixbot.validity.fargate import find_container_problems, find_fargate_problems, is_fargate
from fixbot.validity.kubernetes_rules import find_volume_problems
from fixbot.validity.plain_data import (
    find_repeated,
    is_unknown,
    list_maps,
    list_names,
    mapping_or_empty,
    text_or_none,
)
from fixbot.validity.request_shapes import find_request_problems
from fixbot.validity.windows import find_linux_only_definitions, is_windows_task

_HOLE: Final = re.compile(
    r"\$\{[^}]*+(?:\}|\Z)|\{\{[^\n}]*+(?:\}(?!\})[^\n}]*+)*+(?:\}\}|$)|<[^<>]*>|\$\([^)]*+(?:\)|\Z)",
    re.MULTILINE,
)
_SECRET_ARN: Final = re.compile(r"arn:[^:]*:secretsmanager:[^:]*:[^:]*:(?P<rest>.*)\Z", re.DOTALL)
_PARAMETER_ARN: Final = re.compile(r"arn:[^:]*:ssm:[^:]*:[^:]*:parameter/[\w./-]+\Z", re.ASCII)
_PARAMETER: Final = re.compile(r"[\w./-]{1,2048}\Z", re.ASCII)


def find_task_problems(
    task: Mapping[str, object], operation: str = "RegisterTaskDefinition"
) -> tuple[str, ...]:
    """Everything that speaks against registering a task definition, one short line each.

    `task` is a request of that `operation`; what can't be known is `fixbot.edit.tree.UNKNOWN` in it.
    No line holds a value of it, except names of fields, variables, volumes and containers.
    """
    found = [*find_request_problems("ecs", operation, task), *find_cross_problems(task)]
    return tuple(found + list(find_fargate_problems(task)) if is_fargate(task) else found)


def find_cross_problems(task: Mapping[str, object]) -> tuple[str, ...]:
    """What doesn't fit together in a task definition: mounts, names, log options, references."""
    containers = task.get("containerDefinitions")
    found = _check_together("containerDefinitions", containers, task.get("volumes"))
    return (*found, *_check_on_windows(task))


def find_job_problems(job: Mapping[str, object]) -> tuple[str, ...]:
    """Everything that speaks against registering a Batch job definition; see `find_task_problems`."""
    found = [*find_request_problems("batch", "RegisterJobDefinition", job)]
    platforms = job.get("platformCapabilities")
    fargate = isinstance(platforms, list | tuple) and "FARGATE" in platforms
    for where, containers, volumes in _iterate_groups(job):
        found += _check_together(where, containers, volumes)
        for at, container in list_maps(containers) if fargate else ():
            found += find_container_problems(container, f"{where}[{at}]", job=True)
    pod = mapping_or_empty(mapping_or_empty(job.get("eksProperties")).get("podProperties"))
    found += find_volume_problems(pod, "eksProperties.podProperties")
    return tuple(found)


def find_value_from_problem(reference: str) -> str | None:
    """What is wrong with a `valueFrom`, None where it has a form that ECS reads.

    The agent splits a Secrets Manager ARN behind the account and takes two parts (`secret:name`) or
    five (`secret:name:json-key:version-stage:version-id`), nothing else; stage and id exclude each
    other (amazon-ecs-agent agent/taskresource/asmsecret/asmsecret.go). All else is a parameter.
    """
    hole = _HOLE.match(reference)
    if hole is not None:
        behind = _HOLE.sub("x", reference[hole.end() :])
        if behind and re.fullmatch(r"[\w./-]*(?:-\?{6})?", behind.partition(":")[0]) is None:
            return "has a character that no name of a secret or parameter has"
        parts = behind.split(":")[1:]
        return _find_json_key_problem(parts) if len(parts) in (0, 3) or not _ends_arn(reference) else _COLONS
    plain = _HOLE.sub("x", reference)
    secret = _SECRET_ARN.match(plain)
    if secret is not None:
        parts = secret["rest"].split(":")
        return _find_json_key_problem(parts[2:]) if len(parts) in (2, 5) and parts[0] == "secret" else _COLONS
    if _PARAMETER_ARN.match(plain) or (_PARAMETER.match(plain) and not plain.startswith("arn:")):
        return None
    return "is neither the ARN of a secret nor a parameter's name or ARN"


_COLONS: Final = "needs `secret:name` or `secret:name:json-key:version-stage:version-id`, with all colons"


def _ends_arn(reference: str) -> bool:
    return ":" in _HOLE.sub("", reference)


def _find_json_key_problem(parts: list[str]) -> str | None:
    return "names a version stage and a version id" if len(parts) == 3 and parts[1] and parts[2] else None


def _check_on_windows(task: Mapping[str, object]) -> Iterator[str]:
    windows = is_windows_task(task)
    if windows is not False:
        may = "" if windows else ", where this may run"
        yield from (f"{problem}{may}" for problem in find_linux_only_definitions(task))


def _iterate_groups(job: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """The containers of a job that share volumes: (where, containers, volumes)."""
    yield from _iterate_group(job, "", "containerProperties")
    for at, each in list_maps(mapping_or_empty(job.get("nodeProperties")).get("nodeRangeProperties")):
        yield from _iterate_group(each, f"nodeProperties.nodeRangeProperties[{at}].", "container")


def _iterate_group(
    holder: Mapping[str, object], prefix: str, key: str
) -> Iterator[tuple[str, object, object]]:
    single = holder.get(key)
    if isinstance(single, Mapping):
        yield f"{prefix}{key}", [single], single.get("volumes")
    for at, task in list_maps(mapping_or_empty(holder.get("ecsProperties")).get("taskProperties")):
        where = f"{prefix}ecsProperties.taskProperties[{at}].containers"
        yield where, task.get("containers"), task.get("volumes")


def _check_together(where: str, containers: object, volumes: object) -> Iterator[str]:
    beside, known = list_names(containers), list_names(volumes)
    for name in find_repeated(text_or_none(container.get("name")) for _, container in list_maps(containers)):
        yield f"{where}: the name {name} is given twice"
    for name in find_repeated(text_or_none(volume.get("name")) for _, volume in list_maps(volumes)):
        yield f"volumes: the name {name} is given twice"
    for at, container in list_maps(containers):
        place = f"{where}[{at}]"
        yield from _check_mounts(place, container, known)
        yield from _check_shared_mounts(place, container, containers)
        yield from _check_variables(place, container)
        yield from _check_log_options(place, container)
        yield from _check_siblings(place, container, beside)


def _check_mounts(where: str, container: Mapping[str, object], volumes: set[str] | None) -> Iterator[str]:
    mounts = list_maps(container.get("mountPoints"))
    for at, mount in mounts:
        name = text_or_none(mount.get("sourceVolume"))
        if volumes is not None and name is not None and name not in volumes:
            yield f"{where}.mountPoints[{at}]: there is no volume {name}"
    for path in find_repeated(_list_mounted(container)):
        yield f"{where}.mountPoints: {path} is mounted twice"


def _list_mounted(container: Mapping[str, object]) -> list[str | None]:
    """Where a container mounts something of its own: volumes and tmpfs, without slashes at the end.

    Docker refuses a path of both ("Duplicate mount point"). Source: moby, daemon/volumes_unix.go.
    """
    memory = mapping_or_empty(container.get("linuxParameters")).get("tmpfs")
    every = (*list_maps(container.get("mountPoints")), *list_maps(memory))
    paths = (text_or_none(each.get("containerPath")) for _, each in every)
    return [path.rstrip("/") or "/" if path else path for path in paths]


def _check_shared_mounts(where: str, container: Mapping[str, object], beside: object) -> Iterator[str]:
    """A mount over one that `volumesFrom` brings hides what the containers share."""
    sources = {
        text_or_none(each.get("sourceContainer")) for _, each in list_maps(container.get("volumesFrom"))
    }
    brought = {
        path
        for _, other in (list_maps(beside) if sources else ())
        if text_or_none(other.get("name")) in sources
        for path in _list_mounted(other)
    }
    for path in dict.fromkeys(_list_mounted(container)):
        if path is not None and path in brought:
            yield f"{where}.mountPoints: {path} hides what volumesFrom brings there"


def _check_variables(where: str, container: Mapping[str, object]) -> Iterator[str]:
    secrets = list_maps(container.get("secrets"))
    given = [
        text_or_none(each.get("name")) for _, each in (*list_maps(container.get("environment")), *secrets)
    ]
    for name in find_repeated(given):
        yield f"{where}: the variable {name} is set twice"
    yield from _check_references(f"{where}.secrets", secrets)


def _check_log_options(where: str, container: Mapping[str, object]) -> Iterator[str]:
    log = mapping_or_empty(container.get("logConfiguration"))
    secret = list_maps(log.get("secretOptions"))
    options = [key for key, value in mapping_or_empty(log.get("options")).items() if value is not ABSENT]
    for name in find_repeated([*options, *(text_or_none(each.get("name")) for _, each in secret)]):
        yield f"{where}.logConfiguration: the option {name} is given twice"
    yield from _check_references(f"{where}.logConfiguration.secretOptions", secret)


def _check_references(where: str, secrets: Iterable[tuple[int, Mapping[str, object]]]) -> Iterator[str]:
    for at, each in secrets:
        reference = text_or_none(each.get("valueFrom"))
        problem = find_value_from_problem(reference) if reference is not None else None
        if problem is not None:
            yield f"{where}[{at}].valueFrom {problem}"


def _check_siblings(where: str, container: Mapping[str, object], beside: set[str] | None) -> Iterator[str]:
    pairs = (("volumesFrom", "sourceContainer"), ("dependsOn", "containerName"))
    for key, field in pairs if beside is not None else ():
        for at, each in list_maps(container.get(key)):
            name = text_or_none(each.get(field))
            if name is not None and name not in (beside or ()) and not is_unknown(name):
                yield f"{where}.{key}[{at}]: there is no container {name}"
