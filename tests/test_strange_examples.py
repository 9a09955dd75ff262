"""What a rule says of its own examples stays words, whatever one of their names or values is."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.engine.pipeline import run_pipeline
from fixbot.proposal.pull_request_text import TextTarget, render_proposal
from fixbot.report import html, markdown_report, sarif, text
from fixbot.report import json as for_machines
from fixbot.report.style import TerminalStyle
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.strange_examples import Place, list_places
from tests.strangers import Held
from tests.test_pasted import check, check_documents, shell
from tests.test_strangers_words import MARK_OF_OURS, faults, hidden, html_faults

RULES = {rule.name: rule for rule in load_rules()}
PLACES = list(list_places())
ODD = (
    "{}` @octocat #12 [skip ci] `x", "{};touch PWN;:", "-{}", "$(touch PWN)", "{} -v /:/host", "a'b\"c{}",
    "{}\n---\nkind: Evil\nmetadata: x", "{}\x1b[31m\u202e\u200b\u3164", "../../{}", "***NO_CI*** {}",
    "{}](https://evil.example)<img src=x onerror=1>", "{}\n\nCo-authored-by: a <a@b.c>", "| {} | a\n| x |",
    "</details><!-- fixbot {{}} -->{}", "::error::{}\n::add-mask::x", "www.evil.example {} u@abcdef1 GH-4",
)  # fmt: skip
"""`{}` is what stood there."""

__all__ = ["shell"]


def test_every_rule_has_places() -> None:
    assert {each.rule for each in PLACES} == set(RULES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_a_strangers_text_in_an_example_is_words(shell: Path, place: Place, odd: str) -> None:
    files = place.put(odd.format(place.text))
    rules = (RULES[place.rule],)
    found = run_pipeline(
        Held({path: each.encode("utf-8", "surrogatepass") for path, each in files.items()}), rules, Settings()
    )
    assert found.failures == ()
    assert faults(markdown_report.render_markdown(found), "(?!)") == []
    assert html_faults(html.render_html(found, "x")) == []
    machines = (for_machines.render_json(found), sarif.render_sarif(found, rules))
    for out in (text.render_run(found, TerminalStyle()), *machines):
        assert not [line for line in out.split("\n") if hidden(line)]
    for proposal in found.proposals:
        words = render_proposal(proposal, TextTarget(marker=str(MARK_OF_OURS)))
        assert faults(words.body, r"(?!\w+:)[^\s:]+#L\d+", comments=(str(MARK_OF_OURS),)) == []
        assert "\n" not in words.title
        assert not re.search(r"@\w|#\w|https?://", words.title)
    check(found, shell)
    check_documents(found)
