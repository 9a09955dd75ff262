"""A policy that may change the services of its own environment can mostly change those of every other one.

Actions that know tags are limited to what carries the right tag; nothing new is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.iam.policies.choose_tag import ChosenTag, choose_tag
from fixbot.iam.policies.decide_statements import StatementDecision, decide_statements, names_services
from fixbot.iam.policies.explanations import (
    StatementExplanation,
    build_refusal,
    describe_problem,
    name_policy,
)
from fixbot.iam.policies.identities import ROLE
from fixbot.iam.policies.policy_facts import describe_people, gather_policy_facts, list_roles
from fixbot.iam.policies.tampering_words import build_tampering_fix, describe_tampering
from fixbot.iam.policies.untagged_services import find_untagged_services
from fixbot.iam.tagging import SERVICES, EnvironmentTag, GuardStatement
from fixbot.lens import Policy
from fixbot.model.findings import Found, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context


def find_untagged_statements(policy: Policy, world: Context) -> Iterator[Found]:
    """A statement that changes things of any environment, by wildcard. Only identity policies."""
    services = world.settings.tag_services or tuple(SERVICES)
    if policy.kind != "identity" or not names_services(policy, services):
        return
    wrong = ""
    try:
        chosen = choose_tag(world)
    except ValueError as reason:
        chosen, wrong = ChosenTag(EnvironmentTag("Environment", "none"), ""), str(reason)
    text = world.project.documents[policy.path].text
    about = gather_policy_facts(policy, services, world, by_default=not world.settings.tag_services)
    for decision in decide_statements(policy, text, chosen.tag, about):
        statement, kept = decision.statement, _find_kept(decision)
        yield Found(
            statement.node,
            statement.title,
            f"{policy.address}/{statement.sid or repr(decision.data.get('Action'))}",
            "no tag condition" if kept is None else "tag may be changed",
            describe_problem(decision) if kept is None else describe_tampering(decision, kept),
            Refusal(f"The settings name a tag that can't be one: {wrong}. Mend `tag` there.")
            if wrong and kept is None
            else partial(_choose_outcome, decision, chosen, world),
            subject=name_policy(policy),
            policy=policy.address,
        )


def _find_kept(decision: StatementDecision) -> GuardStatement | None:
    """The plan, where a tag that limits other statements can be changed through this one."""
    plan = decision.plan
    return plan if isinstance(plan, GuardStatement) and plan.kept else None


def _choose_outcome(decision: StatementDecision, chosen: ChosenTag, world: Context) -> Outcome:
    kept = _find_kept(decision)
    if kept is not None and decision.problem:
        return Refusal(f"No Deny is written here: {decision.problem}. By hand: deny changing {kept.kept}.")
    if decision.problem or decision.plan is None:
        return build_refusal(decision)
    if kept is not None:
        return build_tampering_fix(decision, kept)
    policy = decision.statement.policy
    return StatementExplanation(
        decision,
        decision.plan,
        chosen,
        find_untagged_services(world.project, policy.path),
        list_roles(policy, world),
        describe_people(policy, world),
    ).build_fix()


rule = Rule(
    title="Keep {subject} to its own environment",
    many="Keep {count} policy statements in {folder} to their own environment",
    topic="iam-scope",
    severity=Severity.MEDIUM,
    controls={"nist-800-190": ("4.3.1",)},
    looks_at=Policy,
    beside=(ROLE,),
    check=find_untagged_statements,
    profiles=ESSENTIAL,
    peers={"checkov": ("CKV_AWS_111", "CKV_AWS_290")},
    since="0.1",
)
