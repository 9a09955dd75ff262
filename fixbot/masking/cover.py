"""The secrets of files that are read together, hidden in their diffs and in every text about them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from fixbot.document import Document, parse_sections
from fixbot.edited import EditedFile, lines, moved_spans, written_spans
from fixbot.knowledge.secret_shapes import is_made_up
from fixbot.knowledge.secret_words import is_name_like
from fixbot.knowledge.secrets import certain_in, key_spans
from fixbot.masking.elsewhere import values_elsewhere
from fixbot.masking.found import Places
from fixbot.masking.masker import Masker
from fixbot.masking.places import find_places, places_in
from fixbot.masking.sections import definitions_only, read_sections
from fixbot.masking.spans import Span, lines_without
from fixbot.tree import Edit, Kind, Node, SyntaxProblem


class Mask:
    """What is secret in some documents, by place and by value."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = {path: read_sections(document) for path, document in documents.items()}
        self.places: Places = find_places(self.documents)
        for each in documents.values():
            self.places.values |= values_elsewhere(text.encode() for text in definitions_only(each))

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
        words = set(self.places.values - self.strong)
        for document in self.documents.values() if words else ():
            inside = _Inside(self.places.spans.get(document.path, ()))
            for root in document.roots:
                words -= _called(root, words, inside)
        return frozenset(words)

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

    def cover(self, file: EditedFile) -> DocumentCover:
        """Hides them in the diff of one document."""
        before, after = file.before or "", file.after
        old = self.places.spans.get(file.path, []) if file.before is not None else []
        return DocumentCover(
            self.masker,
            _Side(before, [*old, *key_spans(before)]),
            _Side(after, [*self._after(file, old), *key_spans(after)]),
        )

    def _after(self, file: EditedFile, old: Sequence[Span]) -> list[Span]:
        if not old:
            return []
        if (moved := moved_spans(old, file)) is not None:
            return moved
        try:
            return places_in(parse_sections(file.path, file.after), self.places)
        except SyntaxProblem:
            return [(0, len(file.after))]  # it was proven to parse: if it doesn't, nothing of it is shown


_NOTHING_KNOWN = Masker()
_LONGEST_NAME = 256


class _Inside:
    """Whether an offset lies in one of some spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans)

    def holds(self, node: Node) -> bool:
        return any(start <= node.end and node.start <= end for start, end in self.spans)


def _called(root: Node, words: set[str], places: _Inside) -> set[str]:
    """Those that something is called in a tree: keys, whole texts, parts of an image's name."""
    called: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        called.update(label for label in node.labels if label in words)
        value = node.value
        if node.kind is Kind.SCALAR:
            if isinstance(value, str) and len(value) < _LONGEST_NAME:
                found = [each for each in _names_in(value) if each in words]
                if found and not places.holds(node):
                    called.update(found)
        elif node.alias is None:
            stack.extend(node.items)
            for entry in node.entries:
                if entry.key in words:
                    called.add(entry.key)
                stack.append(entry.value)
    return called


def _names_in(value: str) -> Sequence[str]:
    if "/" in value or ":" in value:
        rest = value if "@sha" in value else value.rpartition("@")[2]
        return (value, *rest.replace(":", "/").split("/"))
    return (value,)


@dataclass
class _Side:
    text: str
    spans: list[Span]
    hidden: list[Span] = field(default_factory=list)
    """What was hidden in the lines that were shown."""

    @cached_property
    def starts(self) -> list[int]:
        return [0, *accumulate(map(len, lines(self.text)))]

    def shown(self, some: Sequence[str], first: int, masker: Masker) -> Sequence[str]:
        window = "".join(some)
        here = list(masker.spans(window))
        start = self.starts[first] if here or self.spans else 0
        if self.spans:
            end = start + len(window)
            near = ((a, b) for a, b in self.spans if a < end and b > start)
            here += ((max(a, start) - start, min(b, end) - start) for a, b in near)
        self.hidden += ((a + start, b + start) for a, b in here)
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

    def hides(self, edits: Iterable[Edit]) -> bool:
        """Whether anything that these edits wrote was hidden, once all their lines were shown."""
        ends: list[int] = []
        starts: list[int] = []
        for start, end in sorted(self.after.hidden):
            if ends and start <= ends[-1]:
                ends[-1] = max(end, ends[-1])
            else:
                starts.append(start)
                ends.append(end)
        for start, end in written_spans(edits) if ends else ():
            at = bisect_right(ends, start)
            while at < len(ends) and starts[at] < end:
                if self.after.text[max(start, starts[at]) : min(end, ends[at])].strip():
                    return True
                at += 1
        return False
