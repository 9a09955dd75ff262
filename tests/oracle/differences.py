"""Where two readings of one file differ as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_ALIKE = 0.4
Path = tuple[str, ...]


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


@dataclass(frozen=True)
class Difference:
    """One place that differs; `[]` stands for an item of a list. `before` or `after` may be MISSING."""

    path: Path
    before: Any
    after: Any

    @property
    def where(self) -> str:
        return "/".join(self.path)

    @property
    def wraps(self) -> bool:
        """Whether a thing became a list of it and others, whose lines cannot all stay where they are."""
        return isinstance(self.before, dict) and isinstance(self.after, list)

    @property
    def data(self) -> int:
        """How many values that are no collections come and go."""
        return leaves(self.before) + leaves(self.after)

    @property
    def least(self) -> int:
        """The lines that this takes where every key and every item stands on a line of its own."""
        return lines(self.before, self.path[-1:] == ("[]",)) + lines(self.after, self.path[-1:] == ("[]",))


def leaves(data: Any) -> int:
    """The scalars in some data; an empty collection counts as one."""
    if data is MISSING:
        return 0
    below = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else None
    return sum(map(leaves, below)) or 1 if below is not None else 1


def lines(data: Any, item: bool = False) -> int:
    """Lines of block-style YAML for some data, its own key's included (`- ` shares its first key's line)."""
    if data is MISSING:
        return 0
    if isinstance(data, dict) and data:
        return sum(lines(value) for value in data.values()) + (not item)
    if isinstance(data, list) and data:
        return sum(lines(value, item=True) for value in data) + 1
    return 1


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Every smallest place where the two differ; keys out of their old order count as a change."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_maps(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _of_maps(before: dict[str, Any], after: dict[str, Any], path: Path) -> Iterator[Difference]:
    kept = [key for key in after if key in before]
    if kept != [key for key in before if key in after]:
        yield Difference((*path, "(order of keys)"), list(before), list(after))
    for key in {**before, **after}:
        one, two = before.get(key, MISSING), after.get(key, MISSING)
        if one is MISSING or two is MISSING:
            yield Difference((*path, key), one, two)
        else:
            yield from differences(one, two, (*path, key))


def _of_lists(before: list[Any], after: list[Any], path: Path) -> Iterator[Difference]:
    ones, twos = [_word(each) for each in before], [_word(each) for each in after]
    for kind, a, b, c, d in SequenceMatcher(None, ones, twos, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        pairs = _paired(before[a:b], after[c:d])
        for one, two in pairs:
            if one is MISSING or two is MISSING:
                yield Difference((*path, "[]"), one, two)
            else:
                yield from differences(one, two, (*path, "[]"))


def _word(data: Any) -> str:
    return json.dumps(data, sort_keys=True, default=str)


def _paired(before: list[Any], after: list[Any]) -> list[tuple[Any, Any]]:
    """Items that are the same thing changed, in order; the rest come or go."""
    pairs: list[tuple[Any, Any]] = []
    at = 0
    for one in before:
        best = max(range(at, len(after)), key=lambda i: _likeness(one, after[i]), default=None)
        if best is None or _likeness(one, after[best]) < _ALIKE:
            pairs.append((one, MISSING))
            continue
        pairs += [(MISSING, each) for each in after[at:best]]
        pairs.append((one, after[best]))
        at = best + 1
    return pairs + [(MISSING, each) for each in after[at:]]


def _likeness(one: Any, two: Any) -> float:
    """How much of `one` is still in `two`, from 0 to 1; things of another name are others."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in ("name", "Name", "Sid", "sid", "(labels)"):
            if (key in one or key in two) and one.get(key) != two.get(key):
                return 0
    ones, twos = set(_flat(one, ())), set(_flat(two, ()))
    named = isinstance(one, dict) and any(key in one for key in ("name", "Name"))
    return max(len(ones & twos) / max(len(ones), 1), _ALIKE if named else 0)


def _flat(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _flat(value, (*path, key))
    elif isinstance(data, list) and data:
        for value in data:
            yield from _flat(value, (*path, "[]"))
    else:
        yield path, repr(data)
