"""A policy that may change the services of its own environment can mostly change those of every other one.

Actions that know tags are limited to what carries the right tag; nothing new is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.iam.tagging import SERVICES, Tag
from fixbot.lens import Policy
from fixbot.model import Found, Outcome, Refusal, Severity
from fixbot.policies.holders import about, roles
from fixbot.policies.plans import Decision, decide, touches
from fixbot.policies.tag import Chosen, choose
from fixbot.policies.untagged import untagged
from fixbot.policies.words import Teller, message, name_of, refusal
from fixbot.rules import ESSENTIAL, Rule
from fixbot.world import World


def find_untagged_statements(policy: Policy, world: World) -> Iterator[Found]:
    """A statement that changes things of any environment, by wildcard. Only identity policies."""
    services = world.settings.tag_services or tuple(SERVICES)
    if policy.kind != "identity" or not touches(policy, services):
        return
    wrong = ""
    try:
        chosen = choose(world)
    except ValueError as reason:
        chosen, wrong = Chosen(Tag("Environment", "none"), ""), str(reason)
    text = world.project.documents[policy.path].text
    for decision in decide(policy, text, chosen.tag, about(policy, services)):
        statement = decision.statement
        outcome = _outcome(decision, chosen, world)
        if wrong:
            outcome = Refusal(f"The settings name a tag that can't be one: {wrong}. Mend `tag` there.")
        yield Found(
            statement.node,
            statement.title,
            f"{policy.address}/{statement.sid or repr(decision.data.get('Action'))}",
            "no tag condition",
            message(decision),
            outcome,
            subject=name_of(policy),
            policy=policy.address,
        )


def _outcome(decision: Decision, chosen: Chosen, world: World) -> Outcome:
    if decision.problem or decision.plan is None:
        return refusal(decision)
    policy = decision.statement.policy
    return Teller(decision, decision.plan, chosen, untagged(world.project, policy.path), roles(policy)).fix()


rule = Rule(
    title="Keep {subject} to its own environment",
    many="Keep {count} policy statements in {folder} to their own environment",
    topic="iam-scope",
    severity=Severity.MEDIUM,
    controls={"nist-800-190": ("4.3.1",)},
    looks_at=Policy,
    check=find_untagged_statements,
    profiles=ESSENTIAL,
    since="0.1",
)
