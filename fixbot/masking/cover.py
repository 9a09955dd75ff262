"""The secrets of files that are read together, hidden in their diffs and in every text about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from fixbot.diff import lines
from fixbot.document import Document, parse_sections
from fixbot.knowledge.secret_shapes import is_made_up, is_name_like
from fixbot.knowledge.secrets import certain_in, key_spans
from fixbot.masking.masker import Masker
from fixbot.masking.places import Places, find_places, places_in
from fixbot.masking.spans import Span, lines_without
from fixbot.syntax import grammar
from fixbot.tree import Kind, Node, SyntaxProblem


class Mask:
    """What is secret in some documents, by place and by value."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = {path: _read_whole(document) for path, document in documents.items()}
        self.places: Places = find_places(self.documents)

    @cached_property
    def strong(self) -> frozenset[str]:
        """The secrets that nobody is called like: hidden wherever they stand."""
        return frozenset(value for value in self.places.values if not is_name_like(value))

    @cached_property
    def far(self) -> frozenset[str]:
        """Those that are hidden in texts about all other files too."""
        return frozenset(filter(is_made_up, self.strong))

    @cached_property
    def weak(self) -> frozenset[str]:
        """Those that are words, but for the ones that somebody is called in these files.

        A word that is somebody's name as well is hidden in its own place only: dots in an image's name
        would tell it.
        """
        words = self.places.values - self.strong
        return frozenset(words - self._names) if words else frozenset()

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(
            word
            for document in self.documents.values()
            for root in document.roots
            for word in _words(root, _Inside(self.places.spans.get(document.path, ())))
        )

    @cached_property
    def masker(self) -> Masker:
        """Hides them in any text."""
        return Masker(self.strong, self.weak) if self.places.values else _NOTHING_KNOWN

    @cached_property
    def silent(self) -> bool:
        """Whether no text about these documents can hold a secret: none is known, no login stands there."""
        if self.places.values:
            return False
        texts = [each.text for each in self.documents.values()]
        return not any("@" in text or "\\" in text or certain_in(text) for text in texts)

    def cover(self, path: str, before: str | None, after: str) -> DocumentCover:
        """Hides them in the diff of one document."""
        old = self.places.spans.get(path, []) if before is not None else []
        return DocumentCover(
            self.masker,
            _Side(before or "", [*old, *key_spans(before or "")]),
            _Side(after, [*self._after(path, after, old), *key_spans(after)]),
        )

    def _after(self, path: str, after: str, old: Sequence[Span]) -> list[Span]:
        if not old:
            return []
        try:
            return places_in(parse_sections(path, after), self.places)
        except SyntaxProblem:
            return [(0, len(after))]  # it was proven to parse: if it doesn't, nothing of it is shown


_NOTHING_KNOWN = Masker()
_TELLING = ("assword", "ASSWORD", "asswd", "ecret", "oken", "ConfigMap", "stringData")


def _read_whole(document: Document) -> Document:
    """The document with those of its sections that nobody else reads: secrets may stand in them too."""
    if all(section.roots or section.problem is not None for section in document.sections):
        return document
    start, roots = 0, list(document.roots)
    for section in document.sections:
        end = start + len(section.text)
        if not section.roots and section.problem is None and any(word in section.text for word in _TELLING):
            with suppress(SyntaxProblem):
                roots += grammar(document.syntax).parse(document.text, start, end)
        start = end
    for root in roots:
        root.source = document.path
    return replace(document, roots=tuple(roots))


class _Inside:
    """Whether an offset lies in one of some spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans)

    def holds(self, node: Node) -> bool:
        return any(start <= node.end and node.start <= end for start, end in self.spans)


def _words(root: Node, places: _Inside) -> Iterator[str]:
    """What things are called in a tree, whoever wrote it: keys, whole texts, the parts of an image's name."""
    for node in root.walk():
        yield from (entry.key for entry in node.entries)
        yield from node.labels
        if (
            node.kind is Kind.SCALAR
            and isinstance(node.value, str)
            and len(node.value) < 256
            and not places.holds(node)
        ):
            yield node.value
            if "/" in node.value or ":" in node.value:
                rest = node.value if "@sha" in node.value else node.value.rpartition("@")[2]
                yield from rest.replace(":", "/").split("/")


@dataclass
class _Side:
    text: str
    spans: list[Span]

    @cached_property
    def starts(self) -> list[int]:
        return [0, *accumulate(map(len, lines(self.text)))]

    def shown(self, some: Sequence[str], first: int, masker: Masker) -> Sequence[str]:
        window = "".join(some)
        here = list(masker.spans(window))
        if self.spans:
            start = self.starts[first]
            end = start + len(window)
            near = ((a, b) for a, b in self.spans if a < end and b > start)
            here += ((max(a, start) - start, min(b, end) - start) for a, b in near)
        return lines_without(some, here) if here else some


@dataclass(frozen=True)
class DocumentCover:
    """The secrets of one document before and after a change."""

    masker: Masker
    before: _Side
    after: _Side

    def old(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the old text without their secrets."""
        return self.before.shown(some, first, self.masker)

    def new(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the new text without their secrets."""
        return self.after.shown(some, first, self.masker)
