from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.edit.change import Add, Change, Drop, Put, Replace, plan_rewrites, render_edits
from fixbot.edit.data import find_difference, to_data
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import (
    CannotEdit,
    CodeExpression,
    HclBlock,
    Node,
    NodeKind,
    SyntaxProblem,
    TaggedValue,
    Value,
)
from fixbot.syntax.hcl import GRAMMAR, find_content_span
from fixbot.syntax.hcl.align import scan_lines
from fixbot.syntax.hcl.strings import quote_string

CORPUS = Path(os.environ.get("FIXBOT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
TERRAFORM = shutil.which("terraform")


def root_of(text: str) -> Node:
    return GRAMMAR.parse_text(text)[0]


def value_of(expression: str) -> Node:
    found = root_of(f"before = 1\na = {expression}\nafter = 2\n")
    assert [entry.key for entry in found.entries] == ["before", "a", "after"]
    return found.entries[1].value


def at(node: Node, *path: str | int) -> Node:
    for step in path:
        node = (
            node.items[step]
            if isinstance(step, int)
            else next(e.value for e in node.entries if e.key == step)
        )
    return node


def changed(text: str, *changes: Change) -> str:
    wanted = plan_rewrites(changes)
    after = splice_edits(text, render_edits(text, wanted))
    root = changes[0].node.root_node
    assert find_difference(to_data(root_of(after)), to_data(root, wanted)) is None
    return after


def put(text: str, path: tuple[str | int, ...], key: str, value: Value, near: tuple[str, ...] = ()) -> str:
    return changed(text, Put(at(root_of(text), *path), (key,), value, near))


def add(text: str, path: tuple[str | int, ...], item: Value, *, last: bool = False) -> str:
    return changed(text, Add(at(root_of(text), *path), (), item, last=last))


def add_block(
    text: str, path: tuple[str | int, ...], key: str, block: Value, near: tuple[str, ...] = ()
) -> str:
    return changed(text, Add(at(root_of(text), *path), (key,), block, near))


def drop(text: str, *paths: tuple[str | int, ...]) -> str:
    root = root_of(text)
    return changed(text, *(Drop(at(root, *path)) for path in paths))


def replace(text: str, path: tuple[str | int, ...], value: Value) -> str:
    return changed(text, Replace(at(root_of(text), *path), value))


# reading


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"plain"', "plain"),
        ('""', ""),
        (r'"a\"b\\c\n\t\u00e9\U0001F600"', 'a"b\\c\n\té\U0001f600'),
        ('"$${aws:PrincipalTag/x} %%{y} $ % $$ 100%"', "${aws:PrincipalTag/x} %{y} $ % $$ 100%"),
        ('"$$${x}"', "$${x}"),
        ('"é“”"', "é“”"),
        ("1", 1),
        ("-1", -1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("true", True),
        ("false", False),
        ("null", None),
        ("/* why */ 5", 5),
        ("<<EOF\n  a $${b}\n\n EOF", "  a ${b}\n\n"),
        ("<<-EOF\n      a\n\n    b\n  \n    EOF", "  a\n\nb\n  \n"),
        ("<<EOF\nEOF", ""),
        ("<<EOF\r\n{}\r\nEOF", "{}\r\n"),
    ],
)
def test_a_literal_has_a_value(written: str, value: object) -> None:
    node = value_of(written)
    assert (node.kind, node.value, type(node.value)) == (NodeKind.SCALAR, value, type(value))


@pytest.mark.parametrize(
    "written",
    [
        "var.x",
        "a.b[0].c",
        "aws_x.y[*].arn",
        '"a ${b} c"',
        '"%{ if x }a%{ endif }"',
        "(1)",
        '"a" == "b"',
        "!x",
        "1 + 2",
        "[for x in y : x]",
        "{ for k, v in y : k => v }",
        "f(x...)",
        "f(x).y",
        '"${f("}")}"',
        "<<EOF\n${x}\nEOF",
    ],
)
def test_what_reading_alone_cannot_know_is_code(written: str) -> None:
    node = value_of(written)
    assert (node.kind, node.value) == (NodeKind.CODE, written)
    assert not node.is_known


def test_calls_have_a_name_and_arguments() -> None:
    node = value_of("jsonencode([{ a = 1 }], /* c */ x,)")
    assert (node.kind, node.value, len(node.items)) == (NodeKind.CALL, "jsonencode", 2)
    assert at(node, 0, 0, "a").value == 1
    assert value_of("provider::aws::arn_parse()").value == "provider::aws::arn_parse"


def test_a_choice_is_a_call_whose_branches_can_be_seen() -> None:
    node = value_of("x == 1 ? { a = 1 } : {}")
    assert (node.kind, node.value, node.is_known) == (NodeKind.CALL, "?", False)
    assert [item.kind for item in node.items] == [NodeKind.CODE, NodeKind.MAP, NodeKind.MAP]


def test_objects_take_every_way_to_write_a_key() -> None:
    text = '{\n  a = 1, "b/c" : 2\n  (d.e) = 3 # x\n  "${f}" = 4\n  5 = 6\n  null = x\n  (g) = 7\n}'
    node = value_of(text)
    assert [entry.key for entry in node.entries] == ["a", "b/c", "(d.e)", '"${f}"', "5", "null", "(g)"]


def test_blocks_are_entries_that_stand_where_their_type_stands() -> None:
    text = '\ufeff# é\r\nresource "aws_x" y {\r\n\tblk {}\r\n}\r\n'
    root = root_of(text)
    (entry,) = root.entries
    block = entry.value
    assert (entry.key, block.labels, block.style) == ("resource", ("aws_x", "y"), "body")
    assert entry.key_start == block.start
    assert text[block.start : block.end].startswith("resource")
    assert text[block.end - 1 : block.end + 1] == "}\r"
    assert [each.labels for each in root.list_items("resource")] == [("aws_x", "y")]


@pytest.mark.parametrize("opening", ["<<EOF", "<<-EOF"])
def test_the_content_of_a_heredoc_can_be_read_in_place(opening: str) -> None:
    text = f'é = 1\na = {opening}\n  {{"x": "${{y}}"}}\n  EOF\nb = 1\n'
    node = at(root_of(text), "a")
    assert node.style == "heredoc"
    start, end = find_content_span(text, node)
    assert text[start:end] == '  {"x": "${y}"}\n'


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a = 1 b = 2\n", 6),
        ("a = { b = 1 c = 2 }\n", 12),
        ('a = "x\ny"\n', 6),
        (r'a = "\d"', 5),
        (r'a = "\ud800"', 5),
        ("a = [1,,2]\n", None),
        ("a = <<EOF\nx\n", None),
        ("a {\n", None),
        ("{ a = 1 }", 0),
        ("a = 1\0", 5),
        ("a = " + "[" * 201 + "]" * 201, None),
        ("a = " + "{a=" * 3000, None),
        ("b {\n" * 250 + "}\n" * 250, None),
        ("a = " + "9" * 5000, 4),
    ],
)
def test_what_is_not_hcl_is_a_syntax_problem(text: str, offset: int | None) -> None:
    with pytest.raises(SyntaxProblem) as problem:
        GRAMMAR.parse_text(text)
    if offset is not None:
        assert problem.value.offset == offset


def test_two_hundred_levels_are_read() -> None:
    assert len(list(root_of("a = " + "[" * 199 + "]" * 199).walk_tree())) == 200


def test_a_part_of_a_text_has_the_offsets_of_the_whole() -> None:
    text = "x\na = 1\nx"
    (root,) = GRAMMAR.parse_text(text, 2, 8)
    assert (root.start, root.end, root.entries[0].value.start) == (2, 8, 6)


@given(st.text() | st.text('{}[]()="$%\\\n\r <-EOF,:#/*ab1\ufeff\0é', max_size=40))
def test_any_text_is_a_tree_or_a_syntax_problem(text: str) -> None:
    try:
        root = root_of(text)
    except SyntaxProblem as problem:
        reason, offset = problem.reason, problem.offset or 0
    else:
        reason, offset = "", 0
    if reason:
        assert 0 <= offset <= len(text)
        return
    assert all(0 <= node.start <= node.end <= len(text) for node in root.walk_tree())


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_string_that_is_written_reads_back(value: str) -> None:
    assert value_of(quote_string(value)).value == value


# writing arguments

CLEAN = """resource "aws_x" "y" {
  name  = "a"
  count = 2
  tags = {
    a = 1
  }
}
"""


def test_a_new_argument_goes_where_no_other_line_moves() -> None:
    assert put(CLEAN, ("resource",), "read_only", True) == CLEAN.replace(
        "  }\n}", "  }\n  read_only = true\n}"
    )


def test_a_column_moves_only_where_it_must() -> None:
    text = 'a "b" {\n  x  = 1 # one\n  yy = 2 # two\n\n  zzz = 3\n}\n'
    after = put(text, ("a",), "long", "l")
    assert after == 'a "b" {\n  x  = 1 # one\n  yy = 2 # two\n\n  zzz  = 3\n  long = "l"\n}\n'
    text = "a {\n  x  = 1 # one\n  yy = 2 # two\n}\n"
    after = put(text, ("a",), "long", "l", ("x",))
    assert after == 'a {\n  x    = 1 # one\n  long = "l"\n  yy   = 2 # two\n}\n'


def test_a_column_that_fmt_would_not_leave_so_is_left_alone() -> None:
    text = "a {\n  x   =  1\n  yy = 2\n}\n"
    assert put(text, ("a",), "long", True) == "a {\n  x   =  1\n  yy = 2\n  long = true\n}\n"


def test_dropping_the_longest_name_moves_the_column_back() -> None:
    text = "a {\n  x    = 1\n  long = 2 # gone\n  yy   = 3\n}\n"
    assert drop(text, ("a", "long")) == "a {\n  x = 1\n  # gone\n  yy = 3\n}\n"


def test_a_value_of_several_lines_leaves_the_column() -> None:
    text = "a {\n  x    = 1\n  long = 2\n  yy   = 3\n}\n"
    after = replace(text, ("a", "long"), ["x" * 60, "y" * 60])
    assert after == (
        "a {\n  x = 1\n  long = [\n"
        f'    "{"x" * 60}",\n    "{"y" * 60}"\n'
        "  ]\n  yy = 3\n}\n"
    )  # fmt: skip


def test_a_heredoc_stands_in_a_column_like_any_line() -> None:
    text = "a {\n  x  = <<EOF\ny = 1\nEOF\n  yy = 2\n}\n"
    assert put(text, ("a",), "zzz", 3) == "a {\n  x   = <<EOF\ny = 1\nEOF\n  yy  = 2\n  zzz = 3\n}\n"


def test_arguments_stand_before_blocks() -> None:
    text = "a {\n  # about b\n  b {\n    c = 1\n  }\n}\n"
    assert put(text, ("a",), "x", 1) == "a {\n  x = 1\n\n  # about b\n  b {\n    c = 1\n  }\n}\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a {}\n", "a {\n  x = 1\n}\n"),
        ("a { }", "a {\n  x = 1\n}"),
        ("a {\r\n}\r\n", "a {\r\n  x = 1\r\n}\r\n"),
        ("a {\n  # c\n}\n", "a {\n  # c\n  x = 1\n}\n"),
        ("a { b = 2 }\n", "a {\n  b = 2\n  x = 1\n}\n"),
        ("\ufeffa {\n\tb = 2\n}", "\ufeffa {\n\tb = 2\n\tx = 1\n}"),
        ("a {\n  b = 2 // c\n}\n", "a {\n  b = 2 // c\n  x = 1\n}\n"),
        ("a {\n  b = 2 /* c\n  d */\n}\n", "a {\n  b = 2 /* c\n  d */\n  x = 1\n}\n"),
    ],
)
def test_bodies_of_every_shape_take_an_argument(text: str, after: str) -> None:
    assert put(text, ("a",), "x", 1) == after


def test_a_file_without_a_last_line_end_stays_one() -> None:
    assert put("a = 1\nbb = 2", (), "ccc", 3) == "a = 1\nbb = 2\nccc = 3"
    assert put("a = 1", (), "b", {"c": 1}) == "a = 1\n\nb {\n  c = 1\n}"
    assert drop("a {}\n\nb {}", ("b",)) == "a {}"
    assert put("", (), "a", {}) == "a {}\n"
    assert put("a {}", (), "x", 1) == "a {}\n\nx = 1"
    assert drop("# c\na = 1\n", ("a",)) == "# c\n"


# writing blocks


def test_a_block_joins_others_of_its_type() -> None:
    text = 'r "t" "n" {\n  x = 1\n\n  volume {\n    name = "a"\n  }\n\n  tags = {}\n}\n'
    after = add_block(text, ("r",), "volume", {"name": "tmp"})
    assert after == text.replace('"a"\n  }\n', '"a"\n  }\n\n  volume {\n    name = "tmp"\n  }\n')


def test_a_block_is_as_short_as_its_twin() -> None:
    text = 'r {\n  volume { name = "a" }\n  volume { name = "b" }\n}\n'
    assert add_block(text, ("r",), "volume", {"name": "c"}) == text.replace(
        '"b" }\n', '"b" }\n  volume { name = "c" }\n'
    )


def test_a_block_too_long_for_a_line_has_several() -> None:
    after = add_block('r {\n  v { n = "a" }\n}\n', ("r",), "v", {"n": "b" * 100})
    assert after == f'r {{\n  v {{ n = "a" }}\n  v {{\n    n = "{"b" * 100}"\n  }}\n}}\n'


def test_a_block_beside_one_that_shares_its_line_is_refused() -> None:
    with pytest.raises(CannotEdit):
        put("a {\n} /*\n*/ b {\n}\n", (), "c", {}, ("a",))


def test_what_is_put_under_a_missing_block_makes_one_block() -> None:
    body = at(root_of(text := "r {\n  x = 1\n}\n"), "r")
    after = changed(text, Put(body, ("opts", "tokens"), "required"), Put(body, ("opts", "hops"), 1))
    assert after == 'r {\n  x = 1\n\n  opts {\n    tokens = "required"\n    hops   = 1\n  }\n}\n'


def test_what_is_put_under_a_block_that_is_there_goes_into_it() -> None:
    text = "r {\n  opts {\n    hops = 2\n  }\n}\n"
    after = put(text, ("r",), "opts", {"tokens": "required", "hops": 1})
    assert after == 'r {\n  opts {\n    hops   = 1\n    tokens = "required"\n  }\n}\n'


def test_what_is_put_under_one_of_several_blocks_is_refused() -> None:
    with pytest.raises(CannotEdit, match="several v blocks"):
        put("r {\n  v {\n  }\n  v {\n  }\n}\n", ("r",), "v", {"n": 1})


def test_a_named_block_is_never_put_where_one_of_its_type_is() -> None:
    with pytest.raises(CannotEdit, match="already"):
        put('resource "a" "b" {\n}\n', (), "resource", HclBlock(("c", "d"), {}))


def test_what_is_added_under_one_name_is_one_block() -> None:
    root = root_of(text := 'resource "a" "b" {\n}\n')
    one, two = (Add(root, ("resource",), HclBlock(("c", "d"), {key: True})) for key in ("x", "y"))
    assert changed(text, one, two) == text + '\nresource "c" "d" {\n  x = true\n  y = true\n}\n'


def test_a_block_within_a_block_on_one_line_unfolds_it() -> None:
    assert replace("r { a = 1 }\n", ("r", "a"), {"b": 2}) == "r {\n  a {\n    b = 2\n  }\n}\n"
    assert put("r { a = 1 }\n", ("r",), "c", {"b": 2}) == "r {\n  a = 1\n\n  c {\n    b = 2\n  }\n}\n"


def test_the_first_block_of_its_type_ends_the_body() -> None:
    after = put("r {\n  x = 1\n}\n", ("r",), "v", [{"a": 1, "bcd": {"e": [2]}}, {"a": "${x}"}])
    assert after == (
        "r {\n  x = 1\n\n  v {\n    a = 1\n\n    bcd {\n      e = [2]\n    }\n  }\n\n"
        '  v {\n    a = "$${x}"\n  }\n}\n'
    )


def test_a_new_resource_ends_the_file_or_follows_the_block_named() -> None:
    text = 'resource "a" "b" {\n}\n\noutput "o" {\n}\n# end\n'
    block = HclBlock(("c", "d"), {"e": CodeExpression("a.b.arn")})
    new = 'resource "c" "d" {\n  e = a.b.arn\n}\n'
    assert add_block(text, (), "resource", block) == text + "\n" + new
    after = add_block(text, (), "resource", block, ("x.y", "a.b"))
    assert after == text.replace("}\n\noutput", f"}}\n\n{new}\noutput")


# writing objects and tuples


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("{}", "{ x = 1 }"),
        ("{ a = 2 }", "{ a = 2, x = 1 }"),
        ("{a=2}", "{a=2, x=1}"),
        ('{ "a": 2, }', '{ "a": 2, "x": 1, }'),
        ("{\n  a = 2\n}", "{\n  a = 2\n  x = 1\n}"),
        ("{\n  a = 2,\n}", "{\n  a = 2,\n  x = 1,\n}"),
        ('{\n  "a" : 2, # c\n  "b" : 3\n}', '{\n  "a" : 2, # c\n  "x" : 1,\n  "b" : 3\n}'),
        ("{ a = 2,\n  b = 3 }", "{ a = 2,\n  x = 1,\n  b = 3 }"),
        ("{\n  # c\n}", "{\n  # c\n  x = 1\n}"),
        ("{ /* c */ }", "{ /* c */\n  x = 1\n}"),
        ("{ a /* c */ = 2 }", "{ a /* c */ = 2, x = 1 }"),
        ("{\n  a = <<E\nq\nE\n}", "{\n  a = <<E\nq\nE\n  x = 1\n}"),
        ("{\n  a = 2,\n  b = <<E\nq\nE\n}", "{\n  a = 2,\n  x = 1,\n  b = <<E\nq\nE\n}"),
    ],
)
def test_an_object_takes_an_entry_as_its_neighbours_are_written(text: str, after: str) -> None:
    assert put(f"o = {text}\n", ("o",), "x", 1) == f"o = {after}\n"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("[]", '["x"]', '["x"]'),
        ("[ 1 ]", '[ "x", 1 ]', '[ 1, "x" ]'),
        ("[1,]", '["x", 1,]', '[1, "x",]'),
        ("[\n  1\n]", '[\n  "x",\n  1\n]', '[\n  1,\n  "x"\n]'),
        ("[\n  1,\n  2, # c\n]", '[\n  "x",\n  1,\n  2, # c\n]', '[\n  1,\n  2, # c\n  "x",\n]'),
        ("[\n  # c\n  1\n]", '[\n  "x",\n  # c\n  1\n]', '[\n  # c\n  1,\n  "x"\n]'),
        ("[{\n  a = 1\n}]", '["x", {\n  a = 1\n}]', '[{\n  a = 1\n}, "x"]'),
        ("[\n  # c\n]", '[\n  # c\n  "x"\n]', '[\n  # c\n  "x"\n]'),
        ("[\n  1\n  , 2\n]", '[\n  "x",\n  1\n  , 2\n]', '[\n  1\n  , 2, "x"\n]'),
    ],
)
def test_a_tuple_takes_items_at_both_ends(text: str, first: str, last: str) -> None:
    assert add(f"t = {text}\n", ("t",), "x") == f"t = {first}\n"
    assert add(f"t = {text}\n", ("t",), "x", last=True) == f"t = {last}\n"


def test_a_mount_is_written_on_one_line() -> None:
    text = (
        "x = jsonencode([\n  {\n    name  = var.n\n    image = var.i,\n    mountPoints = [\n    ]\n  },\n])\n"
    )
    container = at(root_of(text).entries[0].value, 0, 0)
    after = changed(
        text,
        Put(container, ("readonlyRootFilesystem",), True),
        Add(container, ("mountPoints",), {"sourceVolume": "x", "containerPath": "/data"}),
    )
    assert after == text.replace(
        "[\n    ]\n",
        '[\n      { sourceVolume = "x", containerPath = "/data" }\n    ]\n'
        "    readonlyRootFilesystem = true\n",
    )


def test_long_values_have_an_entry_a_line() -> None:
    after = put("o = {\n  a = 1\n}\n", ("o",), "m", [{"k": "v" * 90, "longer": CodeExpression("var.x")}])
    assert after == (
        "o = {\n  a = 1\n  m = [\n"
        f'    {{\n      k      = "{"v" * 90}"\n      longer = var.x\n    }}\n  ]\n}}\n'
    )


@pytest.mark.parametrize(
    ("text", "path", "after"),
    [
        ("[1, 2, 3]", 0, "[2, 3]"),
        ("[1, 2, 3]", 1, "[1, 3]"),
        ("[1, 2, 3]", 2, "[1, 2]"),
        ("[1, 2,]", 1, "[1,]"),
        ("[\n  1,\n  2\n]", 0, "[\n  2\n]"),
        ("[\n  1, # one\n  # two\n  2 # three\n]", 0, "[\n  # one\n  # two\n  2 # three\n]"),
        ("[{\n  a = 1\n}, {\n  b = 1\n}]", 0, "[{\n  b = 1\n}]"),
        ("[{\n  a = 1\n}, {\n  b = 1\n}]", 1, "[{\n  a = 1\n}]"),
        ("[1, /* two */ 2]", 0, "[ /* two */ 2]"),
        ("[\n  1\n  , 2\n]", 0, "[\n  2\n]"),
        ("[\n  1\n  , 2\n]", 1, "[\n  1\n]"),
        ("{ a = 1, b = 2 }", "a", "{ b = 2 }"),
        ("{ a = 1, b = 2 }", "b", "{ a = 1 }"),
        ("{\n  a = 1\n\n  b = 2\n\n  c = 3\n}", "b", "{\n  a = 1\n\n  c = 3\n}"),
        ("{\n  a = 1\n\n  b = 2\n}", "b", "{\n  a = 1\n}"),
    ],
)
def test_dropping_keeps_commas_and_comments_right(text: str, path: str | int, after: str) -> None:
    assert drop(f"t = {text}\n", ("t", path)) == f"t = {after}\n"


def test_comments_between_dropped_items_stay() -> None:
    assert (
        drop("t = [\n  1, # a\n  # b\n  2,\n  3\n]\n", ("t", 0), ("t", 1)) == "t = [\n  # a\n  # b\n  3\n]\n"
    )
    assert drop("t = [1 # a\n  # b\n  , 2]\n", ("t", 0)) == "t = [ # a\n  # b\n   2]\n"
    assert drop("t = [1, /* b */ 2]\n", ("t", 1)) == "t = [1, /* b */ ]\n"
    assert drop("a /* b */ {}\n\nc {}\n/* d */ e = 1\n", ("e",)) == "a /* b */ {}\n\nc {}\n/* d */ \n"


def test_a_call_keeps_its_emptied_collection() -> None:
    text = "t = jsonencode([\n  1,\n  2\n])\n"
    call = root_of(text).entries[0].value
    assert changed(text, *(Drop(item) for item in call.items[0].items)) == "t = jsonencode([])\n"
    assert drop("a { b = 1 }\n\nc {}\n", ("a", "b")) == "c {}\n"


def test_all_that_was_there_can_be_exchanged() -> None:
    text = 'a "b" {\n  x = 1\n  yy {\n  }\n}\n'
    root = root_of(text)
    body = at(root, "a")
    after = changed(text, Drop(at(body, "x")), Drop(at(body, "yy")), Put(body, ("z",), [1]))
    assert after == 'a "b" {\n  z = [1]\n}\n'


def test_an_argument_can_become_a_block_and_back() -> None:
    assert replace("a {\n  b = {}\n}\n", ("a", "b"), {"c": 1}) == "a {\n  b {\n    c = 1\n  }\n}\n"
    assert replace("a {\n  b {\n  }\n}\n", ("a", "b"), True) == "a {\n  b = true\n}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a {}\n", TaggedValue("!Ref", "x")),
        ("a {}\n", [HclBlock((), {})]),
        ("a {}\n", float("inf")),
        ("a /* c */ {}\n", 1),
    ],
)
def test_what_has_no_exact_edit_is_refused(text: str, value: Value) -> None:
    with pytest.raises(CannotEdit):
        put(text, ("a",), "x", value)
    with pytest.raises(CannotEdit):
        put(text, ("a",), "no name", 1)


def test_an_argument_of_a_function_and_a_comma_behind_a_heredoc_are_refused() -> None:
    with pytest.raises(CannotEdit):
        replace("a = f(1)\n", ("a", 0), 2)
    with pytest.raises(CannotEdit):
        add("a = [\n  <<E\nE\n]\n", ("a",), 1, last=True)
    with pytest.raises(CannotEdit):
        replace("a = { b = 1 }\n", ("a", "b"), CodeExpression("f(\n1)"))


# everything at once: random changes of real and of made-up files

NAMES = ("a", "name0", "readonlyRootFilesystem0", "x_y0", "a_long_name_that_moves_every_column0")


def some_value(dice: random.Random, depth: int = 0) -> Value:
    choice = dice.randrange(8 if depth < 2 else 4)
    if choice == 0:
        return dice.choice([True, False, 1, 0, 3.5, -2, 1e17, None])
    if choice == 1:
        return dice.choice(["x", "${aws:x}", 'a"b\\c', "%{q}", "$", "é", "two\nlines", "a<<b"])
    if choice < 4:
        return CodeExpression(f"var.{dice.choice('abc')}")
    if choice < 6:
        return [some_value(dice, depth + 1) for _ in range(dice.randrange(1, 4))]
    keys = dice.sample(NAMES, dice.randrange(1, 4))
    return {key: some_value(dice, depth + 1) for key in keys}


def some_change(dice: random.Random, root: Node, number: int) -> Change | None:
    nodes = list(root.walk_tree())
    maps = [node for node in nodes if node.kind is NodeKind.MAP and (node is not root or len(nodes) == 1)]
    lists = [node for node in nodes if node.kind is NodeKind.LIST]
    held = [
        node
        for node in nodes
        if node.parent is not None and node.parent.kind in (NodeKind.MAP, NodeKind.LIST)
    ]
    match dice.randrange(6):
        case 0 | 1 if maps:
            node = dice.choice(maps)
            near = (dice.choice(node.entries).key,) if node.entries and dice.random() < 0.4 else ()
            return Put(node, (f"{dice.choice(NAMES)}{number}",), some_value(dice), near)
        case 2 if lists:
            return Add(dice.choice(lists), (), some_value(dice), last=dice.random() < 0.5)
        case 3 if held:
            return Drop(dice.choice(held))
        case 4:
            labels = ("type", f"name{number}")
            return Put(root, ("resource",), HclBlock(labels, {"a": 1, "bcd": "x", "e": {"f": 1}}))
        case _ if held:
            node = dice.choice(held)
            return Replace(node, some_value(dice)) if node.style != "body" else None
        case _:
            return None


def comments(text: str, spans: list[tuple[int, int]]) -> Counter[str]:
    """Comments, those excepted that share lines with something dropped or replaced."""
    found: Counter[str] = Counter()
    for line in scan_lines(text):
        whole = text[line.start : line.end]
        start = line.comment if line.comment >= 0 else line.start
        if line.comment >= 0 or whole.lstrip().startswith(("#", "//")):
            inside = any(a <= line.end and line.start <= b for a, b in spans)
            found[text[start : line.end].strip()] += not inside
    return found


def changed_at_random(text: str, dice: random.Random) -> str | None:
    """The text after a few changes, all promises checked; None where they were refused."""
    root = root_of(text)
    changes = [each for n in range(dice.randrange(1, 4)) if (each := some_change(dice, root, n)) is not None]
    try:
        wanted = plan_rewrites(changes)
        spliced = render_edits(text, wanted)
        after = splice_edits(text, spliced)
    except CannotEdit:
        return None
    assert find_difference(to_data(root_of(after)), to_data(root, wanted)) is None
    gone = [(node.start, node.end) for each in wanted.values() for node in each.dropped]
    gone += [(node.start, node.end) for each in wanted.values() for node, _ in each.replaced]
    assert not comments(text, gone) - comments(after, [])
    assert text.startswith("\ufeff") == after.startswith("\ufeff")
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", "")
    return after


def blank_ends(text: str) -> bool:
    return re.search(r"[ \t]\r?$", text, re.MULTILINE) is not None


def not_clean(folder: Path, texts: list[str]) -> set[int]:
    """The numbers of the texts that `terraform fmt` would change or can't read."""
    for number, text in enumerate(texts):
        (folder / f"{number}.tf").write_bytes(text.encode())
    # One refused file hides nothing: fmt goes on with the next.
    run = subprocess.run(
        [str(TERRAFORM), "fmt", "-no-color", "-check", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
    )
    return {int(number) for number in re.findall(r"(\d+)\.tf\b", run.stdout + run.stderr)}


def check_fmt(folder: Path, pairs: list[tuple[str, str]]) -> None:
    if TERRAFORM is None:
        warnings.simplefilter("default")
        pytest.skip("terraform isn't installed: whether its fmt would change the results was NOT checked")
    (folder / "before").mkdir()
    (folder / "after").mkdir()
    before = not_clean(folder / "before", [pair[0] for pair in pairs])
    after = not_clean(folder / "after", [pair[1] for pair in pairs])
    assert len(before) < len(pairs)
    assert not after - before, pairs[min(after - before)]


@pytest.fixture(scope="module")
def real_files() -> list[Path]:
    found = sorted(path for path in CORPUS.rglob("*.tf") if path.is_file())
    if not found:
        pytest.skip("the corpus isn't here: random changes of real files were NOT checked")
    return found


@pytest.mark.corpus
def test_every_real_file_is_read(real_files: list[Path]) -> None:
    for path in real_files[::7]:
        text = path.read_bytes().decode()
        assert root_of(text).entries or not re.search(r"^[a-z]", text, re.MULTILINE), path


@pytest.mark.corpus
@pytest.mark.parametrize("variant", ["as it is", "crlf, no last line end", "tabs, byte order mark"])
def test_random_changes_of_real_files(real_files: list[Path], variant: str, tmp_path: Path) -> None:
    dice = random.Random(variant)  # noqa: S311 - dice, not secrets
    pairs = []
    for _ in range(150):
        text = dice.choice(real_files).read_bytes().decode()
        if "crlf" in variant:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n").rstrip()
        elif "tabs" in variant:
            text = "\ufeff" + re.sub(r"^(?:  )+", lambda m: "\t" * (len(m[0]) // 2), text, flags=re.MULTILINE)
        if text.strip("\ufeff") and (after := changed_at_random(text, dice)) is not None:
            assert blank_ends(text) or not blank_ends(after)
            pairs.append((text, after))
    assert len(pairs) > 100
    if variant == "as it is":
        check_fmt(tmp_path, pairs)


BLANK = st.sampled_from(["", " ", "  ", " /* c */ "])
LINE_END = st.sampled_from(["\n", "\n\n", " # c\n", " // c\n  # d\n", "\n\t"])
SCALARS = st.sampled_from(["1", '"x"', "var.x", '"${f("}")}"', "f({ a = 1 }, [2])", "true", "(1)"])


@st.composite
def tuples(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    parts = draw(st.lists(items, max_size=4))
    gap = st.one_of(BLANK, LINE_END)
    text = "".join(f"{draw(gap)}{part}{draw(gap) if n < len(parts) else ''}," for n, part in enumerate(parts))
    if not draw(st.booleans()):
        text = text.removesuffix(",")
    return f"[{text}{draw(gap)}]"


@st.composite
def objects(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    parts = draw(st.lists(items, max_size=4))
    equals = draw(st.sampled_from([" = ", "=", ": ", " : ", "   = "]))
    quote_mark = draw(st.sampled_from(["", '"']))
    between = st.one_of(LINE_END, st.sampled_from([",", ", ", ",\n", ", # c\n    ", " ,\n"]))
    text = ""
    for number, part in enumerate(parts):
        text += draw(between) if number else draw(st.one_of(BLANK, LINE_END))
        text += f"{quote_mark}k{number}{quote_mark}{equals}{part}"
    return f"{{{text}{draw(st.one_of(between if parts else BLANK, BLANK, LINE_END))}}}"


EXPRESSIONS = st.recursive(SCALARS, lambda inner: st.one_of(tuples(inner), objects(inner)), max_leaves=12)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0) -> str:
    text = ""
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 3 if depth < 2 else 1))
        if kind < 2:
            value = draw(st.one_of(EXPRESSIONS, st.just("<<-EOF\n    ${x} = [\n  EOF")))
            end = "\n" if value.endswith("EOF") else draw(LINE_END)
            text += f"arg{number}{draw(st.sampled_from([' = ', '=', '  = ']))}{value}{end}"
        elif kind == 2:
            text += f"one {{{draw(st.sampled_from(['', ' a = 1 ']))}}}{draw(LINE_END)}"
        else:
            text += f'block "l{number}" {{{draw(LINE_END)}{draw(bodies(depth + 1))}}}{draw(LINE_END)}'
    return text


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(bodies(), st.integers(0, 10**9))
def test_random_changes_of_made_up_files(text: str, seed: int) -> None:
    assert splice_edits(text, render_edits(text, plan_rewrites(()))) == text
    changed_at_random(text, random.Random(seed))  # noqa: S311 - dice, not secrets
