"""Kustomizations as layers: built in a child process, judged as built, mended in base, patch or overlay."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixbot.edit.change import Add, Change
from fixbot.edit.tree import CannotEdit, Node, NodeKind, SyntaxProblem
from fixbot.layers import LayerEdit, LayeredProblem, Occurrence
from fixbot.layers.kustomize_files import KustomizeRoot, KustomizeSurvey, is_kustomization
from fixbot.layers.kustomize_objects import ObjectLayer, PatchBook, find_object
from fixbot.layers.layer_edits import (
    build_patch,
    find_in_layer,
    find_way,
    find_writer,
    move_to_layer,
    write_in_layer,
)
from fixbot.layers.node_steps import list_steps
from fixbot.lens import text_of
from fixbot.model.findings import NewFile, Refusal, Unread
from fixbot.model.layer import Layer, LayerKind
from fixbot.programs import Programs
from fixbot.render import GIVEN, RenderMemory, RenderTask
from fixbot.source.document import Document, Relevant, parse_document_sections

_AROUND: Final = ".fixbot-root"
"""A folder of the copy, with a kustomization that takes in the root and asks where its objects come from."""
_ORIGIN: Final = "config.kubernetes.io/origin"
_UNTOLD: Final = (
    "What this object is built of can't be told from here, so it is not changed. Change it by hand."
)


@dataclass(frozen=True, eq=False, slots=True)
class BuiltObject:
    """One object of one root, the object of a file that it was made of, and its layers in their order."""

    root: KustomizeRoot
    node: Node
    source: Node
    layers: tuple[ObjectLayer, ...]


@dataclass(slots=True)
class KustomizeLayering:
    """The kustomizations of a part of the repository, built."""

    documents: Mapping[str, Document]
    files: Mapping[str, bytes]
    programs: Programs
    relevant: Relevant
    memory: RenderMemory = field(default_factory=RenderMemory)
    roots: dict[str, Document] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    by_name: dict[str, KustomizeRoot] = field(default_factory=dict)
    unbuilt: list[KustomizeRoot] = field(default_factory=list)
    objects: dict[int, BuiltObject] = field(default_factory=dict)
    """By the id of the built object's node."""
    instances: dict[int, list[BuiltObject]] = field(default_factory=dict)
    """By the id of the object in a file: all that is built of it."""
    book: PatchBook = field(init=False)

    def __post_init__(self) -> None:
        self.book = PatchBook(self.documents)

    @property
    def sources(self) -> Mapping[str, Document]:
        """No file of it is a template."""
        return {}

    @property
    def covered(self) -> frozenset[str]:
        """All that the built roots take in."""
        return frozenset(path for root in self.by_name.values() for path in root.files)

    def build_roots(self, roots: Sequence[KustomizeRoot]) -> None:
        """Build each once; what can't be built is named."""
        for root in roots:
            built = self._build(root, self.files)
            if isinstance(built, Refusal):
                self.unbuilt.append(root)
                self.unread.append(Unread(root.path, None, f"not built: {built.reason}", "unserved"))
                continue
            name = root.folder or "."
            self.roots[name], self.by_name[name] = built, root
        for name, root in self.by_name.items():
            self._trace_objects(root, self.roots[name])

    def _build(self, root: KustomizeRoot, files: Mapping[str, bytes]) -> Document | Refusal:
        wrapper = f'resources: ["../{root.folder}"]\nbuildMetadata: [originAnnotations]\n'
        given = {path: files[path] for path in root.files}
        given[f"{_AROUND}/kustomization.yaml"] = wrapper.encode()
        program = self.programs.kustomize or self.programs.kubectl
        words = ("build",) if self.programs.kustomize else ("kustomize",)
        named = "kustomize" if self.programs.kustomize else "kubectl kustomize"
        task = RenderTask(program, (*words, f"{GIVEN}/{_AROUND}"), given, named)
        text = self.memory.render_objects(task, self.programs)
        if isinstance(text, Refusal):
            return text
        try:
            return parse_document_sections(posixpath.join(root.folder, "(built).yaml"), text, self.relevant)
        except SyntaxProblem as problem:
            return Refusal(f"what {named} printed can't be read ({problem.reason})")

    def _trace_objects(self, root: KustomizeRoot, document: Document) -> None:
        patches = self.book.collect_patches(root.path)
        for node in document.roots:
            path = _find_origin(node)
            file = self.documents.get(path) if path is not None else None
            source = find_object(file, node) if file is not None else None
            if path is None or source is None:
                continue
            owner = next(
                (each for each in root.kustomizations if path in self._list_resources(each)), root.path
            )
            kind: LayerKind = "component" if self._is_component(owner) else "base"
            layers = [ObjectLayer(kind, source, owner)]
            for patch in patches.get(path, ()):
                layers += patch.list_layers() if patch.may_change(source) else ()
            made = BuiltObject(root, node, source, tuple(layers))
            self.objects[id(node)] = made
            self.instances.setdefault(id(source), []).append(made)

    def _list_resources(self, path: str) -> set[str]:
        node = self.book.read_root(path)
        named = [text_of(item) for item in node.list_items("resources")] if node is not None else []
        return {posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in named if each}

    def _is_component(self, path: str) -> bool:
        node = self.book.read_root(path)
        return node is not None and text_of(node.find_node("kind")) == "Component"

    def find_source(self, root: str, node: Node) -> Node | None:
        """The place in a file that a node of a built object comes from."""
        top, steps = list_steps(node)
        made = self.objects.get(id(top))
        if made is None:
            return None if root not in self.by_name else self.book.read_root(self.by_name[root].path)
        writer = find_writer(made.layers, steps)
        if writer is not None:
            return writer[1]
        return next((at[0] for each in made.layers if (at := find_in_layer(each, steps)) is not None), None)

    def place_problems(self, occurrences: Sequence[Occurrence]) -> list[LayeredProblem]:
        """Each problem at the layer that decides it; what generators make is told where they stand."""
        alike: dict[tuple[int, str, str, str], list[Occurrence]] = defaultdict(list)
        placed: list[LayeredProblem] = []
        for each in occurrences:
            top, _ = list_steps(each.node)
            made = self.objects.get(id(top))
            if made is not None:
                alike[id(made.source), each.rule, _shorten(each.address, top), each.wrong].append(each)
            elif not _is_generated(top):
                placed.append(self._place_untold(each))
        for (source, *_), some in alike.items():
            placed += self._place_alike(self.instances[source], some)
        return placed

    def _place_untold(self, each: Occurrence) -> LayeredProblem:
        node = self.book.read_root(self.by_name[each.root].path)
        place = each.node if node is None else node
        layer = Layer("generator", each.root)
        return LayeredProblem([each], place, (place,), layer, lambda: Refusal(_UNTOLD))

    def _place_alike(
        self, instances: Sequence[BuiltObject], some: Sequence[Occurrence]
    ) -> list[LayeredProblem]:
        """One problem of what is made of one object: by the layer that writes what is wrong, or lacks it."""
        by_writer: dict[int, list[Occurrence]] = defaultdict(list)
        for each in some:
            by_writer[self._find_home(each)].append(each)
        sick = {id(list_steps(each.node)[0]) for each in some}
        sound = [made for made in instances if id(made.node) not in sick]
        placed: list[LayeredProblem] = []
        for home, group in by_writer.items():
            made = self.objects[id(list_steps(group[0].node)[0])]
            layer = next((each for each in made.layers if id(each) == home or id(each.tree) == home), None)
            if not sound or (layer is not None and layer is not made.layers[0]):
                placed.append(self._place_at(layer or made.layers[0], group, self._decide_each(group)))
            else:
                placed += self._place_in_overlays(group, sound)
        return placed

    def _find_home(self, each: Occurrence) -> int:
        """The id of the tree of the layer that writes what is wrong; where none does, that lacks it."""
        top, steps = list_steps(each.node)
        layers, fix = self.objects[id(top)].layers, each.fix()
        ways = [find_way(change)[0] for change in fix.changes if not isinstance(change, Add)] if fix else []
        ways += [steps] if each.node.kind is NodeKind.SCALAR else []
        writer = next((found for way in ways if (found := find_writer(layers, way)) is not None), None)
        if writer is not None:
            return id(writer[0].tree)
        there = ((each, find_in_layer(each, steps)) for each in layers)
        return id(next((one.tree for one, at in there if at is not None and not at[1]), layers[0].tree))

    def _place_at(
        self, layer: ObjectLayer, group: Sequence[Occurrence], edit: Callable[[], LayerEdit | Refusal]
    ) -> LayeredProblem:
        first, node = group[0], self._find_in(layer, group[0].node)
        around = [self._find_in(layer, each) for each in first.around]
        made = self.objects[id(list_steps(first.node)[0])]
        whole = layer is made.layers[0] and self._why_untouchable(made) is None
        return LayeredProblem(group, node, around, Layer(layer.kind, first.root), edit, whole)

    def _find_in(self, layer: ObjectLayer, node: Node) -> Node:
        found = find_in_layer(layer, list_steps(node)[1])
        return layer.tree if found is None else found[0]

    def _decide_each(self, group: Sequence[Occurrence]) -> Callable[[], LayerEdit | Refusal]:
        """Every change of every occurrence at the layer that decides it there."""

        def find_edit() -> LayerEdit | Refusal:
            changes: list[Change] = []
            for each in group:
                made, fix = self.objects[id(list_steps(each.node)[0])], each.fix()
                if (why := self._why_untouchable(made)) is not None:
                    return why
                if fix is None or fix.files:
                    return Refusal(_UNTOLD)
                try:
                    for change in fix.changes:
                        changes += move_to_layer(made.layers, change)
                except CannotEdit as why_not:
                    return Refusal(f"There is no exact edit here: {why_not}.")
            return LayerEdit(tuple(_drop_twins(changes)))

        return find_edit

    def _why_untouchable(self, made: BuiltObject) -> Refusal | None:
        """Why a base isn't changed: somebody takes it in and can't be asked what becomes of it there."""
        path = made.source.root_node.source
        other = next((each for each in self.unbuilt if path in each.files), None)
        if other is None:
            return None
        return Refusal(f"{other.path} takes it in as well and is not built, so what it becomes isn't known.")

    def _place_in_overlays(
        self, group: Sequence[Occurrence], sound: Sequence[BuiltObject]
    ) -> list[LayeredProblem]:
        """A problem that not all roots have: in a patch of those that do, else in a new one of each."""
        barred = {path for made in sound for path in self.book.list_taken(made.root.path)}
        by_patch: dict[int, list[Occurrence]] = defaultdict(list)
        layers: dict[int, ObjectLayer] = {}
        placed: list[LayeredProblem] = []
        for each in group:
            made = self.objects[id(list_steps(each.node)[0])]
            own = [one for one in made.layers[1:] if one.merged and one.owner not in barred]
            if own:
                layers[id(own[-1].tree)] = own[-1]
                by_patch[id(own[-1].tree)].append(each)
            else:
                placed.append(self._place_new(each, made))
        for name, some in by_patch.items():
            placed.append(self._place_at(layers[name], some, self._write_patch(layers[name], some)))
        return placed

    def _write_patch(
        self, layer: ObjectLayer, some: Sequence[Occurrence]
    ) -> Callable[[], LayerEdit | Refusal]:
        def find_edit() -> LayerEdit | Refusal:
            fix = some[0].fix()
            if fix is None or fix.files:
                return Refusal(_UNTOLD)
            try:
                changes = [write_in_layer(layer, find_way(change)[0], change) for change in fix.changes]
            except CannotEdit as why:
                return Refusal(f"There is no exact edit here: {why}.")
            return LayerEdit(tuple(changes))

        return find_edit

    def _place_new(self, each: Occurrence, made: BuiltObject) -> LayeredProblem:
        """In the overlay's own new patch, which its kustomization names."""
        root = self.book.read_root(made.root.path)
        place = made.source if root is None else root

        def find_edit() -> LayerEdit | Refusal:
            fix = each.fix()
            if fix is None or fix.files or root is None:
                return Refusal(_UNTOLD)
            kind, name = (
                text_of(made.node.find_node("kind")),
                text_of(made.source.find_node("metadata", "name")),
            )
            file = re.sub(r"[^a-z0-9-]+", "-", f"{name}-{kind}-patch".lower()) + ".yaml"
            try:
                data = build_patch(made.node, made.source, fix.changes)
            except CannotEdit as why:
                return Refusal(f"There is no exact edit here: {why}.")
            added = NewFile(posixpath.join(made.root.folder, file), data, merged=True)
            return LayerEdit((Add(root, ("patches",), {"path": file}, ("resources",), last=True),), (added,))

        return LayeredProblem([each], place, (place, made.source), Layer("patch", each.root), find_edit)

    def rebuild(self, texts: Mapping[str, str]) -> Iterator[tuple[str, Document | Refusal]]:
        """Every root that takes in one of these files; what is new, a changed kustomization names."""
        changed = {path: text.encode() for path, text in texts.items()}
        survey: KustomizeSurvey | None = None
        for name, root in self.by_name.items():
            if changed.keys().isdisjoint(root.files):
                continue
            after = root
            if any(is_kustomization(path) for path in changed):
                survey = survey or KustomizeSurvey({**self.files, **changed})
                after = survey.gather_root(root.folder, root.path)
            if after.problem:
                yield name, Refusal(after.problem)
            else:
                yield name, self._build(after, {**self.files, **changed})


def _find_origin(node: Node) -> str | None:
    """The file of the repository that a built object says that it comes from; None for generated ones."""
    said = text_of(node.find_node("metadata", "annotations", _ORIGIN)) or ""
    found = re.search(r"^path: (\S+)$", said, re.MULTILINE)
    if found is None or "repo:" in said:
        return None
    way = posixpath.normpath(posixpath.join(_AROUND, found[1].strip("\"'")))
    return None if way.startswith("..") else way


def _is_generated(node: Node) -> bool:
    said = text_of(node.find_node("metadata", "annotations", _ORIGIN)) or ""
    return "configuredIn:" in said


def _shorten(address: str, top: Node) -> str:
    """What an address says within its object: names of objects differ by root."""
    ways = (("kind",), ("metadata", "namespace"), ("metadata", "name"))
    return address.replace("/".join(filter(None, (text_of(top.find_node(*way)) for way in ways))), "", 1)


def _drop_twins(changes: Sequence[Change]) -> list[Change]:
    """Changes that several roots ask of one place, once."""
    kept: list[Change] = []
    for each in changes:
        if not any(_is_twin(each, other) for other in kept):
            kept.append(each)
    return kept


def _is_twin(one: Change, two: Change) -> bool:
    return type(one) is type(two) and one.node is two.node and repr(one) == repr(two)
