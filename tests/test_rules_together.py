"""All rules at once: none takes away what another would do alone, and one run is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Status
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.pages import Example, Page
from tests.test_examples import examples, lay_out

RULES = load_rules()


@pytest.mark.parametrize(
    ("page", "example"), [pytest.param(p, e, id=f"{p.rule}: {e.title}") for p, e in examples()]
)
def test_what_a_rule_repairs_alone_it_repairs_among_all(tmp_path: Path, page: Page, example: Example) -> None:
    lay_out(tmp_path, {name: text for name, text in example.before.items() if name != ".fixbot.yml"})
    checkout = Checkout.open_checkout(str(tmp_path))
    alone = run_pipeline(checkout, tuple(each for each in RULES if each.name == page.rule), Settings())
    together = run_pipeline(checkout, RULES, Settings())
    fixed = {each.id for each in together.findings if each.status is Status.FIXED}
    said = "\n".join(f"{each.rule} {each.resource}: {each.reason}" for each in together.findings)
    assert {each.id for each in alone.findings if each.status is Status.FIXED} <= fixed, said
    for patch in together.patches:
        (tmp_path / patch.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / patch.path).write_bytes(patch.after.encode("utf-8", "surrogateescape"))
    again = run_pipeline(Checkout.open_checkout(str(tmp_path)), RULES, Settings())
    assert [f"{each.rule} {each.resource}" for each in again.findings if each.status is Status.FIXED] == []
