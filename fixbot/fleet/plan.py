"""Which repositories a fleet has, which are left out and why, and which shard does which."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Final

from fixbot.fleet.json_records import ID, REPOSITORY, WORD, build_record, load_json
from fixbot.model.errors import FixbotError
from fixbot.text.characters import write_json
from fixbot.text.globs import compile_word

MOST_SHARDS: Final = 256
"""Jobs of one matrix. Source: "Workflow syntax for GitHub Actions", `strategy.matrix`."""
MOST_AT_ONCE: Final = 100
"""Requests that GitHub takes at once from one actor. Source: "Rate limits for the REST API"."""
AT_ONCE: Final = 16
_STEP: Final = 2862933555777941757


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository that was named or listed. `id` is GraphQL's; `missing`: the token can't see it."""

    name: str
    id: str = ""
    archived: bool = False
    disabled: bool = False
    empty: bool = False
    fork: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A repository of the plan. Shards count from 1."""

    name: str = field(metadata={"shape": REPOSITORY})
    id: str = field(metadata={"shape": ID})
    shard: int = field(metadata={"least": 1, "most": MOST_SHARDS})


@dataclass(frozen=True, slots=True)
class LeftOutRepository:
    """A repository that isn't looked at, and why."""

    name: str = field(metadata={"shape": REPOSITORY})
    reason: str


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The fleet. `at_once` is how many shards run at the same time, `made` when it was made (ISO 8601)."""

    made: str = field(metadata={"shape": WORD})
    shards: int = field(metadata={"least": 1, "most": MOST_SHARDS})
    at_once: int = field(metadata={"least": 1, "most": MOST_AT_ONCE})
    repositories: tuple[Member, ...]
    left_out: tuple[LeftOutRepository, ...] = ()

    @property
    def plan_digest(self) -> str:
        """What names this plan in the results of its shards."""
        return blake2b(self.render_text().encode(), digest_size=8).hexdigest()

    def members_of(self, shard: int | None) -> tuple[Member, ...]:
        """The repositories of one shard; of all where it is None."""
        return tuple(each for each in self.repositories if shard in (None, each.shard))

    def render_text(self) -> str:
        """The plan as a file has it."""
        return write_json({"schema": 1, **asdict(self)}, indent=1) + "\n"

    def render_matrix(self) -> str:
        """For `fromJSON` in a workflow's `strategy.matrix`: a job for each shard that has something to do."""
        counts = Counter(each.shard for each in self.repositories)
        rows = [
            {"shard": f"{number}/{self.shards}", "number": number, "repositories": counts[number]}
            for number in sorted(counts)
        ]
        return json.dumps({"include": rows}, separators=(",", ":"))


def parse_plan(text: str, where: str) -> FleetPlan:
    """A plan from its file's text. Raises FixbotError."""
    try:
        found = build_record(FleetPlan, load_json(text))
        if any(each.shard > found.shards for each in found.repositories):
            raise ValueError("a shard beyond the last")  # noqa: TRY301 - as wrong as the rest
    except (ValueError, LookupError, TypeError):
        raise FixbotError(f"{where}: that is no plan; `fixbot fleet plan` writes one") from None
    return found


def choose_candidates(
    candidates: Iterable[Candidate], include: Sequence[str], exclude: Sequence[str], *, forks: bool
) -> tuple[tuple[Candidate, ...], tuple[LeftOutRepository, ...]]:
    """Those that the fleet has and those that it hasn't, each by name.

    A glob with a slash is for OWNER/NAME, one without for the name alone; case doesn't matter.
    """
    taken, left = [], []
    for each in sorted(candidates, key=lambda one: one.name.lower()):
        reason = _why_left_out(each, include, exclude, forks=forks)
        if reason:
            left.append(LeftOutRepository(each.name, reason))
        else:
            taken.append(each)
    return tuple(taken), tuple(left)


def _why_left_out(each: Candidate, include: Sequence[str], exclude: Sequence[str], *, forks: bool) -> str:
    if include and not any(_matches_glob(each.name, glob) for glob in include):
        return "no --include matches"
    if found := next((glob for glob in exclude if _matches_glob(each.name, glob)), ""):
        return f"--exclude {found}"
    if each.missing:
        return "the token sees no such repository; check the name and the token"
    if each.archived:
        return "archived, so read-only"
    if each.disabled:
        return "disabled by GitHub"
    if each.empty:
        return "empty"
    return "a fork" if each.fork and not forks else ""


def _matches_glob(name: str, glob: str) -> bool:
    name, glob = name.lower(), glob.lower()
    return compile_word(glob).holds_text(name if "/" in glob else name.partition("/")[2])


def build_plan(
    candidates: Sequence[Candidate], left: Sequence[LeftOutRepository], made: str, shards: int, at_once: int
) -> FleetPlan:
    """The plan for these; `shards` must be at most 256."""
    members = [Member(each.name, each.id, assign_shard(each.name, shards)) for each in candidates]
    return FleetPlan(made, shards, min(at_once, shards), tuple(members), tuple(left))


def count_shards(repositories: int, per_shard: int) -> int:
    """How many shards there are where one does about so many repositories."""
    return min(MOST_SHARDS, max(1, -(-repositories // per_shard)))


def assign_shard(name: str, shards: int) -> int:
    """The shard, from 1, that does a repository: by its name alone, so that no other repository matters.

    One more shard takes its part from the others, and nothing moves between those.
    Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014.
    """
    key = int.from_bytes(blake2b(name.lower().encode(), digest_size=8).digest(), "big")
    at, ahead = -1, 0
    while ahead < shards:
        at = ahead
        key = (key * _STEP + 1) % 2**64
        ahead = int((at + 1) * (2**31 / ((key >> 33) + 1)))
    return at + 1
