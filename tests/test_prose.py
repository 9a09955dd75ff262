"""Names from files do nothing in what people read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.text.characters import fold_to_line
from fixbot.text.code_spans import read_code_spans, write_code_span
from fixbot.text.markdown_escape import (
    LONGEST,
    defuse_line_starts,
    defuse_references,
    escape_cell,
    escape_sentence,
    format_fence,
    mark_code,
)
from fixbot.text.markdown_page import format_details, format_link
from tests.gfm import Page

_PIECES = (
    *("@team", "#12", "o/r#3", "GH-4", "u@abcdef1", "0123abc", "https://github.com/o/r/issues/5"),
    *("www.evil.example", "mailto:a@b.c", "a@b.example", "<img>", "</details>", "<!--", "-->", "<b>", "&lt;"),
    *(
        "&#64;",
        "```",
        "~~~",
        "`",
        "``",
        "|",
        "\\",
        "*",
        "_",
        "__",
        "**",
        "~~x~~",
        "[a](b)",
        "![a](b)",
        "[^1]",
    ),
    *(
        "[",
        "]",
        "(",
        ")",
        ":lock:",
        "$x$",
        "#",
        "-",
        "+",
        "1.",
        "2)",
        ">",
        "===",
        "---",
        "fixes",
        "word",
        "'",
    ),
)
NASTY = st.lists(st.sampled_from([*_PIECES, *" \n\r\t\u202e\u200b"]) | st.text(max_size=5), max_size=12).map(
    "".join
) | st.lists(st.sampled_from(["`", "a", "@b", " ", "|", "\\", "<", "#1"]), max_size=12).map("".join)


def test_the_reader_of_these_tests_sees_what_github_would_do() -> None:
    page = Page(
        "Ask @team of #12 and o/r#3, GH-4, 0123abc, `@code` [a](b) :lock:\n\n"
        "<details>\n\na | b\n--|--\n1 | 2 | 3"
    )
    assert list(page.live()) == ["@t", "#1", "#3", "GH-4", "0123abc", ":lock:"]
    assert page.links == {"b": "a"}
    assert page.cells == ["a", "b", "1", "2"]
    assert page.faults == ["<details> stays open"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("`/tmp` stays writable.", "`/tmp` stays writable."),
        ("web of @team fails.", "web of `@team` fails."),
        ("Ask @team, then @ops.", "Ask `@team`, then `@ops`."),
        ("(see o/r#12)", "(see `o/r#12`)"),
        ("It fixes #12.", "It fixes `#12`."),
        ("GH-12 and gh-13", "`GH-12` and `gh-13`"),
        ("a@0123abc 0123abcdef defaced 123", "`a@0123abc` `0123abcdef` defaced 123"),
        ("at https://evil.example/x.", "at `https://evil.example/x`."),
        ("a <img src=x> b", "a &lt;img src=x> b"),
        ("DB_PASSWORD of __init__", r"DB_PASSWORD of \_\_init\_\_"),
        ("[a](b) *c* \\ ` d", r"\[a\](b) \*c\* \\ \` d"),
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("R&D &amp; &", "R&amp;D &amp;amp; &"),
        ("${var.name} :lock:", "`${var.name}` `:lock:`"),
        ("a\nb\u202ec", r"a b\\u202ec"),
        ("`a` `b", r"`a` \`b"),
    ],
)
def test_a_sentence(written: str, read: str) -> None:
    assert escape_sentence(written).replace("\\\\u", "\\\\u") == read


def test_a_sentence_that_nobody_would_read_is_cut() -> None:
    assert len(escape_sentence("x" * 5_000)) == LONGEST


def test_a_fence_is_longer_than_those_in_it() -> None:
    assert format_fence(["a", "```", "b\nc"], "sh") == "````sh\na\n```\nb\\nc\n````"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Make web of @team read-only", "Make web of @ team read-only"),
        ("fixes #12, closes o/r#13", "fixes # 12, closes o/r# 13"),
        ("resolves GH-12", "resolves GH 12"),
        ("see https://github.com/o/r/issues/5 now", "see github.com/o/r/issues/5 now"),
        ("app@0123abcd and a@b.example", "app@ 0123abcd and a@b.example"),
    ],
)
def test_titles_and_commit_messages_call_nobody(written: str, read: str) -> None:
    assert defuse_references(written) == read


@given(NASTY)
def test_no_name_takes_effect_in_a_sentence(name: str) -> None:
    page = Page(f"{escape_sentence(f'Ask {name}, then go.')}\n\n- {escape_sentence(name)}\n\nend")
    assert not page.faults
    assert list(page.live()) == []
    assert set(page.elements) <= {"p", "code", "ul", "li"}
    assert page.elements.count("ul") == 1
    assert page.prose[-2:-1] == ["end"] or "end" in page.prose


@given(NASTY)
def test_no_name_takes_effect_in_code(name: str) -> None:
    page = Page(f"a {mark_code(name)} b")
    assert not page.faults
    assert page.elements == ["p", "code"]
    assert page.prose == ["a ", " b", "\n"]


@given(st.lists(NASTY, min_size=3, max_size=3))
def test_no_name_breaks_a_table(names: list[str]) -> None:
    row = " | ".join(
        escape_cell(each)
        for each in [f"[{mark_code(names[0])}](x)", escape_sentence(names[1]), escape_sentence(names[2])]
    )
    page = Page(f"| | a | b |\n|---|---|---|\n| {row} |\n\nend")
    assert not page.faults
    assert page.rows == [3, 3]
    assert list(page.live()) == []
    assert list(page.links) == ["x"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("orders [skip ci] x", "orders (skip ci) x"),
        ("[CI Skip][no  ci] [skip-netlify]", "(CI Skip)(no  ci) (skip-netlify)"),
        ("[[skip ci]]", "[(skip ci)]"),
        ("***NO_CI***", "**NO_CI**"),
        ("JIRA-1 #close", "JIRA-1 # close"),
        ("at https://evil.example and www.evil.example", "at evil.example and www. evil.example"),
        ('a[0] b["x"] c[each.key] []', 'a[0] b["x"] c[each.key] []'),
    ],
)
def test_titles_and_commit_messages_skip_no_check_and_close_nothing(written: str, read: str) -> None:
    assert defuse_references(written) == read


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["It stays", "as it is."], ["It stays", "as it is."]),
        (["web", "skip-checks: true"], ["web skip-checks: true"]),
        (["web", "BREAKING CHANGE: x", "y"], ["web BREAKING CHANGE: x", "y"]),
        (["Co-authored-by: a <a@b.c>"], ["- Co-authored-by: a <a@b.c>"]),
        (["a", "# b", "---", "diff --git a/x b/x"], ["a # b --- diff --git a/x b/x"]),
        (["a", "fixup! b"], ["a fixup! b"]),
        (["a", "/run and", "from there"], ["a", "/run and", "from there"]),
    ],
)
def test_no_line_of_a_commit_message_begins_as_a_trailer(lines: list[str], read: list[str]) -> None:
    assert defuse_line_starts(lines) == read


@given(NASTY)
def test_what_is_written_as_a_span_is_read_as_the_same(name: str) -> None:
    line = fold_to_line(name)
    (piece,) = read_code_spans(write_code_span(line))
    assert piece == (line or " ", True)


@given(NASTY)
def test_no_name_takes_effect_in_the_summary_of_a_fold(name: str) -> None:
    page = Page(f"{format_details(f'Make {name} safe', 'text')}\n\nend")
    assert not page.faults
    assert list(page.live()) == []
    assert set(page.elements) <= {"details", "summary", "code", "p"}
    assert page.elements.count("details") == page.elements.count("summary") == 1


def test_a_name_with_backticks_calls_nobody_in_a_summary() -> None:
    shown = format_details("Make a` b @octocat c read-only", "x")
    assert "<summary>Make a` b <code>@octocat</code> c read-only</summary>" in shown


def test_only_pages_of_the_web_and_files_below_are_linked_to() -> None:
    assert format_link("a", "https://github.com/o/r/pull/1") == "[a](https://github.com/o/r/pull/1)"
    assert format_link("a", "deploy/a%20b.json#L3") == "[a](deploy/a%20b.json#L3)"
    assert format_link("a", "https://x.example/) <b>") == "[a](https://x.example/%29%20%3Cb%3E)"
    for target in ("javascript:alert(1)", "//evil.example", "data:text/html,x", "", "https:", "http://["):
        assert format_link("a", target) == "a"
