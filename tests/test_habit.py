"""Titles as the repository words its own."""

from __future__ import annotations

import pytest

from fixbot.proposal.commit_style import LOCK, PLAIN, Style, learn_style

TITLE = "Make the root filesystem of orders-api read-only"
LOWER = TITLE[0].lower() + TITLE[1:]


@pytest.mark.parametrize(
    ("subjects", "title"),
    [
        pytest.param([], TITLE, id="no history"),
        pytest.param(["feat: add a basket"], TITLE, id="one commit is no habit"),
        pytest.param(["Add a basket", "Let people pay", "Mend the lift"], TITLE, id="plain"),
        pytest.param(["add a basket", "let people pay", "Mend"], LOWER, id="plain, in lower case"),
        pytest.param(["Added a basket.", "Paid.", "fix"], f"{TITLE}.", id="with a period"),
        pytest.param(
            ["feat: add a basket", "fix: round once", "docs: say how"], f"fix: {LOWER}", id="conventional"
        ),
        pytest.param(["feat: Add a basket", "fix: Round once"], f"fix: {TITLE}", id="capital after the type"),
        pytest.param(["Feat: add it", "Chore: go on"], f"Fix: {LOWER}", id="capital types"),
        pytest.param(
            ["feat(web): add it", "fix(orders): round", "chore: go on"],
            f"fix(orders): {LOWER}",
            id="a scope that the history knows",
        ),
        pytest.param(
            ["feat(web): add it", "fix(api): round", "ci(web): go on"],
            f"fix(orders): {LOWER}",
            id="always a scope",
        ),
        pytest.param(
            ["feat: add it", "fix(api): round", "ci: go on"],
            f"fix: {LOWER}",
            id="an unknown scope is left out",
        ),
        pytest.param(
            ["feat: add it", "security: harden the base image", "fix: round"],
            f"security: {LOWER}",
            id="security",
        ),
        pytest.param(
            ["feat: add it", "chore: harden the base image", "docs: say"],
            f"chore: {LOWER}",
            id="as such commits",
        ),
        pytest.param(["feat!: go", "fix(deps): bump a from 1 to 2", "ci: x"], f"fix: {LOWER}", id="breaking"),
        pytest.param(
            ["Merge pull request #3 from a/b", "Bump a from 1 to 2", "feat: add", "fix: round"],
            f"fix: {LOWER}",
            id="merges and bots do not count",
        ),
        pytest.param(
            ["Update dependency a to v3", "chore(deps): update b", 'Revert "x"', "v1.2.3", "Add it", "Pay"],
            TITLE,
            id="nor releases, reverts and other bots",
        ),
        pytest.param(
            [f"fix: {LOWER}\n\nFixbot-Key: 123", "fix: x\n\nFixbot-Key: 456", "Add it", "Pay"],
            TITLE,
            id="nor our own",
        ),
        pytest.param(["feat: add (#12)", "fix: round (#13)"], f"fix: {LOWER}", id="squashed"),
        pytest.param(["✨ Add it", "🐛 Round once", "🎨 Tidy"], f"{LOCK} {TITLE}", id="gitmoji"),
        pytest.param([":sparkles: add it", ":bug: round"], f":lock: {LOWER}", id="gitmoji as codes"),
        pytest.param(
            ["✨ Add it", "🔒 Keep it", "🐛 Round"], f"\N{LOCK} {TITLE}", id="the lock that is there"
        ),
        pytest.param(["✨ feat: add it", "🐛 fix(a): round"], f"{LOCK} fix: {LOWER}", id="both"),
        pytest.param(
            ["net/http: add it", "orders: round once", "cmd/go: tidy"],
            f"orders: {LOWER}",
            id="areas as in Go",
        ),
        pytest.param(["mm: add it", "net: round once"], f"orders: {LOWER}", id="an area of its own"),
        pytest.param(["[orders] Add it", "[web] Pay"], f"[orders] {TITLE}", id="areas in brackets"),
        pytest.param(["[api] Add it", "[web] Pay"], TITLE, id="brackets that we do not know"),
        pytest.param(
            ["[SHOP-1] Add it", "SHOP-22: Pay", "SHOP-3 Mend"], TITLE, id="tickets, of which we have none"
        ),
        pytest.param(
            ["SHOP-1: feat: add it", "[SHOP-2] fix: pay"], f"fix: {LOWER}", id="tickets before types"
        ),
    ],
)
def test_a_title_looks_like_its_neighbours(subjects: list[str], title: str) -> None:
    assert learn_style(subjects).format_title(TITLE, "deploy/orders") == title


@pytest.mark.parametrize(
    ("style", "subjects", "title"),
    [
        ("plain", ["feat: add it", "fix: round"], TITLE),
        ("conventional", ["Add it", "Pay"], f"fix: {LOWER}"),
        ("conventional", ["✨ Add it", "🐛 Pay"], f"{LOCK} fix: {LOWER}"),
        ("gitmoji", ["Add it", "Pay"], f":lock: {TITLE}"),
        ("gitmoji", ["✨ Add it", "Pay", "Go"], f"{LOCK} {TITLE}"),
        ("gitmoji", [], f":lock: {TITLE}"),
    ],
)
def test_settings_overrule_the_history(style: Style, subjects: list[str], title: str) -> None:
    assert learn_style(subjects, style).format_title(TITLE, "deploy/orders") == title


def test_names_keep_their_capitals_and_the_top_has_no_scope() -> None:
    habit = learn_style(["feat(web): add it", "fix(api): round"])
    assert habit.format_title("DB_PASSWORD leaves the file", "") == "fix: DB_PASSWORD leaves the file"
    assert habit.format_title("Mend", "a/odd name (x)") == "fix: mend"
    assert PLAIN.format_title("mend", "a") == "Mend"
    assert learn_style(["It is so.", "It was so."]).format_title("Cut…") == "Cut…"
