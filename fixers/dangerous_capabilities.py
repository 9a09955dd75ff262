"""Some capabilities are root on the host by another name; a container that gets one is nearly privileged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Drop
from fixbot.edit.tree import UNKNOWN, Node
from fixbot.knowledge.hardening import CAPABILITIES, spare_windows
from fixbot.knowledge.image_tables import find_sensor, why_needs_privileged
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.pod_security import BASELINE_CAPABILITIES
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Container, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

_GIVES: Final = {
    "ALL": "every right of root: it is privileged mode but for devices. Name the ones that are needed",
    "SYS_ADMIN": "mounting, namespaces, and a hundred calls beside. Programs that trace the kernel need BPF "
    "and PERFMON in its place (Linux 5.8 and newer)",
    "SYS_MODULE": "loading code into the kernel. Load modules when the host starts",
    "SYS_RAWIO": "writing to the host's memory and ports",
    "SYS_BOOT": "restarting the host",
    "SYS_TIME": "setting the clock of the host, and so of all its neighbours",
    "SYS_PTRACE": "reading and changing other processes of the pod, and of the host where it sees them. "
    "Debuggers and sensors need it",
    "NET_ADMIN": "changing addresses, routes and filters. VPNs and the init containers of meshes need it; a "
    "CNI plugin of the mesh does without",
    "NET_RAW": "sending forged packets. `ping` does without where net.ipv4.ping_group_range holds its group",
    "DAC_READ_SEARCH": "reading any file of the host by its number",
    "MAC_ADMIN": "changing the rules of SELinux and AppArmor",
    "MAC_OVERRIDE": "passing by the rules of SELinux and AppArmor",
    "BPF": "programs within the kernel, that see what all others on the host do",
    "PERFMON": "watching all processes of the host",
    "SYSLOG": "reading the kernel's messages, and the addresses in them",
    "IPC_LOCK": "keeping memory from being swapped out: secrets of Vault, buffers of databases",
    "SYS_NICE": "going before all others on the host",
    "SYS_RESOURCE": "going beyond quotas and limits",
}
"""What a capability lets its owner do, and who needs it. Source: capabilities(7), Linux man-pages 6.9."""
_ANOTHER: Final = "a right that the baseline of the Pod Security Standards leaves out"
_ECS: Final = frozenset(
    ("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_BOOT", "SYS_TIME", "NET_ADMIN", "DAC_READ_SEARCH",
     "MAC_ADMIN", "MAC_OVERRIDE", "BPF", "PERFMON")
)  # fmt: skip
_FARGATE: Final = "SYS_PTRACE"
_NEARLY_ROOT: Final = frozenset(("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF"))


def find_dangerous_additions(container: Container, _world: Context) -> Iterator[Found]:
    """What a container is given beyond what the baseline allows, as one finding."""
    vocabulary = container.spelling.vocabulary
    field = f"{CAPABILITIES[vocabulary]}.add"
    if not container.offers(field) or spare_windows(container) or container.task.kind == "batch":
        return
    node, value = container.get(field), container.value(field)
    if node is None:
        return
    bad: dict[str, Node] = {}
    for item in node.items or ([node] if value is UNKNOWN else []):
        name = (text_of(item) or "").upper().removeprefix("CAP_")
        if not name:
            container.unknown[container.slot(field).written] = item
        elif _is_dangerous(name, container):
            bad[name] = item
    if not bad:
        return
    names = sorted(bad)
    yield Found(
        next(iter(bad.values())), container.title, container.address, " ".join(names),
        f"{container.title} is given {join_with_and(names)}", partial(_choose_outcome, container, bad),
        subject=container.task.name,
        severity=Severity.HIGH if _NEARLY_ROOT & bad.keys() else Severity.MEDIUM,
    )  # fmt: skip


def _is_dangerous(name: str, container: Container) -> bool:
    if container.spelling.vocabulary == "k8s":
        return name not in BASELINE_CAPABILITIES
    return name != _FARGATE if container.task.fargate else name in _ECS


def _choose_outcome(container: Container, bad: dict[str, Node]) -> Outcome:
    name, names = container.name, sorted(bad)
    if container.task.fargate:
        return Fix(
            tuple(map(Drop, bad.values())),
            safety=Safety.SAFE,
            who=container.called,
            before=f"added: {', '.join(map(mark_code, names))}",
            after="what Fargate allows",
            gist=f"{{who}} no longer {{asks|ask}} for {join_with_and(names)}.",
            effect=f"Fargate adds no capability but {_FARGATE}: a task definition that asks for another one "
            "can't be registered. Now it can.",
            rollout=describe_rollout(container.task),
        )
    image = ImageReference.parse_reference(container.image_with_holes)
    sensor = find_sensor(image, name)
    if sensor is not None and set(names) <= {"SYS_PTRACE", "SYS_ADMIN", "BPF", "PERFMON"}:
        return Refusal(f"{name} is {sensor.name}, which watches other processes by it.")
    if (need := why_needs_privileged(image, name)) is not None:
        return Refusal(f"{name} is known to need more than others: {need.why}.")
    said = "; ".join(
        f"{each} gives {_GIVES.get(each, 'a right that the baseline leaves out')}" for each in names
    )
    return Manual(
        f"{said}. Take away from {mark_code(name)} what its program never uses: `capable` (bcc) on the host "
        "shows what it does use."
    )


rule = Rule(
    title="Take dangerous capabilities from {subject}",
    topic="workload-hardening",
    severity=Severity.HIGH,
    controls={"cis-k8s": ("5.2.9",), "pss-baseline": ("capabilities.add",), "nist-800-190": ("4.4.3",)},
    looks_at=Container,
    check=find_dangerous_additions,
    left_by=("privileged-container",),
    peers={"checkov": ("CKV_K8S_25", "CKV_K8S_39"), "trivy": ("KSV-0005", "KSV-0022", "KSV-0119", "KSV-0120"),
           "polaris": ("dangerousCapabilities",), "kubescape": ("C-0046",)},
)  # fmt: skip
