"""A container gets fourteen rights of root that hardly any program uses; what isn't there can't be abused."""

from __future__ import annotations

from dataclasses import replace

from fixbot.knowledge.hardening import CAPABILITIES, insists_on_user, refuse_host_work, spare_windows
from fixbot.knowledge.kept_capabilities import FARGATE_DROPS, find_kept_capabilities, may_run_on_fargate
from fixbot.knowledge.rollout import describe_rollout
from fixbot.knowledge.trial import docker_run
from fixbot.lens import Container
from fixbot.model.findings import Fix, Refusal, Safety, Severity
from fixbot.rules import RECOMMENDED, Rule, Words, each_of, must_contain
from fixbot.rules.context import Context
from fixbot.text.command import CAPABILITY
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

K8S, ECS = CAPABILITIES["k8s"], CAPABILITIES["ecs"]


def spare_others(container: Container, _world: Context) -> bool:
    """Windows has no capabilities, and Batch can't name any."""
    return spare_windows(container) or container.task.kind == "batch"


def spare_fargate(container: Container, world: Context) -> bool:
    """What can run on Fargate is asked for less."""
    return spare_others(container, world) or may_run_on_fargate(container)


def spare_instances(container: Container, world: Context) -> bool:
    """What runs on instances alone is asked for all."""
    return spare_others(container, world) or not may_run_on_fargate(container)


def refuse_unknown_needs(container: Container, world: Context) -> Refusal | None:
    """What works on its host, and a program that may start as root and of which nothing more is known."""
    refused, kept = refuse_host_work(container, world), find_kept_capabilities(container, world)
    if refused is not None and not refused.until:
        return refused
    if kept is None:
        return Refusal(
            f"Which capabilities {mark_code(container.name)} needs is not known: its image starts as root, "
            "or may. Give it another user, or try it with `--cap-drop ALL`. Nearly every program bears "
            '`"drop": ["NET_RAW"]`.',
            until="root-user",
        )
    if kept and may_run_on_fargate(container):
        return Refusal(f"{container.name} needs {join_with_and(kept)}, which Fargate can't give back.")
    return refused


def complete_fix(fix: Fix, container: Container, world: Context) -> Fix:
    """What is given back, how to try it, and whether there is anything to lose."""
    fargate = may_run_on_fargate(container)
    kept = find_kept_capabilities(container, world) or ()
    field = CAPABILITIES[container.spelling.vocabulary]
    changes = (*fix.changes, *(container.add(f"{field}.add", each) for each in kept))
    listed = join_with_and(list(map(mark_code, kept)))
    after = f"{fix.after}, {listed} kept" if kept else fix.after
    dropped = FARGATE_DROPS if fargate else ("ALL",)
    words = [word for each in dropped for word in ("--cap-drop", each)]
    tried = docker_run(
        container, "--rm", *words, *(word for each in kept for word in ("--cap-add", CAPABILITY(each)))
    )
    fix = replace(
        fix, changes=changes, after=after, commands=(tried,) if container.image else (),
        rollout=describe_rollout(container.task),
    )  # fmt: skip
    return replace(fix, safety=Safety.SAFE, unknown="") if insists_on_user(container) and not kept else fix


WORDS = Words(
    problem="has capabilities of root that it may never use",
    change="{who} can no longer use the capabilities that are dropped.",
    effect='A call that needs one of them fails with "Operation not permitted" (chown, setgid, raw sockets).',
    why="Code that runs in {who} can today send forged packets, make device files and change owners, as far "
    "as it is root there or becomes so.",
    unknown="Whether a program in {who} uses one of the dropped capabilities is not known.",
)
rule = Rule(
    title="Drop capabilities of {subject}",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"cis-k8s": ("5.2.8", "5.2.9"), "pss-restricted": ("capabilities.drop",),
              "nist-800-190": ("4.4.3",)},
    looks_at=Container,
    check=each_of(
        must_contain(f"{K8S}.drop", "ALL", words=WORDS, spares=spare_others, unless=refuse_unknown_needs,
                     finish=complete_fix, good=lambda each: str(each).upper() in ("ALL", "CAP_ALL")),
        must_contain(f"{ECS}.drop", "ALL", words=WORDS, spares=spare_fargate, unless=refuse_unknown_needs,
                     finish=complete_fix),
        must_contain(f"{ECS}.drop", "NET_RAW", made=FARGATE_DROPS, words=WORDS, spares=spare_instances,
                     unless=refuse_unknown_needs, finish=complete_fix, good=lambda each: each == "ALL"),
    ),
    peers={"checkov": ("CKV_K8S_28", "CKV_K8S_37"), "trivy": ("KSV-0003", "KSV-0004", "KSV-0106"),
           "kube-linter": ("drop-net-raw-capability",), "polaris": ("insecureCapabilities",),
           "kubescape": ("C-0046",)},
    profiles=RECOMMENDED,
)  # fmt: skip
