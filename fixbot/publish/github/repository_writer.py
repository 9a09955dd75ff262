"""What is written to GitHub: commits, ref moves that stop where somebody was faster, texts and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fixbot.publish.github.gateway import Gateway, may_send_twice
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.parse_rows import parse_login, parse_pull
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.github.write_requests import (
    NOTHING,
    BranchMove,
    CommitEntry,
    PullRequestMetadata,
    StaleState,
    normalize_text,
)
from fixbot.publish.pull_requests.pull_request import GitHubCommit, PullRequest, PullRequestComment
from fixbot.publish.pull_requests.state_block import is_sealed, seal_message

if TYPE_CHECKING:
    from collections.abc import Callable

_UPDATE_REFS = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
_COMMIT_ON_BRANCH = (
    "mutation($input: CreateCommitOnBranchInput!)"
    " { createCommitOnBranch(input: $input) { commit { oid tree { oid } } } }"
)
_QUEUED = (
    "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name)"
    " { pullRequest(number: $number) { isInMergeQueue } } }"
)


@dataclass(slots=True)
class RepositoryWriter:
    """Writes to one repository. `verified` asks for commits that GitHub signs for users' tokens too."""

    gateway: Gateway
    reader: RepositoryReader
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
    def api_root(self) -> str:
        """The path of its requests."""
        return self.reader.api_root

    def create_commit(
        self,
        base: GitHubCommit,
        entries: Sequence[CommitEntry],
        message: str,
        branch: str,
        old: GitHubCommit | None,
    ) -> GitHubCommit:
        """One commit on `base` with these files changed. On no branch yet, unless it must be.

        `old` is the commit that the branch has in its place: where it is the same already, nothing is made.
        """
        if old is not None and old.parents == (base.id,) and self._holds_same_changes(old, base, entries):
            return old
        rows = [{"path": e.path, "mode": e.mode, "type": "blob", "content": e.text} for e in entries]
        tree = str(
            self.gateway.send_write(
                "POST",
                f"{self.api_root}/git/trees",
                {"base_tree": base.tree, "tree": rows},
                look=may_send_twice,
            )["sha"]
        )
        if tree == base.tree:
            raise StaleState("the base holds all of it already")
        text = seal_message(message, tree, base.id)
        if self.verified and all(entry.mode == "100644" for entry in entries):
            made = self._create_signed_commit(base, entries, text, branch, tree)
        else:
            body = {"message": text, "tree": tree, "parents": [base.id]}
            made = str(
                self.gateway.send_write("POST", f"{self.api_root}/git/commits", body, look=may_send_twice)[
                    "sha"
                ]
            )
        return GitHubCommit(made, tree, (base.id,), text)

    def _holds_same_changes(
        self, old: GitHubCommit, base: GitHubCommit, entries: Sequence[CommitEntry]
    ) -> bool:
        """Whether a commit changes just these files, and in just this way."""
        from fixbot.checkout.file_content import hash_blob  # noqa: PLC0415 - only after a run that was cut short

        wanted = {e.path: (e.mode, hash_blob(e.text.encode(), len(base.tree))) for e in entries}
        return self.reader.read_changes(base.tree, old.tree) == wanted

    def _create_signed_commit(
        self, base: GitHubCommit, entries: Sequence[CommitEntry], message: str, branch: str, tree: str
    ) -> str:
        """By createCommitOnBranch, which signs for users too: on a branch beside, since it can't replace."""
        from base64 import b64encode  # noqa: PLC0415 - hardly ever needed

        beside = f"{branch}-next"
        found = self.reader.read_branch(beside)
        if found is not None and not self._is_left_by_us(found, base.id):
            raise StaleState(f"the branch {beside} holds commits that are not fixbot's; delete or rename it")
        self.move_branches(BranchMove(beside, found, base.id))
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

        def find_commit() -> Any:
            oid = self.reader.read_branch(beside)
            made = self.reader.read_commit(oid) if oid and oid != base.id else None
            ours = made is not None and is_sealed(made.message, made.tree, made.parents)
            return {"createCommitOnBranch": {"commit": {"oid": oid, "tree": {"oid": tree}}}} if ours else None

        made = self.gateway.send_mutation(_COMMIT_ON_BRANCH, {"input": body}, find_commit)[
            "createCommitOnBranch"
        ]["commit"]
        if made["tree"]["oid"] != tree:
            raise StaleState("GitHub made another tree than was asked for")
        return str(made["oid"])

    def _is_left_by_us(self, head: str, base: str) -> bool:
        """Whether a branch beside holds at most what a run that was cut short has put there."""
        made = self.reader.read_commit(head)
        if made is not None and is_sealed(made.message, made.tree, made.parents):
            return True
        return head == base or self.reader.compare_commits(head, base)[0] in {"ahead", "identical"}

    def move_branches(self, *moves: BranchMove) -> None:
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

        def find_moved() -> Any:
            done = all(self.reader.read_branch(each.branch) == each.after for each in moves)
            return {} if done else None

        try:
            body = {"repositoryId": self.repository_id, "refUpdates": updates}
            self.gateway.send_mutation(_UPDATE_REFS, {"input": body}, find_moved)
        except RequestRejected as refused:
            # What the error says doesn't count, but where the branches are.
            if find_moved() is not None:
                return
            if all(self.reader.read_branch(each.branch) == each.before for each in moves):
                raise  # nobody moved them: GitHub has another reason
            raise StaleState(f"the branch {moves[0].branch} was moved meanwhile") from refused

    def place_branch(self, moves: Sequence[BranchMove]) -> None:
        """Put a branch where its commit is, and take the one beside it away, in one step."""
        beside = f"{moves[0].branch}-next"
        made = moves[0].after
        spent = self.verified and self.reader.read_branch(beside) == made
        self.move_branches(*moves, *([BranchMove(beside, made, None)] if spent else []))

    def open_pull(
        self, branch: str, base: str, title: str, body: str, *, draft: bool, after: int = 0
    ) -> PullRequest:
        """Open a pull request, or find the one that is there. Raises RequestRejected.

        `after` is the number of the branch's last one: any newer one is what this or another run has opened.
        """

        def find_opened() -> Any:
            found = [pull for pull in self.reader.read_pulls_of_branch(branch) if pull.number > after]
            return found[-1] if found else None

        sent = {"title": title, "head": branch, "base": base, "body": body, "draft": draft}
        try:
            made = self.gateway.send_write("POST", f"{self.api_root}/pulls", sent, find_opened)
        except RequestRejected as refused:
            if refused.mentions("already exists"):
                raise StaleState("another run opened it meanwhile") from None
            if draft and refused.mentions("draft pull requests are not supported"):
                return self.open_pull(branch, base, title, body, draft=False, after=after)
            raise
        if isinstance(made, PullRequest):
            if not made.open:
                raise StaleState(f"#{made.number} was closed meanwhile")
            return made
        self._note_touched(made)
        pull = parse_pull(made, self.reader.name)
        if pull is None:
            raise RequestRejected(
                200, "the pull request that was made is of another repository", "POST /pulls"
            )
        return pull

    def edit_pull(self, pull: PullRequest, *, title: str = "", body: str = "", close: bool = False) -> None:
        """Change a pull request that was read just now.

        A try that may have happened is not repeated over what somebody wrote or did since: Overtaken.
        """
        wanted = {"title": title, "body": body, "state": "closed" if close else ""}
        fields = {name: text for name, text in wanted.items() if text}

        def find_edited() -> Any:
            now = self.reader.read_pull(pull.number)
            if now is None:
                return None
            if (now.title, normalize_text(now.body), now.open) == (
                title or pull.title, normalize_text(body or pull.body), pull.open and not close,
            ):  # fmt: skip
                return {}
            if (now.title, normalize_text(now.body), now.open) != (
                pull.title,
                normalize_text(pull.body),
                pull.open,
            ):
                raise StaleState(f"#{pull.number} was changed meanwhile")
            return None

        self._note_touched(
            self.gateway.send_write("PATCH", f"{self.api_root}/pulls/{pull.number}", fields, find_edited)
        )

    def _note_touched(self, row: Any) -> None:
        if isinstance(row, dict) and "number" in row and row.get("updated_at"):
            number = int(row["number"])
            self.touched[number] = str(row["updated_at"])
            if self.comments.setdefault(number, 0) != row.get("comments", self.comments[number]):
                self.missed.add(number)

    def set_metadata(self, pull: PullRequest, dress: PullRequestMetadata) -> bool:
        """Labels, assignees, milestone, reviewers; says whether any is there now.

        What GitHub refuses of them is noted, and no failure. Labels come last: they say that it was done.
        """
        there = False
        for reviewers in self._reviewer_requests(pull, dress):
            try:
                path = f"{self.api_root}/pulls/{pull.number}/requested_reviewers"
                there = self._has_metadata(
                    self.gateway.send_write("POST", path, reviewers, look=may_send_twice)
                )
                break
            except RequestRejected as refused:
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
                path = f"{self.api_root}/issues/{pull.number}"
                there = (
                    self._has_metadata(self.gateway.send_write("PATCH", path, fields, look=may_send_twice))
                    or there
                )
            except RequestRejected as refused:
                self.note(f"#{pull.number}: labels were not set ({refused.said or refused.status})")
        return there

    def _has_metadata(self, row: Any) -> bool:
        self._note_touched(row)
        kinds = ("labels", "assignees", "milestone", "requested_reviewers", "requested_teams")
        return isinstance(row, dict) and any(row.get(each) for each in kinds)

    def _reviewer_requests(self, pull: PullRequest, dress: PullRequestMetadata) -> list[Mapping[str, Any]]:
        """Whom to ask, and whom if GitHub refuses: people alone, since teams need more rights."""
        people = [each for each in dress.reviewers if "/" not in each and each.lower() != pull.author.lower()]
        teams = [each.partition("/")[2] for each in dress.reviewers if "/" in each]
        if not people and not teams:
            return []
        both = {"reviewers": people, "team_reviewers": teams}
        return [both, {"reviewers": people}] if people and teams else [both]

    def post_comment(self, number: int, text: str, sign: str, *, needed: bool = True) -> bool:
        """A comment, unless one with that sign is there already; says whether it was made.

        Where it is not needed, that GitHub refuses it is noted, and no failure.
        """

        def find_comment() -> PullRequestComment | None:
            said = (each for each in self.reader.read_comments_on(number) if sign in each.body)
            return next((each for each in said if self.reader.speaks_for_us(each)), None)

        try:
            if (known := find_comment()) is not None:
                self.known_as.add(known.author)
                return False
            body = {"body": f"{text}\n\n{sign}"}
            made = self.gateway.send_write(
                "POST", f"{self.api_root}/issues/{number}/comments", body, look=find_comment
            )
        except RequestRejected as refused:
            if needed:
                raise
            self.note(f"#{number}: no comment was made ({refused.said or refused.status})")
            return False
        self.known_as.add(
            made.author if isinstance(made, PullRequestComment) else parse_login(made.get("user"))
        )
        return True

    def remove_label(self, number: int, label: str) -> None:
        """Take a label away; one that isn't there is fine."""
        from urllib.parse import quote  # noqa: PLC0415 - hardly ever needed

        try:
            path = f"{self.api_root}/issues/{number}/labels/{quote(label, safe='')}"
            self.gateway.send_write("DELETE", path, look=may_send_twice)
        except RequestRejected as refused:
            if refused.status != 404:
                raise

    def is_queued(self, number: int) -> bool:
        """Whether a pull request waits in a merge queue."""
        owner, _, name = self.reader.name.partition("/")
        try:
            found = self.gateway.send_query(_QUEUED, {"owner": owner, "name": name, "number": number})
            return bool(found["repository"]["pullRequest"]["isInMergeQueue"])
        except (RequestRejected, LookupError, TypeError):
            return False
