"""One bare git repository: its objects, read and written by dulwich, merged by git itself."""

from __future__ import annotations

import difflib
import heapq
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dulwich.diff_tree import tree_changes
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.objectspec import parse_commit
from dulwich.refs import Ref
from dulwich.repo import Repo as GitRepo

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
Entry = tuple[int, str]
Who = tuple[str, str, int]


def name_of(sha: str) -> ObjectID:
    """An object's name as dulwich wants it."""
    return ObjectID(sha.encode())


@dataclass(frozen=True)
class FileChange:
    """One file that differs between two trees."""

    path: str
    status: str
    before: Entry | None
    after: Entry | None


class Store:
    """The objects of a bare repository at `path`, each parsed once. Names are hexadecimal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = GitRepo(str(path)) if path.exists() else GitRepo.init_bare(str(path), mkdir=True)
        self._objects: dict[str, ShaFile] = {}
        self._merges: dict[tuple[str, str], str | None] = {}
        self._bases: dict[tuple[str, str], str | None] = {}
        self._older: dict[tuple[str, str], bool] = {}
        self._between: dict[tuple[str, str], list[str]] = {}

    def close(self) -> None:
        self._git.close()

    def get(self, sha: str) -> ShaFile | None:
        if sha not in self._objects:
            if len(sha) != 40:
                return None
            try:
                self._objects[sha] = self._git.object_store[name_of(sha)]
            except (KeyError, ValueError):
                if sha != EMPTY_TREE:
                    return None
                self.put(Tree())
        return self._objects[sha]

    def put(self, thing: ShaFile) -> str:
        sha = thing.id.decode()
        if sha not in self._objects:
            self._git.object_store.add_object(thing)
            self._objects[sha] = thing
        return sha

    def commit(self, sha: str) -> Commit:
        found = self.get(sha)
        if not isinstance(found, Commit):
            raise KeyError(sha)
        return found

    def tree(self, sha: str) -> Tree:
        found = self.get(sha)
        if not isinstance(found, Tree):
            raise KeyError(sha)
        return found

    def blob(self, data: bytes) -> str:
        return self.put(Blob.from_string(data))

    def data(self, sha: str) -> bytes:
        found = self.get(sha)
        if not isinstance(found, Blob):
            raise KeyError(sha)
        return bytes(found.data)

    def tree_of(self, commit: str) -> str:
        return bytes(self.commit(commit).tree).decode()

    def parents(self, commit: str) -> list[str]:
        return [parent.decode() for parent in self.commit(commit).parents]

    def entries(self, tree: str) -> Iterator[tuple[str, int, str]]:
        """Name, mode and object of what lies directly in a tree."""
        for item in self.tree(tree).iteritems():
            yield item.path.decode(), item.mode, item.sha.decode()

    def walk(self, tree: str, prefix: str = "") -> Iterator[tuple[str, int, str]]:
        """All that lies in a tree, folders before what is in them."""
        for name, mode, sha in self.entries(tree):
            yield prefix + name, mode, sha
            if mode == 0o040000:
                yield from self.walk(sha, f"{prefix}{name}/")

    def at(self, tree: str, path: str) -> Entry | None:
        mode, sha = 0o040000, tree
        for part in path.strip("/").split("/"):
            if mode != 0o040000 or (part and part.encode() not in self.tree(sha)):
                return None
            if part:
                mode, raw = self.tree(sha)[part.encode()]
                sha = raw.decode()
        return mode, sha

    def with_changes(self, tree: str | None, changes: Mapping[str, Entry | None]) -> str:
        """The tree in which the paths hold these entries. KeyError: a path to delete isn't there."""
        new = Tree()
        for name, mode, sha in self.entries(tree) if tree else ():
            new.add(name.encode(), mode, name_of(sha))
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                del new[name.encode()]
            else:
                new.add(name.encode(), entry[0], name_of(entry[1]))
        for name, inner in below.items():
            there = self._there(new, name)
            under = there[1].decode() if there and there[0] == 0o040000 else None
            made = self.with_changes(under, inner)
            if made == EMPTY_TREE:
                del new[name.encode()]
            else:
                new.add(name.encode(), 0o040000, name_of(made))
        return self.put(new)

    @staticmethod
    def _there(tree: Tree, name: str) -> tuple[int, bytes] | None:
        return tree[name.encode()] if name.encode() in tree else None  # noqa: SIM401 - a tree has no get

    def write_commit(
        self, tree: str, parents: list[str], message: str, author: Who, committer: Who, *, signed: bool
    ) -> str:
        made = Commit()
        made.tree = name_of(tree)
        made.parents = [name_of(parent) for parent in parents]
        made.author, made.committer = (f"{who[0]} <{who[1]}>".encode() for who in (author, committer))
        made.author_time, made.commit_time = author[2], committer[2]
        made.author_timezone = made.commit_timezone = 0
        made.message = message.encode()
        if signed:
            proof = sha256(made.as_raw_string()).hexdigest()
            made.gpgsig = f"-----BEGIN PGP SIGNATURE-----\n\n{proof}\n-----END PGP SIGNATURE-----".encode()
        return self.put(made)

    def ancestors(self, commit: str, *, without: frozenset[str] | set[str] = frozenset()) -> list[str]:
        """The commit and all before it, newest first where dates tell, but not `without`."""
        seen, order, queue = set(without), [], [(0, commit)]
        while queue:
            _, sha = heapq.heappop(queue)
            if sha not in seen:
                seen.add(sha)
                order.append(sha)
                for parent in self.parents(sha):
                    heapq.heappush(queue, (-self.commit(parent).commit_time, parent))
        return order

    def is_ancestor(self, old: str, new: str) -> bool:
        if (old, new) not in self._older:
            self._older[old, new] = old in self.ancestors(new)
        return self._older[old, new]

    def merge_base(self, one: str, other: str) -> str | None:
        if (one, other) not in self._bases:
            near = set(self.ancestors(one))
            common = [sha for sha in self.ancestors(other) if sha in near]
            lower = {parent for sha in common for parent in self.parents(sha)}
            self._bases[one, other] = next((sha for sha in common if sha not in lower), None)
        return self._bases[one, other]

    def between(self, base: str, head: str) -> list[str]:
        """The commits of `head` that `base` has not, oldest first."""
        if (base, head) not in self._between:
            self._between[base, head] = self.ancestors(head, without=set(self.ancestors(base)))[::-1]
        return self._between[base, head]

    def diff(self, before: str | None, after: str) -> list[FileChange]:
        """The files in which two trees differ. A move is a file that went and one that came."""
        found = []
        for change in tree_changes(
            self._git.object_store, name_of(before) if before else None, name_of(after)
        ):
            old, new = (
                (side.mode or 0, side.sha.decode()) if side and side.sha else None
                for side in (change.old, change.new)
            )
            status = "added" if old is None else "removed" if new is None else "modified"
            side = change.old if new is None else change.new
            path = (side.path or b"").decode() if side else ""
            found.append(FileChange(path, status, old, new))
        return found

    def lines(self, change: FileChange) -> tuple[int, int, str | None]:
        """How many lines came and went, and the hunks; no hunks for a binary file."""
        sides = [self._text(side) for side in (change.before, change.after)]
        if any(b"\0" in side for side in sides):
            return 0, 0, None
        old, new = (side.decode("utf-8", "replace").splitlines() for side in sides)
        hunks = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
        came = sum(line.startswith("+") for line in hunks)
        return came, sum(line.startswith("-") for line in hunks), "\n".join(hunks)

    def _text(self, entry: Entry | None) -> bytes:
        return b"" if entry is None or entry[0] == 0o160000 else self.data(entry[1])

    def merge(self, base: str, head: str) -> str | None:
        """The tree of both, or None where they conflict."""
        if self.is_ancestor(base, head):
            return self.tree_of(head)
        if (base, head) not in self._merges:
            words = ["git", "-C", str(self.path), "merge-tree", "--write-tree", "--no-messages", base, head]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            self._merges[base, head] = done.stdout.strip() if done.returncode == 0 else None
        return self._merges[base, head]

    def resolve(self, text: str) -> str | None:
        """A full or shortened name of a commit, or None."""
        if isinstance(self.get(text), Commit):
            return text
        if not (7 <= len(text) < 40 and set(text) <= set("0123456789abcdef")):
            return None
        try:
            return parse_commit(self._git, text.encode()).id.decode()
        except (KeyError, ValueError):
            return None

    def refs(self) -> dict[str, str]:
        """What git itself says the refs are."""
        return {
            name.decode(): sha.decode()
            for name, sha in self._git.refs.as_dict().items()
            if name.startswith(b"refs/")
        }

    def set_ref(self, name: str, sha: str | None) -> None:
        if sha is None:
            self._git.refs.remove_if_equals(Ref(name.encode()), None)
        else:
            # As dulwich does, but without waiting for the disk.
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f"{path.name}.lock")
            fresh.write_text(f"{sha}\n")
            fresh.replace(path)

    def set_head(self, branch: str) -> None:
        self._git.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(f"refs/heads/{branch}".encode()))
