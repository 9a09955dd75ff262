"""The report of a run: what came out of all parts, in order, and what settings left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from fixbot.checkout import Content, RepositoryFiles
from fixbot.engine.partition_result import PartitionResult
from fixbot.engine.propose import gather_proposals
from fixbot.model.findings import LeftOutBySettings, Report, Unread
from fixbot.model.run_stats import NO_COUNTS, Stats
from fixbot.settings import NEVER_PATCH, Settings
from fixbot.settings.loosened import running_rules
from fixbot.source.codeowners import PLACES as OWNERS


def build_report(
    checkout: RepositoryFiles,
    settings: Settings,
    started: float,
    parts: Iterable[PartitionResult],
    unread: Iterable[Unread],
) -> Report:
    """All that a run has to say; `started` is its beginning, of `time.monotonic`."""
    done = PartitionResult()
    counts = Counter(NO_COUNTS)
    for more in parts:
        done.findings += more.findings
        done.patches += more.patches
        done.proposals += more.proposals
        done.unread += more.unread
        done.items += more.items
        done.failures += more.failures
        done.parsed += more.parsed
        counts.update(more.counts)
        done.hidden += more.hidden
    offered = gather_proposals(done.proposals, settings, lambda: _code_owners(checkout))
    stats = Stats(checkout.listed, done.parsed, dict(counts), time.monotonic() - started)
    return Report(
        stats,
        tuple(sorted(done.findings, key=lambda f: (f.path, f.line, f.rule))),
        tuple(sorted(done.patches, key=lambda p: p.path)),
        tuple(
            sorted(
                offered,
                key=lambda p: (-p.severity, p.paths),
            )
        ),
        tuple(sorted({*unread, *done.unread}, key=lambda u: (u.path, u.line or 0, u.reason))),
        tuple(done.failures),
        left_out=_summarize_left_out(checkout, settings, done.hidden),
        items=tuple(done.items),
    )


def _code_owners(checkout: RepositoryFiles) -> str:
    """The text of the CODEOWNERS file that GitHub would read; empty where there is none that can be read."""
    there = {entry.path: entry for entry in checkout.find_named(OWNERS)}
    found = next((there[path] for path in OWNERS if path in there), None)
    content = checkout.read_file(found) if found is not None else None
    return content.text if isinstance(content, Content) else ""


def _summarize_left_out(checkout: RepositoryFiles, settings: Settings, hidden: int) -> LeftOutBySettings:
    on = frozenset(running_rules(settings, settings.known_rules))
    return LeftOutBySettings(
        rules=tuple(each for each in settings.profiled or settings.known_rules if each not in on),
        exclude=settings.exclude,
        include=settings.include,
        files=checkout.excluded,
        severity=settings.severity,
        hidden=hidden,
        never_patch=tuple(each for each in settings.never_patch if each not in NEVER_PATCH),
        ephemeral=settings.ephemeral_paths,
    )
