"""Changes that Terraform does not make: `ignore_changes` in the lifecycle of a resource.

Source: developer.hashicorp.com/terraform/language/meta-arguments/lifecycle, ignore_changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container, Subject, Task
from fixbot.text.markdown_escape import mark_code

_INDEX = re.compile(r"\[[^\[\]]*\]")


def warn_of_ignored(changes: Sequence[Change], subject: Subject) -> str:
    """A sentence on the first attribute that is changed and ignored; empty where there is none."""
    for block, path in _list_changed(changes, subject):
        ignored = _find_ignored(block, path)
        if ignored:
            address = ".".join(block.labels)
            return (
                f"Terraform ignores changes to {ignored} of {mark_code(address)} (`ignore_changes` in "
                "its `lifecycle`): nothing changes until that line goes, or until whatever deploys in its "
                "place, such as a pipeline's own definition, is changed as well."
            )
    return ""


def _list_changed(changes: Sequence[Change], subject: Subject) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The resources that are changed, each with the path of what changes in it."""
    for change in changes:
        path = change.path if isinstance(change, Put | Add) else ()
        at = change.node
        while at.parent is not None:
            if at.style == "body" and len(at.labels) > 1 and at.parent.parent is None:
                yield at, path
                break
            key = next((entry.key for entry in at.parent.entries if entry.value is at), None)
            path = path if key is None else (key, *path)
            at = at.parent
    task = subject.task if isinstance(subject, Container) else subject
    if isinstance(task, Task) and task.dialect == "terraform" and changes:
        for each in task.shared_by or (task,):
            if each.owner is not None and each.owner.style == "body" and each.kind == "ecs":
                yield each.owner, ("container_definitions",)


def _find_ignored(block: Node, path: tuple[str, ...]) -> str:
    for lifecycle in block.list_items("lifecycle"):
        listed = lifecycle.find_node("ignore_changes")
        for item in (listed, *listed.items) if listed is not None else ():
            if item.kind not in (NodeKind.CODE, NodeKind.SCALAR):
                continue
            name = str(item.value).strip().strip('"')
            steps = tuple(_INDEX.sub("", name).split("."))
            if name in ("all", "*") or path[: len(steps)] == steps:
                return "everything" if name in ("all", "*") else mark_code(name)
    return ""
