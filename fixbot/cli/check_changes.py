"""What a pull request brings, judged by the settings of its base: the Action's check, and its gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from fixbot.actions.pull_request_check import PullRequestCheck
from fixbot.checkout import Checkout, Content, Globs, Scope
from fixbot.checkout.changed_lines import (
    TouchedLines,
    find_start,
    list_changes,
    list_renames,
    read_touched_lines,
    resolve_revision,
)
from fixbot.checkout.commit_files import CommitFiles, CommitTree
from fixbot.checkout.file_content import LARGEST, decode_content
from fixbot.checkout.git import Git, GitFailed
from fixbot.cli.base_settings import PullRequestBase, refuse_links_to
from fixbot.cli.effective_settings import read_checkout_settings
from fixbot.engine.brought_findings import Brought, compare_reports
from fixbot.engine.hidden_changes import HiddenChanges, find_hidden
from fixbot.engine.new_ignores import (
    describe_ignore,
    describe_loosened,
    describe_silenced,
    describe_slid,
    find_new_ignores,
)
from fixbot.engine.process_limits import limit_time
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Status
from fixbot.settings.loosened import LoosenedSettings, find_loosened
from fixbot.settings.suppressions import Suppressions
from fixbot.source.discover import is_candidate

if TYPE_CHECKING:
    from fixbot.actions.event import Event
    from fixbot.checkout.changed_lines import CommitChange
    from fixbot.cli.options import Options
    from fixbot.cli.scan_checkout import ScannedCheckout
    from fixbot.model.findings import Finding
    from fixbot.settings.suppressions import Ignore

_PATIENCE: Final = 3
"""How many files' worth of time the comparison with the base may take."""


def find_event_base(options: Options, of: Event) -> PullRequestBase:
    """Where the pull request of an event comes from. Raises FixbotError outside of a checkout."""
    refuse_links_to(options.path)
    checkout = Checkout.open_checkout(options.path, Scope(wanted=lambda _: False))
    if checkout.git is None:
        raise FixbotError(f"{options.path!r} is no checkout of a repository; let actions/checkout run before")
    git = Git(checkout.top)
    start = find_start(git, of.base, of.merge, exact=of.queued)
    merged = start is not None and start == resolve_revision(git, "HEAD^1") and not of.queued
    tip = start if merged or start is None else resolve_revision(git, of.base)
    return PullRequestBase(git, checkout.prefix, start, tip)


def check_changes(
    options: Options, base: PullRequestBase, looked: ScannedCheckout, brought: Brought | None = None
) -> PullRequestCheck:
    """Everything that a pull request brings. Raises FixbotError where git can't tell.

    With `--since` all findings of the report count, which was narrowed by what is `brought`.
    """
    files = base.files
    if files is None or base.start is None:
        return PullRequestCheck()
    try:
        with limit_time(_PATIENCE * looked.settings.limits.seconds, "comparing with the base"):
            check = _check_files(options, base, files, looked)
            wishes = list(_new_wishes(looked.checkout, base))
        if brought is None:
            touches = {each.id for each in check.findings}
            brought = _find_brought(base, files, looked, lambda each: each.id in touches)
    except GitFailed as failed:
        raise FixbotError(f"git can't tell what this pull request touches: {failed}") from None
    new = {(path, wish.rule, wish.reason) for path, wish in wishes}
    slid = [
        each
        for each in _place_findings(brought.ignored, looked)
        if (each.path, each.rule, each.reason) not in new
    ]
    ignores = (*check.ignores, *(describe_ignore(*each) for each in wishes), *map(describe_slid, slid))
    return _with_brought(replace(check, ignores=ignores), brought, looked)


def find_brought(base: PullRequestBase, looked: ScannedCheckout, changed: frozenset[str]) -> Brought:
    """What is new since the base in files that are not `changed`, and what is newly silenced in any.

    Raises FixbotError where git can't tell.
    """
    files = base.files
    if files is None:
        return Brought()
    try:
        return _find_brought(base, files, looked, lambda each: each.path in changed)
    except GitFailed as failed:
        raise FixbotError(f"git can't tell what the base is like: {failed}") from None


def _check_files(
    options: Options, base: PullRequestBase, files: CommitFiles, looked: ScannedCheckout
) -> PullRequestCheck:
    checkout, report = looked.checkout, looked.report
    changes = list_changes(base.git, files.commit)
    hidden = find_hidden(checkout, files, changes, report)
    open_ones = _from_top(looked)
    paths = {each.path for each in open_ones}
    lines = read_touched_lines(base.git, files.commit, (each for each in changes if each.path in paths))
    some = [each for each in open_ones if (each.path, each.line) in _add_whole_files(lines, hidden)]
    return PullRequestCheck(
        tuple(some),
        tuple(dict.fromkeys(hidden.damaged)),
        tuple(dict.fromkeys(hidden.named)),
        tuple(_describe_loosened_settings(options, looked)),
    )


def _from_top(looked: ScannedCheckout) -> list[Finding]:
    """The findings that nobody silences and no baseline has, by paths from the repository's top."""
    return _place_findings((each for each in looked.report.findings if each.is_new), looked)


def _place_findings(findings: Iterable[Finding], looked: ScannedCheckout) -> list[Finding]:
    return [replace(each, path=looked.checkout.prefix + each.path) for each in findings]


def _find_brought(
    base: PullRequestBase, files: CommitFiles, looked: ScannedCheckout, known: Callable[[Finding], bool]
) -> Brought:
    """What the report says that the base's does not. Raises GitFailed.

    A line elsewhere can make the finding: the default of a variable, a kind, a flag that was taken away.
    """
    whole = looked.whole
    silenced = any(each.status is Status.SUPPRESSED for each in whole.findings)
    if not (silenced or whole.unread) and all(known(each) for each in whole.findings):
        return Brought()
    tree = CommitTree(files, base.prefix, looked.checkout.is_in_scope, is_candidate)
    old = {each.path: each.before_path for each in list_renames(base.git, files.commit)}
    today = date.today()  # noqa: DTZ011 - as the run that is compared
    wishes = Suppressions(looked.settings.ignore, frozenset(), today)
    there = frozenset(each.path for each in tree.entries)
    return compare_reports(whole, looked.elsewhere(tree), old, there, wishes)


def _with_brought(check: PullRequestCheck, brought: Brought, looked: ScannedCheckout) -> PullRequestCheck:
    """With what stands elsewhere, the gravest first. All paths are from the repository's top."""
    here = {each.id for each in check.findings} | brought.findings
    findings = sorted((e for e in _from_top(looked) if e.id in here), key=lambda each: -each.severity)
    unread = [replace(each, path=looked.checkout.prefix + each.path) for each in brought.unread]
    return replace(
        check,
        findings=tuple(findings),
        damaged=tuple(dict.fromkeys([*check.damaged, *(e for e in unread if e.cause == "damaged")])),
        named=tuple(dict.fromkeys([*check.named, *(e for e in unread if e.cause != "damaged")])),
        silenced=tuple(map(describe_silenced, _place_findings(brought.left, looked))),
    )


def _add_whole_files(lines: TouchedLines, hidden: HiddenChanges) -> TouchedLines:
    return TouchedLines({**lines.lines, **hidden.whole})


def _describe_loosened_settings(options: Options, looked: ScannedCheckout) -> Iterator[str]:
    """What the settings that the pull request brings would leave out, once it is merged."""
    try:
        own = read_checkout_settings(options, looked.fixers)
    except FixbotError as error:
        yield f"Its own settings can't be read: {error}"
        return
    loosened = find_loosened(looked.settings, own, [fixer.name for fixer in looked.fixers])
    for each in describe_loosened(loosened, _count_excluded(looked.checkout, loosened)):
        yield f"Once merged, its settings make a difference: it {each}"


def _count_excluded(checkout: Checkout, loosened: LoosenedSettings) -> int:
    """How many files patterns leave out that were looked at here."""
    exclude, include = Globs(loosened.exclude), Globs(loosened.include)
    return sum(
        (bool(exclude) and exclude.matches(each.path)) or (bool(include) and not include.matches(each.path))
        for each in checkout.entries
    )


def _new_wishes(checkout: Checkout, base: PullRequestBase) -> Iterator[tuple[str, Ignore]]:
    """What comments ask for that its base did not have, each with its file."""
    files = base.files
    if files is None or base.start is None:
        return
    some = [each for each in list_changes(base.git, base.start) if _may_hold_ignores(checkout, each)]
    if not some:
        return
    renamed = {each.path: each for each in list_renames(base.git, base.start)}
    for change in some:
        content = checkout.read_file(change.path[len(checkout.prefix) :])
        if not isinstance(content, Content) or "fixbot:ignore" not in content.text:
            continue
        before = renamed.get(change.path, change).before
        data = files.read_blob(before, LARGEST) if before is not None and before.is_file else None
        old = decode_content(change.path, data, 0) if data is not None else None
        text = old.text if isinstance(old, Content) else ""
        for wish in find_new_ignores(change.path, content.text, text):
            yield change.path, wish


def _may_hold_ignores(checkout: Checkout, change: CommitChange) -> bool:
    inside = change.path.startswith(checkout.prefix)
    return inside and change.after is not None and change.after.is_file and is_candidate(change.path)
