"""One repository of a fleet: from what the batched query says of it to its line in the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fixbot.checkout import Scope
from fixbot.cli.effective_settings import overlay_options, runs_every_rule, select_fixers
from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import result_rows
from fixbot.cli.terminal import Terminal
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.process_limits import MEGABYTE, OVER, OutOfTime
from fixbot.fleet.plan import Member
from fixbot.fleet.result_rows import FleetRow, RepositoryPulse, RowState, count_report
from fixbot.model.errors import FixbotError
from fixbot.publish.action_result import ActionOutcome
from fixbot.publish.file_source import RemoteCommitSource
from fixbot.publish.github.commit_snapshot import CommitSnapshot
from fixbot.publish.github.fleet_queries import OwnersConnector
from fixbot.publish.github.github_errors import OutcomeUnknown, RateLimitExceeded, RequestRejected
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.publish_repository import Publisher, PublishResult
from fixbot.publish.pull_requests.pull_request import GitHubCommit, RemoteState, RepositoryInfo
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.read_settings import MOST_BYTES, overlay_own_file
from fixbot.source.discover import is_candidate

if TYPE_CHECKING:
    from fixbot.model.findings import Report


@dataclass(frozen=True)
class FleetRun:
    """What all repositories of a run share. `settings` are the organisation's; `options.pr` publishes."""

    options: Options
    terminal: Terminal
    fixers: tuple[Rule, ...]
    connector: OwnersConnector
    settings: Settings
    deadline: float | None = None
    """When the repository that is looked at must be done, by `time.monotonic`."""


@dataclass(frozen=True)
class _RepositoryCommit:
    """A commit of a repository, and what counts there. `remote` is None where nobody has asked yet."""

    reader: RepositoryReader
    commit: GitHubCommit
    settings: Settings
    own: bool
    remote: RemoteState | None


def process_repository(
    desk: FleetRun, member: Member, pulse: RepositoryPulse | None, prefix: str
) -> FleetRow:
    """Look at it and, where asked, publish. Whatever goes wrong is in the row: it is not the others' trouble.

    `prefix` is what the pulse counted branches by.
    """
    now = desk.connector.clock.current_time()
    blank = FleetRow(member.name, member.id, RowState.GONE, scanned=now, ended=now, prefix=prefix)
    if pulse is None or not pulse.head or pulse.archived or pulse.disabled:
        return replace(blank, trouble=_why_unreachable(pulse))
    gateway = desk.connector.gateway_for(pulse.name)
    before = gateway.counts.copy()
    try:
        row = _scan_repository(desk, pulse, replace(blank, state=RowState.DONE))
    except RateLimitExceeded as tired:
        row = replace(blank, state=RowState.TIRED, trouble=str(tired))
    except (FixbotError, RequestRejected, OutcomeUnknown) as error:
        row = replace(blank, state=RowState.FAILED, trouble=str(error))
    except Exception as error:
        if "--debug" in desk.options.arguments:
            raise
        # A bug may cost one repository and no more.
        row = replace(blank, state=RowState.FAILED, trouble=f"a bug of fixbot ({type(error).__name__})")
    sent = gateway.counts - before
    gateway.forget_answers()
    ended = desk.connector.clock.current_time()
    return replace(row, ended=ended, requests=sent.total(), writes=sent["writes"])


def _why_unreachable(pulse: RepositoryPulse | None) -> str:
    if pulse is None:
        return "it is not there any more, or the token does not see it"
    return "archived, so read-only" if pulse.archived else "disabled by GitHub" if pulse.disabled else "empty"


def _scan_repository(desk: FleetRun, pulse: RepositoryPulse, row: FleetRow) -> FleetRow:
    place = _locate_commit(desk, pulse, row.prefix)
    published = _publish_repository(desk, pulse, place)
    troubles = [each.says for each in published.obstacles]
    troubles += [f"{len(each.paths)} files not examined: {each.reason}" for each in published.report.failures]
    troubles += [each.says for each in published.done if each.outcome is ActionOutcome.FAILED]
    if not place.own:
        # What was read by other settings than the repository's own would say nothing of it.
        row = replace(row, head=pulse.head, ours=pulse.ours, moved=pulse.moved)
    return replace(
        row, state=RowState.TIRED if published.tired else RowState.DONE,
        trouble=published.tired or "; ".join(troubles), prefix=place.settings.branch_prefix,
        base=place.settings.pull_requests.base or "", pulls=tuple(result_rows(published)),
        **count_report(published.report),
    )  # fmt: skip


def _locate_commit(desk: FleetRun, pulse: RepositoryPulse, prefix: str) -> _RepositoryCommit:
    """Where to look, by the repository's own settings: at another branch, where they say so."""
    reader = RepositoryReader(desk.connector.gateway_for(pulse.name), pulse.name, prefix)
    commit = GitHubCommit(pulse.head, pulse.tree, (), "")
    settings = _read_repository_settings(desk, reader, commit)
    own = settings.branch_prefix != prefix or settings.pull_requests.base not in (None, pulse.base)
    if not own:
        return _RepositoryCommit(reader, commit, settings, own, None)
    reader.prefix = settings.branch_prefix
    remote = reader.read_remote(settings.pull_requests.base, with_base=True)
    return _RepositoryCommit(reader, _read_base_commit(reader, remote), settings, own, remote)


def _read_repository_settings(desk: FleetRun, reader: RepositoryReader, commit: GitHubCommit) -> Settings:
    first = CommitSnapshot.take_snapshot(reader, commit, Scope(wanted=is_candidate))
    settings = desk.settings
    settings = overlay_own_file(
        settings, lambda file: first.read_small_file(file, MOST_BYTES), f"{reader.name}: "
    )
    for note in settings.notes:
        desk.terminal.print_note(f"note: {note}")
    return overlay_options(settings, desk.options, desk.fixers)


def _read_base_commit(reader: RepositoryReader, remote: RemoteState) -> GitHubCommit:
    found = reader.read_commit(remote.base_head)
    if found is None:
        raise FixbotError(f"GitHub does not give the commit {remote.base_head[:7]} of {remote.base}")
    return found


def _publish_repository(desk: FleetRun, pulse: RepositoryPulse, place: _RepositoryCommit) -> PublishResult:
    """What there is to find, and what is done about it: without --pr only what would be."""
    snapshot = _take_snapshot(place)
    report = _examine_snapshot(desk, snapshot, place.settings)
    remote, publishing = place.remote, desk.options.pr
    if remote is None and not report.proposals and not pulse.ours:
        return PublishResult(report)
    if remote is None and (publishing or pulse.pulls):
        remote = place.reader.read_remote(place.settings.pull_requests.base, with_base=True)
        if remote.base_head != place.commit.id:
            place = replace(place, commit=_read_base_commit(place.reader, remote))
            snapshot = _take_snapshot(place)
            report = _examine_snapshot(desk, snapshot, place.settings)
    chosen = select_fixers(desk.fixers, place.settings)
    return Publisher(
        place.reader.gateway, place.reader, remote or _empty_remote(pulse), RemoteCommitSource(snapshot),
        place.settings, _reexamine(desk, snapshot, place.settings, report),
        frozenset(each.name for each in chosen), runs_every_rule(chosen, place.settings),
        snapshot.is_in_scope,
        not (desk.options.include or desk.options.exclude),
        datetime.fromtimestamp(desk.connector.clock.current_time(), UTC), desk.connector.host.web,
        user_token=desk.connector.token_for(pulse.name).is_user, dry=not publishing,
        note=desk.terminal.print_note,
    ).publish_proposals()  # fmt: skip


def _empty_remote(pulse: RepositoryPulse) -> RemoteState:
    """A repository that never had a pull request."""
    owner, _, name = pulse.name.partition("/")
    facts = RepositoryInfo(
        owner, name, pulse.id, pulse.base, pulse.url, pulse.archived, pulse.disabled, pulse.push or None
    )
    return RemoteState(facts, {}, (), base=pulse.base, base_head=pulse.head)


def _take_snapshot(place: _RepositoryCommit) -> CommitSnapshot:
    scope = Scope(place.settings.include, place.settings.exclude, None, is_candidate)
    limit = place.settings.limits.file_mb * MEGABYTE
    return CommitSnapshot.take_snapshot(place.reader, place.commit, scope, limit=limit)


def _examine_snapshot(desk: FleetRun, snapshot: CommitSnapshot, settings: Settings) -> Report:
    report = run_pipeline(snapshot, select_fixers(desk.fixers, settings), settings, deadline=desk.deadline)
    if any(each.reason == OVER for each in report.failures):
        # What was seen of it so far says too little to publish anything, or to take anything back.
        raise OutOfTime(OVER)
    return report


def _reexamine(
    desk: FleetRun, snapshot: CommitSnapshot, settings: Settings, known: Report
) -> Callable[[Settings, bool], Report]:
    """The pipeline, which needn't run again for what it has said already; its reports have all texts."""

    def examine_again(with_those: Settings, contents: bool) -> Report:
        del contents
        return known if with_those == settings else _examine_snapshot(desk, snapshot, with_those)

    return examine_again
