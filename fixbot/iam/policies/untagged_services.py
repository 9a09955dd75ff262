"""ECS services of the same folder whose tasks get no tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.dialects.cloudformation import list_resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.edit.tree import Node
    from fixbot.source.document import Document
    from fixbot.source.project import Project


def find_untagged_services(project: Project, path: str) -> tuple[str, ...]:
    """The names of services beside `path` that do not hand tags on to their tasks."""
    return tuple(
        dict.fromkeys(name for each in project.documents_in_folder(path) for name in _list_untagged(each))
    )


def _list_untagged(document: Document) -> Iterator[str]:
    for root in document.roots:
        if document.syntax == "hcl":
            found = [entry.value for entry in root.entries if entry.key == "resource"]
            yield from (".".join(each.labels) for each in found if _hands_no_tags(each))
        else:
            for each in list_resources(root):
                if each.type == "AWS::ECS::Service" and each.properties.find_node("PropagateTags") is None:
                    yield each.name


def _hands_no_tags(block: Node) -> bool:
    return block.labels[:1] == ("aws_ecs_service",) and block.find_entry("propagate_tags") is None
