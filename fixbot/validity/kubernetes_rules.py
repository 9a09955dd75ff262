"""Whether the API server takes a pod: its own rules beyond the schema, as far as fixes touch them.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fixbot.edit.tree import ABSENT
from fixbot.validity.plain_data import (
    find_repeated,
    is_flag_on,
    is_unknown,
    list_maps,
    list_names,
    mapping_or_empty,
    text_or_none,
)
from fixbot.validity.windows import find_linux_only, is_windows_pod

_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_CAPABILITIES: Final = frozenset(
    {
        "ALL",
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "BPF",
        "CHECKPOINT_RESTORE",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "PERFMON",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "SYSLOG",
        "WAKE_ALARM",
    }
)
_DEEPEST: Final = 8
_Pod = tuple[str, Mapping[str, object], set[str]]


def find_pod_problems(pod: Mapping[str, object], where: str = "spec") -> tuple[str, ...]:
    """What speaks against a pod specification, one short line each; `where` names it.

    What can't be known is `fixbot.edit.tree.UNKNOWN` in it. No line holds a variable's value.
    """
    found = [*find_volume_problems(pod, where)]
    every = [each for key in _CONTAINERS for _, each in list_maps(pod.get(key))]
    called = find_repeated(text_or_none(each.get("name")) for each in every)
    found += [f"{where}: two containers are called {name}" for name in called]
    for key in _CONTAINERS:
        for at, each in list_maps(pod.get(key)):
            place = f"{where}.{key}[{at}]"
            found += [*_check_environment(each, place), *_check_security(each, pod, place)]
    windows = is_windows_pod(pod)
    if windows is not False:
        may = "" if windows else ", where this may run"
        found += [f"{problem}{may}" for problem in find_linux_only(pod, where)]
    return tuple(found)


def find_object_problems(manifest: Mapping[str, object]) -> tuple[str, ...]:
    """The problems of every pod specification in an object: a pod, a workload, a list, a custom resource."""
    return tuple(
        problem for where, pod, claims in _find_pods(manifest) for problem in _add_claims(pod, claims, where)
    )


def find_volume_problems(pod: Mapping[str, object], where: str) -> Iterator[str]:
    """Mounts without a volume, paths mounted twice, volumes of one name or of an impossible one."""
    known = list_names(pod.get("volumes"))
    for at, volume in list_maps(pod.get("volumes")):
        name = text_or_none(volume.get("name"))
        if name is not None and not _LABEL.match(name):
            yield f"{where}.volumes[{at}]: the name must be at most 63 small letters, digits, inner hyphens"
    for name in find_repeated(
        text_or_none(volume.get("name")) for _, volume in list_maps(pod.get("volumes"))
    ):
        yield f"{where}.volumes: the name {name} is given twice"
    for key in _CONTAINERS:
        for at, container in list_maps(pod.get(key)):
            mounts = list_maps(container.get("volumeMounts"))
            for index, mount in mounts:
                name = text_or_none(mount.get("name"))
                if known is not None and name is not None and name not in known:
                    yield f"{where}.{key}[{at}].volumeMounts[{index}]: there is no volume {name}"
            devices = list_maps(container.get("volumeDevices"))
            paths = [text_or_none(mount.get("mountPath")) for _, mount in mounts]
            for path in find_repeated([*paths, *(text_or_none(one.get("devicePath")) for _, one in devices)]):
                yield f"{where}.{key}[{at}].volumeMounts: {path} is mounted twice"


def _find_pods(value: object, where: str = "", depth: int = 0) -> Iterator[_Pod]:
    """Every map called `spec` that lists containers, with the volumes that claims will add to it."""
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return
    for key in ("spec", "template", "jobTemplate", "podTemplate"):
        inner = value.get(key)
        place = f"{where}.{key}" if where else key
        if key == "spec" and isinstance(inner, Mapping) and isinstance(inner.get("containers"), list | tuple):
            yield place, inner, set()
        else:
            claims = {
                text_or_none(mapping_or_empty(each.get("metadata")).get("name"))
                for _, each in list_maps(mapping_or_empty(inner).get("volumeClaimTemplates"))
            }
            for path, pod, more in _find_pods(inner, place, depth + 1):
                yield path, pod, more | {name for name in claims if name}
    for at, item in list_maps(value.get("items")):
        yield from _find_pods(item, f"{where}items[{at}]", depth + 1)


def _add_claims(pod: Mapping[str, object], claims: set[str], where: str) -> tuple[str, ...]:
    volumes = pod.get("volumes")
    if claims and (volumes is None or isinstance(volumes, list | tuple)):
        there = list_names(volumes) or set()
        pod = {**pod, "volumes": [*(volumes or ()), *({"name": name} for name in sorted(claims - there))]}
    return find_pod_problems(pod, where)


def _check_environment(container: Mapping[str, object], where: str) -> Iterator[str]:
    variables = list_maps(container.get("env"))
    for name in find_repeated(text_or_none(each.get("name")) for _, each in variables):
        yield f"{where}.env: {name} is set twice"
    for at, each in variables:
        source = each.get("valueFrom", ABSENT)
        if source is not ABSENT and each.get("value", "") not in ("", None, ABSENT):
            yield f"{where}.env[{at}] has a value and a valueFrom"
        reference = mapping_or_empty(source).get("secretKeyRef")
        if isinstance(reference, Mapping):
            for key in ("name", "key"):
                if reference.get(key) in (None, "", ABSENT):
                    yield f"{where}.env[{at}].valueFrom.secretKeyRef.{key} is missing"


def _check_security(container: Mapping[str, object], pod: Mapping[str, object], where: str) -> Iterator[str]:
    context = mapping_or_empty(container.get("securityContext"))
    above = mapping_or_empty(pod.get("securityContext"))
    place = f"{where}.securityContext"
    capabilities = mapping_or_empty(context.get("capabilities"))
    added = [name for name in _list_or_empty(capabilities.get("add")) if isinstance(name, str)]
    for key in ("add", "drop"):
        for name in _list_or_empty(capabilities.get(key)):
            if isinstance(name, str) and name.upper() not in _CAPABILITIES:
                yield f"{place}.capabilities.{key}: Kubernetes knows no capability {name}"
    if context.get("allowPrivilegeEscalation") is False:
        if is_flag_on(context.get("privileged")):
            yield f"{place}: allowPrivilegeEscalation can't be false where privileged is true"
        if "SYS_ADMIN" in added or "CAP_SYS_ADMIN" in added:
            yield f"{place}: allowPrivilegeEscalation can't be false where SYS_ADMIN is added"
    user, rootless = (context.get(key, above.get(key)) for key in ("runAsUser", "runAsNonRoot"))
    if rootless is True and user in (0, "0") and not isinstance(user, bool):
        yield f"{place}: runAsNonRoot is true and runAsUser is 0"
    yield from _check_profiles(context, place)
    yield from _check_mounts(container, where, privileged=context.get("privileged"))


def _check_profiles(context: Mapping[str, object], where: str) -> Iterator[str]:
    """A profile of the node has a name, and no other type has one."""
    for key in ("seccompProfile", "appArmorProfile"):
        profile = mapping_or_empty(context.get(key))
        named, kind = profile.get("localhostProfile"), profile.get("type")
        if kind == "Localhost" and named in (None, "", ABSENT):
            yield f"{where}.{key}: a profile of type Localhost needs localhostProfile"
        if isinstance(kind, str) and kind != "Localhost" and isinstance(named, str):
            yield f"{where}.{key}: localhostProfile is for the type Localhost only"


def _check_mounts(container: Mapping[str, object], where: str, *, privileged: object) -> Iterator[str]:
    for at, mount in list_maps(container.get("volumeMounts")):
        place = f"{where}.volumeMounts[{at}]"
        if mount.get("mountPropagation") == "Bidirectional" and not (
            is_flag_on(privileged) or is_unknown(privileged)
        ):
            yield f"{place}: mountPropagation Bidirectional is for privileged containers only"
        if mount.get("recursiveReadOnly") in ("Enabled", "IfPossible") and mount.get("readOnly") in (
            None,
            False,
            ABSENT,
        ):
            yield f"{place}: recursiveReadOnly is for mounts that are readOnly"


def _list_or_empty(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
