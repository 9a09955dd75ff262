"""A planned limit as changes of the file that the policy stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.change import Add, Change, Drop, Put, Replace
from fixbot.iam.tagging import Guard
from fixbot.policies.data import Data, spelled, test_block, written
from fixbot.policies.data import statement as data_of
from fixbot.tree import CannotEdit, Kind, Node, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.iam.tagging import Split
    from fixbot.lens import Policy, Statement

_JOINING = ("concat", "flatten", "compact")


def changes(statement: Statement, plan: Split | Guard, text: str) -> tuple[Change, ...]:
    """What carries out a plan for a statement; `text` is the file's. Raises CannotEdit."""
    policy = statement.policy
    made: list[Change] = []
    alone = _alone(policy)
    if alone is not None and plan.added and _commented(alone, text):
        raise CannotEdit("its Statement must become a list, and a comment inside it would be lost")
    if isinstance(plan, Guard):
        made += _added(policy, plan.added, {})
    elif plan.added and alone is not None:
        made += _added(policy, plan.added, plan.statement)
    else:
        made += _narrowed(statement, plan)
        made += _added(policy, plan.added, {})
    if plan.version is not None:
        key = "version" if policy.in_blocks else "Version"
        made.append(Put(policy.node, (key,), plan.version))
    return tuple(made)


def _narrowed(statement: Statement, plan: Split) -> list[Change]:
    """The statement itself: actions that leave, tests that come."""
    node, policy = statement.node, statement.policy
    if not _own(statement):
        raise CannotEdit("the statement is written elsewhere, for other policies too")
    listed = node.get("actions" if policy.in_blocks else "Action")
    made: list[Change] = [Drop(listed.items[at]) for at in plan.moved if listed is not None]
    for operator, key, value in plan.condition:
        if policy.in_blocks:
            made.append(Add(node, ("condition",), {**test_block(operator, key, value, policy)}))
        else:
            near = ("Condition", "Resource", "Action")
            made.append(Put(node, ("Condition", operator, key), spelled(value, policy), near))
    return made


def _own(statement: Statement) -> bool:
    node: Node | None = statement.node
    while node is not None and node is not statement.policy.node:
        node = node.parent
    return node is not None


def _alone(policy: Policy) -> Node | None:
    """The statement of a document whose Statement is a map and no list."""
    listed = None if policy.in_blocks else policy.node.get("Statement")
    return listed if listed is not None and listed.kind is Kind.MAP and listed.tag is None else None


def _commented(node: Node, text: str) -> bool:
    """Whether a comment stands between the values of a map, or behind its last one."""
    scalars = [each for each in node.walk() if each.kind in (Kind.SCALAR, Kind.CODE)]
    at, between = node.start, []
    for each in sorted(scalars, key=lambda each: each.start):
        between.append(text[at : each.start])
        at = max(at, each.end)
    line = text.find("\n", node.end)
    rest = text[at : line if line >= 0 else len(text)]
    return any(mark in part for part in (*between, rest) for mark in ("#", "//", "/*"))


def _added(policy: Policy, new: Sequence[Data], instead: Data) -> list[Change]:
    """New statements: first where that costs fewer lines, but what allows goes behind what it comes from.

    Where few lists end with a comma and many open on the line before (HCL), all goes first.

    A lone statement becomes a list; `instead` is what it then says, empty if that stays.
    """
    if policy.in_blocks:
        return [Add(policy.node, ("statement",), written(each, policy)) for each in new]
    alone = _alone(policy)
    if not new:
        return []
    if alone is None:
        home = _home(policy)
        behind = home.grammar.name != "hcl"
        return [
            Add(home, (), written(each, policy), last=behind and each["Effect"] == "Allow") for each in new
        ]
    made: list[Value] = [written(each, policy) for each in (instead or data_of(policy.statements[0]), *new)]
    return [Replace(alone, made)]


def _home(policy: Policy) -> Node:
    """The list that new statements go into."""
    listed = policy.node.get("Statement")
    if listed is not None and listed.kind is Kind.CALL and listed.value in _JOINING:
        listed = next((item for item in listed.items if item.kind is Kind.LIST), listed)
    if listed is None or listed.kind is not Kind.LIST or listed.tag is not None:
        raise CannotEdit("the list of its statements is computed")
    return listed


def conditional(statement: Statement) -> bool:
    """Whether a statement stands in a branch, so that it may not be there at all."""
    policy, parent = statement.policy, statement.node.parent
    if policy.in_blocks or not _own(statement) or _alone(policy) is statement.node:
        return False
    try:
        return parent is not _home(policy) and not (
            parent is not None and parent.parent is not None and parent.parent.value in _JOINING
        )
    except CannotEdit:
        return True
