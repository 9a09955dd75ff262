"""What a pull request brings, judged by the settings of its base: the Action's check, and its gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fixbot.actions.check import Check
from fixbot.bounds import timed
from fixbot.checkout import Checkout, Content, Globs, Scope
from fixbot.checkout.commit import CommitFiles, CommitTree
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.reading import LARGEST, decoded
from fixbot.checkout.touched import Touched, list_changes, list_renames, resolve, start_of, touched
from fixbot.cli.based import Base, refuse_links_to
from fixbot.cli.chosen import settings_of
from fixbot.discover import candidate
from fixbot.errors import FixbotError
from fixbot.gate import Hidden, find_hidden
from fixbot.model import Status
from fixbot.new_ignores import describe_loosened, describe_wish, find_new_wishes
from fixbot.settings.compare import Loosened, compare

if TYPE_CHECKING:
    from fixbot.actions.event import Event
    from fixbot.checkout.touched import Change
    from fixbot.cli.look import Looked
    from fixbot.cli.options import Options
    from fixbot.model import Finding

_PATIENCE: Final = 3
"""How many files' worth of time the comparison with the base may take."""


def base_of_event(options: Options, of: Event) -> Base:
    """Where the pull request of an event comes from. Raises FixbotError outside of a checkout."""
    refuse_links_to(options.path)
    checkout = Checkout.open(options.path, Scope(wanted=lambda _: False))
    if checkout.git is None:
        raise FixbotError(f"{options.path!r} is no checkout of a repository; let actions/checkout run before")
    git = Git(checkout.top)
    start = start_of(git, of.base, of.merge, exact=of.queued)
    merged = start is not None and start == resolve(git, "HEAD^1") and not of.queued
    tip = start if merged or start is None else resolve(git, of.base)
    return Base(git, checkout.prefix, start, tip)


def check_changes(options: Options, base: Base, looked: Looked) -> Check:
    """Everything that a pull request brings. Raises FixbotError where git can't tell."""
    files = base.files
    if files is None or base.start is None:
        return Check()
    try:
        with timed(_PATIENCE * looked.settings.limits.seconds, "comparing with the base"):
            check = _checked(options, base, files, looked)
        return replace(check, findings=tuple(_brought(options, base, files, looked, check)))
    except GitFailed as failed:
        raise FixbotError(f"git can't tell what this pull request touches: {failed}") from None


def _checked(options: Options, base: Base, files: CommitFiles, looked: Looked) -> Check:
    checkout, report = looked.checkout, looked.report
    changes = list_changes(base.git, files.commit)
    hidden = find_hidden(checkout, files, changes, report)
    open_ones = [
        replace(each, path=checkout.prefix + each.path)
        for each in report.findings
        if each.status is not Status.SUPPRESSED
    ]
    paths = {each.path for each in open_ones}
    lines = touched(base.git, files.commit, (each for each in changes if each.path in paths))
    ignores = (*_in_settings(options, looked), *_in_comments(checkout, base, changes))
    some = [each for each in open_ones if (each.path, each.line) in _with_whole(lines, hidden)]
    return Check(
        tuple(sorted(some, key=lambda each: -each.severity)),
        tuple(dict.fromkeys(hidden.damaged)),
        tuple(dict.fromkeys(hidden.named)),
        ignores,
    )


def _brought(options: Options, base: Base, files: CommitFiles, looked: Looked, check: Check) -> list[Finding]:
    """What stands on touched lines, and whatever else its base did not have.

    A line elsewhere can make the finding: the default of a variable, a kind, a flag that was taken away. With
    `--since` every finding in a changed file counts anyway.
    """
    open_ones = [
        replace(each, path=base.prefix + each.path)
        for each in looked.report.findings
        if each.status is not Status.SUPPRESSED
    ]
    here = {each.id for each in check.findings}
    if options.since is None and any(each.id not in here for each in open_ones):
        tree = CommitTree(files, base.prefix, looked.checkout.keep, candidate)
        before = {each.id for each in looked.elsewhere(tree).findings if each.status is not Status.SUPPRESSED}
        here |= {each.id for each in open_ones} - before
    return sorted((each for each in open_ones if each.id in here), key=lambda each: -each.severity)


def _with_whole(lines: Touched, hidden: Hidden) -> Touched:
    return Touched({**lines.lines, **hidden.whole})


def _in_settings(options: Options, looked: Looked) -> Iterator[str]:
    """What the settings that the pull request brings would leave out, once it is merged."""
    try:
        own = settings_of(options, looked.fixers)
    except FixbotError as error:
        yield f"Its own settings can't be read: {error}"
        return
    loosened = compare(looked.settings, own, [fixer.name for fixer in looked.fixers])
    for each in describe_loosened(loosened, _met(looked.checkout, loosened)):
        yield f"Once merged, its settings make a difference: it {each}"


def _met(checkout: Checkout, loosened: Loosened) -> int:
    """How many files patterns leave out that were looked at here."""
    exclude, include = Globs(loosened.exclude), Globs(loosened.include)
    return sum(
        (bool(exclude) and exclude.match(each.path)) or (bool(include) and not include.match(each.path))
        for each in checkout.entries
    )


def _in_comments(checkout: Checkout, base: Base, changes: Sequence[Change]) -> Iterator[str]:
    """What comments ask for that its base did not have."""
    files = base.files
    some = [each for each in changes if _may_ask(checkout, each)]
    if files is None or not some or base.start is None:
        return
    renamed = {each.path: each for each in list_renames(base.git, base.start)}
    for change in some:
        content = checkout.read(change.path[len(checkout.prefix) :])
        if not isinstance(content, Content) or "fixbot:ignore" not in content.text:
            continue
        before = renamed.get(change.path, change).before
        data = files.data(before, LARGEST) if before is not None and before.is_file else None
        old = decoded(change.path, data, 0) if data is not None else None
        text = old.text if isinstance(old, Content) else ""
        for wish in find_new_wishes(change.path, content.text, text):
            yield describe_wish(change.path, wish)


def _may_ask(checkout: Checkout, change: Change) -> bool:
    inside = change.path.startswith(checkout.prefix)
    return inside and change.after is not None and change.after.is_file and candidate(change.path)
