"""What looks like a container or a policy in what no dialect reads: named, not passed over."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects import iam
from fixbot.dialects.kubernetes import NO_WORKLOADS, PATCHED
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of, truth_of
from fixbot.source.discover import find_chart, is_values_file
from fixbot.source.project import Inventory, Project

_BESIDE_AN_IMAGE = frozenset(
    ("args", "command", "env", "envFrom", "ports", "resources", "securityContext", "volumeMounts")
)
_TELLING_KEYS = _BESIDE_AN_IMAGE | {"privileged", "Privileged", "<<"}
"""Of which a map has one that is like a container."""
_NEEDLES = ("image", "rivileged", "securityContext", "Statement")


def say_overlooked(project: Project, reading: Inventory) -> None:
    """List each object with something like a container or a policy in it of which nothing was read."""
    parts = (task for task in reading.partial if task.partial == PATCHED)
    read = {id(c.node.root_node) for task in (*reading.tasks, *parts) for c in task.containers}
    policies = {id(policy.node) for policy in reading.policies}
    said = {each.path for each in reading.unread}
    charts = project.surroundings.charts
    for document in project.documents.values():
        if document.syntax == "hcl" or not any(needle in document.text for needle in _NEEDLES):
            continue
        for root in document.roots:
            kind = text_of(root.find_node("kind")) if root.kind is NodeKind.MAP else None
            if document.path in said or id(root) in read or kind in NO_WORKLOADS:
                continue
            chart = find_chart(document.path, charts) if kind is None else None
            if chart is not None and is_values_file(document.path, chart):
                continue  # named as such where charts are
            node = next(_find_container_shapes(root), None)
            what = f"a {kind}" if kind else "a format that fixbot doesn't know"
            if node is not None:
                reading.add_unread(
                    document, node.start, f"what looks like containers in {what} is not read yet"
                )
                said.add(document.path)
            elif "Statement" in document.text and (found := _find_policy_shape(root, policies)) is not None:
                as_text = "a policy stands here as a part of a text, which is not read yet"
                reason = f"what looks like a policy in {what} is not read yet"
                reading.add_unread(
                    document, found.start, as_text if found.kind is NodeKind.SCALAR else reason
                )
                said.add(document.path)


def _find_container_shapes(root: Node) -> Iterator[Node]:
    for node in root.walk_tree():
        keys = {entry.key for entry in node.entries}
        if node.kind is not NodeKind.MAP or keys.isdisjoint(_TELLING_KEYS):
            continue
        beside = not keys.isdisjoint(_BESIDE_AN_IMAGE)
        shaped = beside and "image" in keys and text_of(node.find_node("image")) is not None
        patched = beside and "image" not in keys and _is_listed_as_container(node)
        flag = node.find_node("privileged") or node.find_node("Privileged")
        if shaped or patched or (flag is not None and truth_of(flag) is True):
            yield node


def _find_policy_shape(root: Node, known: set[int]) -> Node | None:
    """A policy document, or a text that holds one, that stands where no dialect looks for one."""
    return next(
        (
            node
            for node in root.walk_tree()
            if (
                _holds_policy(node)
                if node.kind is NodeKind.SCALAR
                else id(node) not in known and iam.is_policy(node)
            )
        ),
        None,
    )


def _holds_policy(node: Node) -> bool:
    """Whether a text that was not read holds a policy as JSON: one of several that are joined, a setting."""
    text = node.value if node.embedded is None else None
    return isinstance(text, str) and '"Statement"' in text and '"Effect"' in text


def _is_listed_as_container(node: Node) -> bool:
    """Whether it is an item of a list called containers: a patch of one, where it has no image."""
    listed = node.parent
    owner = listed.parent if listed is not None and listed.kind is NodeKind.LIST else None
    return owner is not None and any(
        entry.value is listed and entry.key in ("containers", "initContainers") for entry in owner.entries
    )
