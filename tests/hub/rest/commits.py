"""Commits, branches, comparisons and files."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.hub import gitshapes
from tests.hub.model import Json, Refused, Repo
from tests.hub.rest import Answer, Call, page, route
from tests.hub.rest.gitdata import not_empty
from tests.hub.shapes import site

REPO = "/repos/{owner}/{repo}"
READ = "contents:read"


def find_commit(repo: Repo, name: str) -> str:
    """The commit for a branch, a ref, `HEAD` or a SHA."""
    not_empty(repo)
    if name == "HEAD":
        name = repo.default_branch
    for ref in (f"refs/heads/{name}", f"refs/{name}", f"refs/tags/{name}", name):
        if ref in repo.refs:
            return repo.refs[ref]
    found = repo.store.resolve(name)
    if found is None:
        raise Refused(404, "Not Found") if "/" in name else Refused(422, f"No commit found for SHA: {name}")
    return found


@route("GET", REPO + "/commits", READ)
def list_commits(call: Call) -> Answer:
    repo = call.repo
    not_empty(repo)
    try:
        start = find_commit(repo, call.query.get("sha", "HEAD"))
    except Refused as error:
        raise Refused(404, "Not Found") from error
    found = repo.store.ancestors(start)
    if path := call.query.get("path"):
        found = [sha for sha in found if _touches(repo, sha, path)]
    if author := call.query.get("author"):
        found = [sha for sha in found if author.encode() in repo.store.commit(sha).author]
    return page(call, found, lambda sha: gitshapes.commit(call.hub, call.base, repo, sha))


def _touches(repo: Repo, sha: str, path: str) -> bool:
    parents = repo.store.parents(sha)
    before = repo.store.at(repo.store.tree_of(parents[0]), path) if parents else None
    return repo.store.at(repo.store.tree_of(sha), path) != before


@route("GET", REPO + "/commits/{ref}", READ)
def get_commit(call: Call) -> Answer:
    sha = find_commit(call.repo, call.parameters["ref"])
    if call.request.headers.get("accept", "").endswith((".sha", "+sha")):
        return Answer(200, sha.encode())
    return Answer(200, gitshapes.commit(call.hub, call.base, call.repo, sha, files=True))


@route("GET", REPO + "/compare/{basehead}", READ)
def compare(call: Call) -> Answer:
    repo, base = call.repo, call.base
    left, dots, right = call.parameters["basehead"].partition("...")
    if not dots:
        raise Refused(404, "Not Found")
    try:
        one, other = (find_commit(repo, side.rpartition(":")[2]) for side in (left, right))
    except Refused as error:
        raise Refused(404, "Not Found") from error
    point = repo.store.merge_base(one, other)
    if point is None:
        raise Refused(404, f"No common ancestor between {left} and {right}.")
    ahead, behind = repo.store.between(one, other), repo.store.between(other, one)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (bool(ahead), bool(behind)), "diverged"
    )
    page_url = f"{site(base)}/{repo.full_name}/compare/{left}...{right}"
    changes = repo.store.diff(repo.store.tree_of(point), repo.store.tree_of(other))[:300]
    return Answer(
        200,
        {
            "url": f"{base}/repos/{repo.full_name}/compare/{left}...{right}",
            "html_url": page_url,
            "permalink_url": page_url,
            "diff_url": f"{page_url}.diff",
            "patch_url": f"{page_url}.patch",
            "base_commit": gitshapes.commit(call.hub, base, repo, one),
            "merge_base_commit": gitshapes.commit(call.hub, base, repo, point),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [gitshapes.commit(call.hub, base, repo, sha) for sha in ahead[:250]],
            "files": [gitshapes.file(base, repo, other, change) for change in changes],
        },
    )


@route("GET", REPO + "/branches/{branch}", READ)
def get_branch(call: Call) -> Answer:
    repo, name = call.repo, call.parameters["branch"]
    if f"refs/heads/{name}" not in repo.refs:
        if name in repo.renamed_branches:
            there = f"{call.base}/repositories/{repo.id}/branches/{repo.renamed_branches[name]}"
            raise Refused(301, "Moved Permanently", headers={"Location": there})
        raise Refused(404, "Branch not found")
    own = f"{call.base}/repos/{repo.full_name}/branches/{name}"
    kept = name in repo.protections
    return Answer(
        200,
        {
            "name": name,
            "commit": gitshapes.commit(call.hub, call.base, repo, repo.refs[f"refs/heads/{name}"]),
            "_links": {"self": own, "html": f"{site(call.base)}/{repo.full_name}/tree/{name}"},
            "protected": kept,
            "protection": {"enabled": kept},
            "protection_url": f"{own}/protection",
        },
    )


def _item(call: Call, path: str, mode: int, sha: str, ref: str) -> Json:
    repo = call.repo
    own = f"{call.base}/repos/{repo.full_name}"
    url = f"{own}/contents/{path}?ref={ref}"
    kind = {0o040000: "dir", 0o160000: "submodule", 0o120000: "symlink"}.get(mode, "file")
    git = f"{own}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    page_url = f"{site(call.base)}/{repo.full_name}/blob/{ref}/{path}"
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(repo.store.data(sha)) if kind in ("file", "symlink") else 0,
        "url": url,
        "git_url": git,
        "html_url": page_url,
        "download_url": f"{page_url}?raw" if kind == "file" else None,
        "_links": {"self": url, "git": git, "html": page_url},
    }


@route("GET", REPO + "/contents/{path}", READ)
def contents(call: Call) -> Answer:
    repo, path = call.repo, call.parameters["path"].strip("/")
    if repo.empty:
        raise Refused(404, "This repository is empty.")
    ref = call.query.get("ref", repo.default_branch)
    try:
        tree = repo.store.tree_of(find_commit(repo, ref))
    except Refused as error:
        raise Refused(404, f"No commit found for the ref {ref}") from error
    found = repo.store.at(tree, path)
    if found is None:
        raise Refused(404, "Not Found")
    mode, sha = found
    if mode == 0o040000:
        prefix = f"{path}/" if path else ""
        return Answer(
            200, [_item(call, prefix + name, m, inner, ref) for name, m, inner in repo.store.entries(sha)]
        )
    return _file(call, path, mode, sha, ref)


def _file(call: Call, path: str, mode: int, sha: str, ref: str) -> Answer:
    data = call.repo.store.data(sha)
    if "raw" in call.request.headers.get("accept", ""):
        return Answer(200, data)
    item: Any = _item(call, path, mode, sha, ref)
    if mode == 0o120000:
        return Answer(200, {**item, "target": data.decode()})
    small = len(data) <= 1_000_000
    content = b64encode(data).decode() if small else ""
    return Answer(200, {**item, "content": content, "encoding": "base64" if small else "none"})


@route("GET", REPO + "/codeowners/errors", READ)
def codeowners_errors(call: Call) -> Answer:
    tree = call.repo.store.tree_of(find_commit(call.repo, call.query.get("ref", "HEAD")))
    if not any(call.repo.store.at(tree, f"{place}CODEOWNERS") for place in (".github/", "", "docs/")):
        raise Refused(404, "Not Found")
    return Answer(200, {"errors": []})
