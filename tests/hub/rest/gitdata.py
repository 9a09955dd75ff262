"""Git Data: blobs, trees, commits and refs."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dulwich.objects import Blob, Tree

from tests.hub import gitshapes
from tests.hub.model import GITHUB, ZERO, Json, Refused, Repo, Token, invalid
from tests.hub.refs import WORKFLOWS, Move, move_refs
from tests.hub.rest import Answer, Call, route
from tests.hub.shapes import node_id
from tests.hub.store import Entry, Who

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "160000": "commit", "040000": "tree"}
OWN = "/repos/{owner}/{repo}/git"
READ, WRITE = "contents:read", "contents:write"


def not_empty(repo: Repo) -> None:
    if repo.empty:
        raise Refused(409, "Git Repository is empty.")


@route("GET", OWN + "/ref/{ref}", READ)
def get_ref(call: Call) -> Answer:
    not_empty(call.repo)
    name = f"refs/{call.parameters['ref']}"
    if name not in call.repo.refs:
        raise Refused(404, "Not Found")
    return Answer(200, gitshapes.ref(call.base, call.repo, name))


@route("GET", OWN + "/matching-refs/{ref}", READ)
def matching_refs(call: Call) -> Answer:
    not_empty(call.repo)
    prefix = f"refs/{call.parameters['ref']}"
    found = sorted(name for name in call.repo.refs if name.startswith(prefix))
    return Answer(200, [gitshapes.ref(call.base, call.repo, name) for name in found])


@route("POST", OWN + "/refs", WRITE)
def create_ref(call: Call) -> Answer:
    not_empty(call.repo)
    name, sha = call.body["ref"], call.body["sha"]
    if name in call.repo.refs:
        raise Refused(422, "Reference already exists")
    move_refs(call.hub, call.repo, call.token, [Move(name, sha)])
    return Answer(201, gitshapes.ref(call.base, call.repo, name))


@route("PATCH", OWN + "/refs/{ref}", WRITE)
def update_ref(call: Call) -> Answer:
    name = f"refs/{call.parameters['ref']}"
    if name not in call.repo.refs:
        raise Refused(422, "Reference does not exist")
    move_refs(
        call.hub, call.repo, call.token, [Move(name, call.body["sha"], force=call.body.get("force", False))]
    )
    return Answer(200, gitshapes.ref(call.base, call.repo, name))


@route("DELETE", OWN + "/refs/{ref}", WRITE)
def delete_ref(call: Call) -> Answer:
    move_refs(call.hub, call.repo, call.token, [Move(f"refs/{call.parameters['ref']}", ZERO)])
    return Answer(204)


@route("GET", OWN + "/blobs/{file_sha}", READ)
def get_blob(call: Call) -> Answer:
    not_empty(call.repo)
    sha = call.parameters["file_sha"]
    if not isinstance(call.repo.store.get(sha), Blob):
        raise Refused(404, "Not Found")
    data = call.repo.store.data(sha)
    if call.request.headers.get("accept", "").endswith(("raw+json", ".raw")):
        return Answer(200, data)
    return Answer(
        200,
        {**_blob(call, sha), "size": len(data), "content": b64encode(data).decode(), "encoding": "base64"},
    )


def _blob(call: Call, sha: str) -> Json:
    return {
        "sha": sha,
        "node_id": node_id("B", f"{call.repo.id}/{sha}"),
        "url": f"{call.base}/repos/{call.repo.full_name}/git/blobs/{sha}",
    }


@route("POST", OWN + "/blobs", WRITE)
def create_blob(call: Call) -> Answer:
    not_empty(call.repo)
    content = call.body["content"]
    try:
        data = (
            b64decode(content, validate=False) if call.body.get("encoding") == "base64" else content.encode()
        )
    except binascii.Error as error:
        raise invalid("Blob", "content") from error
    made = _blob(call, call.repo.store.blob(data))
    return Answer(201, {"sha": made["sha"], "url": made["url"]})


@route("GET", OWN + "/trees/{tree_sha}", READ)
def get_tree(call: Call) -> Answer:
    not_empty(call.repo)
    name = call.parameters["tree_sha"]
    commit = call.repo.refs.get(f"refs/heads/{name}") or call.repo.store.resolve(name)
    sha = call.repo.store.tree_of(commit) if commit else name
    if not isinstance(call.repo.store.get(sha), Tree):
        raise Refused(404, "Not Found")
    whole = "recursive" in call.query
    shown = gitshapes.tree(call.base, call.repo, sha, recursive=whole, limit=call.hub.tree_limit)
    return Answer(200, shown)


def _entries(call: Call) -> Iterator[tuple[str, Entry | None]]:
    store = call.repo.store
    for each in call.body["tree"]:
        path, mode = each.get("path", ""), each.get("mode", "")
        parts = path.split("/")
        if not all(parts) or any(part in (".", "..") or part.lower() == ".git" for part in parts):
            raise Refused(422, "tree.path contains a malformed path component")
        if mode not in MODES or each.get("type", MODES[mode]) != MODES[mode]:
            raise Refused(422, "Must supply a valid tree.mode")
        if ("sha" in each) == ("content" in each):
            raise Refused(422, "Must supply either tree.sha or tree.content")
        if "content" in each:
            yield path, (int(mode, 8), store.blob(each["content"].encode()))
        elif each["sha"] is None:
            yield path, None
        else:
            there = store.get(each["sha"])
            if MODES[mode] != "commit" and (there is None or there.type_name.decode() != MODES[mode]):
                raise Refused(422, f"tree.sha {each['sha']} is not a valid {MODES[mode]}")
            yield path, (int(mode, 8), each["sha"])


@route("POST", OWN + "/trees", WRITE)
def create_tree(call: Call) -> Answer:
    not_empty(call.repo)
    store, base = call.repo.store, call.body.get("base_tree")
    changes = dict(_entries(call))
    if any(path.startswith(f"{WORKFLOWS}/") for path in changes) and not call.hub.allows(
        call.token, call.repo, "workflows", "write"
    ):
        raise (
            Refused(403, "Resource not accessible by integration")
            if call.token.installation
            else Refused(404, "Not Found")
        )
    if base is not None:
        commit = store.resolve(base)
        base = store.tree_of(commit) if commit else base
        if not isinstance(store.get(base), Tree):
            raise Refused(404, "Not Found")
    elif not changes:
        raise Refused(422, "Invalid tree info")
    try:
        made = store.with_changes(base, changes)
    except KeyError as error:
        raise Refused(422, "GitRPC::BadObjectState") from error
    return Answer(201, gitshapes.tree(call.base, call.repo, made, recursive=False, limit=call.hub.tree_limit))


@route("GET", OWN + "/commits/{commit_sha}", READ)
def get_commit(call: Call) -> Answer:
    not_empty(call.repo)
    sha = call.parameters["commit_sha"]
    if call.repo.store.resolve(sha) != sha:
        raise Refused(404, "Not Found")
    return Answer(200, gitshapes.git_commit(call.base, call.repo, sha))


def _who(said: dict[str, Any] | None, otherwise: tuple[str, str], now: int) -> Who:
    if not said:
        return (*otherwise, now)
    when = int(datetime.fromisoformat(said["date"]).timestamp()) if "date" in said else now
    return said["name"], said["email"], when


def authors(token: Token, now: int, body: Json) -> tuple[Who, Who, bool]:
    """Author, committer, and whether GitHub signs: only for an installation that names neither."""
    own = (token.actor.name or token.actor.login, token.actor.email)
    if token.installation:
        own = (token.actor.login, token.actor.email)
    named = body.get("author") or body.get("committer")
    if token.installation and not named:
        return (*own, now), (*GITHUB, now), True
    author = _who(body.get("author"), own, now)
    return author, _who(body.get("committer"), (author[0], author[1]), now), False


@route("POST", OWN + "/commits", WRITE)
def create_commit(call: Call) -> Answer:
    not_empty(call.repo)
    store, body = call.repo.store, call.body
    if not isinstance(store.get(body["tree"]), Tree):
        raise Refused(422, "Tree SHA does not exist")
    parents = body.get("parents", [])
    if any(store.resolve(parent) != parent for parent in parents):
        raise Refused(422, "Parent SHA does not exist or is not a commit object")
    author, committer, signed = authors(call.token, int(call.hub.clock.now()), body)
    made = store.write_commit(body["tree"], parents, body["message"], author, committer, signed=signed)
    return Answer(201, gitshapes.git_commit(call.base, call.repo, made))
