"""Rendered objects and the layers that they are made of: what charts and kustomizations have in common.

Rules look at what a cluster gets. Their fixes are changes of rendered objects, and say what every rendering
must be afterwards; a Layering says at which place of which file that is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fixbot.edit.change import Change
from fixbot.edit.tree import Node
from fixbot.model.findings import FileEdits, Fix, NewFile, Refusal, Unread
from fixbot.model.layer import Layer
from fixbot.source.document import Document


@dataclass(frozen=True, eq=False, slots=True)
class Occurrence:
    """One problem at one object of one rendering; nodes are those of the rendered document.

    `fix` is what its rule would change there, None where it has no fix.
    """

    root: str
    rule: str
    address: str
    wrong: str
    node: Node
    around: Sequence[Node]
    fix: Callable[[], Fix | None]


@dataclass(frozen=True, eq=False, slots=True)
class LayerEdit:
    """What makes the changes of some occurrences in files: in documents, in new files, in templates."""

    changes: tuple[Change, ...] = ()
    files: tuple[NewFile, ...] = ()
    edits: tuple[FileEdits, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class LayeredProblem:
    """Occurrences that one place of one file decides; `node` and `around` stand in that file.

    `find_edit` is asked for only where a fix is wanted.
    """

    occurrences: Sequence[Occurrence]
    node: Node
    around: Sequence[Node]
    layer: Layer
    find_edit: Callable[[], LayerEdit | Refusal]
    as_written: bool = False
    """Whether what its rule would do to the object in its own file may be done there."""


class Layering(Protocol):
    """All that one tool renders of the files of a part of the repository."""

    @property
    def roots(self) -> Mapping[str, Document]:
        """The rendered objects by the name of their rendering; their paths are no file's."""

    @property
    def covered(self) -> frozenset[str]:
        """The files whose objects are judged in renderings, and not as they stand."""

    @property
    def sources(self) -> Mapping[str, Document]:
        """Files that can be changed and are no data: templates, as documents without roots."""

    @property
    def unread(self) -> Sequence[Unread]:
        """What could not be rendered, and why."""

    def place_problems(self, occurrences: Sequence[Occurrence]) -> list[LayeredProblem]:
        """Where each problem is mended: every occurrence is in exactly one of these."""

    def find_source(self, root: str, node: Node) -> Node | None:
        """The place in a file that a node of a rendering comes from, if that can be told."""

    def rebuild(self, texts: Mapping[str, str]) -> Iterator[tuple[str, Document | Refusal]]:
        """One after the other the renderings that read one of these files, with these texts for them."""
