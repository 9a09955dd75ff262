"""A report as a run makes it, small enough to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from fixbot.edit.diff import masked_diff
from fixbot.edit.edited_text import replace_whole
from fixbot.model.findings import (
    FileEdits,
    Finding,
    Patch,
    Proposal,
    PullRequestRow,
    Report,
    Safety,
    Severity,
    Status,
    Unread,
)
from fixbot.model.proposal_facts import FixedFinding, ProposalFacts, RuleSummary, SkippedFinding
from fixbot.model.run_stats import Stats
from fixbot.text.command import IMAGE, OBJECT, PATH, build_command
from fixbot.text.step import build_step

SECRET = "hunter2-Tr4ctor"

TASK_BEFORE = f"""{{
  "family": "orders",
  "containerDefinitions": [
    {{
      "name": "app",
      "image": "orders:1.4",
      "environment": [{{"name": "DB_PASSWORD", "value": "{SECRET}"}}, {{"name": "TZ", "value": "UTC"}}]
    }}
  ]
}}
"""
READONLY = TASK_BEFORE.replace(
    '"image": "orders:1.4",\n', '"image": "orders:1.4",\n      "readonlyRootFilesystem": true,\n'
)
MOVED = TASK_BEFORE.replace(
    f'"environment": [{{"name": "DB_PASSWORD", "value": "{SECRET}"}}, {{"name": "TZ", "value": "UTC"}}]',
    '"environment": [{"name": "TZ", "value": "UTC"}],\n'
    '      "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:::orders"}]',
)
BOTH = MOVED.replace('"orders:1.4",\n', '"orders:1.4",\n      "readonlyRootFilesystem": true,\n')
ROLE = 'resource "aws_iam_role_policy" "read" {\n}\n'


@dataclass(frozen=True)
class Mask:
    """Hides the one secret of the sample."""

    def mask_old(self, some: Sequence[str], _first: int, /) -> Sequence[str]:
        return [line.replace(SECRET, "••••••") for line in some]

    mask_new = mask_old


def finding(number: int, rule: str, path: str, line: int, **more: object) -> Finding:
    known: dict[str, object] = {
        "severity": Severity.HIGH,
        "safety": Safety.REVIEW,
        "column": 5,
        "resource": "task orders, container app",
        "message": "the root filesystem is writable",
        "controls": ("ECS.5",),
        "status": Status.FIXED,
    }
    return Finding(f"id{number}", rule, path=path, line=line, **{**known, **more})  # type: ignore[arg-type]


def story(rule: str, title: str, row: FixedFinding) -> ProposalFacts:
    return ProposalFacts((RuleSummary(rule, title, title),), (row,))


def spoiled(story: ProposalFacts, word: str) -> ProposalFacts:
    """The story with that word for everything that a file may say."""
    concerns = (_spoiled(each, word, one="{subject}", many="{folder}") for each in story.concerns)
    rows = (_spoiled(each, word, id=each.id) for each in story.rows)
    return ProposalFacts(tuple(concerns), tuple(rows), (SkippedFinding(word, 1, word, word),), word)


def _several(name: str, word: str) -> tuple[object, ...]:
    if name == "commands":
        return (build_command("docker", PATH(word), IMAGE(word)),)
    return (
        (build_step(word, build_command("kubectl", OBJECT(word)), word),)
        if name.startswith("steps")
        else (word,)
    )


T = TypeVar("T", RuleSummary, FixedFinding)


def _spoiled(of: T, word: str, **kept: str) -> T:
    """Every text in it, and one text for every tuple of texts."""
    found = {each.name: getattr(of, each.name) for each in fields(of)}
    texts = {name: word for name, value in found.items() if isinstance(value, str)}
    several = {name: _several(name, word) for name, value in found.items() if isinstance(value, tuple)}
    return replace(of, **{**texts, **several, **kept})  # type: ignore[arg-type]


PULLS = (
    PullRequestRow(
        "open", "done", "new", "fixbot/secret-in-environment/orders",
        "Take DB_PASSWORD of orders out of the file", "k2", 12,
        "https://github.com/shop/deploy/pull/12", "critical",
    ),
    PullRequestRow(
        "close", "done", "closed: nothing of it is left to repair", "fixbot/x/old", "Pin the image of web",
        "gone", 7, "https://github.com/shop/deploy/pull/7",
    ),
    PullRequestRow(
        "leave", "left", "closed by anna, so it is not asked again", "fixbot/x/no", "Drop ALL of api",
        "gone2", 9, "https://github.com/shop/deploy/pull/9",
    ),
    PullRequestRow(
        "open", "waits", "comes with the next run", "fixbot/readonly-root-filesystem/orders",
        "Make the root filesystem of orders read-only", "k1", severity="high",
    ),
)  # fmt: skip


def sample() -> Report:
    mask = Mask()
    findings = (
        finding(1, "readonly-root-filesystem", "deploy/task.json", 5),
        finding(
            2,
            "secret-in-environment",
            "deploy/task.json",
            7,
            severity=Severity.CRITICAL,
            message="DB_PASSWORD holds a password (the ignore at .fixbot.yml:9 ended on 2026-01-31)",
            lapse="the ignore at .fixbot.yml:9 ended on 2026-01-31",
            controls=("ECS.8",),
        ),
        *(
            finding(
                number,
                "privileged-container",
                f"k8s/falco-{number}.yaml",
                31,
                resource="DaemonSet falco, container falco",
                message="the container is privileged",
                status=Status.REFUSED,
                reason="Falco's kernel driver needs it. Its eBPF mode does not: driver.kind=modern_ebpf.",
            )
            for number in range(3, 15)
        ),
        finding(
            20,
            "tag-condition-missing",
            "iam/ci.json",
            9,
            severity=Severity.MEDIUM,
            safety=Safety.MANUAL,
            status=Status.MANUAL,
            reason='the statement allows "*"; narrow it first',
        ),
        finding(
            21,
            "privileged-container",
            "k8s/node.yaml",
            3,
            status=Status.SUPPRESSED,
            reason="the driver needs it",
        ),
    )
    role = "iam/role.tf"
    patches = (
        Patch(
            "deploy/task.json",
            TASK_BEFORE,
            BOTH,
            masked_diff(replace_whole("deploy/task.json", TASK_BEFORE, BOTH), mask),
            ("id1", "id2"),
            edits=replace_whole("deploy/task.json", TASK_BEFORE, BOTH).edits,
        ),
        Patch(
            role,
            None,
            ROLE,
            masked_diff(replace_whole(role, None, ROLE), mask),
            ("id2",),
            (),
            replace_whole(role, None, ROLE).edits,
        ),
    )
    proposals = (
        Proposal(
            "k2",
            "secret-in-environment",
            "fixbot/secret-in-environment/orders",
            ("deploy/task.json", role),
            ("id2",),
            story(
                "secret-in-environment",
                "Take {subject} out of the file",
                FixedFinding(
                    "id2",
                    "secret-in-environment",
                    "deploy/task.json",
                    7,
                    "task orders, container app",
                    "DB_PASSWORD of orders",
                    steps_before=(
                        build_step(
                            "create the secret (",
                            build_command("aws", "secretsmanager", "create-secret"),
                            ").",
                        ),
                    ),
                ),
            ),
            {"deploy/task.json": MOVED, role: ROLE},
            masked_diff(replace_whole("deploy/task.json", TASK_BEFORE, MOVED), mask)
            + masked_diff(replace_whole(role, None, ROLE), mask),
            Severity.CRITICAL,
            Safety.REVIEW,
            edits=edits({"deploy/task.json": (TASK_BEFORE, MOVED), role: (None, ROLE)}),
        ),
        Proposal(
            "k1",
            "readonly-root-filesystem",
            "fixbot/readonly-root-filesystem/orders",
            ("deploy/task.json",),
            ("id1",),
            story(
                "readonly-root-filesystem",
                "Make the root filesystem of {subject} read-only",
                FixedFinding(
                    "id1",
                    "readonly-root-filesystem",
                    "deploy/task.json",
                    5,
                    "task orders, container app",
                    "orders",
                    effect="`/tmp` stays writable.",
                ),
            ),
            {"deploy/task.json": READONLY},
            masked_diff(replace_whole("deploy/task.json", TASK_BEFORE, READONLY), mask),
            Severity.HIGH,
            Safety.REVIEW,
            edits=edits({"deploy/task.json": (TASK_BEFORE, READONLY)}),
        ),
    )
    unread = (
        *(Unread(f"charts/web/templates/{n}.yaml", None, "a Helm template", "unserved") for n in range(30)),
        Unread("odd\n\x1b[31mname.yaml", 3, "not UTF-8"),
    )
    return Report(
        Stats(214, 31, {"containers": 31, "statements": 12}, 0.4321), findings, patches, proposals, unread
    )


def edits(files: Mapping[str, tuple[str | None, str]]) -> tuple[FileEdits, ...]:
    return tuple(FileEdits(path, replace_whole(path, *texts).edits) for path, texts in files.items())


def nothing(files_listed: int = 0, containers: int = 0, statements: int = 0) -> Report:
    counts = {"containers": containers, "statements": statements}
    return Report(Stats(files_listed, counts=counts), (), (), (), ())
