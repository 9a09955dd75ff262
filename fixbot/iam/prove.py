"""The proof of a tagging fix: nothing new is allowed, and no action is asked for what it doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.policy import many, same, statements, tests
from fixbot.iam.subset import subset

if TYPE_CHECKING:
    from fixbot.iam.policy import Policy, Statement
    from fixbot.tree import Value


def prove(old_policy: Policy, new_policy: Policy) -> str | None:
    """None where both hold; otherwise what isn't proven, in one clause."""
    before = statements(old_policy)
    known = {
        test[:2] for each in before if isinstance(each, dict) for test in tests(each.get("Condition")) or ()
    }
    for statement in statements(new_policy):
        if isinstance(statement, dict) and not any(same(statement, each) for each in before):
            problem = _unknown_key(statement, known)
            if problem is not None:
                return problem
    return subset(old_policy, new_policy)


def _unknown_key(statement: Statement, known: set[tuple[str, str]]) -> str | None:
    for operator, key, _ in tests(statement.get("Condition")) or ():
        if (operator, key) not in known and key.startswith(
            ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")
        ):
            for action in many(statement.get("Action")):
                problem = _unsupported(action, key)
                if problem is not None:
                    return problem
    return None


def _unsupported(action: Value, key: str) -> str | None:
    if not isinstance(action, str):
        return f"a computed action can't be shown to know {key}"
    reached = table.expand(action)
    if not reached:
        return f"{action} isn't in the service reference, so it can't be shown to know {key}"
    for name in reached:
        known = table.lookup(name)
        if known is None or not _knows(known, key):
            return f"{name} doesn't know {key}"
    return None


def _knows(action: table.Action, key: str) -> bool:
    if key.startswith("aws:resourcetag/"):
        return action.resource_tag
    return action.request_tag if key.startswith("aws:requesttag/") else action.tag_keys
