"""What `fixbot init` prints: what it saw, what it wrote, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.onboarding.workflow_file import HOUR, PATH
from fixbot.proposal.pull_request_text import render_headline
from fixbot.report.looked_at import said_of
from fixbot.report.style import TerminalStyle, format_count
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from fixbot.model.findings import Report
    from fixbot.onboarding.survey import RepositorySurvey
    from fixbot.settings import Settings

_SHOWN = 5
SWITCH = "Allow GitHub Actions to create and approve pull requests"


@dataclass(frozen=True, slots=True)
class InitSummary:
    """What there is. `dialects` counts files by dialect, `tag` is the repository's own, empty for none."""

    ground: RepositorySurvey
    report: Report
    settings: Settings
    dialects: Mapping[str, int]
    tag: str
    files: tuple[str, ...]
    """The files that are written, from the repository's top."""


def render_init_summary(seen: InitSummary, style: TerminalStyle, *, dry: bool) -> str:
    """All of it."""
    lines = [
        *_describe_survey(seen),
        "",
        *_describe_files(seen, style, dry=dry),
        "",
        *_describe_next_steps(seen, style),
    ]
    return "".join(f"{line}\n" for line in lines)


def _describe_survey(seen: InitSummary) -> Iterator[str]:
    stats, ground = seen.report.stats, seen.ground
    what = said_of(stats.counts)
    yield f"Looked through {format_count(stats.files_listed, 'file')}: {what}."
    if seen.dialects:
        listed = (f"{name} in {format_count(many, 'file')}" for name, many in seen.dialects.items())
        yield f"{', '.join(listed)}."
    if not ground.in_git:
        yield "This folder is no Git repository yet."
    elif ground.remote is None:
        yield f"No remote names a host, so this counts as GitHub. Branch: {escape_hidden(ground.branch)}."
    else:
        where = f"{escape_hidden(ground.remote.host)}/{escape_hidden(ground.remote.name)}"
        yield f"{where} on {ground.remote.forge}, default branch {escape_hidden(ground.branch)}."
    if ground.owners:
        most = seen.settings.pull_requests.most_reviewers
        yield f"{ground.owners} names the owners; at most {most} are asked to review a pull request."
    if seen.tag:
        yield f"Its own resources bear the tag {escape_hidden(seen.tag)}; policies are narrowed to that one."


def _describe_files(seen: InitSummary, style: TerminalStyle, *, dry: bool) -> Iterator[str]:
    yield style.paint_bold("Would write" if dry else "Written")
    wide = max(len(each) for each in seen.files)
    for each in seen.files:
        says = "settings: what was seen here, and all else as comments"
        if each == PATH:
            at = f"{HOUR}:{seen.ground.schedule_minute:02} UTC"
            says = f"checks pull requests; opens fixbot's own on working days at {at}"
        yield f"  {escape_hidden(each).ljust(wide)}  {says}"


def _describe_next_steps(seen: InitSummary, style: TerminalStyle) -> Iterator[str]:
    ground = seen.ground
    yield style.paint_bold("What happens next")
    if ground.remote is not None and not ground.remote.is_github:
        yield from _describe_other_forge(ground.remote.forge)
        return
    start = "" if ground.in_git else "Make this a repository (git init). "
    steps = [
        [f"{start}Commit the files and push them to {escape_hidden(ground.branch)}."],
        [
            f"Once, in Settings, Actions, General, switch on “{SWITCH}”.",
            "Until then fixbot makes the branches only, and says where to open the pull requests.",
        ],
        list(_describe_first_run(seen)),
        [
            "Workflows of pull requests that the default token opens wait for “Approve workflows to run”;",
            "a GitHub App does away with that (see the last lines of the workflow).",
        ],
    ]
    if ground.remote is not None and ground.remote.forge != "GitHub":
        steps.insert(
            1,
            [
                (
                    f"Have {escape_hidden(ground.remote.host)} reach the actions that the workflow names "
                    "(GitHub Connect)."
                )
            ],
        )
    for number, (first, *more) in enumerate(steps, 1):
        yield f"  {number}  {first}"
        yield from (f"     {line}" for line in more)
    yield "See it now: fixbot run    one by one: fixbot run --review"


def _describe_first_run(seen: InitSummary) -> Iterator[str]:
    proposals, limits = seen.report.proposals, seen.settings.pull_requests
    bounds = {name: getattr(limits, name) for name in ("per_week", "per_run", "most_open", "per_hour")}
    bound, most = min(bounds.items(), key=lambda each: each[1])
    if not proposals:
        yield "The first run opens nothing: there is nothing to repair in what was read."
        return
    opens = min(most, len(proposals))
    rest = f" of {len(proposals):,} (`{bound}` in the settings)" if len(proposals) > opens else ""
    yield f"The first run opens {format_count(opens, 'pull request')}{rest}:"
    for each in proposals[: min(opens, _SHOWN)]:
        draft = "ready" if each.safety.value == "safe" else "draft"
        yield f"  {each.severity.label.ljust(8)}  {draft}  {escape_hidden(render_headline(each.story))}"
    if opens > _SHOWN:
        yield f"  and {opens - _SHOWN} more"


def _describe_other_forge(forge: str) -> Iterator[str]:
    yield f"  {forge} runs no GitHub Actions, so no workflow was written. In its own jobs, these work:"
    yield "    fixbot scan --fail-on high                            a gate"
    yield "    fixbot run --branch                                   a branch for each proposal, to push"
    yield "    fixbot run --format sarif --output fixbot.sarif       findings for a viewer"
