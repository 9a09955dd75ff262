"""What is rendered of the files of a part: one Layering for each tool that has something to render there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fixbot.layers import Layering
from fixbot.layers.kustomize_files import KustomizeRoot, KustomizeSurvey, is_kustomization
from fixbot.layers.kustomize_layering import KustomizeLayering
from fixbot.model.findings import Unread
from fixbot.programs import Programs
from fixbot.source.document import Document, Relevant
from fixbot.source.file_facts import FileFacts

_MISSING: Final = (
    "kustomizations are not built, as neither kustomize nor kubectl is installed: install one of them"
)


@dataclass(frozen=True, slots=True)
class RenderInputs:
    """What renderers need of the whole repository, gathered before it is cut into parts.

    `files` holds the bytes of all that any root takes in.
    """

    roots: tuple[KustomizeRoot, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unread: tuple[Unread, ...] = ()
    """What is not built, and why."""

    def list_reads(self, facts: Mapping[str, FileFacts], texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The files with what each must be read together with."""
        taken = {root.path: root.files for root in self.roots}
        return {path: (*facts[path].reads, *taken.get(path, ())) for path in texts}


def gather_render_inputs(
    files: Mapping[str, bytes],
    facts: Mapping[str, FileFacts],
    texts: dict[str, str],
    programs: Programs | None,
) -> RenderInputs:
    """The roots in which something can be found, with their files; `texts` gets what can be edited of them.

    A repository without a kustomization pays for a look at its files' names.
    """
    kustomizations = [path for path in files if is_kustomization(path)]
    if not kustomizations or programs is None:
        return RenderInputs()
    survey = KustomizeSurvey(files)
    named = {folder for each in facts.values() for folder in each.builds}
    roots = [
        each
        for each in survey.find_roots(named)
        if each.problem or any(path in texts and not is_kustomization(path) for path in each.files)
    ]
    if roots and not (programs.kustomize or programs.kubectl):
        return RenderInputs(unread=(Unread(roots[0].path, None, _MISSING, "unserved"),))
    unread = [
        Unread(each.at, None, f"not built: {each.problem}", "unserved") for each in roots if each.problem
    ]
    for root in roots:
        for path in (*root.kustomizations, *survey.list_patch_files(root.kustomizations)):
            if path in files and path in facts:
                texts.setdefault(path, files[path].decode("utf-8-sig", errors="replace"))
    held = {path: files[path] for root in roots for path in root.files if path in files}
    return RenderInputs(tuple(roots), held, tuple(unread))


def find_layerings(
    documents: Mapping[str, Document],
    inputs: RenderInputs,
    programs: Programs | None,
    relevant: Relevant,
) -> list[Layering]:
    """The layerings of a part; none where nothing of it is rendered, or nothing can render it."""
    roots = [each for each in inputs.roots if each.path in documents]
    if programs is None or not roots:
        return []
    made = KustomizeLayering(documents, inputs.files, programs, relevant)
    made.unbuilt += [each for each in roots if each.problem]
    made.build_roots([each for each in roots if not each.problem])
    return [made]
