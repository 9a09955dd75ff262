"""`scan --baseline FILE` and `--write-baseline FILE`: where the file comes from, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import read_given_file
from fixbot.cli.base_settings import PullRequestBase, is_in_repository, read_from_base
from fixbot.model.errors import FixbotError
from fixbot.report.baseline import (
    MOST_BYTES,
    KnownFinding,
    find_gone,
    mark_known,
    parse_baseline,
    render_baseline,
)
from fixbot.report.diffs import cut_line
from fixbot.report.style import format_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixbot.cli.options import Options
    from fixbot.cli.terminal import Terminal
    from fixbot.model.findings import Report

_NAMED = 20
"""So many findings that are gone are named."""


def compare_with_baseline(
    options: Options, report: Report, base: PullRequestBase | None, terminal: Terminal
) -> Report:
    """The report with what `--baseline` knows marked so, and a note for each finding that is gone.

    In a pull request the baseline of its base counts. Raises FixbotError for a file that is none.
    """
    if options.baseline is None:
        return report
    if base is not None and is_in_repository(base, options.baseline):
        data = read_from_base(base, options.baseline, MOST_BYTES)
        if data is None:
            terminal.print_note(f"note: the base has no {options.baseline}; nothing is known")
            return report
        known = parse_baseline(data, f"--baseline {options.baseline} of the base")
    else:
        known = _read_baseline(options.baseline, options)
    report = mark_known(report, known)
    # Of what was not looked at nothing can be gone.
    whole = not (options.files or options.since or options.only or options.skip)
    gone = find_gone(report, known) if whole else []
    for row in gone[:_NAMED]:
        said = cut_line(f"{row.rule} in {row.path}, {row.resource}")
        terminal.print_note(f"note: gone since {options.baseline}: {said}")
    if len(gone) > _NAMED:
        terminal.print_note(f"note: and {format_count(len(gone) - _NAMED, 'other')} of {options.baseline}")
    if gone:
        terminal.print_note(f"note: take them out with --write-baseline {options.baseline}")
    return report


def _read_baseline(path: Path, options: Options) -> Mapping[str, KnownFinding]:
    try:
        return parse_baseline(
            read_given_file(str(path), MOST_BYTES, stranger_folders(options.path)), f"--baseline {path}"
        )
    except Unreadable as why:
        raise FixbotError(f"--baseline {path}: {why}") from None
    except OSError as error:
        raise FixbotError(
            f"--baseline {path}: {error.strerror}; `fixbot scan --write-baseline FILE` makes one"
        ) from None


def write_baseline(path: Path, options: Options, report: Report, terminal: Terminal) -> None:
    """Keep the findings of the report as known. Raises CannotWrite."""
    terminal.write_file(path, render_baseline(report), within=stranger_folders(options.path))
    terminal.print_note(f"note: what was found is known from now on: fixbot scan --baseline {path}")
