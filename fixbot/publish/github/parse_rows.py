"""Rows of GitHub's REST answers in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fixbot.publish.pull_requests.pull_request import PullRequest, PullRequestComment, RepositoryInfo


def parse_facts(data: Mapping[str, Any]) -> RepositoryInfo:
    """The repository."""
    permissions = data.get("permissions") or {}
    return RepositoryInfo(
        owner=str(data["owner"]["login"]),
        name=str(data["name"]),
        id=str(data.get("node_id") or ""),
        default=str(data.get("default_branch") or "main"),
        url=str(data.get("html_url") or "").rstrip("/"),
        archived=bool(data.get("archived")),
        disabled=bool(data.get("disabled")),
        push=bool(permissions["push"]) if "push" in permissions else None,
        public=not data.get("private"),
    )


def parse_pull(row: Mapping[str, Any], name: str) -> PullRequest | None:
    """A row of REST's; None for one from a fork, whatever its branch is called."""
    if not _is_of_repository(row["head"], row["base"].get("repo"), name):
        return None
    return PullRequest(
        number=row["number"],
        branch=str(row["head"]["ref"]),
        head=str(row["head"]["sha"]),
        base=str(row["base"]["ref"]),
        open=row["state"] == "open",
        merged=bool(row.get("merged_at") or row.get("merged")),
        draft=bool(row.get("draft")),
        title=row.get("title") or "",
        body=row.get("body") or "",
        author=parse_login(row.get("user")),
        bot=is_bot(row.get("user")),
        labels=parse_labels(row),
        asked=any(
            row.get(key) for key in ("assignees", "requested_reviewers", "requested_teams", "milestone")
        ),
        created=parse_time(row.get("created_at")),
        updated=str(row.get("updated_at") or ""),
        comments=row.get("comments"),
        url=str(row.get("html_url") or ""),
    )


def _is_of_repository(head: Mapping[str, Any], base: Any, name: str) -> bool:
    """Whether a pull request's branch is this repository's own; a fork that was deleted is none."""
    if "repo" not in head:  # some servers tell less: the label names the owner
        return str(head.get("label")).partition(":")[0].lower() == name.partition("/")[0].lower()
    there = head["repo"]
    if not isinstance(there, dict) or str(there.get("full_name")).lower() != name.lower():
        return False
    here = base.get("id") if isinstance(base, dict) else None
    return here is None or here == there.get("id")


def parse_labels(row: Mapping[str, Any]) -> frozenset[str]:
    """The names of its labels, in lower case as GitHub compares them."""
    return frozenset(str(each["name"]).lower() for each in row.get("labels") or () if isinstance(each, dict))


def parse_login(user: Any) -> str:
    """A user's name; empty where GitHub shows none."""
    return str(user["login"]) if isinstance(user, dict) else ""


def is_bot(user: Any) -> bool:
    """Whether that is an app, or whatever else is no person; somebody who is gone counts as a person."""
    return isinstance(user, dict) and user.get("type") != "User"


def parse_time(text: Any) -> datetime | None:
    """A time with its zone."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def parse_comment(row: Mapping[str, Any]) -> PullRequestComment:
    """A comment."""
    number = str(row.get("issue_url") or "").rpartition("/")[2]
    return PullRequestComment(
        id=int(row["id"]),
        number=int(number) if number.isdigit() else 0,
        author=parse_login(row.get("user")),
        body=row.get("body") or "",
        bot=is_bot(row.get("user")),
        at=str(row.get("created_at") or ""),
    )
