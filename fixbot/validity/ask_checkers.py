"""What other tools say of a changed file, where they are installed and whoever runs fixbot asks for them.

cfn-lint takes a second or two a template, so none of them runs unasked (`--thorough`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.edit.tree import Node, NodeKind
from fixbot.programs import Programs
from fixbot.source.document import Document
from fixbot.validity.checker_programs import (
    UnansweredChecker,
    run_cfn_lint,
    run_kubernetes_validate,
    run_terraform_fmt,
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
        return _check_format(before.text, after.text, programs)
    if any(root.kind is NodeKind.MAP and root.find_entry("Resources") for root in after.roots):
        return _check_with_cfn_lint(before, after, programs)
    return _check_schema(before, after, programs)


def _check_with_cfn_lint(before: Document, after: Document, programs: Programs) -> Answer | None:
    one, two = _rename_directives(before), _rename_directives(after)
    if one is None or two is None:
        why = "cfn-lint was not asked: the template gives it orders of its own that can't be left out"
        return Answer("cfn-lint", why)
    suffix = ".json" if after.syntax == "json" else ".yaml"
    was = run_cfn_lint(one, programs, suffix)
    return (
        None
        if was is None
        else Answer("cfn-lint", _first_new_problem(was, run_cfn_lint(two, programs, suffix)))
    )


def _check_format(before: str, after: str, programs: Programs) -> Answer | None:
    tidy = run_terraform_fmt(before, programs)
    if isinstance(tidy, UnansweredChecker):
        return Answer(_FMT, str(tidy))
    if tidy != before:
        return None
    then = run_terraform_fmt(after, programs)
    if isinstance(then, UnansweredChecker):
        return Answer(_FMT, str(then))
    return Answer(_FMT, f"{_FMT} would change it" if then != after else None)


def _check_schema(before: Document, after: Document, programs: Programs) -> Answer | None:
    changed = [
        (_object_data(one), _object_data(two))
        for one, two in zip(before.roots, after.roots, strict=True)
        if one is not two and two.kind is NodeKind.MAP and two.find_entry("apiVersion")
    ]
    asked = [each for pair in changed for each in pair if isinstance(each, dict)]
    if not changed or len(asked) != 2 * len(changed):
        return None
    answers = run_kubernetes_validate(asked, programs)
    if answers is None or isinstance(answers, UnansweredChecker):
        return None if answers is None else Answer(_SCHEMA, str(answers))
    if all(each is None for each in answers):
        return None
    found = (_first_new_problem(*pair) for pair in zip(answers[::2], answers[1::2], strict=True))
    return Answer(_SCHEMA, next((each for each in found if each is not None), None))


def _first_new_problem(
    before: Sequence[str] | UnansweredChecker | None, after: Sequence[str] | UnansweredChecker | None
) -> str | None:
    if isinstance(before, UnansweredChecker) or isinstance(after, UnansweredChecker):
        return str(before if isinstance(before, UnansweredChecker) else after)
    return next((each for each in after or () if each not in (before or ())), None)


def _rename_directives(document: Document) -> str | None:
    """The text with every key renamed by which a template configures cfn-lint, files to read included.

    None where such a key is written in a way that hides it.
    """
    maps = (node for root in document.roots for node in root.walk_tree() if node.kind is NodeKind.MAP)
    keys = {(each.key_start, each.key_end) for node in maps for each in node.entries if each.key == _ORDERS}
    text = document.text
    for start, end in sorted(keys, reverse=True):
        if _ORDERS not in text[start:end]:
            return None
        text = text[:start] + text[start:end].replace(_ORDERS, _NOBODY, 1) + text[end:]
    return text


def _object_data(node: Node) -> object:
    """A Kubernetes object as its readers see it; what has a tag of its own is left out."""
    if node.kind is NodeKind.MAP:
        merged = {
            entry.key: entry.value for each in reversed([*node.iterate_merged()]) for entry in each.entries
        }
        own = {entry.key: entry.value for entry in node.entries if entry.key != "<<"}
        return {key: _object_data(value) for key, value in {**merged, **own}.items()}
    if node.kind is NodeKind.LIST:
        return [_object_data(item) for item in node.items]
    return node.value
