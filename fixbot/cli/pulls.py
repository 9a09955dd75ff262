"""`--pr` and `--repo`: what is on GitHub, in a checkout or without one, and what was done there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fixbot import __version__, command
from fixbot.bounds import MEGABYTE
from fixbot.cache import Cache
from fixbot.checkout import Checkout, Scope
from fixbot.checkout.door import grounds
from fixbot.checkout.git import GitFailed
from fixbot.cli.chosen import chosen_of, overlaid, settings_of
from fixbot.cli.deeds import Deeds
from fixbot.cli.ends import reaches, said
from fixbot.cli.look import cache_of, cores, own_cache_folder
from fixbot.cli.options import FailOn
from fixbot.cli.show import Shown, show
from fixbot.cli.terminal import Terminal
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.forge.connect import Connector
from fixbot.forge.errors import ChangedMeanwhile, Refused, Tired, Unclear
from fixbot.forge.gateway import Clock, WallClock
from fixbot.forge.hosts import is_repository, repository_of
from fixbot.forge.reading import Reader
from fixbot.forge.snapshot import Snapshot
from fixbot.life.decide import Deed
from fixbot.model import PullRow
from fixbot.pipeline import run
from fixbot.publish.carry import Outcome
from fixbot.publish.ground import Fetched, Ground, Local
from fixbot.publish.run import Published, Publisher
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.reading import MOST_BYTES, lay_own, read
from fixbot.wording import word

if TYPE_CHECKING:
    from fixbot.cli.options import Options
    from fixbot.life.pull import Remote
    from fixbot.model import Report
    from fixbot.publish.judge import Planned


Hear = Callable[["Report", Settings, tuple[str, ...]], None]


@dataclass
class _Run:
    """What all repositories of a run share."""

    options: Options
    environment: Mapping[str, str]
    terminal: Terminal
    fixers: tuple[Rule, ...]
    connector: Connector
    hear: Hear


def carry_out_pulls(
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
    store = Cache(own_cache_folder(environment, place), ("github", __version__)) if options.cache else None
    connector = Connector(
        environment, store=store, waiting=terminal.note, clock=clock or WallClock(), chosen=options.host
    )
    whole = _Run(options, environment, terminal, load_rules(), connector, hear)
    if not options.repositories:
        return _guarded(whole, lambda: _in_checkout(whole))
    for name in options.repositories:
        if not is_repository(name):
            raise FixbotError(f"--repo {name}: write OWNER/NAME; another server is named with --host")
    return max(
        _guarded(whole, lambda name=name: _without_checkout(whole, name)) for name in options.repositories
    )


def _guarded(whole: _Run, job: object) -> int:
    """One repository's trouble is said, and is not the others'."""
    assert callable(job)  # noqa: S101 - a lambda of ours
    try:
        return int(job())
    except (Tired, Unclear, Refused) as trouble:
        whole.terminal.trouble(f"{trouble}; the next run goes on from here")
        return 1
    except FixbotError as error:
        if len(whole.options.repositories) < 2:
            raise
        whole.terminal.trouble(str(error))
        return error.exit_code


def _in_checkout(whole: _Run) -> int:
    options, terminal = whole.options, whole.terminal
    settings = settings_of(options, whole.fixers)
    scope = Scope(settings.include, settings.exclude, options.since, candidate)
    checkout = Checkout.open(options.path, scope, settings.limits.file_mb * MEGABYTE)
    if checkout.git is None:
        raise FixbotError("--pr needs a git work tree, and this is none; --repo OWNER/NAME needs none")
    if checkout.prefix or checkout.root != checkout.top.rstrip("/"):
        raise FixbotError(
            f"--pr is for whole repositories: run it in {checkout.top}, with --include for a part"
        )
    for note in (*settings.notes, *checkout.notes):
        terminal.note(f"note: {note}")
    name = _repository(whole, checkout)
    reader = Reader(whole.connector.gateway(name), name, settings.branch_prefix)
    reader.gateway.patience = settings.pull_requests.patience
    remote = reader.remote(settings.pull_requests.base)
    return _published(whole, reader, remote, Local(checkout), settings, checkout)


def _repository(whole: _Run, checkout: Checkout) -> str:
    """OWNER/NAME as Actions says it, else as the remote `origin` does."""
    if name := whole.environment.get("GITHUB_REPOSITORY"):
        if not is_repository(name):
            raise FixbotError(f"GITHUB_REPOSITORY is {name!r}; it must be OWNER/NAME")
        return name
    try:
        url = checkout.git.line("remote", "origin") if checkout.git is not None else ""
    except GitFailed:
        raise FixbotError(
            "which repository is this on GitHub? git knows no remote `origin`; set GITHUB_REPOSITORY"
        ) from None
    found = repository_of(url)
    if found is None:
        raise FixbotError(
            "the remote `origin` is no repository on GitHub; set GITHUB_REPOSITORY to OWNER/NAME"
        )
    whole.connector.remote = found[0]
    return found[1]


def _without_checkout(whole: _Run, name: str) -> int:
    options, terminal = whole.options, whole.terminal
    settings = Settings()
    if options.config is not None:
        settings = read(settings, options.config, grounds(options.path))
    reader = Reader(whole.connector.gateway(name), name, settings.branch_prefix)
    remote = reader.remote(settings.pull_requests.base, with_base=True)
    commit = reader.commit(remote.base_head)
    if commit is None:
        raise ChangedMeanwhile(
            f"{name}: GitHub does not give the commit {remote.base_head[:7]} of {remote.base}; run again"
        )
    first = Snapshot.of(reader, commit, Scope(wanted=candidate))
    settings = lay_own(settings, lambda file: first.read_small(file, MOST_BYTES), f"{name}: ")
    settings = overlaid(settings, options, whole.fixers)
    if settings.branch_prefix != reader.prefix or settings.pull_requests.base not in (None, remote.base):
        reader.prefix = settings.branch_prefix
        remote = reader.remote(settings.pull_requests.base, with_base=True)
        commit = reader.commit(remote.base_head) or commit
    for note in settings.notes:
        terminal.note(f"note: {note}")
    reader.gateway.patience = settings.pull_requests.patience
    scope = Scope(settings.include, settings.exclude, None, candidate)
    snapshot = Snapshot.of(reader, commit, scope, terminal.progress, settings.limits.file_mb * MEGABYTE)
    for note in snapshot.notes:
        terminal.note(f"note: {name}: {note}")
    return _published(whole, reader, remote, Fetched(snapshot), settings, snapshot)


def _published(
    whole: _Run,
    reader: Reader,
    remote: Remote,
    ground: Ground,
    settings: Settings,
    files: Checkout | Snapshot,
) -> int:
    options, terminal = whole.options, whole.terminal
    place = None if options.repositories else options.path
    chosen = chosen_of(whole.fixers, settings)

    def examine(with_those: Settings, contents: bool) -> Report:
        return run(
            files,
            chosen,
            with_those,
            progress=terminal.progress,
            jobs=options.jobs or cores(),
            cache=cache_of(with_those, chosen, whole.environment, place) if options.cache else None,
            contents=contents,
        )

    if not options.pr:
        report = examine(settings, True)
        published = Published(report)
    else:
        published = Publisher(
            reader.gateway, reader, remote, ground, settings, examine,
            frozenset(each.name for each in chosen), len(chosen) == len(whole.fixers), files.keep,
            not (options.include or options.exclude or options.since),
            datetime.fromtimestamp(whole.connector.clock.now(), UTC),
            whole.connector.host.web, whole.connector.in_actions,
            not whole.connector.token(reader.name).installation, options.dry_run, terminal.note,
            terminal.progress,
        ).publish()  # fmt: skip
        report = published.report
    terminal.clear()
    return _told(whole, reader.name, published, settings)


def rows(published: Published) -> Iterator[PullRow]:
    """What became of each branch: deeds in their order, then what was left as it is, then what waits."""
    for done in sorted(published.done, key=lambda each: each.outcome is Outcome.LEFT):
        yield _row(done.planned, done.outcome, done.says, done.number, done.url)
    for outcome, some in (("would", published.planned), ("waits", published.left)):
        for each in some:
            leaves = outcome == "would" and each.action.deed is Deed.LEAVE
            yield _row(each, "left" if leaves else outcome, each.action.why)
    for each in published.waits:
        yield _row(each, "waits", f"comes {published.later}")


def _row(planned: Planned, outcome: str, why: str, number: int | None = None, url: str = "") -> PullRow:
    proposal, pull = planned.proposal, planned.place.pull
    title = word(proposal).title if proposal is not None else pull.title if pull is not None else ""
    return PullRow(
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


def _failures(published: Published) -> Iterator[str]:
    """What failed, in one line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for each in published.done:
        if each.outcome is Outcome.FAILED:
            by_reason.setdefault(each.says, []).append(each.planned.branch)
    for says, branches in by_reason.items():
        more = f" and {len(branches) - 1} more" if len(branches) > 1 else ""
        yield f"{branches[0]}{more}: {says}"


def _told(whole: _Run, name: str, published: Published, settings: Settings) -> int:
    options, terminal, report = whole.options, whole.terminal, published.report
    if options.pr:
        report = replace(report, pulls=tuple(rows(published)))
    ways = [each.says for each in published.obstacles]
    whole.hear(report, settings, (*ways, *filter(None, [published.tired])))
    show(Shown(report, whole.fixers, settings, options, Deeds(), in_git=False, name=name), terminal)
    for lost in report.failures:
        for line in said(lost, debug="--debug" in options.arguments):
            terminal.trouble(line)
    for obstacle in published.obstacles:
        terminal.trouble(f"{name}: {obstacle.says}")
    if published.left and published.obstacles:
        words = [each for each in options.arguments if each not in {"--pr", "--quiet"}] or ["run"]
        patch = command.run(
            "fixbot", *map(command.ARGUMENT, words), "--format", "patch", "--output", "fixbot.patch"
        )
        terminal.note(f"The same as a patch: {patch.refused or patch.text}")
    if published.tired:
        terminal.trouble(published.tired)
    for line in _failures(published):
        terminal.trouble(line)
    failed = any(each.outcome in {Outcome.FAILED, Outcome.BRANCH} for each in published.done)
    bad = failed or published.tired or report.failures or (published.left and not options.dry_run)
    gate = options.fail_on_unread and options.fail_on is not FailOn.NEVER
    unread = gate and any(each.cause == "damaged" for each in report.unread)
    return 1 if bad or unread or reaches(report, options.fail_on) else 0
