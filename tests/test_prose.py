"""Names from files do nothing in what people read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.prose import LONGEST, block, cell, code, fenced, plain, prose
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
    assert prose(written).replace("\\\\u", "\\\\u") == read


def test_a_sentence_that_nobody_would_read_is_cut() -> None:
    assert len(prose("x" * 5_000)) == LONGEST


def test_lines_in_fences_stay_and_every_fence_is_closed() -> None:
    step = 'Allow @x:\n\n   ```json\n   {"@a": "<b>"}\n   ```'
    assert block(step) == 'Allow `@x`:\n\n   ```json\n   {"@a": "<b>"}\n   ```'
    assert block("a\n   ```sh\n@b") == "a\n   ```sh\n   @b\n   ```"
    assert block("```\n```") == "\\`\\`\\`\n   \\`\\`\\`"
    assert fenced(["a", "```", "b\nc"], "sh") == "````sh\na\n```\nb\\nc\n````"


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
    assert plain(written) == read


@given(NASTY)
def test_no_name_takes_effect_in_a_sentence(name: str) -> None:
    page = Page(f"{prose(f'Ask {name}, then go.')}\n\n- {prose(name)}\n\nend")
    assert not page.faults
    assert list(page.live()) == []
    assert set(page.elements) <= {"p", "code", "ul", "li"}
    assert page.elements.count("ul") == 1
    assert page.prose[-2:-1] == ["end"] or "end" in page.prose


@given(NASTY)
def test_no_name_takes_effect_in_code(name: str) -> None:
    page = Page(f"a {code(name)} b")
    assert not page.faults
    assert page.elements == ["p", "code"]
    assert page.prose == ["a ", " b", "\n"]


@given(st.lists(NASTY, min_size=3, max_size=3))
def test_no_name_breaks_a_table(names: list[str]) -> None:
    row = " | ".join(cell(each) for each in [f"[{code(names[0])}](x)", prose(names[1]), prose(names[2])])
    page = Page(f"| | a | b |\n|---|---|---|\n| {row} |\n\nend")
    assert not page.faults
    assert page.rows == [3, 3]
    assert list(page.live()) == []
    assert list(page.links) == ["x"]


@given(NASTY, NASTY)
def test_no_name_breaks_out_of_a_step(first: str, second: str) -> None:
    page = Page(f"1. {block(f'Do {first}:')}\n2. {block(second)}\n\n<details>\n\nx\n\n</details>")
    assert list(page.live()) == []
    assert page.elements.count("details") == 1
    assert not page.faults
