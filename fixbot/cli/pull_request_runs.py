"""`--pr` and `--repo`: what is on GitHub, in a checkout or without one, and what was done there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fixbot import __version__
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import GitFailed
from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.apply_patches import AppliedChanges
from fixbot.cli.audit_log import append_audit
from fixbot.cli.effective_settings import (
    overlay_options,
    read_checkout_settings,
    runs_every_rule,
    select_fixers,
)
from fixbot.cli.exit_status import describe_loss, reaches_severity
from fixbot.cli.findings_notes import write_notes
from fixbot.cli.findings_run import FindingsRun, read_findings
from fixbot.cli.options import FailOn
from fixbot.cli.scan_checkout import count_cores, open_cache
from fixbot.cli.show_report import ReportContext, show_report
from fixbot.cli.terminal import Terminal
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.process_limits import MEGABYTE
from fixbot.engine.user_cache import Cache, find_own_cache
from fixbot.model.errors import FixbotError
from fixbot.model.findings import PullRequestRow
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.publish.action_result import ActionOutcome
from fixbot.publish.file_source import FileSource, RemoteCommitSource, WorkTreeSource
from fixbot.publish.github.commit_snapshot import CommitSnapshot
from fixbot.publish.github.connector import Connector
from fixbot.publish.github.gateway import Clock, WallClock
from fixbot.publish.github.github_errors import (
    ChangedMeanwhile,
    OutcomeUnknown,
    RateLimitExceeded,
    RequestRejected,
)
from fixbot.publish.github.hosts import is_repository_name, parse_repository_url
from fixbot.publish.github.repository_reader import RepositoryReader
from fixbot.publish.publish_repository import Examine, Publisher, PublishResult
from fixbot.publish.pull_requests.decide import ActionKind
from fixbot.publish.pull_requests.pull_request import PullRequest, select_ours
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.read_settings import MOST_BYTES, overlay_own_file, read_settings
from fixbot.source.discover import is_candidate
from fixbot.text import command

if TYPE_CHECKING:
    from fixbot.cli.options import Options
    from fixbot.model.findings import Report
    from fixbot.publish.planned_action import PlannedAction
    from fixbot.publish.pull_requests.pull_request import RemoteState


Hear = Callable[["Report", Settings, tuple[str, ...]], None]


@dataclass
class _PullRequestRun:
    """What all repositories of a run share."""

    options: Options
    environment: Mapping[str, str]
    terminal: Terminal
    fixers: tuple[Rule, ...]
    connector: Connector
    hear: Hear
    findings: FindingsRun | None = None


def run_pull_requests(
    options: Options,
    environment: Mapping[str, str],
    clock: Clock | None = None,
    hear: Hear = lambda *_: None,
) -> int:
    """Do it for the checkout, or for each repository named; returns the exit code.

    `clock` is the time that pauses and schedules go by, the machine's where there is none. `hear` is given
    the report on each, the settings that counted for it, and what stood in the way.
    """
    terminal = Terminal(environment, quiet=options.quiet)
    place = None if options.repositories else options.path
    store = Cache(find_own_cache(environment, place), ("github", __version__)) if options.cache else None
    connector = Connector(
        environment, store=store, waiting=terminal.print_note, clock=clock or WallClock(), chosen=options.host
    )
    findings = read_findings(options, environment)
    whole = _PullRequestRun(options, environment, terminal, load_rules(), connector, hear, findings)
    if not options.repositories:
        return _run_guarded(whole, lambda: _publish_checkout(whole))
    for name in options.repositories:
        if not is_repository_name(name):
            raise FixbotError(f"--repo {name}: write OWNER/NAME; another server is named with --host")
    return max(
        _run_guarded(whole, lambda name=name: _publish_remote(whole, name)) for name in options.repositories
    )


def _run_guarded(whole: _PullRequestRun, job: object) -> int:
    """One repository's trouble is said, and is not the others'."""
    assert callable(job)  # noqa: S101 - a lambda of ours
    try:
        return int(job())
    except (RateLimitExceeded, OutcomeUnknown, RequestRejected) as trouble:
        whole.terminal.print_trouble(f"{trouble}; the next run goes on from here")
        return 1
    except FixbotError as error:
        if len(whole.options.repositories) < 2:
            raise
        whole.terminal.print_trouble(str(error))
        return error.exit_code


def _publish_checkout(whole: _PullRequestRun) -> int:
    options, terminal = whole.options, whole.terminal
    settings = read_checkout_settings(options, whole.fixers)
    scope = Scope(settings.include, settings.exclude, options.since, is_candidate)
    checkout = Checkout.open_checkout(options.path, scope, settings.limits.file_mb * MEGABYTE)
    if checkout.git is None:
        raise FixbotError("--pr needs a git work tree, and this is none; --repo OWNER/NAME needs none")
    if checkout.prefix or checkout.root != checkout.top.rstrip("/"):
        raise FixbotError(
            f"--pr is for whole repositories: run it in {checkout.top}, with --include for a part"
        )
    for note in (*settings.notes, *checkout.notes):
        terminal.print_note(f"note: {note}")
    name = _name_repository(whole, checkout)
    reader = RepositoryReader(whole.connector.gateway_for(name), name, settings.branch_prefix)
    reader.gateway.patience = settings.pull_requests.patience
    remote = reader.read_remote(settings.pull_requests.base)
    return _publish_proposals(whole, reader, remote, WorkTreeSource(checkout), settings, checkout)


def _name_repository(whole: _PullRequestRun, checkout: Checkout) -> str:
    """OWNER/NAME as Actions says it, else as the remote `origin` does."""
    if name := whole.environment.get("GITHUB_REPOSITORY"):
        if not is_repository_name(name):
            raise FixbotError(f"GITHUB_REPOSITORY is {name!r}; it must be OWNER/NAME")
        return name
    try:
        url = checkout.git.run_for_line("remote", "origin") if checkout.git is not None else ""
    except GitFailed:
        raise FixbotError(
            "which repository is this on GitHub? git knows no remote `origin`; set GITHUB_REPOSITORY"
        ) from None
    found = parse_repository_url(url)
    if found is None:
        raise FixbotError(
            "the remote `origin` is no repository on GitHub; set GITHUB_REPOSITORY to OWNER/NAME"
        )
    whole.connector.remote = found[0]
    return found[1]


def _publish_remote(whole: _PullRequestRun, name: str) -> int:
    options, terminal = whole.options, whole.terminal
    settings = Settings()
    if options.config is not None:
        settings = read_settings(settings, options.config, stranger_folders(options.path))
    reader = RepositoryReader(whole.connector.gateway_for(name), name, settings.branch_prefix)
    remote = reader.read_remote(settings.pull_requests.base, with_base=True)
    commit = reader.read_commit(remote.base_head)
    if commit is None:
        raise ChangedMeanwhile(
            f"{name}: GitHub does not give the commit {remote.base_head[:7]} of {remote.base}; run again"
        )
    first = CommitSnapshot.take_snapshot(reader, commit, Scope(wanted=is_candidate))
    settings = overlay_own_file(settings, lambda file: first.read_small_file(file, MOST_BYTES), f"{name}: ")
    settings = overlay_options(settings, options, whole.fixers)
    if settings.branch_prefix != reader.prefix or settings.pull_requests.base not in (None, remote.base):
        reader.prefix = settings.branch_prefix
        remote = reader.read_remote(settings.pull_requests.base, with_base=True)
        commit = reader.read_commit(remote.base_head) or commit
    for note in settings.notes:
        terminal.print_note(f"note: {note}")
    reader.gateway.patience = settings.pull_requests.patience
    scope = Scope(settings.include, settings.exclude, None, is_candidate)
    snapshot = CommitSnapshot.take_snapshot(
        reader, commit, scope, terminal.draw_progress, settings.limits.file_mb * MEGABYTE
    )
    for note in snapshot.notes:
        terminal.print_note(f"note: {name}: {note}")
    return _publish_proposals(whole, reader, remote, RemoteCommitSource(snapshot), settings, snapshot)


def _publish_proposals(
    whole: _PullRequestRun,
    reader: RepositoryReader,
    remote: RemoteState,
    ground: FileSource,
    settings: Settings,
    files: Checkout | CommitSnapshot,
) -> int:
    options, terminal = whole.options, whole.terminal
    chosen = select_fixers(whole.fixers, settings)
    findings = whole.findings.begin_repository() if whole.findings is not None else None
    ours = select_ours(remote.pulls, settings.branch_prefix)
    examine_files = _build_examiner(whole, files, chosen, findings, ours)
    if not options.pr:
        published = PublishResult(examine_files(settings, True))
    else:
        published = Publisher(
            reader.gateway, reader, remote, ground, settings, examine_files,
            frozenset(each.name for each in chosen), runs_every_rule(chosen, settings), files.is_in_scope,
            not (options.include or options.exclude or options.since or options.findings),
            datetime.fromtimestamp(whole.connector.clock.current_time(), UTC),
            whole.connector.host.web, whole.connector.is_in_actions,
            not whole.connector.token_for(reader.name).is_installation, options.dry_run, terminal.print_note,
            terminal.draw_progress,
        ).publish_proposals()  # fmt: skip
    terminal.clear_progress()
    if findings is None:
        return _report_published(whole, reader.name, published, settings)
    if options.note and not options.dry_run:
        write_notes(findings, ours, remote.base)
    told = replace(published.report, sources=tuple(findings.rows), remarks=tuple(findings.remarks))
    for remark in told.remarks:
        terminal.print_note(f"note: {remark}")
    code = _report_published(whole, reader.name, replace(published, report=told), settings)
    return code if findings.whole else max(code, 1)


def _build_examiner(
    whole: _PullRequestRun,
    files: Checkout | CommitSnapshot,
    chosen: tuple[Rule, ...],
    findings: FindingsRun | None,
    ours: Sequence[PullRequest],
) -> Examine:
    """What looks at the files: for all that is wrong, or for what findings from outside are about."""
    options = whole.options
    place = None if options.repositories else options.path

    def run_once(with_those: Settings, contents: bool) -> Report:
        return run_pipeline(
            files,
            chosen,
            with_those,
            progress=whole.terminal.draw_progress,
            jobs=options.jobs or count_cores(),
            cache=open_cache(with_those, chosen, whole.environment, place) if options.cache else None,
            contents=contents,
        )

    def run_for_findings(with_those: Settings, contents: bool) -> Report:
        assert findings is not None  # noqa: S101 - else nobody calls this
        held = [mark.findings for pull in ours if pull.open and (mark := pull.state_block) is not None]
        first = run_once(with_those, contents)
        asked = findings.learn_findings(files, chosen, with_those, first, held)
        return findings.attach_sources(run_once(asked, contents))

    return run_once if findings is None else run_for_findings


def result_rows(published: PublishResult) -> Iterator[PullRequestRow]:
    """What became of each branch: deeds in their order, then what was left as it is, then what waits."""
    for done in sorted(published.done, key=lambda each: each.outcome is ActionOutcome.LEFT):
        yield _result_row(done.planned, done.outcome, done.says, done.number, done.url)
    for outcome, some in (("would", published.planned), ("waits", published.left)):
        for each in some:
            leaves = outcome == "would" and each.action.deed is ActionKind.LEAVE
            yield _result_row(each, "left" if leaves else outcome, each.action.why)
    for each in published.waits:
        yield _result_row(each, "waits", f"comes {each.later or published.later}")


def _result_row(
    planned: PlannedAction, outcome: str, why: str, number: int | None = None, url: str = ""
) -> PullRequestRow:
    proposal, pull = planned.proposal, planned.place.pull
    title = (
        render_proposal(proposal).title if proposal is not None else pull.title if pull is not None else ""
    )
    return PullRequestRow(
        deed=planned.action.deed.value,
        outcome=str(outcome),
        why=why,
        branch=planned.branch,
        title=title,
        key=planned.wanted.key if planned.wanted is not None else "",
        number=number if number is not None or pull is None else pull.number,
        url=url or (pull.url if pull is not None else ""),
        severity=proposal.severity.label if proposal is not None else "",
    )


def _describe_failures(published: PublishResult) -> Iterator[str]:
    """What failed, in one line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for each in published.done:
        if each.outcome is ActionOutcome.FAILED:
            by_reason.setdefault(each.says, []).append(each.planned.branch)
    for says, branches in by_reason.items():
        more = f" and {len(branches) - 1} more" if len(branches) > 1 else ""
        yield f"{branches[0]}{more}: {says}"


def _report_published(whole: _PullRequestRun, name: str, published: PublishResult, settings: Settings) -> int:
    options, terminal, report = whole.options, whole.terminal, published.report
    if options.pr:
        report = replace(report, pulls=tuple(result_rows(published)))
    ways = [each.says for each in published.obstacles]
    whole.hear(report, settings, (*ways, *filter(None, [published.tired])))
    show_report(
        ReportContext(report, whole.fixers, settings, options, AppliedChanges(), in_git=False, name=name),
        terminal,
    )
    append_audit(options, whole.environment, report, name)
    for lost in report.failures:
        for line in describe_loss(lost, debug="--debug" in options.arguments):
            terminal.print_trouble(line)
    for obstacle in published.obstacles:
        terminal.print_trouble(f"{name}: {obstacle.says}")
    if published.left and published.obstacles:
        words = [each for each in options.arguments if each not in {"--pr", "--quiet"}] or ["run"]
        patch = command.build_command(
            "fixbot", *map(command.ARGUMENT, words), "--format", "patch", "--output", "fixbot.patch"
        )
        terminal.print_note(f"The same as a patch: {patch.why_refused or patch.text}")
    if published.tired:
        terminal.print_trouble(published.tired)
    for line in _describe_failures(published):
        terminal.print_trouble(line)
    failed = any(each.outcome in {ActionOutcome.FAILED, ActionOutcome.BRANCH} for each in published.done)
    bad = failed or published.tired or report.failures or (published.left and not options.dry_run)
    gate = options.fail_on_unread and options.fail_on is not FailOn.NEVER
    unread = gate and any(each.cause == "damaged" for each in report.unread)
    return 1 if bad or unread or reaches_severity(report, options.fail_on) else 0
