"""What `fixbot init` prints: what it saw, what it wrote, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.adopt.workflow import HOUR, PATH
from fixbot.characters import shown
from fixbot.report.looked_at import said_of
from fixbot.report.style import Style, count
from fixbot.wording import headline

if TYPE_CHECKING:
    from fixbot.adopt.ground import Ground
    from fixbot.model import Report
    from fixbot.settings import Settings

_SHOWN = 5
SWITCH = "Allow GitHub Actions to create and approve pull requests"


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is. `dialects` counts files by dialect, `tag` is the repository's own, empty for none."""

    ground: Ground
    report: Report
    settings: Settings
    dialects: Mapping[str, int]
    tag: str
    files: tuple[str, ...]
    """The files that are written, from the repository's top."""


def told(seen: Seen, style: Style, *, dry: bool) -> str:
    """All of it."""
    lines = [*_seen(seen), "", *_written(seen, style, dry=dry), "", *_next(seen, style)]
    return "".join(f"{line}\n" for line in lines)


def _seen(seen: Seen) -> Iterator[str]:
    stats, ground = seen.report.stats, seen.ground
    what = said_of(stats.counts)
    yield f"Looked through {count(stats.files_listed, 'file')}: {what}."
    if seen.dialects:
        listed = (f"{name} in {count(many, 'file')}" for name, many in seen.dialects.items())
        yield f"{', '.join(listed)}."
    if not ground.in_git:
        yield "This folder is no Git repository yet."
    elif ground.remote is None:
        yield f"No remote names a host, so this counts as GitHub. Branch: {shown(ground.branch)}."
    else:
        where = f"{shown(ground.remote.host)}/{shown(ground.remote.name)}"
        yield f"{where} on {ground.remote.forge}, default branch {shown(ground.branch)}."
    if ground.owners:
        most = seen.settings.pull_requests.most_reviewers
        yield f"{ground.owners} names the owners; at most {most} are asked to review a pull request."
    if seen.tag:
        yield f"Its own resources bear the tag {shown(seen.tag)}; policies are narrowed to that one."


def _written(seen: Seen, style: Style, *, dry: bool) -> Iterator[str]:
    yield style.bold("Would write" if dry else "Written")
    wide = max(len(each) for each in seen.files)
    for each in seen.files:
        says = "settings: what was seen here, and all else as comments"
        if each == PATH:
            at = f"{HOUR}:{seen.ground.minute:02} UTC"
            says = f"checks pull requests; opens fixbot's own on working days at {at}"
        yield f"  {shown(each).ljust(wide)}  {says}"


def _next(seen: Seen, style: Style) -> Iterator[str]:
    ground = seen.ground
    yield style.bold("What happens next")
    if ground.remote is not None and not ground.remote.github:
        yield from _elsewhere(ground.remote.forge)
        return
    start = "" if ground.in_git else "Make this a repository (git init). "
    steps = [
        [f"{start}Commit the files and push them to {shown(ground.branch)}."],
        [
            f"Once, in Settings, Actions, General, switch on “{SWITCH}”.",
            "Until then fixbot makes the branches only, and says where to open the pull requests.",
        ],
        list(_first_run(seen)),
        [
            "Workflows of pull requests that the default token opens wait for “Approve workflows to run”;",
            "a GitHub App does away with that (see the last lines of the workflow).",
        ],
    ]
    if ground.remote is not None and ground.remote.forge != "GitHub":
        steps.insert(
            1,
            [f"Have {shown(ground.remote.host)} reach the actions that the workflow names (GitHub Connect)."],
        )
    for number, (first, *more) in enumerate(steps, 1):
        yield f"  {number}  {first}"
        yield from (f"     {line}" for line in more)
    yield "See it now: fixbot run    one by one: fixbot run --review"


def _first_run(seen: Seen) -> Iterator[str]:
    proposals, limits = seen.report.proposals, seen.settings.pull_requests
    most = min(limits.most_open, limits.per_run, limits.per_hour)
    if not proposals:
        yield "The first run opens nothing: there is nothing to repair in what was read."
        return
    opens = min(most, len(proposals))
    rest = (
        f" of {len(proposals):,} (`per_run` and `most_open` in the settings)"
        if len(proposals) > opens
        else ""
    )
    yield f"The first run opens {count(opens, 'pull request')}{rest}:"
    for each in proposals[: min(opens, _SHOWN)]:
        draft = "ready" if each.safety.value == "safe" else "draft"
        yield f"  {each.severity.label.ljust(8)}  {draft}  {shown(headline(each.story))}"
    if opens > _SHOWN:
        yield f"  and {opens - _SHOWN} more"


def _elsewhere(forge: str) -> Iterator[str]:
    yield f"  {forge} runs no GitHub Actions, so no workflow was written. In its own jobs, these work:"
    yield "    fixbot scan --fail-on high                            a gate"
    yield "    fixbot run --branch                                   a branch for each proposal, to push"
    yield "    fixbot run --format sarif --output fixbot.sarif       findings for a viewer"
