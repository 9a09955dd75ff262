"""Which tag tells environments apart here: the configured one, the repository's own, or the default."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam.tagging import EnvironmentTag
from fixbot.text.markdown_escape import mark_code

if TYPE_CHECKING:
    from fixbot.rules.context import Context


@dataclass(frozen=True, slots=True)
class ChosenTag:
    """A tag, and the sentence that says where it comes from."""

    tag: EnvironmentTag
    why: str


def choose_tag(world: Context) -> ChosenTag:
    """The tag for this run. Raises ValueError where the configured one can't be a tag."""
    settings = world.settings
    if settings.is_set("tag"):
        given = settings.tag
        only_key = settings.is_set("tag.key") and not settings.is_set("tag.value")
        value = _principal_variable(given.key) if only_key else given.value
        return ChosenTag(
            EnvironmentTag(given.key, value),
            f"The tag {mark_code(given.key)} is the one that the settings name.",
        )
    return _find_repository_tag(world) or ChosenTag(
        EnvironmentTag(settings.tag.key, settings.tag.value),
        f"The tag {mark_code(settings.tag.key)} is fixbot's default, since no resource in this "
        "repository shows "
        "one. "
        "`tag` in `.fixbot.yml` names another.",
    )


def _principal_variable(key: str) -> str:
    return f"${{aws:PrincipalTag/{key}}}"


def _find_repository_tag(world: Context) -> ChosenTag | None:
    """The key that most resources carry; its value too where all of them carry the same."""
    counts: Counter[str] = Counter()
    for key, _, count in world.surroundings.tags:
        counts[key] += count
    if not counts:
        return None
    key, count = counts.most_common(1)[0]
    values = {value for each, value, _ in world.surroundings.tags if each == key}
    used = (
        f"The tag {mark_code(key)} is what this repository puts on its own resources ({_count_times(count)}"
    )
    if len(values) == 1 and (value := next(iter(values))):
        return ChosenTag(EnvironmentTag(key, value), f"{used}, always {mark_code(value)}).")
    known = [mark_code(value) for value in sorted(filter(None, values))[:4]]
    shown = ", ".join([*known, "values of variables"] if "" in values else known)
    tag = EnvironmentTag(key, _principal_variable(key))
    return ChosenTag(
        tag,
        f"{used}, with {shown}). Its value differs by environment, so it is compared with the caller's own "
        "tag of that name.",
    )


def _count_times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
