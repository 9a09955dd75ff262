"""What a reader can't see is written out, by Unicode's own properties; JSON has escapes."""

from __future__ import annotations

import json
import os
import sys
import unicodedata

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.text.characters import escape_hidden, fold_to_line, sanitize_lines, write_json

ANY = st.text(st.characters(exclude_categories=()), max_size=30)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("web", "web"),
        ("注文サービス é ñ Ω 🚀 “quoted” a\tb", "注文サービス é ñ Ω 🚀 “quoted” a\tb"),
        ("a\nb\rc", r"a\nb\x0dc"),
        ("\x1b[31m \x7f \x9b", r"\x1b[31m \x7f \x9b"),
        ("a\u202eb \u2066 \u061c", r"a\u202eb \u2066 \u061c"),
        ("a\xadb \u180e \u206a \u206f", r"a\xadb \u180e \u206a \u206f"),
        ("\u115f\u1160\u3164\uffa0\u2800", r"\u115f\u1160\u3164\uffa0\u2800"),
        ("\ufff9\ufffa\ufffb\ufe0f\ufe00\u034f\u2060", r"\ufff9\ufffa\ufffb\ufe0f\ufe00\u034f\u2060"),
        ("\U000e0041\U000e0100", r"\U000e0041\U000e0100"),
        ("a\xa0b\u3000c\u2028\x85", r"a\xa0b\u3000c\u2028\x85"),
        ("caf\udce9", r"caf\xe9"),
        ("\ue000\u0378\ud800", r"\ue000\u0378\ud800"),
    ],
)
def test_what_is_seen_stays_and_all_else_is_written_out(written: str, read: str) -> None:
    assert escape_hidden(written) == read
    assert escape_hidden(read) == read


def test_nothing_that_hides_is_shown_by_category_and_by_another_reading_of_unicode() -> None:
    ignorable = jsonschema_rs.validator_for({"pattern": r"^\p{Default_Ignorable_Code_Point}$"})
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        unseen = unicodedata.category(char) in hidden and char not in "\t "
        surrogate = 0xD800 <= code <= 0xDFFF
        if char not in "\u2800\U0001d159":
            assert (escape_hidden(char) != char) == (
                unseen or (not surrogate and ignorable.is_valid(char))
            ), hex(code)
    assert escape_hidden("\u2800\U0001d159") == r"\u2800\U0001d159"


def test_only_plain_blanks_are_folded() -> None:
    assert fold_to_line("  a \n\t b\r\n  c ") == "a b c"
    assert fold_to_line("a\xa0b \u2028 c\x85\x1c") == r"a\xa0b \u2028 c\x85\x1c"


@given(st.dictionaries(ANY, st.lists(ANY, max_size=3) | ANY | st.integers() | st.none(), max_size=4))
def test_json_holds_the_exact_values_and_nothing_that_hides(value: dict[str, object]) -> None:
    text = write_json(value, indent=2)
    assert json.loads(text) == value
    assert escape_hidden(text.replace("\n", "")) == text.replace("\n", "")
    assert sanitize_lines(text) == text


def test_json_of_a_path_gives_its_bytes_back() -> None:
    text = write_json([os.fsdecode(b"caf\xe9\n\xe2\x80\xae.yaml"), "\x7f\x9b ##[error]x ##vso[y]"])
    assert text == '["caf\\udce9\\n\\u202e.yaml", "\\u007f\\u009b #\\u0023[error]x #\\u0023vso[y]"]'
    assert os.fsencode(json.loads(text)[0]) == b"caf\xe9\n\xe2\x80\xae.yaml"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\x1b[31mred\x1b[0m and\nmore", "\x1b[31mred\x1b[0m and\nmore"),
        ("\x1b]8;;https://evil.example\x07x", r"\x1b]8;;https://evil.example\x07x"),
        ("a\rb\x1b[2Kc\x1b[1A", r"a\x0db\x1b[2Kc\x1b[1A"),
        ("x\n  ::error::y\n::add-mask::z", "x\n  \\x3a:error::y\n\\x3a:add-mask::z"),
        ("a ##[error]b ##vso[c] ##teamcity[d]", r"a #\x23[error]b #\x23vso[c] #\x23teamcity[d]"),
        ("a::b ## c", "a::b ## c"),
    ],
)
def test_whatever_is_printed_steers_nothing(written: str, read: str) -> None:
    assert sanitize_lines(written) == read
