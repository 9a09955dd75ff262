"""What people said no to in a part of a pull request: by words, or by what they did to its commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from fixbot.forge.errors import Refused
from fixbot.life.mark import parts_named, reverted
from fixbot.life.pull import named_as_ours
from fixbot.life.verdict import AGAIN, said_no
from fixbot.life.wishes import narrowed
from fixbot.model import Status

if TYPE_CHECKING:
    from fixbot.forge.reading import Reader
    from fixbot.life.mark import Mark
    from fixbot.life.pull import Pull
    from fixbot.life.wishes import Wish
    from fixbot.model import Finding, Report


@dataclass(slots=True)
class PartialNos:
    """Finds the nos to some of the findings of pull requests. `say` hears what does not count, and why.

    `refused` has the findings by the pull request's number, each with the last day of the no, or none;
    `heard` has the comments that said so.
    """

    reader: Reader
    prefix: str
    today: date
    say: Callable[[str], None]
    refused: dict[int, dict[str, str]] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)

    def find(
        self,
        report: Report,
        pulls: Sequence[Pull],
        heads: Mapping[str, str],
        wish: Callable[[Pull], Wish | None],
    ) -> dict[str, str]:
        """The findings of a report that are not to be offered for this, by id, with the reason."""
        offered = {each.id for each in report.findings if each.status is Status.FIXED}
        reasons: dict[str, str] = {}
        for pull in pulls:
            mark = pull.mark
            if mark is None:
                reasons |= self._wordless(report, pull)
                continue
            if pull.open:
                asked = wish(pull)
                if asked is not None:
                    self._said(report, pull, mark, asked)
            if self._is_to_be_compared(pull, mark, heads, offered):
                self._done(mark, pull, heads.get(pull.branch, "") if pull.open else pull.head)
            for finding in self.refused.get(pull.number, {}):
                reasons[finding] = f"somebody said no to it on pull request #{pull.number}"
        return {finding: reason for finding, reason in reasons.items() if finding in offered}

    def _said(self, report: Report, pull: Pull, mark: Mark, asked: Wish) -> None:
        part = narrowed(asked, mark.every_rule)
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
            self._refuse(pull, ((each.id, asked.until) for each in meant))

    def _refuse(self, pull: Pull, findings: Iterable[tuple[str, str]]) -> None:
        known = pull.mark.refused if pull.mark is not None else {}
        found = self.refused.setdefault(pull.number, {})
        found |= {finding: until for finding, until in findings if known.get(finding) != until}

    def narrows(self, pull: Pull, asked: Wish) -> bool:
        """Whether a wish is a no to a part, or to what isn't there."""
        return (
            bool(asked.comment)
            and pull.number in self.refused
            and self.heard.get(pull.number) == asked.comment
        )

    def _is_to_be_compared(self, pull: Pull, mark: Mark, heads: Mapping[str, str], offered: set[str]) -> bool:
        """Whether somebody pushed after fixbot, which can matter still."""
        if not mark.parts or AGAIN in pull.labels:
            return False
        if pull.open:
            return heads.get(pull.branch, mark.head) != mark.head
        return pull.merged and pull.head != mark.head and not offered.isdisjoint(mark.findings)

    def _done(self, mark: Mark, pull: Pull, head: str) -> None:
        """Refuse what somebody took off or reverted, where any commit of ours is known there still."""
        commits = list(mark.commits)
        first = self.reader.commit(commits[0])
        if first is None or not first.parents or not head:
            return
        with suppress(Refused):
            there = left_of(commits, self.reader.messages_between(first.parents[0], head))
            if there is not None:
                gone = (name for name in commits if name not in there)
                self._refuse(pull, ((each, "") for name in gone for each in mark.commits[name]))

    def _wordless(self, report: Report, pull: Pull) -> dict[str, str]:
        """A no to one that lost its mark is one to its rule or topic in its files."""
        named = named_as_ours(pull.branch, self.prefix)
        no = said_no(pull, self.today)
        if not no or named is None:
            return {}
        kin = [each for each in report.findings if named[0] in (each.rule, each.topic, "all")]
        if not any(each.status is Status.FIXED for each in kin):
            return {}
        try:
            files = {*self.reader.files(pull.number)}
        except Refused:
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
        backed_out = reverted(message)
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
