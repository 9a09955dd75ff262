"""Modules that take container definitions: cloudposse's, and any that is given them in the ECS API's words.

Those of terraform-aws-modules have a room of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fixbot.dialects import ecs
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.dialects.terraform.literal_values import LiteralPlace, ValueSearch
from fixbot.dialects.terraform.module_spelling import CLOUDPOSSE
from fixbot.dialects.terraform.service_modules import DEFAULTS, choose_spelling, read_module_services
from fixbot.dialects.terraform.task_definitions import TaskDraft
from fixbot.edit.tree import Node, NodeKind, UnsetValue
from fixbot.lens import ECS, Container, Spelling, Task, text_of
from fixbot.source.project import Inventory, Project

_CLOUDPOSSE = re.compile(r"cloudposse/(?:terraform-aws-)?ecs-container-definition\b")
_TERRAFORM_AWS = re.compile(r"terraform-aws-modules/(?:terraform-aws-)?ecs(?:/aws|\.git|$|//|\?)")
_NAME = re.compile(r"[\w-]+")
_ELSEWHERE = "the task definition that takes this container stands elsewhere"


def read_modules(project: Project, index: FolderIndex, drafts: list[TaskDraft], reading: Inventory) -> None:
    """Every module of a folder that is given containers; what an ECS task of the folder takes joins it."""
    joined: set[str] = set()
    taken = {id(place.node) for draft in drafts for place in draft.places}
    for block in index.blocks:
        if block.word != "module":
            continue
        source = text_of(block.node.find_node("source")) or ""
        ours = _TERRAFORM_AWS.search(source)
        inner = _inner_module_path(source[ours.end() :]) if ours else None
        if _CLOUDPOSSE.search(source):
            joined |= _read_single_container(block, CLOUDPOSSE, {}, drafts, reading)
        elif ours is not None and inner == "container-definition":
            joined |= _read_single_container(
                block, choose_spelling(block.node, block.node), DEFAULTS, drafts, reading
            )
        elif ours is not None and inner in (None, "service"):
            read_module_services(index, block, reading, several=inner is None)
        elif ours is None:
            _read_unknown_module(project, index, block, reading, taken)
    for draft in drafts:
        for output in draft.look.outputs:
            if output.module not in joined:
                given = f"given by module.{output.module}.{output.name}"
                what = f"the containers of {draft.task.address} are {given}"
                reading.add_unread(output.document, output.offset, what)


def is_container_module(block: TerraformBlock) -> bool:
    """Whether a module is known to make containers of what it is given."""
    source = (text_of(block.node.find_node("source")) or "") if block.word == "module" else ""
    return _CLOUDPOSSE.search(source) is not None or _TERRAFORM_AWS.search(source) is not None


def _inner_module_path(rest: str) -> str | None:
    """The module inside of a module that its address names; None where it names the whole."""
    found = _NAME.match(rest.rpartition("/modules/")[2]) if "/modules/" in rest else None
    return found[0] if found else None


def _read_single_container(
    block: TerraformBlock,
    spelling: Spelling,
    defaults: Mapping[str, bool | UnsetValue],
    drafts: list[TaskDraft],
    reading: Inventory,
) -> set[str]:
    """A module that is one container: its inputs are the container's fields."""
    image = block.node.find_node(spelling.spell_field("image"))
    if image is None:
        reading.add_unread(block.document, block.node.start, f"{block.address} is given no image")
        return {block.name}
    users = [draft for draft in drafts if any(each.module == block.name for each in draft.look.outputs)]
    if len(users) == 1:
        task = users[0].task
        container = Container(block.node, task, spelling, 0, key=block.name, defaults=defaults)
        users[0].made.append(container)
        return {block.name}
    task = _build_module_task(block, block.address)
    task.volumes_reason = f"{len(users)} task definitions take this container" if users else _ELSEWHERE
    task.containers.append(Container(block.node, task, spelling, 0, key=block.name, defaults=defaults))
    reading.tasks.append(task)
    return {block.name}


def _build_module_task(block: TerraformBlock, address: str) -> Task:
    return Task(
        block.document.path, "ecs", "terraform", block.name, None, ECS, address=address, workload="module",
        owner=block.node, volumes=None,
        volumes_reason=f"fixbot doesn't know how {block.address} takes volumes",
    )  # fmt: skip


def _read_unknown_module(
    project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory, taken: set[int]
) -> None:
    """A module that fixbot doesn't know: lists of containers in the API's own spelling are read."""
    for entry in block.node.entries:
        text = block.source_of(entry.value)
        if "ontainer" not in entry.key and "image" not in text:
            continue
        look = ValueSearch(project, index)
        places = (
            look.find_literals(block.document, entry.value) if entry.value.kind is not NodeKind.MAP else []
        )
        # what a task definition or another module takes too is one place in the text
        found = [place for place in places if _is_container(place, entry.key)]
        if fresh := [place for place in found if id(place.node) not in taken]:
            reading.tasks.append(_build_given_task(index, block, entry.key, fresh))
            taken |= {id(place.node) for place in fresh}
        elif _holds_images(entry.value) and not places:
            what = f"{block.address} is given containers under names that fixbot doesn't know"
            reading.add_unread(block.document, entry.value.start, what)


def _is_container(place: LiteralPlace, key: str) -> bool:
    """Whether an object has the API's names, and says more than a name and an image, or the input does.

    What stands in a file of its own is read by that file's dialect.
    """
    if place.document.syntax != "hcl":
        return False
    names = {entry.key for entry in place.node.entries}
    return {"name", "image"} <= names and (bool(names & ecs.TELLING) or "container_def" in key)


def _build_given_task(
    index: FolderIndex, block: TerraformBlock, key: str, places: list[LiteralPlace]
) -> Task:
    task = _build_module_task(block, f"{block.address}/{key}")
    task.fargate = ecs.asks_for_fargate(index.resolve_local(block.node.find_node("requires_compatibilities")))
    task.region = index.provider_region()
    for position, place in enumerate(places):
        task.containers.append(Container(place.node, task, ECS, position, conditional=place.conditional))
    return task


def _holds_images(node: Node) -> bool:
    return any(
        entry.key in ("image", "container_image")
        for each in node.walk_tree()
        if each is not node
        for entry in each.entries
    )
