"""How commits, refs, trees and files look in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dulwich.objects import Commit

from tests.hub.model import GITHUB, Account, Json, Repo, stamp
from tests.hub.shapes import node_id, site, user

if TYPE_CHECKING:
    from tests.hub.hub import Hub
    from tests.hub.store import FileChange

TYPES = {0o040000: "tree", 0o160000: "commit"}


def who(line: bytes, when: int) -> Json:
    name, _, email = line.decode("utf-8", "replace").rpartition(" <")
    return {"name": name, "email": email.rstrip(">"), "date": stamp(when)}


def verification(commit: Commit) -> Json:
    if commit.gpgsig is None:
        return {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        }
    return {
        "verified": True,
        "reason": "valid",
        "signature": commit.gpgsig.decode(),
        "payload": f"tree {commit.tree.decode()}\n",
        "verified_at": stamp(commit.commit_time),
    }


def account_of(hub: Hub, email: str) -> Account | None:
    """The account that an e-mail address belongs to."""
    if email == GITHUB[1]:
        return hub.account("web-flow")
    match = re.fullmatch(r"\d+\+(.+)@users\.noreply\.github\.com", email)
    login = match[1] if match else email.partition("@")[0]
    return hub.accounts.get(login.lower())


def git_commit(base: str, repo: Repo, sha: str) -> Json:
    """A commit as the Git Data API shows it."""
    commit = repo.store.commit(sha)
    own, page = f"{base}/repos/{repo.full_name}", f"{site(base)}/{repo.full_name}"
    tree = commit.tree.decode()
    return {
        "sha": sha,
        "node_id": node_id("C", f"{repo.id}/{sha}"),
        "url": f"{own}/git/commits/{sha}",
        "html_url": f"{page}/commit/{sha}",
        "author": who(commit.author, commit.author_time),
        "committer": who(commit.committer, commit.commit_time),
        "message": commit.message.decode("utf-8", "replace"),
        "tree": {"sha": tree, "url": f"{own}/git/trees/{tree}"},
        "parents": [
            {"sha": one, "url": f"{own}/git/commits/{one}", "html_url": f"{page}/commit/{one}"}
            for one in repo.store.parents(sha)
        ],
        "verification": verification(commit),
    }


def commit(hub: Hub, base: str, repo: Repo, sha: str, *, files: bool = False) -> Json:
    """A commit as the commits API shows it."""
    inner = git_commit(base, repo, sha)
    own, page = f"{base}/repos/{repo.full_name}", f"{site(base)}/{repo.full_name}"
    shown: Json = {
        "sha": sha,
        "node_id": inner["node_id"],
        "url": f"{own}/commits/{sha}",
        "html_url": inner["html_url"],
        "comments_url": f"{own}/commits/{sha}/comments",
        "commit": {
            **{name: inner[name] for name in ("author", "committer", "message", "tree", "verification")},
            "url": inner["url"],
            "comment_count": 0,
        },
        "author": user(base, account_of(hub, inner["author"]["email"])),
        "committer": user(base, account_of(hub, inner["committer"]["email"])),
        "parents": [
            {"sha": one, "url": f"{own}/commits/{one}", "html_url": f"{page}/commit/{one}"}
            for one in repo.store.parents(sha)
        ],
    }
    if files:
        parents = repo.store.parents(sha)
        before = repo.store.tree_of(parents[0]) if parents else None
        changes = [
            file(base, repo, sha, change) for change in repo.store.diff(before, repo.store.tree_of(sha))
        ]
        came, went = (sum(each[key] for each in changes) for key in ("additions", "deletions"))
        shown["stats"] = {"additions": came, "deletions": went, "total": came + went}
        shown["files"] = changes
    return shown


def file(base: str, repo: Repo, sha: str, change: FileChange) -> Json:
    """One changed file."""
    came, went, hunks = repo.store.lines(change)
    entry = change.after or change.before
    page = f"{site(base)}/{repo.full_name}"
    shown: Json = {
        "sha": entry[1] if entry else None,
        "filename": change.path,
        "status": change.status,
        "additions": came,
        "deletions": went,
        "changes": came + went,
        "blob_url": f"{page}/blob/{sha}/{change.path}",
        "raw_url": f"{page}/raw/{sha}/{change.path}",
        "contents_url": f"{base}/repos/{repo.full_name}/contents/{change.path}?ref={sha}",
    }
    if hunks:
        shown["patch"] = hunks
    return shown


def ref(base: str, repo: Repo, name: str) -> Json:
    own, sha = f"{base}/repos/{repo.full_name}", repo.refs[name]
    return {
        "ref": name,
        "node_id": node_id("REF", f"{repo.id}/{name}"),
        "url": f"{own}/git/{name}",
        "object": {"type": "commit", "sha": sha, "url": f"{own}/git/commits/{sha}"},
    }


def tree(base: str, repo: Repo, sha: str, *, recursive: bool, limit: int) -> Json:
    own = f"{base}/repos/{repo.full_name}/git"
    entries = list(repo.store.walk(sha) if recursive else repo.store.entries(sha))
    shown = []
    for path, mode, inner in entries[:limit]:
        kind = TYPES.get(mode, "blob")
        item: Json = {"path": path, "mode": f"{mode:06o}", "type": kind, "sha": inner}
        if kind != "commit":
            item["url"] = f"{own}/{kind}s/{inner}"
        if kind == "blob":
            item["size"] = len(repo.store.data(inner))
        shown.append(item)
    return {"sha": sha, "url": f"{own}/trees/{sha}", "tree": shown, "truncated": len(entries) > limit}
