"""What a report says about some files of a repository that was read as a whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fixbot.model.errors import FixbotError
from fixbot.model.findings import Report
from fixbot.text.text_shape import quote_plain_word


def restrict_report(report: Report, paths: Collection[str], brought: Collection[str] = ()) -> Report:
    """The report on `paths` and on the files that have to change together with them.

    `brought` are ids of findings in other files that count as well; of those files nothing else is said.
    The figures stay those of the whole, which was read.
    """
    files = _add_companions(report, frozenset(paths))
    ids = frozenset(brought)
    proposals = tuple(
        each
        for each in report.proposals
        if not files.isdisjoint(each.paths) or not ids.isdisjoint(each.findings)
    )
    changed = files.union(*(each.paths for each in proposals))
    ids = ids.union(*(each.findings for each in proposals))
    return replace(
        report,
        findings=tuple(each for each in report.findings if each.path in files or each.id in ids),
        patches=tuple(each for each in report.patches if each.path in changed),
        proposals=proposals,
        unread=tuple(each for each in report.unread if each.path in files),
        failures=tuple(each for each in report.failures if not files.isdisjoint(each.paths)),
    )


def _add_companions(report: Report, paths: frozenset[str]) -> frozenset[str]:
    found = paths
    while True:
        ids = {each.id for each in report.findings if each.path in found}
        more = found.union(each.path for each in report.patches if not ids.isdisjoint(each.fixed))
        if more == found:
            return found
        found = more


def select_proposal(report: Report, key: str) -> Report:
    """The report on one proposal, named by its key or by how that begins. Raises FixbotError."""
    found = [each for each in report.proposals if key and each.key.startswith(key)]
    if len(found) != 1:
        said = "no proposal has" if not found else f"{len(found)} proposals have"
        named = quote_plain_word(key, "key")
        raise FixbotError(f"--show: {said} the key {named}; `fixbot run` and --format json list the keys")
    ids = frozenset(found[0].findings)
    return replace(
        report,
        findings=tuple(each for each in report.findings if each.id in ids),
        patches=tuple(each for each in report.patches if each.path in found[0].paths),
        proposals=(found[0],),
        unread=(),
    )
