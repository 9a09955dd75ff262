"""Whether a pod or a task runs on Windows, in every way in which either says it, and what can't be set there.

Sources: the Kubernetes API's description of `PodSpec.os` (which fields must be unset), its guide to Windows
containers (labels, taints, runtime classes); botocore, ecs, `ContainerDefinition` ("not supported for
Windows containers"); the Amazon ECS developer guide on placement (`ecs.os-type`, `ecs.os-family`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fixbot.edit.tree import ABSENT
from fixbot.validity.plain_data import is_unknown, list_maps, mapping_or_empty, text_or_none

_TELLING: Final = (
    "windows", "nanoserver", "servercore", "powershell", "cmd.exe", ".exe", "credentialspec:", "ltsc20",
    "dotnet/framework", "microsoft/iis", "microsoft/aspnet", "\\pipe\\", "./pipe/", "npwin",
)  # fmt: skip
_BACKSLASHED: Final = re.compile(r"[A-Za-z]:\\")
_OS_LABELS: Final = frozenset({"kubernetes.io/os", "beta.kubernetes.io/os"})
_BUILD_LABEL: Final = "node.kubernetes.io/windows-build"
_SAYS_SYSTEM: Final = ("/gke-os-distribution", "/os-sku")
"""Labels of GKE and AKS."""
_IMAGE: Final = re.compile(
    r"\Amcr\.microsoft\.com/windows(?:/|[:@]|\Z)|(?:\A|/)windows/|(?:\A|/)(?:dotnet/framework|sigwindowstools)/"
    r"|(?:\A|/)microsoft/(?:iis|aspnet|dotnet-framework)\b|/windows-exporter(?:[:@]|\Z)|nanoserver|servercore"
    r"|\bltsc20\d\d|[:_.-]windows(?:20\d\d|[-_.:@/]|\Z)"
    r"|[:_.-]win(?:dows)?[-_]?(?:1809|190\d|20h2|20\d\d|amd64|x64)(?![a-z0-9])",
    re.IGNORECASE,
)
"""A last name of `windows` is Windows where it is Microsoft's; others run that as a machine on Linux."""
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]|[A-Za-z]:\Z|(?:\\\\|//)\.[\\/]pipe[\\/]")
"""A folder of a drive, or a pipe that has a name."""
_POOL: Final = re.compile(r"(?:\A|[^a-z])win(?:dows)?(?:\Z|[^a-z])|\Anpwin", re.IGNORECASE)
"""How groups of nodes are called that may be of Windows; AKS takes six letters for one."""
_CREDENTIALS: Final = re.compile(r"credentialspec:", re.IGNORECASE)
"""How a task names the account of Windows' domain; on Linux it is `credentialspecdomainless:`."""
_SHELLS: Final = frozenset({"cmd", "powershell"})
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_PLACEMENT: Final = re.compile(
    r"ecs\.os-(?:type|family)\s{0,9}(?:==?|in)[\s'\"\[]{0,9}windows", re.IGNORECASE
)
_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_OF_POD: Final = ("hostPID", "hostIPC", "hostUsers", "shareProcessNamespace")
_OF_POD_CONTEXT: Final = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
    "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy",
)  # fmt: skip
_OF_CONTEXT: Final = (
    "allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount",
    "readOnlyRootFilesystem", "runAsGroup", "runAsUser", "seLinuxOptions", "seccompProfile",
)  # fmt: skip
_OFF: Final[tuple[object, ...]] = (None, ABSENT, False, "false", {}, [], ())
"""What ECS takes for a field that isn't given; Kubernetes wants those of Linux unset, not off."""
_OF_TASK: Final = ("pidMode", "ipcMode")
_OF_DEFINITION: Final = (
    "disableNetworking", "dnsSearchDomains", "dnsServers", "extraHosts", "linuxParameters", "links",
    "privileged", "readonlyRootFilesystem", "ulimits", "user",
)  # fmt: skip


def may_speak_of_windows(text: str) -> bool:
    """Whether a file says anything by which Windows is known: nearly none does, and nothing else is asked."""
    lower = text.lower()
    return (
        any(word in lower for word in _TELLING)
        or (":\\" in text and _BACKSLASHED.search(text) is not None)
        or ("win" in lower and _POOL.search(lower) is not None)
    )


def is_windows_pod(pod: Mapping[str, object]) -> bool | None:
    """Whether a pod can only run on Windows; None where it may, or where that is filled in elsewhere."""
    said = [
        *_read_system(mapping_or_empty(pod.get("os")).get("name", ABSENT)),
        *_read_selector(mapping_or_empty(pod.get("nodeSelector"))),
        *_read_affinity(pod),
        *_read_contexts(pod),
        *_read_programs(each for key in _CONTAINERS for _, each in list_maps(pod.get(key))),
        *_read_host_paths(pod),
    ]
    if True in said or False in said:
        return True in said
    tolerated = [each.get(key) for _, each in list_maps(pod.get("tolerations")) for key in ("key", "value")]
    names = (*tolerated, pod.get("runtimeClassName"), pod.get("nodeName"))
    return None if None in said or any(_POOL.search(text_or_none(each) or "") for each in names) else False


def is_windows_task(task: Mapping[str, object]) -> bool | None:
    """The same of a task definition of ECS, or of what a Batch job runs."""
    family = mapping_or_empty(task.get("runtimePlatform")).get("operatingSystemFamily", ABSENT)
    if isinstance(family, str):
        return family.upper().startswith("WINDOWS")
    placed = [
        text_or_none(each.get("expression")) or "" for _, each in list_maps(task.get("placementConstraints"))
    ]
    if any(_PLACEMENT.search(each) for each in placed):
        return True
    for _, each in list_maps(task.get("volumes")):
        held = text_or_none(mapping_or_empty(each.get("host")).get("sourcePath")) or ""
        if each.get("fsxWindowsFileServerVolumeConfiguration") or _DRIVE.match(held):
            return True
    needed = [each for _, each in list_maps(task.get("requiresAttributes"))]
    if any("windows" in f"{each.get('name')} {each.get('value')}".lower() for each in needed):
        return True
    listed = task.get("containerDefinitions", task.get("containers"))
    said = set(_read_programs([*(each for _, each in list_maps(listed)), task]))
    return True if True in said else None if None in said or is_unknown(family) else False


def find_linux_only(pod: Mapping[str, object], where: str) -> Iterator[str]:
    """The fields of a pod that Kubernetes takes for Linux alone; `where` names the pod."""
    yield from _name_given(pod, _OF_POD, where)
    yield from _name_given(
        mapping_or_empty(pod.get("securityContext")), _OF_POD_CONTEXT, f"{where}.securityContext"
    )
    for key in _CONTAINERS:
        for at, each in list_maps(pod.get(key)):
            context = mapping_or_empty(each.get("securityContext"))
            yield from _name_given(context, _OF_CONTEXT, f"{where}.{key}[{at}].securityContext")


def find_linux_only_definitions(task: Mapping[str, object]) -> Iterator[str]:
    """The fields of a task definition that ECS takes for Linux alone."""
    yield from _name_given(task, _OF_TASK, "", _OFF)
    for at, each in list_maps(task.get("containerDefinitions")):
        yield from _name_given(each, _OF_DEFINITION, f"containerDefinitions[{at}]", _OFF)


def _name_given(
    data: Mapping[str, object], keys: Iterable[str], where: str, unset: tuple[object, ...] = (None, ABSENT)
) -> Iterator[str]:
    for key in keys:
        value = data.get(key)
        if value not in unset and not is_unknown(value):
            yield f"{where}.{key} is not supported on Windows".removeprefix(".")


def _read_system(value: object) -> Iterator[bool | None]:
    """What the value of a label, or of `os.name`, says."""
    if isinstance(value, str):
        yield value.lower() == "windows"
    elif is_unknown(value):
        yield None


def _read_selector(labels: Mapping[str, object]) -> Iterator[bool | None]:
    for key, value in labels.items():
        if key in _OS_LABELS:
            yield from _read_system(value)
        elif key == _BUILD_LABEL or (key.endswith(_SAYS_SYSTEM) and "windows" in str(value).lower()):
            yield True
        elif isinstance(value, str) and _POOL.search(value):
            yield None


def _read_host_paths(pod: Mapping[str, object]) -> Iterator[bool]:
    for _, each in list_maps(pod.get("volumes")):
        if _DRIVE.match(text_or_none(mapping_or_empty(each.get("hostPath")).get("path")) or ""):
            yield True


def _read_affinity(pod: Mapping[str, object]) -> Iterator[bool | None]:
    """What the terms say of which a node has to meet one."""
    nodes = mapping_or_empty(mapping_or_empty(pod.get("affinity")).get("nodeAffinity"))
    needed = nodes.get("requiredDuringSchedulingIgnoredDuringExecution")
    terms = [_read_term(each) for _, each in list_maps(mapping_or_empty(needed).get("nodeSelectorTerms"))]
    if terms and any(term is not ABSENT for term in terms):
        yield (
            True if all(term is True for term in terms) else None if True in terms or None in terms else False
        )
    liked = nodes.get("preferredDuringSchedulingIgnoredDuringExecution")
    liked_terms = [_read_term(mapping_or_empty(each.get("preference"))) for _, each in list_maps(liked)]
    if True in liked_terms or None in liked_terms:
        yield None


def _read_term(term: Mapping[str, object]) -> object:
    """True, False or None as ever; ABSENT where a term doesn't speak of the system."""
    for _, each in list_maps(term.get("matchExpressions")):
        key, operator = each.get("key"), each.get("operator")
        if key == _BUILD_LABEL and operator in ("In", "Exists"):
            return True
        if key in _OS_LABELS and operator in ("In", "NotIn"):
            values = each.get("values")
            known = [str(value).lower() for value in values] if isinstance(values, list | tuple) else []
            if any(is_unknown(value) for value in (values if isinstance(values, list | tuple) else [values])):
                return None
            if operator == "NotIn":
                return False if "windows" in known else True if "linux" in known else ABSENT
            return None if "windows" in known and len(known) > 1 else "windows" in known
    return ABSENT


def _read_contexts(pod: Mapping[str, object]) -> Iterator[bool]:
    for each in (pod, *(one for key in _CONTAINERS for _, one in list_maps(pod.get(key)))):
        if mapping_or_empty(each.get("securityContext")).get("windowsOptions") not in (None, ABSENT, {}):
            yield True


def _read_programs(containers: Iterable[Mapping[str, object]]) -> Iterator[bool | None]:
    """What images, accounts of a domain, paths with a drive and Windows' own programs say."""
    for each in containers:
        if _IMAGE.search(text_or_none(each.get("image")) or ""):
            yield True
        specs = [*_list_texts(each.get("credentialSpecs")), *_list_texts(each.get("dockerSecurityOptions"))]
        if any(map(_CREDENTIALS.match, specs)):
            yield True
        paths = [
            mount.get(key)
            for listed, key in (("volumeMounts", "mountPath"), ("mountPoints", "containerPath"))
            for _, mount in list_maps(each.get(listed))
        ]
        started = [each.get("entryPoint"), each.get("command"), each.get("args")]
        words = [*paths, each.get("workingDir"), each.get("workingDirectory")]
        words += [word for listed in started for word in _list_texts(listed)]
        if any(map(_DRIVE.match, filter(None, map(text_or_none, words)))):
            yield True
        if any(map(_starts_on_windows, (*started, *_read_checks(each)))):
            yield True
        for listed in ("env", "environment"):
            given = [text_or_none(one.get("value")) or "" for _, one in list_maps(each.get(listed))]
            if any(map(_BACKSLASHED.match, given)):
                yield None


def _read_checks(container: Mapping[str, object]) -> Iterator[object]:
    """The commands of a health check, of probes and of hooks."""
    yield mapping_or_empty(container.get("healthCheck")).get("command")
    hooks = mapping_or_empty(container.get("lifecycle"))
    for each in (*(container.get(key) for key in _PROBES), *hooks.values()):
        yield mapping_or_empty(mapping_or_empty(each).get("exec")).get("command")


def _starts_on_windows(command: object) -> bool:
    """Whether the first word is a shell of Windows, or a program by Windows' ending."""
    words = _list_texts(command)
    for word in words[1:2] if words[:1] in (["CMD"], ["CMD-SHELL"]) else words[:1]:
        name = re.split(r"[\\/]", word.split(" ")[0].lower())[-1]
        if name.endswith((".exe", ".bat", ".cmd")) or name in _SHELLS:
            return True
    return False


def _list_texts(value: object) -> list[str]:
    """The texts of a list; a text alone is one."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [each for each in listed if isinstance(each, str)]
