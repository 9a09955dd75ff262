"""What is on GitHub for us, in as few requests as it can be told with: three where nothing has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from fixbot.errors import FixbotError
from fixbot.forge.errors import Answer, ChangedMeanwhile, Refused
from fixbot.forge.gateway import Gateway
from fixbot.forge.rows import comment_of, facts_of, login_of, pull_of
from fixbot.forge.searching import FEW_PAGES, last_page, search_pulls
from fixbot.forge.standing import ask_standing, labelled
from fixbot.life.pull import Comment, Commit, Facts, Pull, Remote, Standing, is_ours

_ID = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }"
MOST_TEXT: Final = 3_000_000
"""Characters of a file that is read by itself. Source: "About code owners": larger ones are not loaded."""
_ABSENT: Final = frozenset((404, 409))
"""What GitHub answers for a ref or commit that isn't there; 409 where the repository is empty."""


class Moved(Exception):
    """The repository has another name now."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(slots=True)
class Reader:
    """Reads one repository, OWNER/NAME, whose branches of ours begin with `prefix`."""

    gateway: Gateway
    name: str
    prefix: str
    _facts: Facts | None = field(default=None)
    _standings: dict[tuple[str, bool], Standing] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The path of its requests."""
        return f"/repos/{self.name}"

    def remote(self, base: str | None = None, *, with_base: bool = False) -> Remote:
        """Everything at once; `with_base` adds where the base branch is, by default the default branch.

        Raises FixbotError where the repository can't be seen, or has no such branch.
        """
        try:
            return self._remote(base, with_base=with_base)
        except Moved as moved:
            # A redirect loses the query on its way, so what was read under the old name doesn't count.
            self.name, self._facts = moved.name, None
            return self._remote(base, with_base=with_base)

    def _remote(self, base: str | None, *, with_base: bool) -> Remote:
        pulls, facts = self._pulls()
        known = facts or self.facts()
        given, base = base, base or known.default
        # Where nobody ever opened a pull request there are few branches: all of them tell the base too.
        few = with_base and facts is None
        heads = self._branches("heads" if few else f"heads/{self.prefix}")
        if with_base and base not in heads and (head := self.branch(base)):
            heads[base] = head
        if with_base and base not in heads:
            if given:
                raise FixbotError(f"{known.full} has no branch {base}, which pull_requests.base names")
            raise ChangedMeanwhile(
                f"{known.full} has no branch {base}: it is empty, or the branch was renamed or deleted while "
                "fixbot looked; run again"
            )
        ours = {name: head for name, head in heads.items() if name.startswith(self.prefix)}
        return Remote(known, ours, pulls, base=base, base_head=heads.get(base, ""))

    def _branches(self, below: str) -> dict[str, str]:
        """Where each branch is whose ref begins so; an empty repository has none."""
        try:
            rows = self.gateway.get(f"{self.root}/git/matching-refs/{quote(below, safe='/')}").data or ()
            return {str(row["ref"]).removeprefix("refs/heads/"): str(row["object"]["sha"]) for row in rows}
        except Refused as refused:
            if refused.status not in _ABSENT:
                raise
            return {} if refused.status == 409 else self._all_branches(below.removeprefix("heads/"))

    def _all_branches(self, prefix: str) -> dict[str, str]:
        """The same from the list of all branches, for servers that can't search refs."""
        pages = self.gateway.pages(f"{self.root}/branches")
        rows = (row for page in pages for row in page.data or ())
        return {
            str(row["name"]): str(row["commit"]["sha"])
            for row in rows
            if prefix == "heads" or str(row["name"]).startswith(prefix)
        }

    def facts(self) -> Facts:
        """The repository itself."""
        if self._facts is None:
            try:
                data = self.gateway.get(self.root).data
            except Refused as refused:
                raise _unseen(self.name, refused) from None
            self._facts = facts_of(data)
            self._same_name(self._facts)
        return self._facts

    def id(self) -> str:
        """What GraphQL calls the repository. Raises Refused."""
        if not (known := self.facts().id):
            owner, _, name = self.name.partition("/")
            found = self.gateway.query(_ID, {"owner": owner, "name": name}).get("repository")
            known = str((found or {}).get("id") or "")
        return known

    def _same_name(self, facts: Facts) -> None:
        if facts.full.lower() != self.name.lower():
            raise Moved(facts.full)
        self.name = facts.full

    def _pulls(self) -> tuple[tuple[Pull, ...], Facts | None]:
        """Our pull requests, and what their pages say of the repository."""
        query = {"state": "all", "sort": "created", "direction": "desc"}
        found: dict[int, Pull] = {}
        facts: Facts | None = None
        pages = self.gateway.pages(f"{self.root}/pulls", query)
        for number, page in enumerate(self._first(pages)):
            for row in page.data or ():
                if facts is None and "owner" in (told := row["base"].get("repo") or {}):
                    facts = facts_of(told)
                    self._same_name(facts)
                self._take(row, found)
            last = last_page(page)
            if number == 0 and last > FEW_PAGES and (older := self._older(last)) is not None:
                found = {**older, **found}
                break
        if facts is not None and facts.id:
            self._facts = facts
        return tuple(found[number] for number in sorted(found)), self._facts

    def _first(self, pages: Iterable[Answer]) -> Iterable[Answer]:
        try:
            yield from pages
        except Refused as refused:
            raise _unseen(self.name, refused) from None

    def _take(self, row: Mapping[str, Any], found: dict[int, Pull]) -> None:
        pull = pull_of(row, self.name)
        if pull is not None and is_ours(pull, self.prefix):
            found[pull.number] = pull

    def _older(self, pages: int) -> dict[int, Pull] | None:
        """Ours among all pull requests, by search; None where reading all those pages is no more work.

        What a search tells counts for nothing but where to look: forks have branches of any name.
        """
        numbers = search_pulls(self.gateway, self.name, self.prefix)
        if numbers is None or len(numbers) > pages:
            return None
        found: dict[int, Pull] = {}
        try:
            for number in numbers:
                pull = self.pull(number)
                if pull is not None and is_ours(pull, self.prefix):
                    found[number] = pull
        except Refused:
            return None
        return found

    def pull(self, number: int) -> Pull | None:
        """One pull request as it is now, None where it is not of a branch of this repository."""
        return pull_of(self.gateway.get(f"{self.root}/pulls/{number}").data, self.name)

    def of_branch(self, branch: str) -> tuple[Pull, ...]:
        """The pull requests of a branch as they are now, from old to new."""
        owner = self.name.partition("/")[0]
        query = {"state": "all", "head": f"{owner}:{branch}"}
        rows = [row for page in self.gateway.pages(f"{self.root}/pulls", query) for row in page.data or ()]
        pulls = [
            pull for row in rows if (pull := pull_of(row, self.name)) is not None and pull.branch == branch
        ]
        return tuple(sorted(pulls, key=lambda pull: pull.number))

    def conflicts(self, number: int, tries: int = 4) -> bool:
        """Whether GitHub can't merge it. It may need seconds to find out; not knowing counts as no."""
        for attempt in range(tries):
            if attempt:
                self.gateway.clock.sleep(0.25 * 2**attempt)
            data = self.gateway.get(f"{self.root}/pulls/{number}").data
            if data.get("mergeable") is not None:
                return data["mergeable"] is False
        return False

    def commit(self, oid: str) -> Commit | None:
        """A commit, None where it is not there."""
        try:
            data = self.gateway.get(f"{self.root}/git/commits/{oid}", forever=True).data
        except Refused as refused:
            if refused.status not in {*_ABSENT, 422}:
                raise
            return None
        parents = tuple(str(each["sha"]) for each in data.get("parents") or ())
        return Commit(oid, str(data["tree"]["sha"]), parents, str(data.get("message") or ""))

    def changes(self, old: str, new: str) -> dict[str, tuple[str, str]] | None:
        """Mode and blob of each file in which a tree differs from an older one; None where GitHub cuts it."""
        sides = []
        for tree in (old, new):
            path = f"{self.root}/git/trees/{tree}"
            data = self.gateway.get(path, {"recursive": "1"}, forever=True).data
            if data.get("truncated"):
                return None
            rows = (row for row in data["tree"] if row["type"] != "tree")
            sides.append({str(row["path"]): (str(row["mode"]), str(row["sha"])) for row in rows})
        before, after = sides
        return {
            path: after.get(path, ("", "")) for path in before | after if before.get(path) != after.get(path)
        }

    def branch(self, name: str) -> str | None:
        """Where a branch is now, None where there is none."""
        try:
            data = self.gateway.get(f"{self.root}/git/ref/heads/{quote(name, safe='/')}").data
        except Refused as refused:
            if refused.status not in _ABSENT:
                raise  # not being told is not the same as not being there
            return None
        there = isinstance(data, dict) and data.get("ref") == f"refs/heads/{name}"
        return str(data["object"]["sha"]) if there else None

    def comments(self, numbers: Collection[int], since: str = "") -> tuple[Comment, ...]:
        """All comments on these pull requests, of which none is older than `since`.

        Those of all issues are read together; where these are many, each pull request's own.
        """
        query = {"sort": "updated", "direction": "desc", **({"since": since} if since else {})}
        found: list[Comment] = []
        for page in self.gateway.pages(f"{self.root}/issues/comments", query):
            if last_page(page) > max(3, len(numbers)):
                return tuple(each for number in numbers for each in self.comments_on(number))
            found += map(comment_of, page.data or ())
        return tuple(each for each in found if each.number in numbers)

    def comments_on(self, number: int) -> tuple[Comment, ...]:
        """The comments on one pull request."""
        pages = self.gateway.pages(f"{self.root}/issues/{number}/comments")
        return tuple(comment_of(row) for page in pages for row in page.data or ())

    def events(self, number: int) -> frozenset[str]:
        """What kinds of things happened to a pull request, such as `labeled`."""
        pages = self.gateway.pages(f"{self.root}/issues/{number}/events")
        return frozenset(str(row.get("event")) for page in pages for row in page.data or ())

    def labelled_by(self, number: int, label: str, *, since_close: bool) -> Standing:
        """What somebody may do who set that label last; with `since_close`, after the last close."""
        try:
            pages = self.gateway.pages(f"{self.root}/issues/{number}/events")
            who = labelled((row for page in pages for row in page.data or ()), label, since_close=since_close)
        except Refused as refused:
            return Standing(writes=False, says=f"GitHub does not tell who set it ({refused.status})")
        if who is None:
            early = "it was there before the close" if since_close else "GitHub does not tell who set it"
            return Standing(writes=False, says=early)
        return self.standing(who[0], bot=who[1])

    def standing(self, login: str, *, bot: bool = False) -> Standing:
        """What somebody may do here; asked once for each login."""
        key = login.lower(), bot
        if key not in self._standings:
            self._standings[key] = ask_standing(self.gateway, self.root, login, bot=bot)
        return self._standings[key]

    def speaks_for_us(self, comment: Comment) -> bool:
        """Whether a comment with a sign of fixbot's may be its own: an app's, or of who may write."""
        return comment.bot or self.standing(comment.author).writes

    def closer(self, number: int) -> str:
        """Who closed a pull request, as a login; empty where GitHub doesn't tell."""
        try:
            return login_of(self.gateway.get(f"{self.root}/issues/{number}").data.get("closed_by"))
        except Refused:
            return ""

    def files(self, number: int) -> tuple[str, ...]:
        """The files that a pull request changes."""
        pages = self.gateway.pages(f"{self.root}/pulls/{number}/files", most=30)
        return tuple(str(row["filename"]) for page in pages for row in page.data or ())

    def milestone(self, title: str) -> int | None:
        """The number of an open milestone, None where there is none of that title."""
        pages = self.gateway.pages(f"{self.root}/milestones", {"state": "open"}, most=5)
        rows = (row for page in pages for row in page.data or ())
        try:
            return next((int(row["number"]) for row in rows if row.get("title") == title), None)
        except Refused:
            return None

    def text(self, path: str, ref: str) -> str | None:
        """A file's text at a commit, None where there is none."""
        try:
            answer = self.gateway.get(
                f"{self.root}/contents/{quote(path, safe='/')}",
                {"ref": ref},
                media="application/vnd.github.raw+json",
            )
        except Refused:
            return None
        return answer.data if isinstance(answer.data, str) and len(answer.data) <= MOST_TEXT else None

    def messages(self) -> tuple[str, ...]:
        """The messages of the last hundred commits, newest first."""
        try:
            rows = self.gateway.get(f"{self.root}/commits", {"per_page": 100}).data or ()
        except Refused:
            return ()
        return tuple(str(row["commit"]["message"]) for row in rows)

    def messages_between(self, old: str, new: str) -> tuple[tuple[str, str], ...]:
        """Id and message of the commits, at most 250, that `new` has and `old` has not, from old to new."""
        data = self.gateway.get(f"{self.root}/compare/{old}...{new}", forever=True).data
        rows = data.get("commits") or ()
        return tuple((str(row["sha"]), str(row["commit"].get("message") or "")) for row in rows)

    def changed_between(self, old: str, new: str) -> tuple[str, frozenset[str]]:
        """How `new` lies to `old` (`ahead`, `identical`, `diverged`, `behind`), and the files that differ.

        Where GitHub cuts the list of files at 300, everything counts as changed: the set holds "*".
        """
        data = self.gateway.get(f"{self.root}/compare/{old}...{new}").data
        rows = data.get("files") or ()
        names = {str(row[key]) for row in rows for key in ("filename", "previous_filename") if row.get(key)}
        return str(data["status"]), frozenset({"*"} if len(rows) >= 300 else names)


def _unseen(name: str, refused: Refused) -> FixbotError:
    if refused.status == 404:
        return FixbotError(
            f"{name}: GitHub shows this token no such repository; check the name and the token"
        )
    if refused.status == 401:
        return FixbotError("GitHub does not accept the token; it may be misspelt, expired or revoked")
    return FixbotError(f"{name}: {refused.said or refused.status}")
