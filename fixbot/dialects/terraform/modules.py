"""Modules that take container definitions: cloudposse's, and any that is given them in the ECS API's words.

Those of terraform-aws-modules have a room of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fixbot.dialects import ecs
from fixbot.dialects.terraform.ecs import Draft
from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.spelling import CLOUDPOSSE
from fixbot.dialects.terraform.terraform_aws import DEFAULTS, read_services, version
from fixbot.dialects.terraform.values import Look, Place
from fixbot.lens import ECS, Container, Spelling, Task, text_of
from fixbot.project import Project, Reading
from fixbot.tree import Kind, Node, Unset

_CLOUDPOSSE = re.compile(r"cloudposse/(?:terraform-aws-)?ecs-container-definition\b")
_TERRAFORM_AWS = re.compile(r"terraform-aws-modules/(?:terraform-aws-)?ecs(?:/aws|\.git|$|//|\?)")
_NAME = re.compile(r"[\w-]+")
_ELSEWHERE = "the task definition that takes this container stands elsewhere"


def read(project: Project, index: Index, drafts: list[Draft], reading: Reading) -> None:
    """Every module of a folder that is given containers; what an ECS task of the folder takes joins it."""
    joined: set[str] = set()
    taken = {id(place.node) for draft in drafts for place in draft.places}
    for block in index.blocks:
        if block.word != "module":
            continue
        source = text_of(block.node.get("source")) or ""
        ours = _TERRAFORM_AWS.search(source)
        inner = _inner_module(source[ours.end() :]) if ours else None
        if _CLOUDPOSSE.search(source):
            joined |= _single(block, CLOUDPOSSE, {}, drafts, reading)
        elif ours is not None and inner == "container-definition":
            joined |= _single(block, version(block.node, block.node), DEFAULTS, drafts, reading)
        elif ours is not None and inner in (None, "service"):
            read_services(index, block, reading, several=inner is None)
        elif ours is None:
            _any_other(project, index, block, reading, taken)
    for draft in drafts:
        for output in draft.look.outputs:
            if output.module not in joined:
                given = f"given by module.{output.module}.{output.name}"
                what = f"the containers of {draft.task.address} are {given}"
                reading.skip(output.document, output.offset, what)


def _inner_module(rest: str) -> str | None:
    """The module inside of a module that its address names; None where it names the whole."""
    found = _NAME.match(rest.rpartition("/modules/")[2]) if "/modules/" in rest else None
    return found[0] if found else None


def _single(
    block: Block,
    spelling: Spelling,
    defaults: Mapping[str, bool | Unset],
    drafts: list[Draft],
    reading: Reading,
) -> set[str]:
    """A module that is one container: its inputs are the container's fields."""
    image = block.node.get(spelling.field("image"))
    if image is None:
        reading.skip(block.document, block.node.start, f"{block.address} is given no image")
        return {block.name}
    users = [draft for draft in drafts if any(each.module == block.name for each in draft.look.outputs)]
    if len(users) == 1:
        task = users[0].task
        container = Container(block.node, task, spelling, 0, key=block.name, defaults=defaults)
        users[0].made.append(container)
        return {block.name}
    task = _task(block, block.address)
    task.volumes_reason = f"{len(users)} task definitions take this container" if users else _ELSEWHERE
    task.containers.append(Container(block.node, task, spelling, 0, key=block.name, defaults=defaults))
    reading.tasks.append(task)
    return {block.name}


def _task(block: Block, address: str) -> Task:
    return Task(
        block.document.path, "ecs", "terraform", block.name, None, ECS, address=address, workload="module",
        owner=block.node, volumes=None,
        volumes_reason=f"fixbot doesn't know how {block.address} takes volumes",
    )  # fmt: skip


def _any_other(project: Project, index: Index, block: Block, reading: Reading, taken: set[int]) -> None:
    """A module that fixbot doesn't know: lists of containers in the API's own spelling are read."""
    for entry in block.node.entries:
        text = block.text(entry.value)
        if "ontainer" not in entry.key and "image" not in text:
            continue
        look = Look(project, index)
        places = look.behind(block.document, entry.value) if entry.value.kind is not Kind.MAP else []
        # what a task definition or another module takes too is one place in the text
        found = [place for place in places if _is_container(place, entry.key)]
        if fresh := [place for place in found if id(place.node) not in taken]:
            reading.tasks.append(_given(index, block, entry.key, fresh))
            taken |= {id(place.node) for place in fresh}
        elif _holds_images(entry.value) and not places:
            what = f"{block.address} is given containers under names that fixbot doesn't know"
            reading.skip(block.document, entry.value.start, what)


def _is_container(place: Place, key: str) -> bool:
    """Whether an object has the API's names, and says more than a name and an image, or the input does.

    What stands in a file of its own is read by that file's dialect.
    """
    if place.document.syntax != "hcl":
        return False
    names = {entry.key for entry in place.node.entries}
    return {"name", "image"} <= names and (bool(names & ecs.TELLING) or "container_def" in key)


def _given(index: Index, block: Block, key: str, places: list[Place]) -> Task:
    task = _task(block, f"{block.address}/{key}")
    task.fargate = ecs.fargate(index.settled(block.node.get("requires_compatibilities")))
    task.region = index.region()
    for position, place in enumerate(places):
        task.containers.append(Container(place.node, task, ECS, position, conditional=place.conditional))
    return task


def _holds_images(node: Node) -> bool:
    return any(
        entry.key in ("image", "container_image")
        for each in node.walk()
        if each is not node
        for entry in each.entries
    )
