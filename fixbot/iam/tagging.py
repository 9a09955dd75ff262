"""Plans a tag condition for one statement of a policy: split it, guard it, or leave it and say why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from fixbot.iam.callers import why_exempt
from fixbot.iam.guard import plan_guard
from fixbot.iam.outcome import (
    ActionFate,
    ActionGroup,
    EnvironmentTag,
    GuardStatement,
    LeaveKind,
    LeaveStatement,
    New,
    SplitStatement,
)
from fixbot.iam.policy_document import VARIABLES_SINCE, as_list, may_gain_variables, read_tests
from fixbot.iam.prove import prove_no_new_access
from fixbot.iam.reach import ActionItem, find_reach, is_of_agent
from fixbot.iam.split import split_statement
from fixbot.iam.statement_plan import StatementPlan
from fixbot.iam.tag_limits import find_limit, has_wild_resource, is_denied

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from fixbot.edit.tree import Value

__all__ = [
    "SERVICES",
    "ActionFate",
    "ActionGroup",
    "EnvironmentTag",
    "GuardStatement",
    "LeaveKind",
    "LeaveStatement",
    "New",
    "PolicyFacts",
    "SplitStatement",
    "plan_tagging",
    "prove_no_new_access",
]

SERVICES: Final = frozenset({"ecs", "ec2"})
"""The services that are looked at unless a configuration names others, EC2 for some actions alone.

Others are a choice because their tags are: S3 ignores aws:ResourceTag until a bucket is switched to
it, RDS, ECR and Lambda know it on some resources only, and AWS's own reference isn't always right.
"""

_MOST_STATEMENTS: Final = 500
"""No policy that AWS accepts (10,240 characters) holds as many."""


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What is known of a policy besides its statements.

    `version` is the document's own, None where it has none. `services` are the service prefixes to
    look at. `principal_services` are the services that may assume the role which the policy belongs
    to (`ec2.amazonaws.com`), `names` what role and policy are called; both only ever exempt.
    """

    version: str | None = VARIABLES_SINCE
    services: frozenset[str] = SERVICES
    by_default: bool = True
    """Whether nobody named the services: of EC2 only what AWS's guides limit by tag is then looked at."""
    principal_services: Collection[str] = ()
    names: Collection[str] = ()


_PLAIN: Final = PolicyFacts()


def plan_tagging(
    statements: Sequence[Mapping[str, Value]],
    index: int,
    tag: EnvironmentTag,
    about: PolicyFacts = _PLAIN,
) -> SplitStatement | GuardStatement | LeaveStatement:
    """What to do about `statements[index]` of an identity policy.

    A statement that isn't a plain map stands in `statements` as an empty one. Never raises.
    """
    decided = _decide_items(statements, index, about, tag)
    if isinstance(decided, LeaveStatement):
        return decided
    version = VARIABLES_SINCE if tag.is_variable and about.version != VARIABLES_SINCE else None
    if not any(item.is_wildcard for item in decided):
        return replace(split_statement(StatementPlan(statements, index, tag, decided)), version=version)
    earlier = [
        StatementPlan(statements, at, tag, items)
        for at in range(index)
        if (items := _items_to_guard(statements, at, about, tag))
    ]
    return replace(plan_guard(StatementPlan(statements, index, tag, decided), earlier), version=version)


def _items_to_guard(
    statements: Sequence[Mapping[str, Value]], index: int, about: PolicyFacts, tag: EnvironmentTag
) -> tuple[ActionItem, ...]:
    """The items of another statement of this document that is to be guarded as well."""
    written = as_list(statements[index].get("Action"))
    if not any(isinstance(each, str) and ("*" in each or "?" in each) for each in written):
        return ()
    decided = _decide_items(statements, index, about, tag)
    return (
        decided
        if not isinstance(decided, LeaveStatement) and any(item.is_wildcard for item in decided)
        else ()
    )


def _decide_items(
    statements: Sequence[Mapping[str, Value]], index: int, about: PolicyFacts, tag: EnvironmentTag
) -> tuple[ActionItem, ...] | LeaveStatement:
    statement = statements[index]
    left = _leave_other_kind(statement, len(statements))
    if left is not None:
        return left
    resources = as_list(statement.get("Resource"))
    denies = [each for each in statements if each.get("Effect") == "Deny"]
    guarded = partial(is_denied, denies, resources=resources)
    items = find_reach(statement, about.services, guarded, by_default=about.by_default)
    if not any(item.existing or item.creating for item in items):
        return _leave_unlimited(items)
    return (
        _leave_narrow(statement)
        or _leave_exempt(items, about)
        or _leave_without_variables(statements, tag, about)
        or items
    )


def _leave_other_kind(statement: Mapping[str, Value], length: int) -> LeaveStatement | None:
    if length > _MOST_STATEMENTS:
        return LeaveStatement(f"the document has {length} statements, more than AWS takes", LeaveKind.UNKNOWN)
    effect = statement.get("Effect")
    if effect != "Allow":
        plain = effect is None or isinstance(effect, str)
        return (
            LeaveStatement("it allows nothing")
            if plain
            else LeaveStatement("its Effect is computed", LeaveKind.UNKNOWN)
        )
    for element in ("NotAction", "NotResource", "Principal", "NotPrincipal"):
        if element in statement:
            return LeaveStatement(f"it has {element}; such statements are never touched")
    if any(action in ("*", "*:*") for action in as_list(statement.get("Action"))):
        return LeaveStatement("it allows every action of every service: that is the rule wildcard-action's")
    return None


def _leave_unlimited(items: tuple[ActionItem, ...]) -> LeaveStatement:
    if any(not isinstance(item.text, str) for item in items):
        return LeaveStatement("its actions are computed, not written out", LeaveKind.UNKNOWN)
    if any(item.fate is ActionFate.GUARDED for item in items):
        return LeaveStatement("a Deny in this policy limits its actions by tag already")
    if any(item.fate is ActionFate.AGENT for item in items):
        return LeaveStatement("its actions are those of the ECS agent", LeaveKind.EXEMPT)
    return LeaveStatement("it changes nothing that knows tags")


def _leave_narrow(statement: Mapping[str, Value]) -> LeaveStatement | None:
    found = find_limit(statement)
    if found is not None:
        return LeaveStatement(f"it is limited by {found} already")
    wild = has_wild_resource(statement)
    if not wild:
        computed = wild is None
        return (
            LeaveStatement("its Resource is computed", LeaveKind.UNKNOWN)
            if computed
            else LeaveStatement("its Resource is exact")
        )
    known = read_tests(statement.get("Condition")) is not None
    return None if known else LeaveStatement("its Condition is computed", LeaveKind.UNKNOWN)


def _leave_exempt(items: tuple[ActionItem, ...], about: PolicyFacts) -> LeaveStatement | None:
    if is_of_agent(items):
        return LeaveStatement(
            "it is the ECS agent's: its instances carry out what others decide", LeaveKind.EXEMPT
        )
    limited = {name.partition(":")[0] for item in items for name in item.existing + item.creating}
    why = why_exempt(about.principal_services, about.names, limited)
    return LeaveStatement(why, LeaveKind.EXEMPT) if why else None


def _leave_without_variables(
    statements: Sequence[Mapping[str, Value]], tag: EnvironmentTag, about: PolicyFacts
) -> LeaveStatement | None:
    if not tag.is_variable or about.version == VARIABLES_SINCE:
        return None
    if all(may_gain_variables(dict(each)) for each in statements):
        return None
    written = f"Version {about.version}" if about.version else "no Version"
    return LeaveStatement(
        f"the policy has {written}, so each `${{` in it is plain text. The tag needs Version "
        f"{VARIABLES_SINCE}, which makes them variables: set it by hand, or configure a literal tag value",
        LeaveKind.REFUSED,
    )
