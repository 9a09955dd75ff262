"""Which pull request belongs to what is offered: by its findings, so that new neighbours change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fixbot.publish.pull_requests.decide import WantedPullRequest
from fixbot.publish.pull_requests.pull_request import PullRequest


def match_pull_requests(
    wanted: Iterable[WantedPullRequest], pulls: Sequence[PullRequest]
) -> tuple[dict[str, WantedPullRequest], dict[int, int]]:
    """What is wanted, by branch, and which open pull request takes over from which others.

    A pull request that is open for some of the findings keeps its branch and key for all of them: the one
    that holds most of them, then the oldest. Others that hold some of them too are left to it.
    """
    free = {pull.number: pull for pull in pulls if pull.open}
    by_branch: dict[str, WantedPullRequest] = {}
    heirs: dict[int, int] = {}
    for each in sorted(wanted, key=lambda w: w.key):
        shared = {number: _count_shared_findings(each, pull) for number, pull in free.items()}
        ranked = sorted((n for n, many in shared.items() if many), key=lambda n: (-shared[n], n))
        if not ranked:
            by_branch[each.branch] = each
            continue
        pull = free.pop(ranked[0])
        mark = pull.state_block
        key = mark.key if mark is not None else each.key
        by_branch[pull.branch] = replace(each, branch=pull.branch, key=key)
        heirs.update(dict.fromkeys(ranked[1:], pull.number))
    return by_branch, heirs


def _count_shared_findings(wanted: WantedPullRequest, pull: PullRequest) -> int:
    """How many findings they have in common, however they are gathered now; without a mark, by its branch."""
    mark = pull.state_block
    if mark is None:
        return len(wanted.findings) if pull.branch == wanted.branch else 0
    return len({*mark.findings} & {*wanted.findings})


def find_deciding_pull(pulls: Iterable[PullRequest]) -> PullRequest | None:
    """The pull request of a branch that counts: the open one, else the last."""
    ranked = sorted(pulls, key=lambda pull: (pull.open, pull.number))
    return ranked[-1] if ranked else None


def branch_heads(branches: Mapping[str, str], pulls: Iterable[PullRequest]) -> dict[str, str]:
    """Where each branch is. A list of branches may be older than a pull request that was read after it."""
    return {**{pull.branch: pull.head for pull in pulls if pull.open}, **branches}
