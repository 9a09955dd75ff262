"""What is said of a statement that may change the tag by which others are limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam.policies.explanations import describe_policy, format_names
from fixbot.model.findings import Fix
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and

if TYPE_CHECKING:
    from fixbot.iam.outcome import GuardStatement
    from fixbot.iam.policies.decide_statements import StatementDecision


def describe_tampering(decision: StatementDecision, plan: GuardStatement) -> str:
    """What is wrong with it."""
    actions = format_names(_list_actions(plan))
    return (
        f"{decision.statement.title} can change the tag {plan.kept} that limits other statements ({actions})"
    )


def build_tampering_fix(decision: StatementDecision, plan: GuardStatement) -> Fix:
    """The Deny beside it, and what its reader must know."""
    key, names = mark_code(plan.kept), _list_actions(plan)
    fail = f"{join_with_and(map(mark_code, names))} {'fails' if len(names) == 1 else 'fail'}"
    return Fix(
        decision.changes,
        who=describe_policy(decision.statement.policy),
        before=f"{format_names(names)} on every tag",
        after=f"the same grant, and a Deny on changing {key}",
        gist=f"Through {{who}}, the tag {key} can be given while something is made, and not changed later.",
        why=f"Other statements of {{who}} are limited to what carries {key}. Who may change that tag on "
        "anything gives it to a thing of another environment first, and then changes the thing.",
        effect=f'{fail} with "AccessDenied" where {key} of something that exists would '
        "be changed. Every other tag stays free.",
        unknown=f"Whether anything that uses {{who}} changes {key} today is not known.",
    )


def _list_actions(plan: GuardStatement) -> list[str]:
    return [name for group in plan.groups for name in group.actions]
