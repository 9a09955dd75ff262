"""Pull requests, as GraphQL shows them."""

from __future__ import annotations

from typing import Any

from tests.hub.graph.context import Context, actor, connection
from tests.hub.graph.objects import git_object, ref
from tests.hub.model import Comment, Event, Issue, Json, Repo, stamp
from tests.hub.shapes import association, node_id

EVENTS = {
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "merged": "MergedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "renamed": "RenamedTitleEvent",
}
KINDS = {
    "CLOSED_EVENT": "closed",
    "REOPENED_EVENT": "reopened",
    "MERGED_EVENT": "merged",
    "HEAD_REF_DELETED_EVENT": "head_ref_deleted",
    "HEAD_REF_FORCE_PUSHED_EVENT": "head_ref_force_pushed",
    "RENAMED_TITLE_EVENT": "renamed",
}


def state(issue: Issue) -> str:
    return "OPEN" if issue.open else "MERGED" if issue.the_pull.merged is not None else "CLOSED"


def pulls(context: Context, repo: Repo, asked: Json) -> Json:
    """The pull requests that fit. A branch's name also finds those from forks."""
    found = repo.pull_requests()
    for name, key in (("headRefName", "head_ref"), ("baseRefName", "base_ref")):
        if asked.get(name):
            found = [issue for issue in found if getattr(issue.the_pull, key) == asked[name]]
    if asked.get("states"):
        found = [issue for issue in found if state(issue) in asked["states"]]
    if asked.get("labels"):
        found = [issue for issue in found if set(asked["labels"]) & set(issue.labels)]
    order = asked.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    found.sort(
        key=lambda issue: (issue.updated if order["field"] == "UPDATED_AT" else issue.created, issue.number),
        reverse=order["direction"] == "DESC",
    )
    return connection(found, lambda issue: pull(context, repo, issue), asked)


def comment(repo: Repo, shown: Comment) -> Json:
    return {
        "__typename": "IssueComment",
        "id": node_id("IC", f"{repo.id}/{shown.id}"),
        "body": shown.body,
        "author": actor(shown.author),
        "authorAssociation": association(repo, shown.author),
        "createdAt": stamp(shown.created),
        "updatedAt": stamp(shown.updated),
    }


def event(repo: Repo, shown: Event) -> Json:
    renamed = shown.extra.get("rename", {})
    return {
        "__typename": EVENTS[shown.event],
        "id": node_id("EV", f"{repo.id}/{shown.id}"),
        "actor": actor(shown.actor),
        "createdAt": stamp(shown.created),
        "previousTitle": renamed.get("from"),
        "currentTitle": renamed.get("to"),
    }


def _timeline(repo: Repo, issue: Issue, asked: Json) -> Json:
    wanted = (
        {KINDS[kind] for kind in asked["itemTypes"] if kind in KINDS}
        if asked.get("itemTypes")
        else set(EVENTS)
    )
    items: list[tuple[float, int, Any]] = [
        (each.created, each.id, event(repo, each))
        for each in repo.events
        if each.number == issue.number and each.event in wanted
    ]
    if not asked.get("itemTypes") or "ISSUE_COMMENT" in asked["itemTypes"]:
        items += [
            (each.created, each.id, comment(repo, each))
            for each in repo.comments.values()
            if each.number == issue.number
        ]
    return connection(sorted(items, key=lambda item: item[:2]), lambda item: item[2], asked)


def _label(repo: Repo, name: str) -> Json:
    return {"id": node_id("LA", f"{repo.id}/{name}"), "name": name, "color": repo.labels.get(name, "ededed")}


def pull(context: Context, repo: Repo, issue: Issue) -> Json:
    part = issue.the_pull
    base = part.base_sha if part.merged else repo.refs.get(f"refs/heads/{part.base_ref}", part.base_sha)
    own = part.head_repo is None

    def commits(_: Any, **asked: Any) -> Json:
        return connection(
            repo.store.between(base, part.head_sha),
            lambda sha: {"id": node_id("PRC", f"{repo.id}/{sha}"), "commit": git_object(context, repo, sha)},
            asked,
        )

    def comments(_: Any, **asked: Any) -> Json:
        found = [each for each in repo.comments.values() if each.number == issue.number]
        return connection(found, lambda each: comment(repo, each), asked)

    return {
        "__typename": "PullRequest",
        "id": node_id("PR", f"{repo.id}/{issue.number}"),
        "databaseId": issue.id,
        "fullDatabaseId": str(issue.id),
        "number": issue.number,
        "url": f"{context.site}/{repo.full_name}/pull/{issue.number}",
        "title": issue.title,
        "body": issue.body or "",
        "state": state(issue),
        "isDraft": part.draft,
        "merged": part.merged is not None,
        "mergedAt": None if part.merged is None else stamp(part.merged),
        "mergedBy": actor(part.merged_by),
        "closed": not issue.open,
        "closedAt": None if issue.closed is None else stamp(issue.closed),
        "createdAt": stamp(issue.created),
        "updatedAt": stamp(issue.updated),
        "author": actor(issue.author),
        "authorAssociation": association(repo, issue.author),
        "headRefName": part.head_ref,
        "headRefOid": part.head_sha,
        "headRef": lambda _: ref(context, repo, f"refs/heads/{part.head_ref}") if own else None,
        "headRepository": lambda _: _whole(context, repo) if own else None,
        "headRepositoryOwner": actor(repo.owner if own else context.hub.account(part.head_owner)),
        "isCrossRepository": not own,
        "baseRefName": part.base_ref,
        "baseRefOid": base,
        "mergeCommit": lambda _: git_object(context, repo, part.merge_sha) if part.merge_sha else None,
        "mergeable": lambda _: _mergeable(repo, issue, base),
        "isInMergeQueue": part.queued,
        "mergeQueueEntry": {"id": node_id("MQE", issue.id), "position": 1, "state": "QUEUED"}
        if part.queued
        else None,
        "comments": comments,
        "commits": commits,
        "labels": lambda _, **asked: connection(issue.labels, lambda name: _label(repo, name), asked),
        "timelineItems": lambda _, **asked: _timeline(repo, issue, asked),
        "reviewDecision": None,
        "locked": False,
        "editor": None,
        "lastEditedAt": None,
    }


def _whole(context: Context, repo: Repo) -> Json:
    from tests.hub.graph.queries import repository  # noqa: PLC0415 - repositories show pull requests and the reverse

    return repository(context, repo)


def _mergeable(repo: Repo, issue: Issue, base: str) -> str:
    if not issue.open:
        return "UNKNOWN"
    return "CONFLICTING" if repo.store.merge(base, issue.the_pull.head_sha) is None else "MERGEABLE"
