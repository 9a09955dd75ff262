"""Whether a fix may bring a new file along: its place, its text, and what it holds, proven as a change is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fixbot.edit.merge_named import merge_named
from fixbot.edit.tree import CannotEdit, SyntaxProblem, Value
from fixbot.model.findings import Fix, NewFile, Refusal
from fixbot.source.document import Document, parse_document
from fixbot.source.own_documents import write_document
from fixbot.syntax import syntax_of
from fixbot.text.command import NAMESPACE, OBJECT

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}\.(?:ya?ml|json)")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_VERSION: Final = re.compile(r"(?:[a-z0-9.-]+/)?v\d+(?:(?:alpha|beta)\d+)?")
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{0,62}")


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A new file, written and read again."""

    path: str
    text: str
    document: Document


def plan_new_files(fixes: Iterable[Fix], paths: frozenset[str]) -> list[NewDocument] | Refusal:
    """The new files of some fixes, where each of them may be made; `paths` are those that there are."""
    wanted: dict[str, dict[str, Value]] = {}
    for fix in fixes:
        beside = {posixpath.dirname(change.node.root_node.source) for change in fix.changes}
        for file in fix.files:
            if (wrong := _why_misplaced(file, beside) or _why_misnamed(file.data)) is not None:
                return Refusal(wrong)
            try:
                wanted[file.path] = _join_data(file, wanted.get(file.path, file.data))
            except CannotEdit:
                return Refusal(f"Two fixes would add the file {file.path} with different texts.")
    if not wanted:
        return []
    known = _in_small_letters(paths)
    taken = next((path for path in wanted if path.casefold() in known), None)
    if taken is not None:
        return Refusal(f"The file {taken}, which the fix would add, exists already.")
    if len({path.casefold() for path in wanted}) < len(wanted):
        return Refusal("Two files that the fix would add have names that are one to some disks.")
    try:
        return [_write_addition(path, data) for path, data in wanted.items()]
    except (CannotEdit, SyntaxProblem) as problem:
        return Refusal(f"The file that the fix would add can't be written exactly ({problem}).")


def _join_data(file: NewFile, known: dict[str, Value]) -> dict[str, Value]:
    """What the file holds together with what other fixes put there. Raises CannotEdit."""
    if known == file.data:
        return known
    both = merge_named(known, file.data) if file.merged else None
    if not isinstance(both, dict):
        raise CannotEdit("two fixes want different values for one file")
    return both


@lru_cache(maxsize=1)
def _in_small_letters(paths: frozenset[str]) -> frozenset[str]:
    """On a disk that knows no capitals, two names that differ by them alone are one file."""
    return frozenset(path.casefold() for path in paths)


def _why_misplaced(file: NewFile, beside: set[str]) -> str | None:
    """Why no file may be made there: it stays in the folder of a file that the fix changes."""
    folder, name = posixpath.split(file.path)
    if folder not in beside:
        return "The file that the fix would add has no place beside the one that needs it."
    if any(step.startswith(".") for step in folder.split("/")):
        return (
            "A new file would be needed in a folder whose name begins with a dot, where other programs look "
            "for their own files; fixbot makes none there."
        )
    if _NAME.fullmatch(name) is None or _RESERVED.fullmatch(name) is not None:
        return "The name of the file that the fix would add is none that every system takes."
    return None


def _why_misnamed(data: Mapping[str, Value]) -> str | None:
    """Why the object is none that Kubernetes takes."""
    metadata = data.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    space = named.get("namespace")
    good = (
        _VERSION.fullmatch(str(data.get("apiVersion")))
        and _KIND.fullmatch(str(data.get("kind")))
        and OBJECT.is_fitting(str(named.get("name")))
        and (space is None or NAMESPACE.is_fitting(str(space)))
    )
    return None if good else "The object that the fix would add has a name that Kubernetes would not take."


def _write_addition(path: str, data: dict[str, Value]) -> NewDocument:
    syntax = syntax_of(path) or ""
    text = write_document(data, syntax)
    return NewDocument(path, text, parse_document(path, text))


def as_documents(new: Iterable[NewDocument]) -> dict[str, Document]:
    """The new files by path."""
    return {each.path: each.document for each in new}
