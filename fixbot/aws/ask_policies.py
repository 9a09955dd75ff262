"""Everything that AWS is asked of the policies that proposals change; each kind of question on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.check_access import check_new_access, validate_change
from fixbot.aws.live_resources import LiveResource, LiveResources
from fixbot.aws.plain_policy import FilledInLater, LivePlace
from fixbot.aws.tag_coverage import TagLimit, find_tag_limits, measure_coverage
from fixbot.aws.used_actions import ActionTrial, LiveRole, find_role, list_used_actions

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.model.changed_policies import ChangedPolicy
    from fixbot.model.findings import KnownFact

_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class PolicyQuestions:
    """What is asked of one account; `remarks` has a line for each question without an answer."""

    gateway: AwsGateway
    place: LivePlace
    resources: LiveResources
    remarks: dict[str, None] = field(default_factory=dict)
    _denied: set[str] = field(default_factory=set)
    _roles: dict[str, LiveRole | None] = field(default_factory=dict)
    _used: dict[str, list[str]] = field(default_factory=dict)

    def list_facts(self, policy: ChangedPolicy) -> Iterator[KnownFact]:
        """All that is known of one change. Raises FixbotError where nothing can be asked any more."""
        limits = find_tag_limits(policy) if policy.kind == "identity" else []
        reached: list[LiveResource] | None = None
        for limit in limits:
            found = self._ask(
                "coverage", policy, partial(measure_coverage, policy, limit, self.resources, self.place)
            )
            if found is not None:
                yield found[0]
                reached = [*(reached or ()), *found[1]]
        questions: list[tuple[str, Callable[[], KnownFact | None]]] = [
            ("new access", partial(check_new_access, self.gateway, policy, self.place)),
            ("validity", partial(validate_change, self.gateway, policy, self.place)),
        ]
        questions += [
            ("use", partial(self._try_role, policy, named, limits, reached))
            for named in (policy.roles if policy.kind == "identity" else ())
        ]
        for what, question in questions:
            fact = self._ask(what, policy, question)
            if fact is not None:
                yield fact

    def _ask(
        self, what: str, policy: ChangedPolicy, question: Callable[[], _Answer | None]
    ) -> _Answer | None:
        """The answer to one question; None, and a remark, where there is none."""
        if what in self._denied:
            return None
        try:
            return question()
        except AwsCallFailed as failed:
            if failed.is_denied:
                self._denied.add(what)
            missing = failed.code == "NoSuchEntity"
            said = "its role is not in this account" if missing else str(failed)
            self.remarks[f"policy {policy.name}: {said}"] = None
        except FilledInLater:
            self.remarks[f"policy {policy.name}: AWS can't be asked, for parts of it are filled in later"] = (
                None
            )
        return None

    def _try_role(
        self,
        policy: ChangedPolicy,
        named: str,
        limits: Sequence[TagLimit],
        reached: Sequence[LiveResource] | None,
    ) -> KnownFact | None:
        if named not in self._roles:
            self._roles[named] = find_role(self.gateway, named, self.place)
        role = self._roles[named]
        if role is None:
            return None
        if role.arn not in self._used:
            self._used[role.arn] = list_used_actions(self.gateway, role)
        return ActionTrial(policy, role, limits, reached).find_lost(
            self.gateway, self._used[role.arn], self.place
        )


def open_questions(gateway: AwsGateway) -> PolicyQuestions:
    """What can be asked with these credentials. Raises FixbotError where they are none."""
    partition = str(gateway.session.get_partition_for_region(gateway.region))
    place = LivePlace(gateway.require_account(), gateway.region, partition)
    return PolicyQuestions(gateway, place, LiveResources(gateway))
