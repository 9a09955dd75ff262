"""Patterns that strangers write: what they hold, and that no pattern and no text makes them slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.iam.pattern import action_matches, resource_covers
from fixbot.settings.rebase_globs import rebase_glob
from fixbot.source.codeowners import find_owners
from fixbot.text.globs import (
    Globs,
    NamePatterns,
    Wildcard,
    WordPattern,
    compile_word,
    pattern_below,
    tokenize_starred,
)
from fixbot.text.globs.pattern_row import A_ROW, LONGEST
from tests.steps import steps

PATTERNS = st.text("ab*?[]!^-\\/{}()+.|$", max_size=200)
TEXTS = st.text("ab/-]*é", max_size=200)
A_CHARACTER = 25
"""Lines of our code that a character of a pattern or a text may cost."""


def most(*texts: str) -> int:
    return 500 + A_CHARACTER * sum(map(len, texts))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a*b?c", "ab1c aXXbYc", "abc ab12c"),
        ("[a-c]x", "ax bx cx", "dx -x"),
        ("[!a-c]x", "dx -x", "ax"),
        ("[]a]", "] a", "b"),
        ("[a-]", "a -", "b"),
        ("[a\\]b]", "a ] b", "\\"),
        ("[a\\-c]", "a - c", "b"),
        ("[abc", "[abc", "a"),
        ("\\*\\?", "*?", "ab"),
        ("a\\", "a\\", "a"),
        ("**", "a abc", ""),
    ],
)
def test_what_a_glob_holds(pattern: str, yes: str, no: str) -> None:
    found = compile_word(pattern)
    assert [name for name in yes.split() if not found.holds_text(name)] == []
    assert [name for name in no.split() if found.holds_text(name)] == []


@given(
    st.lists(st.sampled_from([Wildcard.MANY, Wildcard.ONE, "a", "b"]), max_size=12),
    st.text("abc", max_size=12),
)
def test_stars_and_questions_mean_what_an_expression_means(tokens: list[Wildcard | str], text: str) -> None:
    expression = "".join(
        each if isinstance(each, str) else {Wildcard.MANY: ".*", Wildcard.ONE: "."}[each] for each in tokens
    )
    assert WordPattern(tokens).holds_text(text) is (re.fullmatch(expression, text) is not None)


def test_a_glob_can_be_held_by_another() -> None:
    wide = WordPattern([Wildcard.MANY, "a", Wildcard.ONE])
    assert wide.holds_text((Wildcard.MANY, "a", Wildcard.ONE))
    assert wide.holds_text(("a", "a", "b"))
    assert not wide.holds_text((Wildcard.MANY, "a", Wildcard.MANY))
    assert not wide.holds_text(("a", "${aws:username}"))


@given(st.lists(PATTERNS, min_size=1, max_size=4), TEXTS)
def test_no_pattern_and_no_path_takes_more_than_a_step_a_character(patterns: list[str], path: str) -> None:
    assert steps(lambda: Globs(patterns).matches(path), "fixbot/text/globs") < most(*patterns, path)


@given(PATTERNS, TEXTS)
def test_nor_do_a_name_an_action_or_a_resource(pattern: str, text: str) -> None:
    assert steps(lambda: compile_word(pattern).holds_text(text), "fixbot/text/globs") < most(pattern, text)
    assert steps(
        lambda: list(NamePatterns([tokenize_starred(pattern)]).holding_patterns(text)), "fixbot/text/globs"
    ) < most(pattern, text)
    ours, theirs = f"ecs:{pattern}", f"ecs:{text}"
    assert steps(lambda: action_matches(ours, theirs), "fixbot") < 2 * most(ours, theirs)
    ours, theirs = f"arn:aws:ecs:eu-west-1::{pattern}", f"arn:aws:ecs:eu-west-1::{text}"
    assert steps(lambda: resource_covers(ours, theirs), "fixbot") < 2 * most(ours, theirs)


@given(PATTERNS, TEXTS)
def test_nor_do_code_owners_and_settings_from_above(pattern: str, path: str) -> None:
    assert steps(lambda: find_owners(f"{pattern} @a", [path]), "fixbot") < 3 * most(pattern, path)
    found = rebase_glob(pattern, path)
    assert len(found) <= pattern.count("/") + 3
    parts, names = pattern.count("/") + 2, path.count("/") + 2
    assert steps(lambda: rebase_glob(pattern, path), "fixbot") < 3 * most(pattern, path) + 60 * parts * names


SLOW = {
    "stars": ("*a" * 12 + "b", "a" * 200),
    "many stars": ("*a" * 5_000 + "b", "a" * 4_000),
    "questions": ("*" + "?" * 3_000 + "b", "a" * 4_000),
    "choices": ("*[a-c]" * 300 + "x", "b" * 4_000),
    "open choices": ("[a" * 5_000, "a" * 4_000),
    "folders": ("**/" * 500 + "zz", "/".join("a" * 2_000)),
    "deep stars": ("**/a*/" * 300 + "b", "/".join(["aa"] * 1_000)),
    "one name": ("/deploy/*a*a*a*a*a*ab", f"deploy/{'a' * 240}.yaml"),
}


@pytest.mark.parametrize("name", SLOW)
def test_patterns_that_are_made_to_be_slow_are_not(name: str) -> None:
    pattern, text = SLOW[name]
    rows = 1 + len(pattern) // A_ROW
    for look in (
        lambda: compile_word(pattern).holds_text(text),
        lambda: Globs([pattern]).matches(text),
        lambda: find_owners(f"{pattern} @a", [text]),
    ):
        assert steps(look, "fixbot/text/globs") < rows * most(pattern, text) * 2


def test_thousands_of_patterns_cost_a_path_a_step_for_each_row_of_them() -> None:
    globs = Globs(f"*a*{number}*b" for number in range(10_000))
    rows = 10_000 * 10 // A_ROW
    assert steps(lambda: globs.matches("a/" * 50 + "c"), "fixbot/text/globs") < rows * most("a/" * 50)


def test_a_pattern_longer_than_any_path_holds_nothing() -> None:
    assert not Globs(["a" * (LONGEST + 1)]).matches("a" * (LONGEST + 1))
    assert compile_word("a" * (LONGEST + 1)).holds_text("a" * (LONGEST + 1))
    assert not compile_word("?" * (LONGEST + 1)).holds_text("a" * (LONGEST + 1))


@given(st.text("ab*?[]\\!", min_size=1, max_size=8))
def test_the_pattern_for_a_folder_holds_it_alone(folder: str) -> None:
    assert Globs([pattern_below(folder)]).matches(f"{folder}/x")
    assert not Globs([pattern_below(folder)]).matches(f"{folder}a/x")
    assert not Globs([pattern_below(folder)]).matches(f"b{folder}/x")


def test_settings_from_above_come_to_few_patterns() -> None:
    assert rebase_glob("**/" * 14 + "zz", "/".join("a" * 16)) == ("/**/zz",)
    assert len(rebase_glob("**/" + "*/" * 40 + "zz", "/".join("a" * 30))) == 31
