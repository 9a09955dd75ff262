"""How fast requests may follow each other: GitHub's limits are kept before they bite.

Source: "Rate limits for the REST API", docs.github.com: 80 requests that create content in a minute and
500 in an hour for each actor, 900 points in a minute (a read costs 1, a write 5). We stay below each.
Those count for the actor, whoever sends: of `sharers` that run at once each takes its part. Requests an hour
are told by GitHub in each answer, for all sharers together, and the last ones are left alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MINUTE, HOUR = 60.0, 3600.0
WRITES_A_MINUTE: Final = 70
WRITES_AN_HOUR: Final = 450
POINTS_A_MINUTE: Final = 800
AT_ONCE: Final = 50
"""Writes that need no pause between them; GitHub asks for a second where there are many."""
PAUSE: Final = 1.0
READ, WRITE = 1, 5


@dataclass(slots=True)
class RequestPace:
    """Remembers what was sent in the last hour, in seconds of some clock that only goes forward."""

    writes: deque[float] = field(default_factory=deque)
    points: deque[tuple[float, int]] = field(default_factory=deque)
    sharers: int = 1
    """How many processes, this one among them, act as the same actor at once."""
    _resets: dict[str, float] = field(default_factory=dict)

    def compute_wait(self, now: float, *, write: bool, resource: str = "core") -> float:
        """How many seconds to wait before the next request, which counts for `resource`."""
        while self.writes and self.writes[0] <= now - HOUR:
            self.writes.popleft()
        while self.points and self.points[0][0] <= now - MINUTE:
            self.points.popleft()
        waits = [self._resets.get(resource, now) - now, 0.0]
        if self.points and sum(cost for _, cost in self.points) + WRITE > POINTS_A_MINUTE // self.sharers:
            waits.append(self.points[0][0] + MINUTE - now)
        if write:
            waits += self._waits_before_write(now)
        return max(waits)

    def _waits_before_write(self, now: float) -> list[float]:
        recent = [at for at in self.writes if at > now - MINUTE]
        minute, hour = (max(1, most // self.sharers) for most in (WRITES_A_MINUTE, WRITES_AN_HOUR))
        waits = []
        if len(recent) >= minute:
            waits.append(recent[-minute] + MINUTE - now)
        if len(self.writes) >= hour:
            waits.append(self.writes[-hour] + HOUR - now)
        if len(recent) >= max(1, AT_ONCE // self.sharers):
            waits.append(recent[-1] + PAUSE - now)
        return waits

    def wait_for_room(self, now: float, writes: int) -> float:
        """How many seconds until so many writes fit into the hour, or as many as half of one's part."""
        hour = max(1, WRITES_AN_HOUR // self.sharers)
        before = max(hour - writes, hour // 2)
        there = len(self.writes)
        return 0.0 if there <= before else max(self.writes[there - before - 1] + HOUR - now, 0.0)

    def note_sent(self, now: float, *, write: bool) -> None:
        """Count a request that was sent."""
        self.points.append((now, WRITE if write else READ))
        if write:
            self.writes.append(now)

    def learn_limits(self, headers: Mapping[str, str], resource: str) -> None:
        """Learn from an answer how much is left: at the end, wait until GitHub counts anew.

        Where others share it, some are left for what they have on its way.
        Source: "Rate limits for the REST API", the headers `x-ratelimit-*`.
        """
        words = [headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        if not all(word.isdigit() for word in words):
            return
        limit, remaining, reset = map(int, words)
        self._resets.pop(resource, None)
        spare = min(2 * self.sharers + limit // 50, limit // 2) if self.sharers > 1 else 0
        if remaining <= spare:
            self._resets[resource] = reset + PAUSE
