"""The policies that proposals change, as they are and as each proposal leaves them, for who asks AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fixbot.engine.survey_again import survey_parts, survey_texts
from fixbot.iam.policies.live_roles import find_live_roles
from fixbot.iam.policies.policy_data import read_document_data
from fixbot.model.changed_policies import ChangedPolicy

if TYPE_CHECKING:
    from fixbot.checkout.repository_files import RepositoryFiles
    from fixbot.lens import Policy
    from fixbot.model.findings import Proposal
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


def collect_changed_policies(
    checkout: RepositoryFiles, fixers: tuple[Rule, ...], settings: Settings, proposals: Sequence[Proposal]
) -> list[ChangedPolicy]:
    """The policies that are other ones after a proposal than before, in the order of the proposals.

    Proposals without the texts of their files are passed over. Raises OutOfTime.
    """
    paths = {path for each in proposals for path in each.contents}
    found: list[tuple[int, ChangedPolicy]] = []
    for texts, order in survey_parts(checkout, fixers, settings, lambda part: not paths.isdisjoint(part)):
        survey = survey_texts(texts, order)
        if not survey.reading.policies:
            continue
        before = {_name_policy(each): each for each in survey.reading.policies}
        for at, proposal in enumerate(proposals):
            own = {path: text for path, text in proposal.contents.items() if path in texts}
            if own:
                after = survey_texts({**texts, **own}, order).reading.policies
                roles = {name: find_live_roles(each, survey.world) for name, each in before.items()}
                found += [(at, each) for each in _compare(proposal.key, before, after, roles)]
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _name_policy(policy: Policy) -> tuple[str, str, str]:
    return policy.path, policy.address, policy.kind


def _compare(
    key: str,
    before: Mapping[tuple[str, str, str], Policy],
    after: Sequence[Policy],
    roles: Mapping[tuple[str, str, str], tuple[tuple[str, ...], tuple[str, ...]]],
) -> Iterator[ChangedPolicy]:
    for new in after:
        name = _name_policy(new)
        old = before.get(name)
        if old is None:
            continue
        was, becomes = read_document_data(old), read_document_data(new)
        if was != becomes:
            live, logical = roles[name]
            yield ChangedPolicy(key, old.path, old.address, old.name, old.kind, was, becomes, live, logical)
