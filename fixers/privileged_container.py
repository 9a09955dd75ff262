"""A privileged container has every capability and device of its host: a break-in is root on that host.

The flag goes; what the container's own command shows it to need comes back by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fixbot.edit.change import Change, Drop
from fixbot.edit.tree import UNKNOWN, Node
from fixbot.knowledge.dropped import capabilities_after_drop, capabilities_of_image
from fixbot.knowledge.hardening import CAPABILITIES, PRIVILEGED, added_capabilities
from fixbot.knowledge.host_signals import find_host_signals
from fixbot.knowledge.image_tables import why_name_asks, why_needs_privileged
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.needs import find_beyond_capabilities, find_devices, find_needed_capabilities
from fixbot.knowledge.rollout import describe_rollout
from fixbot.knowledge.startup import Startup, read_startup
from fixbot.knowledge.trial import docker_run
from fixbot.lens import (
    Container,
    FollowedValue,
    Module,
    Resource,
    ResourceType,
    Task,
    list_alternatives,
    text_of,
    truth_of,
    value_of,
)
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, report
from fixbot.rules.context import Context
from fixbot.text.command import CAPABILITY, Command
from fixbot.text.markdown_escape import mark_code

_GUARD = (
    "To keep it out for good: `ECS_DISABLE_PRIVILEGED=true` on the hosts, or a policy that denies "
    "`ecs:RegisterTaskDefinition` when `ecs:privileged` is `true` (a string key: StringEquals)."
)
_HOST_PROCESS = "securityContext.windowsOptions.hostProcess"
_MODE = "Environment.PrivilegedMode"
PROJECT = ResourceType(
    "build project", "build projects", "AWS::CodeBuild::Project", "aws_codebuild_project", name="Name",
    modules={"cloudposse/codebuild/aws": Module({_MODE: "privileged_mode"}, {_MODE: False})},
)  # fmt: skip


def find_privileges(subject: Container | Task | Resource, world: Context) -> Iterator[Found]:
    """A container with every privilege of its host, a process of a Windows host, a privileged build."""
    if isinstance(subject, Resource):
        yield from _REPORT_BUILD(subject, world)
        return
    if isinstance(subject, Container):
        yield from _find_privileged_container(subject, world)
    if subject.spelling.vocabulary == "k8s":
        yield from _find_host_process(subject)


def _find_host_process(subject: Container | Task) -> Iterator[Found]:
    """A pod, or a container, that Windows runs as a process of the node itself."""
    followed = subject.followed(_HOST_PROCESS)
    told = isinstance(subject, Container) and subject.task.flag(_HOST_PROCESS) is True
    if told or followed is None or str(followed.value).lower() != "true":
        return
    yield Found(
        subject.get(_HOST_PROCESS) or followed.node,
        subject.title,
        subject.address,
        "hostProcess",
        f"{subject.title} runs as a process of its Windows node (hostProcess): a break-in there is one on "
        "the node",
        Manual(
            f"{subject.title} sees all of its node's disk, network and processes, with the rights of the "
            "user that `runAsUserName` names. Agents for networks, storage and logs need that. If it is "
            "none of them, take `hostProcess` away, and `hostNetwork`, which only goes with it."
        ),
        subject=subject.subject,
        severity=Severity.HIGH,
    )


def _find_privileged_build(project: Resource, _world: Context) -> Node | None:
    slot = project.slot(_MODE)
    branches = list_alternatives(slot.found) if slot.found is not None else ()
    said = [slot.value, *(truth_of(each) for each in branches)]
    return slot.node if any(str(each).lower() == "true" for each in said) else None


_REPORT_BUILD = report(
    _find_privileged_build,
    words=Words(
        problem="builds in privileged mode: what a build runs is root on the machine of that build",
        change="", effect="", why="",
    ),
    instead="CodeBuild wants the mode only where a build runs a Docker daemon, to make images. If no command "
    "of {who} does, take the line away: without it the mode is off. If one does, let nobody start a build of "
    "code that was not reviewed.",
    weigh=lambda _project, _world: Severity.LOW,
)  # fmt: skip


def _find_privileged_container(container: Container, world: Context) -> Iterator[Found]:
    field = PRIVILEGED[container.spelling.vocabulary]
    flag, said = container.get(field), container.flag(field)
    followed = container.followed(field) if said is UNKNOWN else None
    if (
        flag is not None
        and said is UNKNOWN
        and any(truth_of(each) is True for each in list_alternatives(flag))
    ):
        followed = FollowedValue("true", flag, "a condition decides it")
    if flag is not None and (
        said is True or (followed is not None and str(followed.value).lower() == "true")
    ):
        may = "runs" if said is True else "can run"
        yield Found(
            flag,
            container.title,
            container.address,
            "privileged",
            f"{container.title} {may} privileged: a break-in there is root on its host",
            _choose_outcome(container, world, Drop(flag))
            if followed is None
            else _refuse_computed(container, followed),
            subject=container.task.name,
        )


def _refuse_computed(container: Container, followed: FollowedValue) -> Refusal:
    why = followed.why_not or "a local decides it"
    return Refusal(f"Whether {container.name} runs privileged is not changed here: {why}. Set that to false.")


def _choose_outcome(container: Container, world: Context, drop: Change) -> Outcome:
    task, name = container.task, container.name
    if task.fargate or task.windows:
        where = "Fargate" if task.fargate else "Windows"
        if task.kind == "k8s" and text_of(task.get("os.name")) != "windows":
            return _drop_on_windows(container, drop)
        return Fix(
            (drop,),
            safety=Safety.SAFE,
            before=f"privileged, which {where} refuses",
            after="not privileged",
            who=container.called,
            gist="Privileged mode is no longer asked for by {who}.",
            effect=f"{where} doesn't accept privileged mode: with it, {mark_code(name)} can't be started. "
            "Now it can.",
        )
    if (refusal := _refuse_known_need(container)) is not None:
        return refusal
    if signals := find_host_signals(container):
        return Refusal(
            f"{name} works on its host ({'; '.join(signals)}), and which privileges that takes is not known. "
            "Find out with `capable` (bcc) or by running it with single capabilities, then name those."
        )
    if passed_on := _find_passed_on_mount(container):
        return Refusal(
            f"{name} passes what it mounts at {mark_code(passed_on)} on to others, or may (mountPropagation: "
            "Bidirectional), which the API allows privileged containers only."
        )
    startup = read_startup(container, world)
    if startup.unread:
        return Refusal(
            f"{name} starts a script of which {startup.unread} was not understood, so what it needs is "
            "not known. Name the capabilities that it needs, or make the script simpler."
        )
    return _replace_by_capabilities(container, startup, drop)


def _refuse_known_need(container: Container) -> Refusal | None:
    """What its image is known to do, or what its name and its image's speak of."""
    image, name = ImageReference.parse_reference(container.image_with_holes), container.name
    if (need := why_needs_privileged(image, name)) is not None:
        way = need.alternative
        other = f" {way[:1].upper()}{way[1:]} would do without." if way not in ("", "none") else ""
        return Refusal(f"{name} needs it: {need.why}.{other}")
    if (hint := why_name_asks(image, name)) is not None:
        return Refusal(f"{name} may need it, by its name: {hint.why}. If it does not, take the line away.")
    return None


def _drop_on_windows(container: Container, drop: Change) -> Fix:
    """A pod for Windows nodes: the API refuses the mode only where `os.name` says so too."""
    return Fix(
        (drop,),
        before="privileged",
        after="not privileged",
        who=container.called,
        gist="Privileged mode is no longer asked for by {who}.",
        effect="Windows has no such mode; what reaches the node there is `windowsOptions.hostProcess`.",
        rollout=describe_rollout(container.task),
        unknown="What the container runtime of {who} makes of the mode on Windows is not known.",
    )


def _find_passed_on_mount(container: Container) -> str:
    """Where it mounts something that others shall see, which takes the mode; empty where nowhere."""
    key = container.spelling.key("mountPropagation")
    said = ((mount, mount.node.find_node(key)) for mount in container.mounts)
    return next(
        (mount.path or "a path" for mount, node in said if node is not None and _may_pass_on(node)), ""
    )


def _may_pass_on(node: Node) -> bool:
    return value_of(node) in (UNKNOWN, "Bidirectional")


class _Kept(NamedTuple):
    """What comes back by name: capabilities and devices with the program that shows it, and the image's."""

    needed: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, str], ...]
    own: tuple[str, ...]
    woken: tuple[str, ...]


def _find_kept(container: Container, startup: Startup) -> _Kept | Refusal:
    scripts = [each.script for each in startup.scripts]
    name, batch = container.name, container.task.kind == "batch"
    if beyond := find_beyond_capabilities(scripts):
        program, reason = beyond[0]
        return Refusal(
            f"{name} runs {mark_code(program)}, and no list of capabilities replaces the mode for it: "
            f"{reason}."
        )
    nameless = ImageReference.parse_reference(container.image_with_holes).name is None
    if startup.starts_unknown or (nameless and not startup.names_program):
        what = f"program {name} starts" if startup.starts_unknown else f"image {name} runs"
        return Refusal(
            f"Which {what} is filled in elsewhere, so what it needs is not known. Take the mode away where "
            "you know that."
        )
    image = capabilities_of_image(container)
    needed, devices = find_needed_capabilities(scripts), find_devices(scripts)
    if image.device and image.device not in dict(devices):
        devices = (*devices, (image.device, name))
    woken = capabilities_after_drop(container)
    if isinstance(woken, Refusal):
        return woken
    if devices and (container.spelling.vocabulary == "k8s" or batch):
        device, why = devices[0]
        return Refusal(f"{name} uses the host's {device} ({why}); that takes a device plugin, or this mode.")
    known = {*added_capabilities(container), *dict(needed)}
    own = tuple(each for each in image.add if each not in known)
    if batch and (needed or own):
        capability, why = needed[0] if needed else (own[0], "")
        shown = f"{name} runs {mark_code(why)}, which" if needed else f"The image of {name}"
        return Refusal(f"{shown} needs {capability}; AWS Batch can't add single capabilities.")
    return _Kept(needed, devices, own, tuple(each for each in woken if each not in {*known, *own}))


def _replace_by_capabilities(container: Container, startup: Startup, drop: Change) -> Outcome:
    kept = _find_kept(container, startup)
    if isinstance(kept, Refusal):
        return kept
    needed, devices, own_names, woken = kept
    names = (*(capability for capability, _ in needed), *own_names, *woken)
    added = f"{CAPABILITIES[container.spelling.vocabulary]}.add"
    back: list[Change] = [container.add(added, c) for c in names]
    back += [container.add("linuxParameters.devices", {"hostPath": path}) for path, _ in devices]
    known = container.words(added)
    given = [
        *known,
        *(f"{capability} (its command runs {mark_code(why)})" for capability, why in (*needed, *devices)),
        *(f"{capability} (its image needs it)" for capability in own_names),
        *(f"{capability} (its image needs it, and `drop` would take it)" for capability in woken),
    ]
    return Fix(
        (drop, *back),
        before="privileged: every capability and device of the host",
        after=", ".join(mark_code(each) for each in (*known, *names, *(each for each, _ in devices)))
        or "not privileged",
        who=container.called,
        gist=_describe_change(given),
        why=_describe_threat(container),
        effect=_describe_effect(given),
        rollout=describe_rollout(container.task),
        unknown="Whether the program in {who} does anything else that needs privileged mode is not known."
        if startup.scripts
        else "Whether the program in {who} needs privileged mode is not known; nothing in the "
        "file asks for it.",
        commands=_build_trial_commands(container, (*known, *names)),
        notes=() if container.spelling.vocabulary == "k8s" else (_GUARD,),
    )


def _describe_change(given: list[str]) -> str:
    if given:
        return f"{{who}} will keep {' and '.join(given)} and lose every other privilege."
    return "{who} will run with the usual capabilities instead of all those of the host."


def _describe_effect(given: list[str]) -> str:
    what = "A call that needs another privilege" if given else "Mounting or changing the host's network"
    return f'{what} fails with "Operation not permitted".'


def _describe_threat(container: Container) -> str:
    host, others = ("node", "pods") if container.spelling.vocabulary == "k8s" else ("EC2 instance", "tasks")
    return (
        f"Someone who gets code to run in {{who}} is root on the {host} below: its disk, its network and the "
        f"credentials of all {others} there are theirs. "
        "Without the mode a break-in ends at the container."
    )


def _build_trial_commands(container: Container, capabilities: tuple[str, ...]) -> tuple[Command, ...]:
    if not container.image:
        return ()
    words = [word for each in dict.fromkeys(capabilities) for word in ("--cap-add", CAPABILITY(each))]
    says = "without the mode: it has to start and work as before"
    return (docker_run(container, "--rm", *words, note=says),)


rule = Rule(
    title="Drop privileged mode from {subject}",
    many="Drop privileged mode from {count} containers in {folder}",
    topic="workload-hardening",
    severity=Severity.CRITICAL,
    controls={
        "fsbp": ("ECS.4",),
        "cis-compute": ("3.4",),
        "cis-eks": ("4.2.1",),
        "cis-k8s": ("5.2.2",),
        "nist-800-190": ("4.4.3",),
    },
    looks_at=(Container, Task, PROJECT),
    check=find_privileges,
    profiles=ESSENTIAL,
    peers={
        "checkov": ("CKV_AWS_316", "CKV_AWS_334", "CKV_K8S_16"),
        "trivy": ("KSV-0017", "KSV-0103"),
        "kube-linter": ("privileged-container",),
        "polaris": ("runAsPrivileged", "hostProcess"),
    },
    since="0.1",
)
