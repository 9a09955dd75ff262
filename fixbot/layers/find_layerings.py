"""What is rendered of the files of a part: one Layering for each tool that has something to render there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixbot.layers import Layering
from fixbot.layers.kustomize_files import KustomizeRoot
from fixbot.programs import Programs
from fixbot.source.document import Document, Relevant


@dataclass(frozen=True, slots=True)
class RenderInputs:
    """What renderers need of the whole repository, gathered before it is cut into parts.

    `files` holds the bytes of all that any root takes in.
    """

    roots: tuple[KustomizeRoot, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def find_layerings(
    documents: Mapping[str, Document],
    inputs: RenderInputs,
    programs: Programs | None,
    relevant: Relevant,
) -> list[Layering]:
    """The layerings of a part; none where nothing of it is rendered, or nothing can render it."""
    del documents, inputs, programs, relevant
    return []
