"""What is said of a text that doesn't parse: one sentence of ours for each kind, and nothing of the text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixbot.edit.tree import SyntaxProblem
from fixbot.syntax import load_grammar
from fixbot.syntax.yaml.problems import _KINDS, UNKNOWN_KIND

SENTENCES = {
    "yaml": {
        UNKNOWN_KIND,
        *(f"{UNKNOWN_KIND}: {ours}" for _, ours in _KINDS),
        "more than 400 collections in each other",
        "an alias without its anchor",
        "an alias inside what it stands for",
        "aliases that multiply beyond reason",
        "merge keys that multiply beyond reason",
    },
    "json": {
        "a template directive stands between its values",
        "nested deeper than 400 levels",
        *(
            f"not JSON: {what}"
            for what in (
                "an unknown escape in a string",
                "the text is empty",
                "text follows the value",
                "a value is missing",
                "it ends too early",
                "a placeholder isn't closed",
                "a string isn't closed on its line",
                "a string isn't closed",
                "a comma or '}' is missing",
                "a comma or ']' is missing",
                "a key in double quotes is missing",
                "a colon is missing",
            )
        ),
    },
    "hcl": {
        "a quoted string runs over the end of its line",
        "a quoted string has an escape that HCL doesn't know",
        "this is one object, not a body",
        "it holds a NUL character",
        "it isn't valid HCL",
        "two entries of a body stand on one line",
        "a comma or a new line is missing between two entries",
        "a number has too many digits",
    },
}


def refused(syntax: str, text: str) -> str | None:
    """Why a text is refused, None where it isn't."""
    try:
        load_grammar(syntax).parse_text(text)
    except SyntaxProblem as problem:
        return problem.reason
    return None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("!CANARYpw2!rest", "a word that begins with `!` is read as a tag whose handle is unknown; quote it"),
        ("|CANARY", "text stands behind a block scalar's `|` or `>`"),
        (">9CANARY", "text stands behind a block scalar's `|` or `>`"),
        ('"\\CANARY"', "an escape that YAML doesn't know; use single quotes"),
        ("@CANARY", "a character that no value may begin with; quote the value"),
        ("`CANARY", "a character that no value may begin with; quote the value"),
        ("'CANARY", "a quote or bracket isn't closed"),
        ("{CANARY", "a comma or `}` is missing in a map"),
        ("a: CANARY: b", "mapping values are not allowed in this context"),
        ("!<CANARY", "a tag that isn't closed"),
        ("*", "an anchor or alias without a name"),
    ],
)
@pytest.mark.parametrize("padding", ["", "\n#" + "x" * 400_000])  # the second is read by one parser only
def test_a_value_that_is_no_yaml_gets_a_sentence_of_ours(value: str, said: str, padding: str) -> None:
    assert refused("yaml", f"name: x\nvalue: {value}{padding}\n") == f"not YAML: {said}"


BEFORE = ("", "value: ", "- ", '{"a": ', "x = ", 'x = "', "value: !", 'value: "\\', "value: |", "%", "&", "*")


@given(
    st.sampled_from(sorted(SENTENCES)),
    st.sampled_from(BEFORE),
    st.text(max_size=30),
    st.sampled_from(("", "!x", '"', "\n", ": y", "}", "]", " z")),
)
@example("yaml", "value: ", "!where's ':'!", "x")
@example("hcl", 'x = "', "\\Q", '"')
def test_what_is_said_of_any_text_is_one_of_a_few_sentences(
    syntax: str, before: str, text: str, behind: str
) -> None:
    said = refused(syntax, before + text + behind)
    assert said is None or said in SENTENCES[syntax]
