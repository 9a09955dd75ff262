"""What already limits a statement by tag: its own Condition, or a Deny elsewhere in the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fixbot.iam import table
from fixbot.iam.pattern import is_wild, resource_covers
from fixbot.iam.policy_document import as_list, is_same, iterate_strings, names_action, read_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixbot.edit.tree import Value
    from fixbot.iam.policy_document import Statement

_LIMITS = re.compile(r"[a-z0-9-]+:resourcetag/.+|aws:principaltag/.+|aws:requesttag/.+|ecs:cluster")
_TAG_LIMITS = re.compile(r"aws:tagkeys|aws:requesttag/.+|[a-z0-9-]+:resourcetag/.+|[a-z0-9-]+:createaction")
_ON_RESOURCE = re.compile(r"\A[a-z0-9-]+:resourcetag/.+")
_ON_REQUEST = re.compile(r"\Aaws:requesttag/.+")
_WRITTEN_TAG = re.compile(r"[a-z0-9-]+:ResourceTag/(.+)", re.IGNORECASE)
_NEGATED = re.compile(r"(?:String|Arn)Not(?:Equals|EqualsIgnoreCase|Like)(?:IfExists)?")


def find_limit(statement: Statement) -> str | None:
    """The first key of the Condition, or the variable in a Resource, that limits by tag or cluster."""
    for resource in iterate_strings(statement.get("Resource")):
        if "aws:principaltag/" in resource.lower():
            return "aws:PrincipalTag in its Resource"
    found = (key for _, key, _ in read_tests(statement.get("Condition")) or () if _LIMITS.fullmatch(key))
    return next(found, None)


def has_wild_resource(statement: Statement) -> bool | None:
    """Whether the statement's Resource holds a wildcard; None where that can't be known."""
    written = as_list(statement.get("Resource"))
    if any(is_wild(text) for text in iterate_strings(list(written))):
        return True
    return False if all(isinstance(each, str) and "${" not in each for each in written) else None


def is_denied(denies: Iterable[Statement], action: table.IamAction, resources: list[Value]) -> bool:
    """Whether a Deny keeps that action, on all of `resources`, from things without the right tag.

    Only one that fails closed counts: it denies what carries no tag as well. Exceptions for some
    principals are its author's choice.
    """
    key = _ON_REQUEST if action.creates else _ON_RESOURCE
    return any(
        names_action(deny, str(action)) and _covers_resources(deny, resources) and _fails_closed(deny, key)
        for deny in denies
    )


def _covers_resources(deny: Statement, resources: list[Value]) -> bool:
    ours = as_list(deny.get("Resource"))

    def covers_one(wide: Value, narrow: Value) -> bool:
        if isinstance(wide, str) and isinstance(narrow, str):
            return resource_covers(wide, narrow)
        return wide == "*" or is_same(wide, narrow)

    return all(any(covers_one(wide, narrow) for wide in ours) for narrow in resources)


def _fails_closed(deny: Statement, key: re.Pattern[str]) -> bool:
    made = read_tests(deny.get("Condition"))
    if made is None:
        return False
    by_tag = [
        bool(key.fullmatch(name) and _NEGATED.fullmatch(operator))
        for operator, name, _ in made
        if not name.startswith("aws:principal")
    ]
    return all(by_tag)


def tagging_actions(prefix: str) -> list[table.IamAction]:
    """The actions that set or remove tags in a service."""
    service = table.find_service(prefix)
    known = service.actions.values() if service is not None else ()
    return [action for action in known if action.level is table.AccessLevel.TAGGING and action.tag_keys]


def find_limiting_tags(statements: Iterable[Statement], prefix: str) -> dict[str, str]:
    """The tags of resources on which statements of a service hang, as written, each with its one value.

    `none` stands for several values, and for those that are filled in.
    """
    found: dict[str, str] = {}
    for each in statements:
        texts = iterate_strings(each.get("Action"))
        condition = each.get("Condition")
        if not isinstance(condition, dict) or not any(t.lower().startswith(f"{prefix}:") for t in texts):
            continue
        for block in condition.values():
            for name, value in block.items() if isinstance(block, dict) else ():
                key = _WRITTEN_TAG.fullmatch(name)
                values = [text for text in as_list(value) if isinstance(text, str)]
                if key is not None and "${" not in name and key[1].lower() not in map(str.lower, found):
                    found[key[1]] = values[0] if len(values) == 1 else "none"
    return found


def allows_retagging(statements: Iterable[Statement], action: table.IamAction, key: str) -> bool:
    """Whether the document lets someone change the tag `key` by that action."""
    allowed = False
    for statement in statements:
        if not names_action(statement, str(action)):
            continue
        made = list(read_tests(statement.get("Condition")) or ())
        if statement.get("Effect") == "Allow":
            allowed = allowed or not any(_TAG_LIMITS.fullmatch(name) for _, name, _ in made)
        elif statement.get("Effect") == "Deny" and (
            not made or not {key, key.lower()}.isdisjoint(_kept_tag_keys(made))
        ):
            return False
    return allowed


def _kept_tag_keys(made: list[tuple[str, str, Value]]) -> Iterator[str]:
    """The tag keys that a Deny on tagging keeps; a resource's own tag is named in lower case."""
    for _, name, values in made:
        if name == "aws:tagkeys":
            yield from iterate_strings(values)
        if name.startswith("aws:resourcetag/"):
            yield name.partition("/")[2]
