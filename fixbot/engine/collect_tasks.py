"""The task definitions of a repository with their security fields, for who compares them with what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind
from fixbot.engine.survey_again import survey_parts, survey_texts
from fixbot.lens import Container, Task, text_of
from fixbot.model.drift import (
    SECURITY_FLAGS,
    SECURITY_LISTS,
    SECURITY_TEXTS,
    TASK_FIELDS,
    FieldValue,
    FileTask,
    SecurityFields,
)
from fixbot.secret_stores.aws_names import find_aws_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixbot.checkout.repository_files import RepositoryFiles
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


def collect_file_tasks(
    checkout: RepositoryFiles, fixers: tuple[Rule, ...], settings: Settings
) -> list[FileTask]:
    """Every task definition of ECS whose family is written out. Raises OutOfTime."""
    found: list[FileTask] = []
    for texts, order in survey_parts(checkout, fixers, settings, lambda _: True):
        found += [
            made
            for task in survey_texts(texts, order).reading.tasks
            if (made := _read_task(task, settings)) is not None
        ]
    return found


def _read_task(task: Task, settings: Settings) -> FileTask | None:
    family = text_of(task.get("family"))
    if task.kind != "ecs" or not family:
        return None
    own: dict[str, FieldValue] = {}
    for canonical in TASK_FIELDS:
        _keep_text(own, canonical, task)
    containers = {each.name: _read_container(each) for each in task.containers if not each.conditional}
    whole = len(containers) == len(task.containers) and not any(name.startswith("#") for name in containers)
    place = find_aws_place(task, settings)
    return FileTask(
        family, task.path, place.account, place.region, SecurityFields(task.title, own), containers, whole
    )


def _read_container(container: Container) -> SecurityFields:
    fields: dict[str, FieldValue] = {}
    for canonical in SECURITY_FLAGS:
        value = container.flag(canonical)
        if value is ABSENT or isinstance(value, bool):
            fields[canonical] = value is True
    for canonical in SECURITY_TEXTS:
        _keep_text(fields, canonical, container)
    for canonical in SECURITY_LISTS:
        if container.value(canonical) is ABSENT:
            fields[canonical] = ()
        elif (listed := _list_texts(container.get(canonical))) is not None:
            fields[canonical] = listed
    secrets = container.get("secrets")
    names = () if secrets is None else _list_texts(secrets, container.spelling.key("name"))
    if names is not None:
        fields["secrets"] = names
    return SecurityFields(container.title, fields, container.image or "")


def _keep_text(fields: dict[str, FieldValue], canonical: str, subject: Task | Container) -> None:
    value = subject.value(canonical)
    if value is ABSENT or value is None:
        fields[canonical] = None
    elif value is not UNKNOWN and not isinstance(value, bool):
        fields[canonical] = str(value)


def _list_texts(node: Node | None, key: str = "") -> tuple[str, ...] | None:
    """The texts of a list, sorted, or what stands under a key of its maps; None where not all are known."""
    if node is None or node.kind is not NodeKind.LIST or node.tag is not None:
        return None
    texts = [text_of(item.find_node(key) if key else item) for item in node.items]
    known = [text for text in texts if text is not None]
    return tuple(sorted(known)) if len(known) == len(texts) else None


def find_by_family(tasks: list[FileTask]) -> Mapping[str, list[FileTask]]:
    """The tasks by family; of a family in two files both."""
    found: dict[str, list[FileTask]] = {}
    for each in tasks:
        found.setdefault(each.family, []).append(each)
    return found
