"""A program of an ordinary user becomes root through a setuid file, unless the kernel is told otherwise."""

from __future__ import annotations

from dataclasses import replace

from fixbot.knowledge.hardening import gains_nothing, refuse_host_work, spare_windows
from fixbot.knowledge.rollout import describe_rollout
from fixbot.knowledge.trial import docker_run
from fixbot.lens import Container
from fixbot.model.findings import Fix, Manual, Refusal, Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, each_of, must_be, must_contain
from fixbot.rules.context import Context

_OPTIONS, _SWITCH = "dockerSecurityOptions", "no-new-privileges"


def refuse_or_explain(container: Container, world: Context) -> Refusal | Manual | None:
    """A task without options of Docker's is told what to write; one that has some gets one more."""
    if container.get(_OPTIONS) is not None:
        return refuse_host_work(container, world)
    name = container.spelling.spell_field(_OPTIONS)
    return Manual(f'Write `"{name}": ["{_SWITCH}"]`, once the task has run so in a test environment.')


def spare_tasks(container: Container, world: Context) -> bool:
    """Fargate and Windows have no such option; what explains one thing everywhere is for who wants all."""
    task, told = container.task, container.get(_OPTIONS) is not None
    told = told or (world.settings.profile == "all" and container.position == 0)
    return spare_windows(container) or task.fargate is not False or task.kind == "batch" or not told


def complete_fix(fix: Fix, container: Container, _world: Context) -> Fix:
    """How to try it, and whether there is anything left to lose."""
    tried = (docker_run(container, "--rm", "--security-opt", _SWITCH),) if container.image else ()
    fix = replace(fix, commands=tried, rollout=describe_rollout(container.task))
    return replace(fix, safety=Safety.SAFE, unknown="") if gains_nothing(container) else fix


def weigh_severity(container: Container, _world: Context) -> Severity | None:
    """Where AWS sets nothing by itself, an option that is missing is less than one that was left out."""
    return None if container.get(_OPTIONS) is not None else Severity.LOW


WORDS = Words(
    problem="may gain more rights than it was started with",
    change="{who} can no longer gain rights through setuid files.",
    effect="Programs that raise their own rights fail (sudo, su, in some images ping); others run as before.",
    why="Someone who gets code to run in {who} as its ordinary user can today become root there through any "
    "setuid file that the image holds.",
    unknown="Whether a program in {who} uses a setuid file is not known; `find / -perm /6000` in the "
    "image lists them.",
)
rule = Rule(
    title="Keep {subject} from gaining rights",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"cis-eks": ("4.2.5",), "cis-k8s": ("5.2.6",), "pss-restricted": ("allowPrivilegeEscalation",),
              "nist-800-190": ("4.4.3",)},
    looks_at=Container,
    check=each_of(
        must_be({"securityContext.allowPrivilegeEscalation": False}, words=WORDS, unwritten=True,
                unless=refuse_host_work, spares=spare_windows, finish=complete_fix),
        must_contain(_OPTIONS, _SWITCH, words=WORDS, unless=refuse_or_explain, spares=spare_tasks,
                     finish=complete_fix, weigh=weigh_severity),
    ),
    peers={"checkov": ("CKV_K8S_20",), "trivy": ("KSV-0001",),
           "kube-linter": ("privilege-escalation-container",), "polaris": ("privilegeEscalationAllowed",),
           "kubescape": ("C-0016",)},
    profiles=ESSENTIAL,
)  # fmt: skip
