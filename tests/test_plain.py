"""The quick comparison of what was planned with what was read says yes only where the data say so."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixbot.edit.change import Change, Drop, Put, Replace, plan_rewrites, render_edits
from fixbot.edit.data import matches_plan, to_data
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, Node
from fixbot.source.document import parse_document

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, "", "a", "1", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def tree(data: object) -> Node:
    return parse_document("x.json", json.dumps(data)).roots[0]


@given(VALUES, VALUES)
def test_it_never_calls_alike_what_differs(one: object, two: object) -> None:
    a, b = tree(one), tree(two)
    if matches_plan(a, b, {}):
        assert to_data(a) == to_data(b)


@given(VALUES)
def test_it_knows_the_same_again(data: object) -> None:
    assert matches_plan(tree(data), tree(data), {})


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), VALUES, st.data())
def test_it_expects_what_a_plan_will_leave(data: dict[str, object], new: object, draw: st.DataObject) -> None:
    before = tree(data)
    key = draw.draw(st.sampled_from(sorted(data)))
    entry = before.find_entry(key)
    assert entry is not None
    changes: list[Change] = [Put(before, ("z",), 7), Drop(entry.value), Replace(entry.value, "new")]
    change = draw.draw(st.sampled_from(changes))
    try:
        wanted = plan_rewrites([change])
        after = parse_document(
            "x.json", splice_edits(json.dumps(data), render_edits(json.dumps(data), wanted))
        ).roots[0]
    except CannotEdit:
        return
    assert matches_plan(before, after, wanted)
    if to_data(before) != to_data(after):
        assert not matches_plan(before, after, {})
    other = tree(new)
    if matches_plan(before, other, wanted):
        assert to_data(before, wanted) == to_data(other)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a: 1\n", "a: '1'\n"),
        ("a: 1\n", "a: 1.0\n"),
        ("a: 1\n", "a: true\n"),
        ("a: !Ref b\n", "a: b\n"),
        ("a: !Ref b\n", "a: !Sub b\n"),
        ("a: &x b\nc: *x\n", "a: &x b\nc: b\n"),
        ("a: [1, 2]\n", "a: [1]\n"),
        ("a: 1\nb: 2\n", "a: 1\n"),
    ],
)
def test_type_tag_alias_and_length_count(one: str, two: str) -> None:
    first, second = parse_document("x.yaml", one).roots[0], parse_document("x.yaml", two).roots[0]
    assert not matches_plan(first, second, {})
    assert not matches_plan(second, first, {})


def test_blocks_of_other_names_differ() -> None:
    one, two = (
        parse_document("x.tf", f'resource "a" "{name}" {{\n  b = f(1)\n}}\n').roots[0] for name in "xy"
    )
    assert not matches_plan(one, two, {})
    assert matches_plan(one, one, {})
    called = parse_document("x.tf", 'resource "a" "x" {\n  b = f(2)\n}\n').roots[0]
    assert not matches_plan(one, called, {})
