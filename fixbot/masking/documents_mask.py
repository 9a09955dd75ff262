"""The secrets of files that are read together, hidden in their diffs and in every text about them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from fixbot.edit.edited_text import EditedFile, moved_spans, split_lines, written_spans
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem, TextEdit
from fixbot.knowledge.classify_secrets import find_key_spans, holds_certain_secret
from fixbot.knowledge.secret_shapes import is_made_up
from fixbot.knowledge.secret_words import is_name_like
from fixbot.masking.find_places import find_places, find_places_in
from fixbot.masking.found import Places
from fixbot.masking.mask_spans import Span, mask_line_spans
from fixbot.masking.secret_masker import SecretMasker
from fixbot.masking.secret_values import is_phrase
from fixbot.masking.sections import definitions_only, read_sections
from fixbot.masking.values_elsewhere import find_values_elsewhere
from fixbot.source.document import Document, parse_document_sections


class DocumentsMask:
    """What is secret in some documents, by place and by value."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = {path: read_sections(document) for path, document in documents.items()}
        self.places: Places = find_places(self.documents)
        for each in documents.values():
            self.places.values |= find_values_elsewhere(text.encode() for text in definitions_only(each))

    @cached_property
    def strong_values(self) -> frozenset[str]:
        """The secrets that nobody is called like: hidden wherever they stand."""
        return frozenset(each for each in self.places.values if is_phrase(each) or not is_name_like(each))

    @cached_property
    def far_values(self) -> frozenset[str]:
        """Those that are hidden in texts about all other files too."""
        return frozenset(each for each in self.strong_values if is_phrase(each) or is_made_up(each))

    @cached_property
    def weak_values(self) -> frozenset[str]:
        """Those that are words, but for the ones that somebody is called in these files.

        A word that is somebody's name as well is hidden in its own place only: dots in an image's name
        would tell it.
        """
        words = set(self.places.values - self.strong_values)
        for document in self.documents.values() if words else ():
            inside = _SpanSet(self.places.spans.get(document.path, ()))
            for root in document.roots:
                words -= _find_names_used(root, words, inside)
        return frozenset(words)

    @cached_property
    def masker(self) -> SecretMasker:
        """Hides them in any text."""
        return SecretMasker(self.strong_values, self.weak_values)

    @cached_property
    def is_silent(self) -> bool:
        """Whether no text about these documents can hold a secret: none is known, no login stands there."""
        if self.places.values:
            return False
        texts = [each.text for each in self.documents.values()]
        return not any("@" in text or "\\" in text or holds_certain_secret(text) for text in texts)

    def cover_document(self, file: EditedFile) -> DocumentCover:
        """Hides them in the diff of one document."""
        before, after = file.before or "", file.after
        old = self.places.spans.get(file.path, []) if file.before is not None else []
        return DocumentCover(
            self.masker,
            _Side(before, [*old, *find_key_spans(before)]),
            _Side(after, [*self._places_after(file, old), *find_key_spans(after)]),
        )

    def _places_after(self, file: EditedFile, old: Sequence[Span]) -> list[Span]:
        if not old:
            return []
        if (moved := moved_spans(old, file)) is not None:
            return moved
        try:
            return find_places_in(parse_document_sections(file.path, file.after), self.places)
        except SyntaxProblem:
            return [(0, len(file.after))]  # it was proven to parse: if it doesn't, nothing of it is shown


_LONGEST_NAME = 256


class _SpanSet:
    """Whether an offset lies in one of some spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans)

    def holds_node(self, node: Node) -> bool:
        return any(start <= node.end and node.start <= end for start, end in self.spans)


def _find_names_used(root: Node, words: set[str], places: _SpanSet) -> set[str]:
    """Those that something is called in a tree: keys, whole texts, parts of an image's name."""
    called: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        called.update(label for label in node.labels if label in words)
        value = node.value
        if node.kind is NodeKind.SCALAR:
            if isinstance(value, str) and len(value) < _LONGEST_NAME:
                found = [each for each in _names_in_value(value) if each in words]
                if found and not places.holds_node(node):
                    called.update(found)
        elif node.alias is None:
            stack.extend(node.items)
            for entry in node.entries:
                if entry.key in words:
                    called.add(entry.key)
                stack.append(entry.value)
    return called


def _names_in_value(value: str) -> Sequence[str]:
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
    def line_starts(self) -> list[int]:
        return [0, *accumulate(map(len, split_lines(self.text)))]

    def mask_lines(self, some: Sequence[str], first: int, masker: SecretMasker) -> Sequence[str]:
        window = "".join(some)
        here = list(masker.find_spans(window))
        start = self.line_starts[first] if here or self.spans else 0
        if self.spans:
            end = start + len(window)
            near = ((a, b) for a, b in self.spans if a < end and b > start)
            here += ((max(a, start) - start, min(b, end) - start) for a, b in near)
        self.hidden += ((a + start, b + start) for a, b in here)
        return mask_line_spans(some, here) if here else some


@dataclass(frozen=True)
class DocumentCover:
    """The secrets of one document before and after a change."""

    masker: SecretMasker
    before: _Side
    after: _Side

    def mask_old(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the old text without their secrets."""
        return self.before.mask_lines(some, first, self.masker)

    def mask_new(self, some: Sequence[str], first: int, /) -> Sequence[str]:
        """Lines of the new text without their secrets."""
        return self.after.mask_lines(some, first, self.masker)

    def hides_any_of(self, edits: Iterable[TextEdit]) -> bool:
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
