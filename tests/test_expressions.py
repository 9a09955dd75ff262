"""Every regular expression of ours takes a stranger's text in steps that grow no faster than the text.

They are found by reading the sources, so that a new one is measured the day that it is written.
"""

from __future__ import annotations

import ast
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from fixbot.knowledge.token_forms import TOKEN_FORMS
from tests.expressions import Counting, cost, grows
from tests.test_house import MODULES, ROOT

ELSEWHERE = {
    ("fixbot/text/text_shape.py", "self.pattern"),
    ("fixbot/text/command.py", "self.pattern"),
    ("fixbot/knowledge/secret_forms.py", "TOKEN_FORMS[number].pattern"),
    ("fixbot/knowledge/image_tables.py", "row['tag']"),
    ("fixbot/knowledge/switches.py", "condition['variable']"),
    ("fixbot/knowledge/secret_commands.py", "place.needs"),
}
"""Where an expression comes from data of ours: shapes of texts, kinds of words, the table of images."""
OF_VALUES = {
    "fixbot/masking/secret_values.py",
    "fixbot/masking/remarks.py",
    "fixbot/knowledge/classify_secrets.py",
}
"""Where expressions are made of the very values that are looked for, each of them escaped."""


class Expression(NamedTuple):
    """An expression, where it stands and how it is used: `match`, `fullmatch`, or anything else."""

    where: str
    pattern: str
    flags: int
    way: str


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """The calls of `re.…`, with the function's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            value = node.func.value
            if isinstance(value, ast.Name) and value.id == "re" and node.func.attr != "escape":
                yield node.func.attr, node


def constants(tree: ast.Module) -> set[str]:
    """Names that a module gives a value once, at its top."""
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    imported = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return {name for name in names if names.count(name) == 1} | {name for name in imported if name.isupper()}


def is_constant(node: ast.AST, known: set[str]) -> bool:
    """Whether an expression is written out, or made of module constants and of words that were escaped."""
    words = [
        inner
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "re.escape"
        for inner in ast.walk(each)
    ]
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each not in words}
    called = {
        each.func.attr if isinstance(each.func, ast.Attribute) else "?"
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and each not in words
    }
    return names <= known and called <= {"encode", "format", "join"}


def way_of(name: str, text: str) -> set[str]:
    used = set(re.findall(rf"(?<![\w.]){re.escape(name)}\.(\w+)", text)) - {"pattern"}
    handed_on = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])(?! *(?::[^=\n]*)?= )", text) is not None
    ways = {each if each in {"match", "fullmatch"} else "finditer" for each in used}
    return ways | ({"finditer"} if handed_on or not ways else set())


def compiled(module: str, text: str) -> Iterator[tuple[str, re.Pattern[Any], set[str]]]:
    """The expressions that a module has at its top, also inside of its tuples and maps."""
    for name, value in vars(import_module(module)).items():
        if isinstance(value, re.Pattern):
            yield name, value, way_of(name, text)
        elif isinstance(value, tuple | list | dict) and not name.startswith("__"):
            yield from ((name, each, {"finditer"}) for each in inside(value, 3))


def inside(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | dict) and depth:
        for each in value.values() if isinstance(value, dict) else value:
            yield from inside(each, depth - 1)


def in_functions(tree: ast.Module) -> Iterator[tuple[str, str, int, str]]:
    """The expressions that are written out where they are used."""
    for name, node in calls(tree):
        if name != "compile" and isinstance(node.args[0], ast.Constant):
            words = ast.unparse(node)
            flags = sum(
                flag for flag in (re.DOTALL, re.IGNORECASE, re.MULTILINE) if f"re.{flag.name}" in words
            )
            way = name if name in {"match", "fullmatch"} else "finditer"
            yield f"line {node.lineno}", str(node.args[0].value), flags, way


def shapes(module: str) -> Iterator[Expression]:
    """The patterns that a module gives to what asks them of whole texts."""
    for name, value in vars(import_module(module)).items():
        for each in value if isinstance(value, tuple) else (value,):
            if is_dataclass(each) and not isinstance(each, type):
                pattern = getattr(each, "pattern", None)
                if isinstance(pattern, str):
                    yield Expression(name, pattern, 0, "fullmatch")


def everything() -> dict[str, list[Expression]]:
    found: dict[str, list[Expression]] = {}
    for module, path in MODULES.items():
        if module.endswith("__main__"):
            continue
        text = path.read_text(encoding="utf-8")
        own = [
            Expression(name, pattern_of(each), each.flags & ~(re.UNICODE | re.ASCII), way)
            for name, each, ways in compiled(module, text)
            for way in ways
        ]
        own += [Expression(*each) for each in in_functions(ast.parse(text))]
        own += shapes(module)
        if own:
            found[module] = sorted(set(own))
    rows = json.loads((ROOT / "fixbot" / "data" / "images.json").read_text(encoding="utf-8"))
    tags = {row["tag"] for table in rows.values() if isinstance(table, list) for row in table if "tag" in row}
    found["images.json"] = [Expression("tag", tag, 0, "fullmatch") for tag in sorted(tags)]
    found["tokens"] = [Expression(each.what, each.pattern, 0, "finditer") for each in TOKEN_FORMS]
    return found


def pattern_of(expression: re.Pattern[Any]) -> str:
    """A pattern for bytes has one letter a byte."""
    pattern = expression.pattern
    return pattern.decode("latin-1") if isinstance(pattern, bytes) else str(pattern)


EXPRESSIONS = everything()


def deep(do: Callable[[], None]) -> None:
    """Do it on a stack that is deep enough for a matcher that calls itself for each character."""
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the test is
            wrong.append(error)

    before = threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    threading.stack_size(before)
    if wrong:
        raise wrong[0]


@pytest.mark.parametrize("module", EXPRESSIONS)
def test_no_text_makes_an_expression_slow(module: str) -> None:
    def measure() -> None:
        slow = {each.where: text for each in EXPRESSIONS[module] if (text := grows(*each[1:]))}
        assert slow == {}

    deep(measure)


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        ("(a+)+$", "match"),
        ("(a|a)*b", "match"),
        ("(?:a|aa)+b", "fullmatch"),
        (r"\s*\(#\d+\)$", "finditer"),
        ("a*b", "finditer"),
        (r"\$\{[^}]*\}", "finditer"),
        (r"\s*\n\s+x", "match"),
        ("(?P<word>.*?)[)]*", "fullmatch"),
        ("<(.*)>;x", "finditer"),
        (r"(?:[&!]\S*(?:\s|#[^\n]*)+)*x", "match"),
        ("[a-z]+[0-9]", "finditer"),
        (r"(?=.*x)a", "finditer"),
    ],
)
def test_slow_expressions_are_found(pattern: str, way: str) -> None:
    deep(lambda: _assert(grows(pattern, 0, way) != ""))


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        ("(?<![a-z])[a-z]++[0-9]", "finditer"),
        ("a{0,40}b", "finditer"),
        ("(?>a+)b", "match"),
        (r"\$\{[^}]*+(?:\}|\Z)", "finditer"),
        ("x(?:a|b)*y", "match"),
        ("#[^\\n]*", "finditer"),
    ],
)
def test_quick_expressions_are_let_be(pattern: str, way: str) -> None:
    deep(lambda: _assert(grows(pattern, 0, way) == ""))


def _assert(truth: bool) -> None:
    assert truth


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("a+b", "aaab"), ("(a|b)*c", "ababc"), ("x(?=y)y", "xy"), (r"(`+).*\1", "``a``"), ("a{2,3}?b", "aaab"),
     (r"\bfoo\b", "foo"), ("(?i)AbC", "aBc"), ("[^x]*x", "abx"), ("(?>a*)b", "aab"), ("(?<!a)b", "b")],
)  # fmt: skip
def test_the_counting_matcher_matches_what_python_matches(pattern: str, text: str) -> None:
    counting = Counting(pattern, 0)
    for text_, holds in ((text, True), (f"{text}\x02", False)):
        counting.begin(text_)
        assert (counting.match(0, whole=True) >= 0) is holds
        assert (re.fullmatch(pattern, text_) is not None) is holds
    assert cost(counting, text, "fullmatch") > 0


@pytest.mark.parametrize("module", MODULES)
def test_strangers_write_no_expressions(module: str) -> None:
    path = MODULES[module]
    name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))
    if name in OF_VALUES:
        return
    known = constants(tree)
    # What is done when a module is imported, or by what is given nothing, knows no text of a stranger.
    given = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.Lambda) and ast.unparse(each.args)
    ]
    for _, node in (call for each in given for call in calls(each)):
        written = ast.unparse(node.args[0])
        assert is_constant(node.args[0], known) or (name, written) in ELSEWHERE, f"{name}: {written}"
    imported = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not imported & {"fnmatch", "glob", "regex"}, f"{name}: fixbot.text.globs is the one matcher"
