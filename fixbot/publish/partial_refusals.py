"""What people said no to in a part of a pull request: by words, or by what they did to its commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from fixbot.model.findings import Status
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.pull_requests.comment_commands import parse_partial_refusal
from fixbot.publish.pull_requests.declined import AGAIN, why_declined
from fixbot.publish.pull_requests.pull_request import parse_branch_name
from fixbot.publish.pull_requests.state_block import find_reverted, parts_named

if TYPE_CHECKING:
    from fixbot.model.findings import Finding, Report
    from fixbot.publish.github.repository_reader import RepositoryReader
    from fixbot.publish.pull_requests.comment_commands import CommentCommand
    from fixbot.publish.pull_requests.pull_request import PullRequest
    from fixbot.publish.pull_requests.state_block import StateBlock


@dataclass(slots=True)
class PartialRefusals:
    """Finds the nos to some of the findings of pull requests. `say` hears what does not count, and why.

    `refused` has the findings by the pull request's number, each with the last day of the no, or none;
    `heard` has the comments that said so.
    """

    reader: RepositoryReader
    prefix: str
    today: date
    say: Callable[[str], None]
    refused: dict[int, dict[str, str]] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)

    def find_refused(
        self,
        report: Report,
        pulls: Sequence[PullRequest],
        heads: Mapping[str, str],
        wish: Callable[[PullRequest], CommentCommand | None],
    ) -> dict[str, str]:
        """The findings of a report that are not to be offered for this, by id, with the reason."""
        offered = {each.id for each in report.findings if each.status is Status.FIXED}
        reasons: dict[str, str] = {}
        for pull in pulls:
            mark = pull.state_block
            if mark is None:
                reasons |= self._read_wordless_refusal(report, pull)
                continue
            if pull.open:
                asked = wish(pull)
                if asked is not None:
                    self._read_comment_refusal(report, pull, mark, asked)
            if self._is_to_be_compared(pull, mark, heads, offered):
                self._read_reverted_commits(
                    mark, pull, heads.get(pull.branch, "") if pull.open else pull.head
                )
            for finding in self.refused.get(pull.number, {}):
                reasons[finding] = f"somebody said no to it on pull request #{pull.number}"
        return {finding: reason for finding, reason in reasons.items() if finding in offered}

    def _read_comment_refusal(
        self, report: Report, pull: PullRequest, mark: StateBlock, asked: CommentCommand
    ) -> None:
        part = parse_partial_refusal(asked, mark.every_rule)
        if part is None:
            return
        rule, path, _ = part
        held = [each for each in report.findings if each.id in mark.findings]
        meant = [each for each in held if each.rule == rule and (not path or _lies_at(each, path))]
        self.heard[pull.number] = asked.comment
        if path and not meant:
            self.say(f"note: {path} in a comment on #{pull.number} is no file in which it repairs {rule}")
            self.refused.setdefault(pull.number, {})
            return
        if len(meant) < len(held):
            self._refuse_findings(pull, ((each.id, asked.until) for each in meant))

    def _refuse_findings(self, pull: PullRequest, findings: Iterable[tuple[str, str]]) -> None:
        known = pull.state_block.refused if pull.state_block is not None else {}
        found = self.refused.setdefault(pull.number, {})
        found |= {finding: until for finding, until in findings if known.get(finding) != until}

    def is_partial(self, pull: PullRequest, asked: CommentCommand) -> bool:
        """Whether a wish is a no to a part, or to what isn't there."""
        return (
            bool(asked.comment)
            and pull.number in self.refused
            and self.heard.get(pull.number) == asked.comment
        )

    def _is_to_be_compared(
        self, pull: PullRequest, mark: StateBlock, heads: Mapping[str, str], offered: set[str]
    ) -> bool:
        """Whether somebody pushed after fixbot, which can matter still."""
        if not mark.parts or AGAIN in pull.labels:
            return False
        if pull.open:
            return heads.get(pull.branch, mark.head) != mark.head
        return pull.merged and pull.head != mark.head and not offered.isdisjoint(mark.findings)

    def _read_reverted_commits(self, mark: StateBlock, pull: PullRequest, head: str) -> None:
        """Refuse what somebody took off or reverted, where any commit of ours is known there still."""
        commits = list(mark.commits)
        first = self.reader.read_commit(commits[0])
        if first is None or not first.parents or not head:
            return
        with suppress(RequestRejected):
            there = left_of(commits, self.reader.messages_between(first.parents[0], head))
            if there is not None:
                gone = (name for name in commits if name not in there)
                self._refuse_findings(pull, ((each, "") for name in gone for each in mark.commits[name]))

    def _read_wordless_refusal(self, report: Report, pull: PullRequest) -> dict[str, str]:
        """A no to one that lost its mark is one to its rule or topic in its files."""
        named = parse_branch_name(pull.branch, self.prefix)
        no = why_declined(pull, self.today)
        if not no or named is None:
            return {}
        kin = [each for each in report.findings if named[0] in (each.rule, each.topic, "all")]
        if not any(each.status is Status.FIXED for each in kin):
            return {}
        try:
            files = {*self.reader.read_changed_files(pull.number)}
        except RequestRejected:
            return {}
        return {each.id: no for each in kin if each.path in files}


def left_of(commits: Sequence[str], history: Iterable[tuple[str, str]]) -> frozenset[str] | None:
    """Which of our commits still count on a branch with this history, by id; None where none was ever there.

    A commit that was rebased or squashed is known by the line of its message; a revert undoes one, and the
    revert of a revert brings it back.
    """
    known: dict[str, frozenset[str]] = {}
    undoes: dict[str, frozenset[str]] = {}
    there: frozenset[str] = frozenset()
    for name, message in history:
        backed_out = find_reverted(message)
        if backed_out:
            gone = frozenset().union(*(known.get(each, frozenset()) for each in backed_out))
            back = frozenset().union(*(undoes.get(each, frozenset()) for each in backed_out))
            undoes[name] = gone
            there = there - gone | back
            continue
        numbers = parts_named(message)
        ours = frozenset({name} & {*commits})
        ours |= {commits[each - 1] for each in numbers if each <= len(commits)}
        known[name] = ours
        there |= ours
    return there if any(known.values()) else None


def _lies_at(finding: Finding, path: str) -> bool:
    """Whether a finding lies in a file, or below a folder."""
    folder = path.removesuffix("**").rstrip("/")
    return finding.path == path or finding.path.startswith(f"{folder}/")
