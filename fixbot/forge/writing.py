"""What is written to GitHub: commits, ref moves that stop where somebody was faster, texts and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fixbot.forge.errors import Refused
from fixbot.forge.gateway import Gateway, again
from fixbot.forge.reading import Reader
from fixbot.forge.rows import login_of, pull_of
from fixbot.life.mark import is_ours, sealed
from fixbot.life.pull import Comment, Commit, Pull

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING: Final = "0" * 40
"""The commit that a ref has which isn't there. Source: GitHub's GraphQL reference, RefUpdate."""
_UPDATE_REFS = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
_COMMIT_ON_BRANCH = (
    "mutation($input: CreateCommitOnBranchInput!)"
    " { createCommitOnBranch(input: $input) { commit { oid tree { oid } } } }"
)
_QUEUED = (
    "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name)"
    " { pullRequest(number: $number) { isInMergeQueue } } }"
)


class Overtaken(Exception):
    """Somebody else, or another run, was faster; what they did stays. The message says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to commit: Git's mode (`100644`), and its text."""

    path: str
    mode: str
    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """A branch from one commit to another; None: it isn't there before, or is to go."""

    branch: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Dress:
    """What a pull request gets beside its text. Teams are `org/team`."""

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    milestone: int | None = None

    def __bool__(self) -> bool:
        return bool(self.labels or self.assignees or self.reviewers or self.milestone)


@dataclass(slots=True)
class Writer:
    """Writes to one repository. `verified` asks for commits that GitHub signs for users' tokens too."""

    gateway: Gateway
    reader: Reader
    repository_id: str
    verified: bool = False
    note: Callable[[str], None] = lambda _: None
    touched: dict[int, str] = field(default_factory=dict)
    """When each pull request that was written to changed last, as GitHub says it."""
    comments: dict[int, int | None] = field(default_factory=dict)
    """How many comments each had before it was written to."""
    missed: set[int] = field(default_factory=set)
    """Those to which something happened that this run has not read."""
    known_as: set[str] = field(default_factory=set)
    """The logins under which this token has written comments."""

    @property
    def root(self) -> str:
        """The path of its requests."""
        return self.reader.root

    def commit(
        self, base: Commit, entries: Sequence[Entry], message: str, branch: str, old: Commit | None
    ) -> Commit:
        """One commit on `base` with these files changed. On no branch yet, unless it must be.

        `old` is the commit that the branch has in its place: where it is the same already, nothing is made.
        """
        if old is not None and old.parents == (base.id,) and self._holds(old, base, entries):
            return old
        rows = [{"path": e.path, "mode": e.mode, "type": "blob", "content": e.text} for e in entries]
        tree = str(
            self.gateway.write(
                "POST", f"{self.root}/git/trees", {"base_tree": base.tree, "tree": rows}, look=again
            )["sha"]
        )
        if tree == base.tree:
            raise Overtaken("the base holds all of it already")
        text = sealed(message, tree, base.id)
        if self.verified and all(entry.mode == "100644" for entry in entries):
            made = self._signed(base, entries, text, branch, tree)
        else:
            body = {"message": text, "tree": tree, "parents": [base.id]}
            made = str(self.gateway.write("POST", f"{self.root}/git/commits", body, look=again)["sha"])
        return Commit(made, tree, (base.id,), text)

    def _holds(self, old: Commit, base: Commit, entries: Sequence[Entry]) -> bool:
        """Whether a commit changes just these files, and in just this way."""
        from fixbot.checkout.reading import blob_id  # noqa: PLC0415 - only after a run that was cut short

        wanted = {e.path: (e.mode, blob_id(e.text.encode(), len(base.tree))) for e in entries}
        return self.reader.changes(base.tree, old.tree) == wanted

    def _signed(self, base: Commit, entries: Sequence[Entry], message: str, branch: str, tree: str) -> str:
        """By createCommitOnBranch, which signs for users too: on a branch beside, since it can't replace."""
        from base64 import b64encode  # noqa: PLC0415 - hardly ever needed

        beside = f"{branch}-next"
        found = self.reader.branch(beside)
        if found is not None and not self._left_by_us(found, base.id):
            raise Overtaken(f"the branch {beside} holds commits that are not fixbot's; delete or rename it")
        self.move(Move(beside, found, base.id))
        headline, _, rest = message.partition("\n")
        body = {
            "branch": {"repositoryNameWithOwner": self.reader.name, "branchName": beside},
            "message": {"headline": headline, "body": rest.strip("\n")},
            "expectedHeadOid": base.id,
            "fileChanges": {
                "additions": [
                    {"path": e.path, "contents": b64encode(e.text.encode()).decode()} for e in entries
                ]
            },
        }

        def look() -> Any:
            oid = self.reader.branch(beside)
            made = self.reader.commit(oid) if oid and oid != base.id else None
            ours = made is not None and is_ours(made.message, made.tree, made.parents)
            return {"createCommitOnBranch": {"commit": {"oid": oid, "tree": {"oid": tree}}}} if ours else None

        made = self.gateway.mutate(_COMMIT_ON_BRANCH, {"input": body}, look)["createCommitOnBranch"]["commit"]
        if made["tree"]["oid"] != tree:
            raise Overtaken("GitHub made another tree than was asked for")
        return str(made["oid"])

    def _left_by_us(self, head: str, base: str) -> bool:
        """Whether a branch beside holds at most what a run that was cut short has put there."""
        made = self.reader.commit(head)
        if made is not None and is_ours(made.message, made.tree, made.parents):
            return True
        return head == base or self.reader.changed_between(head, base)[0] in {"ahead", "identical"}

    def move(self, *moves: Move) -> None:
        """Move branches, all or none, from just where they were; Overtaken where they are elsewhere."""
        updates = [
            {
                "name": f"refs/heads/{each.branch}",
                "beforeOid": each.before or NOTHING,
                "afterOid": each.after or NOTHING,
                "force": True,
            }
            for each in moves
            if each.before != each.after
        ]
        if not updates:
            return

        def look() -> Any:
            done = all(self.reader.branch(each.branch) == each.after for each in moves)
            return {} if done else None

        try:
            body = {"repositoryId": self.repository_id, "refUpdates": updates}
            self.gateway.mutate(_UPDATE_REFS, {"input": body}, look)
        except Refused as refused:
            # What the error says doesn't count, but where the branches are.
            if look() is not None:
                return
            if all(self.reader.branch(each.branch) == each.before for each in moves):
                raise  # nobody moved them: GitHub has another reason
            raise Overtaken(f"the branch {moves[0].branch} was moved meanwhile") from refused

    def place(self, moves: Sequence[Move]) -> None:
        """Put a branch where its commit is, and take the one beside it away, in one step."""
        beside = f"{moves[0].branch}-next"
        made = moves[0].after
        spent = self.verified and self.reader.branch(beside) == made
        self.move(*moves, *([Move(beside, made, None)] if spent else []))

    def open(self, branch: str, base: str, title: str, body: str, *, draft: bool, after: int = 0) -> Pull:
        """Open a pull request, or find the one that is there. Raises Refused.

        `after` is the number of the branch's last one: any newer one is what this or another run has opened.
        """

        def look() -> Any:
            found = [pull for pull in self.reader.of_branch(branch) if pull.number > after]
            return found[-1] if found else None

        sent = {"title": title, "head": branch, "base": base, "body": body, "draft": draft}
        try:
            made = self.gateway.write("POST", f"{self.root}/pulls", sent, look)
        except Refused as refused:
            if refused.says("already exists"):
                raise Overtaken("another run opened it meanwhile") from None
            if draft and refused.says("draft pull requests are not supported"):
                return self.open(branch, base, title, body, draft=False, after=after)
            raise
        if isinstance(made, Pull):
            if not made.open:
                raise Overtaken(f"#{made.number} was closed meanwhile")
            return made
        self._touch(made)
        pull = pull_of(made, self.reader.name)
        if pull is None:
            raise Refused(200, "the pull request that was made is of another repository", "POST /pulls")
        return pull

    def edit(self, pull: Pull, *, title: str = "", body: str = "", close: bool = False) -> None:
        """Change a pull request that was read just now.

        A try that may have happened is not repeated over what somebody wrote or did since: Overtaken.
        """
        wanted = {"title": title, "body": body, "state": "closed" if close else ""}
        fields = {name: text for name, text in wanted.items() if text}

        def look() -> Any:
            now = self.reader.pull(pull.number)
            if now is None:
                return None
            if (now.title, _plain(now.body), now.open) == (
                title or pull.title, _plain(body or pull.body), pull.open and not close,
            ):  # fmt: skip
                return {}
            if (now.title, _plain(now.body), now.open) != (pull.title, _plain(pull.body), pull.open):
                raise Overtaken(f"#{pull.number} was changed meanwhile")
            return None

        self._touch(self.gateway.write("PATCH", f"{self.root}/pulls/{pull.number}", fields, look))

    def _touch(self, row: Any) -> None:
        if isinstance(row, dict) and "number" in row and row.get("updated_at"):
            number = int(row["number"])
            self.touched[number] = str(row["updated_at"])
            if self.comments.setdefault(number, 0) != row.get("comments", self.comments[number]):
                self.missed.add(number)

    def dress(self, pull: Pull, dress: Dress) -> bool:
        """Labels, assignees, milestone, reviewers; says whether any is there now.

        What GitHub refuses of them is noted, and no failure. Labels come last: they say that it was done.
        """
        there = False
        for reviewers in self._asked(pull, dress):
            try:
                path = f"{self.root}/pulls/{pull.number}/requested_reviewers"
                there = self._dressed(self.gateway.write("POST", path, reviewers, look=again))
                break
            except Refused as refused:
                self.note(f"#{pull.number}: nobody was asked to review ({refused.said or refused.status})")
        fields: dict[str, Any] = {}
        if dress.labels:
            fields["labels"] = sorted({*pull.labels, *dress.labels})
        if dress.assignees:
            fields["assignees"] = list(dress.assignees)
        if dress.milestone is not None:
            fields["milestone"] = dress.milestone
        if fields:
            try:
                path = f"{self.root}/issues/{pull.number}"
                there = self._dressed(self.gateway.write("PATCH", path, fields, look=again)) or there
            except Refused as refused:
                self.note(f"#{pull.number}: labels were not set ({refused.said or refused.status})")
        return there

    def _dressed(self, row: Any) -> bool:
        self._touch(row)
        kinds = ("labels", "assignees", "milestone", "requested_reviewers", "requested_teams")
        return isinstance(row, dict) and any(row.get(each) for each in kinds)

    def _asked(self, pull: Pull, dress: Dress) -> list[Mapping[str, Any]]:
        """Whom to ask, and whom if GitHub refuses: people alone, since teams need more rights."""
        people = [each for each in dress.reviewers if "/" not in each and each.lower() != pull.author.lower()]
        teams = [each.partition("/")[2] for each in dress.reviewers if "/" in each]
        if not people and not teams:
            return []
        both = {"reviewers": people, "team_reviewers": teams}
        return [both, {"reviewers": people}] if people and teams else [both]

    def say(self, number: int, text: str, sign: str, *, needed: bool = True) -> bool:
        """A comment, unless one with that sign is there already; says whether it was made.

        Where it is not needed, that GitHub refuses it is noted, and no failure.
        """

        def there() -> Comment | None:
            said = (each for each in self.reader.comments_on(number) if sign in each.body)
            return next((each for each in said if self.reader.speaks_for_us(each)), None)

        try:
            if (known := there()) is not None:
                self.known_as.add(known.author)
                return False
            body = {"body": f"{text}\n\n{sign}"}
            made = self.gateway.write("POST", f"{self.root}/issues/{number}/comments", body, look=there)
        except Refused as refused:
            if needed:
                raise
            self.note(f"#{number}: no comment was made ({refused.said or refused.status})")
            return False
        self.known_as.add(made.author if isinstance(made, Comment) else login_of(made.get("user")))
        return True

    def unlabel(self, number: int, label: str) -> None:
        """Take a label away; one that isn't there is fine."""
        from urllib.parse import quote  # noqa: PLC0415 - hardly ever needed

        try:
            path = f"{self.root}/issues/{number}/labels/{quote(label, safe='')}"
            self.gateway.write("DELETE", path, look=again)
        except Refused as refused:
            if refused.status != 404:
                raise

    def queued(self, number: int) -> bool:
        """Whether a pull request waits in a merge queue."""
        owner, _, name = self.reader.name.partition("/")
        try:
            found = self.gateway.query(_QUEUED, {"owner": owner, "name": name, "number": number})
            return bool(found["repository"]["pullRequest"]["isInMergeQueue"])
        except (Refused, LookupError, TypeError):
            return False


def _plain(text: str) -> str:
    """A text as it can be compared: GitHub may change its line ends."""
    return text.replace("\r\n", "\n").rstrip()
