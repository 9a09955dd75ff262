"""What goes wrong on purpose: planned by the number of a request, or drawn from a seeded source."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

KINDS = (
    "403",
    "403-silent",
    "429",
    "429-silent",
    "500",
    "502-before",
    "502-after",
    "reset-before",
    "reset-after",
    "slow",
    "cut",
    "stale",
)
REFUSALS = {"403": (403, True), "403-silent": (403, False), "429": (429, True), "429-silent": (429, False)}


@dataclass
class Faults:
    """`plan` goes first; else with the chance `rate` one of `kinds`.

    A kind that ends in `-after` does the work first. "403" and "429" are secondary limits with a Retry-After
    of `retry_after` seconds, the silent ones without. "slow" waits `delay` seconds, "cut" sends half of the
    body, "stale" reads from before the last write.
    """

    plan: dict[int, str] = field(default_factory=dict)
    random: Random | None = None
    rate: float = 0.0
    kinds: tuple[str, ...] = KINDS
    retry_after: int = 1
    delay: float = 0.05
    only_writes: bool = False

    @property
    def on(self) -> bool:
        return bool(self.plan) or self.random is not None

    def pick(self, number: int, *, writes: bool) -> str | None:
        """The fault for one request. Only a read can be stale."""
        if number in self.plan:
            return self.plan[number]
        if self.random is None or self.random.random() >= self.rate or (self.only_writes and not writes):
            return None
        kind = self.random.choice(self.kinds)
        return None if kind == "stale" and writes else kind
