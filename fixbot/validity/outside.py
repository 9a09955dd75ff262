"""What other tools say of a changed file, where they are installed and whoever runs fixbot asks for them.

cfn-lint takes a second or two a template, so none of them runs unasked (`--thorough`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.document import Document
from fixbot.programs import Programs
from fixbot.tree import Kind, Node
from fixbot.validity.extras import (
    Unanswered,
    cfn_lint_errors,
    kubernetes_schema_problems,
    terraform_formatted,
)

_FMT, _SCHEMA = "terraform fmt", "kubernetes-validate"
_ORDERS, _NOBODY = "cfn-lint", "not-lint"
"""The key in a template's Metadata by which it gives cfn-lint orders, and one as long that nobody reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program finds wrong with a changed file that it was asked about; None where nothing is new."""

    program: str
    problem: str | None


def ask_outside(before: Document, after: Document, programs: Programs) -> Answer | None:
    """The first thing that a tool finds wrong with the changed text and didn't find before.

    None where no tool was asked, or knows such files. One that is asked and doesn't answer is a problem as
    well: its silence would else pass for consent.
    """
    if after.syntax == "hcl":
        return _untidy(before.text, after.text, programs)
    if any(root.kind is Kind.MAP and root.entry("Resources") for root in after.roots):
        return _linted(before, after, programs)
    return _against_schema(before, after, programs)


def _linted(before: Document, after: Document, programs: Programs) -> Answer | None:
    one, two = _without_orders(before), _without_orders(after)
    if one is None or two is None:
        why = "cfn-lint was not asked: the template gives it orders of its own that can't be left out"
        return Answer("cfn-lint", why)
    suffix = ".json" if after.syntax == "json" else ".yaml"
    was = cfn_lint_errors(one, programs, suffix)
    return None if was is None else Answer("cfn-lint", _new(was, cfn_lint_errors(two, programs, suffix)))


def _untidy(before: str, after: str, programs: Programs) -> Answer | None:
    tidy = terraform_formatted(before, programs)
    if isinstance(tidy, Unanswered):
        return Answer(_FMT, str(tidy))
    if tidy != before:
        return None
    then = terraform_formatted(after, programs)
    if isinstance(then, Unanswered):
        return Answer(_FMT, str(then))
    return Answer(_FMT, f"{_FMT} would change it" if then != after else None)


def _against_schema(before: Document, after: Document, programs: Programs) -> Answer | None:
    changed = [
        (_data(one), _data(two))
        for one, two in zip(before.roots, after.roots, strict=True)
        if one is not two and two.kind is Kind.MAP and two.entry("apiVersion")
    ]
    asked = [each for pair in changed for each in pair if isinstance(each, dict)]
    if not changed or len(asked) != 2 * len(changed):
        return None
    answers = kubernetes_schema_problems(asked, programs)
    if answers is None or isinstance(answers, Unanswered):
        return None if answers is None else Answer(_SCHEMA, str(answers))
    if all(each is None for each in answers):
        return None
    found = (_new(*pair) for pair in zip(answers[::2], answers[1::2], strict=True))
    return Answer(_SCHEMA, next((each for each in found if each is not None), None))


def _new(before: Sequence[str] | Unanswered | None, after: Sequence[str] | Unanswered | None) -> str | None:
    if isinstance(before, Unanswered) or isinstance(after, Unanswered):
        return str(before if isinstance(before, Unanswered) else after)
    return next((each for each in after or () if each not in (before or ())), None)


def _without_orders(document: Document) -> str | None:
    """The text with every key renamed by which a template configures cfn-lint, files to read included.

    None where such a key is written in a way that hides it.
    """
    maps = (node for root in document.roots for node in root.walk() if node.kind is Kind.MAP)
    keys = {(each.key_start, each.key_end) for node in maps for each in node.entries if each.key == _ORDERS}
    text = document.text
    for start, end in sorted(keys, reverse=True):
        if _ORDERS not in text[start:end]:
            return None
        text = text[:start] + text[start:end].replace(_ORDERS, _NOBODY, 1) + text[end:]
    return text


def _data(node: Node) -> object:
    """A Kubernetes object as its readers see it; what has a tag of its own is left out."""
    if node.kind is Kind.MAP:
        merged = {entry.key: entry.value for each in reversed([*node.merged()]) for entry in each.entries}
        own = {entry.key: entry.value for entry in node.entries if entry.key != "<<"}
        return {key: _data(value) for key, value in {**merged, **own}.items()}
    if node.kind is Kind.LIST:
        return [_data(item) for item in node.items]
    return node.value
