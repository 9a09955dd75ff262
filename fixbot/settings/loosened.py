"""What one repository's settings leave out that another's don't: what a pull request would switch off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.model.findings import Severity

if TYPE_CHECKING:
    from fixbot.settings import Settings
    from fixbot.settings.suppressions import Ignore


@dataclass(frozen=True, slots=True)
class LoosenedSettings:
    """What the newer settings leave out beyond the older ones; `severity` is None where it doesn't rise."""

    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    severity: Severity | None = None
    never_patch: tuple[str, ...] = ()
    ephemeral: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()


def find_loosened(old: Settings, new: Settings, rules: Collection[str]) -> LoosenedSettings:
    """What `new` leaves out beyond `old`, of these rules."""
    before, after = set(running_rules(old, rules)), set(running_rules(new, rules))
    known = {_ignore_key(each) for each in old.ignore}
    return LoosenedSettings(
        rules=tuple(sorted(before - after)),
        exclude=tuple(each for each in new.exclude if each not in old.exclude),
        include=new.include if new.include and set(new.include) != set(old.include) else (),
        severity=new.severity if new.severity > old.severity else None,
        ephemeral=tuple(each for each in new.ephemeral_paths if each not in old.ephemeral_paths),
        never_patch=tuple(each for each in new.never_patch if each not in old.never_patch),
        ignores=tuple(each for each in new.ignore if _ignore_key(each) not in known),
    )


def running_rules(settings: Settings, rules: Collection[str]) -> Iterator[str]:
    """Those of these rules that the settings let run."""
    on, skip = settings.rules.only or settings.profiled, settings.rules.skip
    return (each for each in rules if (not on or each in on) and each not in skip)


def _ignore_key(wish: Ignore) -> tuple[object, ...]:
    return wish.rule, wish.reason, wish.path, wish.resource, wish.until
