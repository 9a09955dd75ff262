"""How our own source may make what a reader pastes or applies: never by gluing a name into a text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = (
    "fixers",
    "fixbot/secret_stores",
    "fixbot/iam/policies",
    "fixbot/knowledge",
    "fixbot/checkout",
    "fixbot/cli",
)
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
EVERYWHERE = sorted([*(ROOT / "fixbot").rglob("*.py"), *(ROOT / "fixers").rglob("*.py")])
MAKERS = {"run", "joined", "command.run", "command.joined"}
EXPRESSIONS = (
    "fixbot/syntax/hcl/expressions.py",
    "fixbot/edit/data.py",
    "fixbot/iam/policies/policy_data.py",
    "fixbot/syntax/",
    "fixbot/edit/tree.py",
)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def glued_spans(tree: ast.AST) -> Iterator[str]:
    """F-strings in which a backtick stands right beside what is filled in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for one, two in zip(node.values, node.values[1:], strict=False):
                before = isinstance(one, ast.Constant) and str(one.value).endswith("`")
                behind = isinstance(two, ast.Constant) and str(two.value).startswith("`")
                if before or behind:
                    yield ast.unparse(node)


def glued_words(tree: ast.AST) -> Iterator[str]:
    """Words of commands that are put together where they are passed."""
    for name, call in calls(tree):
        if name in MAKERS:
            for given in call.args:
                put = any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in ast.walk(given))
                if put and not isinstance(given, ast.Call | ast.Starred):
                    yield ast.unparse(call)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_is_glued_into_code_or_a_command(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(glued_spans(tree)) == [], (
        "a name becomes code by `mark_code(name)` of fixbot.text.markdown_escape"
    )
    assert list(glued_words(tree)) == [], "a word of a command is written out, or made by its kind"


def test_expressions_are_made_in_one_place() -> None:
    for path in EVERYWHERE:
        name = str(path.relative_to(ROOT))
        if not name.startswith(EXPRESSIONS):
            made = {called for called, _ in calls(ast.parse(path.read_text(encoding="utf-8")))}
            assert not made & {"Code", "Hosted"}, name


def test_no_command_is_joined_elsewhere() -> None:
    for path in EVERYWHERE:
        name = str(path.relative_to(ROOT))
        if name != "fixbot/text/command.py":
            made = {called for called, _ in calls(ast.parse(path.read_text(encoding="utf-8")))}
            assert not made & {"shlex.join", "shlex.quote", "textwrap.fill", "textwrap.wrap"}, name


def test_what_is_glued_would_be_seen() -> None:
    assert list(glued_spans(ast.parse('f"key `{name}`"')))
    assert list(glued_words(ast.parse('run("kubectl", f"-n{space}")')))
    assert list(glued_words(ast.parse('joined("a" + name)')))
    assert not list(glued_words(ast.parse('run("kubectl", "-n", NAMESPACE(f"{a}/{b}"))')))
