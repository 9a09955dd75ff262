"""The dashboard's issue on GitHub: found by its mark, read, written, commented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fixbot.publish.github.gateway import may_send_twice
from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.parse_rows import is_bot, parse_login
from fixbot.publish.pull_requests.dashboard import LABEL, TITLE, is_dashboard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixbot.publish.github.repository_reader import RepositoryReader

_EDITOR: Final = (
    "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name)"
    " { issue(number: $number) { editor { __typename login } } } }"
)
_MOST_PAGES: Final = 10


@dataclass(frozen=True, slots=True)
class DashboardIssue:
    """The issue as it is now; `author` is its login, `bot` whether that is an app."""

    number: int
    body: str
    open: bool
    author: str
    bot: bool
    comments: int


@dataclass(slots=True)
class DashboardStore:
    """Reads and writes the issue of one repository. Raises RequestRejected where issues are off."""

    reader: RepositoryReader

    def find_issue(self) -> DashboardIssue | None:
        """Ours: the oldest open one with the mark, else a closed one; by its label in one request."""
        path = f"{self.reader.api_root}/issues"
        query = {"state": "all", "sort": "created", "direction": "asc"}
        for more in ({"labels": LABEL}, {}):
            rows = (
                row
                for page in self.reader.gateway.read_pages(path, {**query, **more}, most=_MOST_PAGES)
                for row in page.data or ()
            )
            found = self._select_ours(rows)
            if found:
                return min(found, key=lambda each: (not each.open, each.number))
        return None

    def _select_ours(self, rows: Iterable[Any]) -> list[DashboardIssue]:
        """Those with the mark that an app made, or somebody who may write: others' count for nothing."""
        marked = (
            parse_issue(row)
            for row in rows
            if "pull_request" not in row and is_dashboard(row.get("title") or "", row.get("body") or "")
        )
        return [each for each in marked if each.bot or self.reader.read_standing(each.author).writes]

    def read_again(self, number: int) -> DashboardIssue:
        """The issue as it is now."""
        return parse_issue(self.reader.gateway.read_path(f"{self.reader.api_root}/issues/{number}").data)

    def find_editor(self, issue: DashboardIssue) -> tuple[str, bool]:
        """Who wrote its text last, and whether that is an app; nobody where GitHub doesn't tell."""
        owner, _, name = self.reader.name.partition("/")
        try:
            data = self.reader.gateway.send_query(
                _EDITOR, {"owner": owner, "name": name, "number": issue.number}
            )
            editor = data["repository"]["issue"]["editor"] or {}
        except (RequestRejected, LookupError, TypeError):
            return "", False
        return str(editor.get("login") or ""), editor.get("__typename") != "User"

    def read_remarks(self, issue: DashboardIssue) -> list[str]:
        """The comments on it of whoever made it."""
        if not issue.comments:
            return []
        said = self.reader.read_comments_on(issue.number)
        return [each.body for each in said if (each.author, each.bot) == (issue.author, issue.bot)]

    def create_issue(self, body: str) -> int:
        """Make it; returns its number."""

        def look() -> Any:
            found = self.find_issue()
            return {"number": found.number} if found is not None else None

        made = self.reader.gateway.send_write(
            "POST",
            f"{self.reader.api_root}/issues",
            {"title": TITLE, "body": body, "labels": [LABEL]},
            look=look,
        )
        return int(made["number"])

    def write_body(self, number: int, body: str) -> None:
        """Put another text there."""
        path = f"{self.reader.api_root}/issues/{number}"
        self.reader.gateway.send_write("PATCH", path, {"body": body}, look=may_send_twice)

    def add_remark(self, issue: DashboardIssue, text: str) -> None:
        """Comment on it, once."""

        def look() -> Any:
            return next(
                ({} for each in self.read_remarks(self.read_again(issue.number)) if each == text), None
            )

        path = f"{self.reader.api_root}/issues/{issue.number}/comments"
        self.reader.gateway.send_write("POST", path, {"body": text}, look=look)


def parse_issue(row: Any) -> DashboardIssue:
    """A row of REST's."""
    return DashboardIssue(
        int(row["number"]),
        row.get("body") or "",
        row.get("state") == "open",
        parse_login(row.get("user")),
        is_bot(row.get("user")),
        int(row.get("comments") or 0),
    )
