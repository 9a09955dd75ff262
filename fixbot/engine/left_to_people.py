"""Findings in what stands here in part alone: what is written there counts, and a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fixbot.lens import Container, Subject, Task
from fixbot.model.findings import Found, Manual


def leave_to_people(found: Iterable[Found], subject: Subject) -> Iterator[Found]:
    """The same findings; of a subject known in part those about something written, and those for a person."""
    whole = subject.only_said if isinstance(subject, Container | Task) else ""
    parts = {id(subject.node): whole} if whole and isinstance(subject, Container | Task) else {}
    if isinstance(subject, Task):
        parts |= {id(each.node): each.only_said for each in subject.containers if each.only_said}
    for each in found:
        node = each.node
        while id(node) not in parts and node.parent is not None and parts:
            node = node.parent
        reason = parts.get(id(node)) or whole
        if not reason:
            yield each
        elif id(each.node) not in parts:
            yield replace(each, outcome=Manual(reason))
