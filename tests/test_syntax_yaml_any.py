"""YAML: whatever the text and whatever the plan, only what was asked for changes."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fixbot.edit.change import Add, Change, Drop, Put, Replace, RewritePlan, plan_rewrites, render_edits
from fixbot.edit.data import find_difference, to_data
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, Node, NodeKind, SyntaxProblem, TaggedValue, Value
from fixbot.syntax.yaml import GRAMMAR, places
from tests.yaml_texts import changed, instead, put, yaml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

CORPUS = Path(os.environ.get("FIXBOT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))

SCALARS: list[Value] = [True, 1, -2.5, 1e30, None, "", "x", "yes", "08", "1e3", "12:30", "a: b", "#no", "- x"]
STRINGS: list[Value] = [
    "é€",
    "a\tb",
    'it\'s "quoted"',
    "two\nlines\n",
    "two\n  lines",
    "\nodd \n\n",
    "k:",
    "{a}",
]
VALUES: list[Value] = [
    *SCALARS,
    *STRINGS,
    [],
    {},
    ["x", {"a": "b", "c": [1]}],
    {"k": {"z": [1, "two"]}},
    [[1, 2], ["a"]],
    TaggedValue("!Sub", "${A}:k::"),
    TaggedValue("!If", ["c", TaggedValue("!Ref", "AWS::NoValue"), "x"]),
    TaggedValue("!If", ["c", {"a": "b"}, [1]]),
    {"q": [{"name": "n", "value": "v"}]},
]


PIECES = st.lists(
    st.sampled_from(
        [*"abc0~&*!|>'\"%@`#,[]{}?:-\n \t\r.<=+_", "\n  ", "- ", ": ", "? ", "--- ", "...", "\ufeff", "é"]
    )
).map("".join)


@settings(max_examples=300)
@given(st.text() | PIECES)
@example("? ")
@example("{? a")
def test_any_text_is_read_or_a_syntax_problem(text: str) -> None:
    try:
        roots = GRAMMAR.parse_text(text)
    except SyntaxProblem:
        return
    for root in roots:
        for node in root.walk_tree():
            assert 0 <= node.start <= node.end <= len(text)


def carried_out(
    text: str, roots: Sequence[Node], changes: Sequence[Change]
) -> tuple[str, RewritePlan] | None:
    try:
        wanted = plan_rewrites(changes)
        return splice_edits(text, render_edits(text, wanted)), wanted
    except CannotEdit:
        return None


def random_changes(roots: Sequence[Node], dice: random.Random) -> list[Change]:
    nodes = [node for root in roots for node in root.walk_tree()]
    out: list[Change] = []
    for _ in range(dice.randint(1, 3) if nodes else 0):
        node, value = dice.choice(nodes), dice.choice(VALUES)
        near = tuple(entry.key for entry in dice.sample(node.entries, min(2, len(node.entries))))
        kinds: list[Change] = [Drop(node), Replace(node, value)]
        if node.kind is NodeKind.MAP:
            kinds += 2 * [Put(node, dice.choice([("new",), ("new", "b"), ("newer", "b", "c")]), value, near)]
            kinds.append(Add(node, ("news",), value, near))
        elif node.kind is NodeKind.LIST:
            kinds += 3 * [Add(node, (), value)]
        change = dice.choice(kinds)
        try:
            plan_rewrites([change])
        except CannotEdit:
            continue
        out.append(change)
    return out


def gone(text: str, wanted: RewritePlan) -> list[tuple[int, int]]:
    """The stretches in which a plan leaves nothing as it was."""
    out = []
    for rewrite in wanted.values():
        node = rewrite.node
        for index, child in enumerate(places.list_children(node)):
            end = places.find_line_end(text, child.end)
            if rewrite.is_dropped(child):
                start = child.start if not node.entries else node.entries[index].key_start
                if node.style == "block":
                    start = places.find_child_start(text, node, index)
                else:
                    end = places.find_line_end(text, places.skip_blank(text, child.end))
                out.append((start, end))
            elif rewrite.find_replacement(child):
                out.append((child.start, end if child.style == "block" else child.end))
    return out


def check(text: str, roots: Sequence[Node], changes: Sequence[Change]) -> None:
    result = carried_out(text, roots, changes)
    if result is None:
        return
    after, wanted = result
    again = GRAMMAR.parse_text(after)
    assert len(again) == len(roots)
    for old, new in zip(roots, again, strict=True):
        assert find_difference(to_data(new), to_data(old, wanted)) is None
    spans = gone(text, wanted)
    for comment in re.finditer(r"#:\d+:", text):
        assert comment[0] in after or any(start <= comment.start() < end for start, end in spans)
    if not spans and all(rewrite.node.style == "block" for rewrite in wanted.values()):
        rest = iter(after.splitlines())
        assert all(line in rest for line in text.splitlines())
    assert after.startswith("\ufeff") == text.startswith("\ufeff")


@settings(max_examples=500)
@given(st.integers(0, 2**32))
@example(531)
@example(2091)
@example(4599)
def test_any_plan_on_any_text_changes_what_it_says_and_nothing_else(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - dice
    text = yaml_text(dice)
    try:
        roots = GRAMMAR.parse_text(text)
    except SyntaxProblem:
        assume(False)
    assert splice_edits(text, render_edits(text, plan_rewrites([]))) == text
    for _ in range(3):
        check(text, roots, random_changes(roots, dice))


def corpus_texts(count: int) -> list[tuple[Path, str]]:
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside this clone")
    dice = random.Random(7)  # noqa: S311 - dice
    paths = sorted(path for path in CORPUS.rglob("*.y*ml") if path.is_file() and path.stat().st_size < 40_000)
    return [(path, path.read_bytes().decode("utf-8", "replace")) for path in dice.sample(paths, count)]


@pytest.mark.corpus
def test_random_plans_on_real_files() -> None:
    dice = random.Random(11)  # noqa: S311 - dice
    for _path, text in corpus_texts(250):
        try:
            roots = GRAMMAR.parse_text(text)
        except SyntaxProblem:
            continue
        for _ in range(4):
            check(text, roots, random_changes(roots, dice))


def same_as_pyyaml(node: Node, other: yaml.Node) -> bool:
    if node.alias is not None:
        node = node.alias
    if node.kind is NodeKind.CODE:  # `{{ … }}`, which others read as a map whose key is a map
        return isinstance(other, yaml.MappingNode) and isinstance(other.value[0][0], yaml.MappingNode)
    own = other.tag.startswith("tag:yaml.org,2002:")
    if node.tag is not None:
        return bool(node.tag == other.tag)
    if isinstance(other, yaml.MappingNode):
        return node.kind is NodeKind.MAP and all(
            same_as_pyyaml(entry.value, value)
            and (not isinstance(key, yaml.ScalarNode) or entry.key == key.value)
            for entry, (key, value) in zip(node.entries, other.value, strict=True)
        )
    if isinstance(other, yaml.SequenceNode):
        return node.kind is NodeKind.LIST and all(map(same_as_pyyaml, node.items, other.value))
    names = {"null": None, "bool": bool, "int": int, "float": float}
    kind = names.get(other.tag.rpartition(":")[2], str)
    if not own or kind is None:
        return node.value is None
    expected = yaml.SafeLoader("").construct_object(other) if kind is not str else other.value
    return bool(type(node.value) is kind and (node.value == expected or node.value != node.value))


@pytest.mark.corpus
def test_the_trees_of_real_files_are_those_of_another_reader() -> None:
    compared = 0
    for path, text in corpus_texts(200):
        try:
            others = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError:
            continue
        roots = GRAMMAR.parse_text(text)
        others = [other for other in others if other is not None]
        assert len(roots) == len(others), path
        assert all(map(same_as_pyyaml, roots, others)), path
        compared += 1
    assert compared > 100


@settings(max_examples=300)
@given(
    st.text(st.characters(exclude_categories=["Cs"])) | PIECES.filter(bool),
    st.sampled_from(["a: 1\n", "{a: 1}", "{'a': x}"]),
)
def test_every_string_survives_being_written_for_every_reader(new: str, text: str) -> None:
    after = changed(text, put([], "new", new), instead(["a"], {"k": [new]}))
    assert yaml.safe_load(after)["new"] == new
    assert yaml.safe_load(after)["a"] == {"k": [new]}
