"""What one repository's settings leave out that another's don't: what a pull request would switch off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.model import Severity

if TYPE_CHECKING:
    from fixbot.settings import Settings
    from fixbot.suppress import Ignore


@dataclass(frozen=True, slots=True)
class Loosened:
    """What the newer settings leave out beyond the older ones; `severity` is None where it doesn't rise."""

    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    severity: Severity | None = None
    never_patch: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()

    @property
    def hides(self) -> bool:
        """Whether findings would be missing for it; files that are never changed are looked at still."""
        return bool(self.rules or self.exclude or self.include or self.severity or self.ignores)


def compare(old: Settings, new: Settings, rules: Collection[str]) -> Loosened:
    """What `new` leaves out beyond `old`, of these rules."""
    before, after = set(running(old, rules)), set(running(new, rules))
    known = {_key(each) for each in old.ignore}
    return Loosened(
        rules=tuple(sorted(before - after)),
        exclude=tuple(each for each in new.exclude if each not in old.exclude),
        include=new.include if new.include and set(new.include) != set(old.include) else (),
        severity=new.severity if new.severity > old.severity else None,
        never_patch=tuple(each for each in new.never_patch if each not in old.never_patch),
        ignores=tuple(each for each in new.ignore if _key(each) not in known),
    )


def running(settings: Settings, rules: Collection[str]) -> Iterator[str]:
    """Those of these rules that the settings let run."""
    only, skip = settings.rules.only, settings.rules.skip
    return (each for each in rules if (not only or each in only) and each not in skip)


def _key(wish: Ignore) -> tuple[object, ...]:
    return wish.rule, wish.reason, wish.path, wish.resource, wish.until
