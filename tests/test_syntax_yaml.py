"""YAML: where things stand, and what a patch looks like to the person who reviews it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fixbot.edit.change import Drop, Replace, plan_rewrites, render_edits
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import (
    CannotEdit,
    CodeExpression,
    HclBlock,
    NewEntry,
    Node,
    Rewrite,
    SyntaxProblem,
    TaggedValue,
)
from fixbot.syntax.yaml import GRAMMAR
from tests.yaml_texts import add, at, changed, drop, instead, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.edit.change import Change


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        # A new entry stands behind its neighbour, comments stay with their lines.
        ("a: 1 # one\n\n# b\nb: 2\n", put([], "new", True, "a"), "a: 1 # one\nnew: true\n\n# b\nb: 2\n"),
        ("a: 1\n# tail\n\n\n", put([], "new", True), "a: 1\nnew: true\n# tail\n\n\n"),
        ("a: 1", put([], "new", True), "a: 1\nnew: true"),
        ("\ufeffa: 1\r\nb: 2", put([], "new", "x", "a"), "\ufeffa: 1\r\nnew: x\r\nb: 2"),
        ("a: 1\r\nb: 2", put([], "new", "x"), "a: 1\r\nb: 2\r\nnew: x"),
        (
            "a:\n  - b: |\n      x\n\nc: 1\n",
            put([], "new", 1, "a"),
            "a:\n  - b: |\n      x\nnew: 1\n\nc: 1\n",
        ),
        ("a: |+\n  x\n\nb: 1\n", put([], "new", 1, "a"), "a: |+\n  x\n\nnew: 1\nb: 1\n"),
        ("--- # head\na: 1\n...\n", put([], "new", 1), "--- # head\na: 1\nnew: 1\n...\n"),
        ("--- {a: b}\n", put([], "new", 1), "--- {a: b, new: 1}\n"),
        ("? a\n: 1\n", put([], "new", 1), "? a\n: 1\nnew: 1\n"),
        ("a: &x\n  b: 1\n", put(["a"], "new", 1), "a: &x\n  b: 1\n  new: 1\n"),
        ("-   a: 1\n    b: 2\n", put([0], "new.m", 1, "a"), "-   a: 1\n    new:\n      m: 1\n    b: 2\n"),
        ("-\n  a: 1\n", put([0], "new", 1), "-\n  a: 1\n  new: 1\n"),
        # Indentation is the neighbours', of maps and of lists.
        ("a:\n    b:\n        c: 1\n", put([], "new.m", 1), "a:\n    b:\n        c: 1\nnew:\n    m: 1\n"),
        ("a:\n- 1\n", put([], "new", [2, [3]]), "a:\n- 1\nnew:\n- 2\n- - 3\n"),
        (
            "a:\n    -   1\n",
            put([], "new", [{"x": 2, "z": 3}]),
            "a:\n    -   1\nnew:\n    -   x: 2\n        z: 3\n",
        ),
        ("a:\n  - x\n  - y # c\nb: 1\n", add(["a"], "z"), "a:\n  - x\n  - y # c\n  - z\nb: 1\n"),
        ("- - x\n  - y\n", add([0], "z"), "- - x\n  - y\n  - z\n"),
        # Quotes: where YAML 1.1 needs them, or where all neighbours have them.
        ("a: x\n", put([], "new", "yes"), 'a: x\nnew: "yes"\n'),
        ("a: 'x'\n", put([], "new", "y z"), "a: 'x'\nnew: 'y z'\n"),
        ('"a": "x"\n', put([], "new", True), '"a": "x"\n"new": true\n'),
        ("a: x\n", put([], "new", TaggedValue("!Sub", "${A}:k::")), 'a: x\nnew: !Sub "${A}:k::"\n'),
        ("a: x\n", put([], "new", TaggedValue("!Sub", "${A}-k")), "a: x\nnew: !Sub ${A}-k\n"),
        ("a: x\n", put([], "new", "1\n2\n"), "a: x\nnew: |\n  1\n  2\n"),
        # Whole lines go, comments above and blank lines stay.
        ("a: 1\n# on b\nb: 2 # gone\n\nc: 3\n", drop("b"), "a: 1\n# on b\n# gone\n\nc: 3\n"),
        ("a: 1\nb: 2", drop("b"), "a: 1"),
        ("a: 1\nb: 2\n", drop("a"), "b: 2\n"),
        ("- p: true\n  name: x\n", drop(0, "p"), "- name: x\n"),
        ("- p: true # gone\n  # name\n  name: x\n", drop(0, "p"), "- # gone\n  # name\n  name: x\n"),
        ("a:\n  b: 1\nc: 2\n", drop("a", "b"), "c: 2\n"),
        ("a: 1 # c\n", drop("a"), "{} # c\n"),
        ("- 1\n- 2\n- 3\n", drop(1), "- 1\n- 3\n"),
        ("a: |\n  x\nb: 1", drop("b"), "a: |\n  x\n"),
        # Flow style keeps its commas, JSON stays JSON.
        ("a: [x, y]\n", add(["a"], "z"), "a: [x, y, z]\n"),
        ("a: []  # none\n", add(["a"], {"k": "yes"}), 'a: [{k: "yes"}]  # none\n'),
        ("a: { }\n", put(["a"], "k", 1), "a: { k: 1 }\n"),
        ("a: { b: 1 }\n", put(["a"], "k", {"x": 1}, "b"), "a: { b: 1, k: { x: 1 } }\n"),
        ('{"a":1,"b":["c"]}', put([], "new", "x"), '{"a":1,"b":["c"],"new":"x"}'),
        ('{\n  "a": 1,\n  "b": 2\n}\n', put([], "new", "x"), '{\n  "a": 1,\n  "b": 2,\n  "new": "x"\n}\n'),
        ('{\n  "a": 1 # c\n}\n', put([], "new", 2), '{\n  "a": 1, # c\n  "new": 2\n}\n'),
        ("[\n  a,\n  b,\n]\n", add([], "c"), "[\n  a,\n  b,\n  c,\n]\n"),
        ("[\n  a,\n  b\n]\n", drop(1), "[\n  a\n]\n"),
        ("[\n  a,\n  b\n]\n", drop(0), "[\n  b\n]\n"),
        ("{a: 1, b: 2, c: 3}", drop("a"), "{b: 2, c: 3}"),
        ("{a: 1, b: 2, c: 3}", drop("b"), "{a: 1, c: 3}"),
        ("{a: 1, b: 2, c: 3}", drop("c"), "{a: 1, b: 2}"),
        # A value in the place of another.
        ("a: 'x' # c\n", instead(["a"], "y"), "a: 'y' # c\n"),
        ("a: 'x'\n", instead(["a"], False), "a: false\n"),
        ("a:  # c\nb: 1\n", instead(["a"], "x"), "a: x  # c\nb: 1\n"),
        ("a:  # c\nb: 1\n", put(["a"], "k", 1), None),
        ("a:  # c\nb: 1\n", put([], "a.k", 1), "a:  # c\n  k: 1\nb: 1\n"),
        ("a:\nb: 1\n", put([], "a.k", [1]), "a:\n  k:\n    - 1\nb: 1\n"),
        ("a: x # c\nb: 1\n", instead(["a"], {"k": 1}), "a: # c\n  k: 1\nb: 1\n"),
        ("a: !If\n  - x\n  - y\nb: 1\n", instead(["a"], False), "a: false\nb: 1\n"),
        ("a: # c\n  x: 1\nb: 1\n", instead(["a"], False), "a: false # c\nb: 1\n"),
        ("a: | # c\n  x\n\nb: 1\n", instead(["a"], "z"), "a: z  # c\n\nb: 1\n"),
        ("- x # c\n- y\n", instead([0], {"k": 1, "l": 2}), "- k: 1 # c\n  l: 2\n- y\n"),
        ("-\n- y\n", instead([0], {"k": 1, "l": 2}), "- k: 1\n  l: 2\n- y\n"),
        ("{a: , b}", instead(["b"], 1), "{a: , b: 1}"),
        ("a: &x 1\n", instead(["a"], 2), "a: &x 2\n"),
        ("- &x v\n", instead([0], {"k": 1}), "- &x\n  k: 1\n"),
        ("- 1\n", instead([0], float("-inf")), "- -.inf\n"),
        ("a: 1\n", instead(["a"], HclBlock((), {})), None),
        ("a: !t\n  &x\n  b: 1\n", instead(["a"], 1), None),
        ("? a\n: b: 1\n", instead(["a"], 1), None),
        # Odd places of commas and comments.
        ("[# none\n]", add([], "a"), "[a # none\n]"),
        ("[\n  a\n  ,\n  b]", drop(1), "[\n  a]"),
        ("{\n  a: 1\n  ,\n  b: 2}", put([], "new", 1, "a"), "{\n  a: 1, new: 1\n  ,\n  b: 2}"),
        ("[\n  a ]", add([], "b"), "[\n  a,\n  b ]"),
        ("[a, b,\n c]", drop(1), "[a,\n c]"),
        ("a: x\n", put([], "new", "1.2.3"), "a: x\nnew: 1.2.3\n"),
        ("a: x\n", put([], "new", "2020-01-01"), 'a: x\nnew: "2020-01-01"\n'),
        ("a: !t # c\n  |\n  x\n\nb: 1\n", put([], "new", 1, "a"), "a: !t # c\n  |\n  x\nnew: 1\n\nb: 1\n"),
    ],
)
def test_the_patch_is_what_a_person_would_write(
    before: str, change: Callable[[Node], Change], after: str | None
) -> None:
    if after is None:
        with pytest.raises(CannotEdit):
            changed(before, change)
    else:
        assert changed(before, change) == after


@pytest.mark.parametrize(
    ("text", "change", "reason"),
    [
        ("a: |\n  x", put([], "n", 1), "without a last line end"),
        ("a: |\n  x\nb: 1\n    # c\nc: 2\n", drop("b"), "block scalar above"),
        ("a: |+\n  x\nb: 1\n\nc: 2\n", drop("b"), "block scalar above"),
        ("a: {b: &x 1}\nc: *x\n", drop("a"), "anchor"),
        ("a: |+\n  x\nb: 1", drop("b"), "keeps every line end"),
        ("? &x k\n: {b: 1}\nc: *x\n", drop("k"), "anchor"),
        ("a: 1\rb: 2\r", put([], "n", 1), "line ends"),
        ("[a: b]", put([0], "n", 1), "braces"),
        ("[a, # c\n b, c]", drop(0), "comment"),
        ("[ # c\n a]", drop(0), "comment"),
        ("a: 1\n", put([], "k" * 2000, 1), "too long"),
        ("a: 1\n", put([], "n", "\ud800x\n"), "half a character"),
    ],
)
def test_what_has_no_exact_edit_is_refused_with_a_reason(
    text: str, change: Callable[[Node], Change], reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        changed(text, change)


def test_changes_of_nested_collections_that_end_on_one_line_go_to_their_own_depth() -> None:
    after = changed("a:\n  b:\n    c: 1\n", put([], "x", 1), put(["a"], "w", 1), put(["a", "b"], "z", 1))
    assert after == "a:\n  b:\n    c: 1\n    z: 1\n  w: 1\nx: 1\n"


def test_new_items_take_the_places_of_dropped_ones() -> None:
    assert changed("[a, b]", drop(0), drop(1), add([], "c")) == "[c]"
    assert changed("[a, b, c]", drop(0), drop(1)) == "[c]"
    assert changed("{a: 1, b: 2}", drop("a"), put([], "new", 1, "a")) == "{b: 2, new: 1}"
    assert (
        changed("- a # a\n- b # b\n", drop(0), drop(1), add([], "c"), add([], "d")) == "- c # a\n# b\n- d\n"
    )


def test_a_node_ends_where_its_last_character_stands() -> None:
    text = "a:\n  - x # c\n\n# d\nb: |\n  one\n\n  two\n\n\nc: &q\n? d\n? e\n: 'f'\n"
    root = GRAMMAR.parse_text(text)[0]
    shown = {entry.key: text[entry.value.start : entry.value.end] for entry in root.entries}
    assert shown == {"a": "- x", "b": "|\n  one\n\n  two", "c": "&q", "d": "", "e": "'f'"}
    assert text[root.start : root.end] == text[:-1]


def test_tags_of_its_own_make_a_value_unknown_and_yamls_own_do_not() -> None:
    root = GRAMMAR.parse_text(
        "a: !GetAtt b.c\nb: !!str 12\nc: !!int '3'\nd: !!set {a}\ne: !If [x, !!map {}]\n"
    )[0]
    assert [(each.value.tag, each.value.value) for each in root.entries] == [
        *(("!GetAtt", "b.c"), (None, "12"), (None, 3), ("!!set", None), ("!If", None))
    ]
    assert at(root, "e").items[1].tag is None


def test_an_alias_shares_what_its_anchor_holds() -> None:
    root = GRAMMAR.parse_text("a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n")[0]
    target, alias = at(root, "a"), at(root, "b")
    assert alias.alias is target
    assert target.anchored
    assert alias.entries is target.entries
    assert at(root, "c", "k").value == 1


def test_a_part_of_a_text_is_read_at_the_offsets_of_the_whole() -> None:
    text = "junk {{\n\ufeffa: [b]\n}} junk"
    root = GRAMMAR.parse_text(text, 8, 16)[0]
    assert text[root.start : root.end] == "a: [b]"
    assert text[root.entries[0].key_start : root.entries[0].key_end] == "a"


@pytest.mark.parametrize(
    "flow",
    ["[!Ref AWS::NoValue, b]", "{k: AWS::NoValue}", "[AWS::NoValue, !<!x> b]", "[AWS::NoValue, c:]"],
)
def test_what_the_c_parser_refuses_and_others_take_is_read(flow: str) -> None:
    root = GRAMMAR.parse_text(f"a: {flow}\nc::d: |\n  http://x\n")[0]
    node = at(root, "a")
    value = (node.items or [entry.value for entry in node.entries])[0]
    assert value.value == "AWS::NoValue"
    assert at(root, "c::d").value == "http://x\n"


@pytest.mark.parametrize(
    "text",
    [
        *("a: [", "\x00", "a: *x", "a: &x [*x]", "\ta: 1", "%YAML 9.9\n", "a: \ud800", "'", "!<", "&", "? ["),
        *("[" * 401 + "]" * 401, "{a: " * 50_000, "- " * 5_000),
        "a0: &a0 {}\n"
        + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
    ],
)
def test_what_is_not_yaml_or_too_much_of_it_is_a_syntax_problem(text: str) -> None:
    with pytest.raises(SyntaxProblem) as problem:
        GRAMMAR.parse_text(text)
    assert problem.value.reason


def test_a_problem_says_where_and_shows_nothing_of_the_text() -> None:
    with pytest.raises(SyntaxProblem) as problem:
        GRAMMAR.parse_text("password: [hunter2\nb: hunter2")
    assert problem.value.offset is not None
    assert "hunter2" not in problem.value.reason


def test_an_alias_bomb_is_refused() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 50))
    with pytest.raises(SyntaxProblem, match="multiply"):
        GRAMMAR.parse_text(text)


def test_aliases_that_are_walked_through_once_each_are_read() -> None:
    text = "a: &a [x, y]\n" + "".join(f"b{n}: *a\n" for n in range(1_000))
    root = GRAMMAR.parse_text(text)[0]
    assert sum(1 for _ in root.walk_tree()) == 1_004


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("yes", True), ("Off", False), ("n", "n"), ("~", None), ("NULL", None), ("nUll", "nUll")),
        *(
            ("0777", 511),
            ("0o17", 15),
            ("-0x1F", -31),
            ("1_000", 1000),
            ("1:30", 90),
            ("0b101", 5),
            ("08", "08"),
        ),
        *(
            ("1.5", 1.5),
            ("-.5", -0.5),
            ("1e3", 1000.0),
            ("1:30.5", 90.5),
            (".inf", float("inf")),
            ("1.2.3", "1.2.3"),
        ),
        *(
            ("2020-01-01", "2020-01-01"),
            ("9" * 5000, "9" * 5000),
            ("0x_", "0x_"),
            ("+", "+"),
            (".", "."),
            ("<<", "<<"),
        ),
    ],
)
def test_plain_scalars_mean_what_yaml_1_1_says(text: str, value: object) -> None:
    node = GRAMMAR.parse_text(f"- {text}\n")[0].items[0]
    assert type(node.value) is type(value)
    assert node.value == value


def test_code_is_written_as_it_is() -> None:
    root = GRAMMAR.parse_text("a: 1\n")[0]
    assert (
        splice_edits(
            "a: 1\n", render_edits("a: 1\n", plan_rewrites([Replace(at(root, "a"), CodeExpression("${b}"))]))
        )
        == "a: ${b}\n"
    )


def test_what_is_no_number_is_written_as_yaml_says_it() -> None:
    root = GRAMMAR.parse_text("a: 1\n")[0]
    wanted = plan_rewrites([Replace(at(root, "a"), float("nan"))])
    assert splice_edits("a: 1\n", render_edits("a: 1\n", wanted)) == "a: .nan\n"


def test_new_first_items_share_the_line_of_what_is_around_the_list() -> None:
    text = "- - x\n  - y\n"
    node = GRAMMAR.parse_text(text)[0].items[0]
    assert (
        splice_edits(text, GRAMMAR.rewrite_collection(text, Rewrite(node, first=["w"])))
        == "- - w\n  - x\n  - y\n"
    )


def test_an_alias_is_not_changed_in_the_place_of_its_anchor() -> None:
    text = "a: &x {k: 1}\nb: *x\n"
    node = at(GRAMMAR.parse_text(text)[0], "b")
    with pytest.raises(CannotEdit, match="alias"):
        GRAMMAR.rewrite_collection(text, Rewrite(node, put=[NewEntry("new", 1)]))


def test_a_place_that_one_fix_drops_and_another_changes_is_refused() -> None:
    text = "a: 1\nb: 2\n"
    root = GRAMMAR.parse_text(text)[0]
    with pytest.raises(CannotEdit, match="takes away"):
        render_edits(text, plan_rewrites([Drop(at(root, "a")), Replace(at(root, "a"), 2)]))


@pytest.mark.parametrize("text", ["a: 1\n", "- 1\n"])
def test_a_text_that_is_not_the_one_that_was_read_is_refused(text: str) -> None:
    root = GRAMMAR.parse_text(text)[0]
    rewrite = Rewrite(root, last=[1] if root.items else [])
    rewrite.replaced = [(entry.value, {"k": 1}) for entry in root.entries]
    with pytest.raises(CannotEdit):
        GRAMMAR.rewrite_collection("?????????", rewrite)


@pytest.mark.parametrize(
    ("text", "value", "tag"),
    [
        ("!!float 1", 1.0, None),
        ("!!bool yes", True, None),
        ("!!null ~", None, None),
        ("! 12", "12", None),
        ("!!int x", "x", "!!int"),
        ("!!timestamp 2020-01-01", "2020-01-01", None),
        ("!!binary aGk=", "aGk=", "!!binary"),
        ("!<tag:yaml.org,2002:str> 1", "1", None),
    ],
)
def test_yamls_own_tags_give_the_value_they_name(text: str, value: object, tag: str | None) -> None:
    node = GRAMMAR.parse_text(f"- {text}\n")[0].items[0]
    assert (node.value, node.tag) == (value, tag)


def test_without_the_c_parser_the_same_tree_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [b, {c: 'd'}]\ne:\n- |\n  f\n\n-\ng:\n"
    quick = [(node.start, node.end, node.value) for node in GRAMMAR.parse_text(text)[0].walk_tree()]
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    assert [(node.start, node.end, node.value) for node in GRAMMAR.parse_text(text)[0].walk_tree()] == quick


def test_a_large_text_that_the_c_parser_refuses_is_not_read_again_slowly() -> None:
    with pytest.raises(SyntaxProblem):
        GRAMMAR.parse_text("a: 1\n" * 100_000 + "b: [c:]\n")
