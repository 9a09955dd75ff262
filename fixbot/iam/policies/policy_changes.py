"""A planned limit as changes of the file that the policy stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.change import Add, Change, Drop, Put, Replace
from fixbot.edit.tree import CannotEdit, Node, NodeKind, Value
from fixbot.iam.policies.policy_data import (
    Data,
    build_condition_block,
    read_statement_data,
    spell_statement,
    spell_value,
)
from fixbot.iam.policy_document import as_list
from fixbot.iam.statement_plan import number_name
from fixbot.iam.tagging import GuardStatement, SplitStatement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.lens import Policy, Statement

_JOINING = ("concat", "flatten", "compact")


def build_changes(
    statement: Statement, plan: SplitStatement | GuardStatement, text: str
) -> tuple[Change, ...]:
    """What carries out a plan for a statement; `text` is the file's. Raises CannotEdit."""
    policy = statement.policy
    made: list[Change] = []
    alone = _find_lone_statement(policy)
    if alone is not None and plan.added and _is_commented(alone, text):
        raise CannotEdit("its Statement must become a list, and a comment inside it would be lost")
    if isinstance(plan, GuardStatement):
        made += _add_statements(policy, plan.added, {})
    elif plan.added and alone is not None:
        made += _add_statements(policy, plan.added, plan.statement)
    else:
        made += _narrow_statement(statement, plan)
        made += _add_statements(policy, plan.added, {})
    if plan.version is not None:
        key = "version" if policy.in_blocks else "Version"
        made.append(Put(policy.node, (key,), plan.version))
    return tuple(made)


def _narrow_statement(statement: Statement, plan: SplitStatement) -> list[Change]:
    """The statement itself: actions that leave, tests that come."""
    node, policy = statement.node, statement.policy
    if not _is_own(statement):
        raise CannotEdit("the statement is written elsewhere, for other policies too")
    listed = node.find_node("actions" if policy.in_blocks else "Action")
    made: list[Change] = [Drop(listed.items[at]) for at in plan.moved if listed is not None]
    return made + add_tests(statement, plan.condition)


def scope_actions(
    statement: Statement,
    data: Data,
    places: Sequence[int],
    resources: Sequence[Value],
    text: str,
    *,
    sid: str,
    dropped: Sequence[int] = (),
) -> tuple[Change, ...]:
    """The actions at these places on these resources alone; those `dropped` are allowed no more.

    Where a statement has others as well, these get one of their own. `text` is the file's. Raises CannotEdit.
    """
    policy, listed = statement.policy, as_list(data["Action"])
    resource: Value = resources[0] if len(resources) == 1 else list(resources)
    leaving = sorted((*places, *dropped))
    if len(leaving) < len(listed):
        if is_conditional(statement):
            raise CannotEdit("it stands in a condition of the template, and a second statement would have to")
        own = {key: value for key, value in data.items() if key != "Sid"}
        sids = {each for one in policy.statements if (each := one.sid)}
        head: Data = {"Sid": number_name(sid, sids)} if sids else {}
        moved = [listed[at] for at in sorted(places)]
        added: Data = {**head, **own, "Action": moved, "Resource": resource}
        rest: Data = {**data, "Action": [each for at, each in enumerate(listed) if at not in leaving]}
        return build_changes(statement, SplitStatement(rest, (added,), tuple(leaving), (), ()), text)
    if not _is_own(statement):
        raise CannotEdit("the statement is written elsewhere, for other policies too")
    node = statement.node.find_node("resources" if policy.in_blocks else "Resource")
    actions = statement.node.find_node("actions" if policy.in_blocks else "Action")
    if node is None or actions is None:
        raise CannotEdit("it has no Resource")
    many = policy.in_blocks or (node.kind is NodeKind.LIST and node.tag is None)
    gone = [Drop(actions.items[at]) for at in dropped if actions.kind is NodeKind.LIST]
    return (Replace(node, spell_value(as_list(resource) if many else resource, policy)), *gone)


def split_principals(
    statement: Statement, leaving: Sequence[Node], rest: Data, added: Data, text: str
) -> tuple[Change, ...]:
    """Some principals of a statement in one of their own; `rest` is what the statement is without them.

    `text` is the file's. Raises CannotEdit.
    """
    policy = statement.policy
    alone = _find_lone_statement(policy)
    if alone is not None and _is_commented(alone, text):
        raise CannotEdit("its Statement must become a list, and a comment inside it would be lost")
    if alone is None and not _is_own(statement):
        raise CannotEdit("the statement is written elsewhere, for other policies too")
    gone = [Drop(each) for each in leaving] if alone is None else []
    return (*gone, *_add_statements(policy, [added], rest if alone is not None else {}))


def add_tests(statement: Statement, tests: Sequence[tuple[str, str, Value]]) -> list[Change]:
    """Tests (operator, key, values) that a statement makes besides its own. Raises CannotEdit."""
    node, policy = statement.node, statement.policy
    if not _is_own(statement):
        raise CannotEdit("the statement is written elsewhere, for other policies too")
    made: list[Change] = []
    for operator, key, value in tests:
        if policy.in_blocks:
            made.append(Add(node, ("condition",), {**build_condition_block(operator, key, value, policy)}))
        else:
            near = ("Condition", "Resource", "Action")
            made.append(Put(node, ("Condition", operator, key), spell_value(value, policy), near))
    return made


def _is_own(statement: Statement) -> bool:
    node: Node | None = statement.node
    while node is not None and node is not statement.policy.node:
        node = node.parent
    return node is not None


def _find_lone_statement(policy: Policy) -> Node | None:
    """The statement of a document whose Statement is a map and no list."""
    listed = None if policy.in_blocks else policy.node.find_node("Statement")
    return listed if listed is not None and listed.kind is NodeKind.MAP and listed.tag is None else None


def _is_commented(node: Node, text: str) -> bool:
    """Whether a comment stands between the values of a map, or behind its last one."""
    scalars = [each for each in node.walk_tree() if each.kind in (NodeKind.SCALAR, NodeKind.CODE)]
    at, between = node.start, []
    for each in sorted(scalars, key=lambda each: each.start):
        between.append(text[at : each.start])
        at = max(at, each.end)
    line = text.find("\n", node.end)
    rest = text[at : line if line >= 0 else len(text)]
    return any(mark in part for part in (*between, rest) for mark in ("#", "//", "/*"))


def _add_statements(policy: Policy, new: Sequence[Data], instead: Data) -> list[Change]:
    """New statements: first where that costs fewer lines, but what allows goes behind what it comes from.

    Where few lists end with a comma and many open on the line before (HCL), all goes first.

    A lone statement becomes a list; `instead` is what it then says, empty if that stays.
    """
    if policy.in_blocks:
        return [Add(policy.node, ("statement",), spell_statement(each, policy)) for each in new]
    alone = _find_lone_statement(policy)
    if not new:
        return []
    if alone is None:
        home = _find_statement_list(policy)
        behind = not home.grammar.has_expressions
        return [
            Add(home, (), spell_statement(each, policy), last=behind and each["Effect"] == "Allow")
            for each in new
        ]
    made: list[Value] = [
        spell_statement(each, policy) for each in (instead or read_statement_data(policy.statements[0]), *new)
    ]
    return [Replace(alone, made)]


def _find_statement_list(policy: Policy) -> Node:
    """The list that new statements go into."""
    listed = policy.node.find_node("Statement")
    if listed is not None and listed.kind is NodeKind.CALL and listed.value in _JOINING:
        listed = next((item for item in listed.items if item.kind is NodeKind.LIST), listed)
    if listed is None or listed.kind is not NodeKind.LIST or listed.tag is not None:
        raise CannotEdit("the list of its statements is computed")
    return listed


def is_conditional(statement: Statement) -> bool:
    """Whether a statement stands in a branch, so that it may not be there at all."""
    policy, parent = statement.policy, statement.node.parent
    if policy.in_blocks or not _is_own(statement) or _find_lone_statement(policy) is statement.node:
        return False
    try:
        return parent is not _find_statement_list(policy) and not (
            parent is not None and parent.parent is not None and parent.parent.value in _JOINING
        )
    except CannotEdit:
        return True
