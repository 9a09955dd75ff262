"""The secrets of documents that are read together, and those of another version of one of them."""

from __future__ import annotations

from collections.abc import Mapping

from fixbot.masking.found import Places
from fixbot.masking.mask_spans import Span
from fixbot.masking.secret_places import PlaceSearch
from fixbot.masking.value_pieces import (
    ReferencePiece,
)
from fixbot.source.document import Document


def find_places(documents: Mapping[str, Document]) -> Places:
    """The secrets of documents that are read together."""
    search = PlaceSearch(documents, Places())
    for document in documents.values():
        for root in document.roots:
            search.walk_tree(root)
    search.search_remarks()
    return search.found


def find_places_in(document: Document, known: Places) -> list[Span]:
    """The places in another version of a document, what other documents say of it included."""
    search = PlaceSearch({document.path: document}, Places())
    for root in document.roots:
        search.walk_tree(root)
        for kind, name, under in known.followed:
            for node in search.definitions.find_definitions(ReferencePiece(kind, name), root):
                search.judge_value(under, node)
    search.search_remarks()
    return search.found.spans.get(document.path, [])
