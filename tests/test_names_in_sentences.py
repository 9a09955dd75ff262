"""How several names stand in one sentence, and the same ones in the next."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from fixbot.model.proposal_facts import FixedFinding, join_names, merge_sentences

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        (["S3 bucket `a`"], "S3 bucket `a`"),
        (["S3 bucket `a`", "S3 bucket `b`"], "S3 buckets `a` and `b`"),
        ([f"S3 bucket `{name}`" for name in "abcdefg"], "S3 buckets `a`, `b`, `c` and 4 more"),
        (["policy `a`", "policy `b`"], "policies `a` and `b`"),
        (["Ingress `a`", "Ingress `b`"], "Ingresses `a` and `b`"),
        (["task `a`", "S3 bucket `b`"], "task `a` and S3 bucket `b`"),
        (["database of a cluster `a`", "database of a cluster `b`"],
         "database of a cluster `a` and database of a cluster `b`"),
        (["`app` of Deployment `web`", "`proxy` of Deployment `web`"],
         "`app` and `proxy` of Deployment `web`"),
        (["Deployment `web`", "`proxy` of Deployment `web`"], "`web` and `proxy` of Deployment `web`"),
        (["`app` of `a`", "`app` of `b`"], "`app` of `a` and `app` of `b`"),
        (["`a` of b` of `c`", "`d`"], "`a` of b` of `c` and `d`"),
    ],
)  # fmt: skip
def test_what_names_have_in_common_is_said_once(names: list[str], joined: str) -> None:
    assert join_names(names) == joined


def sentences(*said: tuple[str, str]) -> list[str]:
    rows = [
        FixedFinding(
            id=str(at), rule="a-rule", path="a", line=1, resource="a", subject="a", who=who, gist=gist
        )
        for at, (who, gist) in enumerate(said)
    ]
    return merge_sentences(rows, lambda row: (row.gist,))


def test_a_sentence_about_the_same_says_it() -> None:
    assert sentences(
        ("database `a`", "{who} can no longer be deleted."),
        ("database `a`", "Nobody outside reaches {who}."),
        ("database `b`", "{who} {gets|get} minor versions."),
        ("database `a`", "{who} {gets|get} minor versions."),
        ("database `b`", "{who} can keep its name."),
    ) == [
        "Database `a` can no longer be deleted.",
        "Nobody outside reaches it.",
        "Databases `b` and `a` get minor versions.",
        "Database `b` can keep its name.",
    ]


def test_several_are_these() -> None:
    names = ("database `a`", "database `b`")
    assert sentences(
        *((name, "{who} can no longer be deleted.") for name in names),
        *((name, "{who} can only be reached from inside.") for name in names),
        *((name, "Who connects to {who} is not known.") for name in names),
    ) == [
        "Databases `a` and `b` can no longer be deleted.",
        "These can only be reached from inside.",
        "Who connects to databases `a` and `b` is not known.",
    ]


def test_where_it_could_mean_another_thing_the_name_is_said_again() -> None:
    assert sentences(
        ("database `a`", "{who} can no longer be deleted."),
        ("database `a`", "AWS makes a password for {who} and keeps it."),
    ) == ["Database `a` can no longer be deleted.", "AWS makes a password for database `a` and keeps it."]


_OF_ONE = re.compile(r"(?:^|[.:;] |\b(?:[Ww]hether|where|that) )\{who\} (?!is\b)[a-z]+s\b")
SOURCES = sorted([*(ROOT / "fixbot").rglob("*.py"), *(ROOT / "fixers").glob("*.py")])


@pytest.mark.parametrize("folder", ["fixbot", "fixers"])
def test_no_sentence_has_a_verb_for_one_name_alone(folder: str) -> None:
    """What several are said to do has its own form: `{gives|give}`; `can` and `may` go with both."""
    said = [
        f"{path.name}: {node.value}"
        for path in SOURCES
        if path.is_relative_to(ROOT / folder)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OF_ONE.search(node.value)
    ]
    assert said == []
