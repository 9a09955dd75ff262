"""Which task a container belongs to, where several expressions lead to one place in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fixbot.dialects.terraform.folder_index import FolderIndex
from fixbot.dialects.terraform.task_definitions import TaskDraft
from fixbot.lens import ECS, Container, Task, Volume
from fixbot.source.project import Inventory, Project


def set_shared_apart(found: Iterable[TaskDraft], index: FolderIndex, reading: Inventory) -> None:
    """Leave alone, aloud, what stands in a local that other expressions use too."""
    found = list(found)
    reached: dict[str, set[tuple[int, tuple[str, ...]]]] = defaultdict(set)
    for draft in found:
        for place in draft.places:
            for depth, name in enumerate(place.locals):
                reached[name].add((id(draft), place.locals[:depth]))
    wide = {name for name, ways in reached.items() if index.count_uses(name) > len(ways)}
    for draft in found:
        for place in draft.places:
            for name in [each for each in place.locals if each in wide][:1]:
                reading.add_unread(
                    place.document,
                    place.node.start,
                    f"local.{name} is used in other places too; a change would reach further",
                )
        draft.places = [place for place in draft.places if not wide & set(place.locals)]


def assign_containers(project: Project, found: Iterable[TaskDraft], reading: Inventory) -> None:
    """Give each container to its task, and those that several tasks read to one of their own."""
    found = list(found)
    users: dict[int, list[TaskDraft]] = defaultdict(list)
    for draft in found:
        for place in draft.places:
            if draft not in users[id(place.node)]:
                users[id(place.node)].append(draft)
    shared: dict[tuple[int, ...], Task] = {}
    done: set[int] = set()
    for draft in found:
        for position, place in enumerate(draft.places):
            if id(place.node) in done:
                continue
            done.add(id(place.node))
            sharing = users[id(place.node)]
            key = tuple(map(id, sharing))
            if len(sharing) > 1 and key not in shared:
                shared[key] = _shared_task([each.task for each in sharing])
            task = shared.get(key, draft.task)
            made = Container(place.node, task, ECS, position, conditional=place.conditional)
            made.given = place.given
            made.key = task.name if task.kind == "batch" else ""
            task.containers.append(made)
        for container in draft.made:
            container.task = draft.task
            draft.task.containers.append(container)
        if draft.places or draft.made:
            project.claimed |= draft.look.files
    reading.tasks += [draft.task for draft in found]
    reading.tasks += shared.values()


def _shared_task(tasks: list[Task]) -> Task:
    """What several task definitions have in common: a flag is known where all agree."""
    first = tasks[0]
    names = " and ".join(task.address for task in tasks)
    modes = {task.network_mode for task in tasks}
    execs = [task.exec_enabled for task in tasks]
    return Task(
        first.path, first.kind, first.dialect, first.name, None, ECS, shared_by=tuple(tasks),
        address="+".join(t.address for t in tasks), workload=first.workload, owner=first.owner,
        volumes=_volumes_of_all(tasks),
        volumes_reason=f"the same containers are used by {names}, and each of them would need the volume",
        fargate=_common_flag([t.fargate for t in tasks]), windows=_common_flag([t.windows for t in tasks]),
        exec_enabled=True if any(execs) else _common_flag(execs),
        daemon=any(t.daemon for t in tasks),
        network_mode=modes.pop() if len(modes) == 1 else None,
        host_namespaces=tuple({name: None for t in tasks for name in t.host_namespaces}),
        execution_role=first.execution_role, region=first.region, follower=first.follower,
    )  # fmt: skip


def _volumes_of_all(tasks: list[Task]) -> tuple[Volume, ...] | None:
    """The volumes of any of them, none of which can be used for the others; None where some aren't known."""
    if any(task.volumes is None or task.node is None for task in tasks):
        return None
    return tuple(
        Volume(volume.name, "another task's", volume.node) for task in tasks for volume in task.volumes or ()
    )


def _common_flag(values: list[bool | None]) -> bool | None:
    return values[0] if all(value is values[0] for value in values) else None
