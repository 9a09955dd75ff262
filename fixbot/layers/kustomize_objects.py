"""What a built object is made of: the object in a base, and the patches that kustomizations lay over it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import text_of
from fixbot.model.layer import LayerKind
from fixbot.source.document import Document, parse_embedded_scalar

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, eq=False, slots=True)
class ObjectLayer:
    """A part of an object that one place of a file says.

    `tree` is an object, a part of one to be merged (`patch`), or a value that is put at `pointer`; `owner` is
    the kustomization that takes it in.
    """

    kind: LayerKind
    tree: Node
    owner: str
    pointer: tuple[str, ...] = ()
    merged: bool = False

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.tree.root_node.source


@dataclass(frozen=True, eq=False, slots=True)
class KustomizePatch:
    """A patch as a kustomization has it: what it is for, and its layers."""

    owner: str
    component: bool
    target: Node | None
    tree: Node

    def may_change(self, node: Node) -> bool:
        """Whether it may be for an object, by the object's kind and name as its own file has them."""
        kind, name = text_of(node.find_node("kind")), text_of(node.find_node("metadata", "name"))
        if self.target is None:
            tree = self.tree
            return (text_of(tree.find_node("kind")), text_of(tree.find_node("metadata", "name"))) == (
                kind,
                name,
            )
        asked = (("kind", kind or ""), ("name", name or ""))
        return all(_may_match(text_of(self.target.find_node(key)), value) for key, value in asked)

    def list_layers(self) -> Iterator[ObjectLayer]:
        """What it says, one layer for each operation or one that is merged."""
        kind: LayerKind = "component" if self.component else "patch"
        if self.tree.kind is not NodeKind.LIST:
            yield ObjectLayer(kind, self.tree, self.owner, merged=True)
            return
        for item in self.tree.items:
            path, value = text_of(item.find_node("path")), item.find_node("value")
            if path is not None and value is not None and text_of(item.find_node("op")) in ("add", "replace"):
                steps = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])
                yield ObjectLayer(kind, value, self.owner, tuple(steps))


def _may_match(pattern: str | None, value: str) -> bool:
    """Whether a selector takes a value; what is too long to be one takes nothing."""
    if not pattern or not value:
        return True
    if len(pattern) > 200:
        return False
    if re.fullmatch(r"[\w.-]+", pattern):
        alike = (mine in (".", theirs) for mine, theirs in zip(pattern, value, strict=False))
        return len(pattern) == len(value) and all(alike)
    simple = re.fullmatch(r"\^?([\w.-]*)\.\*\$?|\^([\w.-]+)\$", pattern)
    return simple is None or (value.startswith(simple[1]) if simple[1] is not None else value == simple[2])


@dataclass(slots=True)
class PatchBook:
    """The patches of every kustomization of a part, read once, and what each root lays over a file."""

    documents: Mapping[str, Document]
    read: dict[str, list[KustomizePatch]] = field(default_factory=dict)
    collected: dict[str, dict[str, list[KustomizePatch]]] = field(default_factory=dict)

    def find_in_folder(self, folder: str) -> str | None:
        """The kustomization of a folder."""
        ways = (posixpath.join(folder, name) for name in _NAMES)
        return next((way for way in ways if way in self.documents), None)

    def read_root(self, path: str) -> Node | None:
        """The map of a kustomization."""
        document = self.documents.get(path)
        root = document.roots[0] if document is not None and len(document.roots) == 1 else None
        return root if root is not None and root.kind is NodeKind.MAP else None

    def collect_patches(self, path: str) -> dict[str, list[KustomizePatch]]:
        """By file: the patches that a kustomization lays over its objects, in their order."""
        if path not in self.collected:
            self.collected[path] = self._collect_patches(path)
        return {name: list(some) for name, some in self.collected[path].items()}

    def _collect_patches(self, path: str) -> dict[str, list[KustomizePatch]]:
        root, found = self.read_root(path), dict[str, list[KustomizePatch]]()
        if root is None:
            return found
        for way in self._list_ways(path, root, ("resources", "bases")):
            if (inner := self.find_in_folder(way)) is not None:
                for name, some in self.collect_patches(inner).items():
                    own = found.setdefault(name, [])
                    own += [each for each in some if each not in own]
            else:
                found.setdefault(way, [])
        for way in self._list_ways(path, root, ("components",)):
            inner = self.find_in_folder(way)
            if inner is not None:
                self._lay_over(inner, found)
        return {name: [*some, *self.list_patches(path)] for name, some in found.items()}

    def _lay_over(self, path: str, found: dict[str, list[KustomizePatch]]) -> None:
        """A component: what it takes in joins the others, and its patches are for all of them."""
        own = self.collect_patches(path)
        root = self.read_root(path)
        inner = self._list_ways(path, root, ("components",)) if root is not None else []
        patches = [
            each for way in inner if (at := self.find_in_folder(way)) for each in self.list_patches(at)
        ]
        for some in found.values():
            some.extend((*patches, *self.list_patches(path)))
        for name, some in own.items():
            found.setdefault(name, some)

    def list_taken(self, path: str) -> set[str]:
        """The kustomizations that one takes in, at any depth, itself included."""
        found, waiting = {path}, [path]
        while waiting:
            root = self.read_root(at := waiting.pop())
            for way in self._list_ways(at, root, ("resources", "bases", "components")) if root else ():
                inner = self.find_in_folder(way)
                if inner is not None and inner not in found:
                    found.add(inner)
                    waiting.append(inner)
        return found

    def _list_ways(self, path: str, root: Node, keys: Sequence[str]) -> list[str]:
        named = (text_of(item) for key in keys for item in root.list_items(key))
        ways = (posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in named if each)
        return ["" if way == "." else way for way in ways]

    def list_patches(self, path: str) -> list[KustomizePatch]:
        """The patches that a kustomization holds or names, of all three kinds."""
        if path not in self.read:
            self.read[path] = list(self._read_patches(path))
        return self.read[path]

    def _read_patches(self, path: str) -> Iterator[KustomizePatch]:
        root = self.read_root(path)
        if root is None:
            return
        component = text_of(root.find_node("kind")) == "Component"
        for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
            for item in root.list_items(key):
                if item.kind is NodeKind.MAP:
                    target, inline, named = (item.find_node(word) for word in ("target", "patch", "path"))
                else:
                    target, inline, named = None, item, item
                for tree in self._read_trees(path, inline, text_of(named)):
                    yield KustomizePatch(path, component, target, tree)

    def _read_trees(self, path: str, inline: Node | None, named: str | None) -> Iterator[Node]:
        way = posixpath.normpath(posixpath.join(posixpath.dirname(path), named)) if named else ""
        if way in self.documents:
            yield from self.documents[way].roots
        elif inline is not None and inline.kind is NodeKind.SCALAR:
            try:
                tree = parse_embedded_scalar(inline, self.documents[path].text, "yaml")
            except SyntaxProblem:
                tree = None
            if tree is not None:
                yield tree


def list_objects(document: Document) -> Iterator[Node]:
    """The objects of a file, those of a List too."""
    for root in document.roots:
        if (text_of(root.find_node("kind")) or "").endswith("List") and root.list_items("items"):
            yield from root.list_items("items")
        elif root.kind is NodeKind.MAP:
            yield root


def find_object(document: Document, built: Node) -> Node | None:
    """The object of a file that a built one was made of: of its kind, and by name where there are more."""
    kind, name = text_of(built.find_node("kind")), text_of(built.find_node("metadata", "name")) or ""
    alike = [each for each in list_objects(document) if text_of(each.find_node("kind")) == kind]
    if len(alike) == 1:
        return alike[0]
    named = [(text_of(each.find_node("metadata", "name")) or "", each) for each in alike]
    space = text_of(built.find_node("metadata", "namespace"))
    fitting = sorted(
        ((own, each) for own, each in named if own and own in name), key=lambda row: -len(row[0])
    )
    best = [each for own, each in fitting if own == fitting[0][0]]
    if len(best) > 1:
        best = [each for each in best if text_of(each.find_node("metadata", "namespace")) == space]
    return best[0] if len(best) == 1 else None
