"""One local commit on one branch, made without touching the working tree, the index or HEAD.

No hook runs and nothing is signed: a signature says that a person looked, and asking for a
passphrase would stop the run. No filter runs either, since filters are commands; a file whose
committed form can't be told without one is refused. Line ends that git converts are converted back.
"""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.checkout.file_content import hash_blob
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.git_home import find_link, list_links
from fixbot.model.findings import Refusal
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fixbot.checkout import Checkout, FileChange

IDENTITY: Final = ("fixbot", "fixbot@users.noreply.github.com")
"""Who commits where neither git's configuration nor the environment names the user."""
MARKS: Final = "refs/fixbot/"
"""Below it stands, for each branch, the commit that was last put there; so ours is known for certain."""
_FILE: Final = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class BranchCommit:
    """What a branch holds now. `made` says whether this call put it there or found it so."""

    id: str
    branch: str
    made: bool


class _CommitRefused(Exception):
    """The message is the user's reason."""


def commit_on_branch(
    checkout: Checkout, branch: str, changes: Sequence[FileChange], message: str, base: str = "HEAD"
) -> BranchCommit | Refusal:
    """Commit `changes` on top of `base`, and let `branch` be that commit, as `commits_on_branch` does."""
    return commits_on_branch(checkout, branch, [(changes, message)], base)


def commits_on_branch(
    checkout: Checkout, branch: str, steps: Sequence[tuple[Sequence[FileChange], str]], base: str = "HEAD"
) -> BranchCommit | Refusal:
    """Commit changes and their messages one after the other on `base`, and let `branch` be the last commit.

    The content before each change is that of `base`. A branch that is there stays if it holds the same
    already, follows if nothing is on it but what the last call has put there, and is refused otherwise.
    """
    if checkout.git is None:
        return Refusal("a branch needs a git work tree, and this is none")
    try:
        several = [
            ({checkout.prefix + change.path: change for change in changes}, message)
            for changes, message in steps
        ]
        return _commit_files(checkout.git, branch, several, base)
    except _CommitRefused as refused:
        return Refusal(str(refused))
    except GitFailed as failed:
        return Refusal(f"git can't make the branch {escape_hidden(branch)}: {failed}")


def prepare_contents(
    checkout: Checkout, changes: Sequence[FileChange], base: str = "HEAD"
) -> dict[str, tuple[str, bytes]] | Refusal:
    """Mode and content to commit on top of `base`, by path in the repository; nothing is written."""
    if checkout.git is None:
        return Refusal("a commit needs a git work tree, and this is none")
    files = {checkout.prefix + change.path: change for change in changes}
    try:
        parent = _resolve_base(checkout.git, base)
        return _commit_contents(files, _read_committed(checkout.git, parent, list(files)))
    except _CommitRefused as refused:
        return Refusal(str(refused))
    except GitFailed as failed:
        return Refusal(f"git can't tell what is committed: {failed}")


def _commit_files(
    git: Git, branch: str, steps: Sequence[tuple[Mapping[str, FileChange], str]], base: str
) -> BranchCommit:
    parent = _resolve_base(git, base)
    ref = _check_ref(git, branch)
    _check_ways(git, (ref, MARKS + branch))
    before = _branch_tip(git, ref)
    trees: list[str] = []
    for files, _ in steps:
        contents = _commit_contents(files, _read_committed(git, parent, list(files)))
        trees.append(_write_tree(git, trees[-1] if trees else parent, contents))
    if before and _holds_commits(git, before, trees, parent):
        return BranchCommit(before, branch, made=False)
    mark = _branch_tip(git, MARKS + branch, checked_out=True)
    if before and before != mark:
        raise _CommitRefused(f"the branch {branch} has commits that are not fixbot's; it was left alone")
    identity = _commit_identity(git.configuration)
    made = parent
    for tree, (_, message) in zip(trees, steps, strict=True):
        said = git.run_command("commit-tree", "-p", made, tree, stdin=message.encode(), variables=identity)
        made = said.decode().strip()
    nothing = "0" * len(parent)
    moves = f"update {ref} {made} {before or nothing}\nupdate {MARKS}{branch} {made} {mark or nothing}\n"
    git.run_command("update-ref", stdin=moves.encode())
    return BranchCommit(made, branch, made=True)


def _holds_commits(git: Git, head: str, trees: Sequence[str], base: str) -> bool:
    """Whether a branch has commits with just these trees, one on the other, on `base`."""
    for tree in reversed(trees):
        found, *parents = git.run_for_line("rev-parse", f"{head}^{{tree}}", f"{head}^@").split("\n")
        if found != tree or len(parents) != 1:
            return False
        head = parents[0]
    return head == base


def _resolve_base(git: Git, base: str) -> str:
    try:
        return git.run_for_line("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}")
    except GitFailed:
        if base == "HEAD":
            raise _CommitRefused("the repository has no commit yet; a branch needs one to begin at") from None
        raise _CommitRefused(f"{escape_hidden(base)} is not a commit that is here") from None


def _check_ref(git: Git, branch: str) -> str:
    ref = f"refs/heads/{branch}"
    problem = _CommitRefused(f"{escape_hidden(branch)} can't be the name of a branch")
    if branch.startswith("-") or branch == "HEAD" or not branch.isprintable():
        raise problem
    try:
        git.run_command("check-ref-format", ref)
    except GitFailed:
        raise problem from None
    return ref


def _check_ways(git: Git, refs: tuple[str, ...]) -> None:
    """Raises _Refused where what is written for these refs would go through a symbolic link."""
    shared = os.path.realpath(git.run_for_line("rev-parse", "--path-format=absolute", "--git-common-dir"))
    ways = (*refs, *(f"logs/{ref}" for ref in refs), "objects/pack", "objects/info", "packed-refs")
    objects = os.path.join(shared, "objects")
    try:
        link = find_link(shared, ways) or next(list_links(objects), "")
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise _CommitRefused(f"{escape_hidden(objects)} can't be read: {why}") from None
    if link:
        raise _CommitRefused(f"{escape_hidden(link)} is a symbolic link, and nothing is written through one")


def _branch_tip(git: Git, ref: str, *, checked_out: bool = False) -> str:
    """The commit that `ref` is at, or nothing. A branch that someone works on is refused."""
    rows = git.run_for_line(
        "for-each-ref", "--format=%(objectname) %(refname) :%(symref) %(worktreepath)", ref
    )
    for row in rows.split("\n") if rows else ():
        commit, name, target, folder = row.split(" ", 3)
        if name != ref:
            continue
        if target != ":":
            raise _CommitRefused(f"{ref} is a symbolic ref, which stands for {target[1:]}; it was left alone")
        if folder and not checked_out:
            where = escape_hidden(folder)
            raise _CommitRefused(f"the branch {ref.removeprefix('refs/heads/')} is checked out in {where}")
        return commit
    return ""


def _read_committed(git: Git, commit: str, paths: list[str]) -> dict[str, tuple[str, str]]:
    """Mode and blob of those of `paths` that are in the commit, and of any folder's rival for a new one."""
    parents = {path[:at] for path in paths for at, letter in enumerate(path) if letter == "/"}
    rows = git.run_command("ls-tree", "-z", commit, "--", *paths, *sorted(parents))
    found = {}
    for row in os.fsdecode(rows).split("\0")[:-1]:
        head, _, path = row.partition("\t")
        mode, kind, blob = head.split(" ")
        if kind != "tree" or path in paths:
            found[path] = (mode, blob)
    return found


def _commit_contents(
    files: Mapping[str, FileChange], committed: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, bytes]]:
    """Mode and content to commit for each path. Raises _Refused where it can't be told."""
    contents = {}
    for path, change in files.items():
        name = escape_hidden(change.path)
        mode, blob = committed.get(path, ("", ""))
        if change.before is None:
            if mode or any(path.startswith(f"{other}/") for other in committed):
                raise _CommitRefused(f"{name} is there already in the last commit")
            contents[path] = (_FILE[0], change.after)
            continue
        if not mode:
            raise _CommitRefused(f"{name} is not committed yet")
        if mode not in _FILE:
            raise _CommitRefused(f"{name} is not a file in the last commit, but a link, folder or submodule")
        contents[path] = (mode, _match_line_ends(name, change.before, change.after, blob))
    return contents


def _match_line_ends(name: str, before: bytes, after: bytes, blob: str) -> bytes:
    if hash_blob(before, len(blob)) == blob:
        return after
    unix = before.replace(b"\r\n", b"\n")
    if hash_blob(unix, len(blob)) != blob:
        raise _CommitRefused(f"{name} has uncommitted changes; commit or stash them first")
    if unix.count(b"\n") != before.count(b"\r\n") or after.count(b"\n") != after.count(b"\r\n"):
        raise _CommitRefused(f"{name} has line ends of both kinds, which git converts")
    return after.replace(b"\r\n", b"\n")


def _write_tree(git: Git, parent: str, contents: Mapping[str, tuple[str, bytes]]) -> str:
    with tempfile.TemporaryDirectory(prefix="fixbot-") as folder:
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        git.run_command("read-tree", parent, variables=index)
        rows = []
        for path, (mode, data) in contents.items():
            blob = git.run_for_line("hash-object", "-w", stdin=data)
            rows.append(os.fsencode(f"{mode} {blob}\t{path}\0"))
        git.run_command("update-index", stdin=b"".join(rows), variables=index)
        return git.run_command("write-tree", variables=index).decode().strip()


def _commit_identity(configuration: Mapping[str, str]) -> dict[str, str]:
    """The user if git knows both a name and an address, which it would else make up from the machine's."""
    identity: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        pair = [
            os.environ.get(f"GIT_{role}_{part}")
            or configuration.get(f"{role.lower()}.{part.lower()}")
            or configuration.get(f"user.{part.lower()}")
            for part in ("NAME", "EMAIL")
        ]
        name, email = pair if all(pair) else IDENTITY
        identity |= {f"GIT_{role}_NAME": name or "", f"GIT_{role}_EMAIL": email or ""}
    return identity
