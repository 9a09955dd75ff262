"""One repository of a fleet: from what the batched query says of it to its line in the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fixbot.bounds import MEGABYTE, OVER, OutOfTime
from fixbot.checkout import Scope
from fixbot.cli.chosen import chosen_of, overlaid
from fixbot.cli.options import Options
from fixbot.cli.pulls import rows
from fixbot.cli.terminal import Terminal
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.fleet.plan import Member
from fixbot.fleet.rows import Pulse, Row, State, counted
from fixbot.forge.errors import Refused, Tired, Unclear
from fixbot.forge.fleet import OwnersConnector
from fixbot.forge.reading import Reader
from fixbot.forge.snapshot import Snapshot
from fixbot.life.pull import Commit, Facts, Remote
from fixbot.pipeline import run
from fixbot.publish.carry import Outcome
from fixbot.publish.ground import Fetched
from fixbot.publish.run import Published, Publisher
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.reading import MOST_BYTES, lay_own

if TYPE_CHECKING:
    from fixbot.model import Report


@dataclass(frozen=True)
class Desk:
    """What all repositories of a run share. `settings` are the organisation's; `options.pr` publishes."""

    options: Options
    terminal: Terminal
    fixers: tuple[Rule, ...]
    connector: OwnersConnector
    settings: Settings
    deadline: float | None = None
    """When the repository that is looked at must be done, by `time.monotonic`."""


@dataclass(frozen=True)
class _Place:
    """A commit of a repository, and what counts there. `remote` is None where nobody has asked yet."""

    reader: Reader
    commit: Commit
    settings: Settings
    own: bool
    remote: Remote | None


def looked_at(desk: Desk, member: Member, pulse: Pulse | None, prefix: str) -> Row:
    """Look at it and, where asked, publish. Whatever goes wrong is in the row: it is not the others' trouble.

    `prefix` is what the pulse counted branches by.
    """
    now = desk.connector.clock.now()
    blank = Row(member.name, member.id, State.GONE, scanned=now, ended=now, prefix=prefix)
    if pulse is None or not pulse.head or pulse.archived or pulse.disabled:
        return replace(blank, trouble=_why_not(pulse))
    gateway = desk.connector.gateway(pulse.name)
    before = gateway.counts.copy()
    try:
        row = _looked(desk, pulse, replace(blank, state=State.DONE))
    except Tired as tired:
        row = replace(blank, state=State.TIRED, trouble=str(tired))
    except (FixbotError, Refused, Unclear) as error:
        row = replace(blank, state=State.FAILED, trouble=str(error))
    except Exception as error:
        if "--debug" in desk.options.arguments:
            raise
        # A bug may cost one repository and no more.
        row = replace(blank, state=State.FAILED, trouble=f"a bug of fixbot ({type(error).__name__})")
    sent = gateway.counts - before
    gateway.forget()
    ended = desk.connector.clock.now()
    return replace(row, ended=ended, requests=sent.total(), writes=sent["writes"])


def _why_not(pulse: Pulse | None) -> str:
    if pulse is None:
        return "it is not there any more, or the token does not see it"
    return "archived, so read-only" if pulse.archived else "disabled by GitHub" if pulse.disabled else "empty"


def _looked(desk: Desk, pulse: Pulse, row: Row) -> Row:
    place = _place(desk, pulse, row.prefix)
    published = _published(desk, pulse, place)
    troubles = [each.says for each in published.obstacles]
    troubles += [f"{len(each.paths)} files not examined: {each.reason}" for each in published.report.failures]
    troubles += [each.says for each in published.done if each.outcome is Outcome.FAILED]
    if not place.own:
        # What was read by other settings than the repository's own would say nothing of it.
        row = replace(row, head=pulse.head, ours=pulse.ours, moved=pulse.moved)
    return replace(
        row, state=State.TIRED if published.tired else State.DONE,
        trouble=published.tired or "; ".join(troubles), prefix=place.settings.branch_prefix,
        base=place.settings.pull_requests.base or "", pulls=tuple(rows(published)),
        **counted(published.report),
    )  # fmt: skip


def _place(desk: Desk, pulse: Pulse, prefix: str) -> _Place:
    """Where to look, by the repository's own settings: at another branch, where they say so."""
    reader = Reader(desk.connector.gateway(pulse.name), pulse.name, prefix)
    commit = Commit(pulse.head, pulse.tree, (), "")
    settings = _settings(desk, reader, commit)
    own = settings.branch_prefix != prefix or settings.pull_requests.base not in (None, pulse.base)
    if not own:
        return _Place(reader, commit, settings, own, None)
    reader.prefix = settings.branch_prefix
    remote = reader.remote(settings.pull_requests.base, with_base=True)
    return _Place(reader, _commit(reader, remote), settings, own, remote)


def _settings(desk: Desk, reader: Reader, commit: Commit) -> Settings:
    first = Snapshot.of(reader, commit, Scope(wanted=candidate))
    settings = desk.settings
    settings = lay_own(settings, lambda file: first.read_small(file, MOST_BYTES), f"{reader.name}: ")
    for note in settings.notes:
        desk.terminal.note(f"note: {note}")
    return overlaid(settings, desk.options, desk.fixers)


def _commit(reader: Reader, remote: Remote) -> Commit:
    found = reader.commit(remote.base_head)
    if found is None:
        raise FixbotError(f"GitHub does not give the commit {remote.base_head[:7]} of {remote.base}")
    return found


def _published(desk: Desk, pulse: Pulse, place: _Place) -> Published:
    """What there is to find, and what is done about it: without --pr only what would be."""
    snapshot = _snapshot(place)
    report = _examined(desk, snapshot, place.settings)
    remote, publishing = place.remote, desk.options.pr
    if remote is None and not report.proposals and not pulse.ours:
        return Published(report)
    if remote is None and (publishing or pulse.pulls):
        remote = place.reader.remote(place.settings.pull_requests.base, with_base=True)
        if remote.base_head != place.commit.id:
            place = replace(place, commit=_commit(place.reader, remote))
            snapshot = _snapshot(place)
            report = _examined(desk, snapshot, place.settings)
    chosen = chosen_of(desk.fixers, place.settings)
    return Publisher(
        place.reader.gateway, place.reader, remote or _nothing_there(pulse), Fetched(snapshot),
        place.settings, _examine(desk, snapshot, place.settings, report),
        frozenset(each.name for each in chosen), len(chosen) == len(desk.fixers), snapshot.keep,
        not (desk.options.include or desk.options.exclude),
        datetime.fromtimestamp(desk.connector.clock.now(), UTC), desk.connector.host.web,
        user_token=desk.connector.token(pulse.name).user, dry=not publishing, note=desk.terminal.note,
    ).publish()  # fmt: skip


def _nothing_there(pulse: Pulse) -> Remote:
    """A repository that never had a pull request."""
    owner, _, name = pulse.name.partition("/")
    facts = Facts(
        owner, name, pulse.id, pulse.base, pulse.url, pulse.archived, pulse.disabled, pulse.push or None
    )
    return Remote(facts, {}, (), base=pulse.base, base_head=pulse.head)


def _snapshot(place: _Place) -> Snapshot:
    scope = Scope(place.settings.include, place.settings.exclude, None, candidate)
    limit = place.settings.limits.file_mb * MEGABYTE
    return Snapshot.of(place.reader, place.commit, scope, limit=limit)


def _examined(desk: Desk, snapshot: Snapshot, settings: Settings) -> Report:
    report = run(snapshot, chosen_of(desk.fixers, settings), settings, deadline=desk.deadline)
    if any(each.reason == OVER for each in report.failures):
        # What was seen of it so far says too little to publish anything, or to take anything back.
        raise OutOfTime(OVER)
    return report


def _examine(
    desk: Desk, snapshot: Snapshot, settings: Settings, known: Report
) -> Callable[[Settings, bool], Report]:
    """The pipeline, which needn't run again for what it has said already; its reports have all texts."""

    def examine(with_those: Settings, contents: bool) -> Report:
        del contents
        return known if with_those == settings else _examined(desk, snapshot, with_those)

    return examine
