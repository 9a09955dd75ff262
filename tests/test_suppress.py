"""How people say no, in a file or in the settings, and what happens when that has ended."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fixbot.model.errors import FixbotError
from fixbot.settings.suppressions import NO_REASON, Ignore, Suppressions, describe_lapse, escape_name
from fixbot.source.inline_ignores import read_inline_ignores

RULES = frozenset({"readonly-root-filesystem", "privileged-container"})
TODAY = date(2026, 6, 1)


def over(*configured: Ignore, **files: str) -> Suppressions:
    texts = {
        name.replace("_", "."): read_inline_ignores(name.replace("_", "."), text)
        for name, text in files.items()
    }
    return Suppressions(configured, RULES, TODAY, texts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "a: 1\nprivileged: true # {}\n"),
        ("a.yaml", "a: 1\nprivileged: | # {}\n  x\n"),
        ("a.yaml", "a: 1\nprivileged: &a !!str >-  # {}\n  x\n"),
        ("a.yaml", "a: [1,\n true # {}\n]\n"),
        ("a.yaml", "# {}\nprivileged: true\n"),
        ("a.yaml", "\ufeff# {}\nprivileged: true\n"),
        ("a.yaml", "a: 1 # x\nprivileged: true # {}\n---\n: : [\n"),
        ("a.tf", "a = 1\r\nprivileged = true // {}\r\n"),
        ("a.tf", "a = 1\nprivileged = true /* {} */\n"),
        ("a.tf", "# {}\nprivileged = true\n"),
        ("a.tf", "é = 1\nprivileged = tolist([true]) # {}\n"),
        ("a.json", '{"a": 1,\n"b": true} // {}\n'),
        ("a.json", '{\n"b": true, # {}\n"c": 1}\n'),
        ("a.json", '// {}\n{"b": true /* x */}\n'),
        ("a.yaml", '{\n\t"b": true, # {}\n\t"c": 1}\n'),
    ],
)
@pytest.mark.parametrize("colon", ["", ":"])
def test_a_comment_on_or_above_the_line(path: str, text: str, colon: str) -> None:
    words = f"fixbot:ignore privileged-container{colon} the driver needs it"
    (wish,) = read_inline_ignores(path, text.replace("{}", words))
    assert (wish.rule, wish.line) == ("privileged-container", 2)
    assert wish.reason == "the driver needs it"


WISH = "# fixbot:ignore privileged-container why"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", 'x: "WISH"\n'),
        ("a.yaml", "x: 'WISH'\n"),
        ("a.yaml", 'x: "a\n  WISH"\n'),
        ("a.yaml", '"WISH": x\n'),
        ("a.yaml", "? 'a WISH'\n: x\n"),
        ("a.yaml", "x: a#fixbot:ignore privileged-container why\n"),
        ("a.yaml", "x: /* fixbot:ignore privileged-container why */\n"),
        ("a.yaml", "x: // fixbot:ignore privileged-container why\n"),
        ("a.yaml", "x: |\n  WISH\n"),
        ("a.yaml", "x: |\n\n  a\n\n  WISH\n\ny: 1\n"),
        ("a.yaml", "x: >2-\n    WISH\n"),
        ("a.yaml", "- |\n WISH\n- y\n"),
        ("a.yaml", "x: {{ a WISH }}\n"),
        ("a.yaml", '# as in "WISH"\nx: 1\n'),
        ("a.yaml", "# write WISH\nx: 1\n"),
        ("a.yaml", "# 'fixbot:ignore privileged-container why'\nx: 1\n"),
        ("a.yaml", "--- # fine\nx: : : [ WISH\n"),
        ("a.json", '{"a": "WISH"}'),
        ("a.json", '{"WISH": 1}'),
        ("a.json", '{"a": "// fixbot:ignore privileged-container why"}'),
        ("a.json", '{"a": ${x("WISH")}}'),
        ("a.tf", 'x = "WISH"\n'),
        ("a.tf", 'x = "${y("WISH")}"\n'),
        ("a.tf", "x = <<EOT\nWISH\nEOT\n"),
        ("a.tf", "x = <<-EOT\n  ${y}\n  // fixbot:ignore privileged-container why\n  EOT\n"),
        ("a.tf", 'x { "WISH" = 1 }\n'),
        ("a.txt", "WISH\n"),
    ],
)
def test_what_only_looks_like_a_comment_asks_for_nothing(path: str, text: str) -> None:
    assert read_inline_ignores(path, text.replace("WISH", WISH)) == ()


@given(st.text("ab #:'\"\n\\-[{|>"), st.text("ab #:'\"\n"), st.sampled_from(["", "'", '"', "|", ">"]))
def test_no_value_and_no_key_asks_for_anything(before: str, behind: str, style: str) -> None:
    value = f"{before}{WISH}{behind}"
    data = {"spec": [{value: [value, {"a": value}]}, value]}
    written = yaml.dump(data, default_style=style or None, width=30)
    if yaml.safe_load(written) == data:
        assert read_inline_ignores("a.yaml", written) == ()
    for text in (json.dumps(data), json.dumps(data, indent=2)):
        assert read_inline_ignores("a.json", text) == ()
        assert read_inline_ignores("a.yaml", text) == ()
        assert read_inline_ignores("a.tf", f"x = jsonencode({text.replace(': ', ' = ')})\n") == ()


def test_comments_above_each_other_count_for_the_same_line() -> None:
    text = (
        "# fixbot:ignore privileged-container a\n"
        "\n"
        "  // fixbot:ignore readonly-root-filesystem b\n"
        "  # c\n"
        "/*\n"
        " d */\n"
        "x = 1\n"
    )
    assert [(wish.rule, wish.line, wish.where) for wish in read_inline_ignores("a.tf", text)] == [
        ("privileged-container", 7, "1"),
        ("readonly-root-filesystem", 7, "3"),
    ]


def test_several_rules_a_last_day_and_no_reason() -> None:
    one, two = read_inline_ignores(
        "a.yaml", "x: 1 # fixbot:ignore privileged-container, readonly-root-filesystem until=2027-03-31\n"
    )
    assert (one.rule, two.rule) == ("privileged-container", "readonly-root-filesystem")
    assert one.until == two.until == date(2027, 3, 31)
    assert one.reason == NO_REASON


def test_the_line_of_the_finding_or_the_first_of_its_resource() -> None:
    some = over(k8s_yaml="a\nb # fixbot:ignore privileged-container why\n")
    rule, path = "privileged-container", "k8s.yaml"
    found = some.find_ignore(rule, path, 2, "web", None)
    assert found is not None
    assert (found.reason, found.where) == ("why", "k8s.yaml:2")
    assert some.find_ignore(rule, path, 9, "web", 2) == found
    assert some.find_ignore(rule, path, 9, "web", 8) is None
    assert some.find_ignore("readonly-root-filesystem", path, 2, "web", 2) is None
    assert some.find_ignore(rule, "other.yaml", 2, "web", 2) is None


@pytest.mark.parametrize(
    ("path", "resource", "counts"),
    [
        ("", "", True),
        ("deploy/**", "", True),
        ("deploy/", "", True),
        ("task.json", "", True),
        ("other/**", "", False),
        ("", "*container app", True),
        ("", "task web, *", True),
        ("", "app", False),
        ("deploy/**", "app", False),
    ],
)
def test_the_settings_say_where_by_globs(path: str, resource: str, counts: bool) -> None:
    wish = Ignore("privileged-container", "why", path, resource)
    found = over(wish).find_ignore(wish.rule, "deploy/eu/task.json", 3, "task web, container app", 1)
    assert found == (wish if counts else None)


ANY_NAME = st.text(st.sampled_from("ab *[]?!\\\n\"'é/A")) | st.text()


@pytest.mark.parametrize(
    ("pattern", "holds", "not_these"),
    [
        ("Pod *", {"Pod a", "Pod *", "Pod "}, {"pod a", "Pod"}),
        (r"Pod \*", {"Pod *"}, {"Pod a", "Pod **", r"Pod \*"}),
        ("Pod [*]", {"Pod *"}, {"Pod a", "Pod [*]"}),
        (r"Pod \[*]", {"Pod [a]", "Pod [*]"}, {"Pod *"}),
        ("list[0]", {"list[0]"}, {"list0"}),
        ("a?", {"a?"}, {"ab"}),
        ("*a*b*", {"ab", "xaxbx"}, {"ba", "a"}),
        ("a*a", {"aa", "aba"}, {"a"}),
        ("a\\", {"a\\"}, {"a"}),
    ],
)
def test_the_pattern_of_a_resource(pattern: str, holds: set[str], not_these: set[str]) -> None:
    def found(name: str) -> bool:
        return over(Ignore("r", "why", "", pattern)).find_ignore("r", "a.json", 1, name) is not None

    assert {name for name in holds | not_these if found(name)} == holds


@given(ANY_NAME, ANY_NAME)
def test_a_name_made_plain_holds_itself_and_no_other(name: str, other: str) -> None:
    wish = Ignore("r", "why", "", escape_name(name))
    assert not name or over(wish).find_ignore("r", "a.json", 1, name) == wish
    assert not name or (over(wish).find_ignore("r", "a.json", 1, other) is not None) == (name == other)


def test_what_has_ended_counts_as_absent_and_is_said() -> None:
    wish = Ignore("privileged-container", "why", until=date(2026, 5, 31), where=".fixbot.yml:7")
    place = (wish.rule, "a.json", 1, "web", None)
    assert over(wish).find_ignore(*place) is None
    assert over(wish).find_lapsed(*place) == wish
    assert describe_lapse(wish) == "the ignore at .fixbot.yml:7 ended on 2026-05-31"


def test_the_last_day_itself_still_counts_and_another_wish_outlives_it() -> None:
    last = Ignore("privileged-container", "why", until=TODAY)
    assert over(last).find_ignore(last.rule, "a.json", 1, "web") == last
    ended = Ignore("privileged-container", "why", until=date(2020, 1, 1))
    assert over(ended, last).find_lapsed(last.rule, "a.json", 1, "web") is None


def test_an_unknown_rule_is_an_error_that_says_where() -> None:
    with pytest.raises(FixbotError) as caught:
        over(k8s_yaml="\nx # fixbot:ignore priviledged-container why\n").check_all()
    assert (
        str(caught.value)
        == "k8s.yaml:2: unknown rule 'priviledged-container'; did you mean privileged-container?"
    )
    with pytest.raises(
        FixbotError, match=r"^\.fixbot\.yml:3: unknown rule 'zzz'; `fixbot rules` lists them$"
    ):
        over(Ignore("zzz", "why", where=".fixbot.yml:3")).check_all()


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("fixbot:ignore", "a.yaml:1: fixbot:ignore: it names no rule"),
        (
            "fixbot:ignore privileged-container until=tomorrow",
            "a.yaml:1: fixbot:ignore: 'until=tomorrow' is no date; write until=YYYY-MM-DD",
        ),
    ],
)
def test_a_wish_that_cannot_be_understood_is_no_silent_no(comment: str, said: str) -> None:
    with pytest.raises(FixbotError) as caught:
        over(a_yaml=f"x: 1 # {comment}\n").check_all()
    assert str(caught.value) == said


@given(
    st.text(alphabet="ab #/*:,=-\n\r\u2028", max_size=40), st.text(alphabet="ab until=2:,-*/\n", max_size=30)
)
@pytest.mark.parametrize("path", ["a.yaml", "a.json", "a.tf"])
def test_any_text_is_read(path: str, before: str, behind: str) -> None:
    text = f"{before}# fixbot:ignore {behind}"
    for wish in read_inline_ignores(path, text):
        assert wish.line is not None
        assert 1 <= wish.line <= text.count("\n") + 1


def test_other_words_are_no_wish() -> None:
    text = "# fixbot:ignored x\n# fixbot:ignore-next x\nfixbot:ignore privileged-container\n"
    assert read_inline_ignores("a.yaml", text) == ()
