"""ECS services of the same folder whose tasks get no tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.dialects.cloudformation import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.document import Document
    from fixbot.project import Project
    from fixbot.tree import Node


def untagged(project: Project, path: str) -> tuple[str, ...]:
    """The names of services beside `path` that do not hand tags on to their tasks."""
    return tuple(dict.fromkeys(name for each in project.folder(path) for name in _services(each)))


def _services(document: Document) -> Iterator[str]:
    for root in document.roots:
        if document.syntax == "hcl":
            found = [entry.value for entry in root.entries if entry.key == "resource"]
            yield from (".".join(each.labels) for each in found if _forgetful(each))
        else:
            for each in resources(root):
                if each.type == "AWS::ECS::Service" and each.properties.get("PropagateTags") is None:
                    yield each.name


def _forgetful(block: Node) -> bool:
    return block.labels[:1] == ("aws_ecs_service",) and block.entry("propagate_tags") is None
