"""How issues, pull requests and what is said on them look in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.hub import shapes
from tests.hub.model import Account, Comment, Event, Issue, Json, Pull, Repo, stamp
from tests.hub.shapes import association, node_id, site

if TYPE_CHECKING:
    from tests.hub.hub import Hub


def _common(hub: Hub, base: str, item: Repo, issue: Issue) -> Json:
    people = [shapes.user(base, hub.account(login)) for login in issue.assignees]
    return {
        "number": issue.number,
        "state": "open" if issue.open else "closed",
        "title": issue.title,
        "body": issue.body,
        "user": shapes.user(base, issue.author),
        "labels": [shapes.label(base, item, name) for name in issue.labels],
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": shapes.milestone(base, item, issue.milestone),
        "locked": False,
        "active_lock_reason": None,
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": None if issue.closed is None else stamp(issue.closed),
        "author_association": association(item, issue.author),
    }


def issue(hub: Hub, base: str, item: Repo, shown: Issue) -> Json:
    own = f"{base}/repos/{item.full_name}/issues/{shown.number}"
    page = f"{site(base)}/{item.full_name}/{'pull' if shown.pull else 'issues'}/{shown.number}"
    found: Json = {
        **_common(hub, base, item, shown),
        "id": shown.id,
        "node_id": node_id("PR" if shown.pull else "I", f"{item.id}/{shown.number}"),
        "url": own,
        "repository_url": f"{base}/repos/{item.full_name}",
        "labels_url": f"{own}/labels{{/name}}",
        "comments_url": f"{own}/comments",
        "events_url": f"{own}/events",
        "html_url": page,
        "comments": sum(comment.number == shown.number for comment in item.comments.values()),
        "closed_by": shapes.user(base, shown.closed_by),
    }
    if shown.pull is not None:
        found["pull_request"] = {
            "url": f"{base}/repos/{item.full_name}/pulls/{shown.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": None if shown.pull.merged is None else stamp(shown.pull.merged),
        }
        found["draft"] = shown.pull.draft
    return found


def pull(hub: Hub, base: str, item: Repo, shown: Issue) -> Json:
    """A pull request as a list shows it."""
    part = shown.the_pull
    own, page = (
        f"{base}/repos/{item.full_name}/pulls/{shown.number}",
        f"{site(base)}/{item.full_name}/pull/{shown.number}",
    )
    of_issue = f"{base}/repos/{item.full_name}/issues/{shown.number}"
    statuses = f"{base}/repos/{item.full_name}/statuses/{part.head_sha}"
    links = {
        "self": own,
        "html": page,
        "issue": of_issue,
        "comments": f"{of_issue}/comments",
        "review_comments": f"{own}/comments",
        "review_comment": f"{base}/repos/{item.full_name}/pulls/comments{{/number}}",
        "commits": f"{own}/commits",
        "statuses": statuses,
    }
    whole = shapes.repo(hub, base, item)
    head_owner = hub.account(part.head_owner) if part.head_repo else item.owner
    there = part.head_repo is None
    return {
        **_common(hub, base, item, shown),
        "id": shown.id,
        "node_id": node_id("PR", f"{item.id}/{shown.number}"),
        "url": own,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": of_issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "_links": {name: {"href": address} for name, address in links.items()},
        "merged_at": None if part.merged is None else stamp(part.merged),
        "merge_commit_sha": part.merge_sha,
        "draft": part.draft,
        "auto_merge": None,
        "requested_reviewers": [shapes.user(base, hub.account(login)) for login in part.reviewers],
        "requested_teams": [],
        "head": {
            "label": f"{head_owner.login}:{part.head_ref}",
            "ref": part.head_ref,
            "sha": part.head_sha,
            "user": shapes.user(base, head_owner),
            "repo": whole if there else _fork(whole, base, head_owner, part),
        },
        "base": {
            "label": f"{item.owner.login}:{part.base_ref}",
            "ref": part.base_ref,
            "sha": part.base_sha,
            "user": shapes.user(base, item.owner),
            "repo": whole,
        },
    }


def _fork(whole: Json, base: str, owner: Account, part: Pull) -> Json | None:
    if part.head_gone:
        return None
    name = part.head_repo or ""
    return {
        **whole,
        "id": whole["id"] + 1_000_000,
        "full_name": name,
        "fork": True,
        "owner": shapes.user(base, owner),
        "url": f"{base}/repos/{name}",
    }


def comment(base: str, item: Repo, shown: Comment) -> Json:
    page = f"{site(base)}/{item.full_name}/issues/{shown.number}#issuecomment-{shown.id}"
    return {
        "id": shown.id,
        "node_id": node_id("IC", shown.id),
        "url": f"{base}/repos/{item.full_name}/issues/comments/{shown.id}",
        "html_url": page,
        "issue_url": f"{base}/repos/{item.full_name}/issues/{shown.number}",
        "body": shown.body,
        "user": shapes.user(base, shown.author),
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.updated),
        "author_association": association(item, shown.author),
    }


def event(base: str, item: Repo, shown: Event) -> Json:
    extra: dict[str, Any] = dict(shown.extra)
    return {
        "id": shown.id,
        "node_id": node_id("EV", shown.id),
        "url": f"{base}/repos/{item.full_name}/issues/events/{shown.id}",
        "actor": shapes.user(base, shown.actor),
        "event": shown.event,
        "commit_id": shown.commit,
        "commit_url": shown.commit and f"{base}/repos/{item.full_name}/commits/{shown.commit}",
        "created_at": stamp(shown.created),
        "performed_via_github_app": None,
        **extra,
    }


def review(hub: Hub, base: str, item: Repo, shown: Json) -> Json:
    """One review: what a person helper noted, with its addresses."""
    number = shown["number"]
    own = f"{base}/repos/{item.full_name}/pulls/{number}"
    page = f"{site(base)}/{item.full_name}/pull/{number}#pullrequestreview-{shown['id']}"
    account = hub.account(shown["login"])
    return {
        "id": shown["id"],
        "node_id": node_id("PRR", shown["id"]),
        "user": shapes.user(base, account),
        "body": shown["body"],
        "state": shown["state"],
        "html_url": page,
        "pull_request_url": own,
        "_links": {"html": {"href": page}, "pull_request": {"href": own}},
        "submitted_at": shown["at"],
        "commit_id": shown["commit"],
        "author_association": association(item, account),
    }
