"""The roots of GraphQL queries."""

from __future__ import annotations

from typing import Any

from tests.hub.graph.context import Context, actor, connection
from tests.hub.graph.objects import expression, git_object, ref
from tests.hub.graph.pulls import pull, pulls
from tests.hub.model import Json, Refused, Repo, stamp
from tests.hub.rest.repos import search
from tests.hub.shapes import node_id


def repository(context: Context, repo: Repo) -> Json:
    """A repository; what costs something only when it is asked for."""

    def need_contents() -> None:
        context.hub.demand(context.token, repo, "contents", "read")

    def the_object(_: Any, oid: str | None = None, **other: str) -> Json | None:
        need_contents()
        if oid is not None:
            return git_object(context, repo, oid)
        return expression(context, repo, other.get("expression") or "HEAD") if not repo.empty else None

    def refs(_: Any, refPrefix: str, **asked: Any) -> Json:  # noqa: N803 - the schema's name
        need_contents()
        found = sorted(name for name in repo.refs if name.startswith(refPrefix))
        words = asked.get("query")
        found = [name for name in found if not words or words in name]
        return connection(found, lambda name: ref(context, repo, name), asked)

    def the_ref(_: Any, qualifiedName: str) -> Json | None:  # noqa: N803 - the schema's name
        need_contents()
        full = next(
            (n for n in (qualifiedName, f"refs/heads/{qualifiedName}") if n in repo.refs), qualifiedName
        )
        return ref(context, repo, full)

    def one(_: Any, number: int) -> Json:
        context.hub.demand(context.token, repo, "pull_requests", "read")
        issue = repo.issues.get(number)
        if issue is None or issue.pull is None:
            raise Refused(
                404, f"Could not resolve to a PullRequest with the number of {number}.", kind="NOT_FOUND"
            )
        return pull(context, repo, issue)

    def many(_: Any, **asked: Any) -> Json:
        context.hub.demand(context.token, repo, "pull_requests", "read")
        return pulls(context, repo, asked)

    def labels(_: Any, **asked: Any) -> Json:
        return connection(
            sorted(repo.labels),
            lambda name: {"id": node_id("LA", f"{repo.id}/{name}"), "name": name, "color": repo.labels[name]},
            asked,
        )

    return {
        "__typename": "Repository",
        "id": node_id("R", repo.id),
        "databaseId": repo.id,
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "owner": lambda _: owner(context, repo.owner.login),
        "url": f"{context.site}/{repo.full_name}",
        "isArchived": repo.archived,
        "isDisabled": repo.disabled,
        "isEmpty": repo.empty,
        "isFork": repo.fork,
        "isPrivate": repo.private,
        "hasIssuesEnabled": repo.has_issues,
        "pushedAt": stamp(repo.pushed) if repo.pushed else None,
        "createdAt": stamp(repo.created),
        "viewerPermission": _viewer(context, repo),
        "defaultBranchRef": lambda _: ref(context, repo, f"refs/heads/{repo.default_branch}"),
        "object": the_object,
        "ref": the_ref,
        "refs": refs,
        "pullRequest": one,
        "pullRequests": many,
        "issue": lambda _, number: show_issue(context, repo, number),
        "labels": labels,
    }


def show_issue(context: Context, repo: Repo, number: int) -> Json:
    """An issue that is no pull request."""
    context.hub.demand(context.token, repo, "issues", "read")
    found = repo.issues.get(number)
    if found is None or found.pull is not None or not repo.has_issues:
        raise Refused(404, f"Could not resolve to an Issue with the number of {number}.", kind="NOT_FOUND")
    return {
        "__typename": "Issue",
        "id": node_id("I", f"{repo.id}/{number}"),
        "number": number,
        "title": found.title,
        "body": found.body or "",
        "author": actor(found.author),
        "editor": actor(found.editor) if found.editor else None,
    }


def _viewer(context: Context, repo: Repo) -> str:
    if context.hub.allows(context.token, repo, "administration", "write"):
        return "ADMIN"
    return "WRITE" if context.hub.allows(context.token, repo, "contents", "write") else "READ"


def owner(context: Context, login: str) -> Json | None:
    account = context.hub.accounts.get(login.lower())
    if account is None:
        return None

    def repositories(_: Any, **asked: Any) -> Json:
        found = [repo for repo in context.visible() if repo.owner.login == account.login]
        if asked.get("isArchived") is not None:
            found = [repo for repo in found if repo.archived == asked["isArchived"]]
        if asked.get("isFork") is not None:
            found = [repo for repo in found if repo.fork == asked["isFork"]]
        return connection(found, lambda repo: repository(context, repo), asked)

    return {**(actor(account) or {}), "repositories": repositories}


def node(context: Context, text: str) -> Json | None:
    """Whatever an opaque name stands for."""
    kind, repo, rest = context.by_node(text)
    if kind == "R":
        return repository(context, repo)
    if kind == "PR" and int(rest) in repo.issues:
        return pull(context, repo, repo.issues[int(rest)])
    if kind in ("C", "O", "B"):
        return git_object(context, repo, rest)
    raise Refused(404, f"Could not resolve to a node with the global id of '{text}'", kind="NOT_FOUND")


def root(context: Context) -> Json:
    """The fields of `Query`."""
    hub, token = context.hub, context.token

    def rate(_: Any, **__: Any) -> Json:
        said = hub.limits.headers(f"{token.key}#graphql", hub.clock.now(), "graphql")
        return {
            "cost": 1,
            "nodeCount": 1,
            "limit": int(said["X-RateLimit-Limit"]),
            "remaining": int(said["X-RateLimit-Remaining"]),
            "used": int(said["X-RateLimit-Used"]),
            "resetAt": stamp(float(said["X-RateLimit-Reset"])),
        }

    def find(_: Any, query: str, type: str, **asked: Any) -> Json:  # noqa: A002 - the schema's name
        found = search(query, context.visible()) if type == "REPOSITORY" else []
        return connection(found, lambda repo: repository(context, repo), asked, total="repositoryCount")

    def organization(_: Any, login: str) -> Json:
        found = owner(context, login)
        if found is None or found["__typename"] != "Organization":
            raise Refused(
                404, f"Could not resolve to an Organization with the login of '{login}'.", kind="NOT_FOUND"
            )
        return found

    return {
        "viewer": {**(actor(token.actor) or {}), "__typename": "User", "login": token.actor.login},
        "rateLimit": rate,
        "repository": lambda _, owner, name, **__: repository(context, context.find(f"{owner}/{name}")),
        "repositoryOwner": lambda _, login: owner(context, login),
        "organization": organization,
        "user": lambda _, login: owner(context, login),
        "search": find,
        "node": lambda _, id: node(context, id),  # noqa: A006 - the schema's name
        "nodes": lambda _, ids: [node(context, text) for text in ids],
    }
