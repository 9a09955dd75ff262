"""The proof of a tagging fix: nothing new is allowed, and no action is asked for what it doesn't know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.policy_document import as_list, is_same, list_statements, read_tests
from fixbot.iam.subset import find_excess

if TYPE_CHECKING:
    from fixbot.edit.tree import Value
    from fixbot.iam.policy_document import Policy, Statement


def prove_no_new_access(old_policy: Policy, new_policy: Policy) -> str | None:
    """None where both hold; otherwise what isn't proven, in one clause."""
    before = list_statements(old_policy)
    known = {
        test[:2]
        for each in before
        if isinstance(each, dict)
        for test in read_tests(each.get("Condition")) or ()
    }
    for statement in list_statements(new_policy):
        if isinstance(statement, dict) and not any(is_same(statement, each) for each in before):
            problem = _find_unknown_key(statement, known)
            if problem is not None:
                return problem
    return find_excess(old_policy, new_policy)


def _find_unknown_key(statement: Statement, known: set[tuple[str, str]]) -> str | None:
    for operator, key, _ in read_tests(statement.get("Condition")) or ():
        if (operator, key) not in known and key.startswith(
            ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")
        ):
            for action in as_list(statement.get("Action")):
                problem = _why_unsupported(action, key)
                if problem is not None:
                    return problem
    return None


def _why_unsupported(action: Value, key: str) -> str | None:
    if not isinstance(action, str):
        return f"a computed action can't be shown to know {key}"
    reached = table.expand_pattern(action)
    if not reached:
        return f"{action} isn't in the service reference, so it can't be shown to know {key}"
    for name in reached:
        known = table.find_action(name)
        if known is None or not _supports_key(known, key):
            return f"{name} doesn't know {key}"
    return None


def _supports_key(action: table.IamAction, key: str) -> bool:
    if key.startswith("aws:resourcetag/"):
        return action.resource_tag
    return action.request_tag if key.startswith("aws:requesttag/") else action.tag_keys
