"""Plans a tag condition for one statement of a policy: split it, guard it, or leave it and say why."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from fixbot.iam.guard import guard
from fixbot.iam.limits import denied, limit, wild_resource
from fixbot.iam.outcome import Fate, Group, Guard, Leave, New, Split, Tag, Why
from fixbot.iam.parts import Plan
from fixbot.iam.policy import VARIABLES_SINCE, many, may_gain_variables, tests
from fixbot.iam.prove import prove
from fixbot.iam.reach import Item, of_agent, reach
from fixbot.iam.split import split

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from fixbot.tree import Value

__all__ = [
    "SERVICES",
    "About",
    "Fate",
    "Group",
    "Guard",
    "Leave",
    "New",
    "Split",
    "Tag",
    "Why",
    "plan_tagging",
    "prove",
]

SERVICES: Final = frozenset({"ecs"})
"""The services that are looked at unless a configuration names others.

Others are a choice because their tags are: S3 ignores aws:ResourceTag until a bucket is switched to
it, RDS, ECR and Lambda know it on some resources only, and AWS's own reference isn't always right.
"""

_MOST_STATEMENTS: Final = 500
"""No policy that AWS accepts (10,240 characters) holds as many."""

_SERVICE_ROLES = (
    "application-autoscaling",
    "autoscaling",
    "ec2",
    "ecs",
    "events",
    "scheduler",
    "spot",
    "spotfleet",
)
_SERVICE_NAMES = re.compile(
    r"awsservicerolefor|aws-service-role|autoscal|ecs-?(?:instance|service|events|infrastructure)-?role",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a policy besides its statements.

    `version` is the document's own, None where it has none. `services` are the service prefixes to
    look at. `principal_services` are the services that may assume the role which the policy belongs
    to (`ec2.amazonaws.com`), `names` what role and policy are called; both only ever exempt.
    """

    version: str | None = VARIABLES_SINCE
    services: frozenset[str] = SERVICES
    principal_services: Collection[str] = ()
    names: Collection[str] = ()


_PLAIN: Final = About()


def plan_tagging(
    statements: Sequence[Mapping[str, Value]],
    index: int,
    tag: Tag,
    about: About = _PLAIN,
) -> Split | Guard | Leave:
    """What to do about `statements[index]` of an identity policy.

    A statement that isn't a plain map stands in `statements` as an empty one. Never raises.
    """
    decided = _decide(statements, index, about, tag)
    if isinstance(decided, Leave):
        return decided
    version = VARIABLES_SINCE if tag.variable and about.version != VARIABLES_SINCE else None
    if not any(item.wild for item in decided):
        return replace(split(Plan(statements, index, tag, decided)), version=version)
    earlier = [
        Plan(statements, at, tag, items)
        for at in range(index)
        if (items := _guarded_too(statements, at, about, tag))
    ]
    return replace(guard(Plan(statements, index, tag, decided), earlier), version=version)


def _guarded_too(
    statements: Sequence[Mapping[str, Value]], index: int, about: About, tag: Tag
) -> tuple[Item, ...]:
    """The items of another statement of this document that is to be guarded as well."""
    written = many(statements[index].get("Action"))
    if not any(isinstance(each, str) and ("*" in each or "?" in each) for each in written):
        return ()
    decided = _decide(statements, index, about, tag)
    return decided if not isinstance(decided, Leave) and any(item.wild for item in decided) else ()


def _decide(
    statements: Sequence[Mapping[str, Value]], index: int, about: About, tag: Tag
) -> tuple[Item, ...] | Leave:
    statement = statements[index]
    left = _not_of_this_kind(statement, len(statements))
    if left is not None:
        return left
    resources = many(statement.get("Resource"))
    denies = [each for each in statements if each.get("Effect") == "Deny"]
    items = reach(statement, about.services, partial(denied, denies, resources=resources))
    if not any(item.existing or item.creating for item in items):
        return _nothing_to_limit(items)
    return (
        _already_narrow(statement) or _exempt(items, about) or _no_variables(statements, tag, about) or items
    )


def _not_of_this_kind(statement: Mapping[str, Value], length: int) -> Leave | None:
    if length > _MOST_STATEMENTS:
        return Leave(f"the document has {length} statements, more than AWS takes", Why.UNKNOWN)
    effect = statement.get("Effect")
    if effect != "Allow":
        plain = effect is None or isinstance(effect, str)
        return Leave("it allows nothing") if plain else Leave("its Effect is computed", Why.UNKNOWN)
    for element in ("NotAction", "NotResource", "Principal", "NotPrincipal"):
        if element in statement:
            return Leave(f"it has {element}; such statements are never touched")
    if any(action in ("*", "*:*") for action in many(statement.get("Action"))):
        return Leave("it allows every action of every service: that is the rule wildcard-action's")
    return None


def _nothing_to_limit(items: tuple[Item, ...]) -> Leave:
    if any(not isinstance(item.text, str) for item in items):
        return Leave("its actions are computed, not written out", Why.UNKNOWN)
    if any(item.fate is Fate.GUARDED for item in items):
        return Leave("a Deny in this policy limits its actions by tag already")
    if any(item.fate is Fate.AGENT for item in items):
        return Leave("its actions are those of the ECS agent", Why.EXEMPT)
    return Leave("it changes nothing that knows tags")


def _already_narrow(statement: Mapping[str, Value]) -> Leave | None:
    found = limit(statement)
    if found is not None:
        return Leave(f"it is limited by {found} already")
    wild = wild_resource(statement)
    if not wild:
        computed = wild is None
        return Leave("its Resource is computed", Why.UNKNOWN) if computed else Leave("its Resource is exact")
    known = tests(statement.get("Condition")) is not None
    return None if known else Leave("its Condition is computed", Why.UNKNOWN)


def _exempt(items: tuple[Item, ...], about: About) -> Leave | None:
    if of_agent(items):
        return Leave("it is the ECS agent's: its instances carry out what others decide", Why.EXEMPT)
    called = next((name for name in about.names if _SERVICE_NAMES.search(name)), None)
    if called is not None:
        return Leave(f"by its name, {called} belongs to an AWS service and not to people", Why.EXEMPT)
    services = [name.lower().partition(".amazonaws.")[0] for name in about.principal_services]
    if services and all(set(name.split(".")) & set(_SERVICE_ROLES) for name in services):
        who = ", ".join(sorted(about.principal_services))
        return Leave(f"only {who} can assume this role: a service acts here, not a person", Why.EXEMPT)
    return None


def _no_variables(statements: Sequence[Mapping[str, Value]], tag: Tag, about: About) -> Leave | None:
    if not tag.variable or about.version == VARIABLES_SINCE:
        return None
    if all(may_gain_variables(dict(each)) for each in statements):
        return None
    written = f"Version {about.version}" if about.version else "no Version"
    return Leave(
        f"the policy has {written}, so each `${{` in it is plain text. The tag needs Version "
        f"{VARIABLES_SINCE}, which makes them variables: set it by hand, or configure a literal tag value",
        Why.REFUSED,
    )
