"""GitHub's limits for each user or app: requests an hour, points a minute, content a minute and an hour."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from tests.hub.model import Refused

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass
class Usage:
    """What one actor has used. The deques hold (when, weight)."""

    start: float
    used: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    content: deque[tuple[float, int]] = field(default_factory=deque)


def total(queue: deque[tuple[float, int]], since: float) -> int:
    return sum(weight for when, weight in queue if when > since)


@dataclass
class Limits:
    """How much is allowed; `on=False` counts and refuses nothing."""

    on: bool = True
    primary: int = 5000
    points_minute: int = 900
    points_minute_graphql: int = 2000
    content_minute: int = 80
    content_hour: int = 500
    retry_after: bool = True
    secondary_status: int = 403
    usage: dict[str, Usage] = field(default_factory=dict)

    def of(self, who: str, now: float) -> Usage:
        usage = self.usage.setdefault(who, Usage(now))
        if now >= usage.start + 3600:
            usage.start, usage.used = now, 0
        while usage.content and usage.content[0][0] <= now - 3600:
            usage.content.popleft()
        while usage.recent and usage.recent[0][0] <= now - 60:
            usage.recent.popleft()
        return usage

    def headers(self, who: str, now: float, resource: str) -> dict[str, str]:
        usage = self.of(who, now)
        return {
            "X-RateLimit-Limit": str(self.primary),
            "X-RateLimit-Remaining": str(max(0, self.primary - usage.used)),
            "X-RateLimit-Reset": str(math.ceil(usage.start + 3600)),
            "X-RateLimit-Used": str(usage.used),
            "X-RateLimit-Resource": resource,
        }

    def count(self, who: str, now: float, *, writes: bool, content: bool, graph: bool = False) -> None:
        """Count a request, or refuse it."""
        if not self.on:
            return
        usage, shared = self.of(f"{who}#graphql" if graph else who, now), self.of(who, now)
        if usage.used >= self.primary:
            raise Refused(403, f"API rate limit exceeded for {who}.", kind="PRIMARY_LIMIT")
        usage.used += 1
        points = 5 if writes else 1
        full = total(usage.recent, now - 60) + points > (
            self.points_minute_graphql if graph else self.points_minute
        )
        wait = usage.recent[0][0] + 60 - now if full else 0.0
        if content and not full:
            if total(shared.content, now - 60) >= self.content_minute:
                wait = next(when for when, _ in shared.content if when > now - 60) + 60 - now
            if len(shared.content) >= self.content_hour:
                wait = max(wait, shared.content[0][0] + 3600 - now)
        if wait > 0:
            after = {"Retry-After": str(math.ceil(wait))} if self.retry_after else {}
            raise Refused(self.secondary_status, SECONDARY, headers=after, kind="RATE_LIMITED")
        usage.recent.append((now, points))
        if content:
            shared.content.append((now, 1))

    def give_back(self, who: str, now: float) -> None:
        """An answer that says "not modified" is free."""
        if self.on:
            self.of(who, now).used -= 1
