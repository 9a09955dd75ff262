"""Kustomizations as files: which are roots, what exactly each needs, and why one is not built.

All that could leave the repository, start a program or ask a network is refused here, before a renderer is
started. Source: kustomize's documentation of its fields (kubectl.docs.kubernetes.io/references/kustomize).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import text_of
from fixbot.source.document import parse_document
from fixbot.source.partition import KUSTOMIZATIONS

GROUP: Final = "kustomize.config.k8s.io"
_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
DEEPEST: Final = 40
"""Kustomizations that take in one another."""
_MOST: Final = 1_000
"""Kustomizations of one root."""
_REMOTE: Final = re.compile(
    r"://|^git@|^git::|[?&](?:ref|version|submodules|timeout)=|^(?:github|gitlab|bitbucket)\."
)
_TAKES: Final = ("resources", "bases", "components")
_HELM: Final = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_PLUGINS: Final = ("generators", "transformers", "validators")
_PATCHES: Final = ("patches", "patchesStrategicMerge", "patchesJson6902")
_BUILTIN: Final = re.compile(rb"^apiVersion:[ \t]*[\"']?(?!builtin\b)", re.MULTILINE)
_REFERENCE: Final = re.compile(rb"\$ref[\"']?\s*:\s*[\"']?(?!#)")


@dataclass(frozen=True, slots=True)
class KustomizeRoot:
    """One kustomization that is built: its folder, the files that it needs, those of them that are like it.

    `problem` says why it is not built, if it isn't, and `at` in which file.
    """

    folder: str
    path: str
    files: tuple[str, ...]
    kustomizations: tuple[str, ...]
    problem: str = ""
    at: str = ""


class _NotBuilt(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


@dataclass(slots=True)
class KustomizeSurvey:
    """The kustomizations of a repository, each parsed once."""

    files: Mapping[str, bytes]
    parsed: dict[str, Node | None] = field(default_factory=dict)

    def find_roots(self, named: Iterable[str] = ()) -> list[KustomizeRoot]:
        """Those that no other one takes in, and those in the folders `named` by who deploys them."""
        there = [path for path in self.files if posixpath.basename(path) in _NAMES]
        ours = [path for path in there if self.read_kustomization(path) is not None]
        taken = {target for path in ours for target in self._list_taken(path)}
        wanted = frozenset(named)
        roots = []
        for path in ours:
            folder = posixpath.dirname(path)
            node = self.read_kustomization(path)
            component = node is not None and text_of(node.find_node("kind")) == "Component"
            if not component and (path not in taken or folder in wanted):
                roots.append(self.gather_root(folder, path))
        return roots

    def read_kustomization(self, path: str) -> Node | None:
        """The map of a kustomization; None for what is none, or can't be parsed."""
        if path not in self.parsed:
            self.parsed[path] = None
            try:
                document = parse_document(path, self.files[path].decode("utf-8-sig"))
            except (SyntaxProblem, UnicodeDecodeError):
                return None
            root = document.roots[0] if len(document.roots) == 1 else None
            if root is not None and root.kind is NodeKind.MAP:
                version = text_of(root.find_node("apiVersion")) or f"{GROUP}/"
                self.parsed[path] = root if version.startswith(f"{GROUP}/") else None
        return self.parsed[path]

    def list_patch_files(self, kustomizations: Iterable[str]) -> Iterator[str]:
        """The files that these kustomizations lay over others."""
        for path in kustomizations:
            root = self.read_kustomization(path)
            for named in _list_patch_names(root) if root is not None else ():
                way = _resolve(path, named)
                if way is not None and way in self.files:
                    yield way

    def find_in_folder(self, folder: str) -> str | None:
        """The kustomization of a folder."""
        ways = (posixpath.join(folder, name) for name in _NAMES)
        return next((way for way in ways if way in self.files), None)

    def _list_taken(self, path: str) -> Iterator[str]:
        root = self.read_kustomization(path)
        for key in _TAKES:
            for item in root.list_items(key) if root is not None else ():
                way = _resolve(path, text_of(item) or "")
                if way is not None and (found := self.find_in_folder(way)) is not None:
                    yield found

    def gather_root(self, folder: str, path: str) -> KustomizeRoot:
        """A root with exactly the files that it needs, or with why it isn't built."""
        needed: dict[str, None] = {}
        seen: dict[str, None] = {}
        try:
            self._gather(path, needed, seen, ())
        except _NotBuilt as why:
            return KustomizeRoot(folder, path, tuple(needed), tuple(seen), why.reason, why.path)
        return KustomizeRoot(folder, path, tuple(needed), tuple(seen))

    def _gather(
        self, path: str, needed: dict[str, None], seen: dict[str, None], above: tuple[str, ...]
    ) -> None:
        if path in above:
            raise _NotBuilt(path, "it takes in itself")
        if len(above) >= DEEPEST or len(seen) > _MOST:
            raise _NotBuilt(path, f"more than {DEEPEST} kustomizations take in one another")
        if path in seen:
            return
        seen[path] = needed[path] = None
        root = self.read_kustomization(path)
        if root is None:
            raise _NotBuilt(path, "it can't be read as a kustomization")
        _refuse_programs(path, root)
        for named in _list_taken_names(path, root):
            if (inner := self.find_in_folder(self._locate(path, named))) is not None:
                self._gather(inner, needed, seen, (*above, path))
            else:
                self._need(path, named, needed)
        for named in _list_files(path, root):
            self._need(path, named, needed)
        self._gather_builtin(path, root, needed)

    def _gather_builtin(self, path: str, root: Node, needed: dict[str, None]) -> None:
        for key in _PLUGINS:
            for item in root.list_items(key):
                self._need_builtin(path, text_of(item) or "", needed)
        if (schema := text_of(root.find_node("openapi", "path"))) is not None:
            self._need(path, schema, needed)
            if _REFERENCE.search(self.files[self._locate(path, schema)]):
                raise _NotBuilt(path, "its schema (openapi) refers to other documents")

    def _locate(self, path: str, named: str) -> str:
        way = _resolve(path, named)
        if way is None:
            remote = _REMOTE.search(named) is not None
            raise _NotBuilt(
                path, "it takes in what is remote" if remote else "it leads out of the repository"
            )
        return way

    def _need(self, path: str, named: str, needed: dict[str, None]) -> None:
        way = self._locate(path, named)
        if way not in self.files:
            raise _NotBuilt(
                path,
                f"{' '.join(named.split())} is not among the files that were read "
                "(a link, too large, missing, or remote)",
            )
        needed[way] = None

    def _need_builtin(self, path: str, named: str, needed: dict[str, None]) -> None:
        """A generator or transformer that is a part of kustomize itself, and starts nothing."""
        if "\n" in named:
            text = named.encode()
        else:
            self._need(path, named, needed)
            text = self.files[self._locate(path, named)]
        if _BUILTIN.search(text) or b"HelmChartInflation" in text or b"apiVersion" not in text:
            raise _NotBuilt(path, "it uses a plug-in")


def _refuse_programs(path: str, root: Node) -> None:
    if any(root.find_entry(key) or root.find_node(key) for key in _HELM):
        raise _NotBuilt(path, "it takes in charts (helmCharts)")


def _list_taken_names(path: str, root: Node) -> Iterator[str]:
    for key in _TAKES:
        for item in root.list_items(key):
            named = text_of(item)
            if named is None or "\n" in named:
                raise _NotBuilt(path, f"an item of {key} is no name of a file")
            yield named


def _list_files(path: str, root: Node) -> Iterator[str]:
    """The files that a kustomization names beside what it takes in."""
    for key in ("crds", "configurations"):
        yield from _texts(root.list_items(key), path)
    yield from _list_patch_names(root)
    for item in root.list_items("replacements"):
        yield from filter(None, (text_of(item.find_node("path")),))
    for key in ("configMapGenerator", "secretGenerator"):
        for item in root.list_items(key):
            yield from _texts(item.list_items("envs"), path)
            yield from filter(None, (text_of(item.find_node("env")),))
            for named in _texts(item.list_items("files"), path):
                yield named.partition("=")[2] if "=" in named else named


def _list_patch_names(root: Node) -> Iterator[str]:
    for key in _PATCHES:
        for item in root.list_items(key):
            named = text_of(item if item.kind is not NodeKind.MAP else item.find_node("path"))
            if named is not None and "\n" not in named and not named.lstrip().startswith(("{", "[", "- ")):
                yield named


def _texts(items: Iterable[Node], path: str) -> Iterator[str]:
    for item in items:
        if (text := text_of(item)) is None:
            raise _NotBuilt(path, "what should be the name of a file is none")
        yield text


def _resolve(path: str, named: str) -> str | None:
    """The path in the repository that a name means; None where it is remote or leads out of it."""
    if not named or _REMOTE.search(named) or named.startswith("/") or "\\" in named or "\0" in named:
        return None
    way = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
    return None if way.startswith("../") or way == ".." else "" if way == "." else way


def is_kustomization(path: str) -> bool:
    """Whether a file has the name of a kustomization."""
    return posixpath.basename(path).lower() in KUSTOMIZATIONS
