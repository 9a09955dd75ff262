"""Data with places: what a file says, and on which lines it says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


class Broken(Exception):
    """The text can't be read; the words say why."""


@dataclass(eq=False)
class Place:
    """One value: a dict of places, a list of places, or a scalar; `opaque` ones are computed elsewhere."""

    value: Any
    first: int
    """Its first line, counted from 1."""
    last: int
    tag: str | None = None
    opaque: bool = False
    column: int = 1

    def get(self, *keys: str) -> Place | None:
        """What stands below those keys, YAML merges followed."""
        at: Place | None = self
        for key in keys:
            if at is None or not isinstance(at.value, dict):
                return None
            found = at.value.get(key)
            at = found if found is not None else at.merged(key)
        return at

    def merged(self, key: str) -> Place | None:
        """What a YAML `<<` brings in."""
        merge = self.value.get("<<")
        sources = merge.value if merge is not None and isinstance(merge.value, list) else [merge]
        return next((f for s in sources if s is not None and (f := s.get(key)) is not None), None)

    @property
    def items(self) -> list[Place]:
        return self.value if isinstance(self.value, list) else []

    @property
    def entries(self) -> dict[str, Place]:
        return self.value if isinstance(self.value, dict) else {}

    @property
    def text(self) -> str | None:
        """The value if it is a string that is written out."""
        return self.value if isinstance(self.value, str) and not self.opaque and self.tag is None else None

    def walk(self, seen: set[int] | None = None) -> Iterator[Place]:
        """This place and all below it, each once."""
        seen = set() if seen is None else seen
        if id(self) in seen:
            return
        seen.add(id(self))
        yield self
        for child in (*self.items, *self.entries.values()):
            yield from child.walk(seen)


@dataclass
class Reading:
    """A file as the oracle sees it."""

    syntax: str
    roots: list[Place]
    comments: list[str]
    twice: list[str] = field(default_factory=list)
    """Keys that are written twice in one map."""


def plain(place: Place) -> Any:
    """The bare data, tags and computed values marked as such."""
    if isinstance(place.value, dict):
        data: Any = {key: plain(child) for key, child in place.value.items()}
    elif isinstance(place.value, list):
        data = [plain(child) for child in place.value]
    else:
        data = place.value if not place.opaque else {"(computed)": place.value}
    return {place.tag: data} if place.tag else data
