"""A root filesystem that a container can write lets an intruder leave tools there, or change the program.

It is mounted read-only here, and each path that the image is known to write gets a volume.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.edit.change import Change
from fixbot.edit.tree import UNKNOWN, CannotEdit, Value
from fixbot.knowledge.rollout import describe_rollout
from fixbot.knowledge.writable_needs import WritableNeeds
from fixbot.knowledge.writable_paths import find_writable_paths
from fixbot.lens import Container
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_EFFECT = 'A write to the image itself fails with "Read-only file system"; mounted volumes are not affected.'
_TMPFS_OPTIONS = ("exec", "mode=1777")
"""As a folder for temporary files is in an image; without `exec` Docker lets nothing there be run."""
_FLAG = {"ecs": "readonlyRootFilesystem", "k8s": "securityContext.readOnlyRootFilesystem"}


def find_writable_roots(container: Container, world: Context) -> Iterator[Found]:
    """A container whose root filesystem can be written. Windows has no such switch."""
    flag = container.flag(_FLAG[container.spelling.vocabulary])
    offered = container.offers(_FLAG[container.spelling.vocabulary])
    if flag is True or container.task.windows or not offered:
        return
    if container.task.partial and flag is not False:
        return
    found = f"{container.title} can write to its own root filesystem"
    written = container.get(_FLAG[container.spelling.vocabulary]) if container.task.partial else None
    yield Found(
        written or container.node,
        container.title,
        container.address,
        "writable root",
        found,
        partial(_choose_outcome, container, world, computed=flag is UNKNOWN),
        subject=container.task.name,
    )


def _choose_outcome(container: Container, world: Context, *, computed: bool) -> Outcome:
    name = container.name
    if computed:
        return Refusal(
            f"Whether {name} may write its root filesystem is set by a variable or a condition. "
            "Set that variable to true where it is given its value."
        )
    if container.task.windows is None:
        return Refusal(
            f"Whether {name} runs on Linux is not certain here, and on Windows the switch does not exist. "
            "Set the flag by hand if it does."
        )
    needs = find_writable_paths(container, world)
    if isinstance(needs, Refusal | Manual):
        return needs
    try:
        return _build_fix(container, needs)
    except CannotEdit as reason:
        where = join_with_and(needs.volume_paths)
        what = f"a writable volume for {where}" if where else "more than the flag"
        return Refusal(f"{name} needs {what}, and there is no place for it: {reason}.")


def _build_fix(container: Container, needs: WritableNeeds) -> Fix:
    k8s = container.spelling.vocabulary == "k8s"
    changes = [container.put(_FLAG[container.spelling.vocabulary], value=True)]
    listed = "volumeMounts" if k8s else "mountPoints"
    names = (
        {"volume": "name", "path": "mountPath"}
        if k8s
        else {"volume": "sourceVolume", "path": "containerPath"}
    )
    volumes = [
        change
        for volume in needs.volumes
        for change in (
            *(() if volume.reused else container.task.add_volumes(volume.name)),
            container.add(
                listed,
                {names["volume"]: volume.name, names["path"]: volume.path},
                near=(*_FLAG.values(), "image", "name"),
            ),
        )
    ]
    return Fix(
        (*changes, *volumes, *_changes_beside(container, needs)),
        safety=Safety.SAFE if needs.verified else Safety.REVIEW,
        before="root filesystem writable",
        after=_describe_after(needs),
        who=container.called,
        gist=_describe_change(needs),
        why=_describe_threat(container),
        effect=_EFFECT,
        rollout=describe_rollout(container.task),
        unknown=needs.unknown,
        commands=needs.commands,
        notes=needs.notes,
    )


def _changes_beside(container: Container, needs: WritableNeeds) -> Iterator[Change]:
    """The tmpfs and the variables that the read-only root takes."""
    for path in needs.tmpfs:
        tmpfs: Value = {"containerPath": path, "size": needs.tmpfs_size, "mountOptions": list(_TMPFS_OPTIONS)}
        yield container.add("linuxParameters.tmpfs", tmpfs, near=(*_FLAG.values(), "image", "name"))
    field = "env" if container.spelling.vocabulary == "k8s" else "environment"
    for name, value in needs.variables:
        yield container.add(field, {"name": name, "value": value})


def _describe_after(needs: WritableNeeds) -> str:
    parts = [f"{mark_code(v.path)} on volume {mark_code(v.name)}" for v in needs.volumes]
    parts += [f"{mark_code(path)} a tmpfs of {needs.tmpfs_size} MiB" for path in needs.tmpfs]
    mounts = ", ".join([*parts, *(f"{mark_code(name)} set" for name, _ in needs.variables)])
    return (
        "read-only" + (f", {mounts}" if mounts else "") + (f" ({needs.evidence})" if needs.evidence else "")
    )


def _describe_change(needs: WritableNeeds) -> str:
    where, many = join_with_and(needs.writable), len(needs.writable) > 1
    kept = f"; {where} {'stay' if many else 'stays'} writable, empty at each start" if where else ""
    return f"{{who}} can no longer write to the root filesystem{kept}."


def _describe_threat(container: Container) -> str:
    life = "pod" if container.spelling.vocabulary == "k8s" else "task"
    return (
        "Someone who gets code to run in {who}, through a hole in the program or in a package, can today "
        f"change the program and leave tools beside it for the life of the {life}. Read-only, all of it "
        "stays as it was built."
    )


rule = Rule(
    title="Make the root filesystem of {subject} read-only",
    many="Make {count} root filesystems in {folder} read-only",
    topic="workload-hardening",
    severity=Severity.HIGH,
    controls={
        "fsbp": ("ECS.5",),
        "cis-compute": ("3.5",),
        "cis-k8s": ("5.6.3",),
        "nist-800-190": ("4.4.3",),
    },
    looks_at=Container,
    check=find_writable_roots,
    profiles=ESSENTIAL,
    peers={
        "checkov": ("CKV_AWS_336", "CKV_K8S_22"),
        "trivy": ("KSV-0014",),
        "kube-linter": ("no-read-only-root-fs",),
        "polaris": ("notReadOnlyRootFilesystem",),
    },
    since="0.1",
)
