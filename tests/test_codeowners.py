"""Whose review is asked for, by the rules that GitHub documents."""

from __future__ import annotations

import pytest

from fixbot.source.codeowners import LONGEST, find_owners


@pytest.mark.parametrize(
    ("text", "path", "owner"),
    [
        ("* @all", "deep/in/a/file.tf", "all"),
        ("* @all\n*.tf @infra", "deep/in/a/file.tf", "infra"),
        ("*.tf @infra\n* @all", "deep/in/a/file.tf", "all"),
        ("*.tf @shop/infra", "main.tf", "shop/infra"),
        ("*.tf @infra", "main.tf.json", None),
        ("/deploy/ @ops", "deploy/web/task.json", "ops"),
        ("/deploy/ @ops", "old/deploy/task.json", None),
        ("/deploy/ @ops", "deploy", None),
        ("deploy/ @ops", "old/deploy/task.json", "ops"),
        ("deploy @ops", "old/deploy/task.json", "ops"),
        ("/deploy @ops", "deploy/web/task.json", "ops"),
        ("/deploy @ops", "deployment.yaml", None),
        ("docs/* @writers", "docs/start.md", "writers"),
        ("docs/* @writers", "docs/build/deep.md", None),
        ("docs/* @writers", "old/docs/start.md", None),
        ("docs/** @writers", "docs/build/deep.md", "writers"),
        ("**/logs @ops", "build/logs/today.txt", "ops"),
        ("**/logs @ops", "logs/today.txt", "ops"),
        ("/app/**/task.json @ops", "app/task.json", "ops"),
        ("/app/**/task.json @ops", "app/a/b/task.json", "ops"),
        ("/app/*/task.json @ops", "app/a/b/task.json", None),
        ("/app/ @shop\n/app/vendor", "app/vendor/x.yaml", None),
        ("/app/ @shop\n/app/vendor", "app/x.yaml", "shop"),
        ("/Deploy/ @ops", "deploy/task.json", None),
        ("ta?k.json @ops", "task.json", "ops"),
        ("/my\\ files/ @ops", "my files/task.json", "ops"),
        ("*.tf @infra # these are ours, @nobody", "main.tf", "infra"),
        ("# *.tf @infra", "main.tf", None),
        ("* @all\n!*.tf @infra", "main.tf", "all"),
        ("* @all\n[a-z].tf @infra", "a.tf", "all"),
        ("[Section]\n* @all", "a.tf", "all"),
        ("* @all\n\\#a @infra", "#a", "all"),
        ("* @all\n*.tf infra", "main.tf", "all"),
        ("* @all\n*.tf ops@shop.example", "main.tf", None),
        ("\ufeff* @all\r\n", "main.tf", "all"),
        ("a.c+ @ops", "a.c+", "ops"),
        ("", "main.tf", None),
        ("/ @ops", "main.tf", None),
    ],
)
def test_who_owns_a_file(text: str, path: str, owner: str | None) -> None:
    assert find_owners(text, [path]) == (() if owner is None else (owner,))


def test_who_owns_most_comes_first() -> None:
    text = "*.tf @infra @one\n*.json @ops @one ops@shop.example @ops\n"
    assert find_owners(text, ["a.json", "b.tf", "c.tf"]) == ("one", "infra", "ops")


def test_a_file_that_github_does_not_use_owns_nothing() -> None:
    assert find_owners("* @all\n" + "#" * LONGEST, ["a.tf"]) == ()
