"""Does what was decided, one branch at a time; what was read is read again right before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from fixbot.forge.errors import Refused, Tired, Unclear
from fixbot.forge.preflight import Obstacle, Way, explained
from fixbot.forge.writing import Dress, Move, Overtaken, Writer
from fixbot.life.decide import Deed, Wanted, next_mark, noted
from fixbot.life.mark import Mark, remarked, text_digest
from fixbot.life.pull import Commit, Pull
from fixbot.life.say import closing_words, comment_sign, comment_words, opening_words
from fixbot.model import Patch, Proposal, Refusal
from fixbot.publish.committing import chain_to, commit_all, entries_of
from fixbot.publish.ground import Ground
from fixbot.publish.judge import Planned
from fixbot.wording import Place as Spot
from fixbot.wording import Words, commit_messages, word

if TYPE_CHECKING:
    from fixbot.habit import Habit
    from fixbot.settings import Settings


class Outcome(StrEnum):
    """How a deed ended."""

    DONE = "done"
    LEFT = "left"
    """Nothing was to be done, or somebody was faster."""
    BRANCH = "branch"
    """The branch is there, and its pull request could not be opened."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Done:
    """One branch after the run. `pull` is the pull request, None where there is none."""

    planned: Planned
    outcome: Outcome
    says: str
    number: int | None = None
    url: str = ""


@dataclass
class Carrier:
    """Carries out what was planned for one repository."""

    writer: Writer
    ground: Ground
    settings: Settings
    patches: Mapping[str, Patch]
    base: str
    base_head: str
    web: str
    way: Way
    habit: Callable[[], Habit]
    owners: Callable[[Proposal], tuple[str, ...]]
    queue: bool = False
    milestone: int | None = None
    obstacles: list[Obstacle] = field(default_factory=list)
    """What was found to stand in the way: said once, and no other request of that kind is sent."""

    def _base(self) -> Commit:
        commit = self.writer.reader.commit(self.base_head)
        if commit is None:
            raise Refused(404, f"the commit {self.base_head[:7]} of {self.base} is gone", "GET commit")
        return commit

    def carry(self, planned: Planned) -> Done:
        """Do one thing. What GitHub refuses is an outcome; limits and a dead server are raised."""
        try:
            return self._carry(planned)
        except Overtaken as overtaken:
            return Done(planned, Outcome.LEFT, str(overtaken), *_named(planned))
        except Refused as refused:
            if refused.status == 401:
                raise Tired(0, "GitHub accepts the token no longer: it has expired, or was revoked") from None
            return Done(planned, Outcome.FAILED, explained(refused, planned.branch), *_named(planned))
        except Unclear as unclear:
            return Done(planned, Outcome.FAILED, f"{unclear}; the next run looks again", *_named(planned))

    def _carry(self, planned: Planned) -> Done:
        match planned.action.deed:
            case Deed.OPEN | Deed.FINISH:
                return self._open(planned)
            case Deed.UPDATE:
                return self._update(planned)
            case Deed.MARK:
                return self._mark(planned)
            case Deed.NOTE:
                return self._note(planned)
            case Deed.DRESS:
                return self._dress(planned)
            case Deed.CLOSE:
                return self._close(planned)
            case Deed.DELETE:
                return self._delete(planned)
            case Deed.SAY:
                return self._say(planned)
            case Deed.LEAVE:
                return Done(planned, Outcome.LEFT, planned.action.why, *_named(planned))

    def _nothing_newer(self, planned: Planned) -> int:
        """The number of the branch's last pull request, 0 for none. Overtaken where one came since."""
        known = max(planned.place.newest, planned.place.pull.number if planned.place.pull is not None else 0)
        for pull in self.writer.reader.of_branch(planned.branch):
            if pull.open:
                raise Overtaken(f"#{pull.number} was opened meanwhile")
            if pull.number > known:
                raise Overtaken(f"#{pull.number} was opened and closed meanwhile")
        return known

    def _delete(self, planned: Planned) -> Done:
        self._nothing_newer(planned)  # to delete the branch of an open one would close it
        self.writer.move(Move(planned.branch, planned.place.head, None))
        return Done(planned, Outcome.DONE, f"its branch is deleted: {planned.action.why}", *_named(planned))

    def _open(self, planned: Planned) -> Done:
        wanted, proposal = _offered(planned)
        self._nothing_newer(planned)
        words, commits = self._committed(planned, wanted, proposal, planned.place.head)
        if isinstance(words, Refusal):
            return Done(planned, Outcome.FAILED, words.reason)
        opening = opening_words(planned.place)
        mark = next_mark(None, wanted, commits, words.title, words.body)
        body = self._worded(proposal, wanted, replace(mark, body=""), opening).body
        mark = replace(mark, body=text_digest(body))
        body = remarked(body, mark)
        if self.way is Way.BRANCH:
            return self._branch_only(planned)
        last = self._nothing_newer(planned)
        draft = self._draft(proposal)
        try:
            pull = self.writer.open(planned.branch, self.base, words.title, body, draft=draft, after=last)
        except Refused as refused:
            if refused.says("no commits between"):
                self.writer.move(Move(planned.branch, commits[-1], None))
                raise Overtaken("the base holds all of it already") from None
            if refused.for_good:
                why = explained(refused, planned.branch)
                self.way = Way.BRANCH
                self.obstacles.append(Obstacle(f"no pull request can be opened: {why}", Way.BRANCH))
                return self._branch_only(planned, why)
            if refused.status == 403:
                return self._branch_only(planned, explained(refused, planned.branch))
            raise
        self._clothed(pull, self._clothes(proposal))
        return Done(planned, Outcome.DONE, planned.action.why, pull.number, pull.url)

    def _clothed(self, pull: Pull, clothes: Dress) -> None:
        """Dress it, or write down that GitHub takes nothing of it, so that the next run doesn't ask again."""
        if clothes and not self.writer.dress(pull, clothes) and pull.mark is not None:
            self.writer.edit(pull, body=remarked(pull.body, replace(pull.mark, bare="refused")))

    def _branch_only(self, planned: Planned, why: str = "") -> Done:
        url = f"{self.web}/compare/{self.base}...{planned.branch}?expand=1"
        return Done(
            planned, Outcome.BRANCH, why or "the branch is ready; open its pull request there", url=url
        )

    def _draft(self, proposal: Proposal) -> bool:
        match self.settings.pull_requests.draft:
            case "always":
                return True
            case "never":
                return False
            case _:
                return proposal.safety.value == "review"

    def _committed(
        self, planned: Planned, wanted: Wanted, proposal: Proposal, before: str | None
    ) -> tuple[Words | Refusal, tuple[str, ...]]:
        """Put the proposal's commits on its branch, from just where that was; its words and the commits."""
        several = entries_of(proposal, self.ground, self.patches)
        if isinstance(several, Refusal):
            return several, ()
        words = self._worded(proposal, wanted, None, "")
        messages = commit_messages(replace(proposal, key=wanted.key), Spot(habit=self.habit()))
        made = commit_all(self.writer, self._base(), several, messages, planned.branch, before)
        moves = [Move(planned.branch, before, made[-1])]
        if before and planned.place.ours is False:
            prefix = self.settings.branch_prefix
            moves.append(Move(f"{prefix}kept/{wanted.key}-{before[:12]}", None, before))
        self.writer.place(moves)
        return words, made

    def _worded(self, proposal: Proposal, wanted: Wanted, mark: Mark | None, opening: str) -> Words:
        """Title, body without its mark but with room for it, and commit message."""
        proposal = replace(proposal, key=wanted.key, branch=wanted.branch)
        room = "x" * (len(str(mark)) + 40) if mark is not None else ""
        links = f"{self.web}/blob/{self.base_head}/"
        words = word(proposal, Spot(links=links, habit=self.habit(), marker=room, opening=opening))
        return replace(words, body=words.body.removesuffix(room).rstrip()) if room else words

    def _clothes(self, proposal: Proposal) -> Dress:
        given = self.settings.pull_requests
        owners = self.owners(proposal) if given.code_owners else ()
        asked = tuple(dict.fromkeys((*given.reviewers, *owners)))[: given.most_reviewers]
        return Dress(given.labels, given.assignees, asked, self.milestone)

    def _fresh(self, planned: Planned) -> Pull:
        """The pull request as it is now. Raises Overtaken where it isn't what was judged."""
        known = planned.place.pull
        assert known is not None  # noqa: S101 - decided for an open pull request
        pull = self.writer.reader.pull(known.number)
        if pull is None or not pull.open:
            raise Overtaken(f"#{known.number} was closed meanwhile")
        if (
            pull.head != planned.place.head
            and self.writer.reader.branch(planned.branch) != planned.place.head
        ):
            raise Overtaken(f"#{known.number} was pushed to meanwhile")
        if pull.updated not in {known.updated, self.writer.touched.get(pull.number)}:
            self.writer.missed.add(pull.number)
        self.writer.comments[pull.number] = pull.comments
        if self.queue and self.writer.queued(known.number):
            raise Overtaken(f"#{known.number} waits in the merge queue")
        return pull

    def _update(self, planned: Planned) -> Done:
        wanted, proposal = _offered(planned)
        pull = self._fresh(planned)
        words, commits = self._committed(planned, wanted, proposal, planned.place.head)
        if isinstance(words, Refusal):
            return Done(planned, Outcome.FAILED, words.reason, pull.number, pull.url)
        self._rewrite(self.writer.reader.pull(pull.number) or pull, wanted, proposal, commits, planned)
        self._answer(planned, pull)
        return Done(planned, Outcome.DONE, planned.action.why, pull.number, pull.url)

    def _rewrite(
        self, pull: Pull, wanted: Wanted, proposal: Proposal, commits: tuple[str, ...], planned: Planned
    ) -> None:
        """Title and body anew, each only where nobody touched it since; the mark in any case."""
        old = pull.mark
        words = self._worded(proposal, wanted, next_mark(old, wanted, commits, "", "", planned.place), "")
        fields: dict[str, str] = {}
        mark = next_mark(old, wanted, commits, words.title, words.body, planned.place)
        if planned.place.wish is not None:
            mark = replace(mark, did=max(mark.did, planned.place.wish.comment))
        if old is None or text_digest(pull.title) != old.title:
            mark = replace(mark, title=old.title if old is not None else "-")
        elif words.title != pull.title:
            fields["title"] = words.title
        body = words.body
        if old is None or text_digest(pull.body) != old.body:
            body = pull.body
            mark = replace(mark, body=old.body if old is not None else "-")
        body = remarked(body, mark)
        if body != pull.body.replace("\r\n", "\n"):
            fields["body"] = body
        if fields:
            self.writer.edit(pull, title=fields.get("title", ""), body=fields.get("body", ""))

    def _answer(self, planned: Planned, pull: Pull) -> None:
        """Take away the label that asked for what was done."""
        asked = planned.place.wish
        if asked is not None and not asked.comment:
            self.writer.unlabel(pull.number, f"fixbot: {asked.verb}")

    def _mark(self, planned: Planned) -> Done:
        wanted, _ = _offered(planned)
        pull = self._fresh(planned)
        old = pull.mark
        head = planned.place.head
        chain = chain_to(self.writer.reader, head, max(1, len(wanted.commits))) if head else ()
        mark = next_mark(old, wanted, [each.id for each in chain], "", "")
        mark = replace(mark, title=old.title if old else "-", body=old.body if old else "-")
        self.writer.edit(pull, body=remarked(pull.body, mark))
        return Done(planned, Outcome.DONE, planned.action.why, pull.number, pull.url)

    def _note(self, planned: Planned) -> Done:
        pull = self._fresh(planned)
        if pull.mark is None:
            raise Overtaken(f"#{pull.number} lost its mark meanwhile")
        self.writer.edit(pull, body=remarked(pull.body, noted(pull.mark, planned.place)))
        return Done(planned, Outcome.DONE, planned.action.why, pull.number, pull.url)

    def _dress(self, planned: Planned) -> Done:
        _, proposal = _offered(planned)
        pull = self._fresh(planned)
        clothes = self._clothes(proposal)
        self._clothed(pull, replace(clothes, reviewers=()) if pull.asked else clothes)
        return Done(planned, Outcome.DONE, planned.action.why, pull.number, pull.url)

    def _close(self, planned: Planned) -> Done:
        pull = self._fresh(planned)
        why, asked = planned.action.closing, planned.place.wish
        text = closing_words(planned.action, planned.place, self.base, self.base_head)
        self.writer.say(pull.number, text, comment_sign(why, planned.place.head), needed=False)
        pull = self._fresh(planned)
        mark = pull.mark or Mark(*_known_by_name(planned, self.settings.branch_prefix))
        mark = replace(
            mark, closed=why, until=asked.until if asked else "", did=asked.comment if asked else mark.did
        )
        self.writer.edit(pull, close=True, body=remarked(pull.body, mark))
        if why != "ignored":
            self._unless_a_person_did(pull, mark)
        if planned.place.ours:
            self.writer.move(Move(planned.branch, planned.place.head, None))
        return Done(planned, Outcome.DONE, f"closed: {planned.action.why}", pull.number, pull.url)

    def _unless_a_person_did(self, pull: Pull, mark: Mark) -> None:
        """Somebody who closed it in the same moment has said no, which our mark must not hide."""
        closer = self.writer.reader.closer(pull.number)
        if closer and closer not in self.writer.known_as | {pull.author}:
            closed = self.writer.reader.pull(pull.number) or pull
            self.writer.edit(closed, body=remarked(closed.body, replace(closed.mark or mark, closed="")))
            raise Overtaken(f"#{pull.number} was closed meanwhile")

    def _say(self, planned: Planned) -> Done:
        pull = planned.place.pull
        assert pull is not None  # noqa: S101 - decided for an open pull request
        sign = comment_sign(planned.action.topic, planned.place.head)
        said = self.writer.say(pull.number, comment_words(planned.action), sign)
        outcome = Outcome.DONE if said else Outcome.LEFT
        return Done(planned, outcome, planned.action.why, pull.number, pull.url)


def _offered(planned: Planned) -> tuple[Wanted, Proposal]:
    assert planned.wanted is not None  # noqa: S101 - decided for something that is offered
    assert planned.proposal is not None  # noqa: S101 - the same
    return planned.wanted, planned.proposal


def _named(planned: Planned) -> tuple[int | None, str]:
    pull = planned.place.pull
    return (None, "") if pull is None else (pull.number, pull.url)


def _known_by_name(planned: Planned, prefix: str) -> tuple[str, str]:
    rule, _, key = planned.branch.removeprefix(prefix).rpartition("/")
    return key, rule
