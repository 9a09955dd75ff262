"""What a task reads from EFS and writes to it can be read and changed on the way, unless it asks for TLS."""

from __future__ import annotations

from dataclasses import replace

from fixbot.edit.tree import Node
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Resource, ResourceType, Task
from fixbot.model.findings import Fix, Safety, Severity
from fixbot.rules import Rule, Words, each_of, must_be, report
from fixbot.rules.context import Context

EFS = "efsVolumeConfiguration"
VOLUME = ResourceType(
    "persistent volume", "persistent volumes", kubernetes="PersistentVolume", marks=("efs.csi.aws.com",)
)


def mounts_efs(task: Task, _at: str, volume: Node) -> bool:
    """Whether a volume is a file system of EFS."""
    return task.slot_in(volume, f"volumes.{EFS}").found is not None


def complete_fix(fix: Fix, task: Task, _world: Context) -> Fix:
    """Fargate brings the mount helper along that TLS needs; on an instance somebody has installed it."""
    fix = replace(fix, rollout=describe_rollout(task))
    return replace(fix, safety=Safety.SAFE, unknown="") if task.fargate else fix


def find_switched_off(volume: Task | Resource, _world: Context) -> Node | None:
    """The CSI driver speaks TLS, unless a volume says otherwise."""
    if isinstance(volume, Task):
        return None
    switch = volume.slot("spec.csi.volumeAttributes.encryptInTransit")
    return switch.found if str(switch.value).lower() == "false" else None


WORDS = Words(
    problem="talks to its file system without TLS",
    change="{who} {talks to its|talk to their} file systems through TLS.",
    effect="Paths, rights and port 2049 stay as they are; TLS takes a little CPU.",
    access="Nobody: {who} {mounts|mount} the same folders as before, with TLS.",
    why="Someone in the VPC who sees the traffic of {who} can read files and change them on the way.",
    unknown="Instances need `amazon-efs-utils` to mount with TLS; `mount.efs --version` says whether those "
    "of {who} have it.",
)
rule = Rule(
    title="Encrypt the file system traffic of {subject}",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ECS.18",), "nist-800-190": ("4.3.3",)},
    looks_at=(Task, VOLUME),
    check=each_of(
        must_be({f"{EFS}.transitEncryption": "ENABLED"}, in_each=("volumes",), among=mounts_efs, words=WORDS,
                unwritten="DISABLED", finish=complete_fix),
        report(find_switched_off, words=WORDS, instead="Take `encryptInTransit` away, once the nodes have "
               "version 1 of the driver or a newer one: it mounts {who} with TLS then."),
    ),
    peers={"checkov": ("CKV_AWS_97",), "trivy": ("AWS-0035",)},
)  # fmt: skip
