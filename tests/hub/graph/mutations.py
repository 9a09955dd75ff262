"""The GraphQL mutations, each with the permission it needs."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import replace
from typing import Any

from tests.hub.graph.context import Context
from tests.hub.graph.objects import git_object, ref
from tests.hub.graph.pulls import pull
from tests.hub.model import GITHUB, Comment, Json, Refused, Repo
from tests.hub.refs import Move, close, move_refs
from tests.hub.rest.gitdata import authors
from tests.hub.rest.issues import check_text


def _writable(context: Context, repo: Repo, permission: str) -> None:
    context.hub.demand(context.token, repo, permission, "write")
    if repo.archived:
        raise Refused(403, "Repository was archived so is read-only.", kind="FORBIDDEN")


def update_refs(context: Context, asked: Json) -> Json:
    kind, repo, _ = context.by_node(asked["repositoryId"])
    if kind != "R":
        raise Refused(404, "Could not resolve to a Repository", kind="NOT_FOUND")
    _writable(context, repo, "contents")
    moves = [
        Move(each["name"], each["afterOid"], each.get("beforeOid"), bool(each.get("force")))
        for each in asked["refUpdates"]
    ]
    if not moves or len({move.ref for move in moves}) < len(moves):
        raise Refused(422, "Each ref may be updated once")
    move_refs(context.hub, repo, context.token, moves)
    return {"clientMutationId": asked.get("clientMutationId")}


def create_commit(context: Context, asked: Json) -> Json:
    branch = asked["branch"]
    if branch.get("id"):
        _, repo, name = context.by_node(branch["id"])
    else:
        repo = context.find(branch.get("repositoryNameWithOwner") or "")
        name = f"refs/heads/{(branch.get('branchName') or '').removeprefix('refs/heads/')}"
    _writable(context, repo, "contents")
    tip = repo.refs.get(name)
    if tip is None:
        raise Refused(404, f"No ref {name}", kind="NOT_FOUND")
    if tip != asked["expectedHeadOid"]:
        raise Refused(
            422,
            f'Expected branch to point to "{asked["expectedHeadOid"]}" but it did not. Pull and try again.',
            kind="STALE_DATA",
        )
    store, said = repo.store, asked.get("fileChanges") or {}
    changes: dict[str, Any] = {each["path"]: None for each in said.get("deletions", [])}
    try:
        for each in said.get("additions", []):
            changes[each["path"]] = (0o100644, store.blob(b64decode(each["contents"], validate=True)))
        tree = store.with_changes(store.tree_of(tip), changes)
    except binascii.Error as error:
        raise Refused(422, "contents is not valid Base64") from error
    except KeyError as error:
        raise Refused(
            422, "A path was requested for deletion which doesn't exist as of the head commit"
        ) from error
    message = asked["message"]
    text = message["headline"] + (f"\n\n{message['body']}" if message.get("body") else "")
    now = int(context.hub.clock.now())
    author, _, _ = authors(context.token, now, {})
    made = store.write_commit(tree, [tip], text, author, (*GITHUB, now), signed=True)
    move_refs(context.hub, repo, context.token, [Move(name, made, tip)])
    return {
        "clientMutationId": asked.get("clientMutationId"),
        "commit": git_object(context, repo, made),
        "ref": ref(context, repo, name),
    }


def set_draft(context: Context, asked: Json, *, draft: bool) -> Json:
    repo, issue = context.pull(asked["pullRequestId"])
    _writable(context, repo, "pull_requests")
    if not issue.open:
        raise Refused(422, "Pull request is closed")
    if draft and not repo.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")
    if issue.the_pull.draft != draft:
        changed = replace(issue, pull=replace(issue.the_pull, draft=draft), updated=context.hub.clock.now())
        repo.issues[issue.number] = changed
        kind = "convert_to_draft" if draft else "ready_for_review"
        context.hub.event(repo, issue.number, context.token.actor, kind)
    return _about(context, repo, issue.number, asked)


def _about(context: Context, repo: Repo, number: int, asked: Json) -> Json:
    return {
        "clientMutationId": asked.get("clientMutationId"),
        "pullRequest": pull(context, repo, repo.issues[number]),
    }


def close_pull(context: Context, asked: Json) -> Json:
    repo, issue = context.pull(asked["pullRequestId"])
    _writable(context, repo, "pull_requests")
    if issue.open:
        close(context.hub, repo, context.token.actor, issue.number)
    return _about(context, repo, issue.number, asked)


def add_comment(context: Context, asked: Json) -> Json:
    repo, issue = context.pull(asked["subjectId"])
    _writable(context, repo, "pull_requests")
    check_text(asked)
    now = context.hub.clock.now()
    made = Comment(context.hub.next_id(), issue.number, context.token.actor, asked["body"], now, now)
    repo.comments[made.id] = made
    return {"clientMutationId": asked.get("clientMutationId"), "subject": pull(context, repo, issue)}


def root(context: Context) -> Json:
    """The fields of `Mutation`."""
    return {
        "updateRefs": lambda _, input: update_refs(context, input),  # noqa: A006 - the schema's name
        "createCommitOnBranch": lambda _, input: create_commit(context, input),  # noqa: A006
        "markPullRequestReadyForReview": lambda _, input: set_draft(context, input, draft=False),  # noqa: A006
        "convertPullRequestToDraft": lambda _, input: set_draft(context, input, draft=True),  # noqa: A006
        "closePullRequest": lambda _, input: close_pull(context, input),  # noqa: A006
        "addComment": lambda _, input: add_comment(context, input),  # noqa: A006
    }
