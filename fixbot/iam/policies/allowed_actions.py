"""What an administrator's policy becomes where the settings say what its holder needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.change import Change, Replace
from fixbot.edit.tree import CannotEdit, NodeKind, Value
from fixbot.iam.pattern import action_matches
from fixbot.iam.policies.identities import find_roles_of
from fixbot.iam.policies.policy_data import Data
from fixbot.iam.policy_document import as_list
from fixbot.lens import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.lens import Policy, Statement
    from fixbot.rules.context import Context


def find_allowed(policy: Policy, world: Context) -> tuple[str, tuple[str, ...]]:
    """The name by which the settings have the policy or its role, and the actions; empty where they don't."""
    wanted = world.settings.allowed_actions
    if not wanted:
        return "", ()
    names = {policy.name, *policy.name.split(), *policy.address.split("/"), *policy.address.split(".")}
    for role in find_roles_of(policy, world):
        named = text_of(role.node.find_node("RoleName" if role.dialect == "cloudformation" else "name"))
        names |= {role.name, role.address.rpartition(".")[2], named or ""}
    return next(((name, actions) for name, actions in wanted.items() if name in names), ("", ()))


def replace_actions(
    statement: Statement, data: Data, allowed: tuple[str, ...], is_wide: Callable[[str], bool]
) -> tuple[tuple[Change, ...], list[str]]:
    """The entries that are too wide as those of the allowed actions that they hold. Raises CannotEdit.

    The second value is what the statement then allows instead of them.
    """
    policy = statement.policy
    node = statement.node.find_node("actions" if policy.in_blocks else "Action")
    if node is None or node.tag is not None or node.kind not in (NodeKind.LIST, NodeKind.SCALAR):
        raise CannotEdit("its actions are computed")
    listed = as_list(data["Action"])
    kept = [each for each in listed if not (isinstance(each, str) and is_wide(each))]
    wide = [each for each in listed if isinstance(each, str) and is_wide(each)]
    new = [each for each in allowed if any(action_matches(one, each) for one in wide)]
    made: list[Value] = [*kept, *(each for each in new if each not in kept)]
    if not made:
        raise CannotEdit("`allowed_actions` in the settings names none of them")
    return (Replace(node, made if node.kind is NodeKind.LIST or len(made) > 1 else made[0]),), new
