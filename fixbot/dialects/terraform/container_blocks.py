"""ECS resources whose containers are blocks: daemons and Express services."""

from __future__ import annotations

from fixbot.dialects import ecs
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.lens import TERRAFORM_CONTAINER, Container, Task, Volume, text_of
from fixbot.source.project import Inventory

_MAKE = {
    "aws_ecs_daemon_task_definition": ("family", "container_definition", ecs.make_daemon),
    "aws_ecs_express_gateway_service": ("service_name", "primary_container", ecs.make_express),
}


def read_container_blocks(index: FolderIndex, reading: Inventory) -> None:
    """Every daemon and Express service of a folder."""
    for block in index.blocks:
        if block.word == "resource" and block.type in _MAKE:
            reading.tasks.append(_read_task(index, block, reading))


def _read_task(index: FolderIndex, block: TerraformBlock, reading: Inventory) -> Task:
    naming, listed, make = _MAKE[block.type]
    node = block.node
    task = Task(
        block.document.path, "ecs", "terraform", text_of(node.find_node(naming)) or block.name, node,
        TERRAFORM_CONTAINER, address=block.address, owner=node, region=index.provider_region(),
        execution_role=node.find_node("execution_role_arn"),
    )  # fmt: skip
    task.volumes = tuple(
        Volume(
            text_of(each.find_node("name")) or "",
            "host" if each.find_node("host") is not None else "bind",
            each,
        )
        for each in node.list_items("volume")
    )
    make(task)
    for position, each in enumerate(node.list_items(listed)):
        if each.find_node("image") is not None:
            container = Container(each, task, TERRAFORM_CONTAINER, position, key=task.name)
            task.containers.append(container)
    if any(each.labels == (listed,) for each in node.list_items("dynamic")):
        reading.add_unread(
            block.document, node.start, f"containers of {block.address} are in a dynamic block"
        )
    return task
