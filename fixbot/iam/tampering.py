"""A tag that limits some statements, and another statement that lets the same caller change it.

Who may give the tag to whatever they like has all that it limits. The Deny that wildcards get keeps it.
Source: ECS Developer Guide, "Control access to Amazon ECS resources using resource tags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam.callers import why_exempt
from fixbot.iam.outcome import ActionFate, ActionGroup, EnvironmentTag, GuardStatement
from fixbot.iam.policy_document import iterate_strings, names_action
from fixbot.iam.statement_plan import StatementPlan, find_also_denied, protect_tag
from fixbot.iam.tag_limits import allows_retagging, find_limiting_tags, has_wild_resource, tagging_actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixbot.iam.policy_document import Statement
    from fixbot.iam.tagging import PolicyFacts


def plan_tag_keeping(
    statements: Sequence[Statement], index: int, about: PolicyFacts
) -> GuardStatement | None:
    """The Deny that keeps a tag from being changed through `statements[index]`; None where none is needed.

    The tag is the first that limits a statement of the document in the same service.
    """
    statement = statements[index]
    others = ("NotAction", "NotResource", "Principal", "NotPrincipal")
    if statement.get("Effect") != "Allow" or any(key in statement for key in others):
        return None
    written = [text.lower() for text in iterate_strings(statement.get("Action"))]
    for prefix in sorted(about.services):
        if not any(text.startswith(f"{prefix}:") for text in written) or not has_wild_resource(statement):
            continue
        if why_exempt(about.principal_services, about.names, {prefix}):
            continue
        named = [each for each in tagging_actions(prefix) if names_action(statement, str(each))]
        open_to = [statement, *(each for each in statements if each.get("Effect") == "Deny")]
        for key, value in find_limiting_tags(statements, prefix).items():
            free = [str(each) for each in named if allows_retagging(open_to, each, key)]
            try:
                plan = StatementPlan(statements, index, EnvironmentTag(key, value), ())
            except ValueError:
                continue
            added = tuple(protect_tag(plan, free))
            if added:
                group = ActionGroup(ActionFate.TAGS, tuple(free))
                return GuardStatement(added, (group,), (), find_also_denied(plan, added), kept=key)
    return None
