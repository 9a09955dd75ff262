"""A secret is in no output, whatever its dialect, place and quoting, its name and its own form."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.any_secret import CANARY, Written, written_secrets
from tests.test_secret_places import outputs, reported


@settings(max_examples=10, phases=(Phase.generate,))
@given(st.lists(written_secrets(), min_size=12, max_size=12))
def test_no_output_holds_any_of_them(some: list[Written]) -> None:
    """Each stands in a folder of its own, so that what is known of one doesn't help another."""
    named = {f"{n}x": each for n, each in enumerate(some)}
    found = reported(
        {f"{n}/{each.path}": each.text.replace(CANARY, f"{CANARY}{n}") for n, each in named.items()}
    )
    assert not found.failures, found.failures[0].trace
    assert len(found.patches) > len(some) / 2, "what isn't shown can't tell"
    for form, text in outputs(found):
        at = text.find(CANARY)
        if at >= 0:
            number = text[at + len(CANARY) :].partition("x")[0] + "x"
            raise AssertionError((form, named[number].how, text[max(0, at - 60) : at + 20]))
