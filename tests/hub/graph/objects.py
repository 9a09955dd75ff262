"""Git objects and refs, as GraphQL shows them."""

from __future__ import annotations

from typing import Any

from dulwich.objects import Blob, Commit, Tree

from tests.hub.gitshapes import TYPES, account_of, who
from tests.hub.graph.context import Context, actor, connection
from tests.hub.model import Json, Refused, Repo, stamp
from tests.hub.rest.commits import find_commit
from tests.hub.shapes import node_id


def git_object(context: Context, repo: Repo, sha: str) -> Json | None:
    """A commit, a tree or a blob; None for what isn't there."""
    found = repo.store.get(sha)
    common: Json = {"id": node_id("O", f"{repo.id}/{sha}"), "oid": sha, "abbreviatedOid": sha[:7]}
    if isinstance(found, Commit):
        return {**common, **commit(context, repo, sha)}
    if isinstance(found, Tree):
        return {
            **common,
            "__typename": "Tree",
            "entries": lambda _: [entry(context, repo, *each) for each in repo.store.entries(sha)],
        }
    if isinstance(found, Blob):
        return {**common, **_blob(bytes(found.data))}
    return None


def _blob(data: bytes) -> Json:
    binary = b"\0" in data[:8000]
    cut = len(data) > 512_000
    try:
        text = None if binary else data.decode()
    except UnicodeDecodeError:
        text = None if binary else data.decode("utf-8", "replace")
    return {
        "__typename": "Blob",
        "byteSize": len(data),
        "isBinary": binary,
        "isTruncated": cut,
        "text": text if text is None or not cut else text[:512_000],
    }


def entry(context: Context, repo: Repo, path: str, mode: int, sha: str) -> Json:
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "mode": mode,
        "oid": sha,
        "type": TYPES.get(mode, "blob"),
        "size": len(repo.store.data(sha)) if mode not in TYPES else 0,
        "object": lambda _: git_object(context, repo, sha),
    }


def commit(context: Context, repo: Repo, sha: str) -> Json:
    made = repo.store.commit(sha)
    message = made.message.decode("utf-8", "replace")
    head, _, rest = message.partition("\n")

    def history(_: Any, **arguments: Any) -> Json:
        found = repo.store.ancestors(sha)
        return connection(found, lambda each: git_object(context, repo, each), arguments)

    return {
        "__typename": "Commit",
        "message": message,
        "messageHeadline": head,
        "messageBody": rest.strip(),
        "committedDate": stamp(made.commit_time),
        "authoredDate": stamp(made.author_time),
        "author": lambda _: git_actor(context, made.author, made.author_time),
        "committer": lambda _: git_actor(context, made.committer, made.commit_time),
        "tree": lambda _: git_object(context, repo, made.tree.decode()),
        "parents": lambda _, **arguments: connection(
            repo.store.parents(sha), lambda each: git_object(context, repo, each), arguments
        ),
        "history": history,
        "signature": None
        if made.gpgsig is None
        else {"__typename": "GpgSignature", "isValid": True, "state": "VALID", "wasSignedByGitHub": True},
        "url": f"{context.site}/{repo.full_name}/commit/{sha}",
        "file": lambda _, path: _file(context, repo, made.tree.decode(), path),
    }


def _file(context: Context, repo: Repo, tree: str, path: str) -> Json | None:
    found = repo.store.at(tree, path)
    return None if found is None else entry(context, repo, path, *found)


def git_actor(context: Context, line: bytes, when: int) -> Json:
    said = who(line, when)
    account = account_of(context.hub, said["email"])
    return {**said, "user": actor(account) if account is not None and account.kind == "User" else None}


def expression(context: Context, repo: Repo, text: str) -> Json | None:
    """What `main:path/to/file`, `HEAD`, a branch or a SHA stands for."""
    name, colon, path = text.partition(":")
    try:
        sha = find_commit(repo, name)
    except Refused:
        return git_object(context, repo, name) if not colon else None
    if not colon:
        return git_object(context, repo, sha)
    found = repo.store.at(repo.store.tree_of(sha), path)
    return None if found is None else git_object(context, repo, found[1])


def ref(context: Context, repo: Repo, name: str) -> Json | None:
    if name not in repo.refs:
        return None
    prefix = "/".join(name.split("/", 2)[:2]) + "/"
    return {
        "id": node_id("REF", f"{repo.id}/{name}"),
        "name": name.removeprefix(prefix),
        "prefix": prefix,
        "target": lambda _: git_object(context, repo, repo.refs[name]),
        "associatedPullRequests": lambda _, **arguments: _pulls_of(context, repo, name, arguments),
    }


def _pulls_of(context: Context, repo: Repo, name: str, arguments: Json) -> Json:
    from tests.hub.graph.pulls import pulls  # noqa: PLC0415 - pull requests show refs, refs show pull requests

    return pulls(context, repo, {**arguments, "headRefName": name.removeprefix("refs/heads/")})
