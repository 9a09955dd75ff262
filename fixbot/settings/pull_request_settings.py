"""What people may decide of pull requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fixbot.settings import value_shapes


@dataclass(frozen=True, slots=True)
class PullRequestSettings:
    """How fixes are offered on GitHub (`--pr`)."""

    group: Literal["topic", "folder", "rule", "file", "all"] = field(
        default="topic",
        metadata={
            "says": "What one pull request holds: what belongs together (`topic`); or a rule in a folder, "
            "in a file, everywhere; or all."
        },
    )
    base: str | None = field(
        default=None,
        metadata={
            "says": "The branch that they are for; null: the repository's default.",
            "shape": value_shapes.BRANCH,
        },
    )
    draft: Literal["review", "always", "never"] = field(
        default="review",
        metadata={"says": "Which open as drafts: those whose fix needs a look (`review`), all, none."},
    )
    style: Literal["auto", "conventional", "gitmoji", "plain"] = field(
        default="auto", metadata={"says": "How titles and commits are worded; auto: as the history has it."}
    )
    labels: tuple[str, ...] = field(
        default=("fixbot",),
        metadata={"says": "Labels for each.", "shape": value_shapes.LABEL, "entries": 100},
    )
    assignees: tuple[str, ...] = field(
        default=(),
        metadata={"says": "Who is assigned to each.", "shape": value_shapes.LOGIN, "entries": 100},
    )
    reviewers: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "Who is asked to review each: logins, and teams as `org/team`.",
            "shape": value_shapes.REVIEWER,
            "entries": 100,
        },
    )
    code_owners: bool = field(
        default=True, metadata={"says": "Ask the code owners of the changed files as well."}
    )
    most_reviewers: int = field(
        default=3, metadata={"says": "How many are asked at most.", "least": 0, "most": 100}
    )
    milestone: str | None = field(
        default=None, metadata={"says": "The title of an open milestone.", "shape": value_shapes.MILESTONE}
    )
    most_open: int = field(
        default=10,
        metadata={
            "says": "How many of ours may be open at once in a repository.",
            "least": 0,
            "most": 10_000,
        },
    )
    per_run: int = field(
        default=10, metadata={"says": "How many one run opens at most.", "least": 0, "most": 10_000}
    )
    per_hour: int = field(
        default=10,
        metadata={"says": "How many are opened at most in any hour.", "least": 0, "most": 10_000},
    )
    per_week: int = field(
        default=5,
        metadata={
            "says": "How many are opened in any seven days for one code owner of the changed files, else for "
            "the repository. Those with a critical finding don't count.",
            "least": 0,
            "most": 10_000,
        },
    )
    examples: bool = field(
        default=False,
        metadata={
            "says": "Propose fixes below examples/, samples/, test(s)/, e2e/, docs/ and archives too; they "
            "are reported in any case."
        },
    )
    stand_back: bool = field(
        default=True,
        metadata={
            "says": "Wait, at most 30 days, for an open pull request of somebody who may write, or of an "
            "app, that changes the same lines. Critical ones don't wait."
        },
    )
    disclose: Literal["careful", "open"] = field(
        default="careful",
        metadata={
            "says": "In a public repository: `careful` names a live secret or an open way in by neutral "
            "words (the diff can't be neutral), `open` as elsewhere."
        },
    )
    schedule: tuple[str, ...] = field(
        default=(),
        metadata={
            "says": "When new ones may be opened, such as `mon-fri 08:00-18:00`; empty: at any time.",
            "shape": value_shapes.WINDOW,
            "entries": 100,
        },
    )
    timezone: str = field(
        default="UTC",
        metadata={
            "says": "The time zone of the schedule, by its IANA name.",
            "shape": value_shapes.ZONE,
        },
    )
    rebase: Literal["conflict", "behind", "never"] = field(
        default="conflict",
        metadata={"says": "When a branch is made anew on the base: on a conflict, whenever the base moves."},
    )
    verified: bool | None = field(
        default=None,
        metadata={"says": "Commits that GitHub signs, for users' tokens too; null: where a rule asks."},
    )
    patience: int = field(
        default=900,
        metadata={
            "says": "How many seconds a run may wait for GitHub's limits.",
            "least": 0,
            "most": 86_400,
        },
    )
