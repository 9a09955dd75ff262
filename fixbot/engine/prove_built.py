"""What is mended in layers, proven at once: each rendering is made anew once and not for each fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fixbot.edit.tree import CannotEdit
from fixbot.engine.detect import Detection
from fixbot.engine.verify import Verifier, splice_document
from fixbot.model.findings import Refusal
from fixbot.source.new_documents import plan_new_files

_TRIES: Final = 4
"""How often what spoils the proof is left out."""


def prove_built(court: Verifier, problems: Sequence[Detection]) -> None:
    """Prove fixes of rendered objects together; what spoils that is proven by itself later."""
    if court.built is None:
        return
    chosen = [each for each in problems if each.built is not None and each.fix is not None]
    chosen = [each for each in chosen if not each.awaited and court.why_uneditable([each]) is None]
    before = court.world.project.documents
    for _ in range(_TRIES):
        if not chosen:
            return
        try:
            made = court.render_edits_of(chosen)
            texts = {path: splice_document(before[path].text, each) for path, each in made.items()}
        except CannotEdit:
            return
        new = plan_new_files([each.fix for each in chosen if each.fix], court.world.surroundings.paths)
        if isinstance(new, Refusal):
            return
        spoilers = court.built.prove_most(chosen, texts | {each.path: each.text for each in new})
        if not spoilers:
            return
        chosen = [each for each in chosen if each.id not in spoilers]
