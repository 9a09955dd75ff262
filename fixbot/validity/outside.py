"""What other tools say of a changed file, where they are installed and the settings ask for them.

cfn-lint takes a second or two a template, so none of them runs unasked (`thorough`).
"""

from __future__ import annotations

from collections.abc import Sequence

from fixbot.document import Document
from fixbot.tree import Kind, Node
from fixbot.validity.extras import cfn_lint_errors, kubernetes_schema_problems, terraform_formatted


def outside_problem(before: Document, after: Document) -> str | None:
    """The first thing that a tool finds wrong with the changed text and didn't find before."""
    if after.syntax == "hcl":
        tidy = terraform_formatted(before.text) == before.text
        return (
            "terraform fmt would change it"
            if tidy and terraform_formatted(after.text) != after.text
            else None
        )
    if any(root.kind is Kind.MAP and root.entry("Resources") for root in after.roots):
        suffix = ".json" if after.syntax == "json" else ".yaml"
        return _new(cfn_lint_errors(before.text, suffix), cfn_lint_errors(after.text, suffix))
    for one, two in zip(before.roots, after.roots, strict=True):
        if one is not two and two.kind is Kind.MAP and two.entry("apiVersion"):
            found = _new(_of_schema(one), _of_schema(two))
            if found is not None:
                return found
    return None


def _new(before: Sequence[str] | None, after: Sequence[str] | None) -> str | None:
    return next((each for each in after or () if each not in (before or ())), None)


def _of_schema(root: Node) -> tuple[str, ...] | None:
    data = _data(root)
    return kubernetes_schema_problems(data) if isinstance(data, dict) else None


def _data(node: Node) -> object:
    """A Kubernetes object as its readers see it; what has a tag of its own is left out."""
    if node.kind is Kind.MAP:
        merged = {entry.key: entry.value for each in reversed([*node.merged()]) for entry in each.entries}
        own = {entry.key: entry.value for entry in node.entries if entry.key != "<<"}
        return {key: _data(value) for key, value in {**merged, **own}.items()}
    if node.kind is Kind.LIST:
        return [_data(item) for item in node.items]
    return node.value
