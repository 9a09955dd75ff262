"""The whole bot on one screen: discover, parse, detect, fix, verify, propose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fixbot.checkout import READ_ELSEWHERE, Checkout, Content, Globs
from fixbot.discover import companions, relevant, surroundings, unnamed
from fixbot.examine import Examined, Order
from fixbot.fixer import Fixer
from fixbot.model import Report, Stats, Unread
from fixbot.parts import parts
from fixbot.settings import Settings
from fixbot.suppress import Suppressions, inline
from fixbot.survive import survive

if TYPE_CHECKING:
    from fixbot.cache import Cache

Progress = Callable[[int, int, str], None]
_WORTH_A_WORKER = 400_000
"""Characters below which starting a second process costs more than it saves."""


def run(
    checkout: Checkout,
    fixers: tuple[Fixer, ...],
    settings: Settings,
    *,
    progress: Progress | None = None,
    jobs: int = 1,
    cache: Cache | None = None,
    contents: bool = True,
) -> Report:
    """Everything that is wrong in a checkout, and every proven way out. Writes nothing.

    Without `contents` the report may come from the cache, and then its patches and proposals have
    diffs but no texts to be written. Raises FixbotError for a suppression that names no rule.
    """
    started = time.monotonic()
    read = _read(checkout)
    order = _order(checkout, read, fixers, settings)
    texts = read.texts
    grouped = parts({path: read.bytes[path] for path in texts})
    read.bytes.clear()
    results: dict[int, Examined] = {}
    files = 0
    for number, examined in _examined(grouped, texts, order, jobs):
        results[number] = examined
        files += len(grouped[number])
        if progress is not None:
            progress(files, len(texts), grouped[number][0])
    done = _gathered(results[number] for number in sorted(results))
    stats = Stats(checkout.listed, done.parsed, done.containers, done.statements, time.monotonic() - started)
    return _report(stats, done, read.unread)


@dataclass(slots=True)
class _Files:
    texts: dict[str, str]
    unread: list[Unread]
    bytes: dict[str, bytes]


def _read(checkout: Checkout) -> _Files:
    """Read every candidate, and keep the texts that can matter."""
    files = _Files({}, list(checkout.unread), {})
    for entry in checkout.entries:
        content = checkout.read(entry)
        if isinstance(content, Content):
            files.bytes[content.path] = content.data
            if relevant(content.data):
                files.texts[content.path] = content.text
        else:
            files.unread.append(content)
    for entry in checkout.named(unnamed(files.bytes)):
        content = checkout.read(entry)
        if isinstance(content, Content) and content.text.lstrip().startswith(("{", "[")):
            files.bytes[content.path] = content.data
            if relevant(content.data):
                files.texts[content.path] = content.text
    for path in companions(files.bytes, files.texts):
        files.texts[path] = files.bytes[path].decode()
    files.unread = [each for each in files.unread if not _read_elsewhere(checkout, each, files)]
    return files


def _read_elsewhere(checkout: Checkout, unread: Unread, files: _Files) -> bool:
    """Whether a file was not read since it is a symbolic link to one that was."""
    return unread.reason == READ_ELSEWHERE and checkout.target(unread.path) in files.bytes


def _order(checkout: Checkout, read: _Files, fixers: tuple[Fixer, ...], settings: Settings) -> Order:
    never = Globs(settings.never_patch)
    paths = [*(entry.path for entry in checkout.entries), *read.bytes]
    facts = surroundings(read.bytes, paths, (path for path in read.texts if never.match(path)))
    charts = frozenset(
        path[: -len("Chart.yaml")].rstrip("/") for path in paths if path.endswith("Chart.yaml")
    )
    wishes = {path: found for path, text in read.texts.items() if (found := inline(text))}
    known = frozenset(settings.known_rules or (f.name for f in fixers))
    suppressions = Suppressions(settings.ignore, known, date.today(), wishes)  # noqa: DTZ011
    suppressions.check()
    return Order(fixers, settings, suppressions, facts, charts)


def _examined(
    grouped: Sequence[list[str]], texts: dict[str, str], order: Order, jobs: int
) -> Iterator[tuple[int, Examined]]:
    """What came out of each part, by its number, as it gets ready."""
    if jobs > 1 and len(grouped) > 1 and sum(map(len, texts.values())) > _WORTH_A_WORKER:
        from fixbot.workers import can_fork, spread  # noqa: PLC0415 - costs 20 ms

        if can_fork():
            yield from spread(grouped, texts, order, jobs)
            return
    for number, part in enumerate(grouped):
        yield number, survive({path: texts[path] for path in part}, order)


def _gathered(some: Iterable[Examined]) -> Examined:
    done = Examined()
    for more in some:
        done.findings += more.findings
        done.patches += more.patches
        done.proposals += more.proposals
        done.unread += more.unread
        done.failures += more.failures
        done.parsed += more.parsed
        done.containers += more.containers
        done.statements += more.statements
    return done


def _report(stats: Stats, done: Examined, unread: Iterable[Unread]) -> Report:
    proposals = sorted(done.proposals, key=lambda p: (-p.severity, p.paths))
    return Report(
        stats,
        tuple(sorted(done.findings, key=lambda f: (f.path, f.line, f.rule))),
        tuple(sorted(done.patches, key=lambda p: p.path)),
        tuple(proposals),
        tuple(sorted({*unread, *done.unread}, key=lambda u: (u.path, u.line or 0, u.reason))),
        tuple(done.failures),
    )
