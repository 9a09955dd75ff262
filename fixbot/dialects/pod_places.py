"""Where custom resources hold containers, by what their schemas say: a table, each row with its source.

`fixbot/data/pod_places.tsv`; the rows of published schemas are made by scripts/build_pod_places.py. A row
names an API group, a kind in small letters, a place (`spec.templates[]`, `spec.nodes{}`), the lists and maps
there that are containers, and under which key an empty volume may be added beside them (`-`: nowhere).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fixbot.edit.tree import Node, NodeKind


@dataclass(frozen=True, slots=True)
class PodPlace:
    """One place of a kind: the way to what is like a pod, and to its containers from there."""

    way: str
    containers: tuple[str, ...]
    volumes: bool

    def follow(self, root: Node) -> Iterator[tuple[str, Node]]:
        """Every map of an object that is at this place, with its written path."""
        yield from (each for each in _follow(root, self.way, "") if each[1].kind is NodeKind.MAP)


@cache
def _read_table() -> Mapping[tuple[str, str], tuple[PodPlace, ...]]:
    path = Path(__file__).resolve().parent.parent / "data" / "pod_places.tsv"
    found: dict[tuple[str, str], tuple[PodPlace, ...]] = {}
    for line in path.read_text(encoding="ascii").splitlines()[1:]:
        group, kind, way, containers, volumes, _ = line.split("\t")
        place = PodPlace("" if way == "." else way, tuple(containers.split()), volumes != "-")
        found[group, kind] = (*found.get((group, kind), ()), place)
    return found


def find_places(group: str, kind: str) -> tuple[PodPlace, ...]:
    """The places of a kind; none where the table doesn't have it."""
    return _read_table().get((group, kind.lower()), ())


def has_group(group: str) -> bool:
    """Whether the table has a kind of that API group."""
    return any(known == group for known, _ in _read_table())


def find_containers(pod: Node, key: str) -> Iterator[tuple[Node, str]]:
    """The containers of a list or map `key`, or the one that stands there, each with the key it has."""
    for path, node in _follow(pod, key, ""):
        items = node.items if node.kind is NodeKind.LIST else [node]
        called = path.rpartition(".")[2].partition("[")[0]
        yield from ((item, called) for item in items if item.kind is NodeKind.MAP)


def _follow(node: Node, way: str, written: str) -> Iterator[tuple[str, Node]]:
    if not way:
        yield written, node
        return
    step, _, rest = way.partition(".")
    key = step.removesuffix("[]").removesuffix("{}")
    found = node.find_node(key) if node.kind is NodeKind.MAP else None
    path = f"{written}.{key}".removeprefix(".")
    if found is None:
        return
    if step.endswith("[]"):
        for at, item in enumerate(found.items if found.kind is NodeKind.LIST else ()):
            yield from _follow(item, rest, f"{path}[{at}]")
    elif step.endswith("{}"):
        for entry in found.entries:
            yield from _follow(entry.value, rest, f"{path}.{entry.key}")
    else:
        yield from _follow(found, rest, path)
