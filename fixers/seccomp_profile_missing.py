"""Without a profile a pod may use every system call of the kernel; the runtime's own list closes odd ones."""

from __future__ import annotations

from dataclasses import replace

from fixbot.knowledge.hardening import PRIVILEGED_RULE, is_privileged, spare_windows
from fixbot.knowledge.image_tables import why_needs_privileged
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import ABSENT, Container, Task
from fixbot.model.findings import Fix, Manual, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, each_of, must_be
from fixbot.rules.context import Context

PROFILE = "securityContext.seccompProfile.type"
_TRACERS = ("gdb", "perf", "strace", "bpftrace", "py-spy", "rr")


def spare_settled_pods(subject: Task | Container, _world: Context) -> bool:
    """Windows, and a pod whose containers each say it themselves."""
    if isinstance(subject, Container) or spare_windows(subject):
        return True
    own = [each for each in subject.containers if each.role != "ephemeral"]
    return bool(own) and all(each.value(PROFILE) is not ABSENT for each in own)


def spare_pods(subject: Task | Container, _world: Context) -> bool:
    """What a container says counts for it alone."""
    return isinstance(subject, Task) or spare_windows(subject)


def refuse_known_needs(subject: Task | Container, world: Context) -> Refusal | Manual | None:
    """Privileged mode, containers within containers, tracers, and what a comment explains."""
    own = tuple(subject.containers) if isinstance(subject, Task) else (subject,)
    for each in own:
        image = ImageReference.parse_reference(each.image_with_holes)
        if (need := why_needs_privileged(image, each.name)) is not None:
            return Refusal(f"{each.name} is known to need more than others: {need.why}.")
        words = " ".join((*each.words("command"), *each.words("args"))).split()
        if {word.rpartition("/")[2] for word in words} & set(_TRACERS):
            return Manual(
                f"{each.name} runs a tracer, which the profile would stop. Give it a pod of its own."
            )
    commented = _find_comment(subject, world)
    if commented is not None or not own or not all(map(is_privileged, own)):
        return commented
    said = f"No profile counts for {subject.title}, which is privileged. Take the mode away first."
    return Refusal(said, until=PRIVILEGED_RULE)


def _find_comment(subject: Task | Container, world: Context) -> Manual | None:
    """Whether somebody has written why no profile holds: on its line, or on one above."""
    node = subject.get(PROFILE)
    if node is None:
        return None
    before = world.project.documents[subject.path].text[: node.start].splitlines()[-4:]
    after = world.project.documents[subject.path].text[node.start :].partition("\n")[0]
    if "#" not in "".join((*before, after)):
        return None
    return Manual("A comment stands beside what turns the filter off. If it holds no more: RuntimeDefault.")


def complete_fix(fix: Fix, subject: Task | Container, _world: Context) -> Fix:
    """When it begins to count."""
    return replace(fix, rollout=describe_rollout(subject if isinstance(subject, Task) else subject.task))


WORDS = Words(
    problem="may use every system call of the kernel",
    change="{who} can no longer use the system calls that the runtime's default profile leaves out.",
    effect='Tracers, nested containers and io_uring fail with "Operation not permitted"; others go on.',
    why="Code in {who} that looks for a hole in the kernel may try all of its calls today, also the "
    "rarely used ones that hardly anybody has tested.",
    unknown="Whether a program in {who} needs a call that the default profile leaves out is not known: try "
    "one pod first.",
)
rule = Rule(
    title="Filter the system calls of {subject}",
    topic="workload-hardening",
    severity=Severity.LOW,
    controls={"cis-k8s": ("5.6.2",), "pss-restricted": ("seccompProfile",), "nist-800-190": ("4.4.3",)},
    looks_at=(Task, Container),
    check=each_of(
        must_be({PROFILE: "RuntimeDefault"}, words=WORDS, good=lambda value: value == "Localhost",
                spares=spare_settled_pods, unless=refuse_known_needs, finish=complete_fix),
        must_be({PROFILE: "RuntimeDefault"}, words=WORDS, good=lambda value: value in (ABSENT, "Localhost"),
                spares=spare_pods, unless=refuse_known_needs, finish=complete_fix),
    ),
    peers={"checkov": ("CKV_K8S_31",), "trivy": ("KSV-0030", "KSV-0104"), "kubescape": ("C-0055", "C-0210")},
    profiles=ESSENTIAL,
)  # fmt: skip
