"""Which sections of a file are read for their secrets although nobody else reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from fixbot.edit.tree import SyntaxProblem
from fixbot.masking.judge_values import names_secret
from fixbot.source.document import Document
from fixbot.syntax import load_grammar

_TELLING: Final = (
    *("assword", "ASSWORD", "asswd", "ecret", "ECRET", "oken", "OKEN", "ConfigMap", "stringData"),
    *("uthorization", "secure", "ookie", "redential", "pi-key", "pi_key", "piKey", "API_KEY", "PI-Key"),
)
_KIND: Final = re.compile(r"^[\"']?kind\b.*", re.MULTILINE)
_DEFINES: Final = re.compile(r"kind:[ \t]*[\"']?CustomResourceDefinition[\"']?[ \t\r]*(?:#.*)?")
_DEFAULT: Final = re.compile(
    r"default[\"']?[ \t]*:[ \t]*(?![\"']?(?:true|false|null|[\d.]+|\{\}|\[\])[\"']?[ \t]*\r?$)", re.MULTILINE
)
"""A value that a definition gives to those who give none, unless it is none that anybody would hide."""


_FAR: Final = 500
"""Lines above a default that are looked at for the property that it belongs to."""


def read_sections(document: Document) -> Document:
    """The document with those of its sections that nobody else reads: secrets may stand in them too."""
    if all(section.roots or section.problem is not None for section in document.sections):
        return document
    start, roots = 0, list(document.roots)
    for section in document.sections:
        end = start + len(section.text)
        if not section.roots and section.problem is None and _may_hold_secrets(section.text):
            with suppress(SyntaxProblem):
                roots += load_grammar(document.syntax).parse_text(document.text, start, end)
        start = end
    for root in roots:
        root.source = document.path
    return replace(document, roots=tuple(roots))


def definitions_only(document: Document) -> Iterator[str]:
    """The sections that are not read since they only define what others may hold."""
    for section in document.sections:
        if not section.roots and section.problem is None and _only_defines(section.text):
            yield section.text


def _may_hold_secrets(text: str) -> bool:
    return any(word in text for word in _TELLING) and not _only_defines(text)


def _only_defines(text: str) -> bool:
    """Whether it is the definition of a custom resource, megabytes long, and gives no secret a value.

    What a resource may hold is described there and not what one holds, but for the defaults.
    """
    kinds = _KIND.findall(text)
    if len(kinds) != 1 or _DEFINES.fullmatch(kinds[0]) is None:
        return False
    return not any(_is_told(text, found.start()) for found in _DEFAULT.finditer(text))


def _is_told(text: str, at: int) -> bool:
    """Whether the property whose default stands there has the name of a secret, or may have."""
    end = text.rfind("\n", 0, at) + 1
    head = text[end:at]
    if head.strip(" \t-\"'"):
        return "{" in head or "," in head
    indent = len(head.rstrip("\"'"))
    for _ in range(_FAR):
        if end == 0:
            return False
        start = text.rfind("\n", 0, end - 1) + 1
        line = text[start : end - 1]
        bare = line.lstrip(" \t-")
        if bare and bare[0] != "#" and len(line) - len(bare) < indent:
            return names_secret(bare.partition(":")[0].strip("\"' \t"))
        end = start
    return True
