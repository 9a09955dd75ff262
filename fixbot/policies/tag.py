"""Which tag tells environments apart here: the configured one, the repository's own, or the default."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam.tagging import Tag
from fixbot.prose import code

if TYPE_CHECKING:
    from fixbot.world import World


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tag, and the sentence that says where it comes from."""

    tag: Tag
    why: str


def choose(world: World) -> Chosen:
    """The tag for this run. Raises ValueError where the configured one can't be a tag."""
    settings = world.settings
    if settings.sets("tag"):
        given = settings.tag
        only_key = settings.sets("tag.key") and not settings.sets("tag.value")
        value = _of_principal(given.key) if only_key else given.value
        return Chosen(Tag(given.key, value), f"The tag {code(given.key)} is the one that the settings name.")
    return _of_repository(world) or Chosen(
        Tag(settings.tag.key, settings.tag.value),
        f"The tag {code(settings.tag.key)} is fixbot's default, since no resource in this repository shows "
        "one. "
        "`tag` in `.fixbot.yml` names another.",
    )


def _of_principal(key: str) -> str:
    return f"${{aws:PrincipalTag/{key}}}"


def _of_repository(world: World) -> Chosen | None:
    """The key that most resources carry; its value too where all of them carry the same."""
    counts: Counter[str] = Counter()
    for key, _, count in world.surroundings.tags:
        counts[key] += count
    if not counts:
        return None
    key, count = counts.most_common(1)[0]
    values = {value for each, value, _ in world.surroundings.tags if each == key}
    used = f"The tag {code(key)} is what this repository puts on its own resources ({_times(count)}"
    if len(values) == 1 and (value := next(iter(values))):
        return Chosen(Tag(key, value), f"{used}, always {code(value)}).")
    known = [code(value) for value in sorted(filter(None, values))[:4]]
    shown = ", ".join([*known, "values of variables"] if "" in values else known)
    tag = Tag(key, _of_principal(key))
    return Chosen(
        tag,
        f"{used}, with {shown}). Its value differs by environment, so it is compared with the caller's own "
        "tag of that name.",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
