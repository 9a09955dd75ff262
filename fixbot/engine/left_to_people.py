"""Findings in what stands here in part alone: what is written there counts, and a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fixbot.model.findings import Found, Manual
from fixbot.source.project import Inventory


def list_partial_places(reading: Inventory) -> Mapping[int, str]:
    """The nodes of tasks and containers of which the rest stands elsewhere, each with the reason."""
    places: dict[int, str] = {}
    for task in reading.tasks:
        if task.only_said and task.node is not None:
            places[id(task.node)] = task.only_said
        places |= {id(each.node): each.only_said for each in task.containers if each.only_said}
    return places


def leave_to_people(found: Iterable[Found], places: Mapping[int, str]) -> Iterator[Found]:
    """The same findings; of partial places those about something written, and those for a person."""
    for each in found:
        node = each.node
        while id(node) not in places and node.parent is not None:
            node = node.parent
        reason = places.get(id(node))
        if reason is None:
            yield each
        elif node is not each.node:
            yield replace(each, outcome=Manual(reason))
