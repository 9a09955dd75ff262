"""How many pull requests may be opened now, which ones first, and when the others come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fixbot.model.errors import FixbotError

if TYPE_CHECKING:
    from fixbot.settings.pull_request_settings import PullRequestSettings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?)?(?: ?(?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d))?"
)
WHOLE_REPOSITORY = "*"
"""Whose weekly budget it is where nobody owns the files."""
SPENDS_NOTHING = "-"
_MINUTES_A_DAY = 24 * 60
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RateRoom:
    """How many new ones there is room for, and when there will be more."""

    free: int
    later: str


def compute_room(
    settings: PullRequestSettings, opened: Iterable[datetime], open_now: int, now: datetime
) -> RateRoom:
    """Room for new pull requests. `opened` are the times at which ours were opened, `now` has a time zone."""
    begins = find_next_window(settings.schedule, settings.timezone, now)
    if begins is not None:
        return RateRoom(0, f"when the schedule allows it, {begins:%A %H:%M} ({settings.timezone})")
    an_hour_ago = now - timedelta(hours=1)
    recent = sorted(each for each in opened if each > an_hour_ago)
    rooms = [
        RateRoom(settings.per_run, "in the next run (pull_requests.per_run)"),
        RateRoom(
            settings.most_open - open_now,
            "when one of the open ones is merged or closed (pull_requests.most_open)",
        ),
        RateRoom(settings.per_hour - len(recent), _explain_hourly_limit(settings.per_hour, recent, now)),
    ]
    least = min(rooms, key=lambda each: each.free)
    return RateRoom(max(least.free, 0), least.later)


def _explain_hourly_limit(most: int, recent: Sequence[datetime], now: datetime) -> str:
    if not most or not recent:
        return "never: pull_requests.per_hour is 0" if not most else "in an hour (pull_requests.per_hour)"
    due = recent[max(len(recent) - most, 0)] + timedelta(hours=1)
    minutes = max(1, round((due - now).total_seconds() / 60))
    return f"in {minutes} minutes (pull_requests.per_hour)"


@dataclass(slots=True)
class WeeklyBudget:
    """How many more may be opened for an owner in seven days. `opened` has the times of those that count."""

    most: int
    now: datetime
    opened: dict[str, list[datetime]]

    def take_place(self, owner: str) -> str:
        """Take one place; where there is none, when there will be one."""
        since = self.now - timedelta(days=7)
        recent = sorted(each for each in self.opened.get(owner, ()) if each > since)
        if len(recent) < self.most:
            self.opened.setdefault(owner, []).append(self.now)
            return ""
        if not self.most:
            return "never: pull_requests.per_week is 0"
        due = recent[len(recent) - self.most] + timedelta(days=7)
        whose = f" for @{owner}" if owner != WHOLE_REPOSITORY else ""
        return f"on {due:%Y-%m-%d}{whose} (pull_requests.per_week)"


def split_by_room(things: Sequence[_T], free: int) -> tuple[Sequence[_T], Sequence[_T]]:
    """Those that are opened now and those that wait; `things` come in their order."""
    return things[:free], things[free:]


def find_next_window(schedule: Sequence[str], zone: str, now: datetime) -> datetime | None:
    """When the next window begins; None within one, or where there is no schedule. Raises FixbotError."""
    if not schedule:
        return None
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FixbotError(f"pull_requests.timezone: {zone!r} is no time zone known here") from None
    at = local.replace(second=0, microsecond=0)
    minutes = 0
    for window in dict.fromkeys(schedule):
        minutes |= _window_minutes(window)
    if minutes >> _minute_of_week(at) & 1:
        return None
    for _ in range(8 * _MINUTES_A_DAY // 5):
        at += timedelta(minutes=5 - at.minute % 5)
        if minutes >> _minute_of_week(at) & 1:
            return at
    raise FixbotError(f"pull_requests.schedule: {', '.join(schedule)} never begins")


def _minute_of_week(at: datetime) -> int:
    """The minute of the week, from Monday."""
    return at.weekday() * _MINUTES_A_DAY + at.hour * 60 + at.minute


def _window_minutes(window: str) -> int:
    """The minutes of the week in which a window is open, each a bit."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        return 0
    begin = _parse_clock(found["begin"], 0)
    end = min(_parse_clock(found["end"], _MINUTES_A_DAY), _MINUTES_A_DAY)
    if begin >= _MINUTES_A_DAY:
        return 0
    length = end - begin if begin <= end else end - begin + _MINUTES_A_DAY  # over midnight
    week, minutes = 7 * _MINUTES_A_DAY, 0
    for day in filter(lambda day: _is_on_day(found, day), range(7)):
        minutes |= (1 << length) - 1 << day * _MINUTES_A_DAY + begin
    return (minutes | minutes >> week) & (1 << week) - 1


def _is_on_day(found: re.Match[str], day: int) -> bool:
    if found["first"] is None:
        return True
    first = _DAYS.index(found["first"])
    last = _DAYS.index(found["last"]) if found["last"] else first
    return (day - first) % 7 <= (last - first) % 7


def _parse_clock(clock: str | None, otherwise: int) -> int:
    return int(clock[:2]) * 60 + int(clock[3:]) if clock else otherwise
