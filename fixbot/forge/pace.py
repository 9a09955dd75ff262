"""How fast requests may follow each other: GitHub's limits are kept before they bite.

Source: "Rate limits for the REST API", docs.github.com: 80 requests that create content in a minute and
500 in an hour for each actor, 900 points in a minute (a read costs 1, a write 5). We stay below each.
"""

from __future__ import annotations

from collections import deque
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
class Pace:
    """Remembers what was sent in the last hour, in seconds of some clock that only goes forward."""

    writes: deque[float] = field(default_factory=deque)
    points: deque[tuple[float, int]] = field(default_factory=deque)

    def wait(self, now: float, *, write: bool) -> float:
        """How many seconds to wait before the next request."""
        while self.writes and self.writes[0] <= now - HOUR:
            self.writes.popleft()
        while self.points and self.points[0][0] <= now - MINUTE:
            self.points.popleft()
        waits = [0.0]
        if sum(cost for _, cost in self.points) + WRITE > POINTS_A_MINUTE:
            waits.append(self.points[0][0] + MINUTE - now)
        if write:
            waits += self._before_write(now)
        return max(waits)

    def _before_write(self, now: float) -> list[float]:
        recent = [at for at in self.writes if at > now - MINUTE]
        waits = []
        if len(recent) >= WRITES_A_MINUTE:
            waits.append(recent[-WRITES_A_MINUTE] + MINUTE - now)
        if len(self.writes) >= WRITES_AN_HOUR:
            waits.append(self.writes[-WRITES_AN_HOUR] + HOUR - now)
        if len(recent) >= AT_ONCE:
            waits.append(recent[-1] + PAUSE - now)
        return waits

    def sent(self, now: float, *, write: bool) -> None:
        """Count a request that was sent."""
        self.points.append((now, WRITE if write else READ))
        if write:
            self.writes.append(now)
