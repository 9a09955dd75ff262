"""ECS resources whose containers are blocks: daemons and Express services."""

from __future__ import annotations

from fixbot.dialects import ecs
from fixbot.dialects.terraform.index import Block, Index
from fixbot.lens import TERRAFORM_CONTAINER, Container, Task, Volume, text_of
from fixbot.project import Reading

_MAKE = {
    "aws_ecs_daemon_task_definition": ("family", "container_definition", ecs.make_daemon),
    "aws_ecs_express_gateway_service": ("service_name", "primary_container", ecs.make_express),
}


def read(index: Index, reading: Reading) -> None:
    """Every daemon and Express service of a folder."""
    for block in index.blocks:
        if block.word == "resource" and block.type in _MAKE:
            reading.tasks.append(_task(index, block, reading))


def _task(index: Index, block: Block, reading: Reading) -> Task:
    naming, listed, make = _MAKE[block.type]
    node = block.node
    task = Task(
        block.document.path, "ecs", "terraform", text_of(node.get(naming)) or block.name, node,
        TERRAFORM_CONTAINER, address=block.address, owner=node, region=index.region(),
        execution_role=node.get("execution_role_arn"),
    )  # fmt: skip
    task.volumes = tuple(
        Volume(text_of(each.get("name")) or "", "host" if each.get("host") is not None else "bind", each)
        for each in node.many("volume")
    )
    make(task)
    for position, each in enumerate(node.many(listed)):
        if each.get("image") is not None:
            container = Container(each, task, TERRAFORM_CONTAINER, position, key=task.name)
            task.containers.append(container)
    if any(each.labels == (listed,) for each in node.many("dynamic")):
        reading.skip(block.document, node.start, f"containers of {block.address} are in a dynamic block")
    return task
