"""What is on GitHub for us, in as few requests as it can be told with: three where nothing has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from fixbot.model.errors import FixbotError
from fixbot.publish.github.gateway import Gateway
from fixbot.publish.github.github_errors import (
    ApiAnswer,
    ChangedMeanwhile,
    RepositoryMoved,
    RequestRejected,
    explain_unseen,
)
from fixbot.publish.github.parse_rows import parse_comment, parse_facts, parse_login, parse_pull
from fixbot.publish.github.search_pulls import FEW_PAGES, find_last_page, search_pulls
from fixbot.publish.github.write_permission import ask_standing, find_last_labeller
from fixbot.publish.pull_requests.pull_request import (
    GitHubCommit,
    PullRequest,
    PullRequestComment,
    RemoteState,
    RepositoryInfo,
    WritePermission,
    is_our_pull,
)

_ID = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }"
_ABSENT: Final = frozenset((404, 409))
"""What GitHub answers for a ref or commit that isn't there; 409 where the repository is empty."""


@dataclass(slots=True)
class RepositoryReader:
    """Reads one repository, OWNER/NAME, whose branches of ours begin with `prefix`."""

    gateway: Gateway
    name: str
    prefix: str
    _facts: RepositoryInfo | None = field(default=None)
    others: dict[int, PullRequest] = field(default_factory=dict)
    """Open pull requests of this repository's branches that are not ours."""
    _standings: dict[tuple[str, bool], WritePermission] = field(default_factory=dict)

    @property
    def api_root(self) -> str:
        """The path of its requests."""
        return f"/repos/{self.name}"

    def read_remote(self, base: str | None = None, *, with_base: bool = False) -> RemoteState:
        """Everything at once; `with_base` adds where the base branch is, by default the default branch.

        Raises FixbotError where the repository can't be seen, or has no such branch.
        """
        try:
            return self._read_remote_once(base, with_base=with_base)
        except RepositoryMoved as moved:
            # A redirect loses the query on its way, so what was read under the old name doesn't count.
            self.name, self._facts = moved.name, None
            return self._read_remote_once(base, with_base=with_base)

    def _read_remote_once(self, base: str | None, *, with_base: bool) -> RemoteState:
        pulls, facts = self._read_pulls()
        known = facts or self.read_facts()
        given, base = base, base or known.default
        # Where nobody ever opened a pull request there are few branches: all of them tell the base too.
        few = with_base and facts is None
        heads = self._read_branches("heads" if few else f"heads/{self.prefix}")
        if with_base and base not in heads and (head := self.read_branch(base)):
            heads[base] = head
        if with_base and base not in heads:
            if given:
                raise FixbotError(f"{known.full_name} has no branch {base}, which pull_requests.base names")
            raise ChangedMeanwhile(
                f"{known.full_name} has no branch {base}: it is empty, or the branch was renamed or "
                "deleted while "
                "fixbot looked; run again"
            )
        ours = {name: head for name, head in heads.items() if name.startswith(self.prefix)}
        return RemoteState(known, ours, pulls, base=base, base_head=heads.get(base, ""))

    def _read_branches(self, below: str) -> dict[str, str]:
        """Where each branch is whose ref begins so; an empty repository has none."""
        try:
            path = f"{self.api_root}/git/matching-refs/{quote(below, safe='/')}"
            rows = self.gateway.read_path(path).data or ()
            return {str(row["ref"]).removeprefix("refs/heads/"): str(row["object"]["sha"]) for row in rows}
        except RequestRejected as refused:
            if refused.status not in _ABSENT:
                raise
            return {} if refused.status == 409 else self._read_all_branches(below.removeprefix("heads/"))

    def _read_all_branches(self, prefix: str) -> dict[str, str]:
        """The same from the list of all branches, for servers that can't search refs."""
        pages = self.gateway.read_pages(f"{self.api_root}/branches")
        rows = (row for page in pages for row in page.data or ())
        return {
            str(row["name"]): str(row["commit"]["sha"])
            for row in rows
            if prefix == "heads" or str(row["name"]).startswith(prefix)
        }

    def read_facts(self) -> RepositoryInfo:
        """The repository itself."""
        if self._facts is None:
            try:
                data = self.gateway.read_path(self.api_root).data
            except RequestRejected as refused:
                raise explain_unseen(self.name, refused) from None
            self._facts = parse_facts(data)
            self._check_same_name(self._facts)
        return self._facts

    def repository_id(self) -> str:
        """What GraphQL calls the repository. Raises RequestRejected."""
        if not (known := self.read_facts().id):
            owner, _, name = self.name.partition("/")
            found = self.gateway.send_query(_ID, {"owner": owner, "name": name}).get("repository")
            known = str((found or {}).get("id") or "")
        return known

    def _check_same_name(self, facts: RepositoryInfo) -> None:
        if facts.full_name.lower() != self.name.lower():
            raise RepositoryMoved(facts.full_name)
        self.name = facts.full_name

    def _read_pulls(self) -> tuple[tuple[PullRequest, ...], RepositoryInfo | None]:
        """Our pull requests, and what their pages say of the repository."""
        query = {"state": "all", "sort": "created", "direction": "desc"}
        found: dict[int, PullRequest] = {}
        facts: RepositoryInfo | None = None
        pages = self.gateway.read_pages(f"{self.api_root}/pulls", query)
        for number, page in enumerate(self._explain_first_refusal(pages)):
            for row in page.data or ():
                if facts is None and "owner" in (told := row["base"].get("repo") or {}):
                    facts = parse_facts(told)
                    self._check_same_name(facts)
                self._keep_if_ours(row, found)
            last = find_last_page(page)
            if number == 0 and last > FEW_PAGES and (older := self._search_older(last)) is not None:
                found = {**older, **found}
                break
        if facts is not None and facts.id:
            self._facts = facts
        return tuple(found[number] for number in sorted(found)), self._facts

    def _explain_first_refusal(self, pages: Iterable[ApiAnswer]) -> Iterable[ApiAnswer]:
        try:
            yield from pages
        except RequestRejected as refused:
            raise explain_unseen(self.name, refused) from None

    def _keep_if_ours(self, row: Mapping[str, Any], found: dict[int, PullRequest]) -> None:
        pull = parse_pull(row, self.name)
        if pull is not None and is_our_pull(pull, self.prefix):
            found[pull.number] = pull
        elif pull is not None and pull.open:
            self.others[pull.number] = pull

    def _search_older(self, pages: int) -> dict[int, PullRequest] | None:
        """Ours among all pull requests, by search; None where reading all those pages is no more work.

        What a search tells counts for nothing but where to look: forks have branches of any name.
        """
        numbers = search_pulls(self.gateway, self.name, self.prefix)
        if numbers is None or len(numbers) > pages:
            return None
        found: dict[int, PullRequest] = {}
        try:
            for number in numbers:
                pull = self.read_pull(number)
                if pull is not None and is_our_pull(pull, self.prefix):
                    found[number] = pull
        except RequestRejected:
            return None
        return found

    def read_pull(self, number: int) -> PullRequest | None:
        """One pull request as it is now, None where it is not of a branch of this repository."""
        return parse_pull(self.gateway.read_path(f"{self.api_root}/pulls/{number}").data, self.name)

    def read_pulls_of_branch(self, branch: str) -> tuple[PullRequest, ...]:
        """The pull requests of a branch as they are now, from old to new."""
        owner = self.name.partition("/")[0]
        query = {"state": "all", "head": f"{owner}:{branch}"}
        rows = [
            row
            for page in self.gateway.read_pages(f"{self.api_root}/pulls", query)
            for row in page.data or ()
        ]
        pulls = [
            pull for row in rows if (pull := parse_pull(row, self.name)) is not None and pull.branch == branch
        ]
        return tuple(sorted(pulls, key=lambda pull: pull.number))

    def has_conflicts(self, number: int, tries: int = 4) -> bool:
        """Whether GitHub can't merge it. It may need seconds to find out; not knowing counts as no."""
        for attempt in range(tries):
            if attempt:
                self.gateway.clock.sleep_for(0.25 * 2**attempt)
            data = self.gateway.read_path(f"{self.api_root}/pulls/{number}").data
            if data.get("mergeable") is not None:
                return data["mergeable"] is False
        return False

    def read_commit(self, oid: str) -> GitHubCommit | None:
        """A commit, None where it is not there."""
        try:
            data = self.gateway.read_path(f"{self.api_root}/git/commits/{oid}", forever=True).data
        except RequestRejected as refused:
            if refused.status not in {*_ABSENT, 422}:
                raise
            return None
        parents = tuple(str(each["sha"]) for each in data.get("parents") or ())
        return GitHubCommit(oid, str(data["tree"]["sha"]), parents, str(data.get("message") or ""))

    def read_changes(self, old: str, new: str) -> dict[str, tuple[str, str]] | None:
        """Mode and blob of each file in which a tree differs from an older one; None where GitHub cuts it."""
        sides = []
        for tree in (old, new):
            path = f"{self.api_root}/git/trees/{tree}"
            data = self.gateway.read_path(path, {"recursive": "1"}, forever=True).data
            if data.get("truncated"):
                return None
            rows = (row for row in data["tree"] if row["type"] != "tree")
            sides.append({str(row["path"]): (str(row["mode"]), str(row["sha"])) for row in rows})
        before, after = sides
        return {
            path: after.get(path, ("", "")) for path in before | after if before.get(path) != after.get(path)
        }

    def read_branch(self, name: str) -> str | None:
        """Where a branch is now, None where there is none."""
        try:
            data = self.gateway.read_path(f"{self.api_root}/git/ref/heads/{quote(name, safe='/')}").data
        except RequestRejected as refused:
            if refused.status not in _ABSENT:
                raise  # not being told is not the same as not being there
            return None
        there = isinstance(data, dict) and data.get("ref") == f"refs/heads/{name}"
        return str(data["object"]["sha"]) if there else None

    def read_comments(self, numbers: Collection[int], since: str = "") -> tuple[PullRequestComment, ...]:
        """All comments on these pull requests, of which none is older than `since`.

        Those of all issues are read together; where these are many, each pull request's own.
        """
        query = {"sort": "updated", "direction": "desc", **({"since": since} if since else {})}
        found: list[PullRequestComment] = []
        for page in self.gateway.read_pages(f"{self.api_root}/issues/comments", query):
            if find_last_page(page) > max(3, len(numbers)):
                return tuple(each for number in numbers for each in self.read_comments_on(number))
            found += map(parse_comment, page.data or ())
        return tuple(each for each in found if each.number in numbers)

    def read_comments_on(self, number: int) -> tuple[PullRequestComment, ...]:
        """The comments on one pull request."""
        pages = self.gateway.read_pages(f"{self.api_root}/issues/{number}/comments")
        return tuple(parse_comment(row) for page in pages for row in page.data or ())

    def read_events(self, number: int) -> frozenset[str]:
        """What kinds of things happened to a pull request, such as `labeled`."""
        pages = self.gateway.read_pages(f"{self.api_root}/issues/{number}/events")
        return frozenset(str(row.get("event")) for page in pages for row in page.data or ())

    def find_labeller(self, number: int, label: str, *, since_close: bool) -> WritePermission:
        """What somebody may do who set that label last; with `since_close`, after the last close."""
        try:
            pages = self.gateway.read_pages(f"{self.api_root}/issues/{number}/events")
            who = find_last_labeller(
                (row for page in pages for row in page.data or ()), label, since_close=since_close
            )
        except RequestRejected as refused:
            return WritePermission(writes=False, says=f"GitHub does not tell who set it ({refused.status})")
        if who is None:
            early = "it was there before the close" if since_close else "GitHub does not tell who set it"
            return WritePermission(writes=False, says=early)
        return self.read_standing(who[0], bot=who[1])

    def read_standing(self, login: str, *, bot: bool = False) -> WritePermission:
        """What somebody may do here; asked once for each login."""
        key = login.lower(), bot
        if key not in self._standings:
            self._standings[key] = ask_standing(self.gateway, self.api_root, login, bot=bot)
        return self._standings[key]

    def speaks_for_us(self, comment: PullRequestComment) -> bool:
        """Whether a comment with a sign of fixbot's may be its own: an app's, or of who may write."""
        return comment.bot or self.read_standing(comment.author).writes

    def find_closer(self, number: int) -> str:
        """Who closed a pull request, as a login; empty where GitHub doesn't tell."""
        try:
            return parse_login(
                self.gateway.read_path(f"{self.api_root}/issues/{number}").data.get("closed_by")
            )
        except RequestRejected:
            return ""

    def read_changed_files(self, number: int) -> tuple[str, ...]:
        """The files that a pull request changes."""
        pages = self.gateway.read_pages(f"{self.api_root}/pulls/{number}/files", most=30)
        return tuple(str(row["filename"]) for page in pages for row in page.data or ())

    def read_file_patches(self, number: int) -> dict[str, str]:
        """The diff of each file of a pull request, by the path before it; empty where GitHub shows none."""
        pages = self.gateway.read_pages(f"{self.api_root}/pulls/{number}/files", most=10)
        rows = (row for page in pages for row in page.data or ())
        return {str(r.get("previous_filename") or r["filename"]): str(r.get("patch") or "") for r in rows}

    def find_milestone(self, title: str) -> int | None:
        """The number of an open milestone, None where there is none of that title."""
        pages = self.gateway.read_pages(f"{self.api_root}/milestones", {"state": "open"}, most=5)
        rows = (row for page in pages for row in page.data or ())
        try:
            return next((int(row["number"]) for row in rows if row.get("title") == title), None)
        except RequestRejected:
            return None

    def read_messages(self) -> tuple[str, ...]:
        """The messages of the last hundred commits, newest first."""
        try:
            rows = self.gateway.read_path(f"{self.api_root}/commits", {"per_page": 100}).data or ()
        except RequestRejected:
            return ()
        return tuple(str(row["commit"]["message"]) for row in rows)

    def messages_between(self, old: str, new: str) -> tuple[tuple[str, str], ...]:
        """Id and message of the commits, at most 250, that `new` has and `old` has not, from old to new."""
        data = self.gateway.read_path(f"{self.api_root}/compare/{old}...{new}", forever=True).data
        rows = data.get("commits") or ()
        return tuple((str(row["sha"]), str(row["commit"].get("message") or "")) for row in rows)

    def compare_commits(self, old: str, new: str) -> tuple[str, frozenset[str]]:
        """How `new` lies to `old` (`ahead`, `identical`, `diverged`, `behind`), and the files that differ.

        Where GitHub cuts the list of files at 300, everything counts as changed: the set holds "*".
        """
        data = self.gateway.read_path(f"{self.api_root}/compare/{old}...{new}").data
        rows = data.get("files") or ()
        names = {str(row[key]) for row in rows for key in ("filename", "previous_filename") if row.get(key)}
        return str(data["status"]), frozenset({"*"} if len(rows) >= 300 else names)
