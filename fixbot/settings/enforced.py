"""What a repository may still say of a setting that whoever runs fixbot enforces: only what is stricter.

How a setting gets stricter is its field's `stricter`:

- `fixed`: not at all; what the operator has stays. So it is where a field doesn't say.
- `falls`: down to a lower number, a lower severity, a more careful word. So it is for numbers and those two.
- `shrinks`: a list loses entries (what is skipped, excluded, ignored), and globs that take back may be added.
- `covers`: a list of all that counts, empty for everything, gains entries or becomes empty.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from fixbot.model.findings import Safety

Stricter = Literal["fixed", "falls", "shrinks", "covers"]
_CAREFUL_FIRST = (Safety.SAFE, Safety.REVIEW)


def is_enforced(path: Sequence[str], enforced: Collection[str]) -> bool:
    """Whether a key, or a map that it stands in, is among these dotted keys."""
    return any(".".join(path[: end + 1]) in enforced for end in range(len(path)))


def strictness_of(meta: Mapping[str, Any], value: Any) -> Stricter:
    """How the field of this metadata and value gets stricter."""
    falls = isinstance(value, int | Safety) and not isinstance(value, bool)
    found: Stricter = meta.get("stricter", "falls" if falls else "fixed")
    return found


def choose_strictest(way: Stricter, old: Any, new: Any) -> Any:
    """What counts where the operator has `old` and the repository says `new`; `new` itself if that may be."""
    match way:
        case "falls":
            return min(old, new, key=_rank_value)
        case "shrinks":
            return _intersect_entries(old, new)
        case "covers":
            return _unite_entries(old, new)
        case "fixed":
            return old


def _rank_value(value: Any) -> int:
    return _CAREFUL_FIRST.index(value) if isinstance(value, Safety) else int(value)


def _intersect_entries(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """The old entries that are left, in their order. Of globs the last one counts, so those with ! stay."""
    if set(new) <= set(old) and not any(map(_is_negated, old)):
        return new
    kept = tuple(each for each in old if each in new or _is_negated(each))
    return kept + tuple(each for each in new if _is_negated(each) and each not in old)


def _unite_entries(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """The old entries and what the new ones add; everything where one of the two is that."""
    if not old or not new:
        return ()
    kept = tuple(each for each in old if each in new or not _is_negated(each))
    return kept + tuple(each for each in new if not _is_negated(each) and each not in old)


def _is_negated(entry: Any) -> bool:
    return isinstance(entry, str) and entry.startswith("!")


def is_taken(way: Stricter, new: Any, counts: Any) -> bool:
    """Whether what counts is what the repository said; the order of a list doesn't matter."""
    if way in {"shrinks", "covers"}:
        return set(map(repr, new)) == set(map(repr, counts))
    return bool(new == counts)
