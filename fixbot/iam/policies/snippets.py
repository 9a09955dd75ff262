"""What a person can write into a policy, in the words of the file that it stands in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.lens import Policy


def format_condition(policy: Policy, operator: str, key: str, values: Sequence[str]) -> str:
    """A Condition of one test, as code; in HCL's blocks what stands in a `condition` block."""
    if policy.in_blocks:
        written = [f'test = "{operator}"', f'variable = "{key}"', f"values = {json.dumps(list(values))}"]
        return f"a `condition` block with {join_with_and(map(mark_code, written))}"
    name, sign, (before, after) = _spelling_of(policy)
    test = f'"{key}"{sign}{_list_values(values)}'
    return mark_code(
        f"{name.format('Condition')}{sign}{before}{name.format(operator)}{sign}{before}{test}{after}{after}"
    )


def format_element(policy: Policy, element: str, values: Sequence[str]) -> str:
    """One element of a statement, as code: `Resource: …`, `resources = […]`."""
    if policy.in_blocks:
        return mark_code(f"{element.lower()}s = {json.dumps(list(values))}")
    name, sign, _ = _spelling_of(policy)
    return mark_code(f"{name.format(element)}{sign}{_list_values(values)}")


def _list_values(values: Sequence[str]) -> str:
    return json.dumps(values[0] if len(values) == 1 else list(values))


def _spelling_of(policy: Policy) -> tuple[str, str, tuple[str, str]]:
    """How a key is written, what stands behind it, and what a map opens and closes with."""
    grammar = policy.node.grammar
    if grammar.has_expressions:
        return "{}", " = ", ("{ ", " }")
    return ("{}" if grammar.has_tags else '"{}"'), ": ", ("{", "}")
