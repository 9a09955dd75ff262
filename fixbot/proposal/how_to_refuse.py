"""How a reader says no to a pull request: once, for good, or to a part of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from fixbot.edit.tree import CannotEdit
from fixbot.model.proposal_facts import FixedFinding
from fixbot.settings.add_ignores import glob_below, glob_for_path, render_ignore_block
from fixbot.settings.suppressions import Ignore, escape_name
from fixbot.text.markdown_escape import LONGEST as LONGEST_LINE
from fixbot.text.markdown_escape import (
    Markdown,
    escape_code_span,
    format_fence,
    is_shown_unchanged,
)

_WISHES = 5
"""Entries of the block that says no."""


_WORD = re.compile(r"[A-Za-z0-9._/-]{1,120}")
"""A path that can stand in a comment as one word."""


def render_how_to_refuse(rows: Sequence[FixedFinding]) -> Markdown:
    """The ways to say no: close it, comment, or write it down."""
    return Markdown(
        "- Close this pull request, and it will not be asked again for these findings.\n"
        f"{render_no_to_one(rows)}"
        "- Comment `fixbot: ignore until 2027-03-31` and why: it is closed, and asked again after that day.\n"
        f"- {render_no_for_good(rows)}\n\nWould it be right with a change? Push that to this branch: "
        "from then on "
        "fixbot leaves the branch alone. To have it made anew on the base, comment `fixbot: rebase`, or "
        "`fixbot: recreate` once there are commits of yours on it (they are kept on another branch); "
        "as labels both work too."
    )


def render_no_to_one(rows: Sequence[FixedFinding]) -> str:
    """How to say no to a part of it, where there are parts."""
    rules = list(dict.fromkeys(row.rule for row in rows))
    if len(rows) < 2:
        return ""
    path = rows[0].path if _WORD.fullmatch(rows[0].path) else "PATH"
    return (
        f"- Comment {escape_code_span(f'fixbot: ignore {rules[0]} {path}')} and why: that alone is "
        "taken out. "
        "Without the path it is all that this rule finds here.\n"
    )


def render_no_for_good(rows: Sequence[FixedFinding]) -> str:
    """The block for `.fixbot.yml`: what was read back and says just that, in lines that a reader can copy."""
    lead = "To say no for good, with a reason that others can read"
    wishes, covers = _choose_ignores(rows)
    try:
        lines = render_ignore_block(wishes).split("\n")[:-1]
    except CannotEdit:
        lines = []
    if not lines or any(not is_shown_unchanged(line) or len(line) > LONGEST_LINE for line in lines):
        return f"{lead}, answer `i` in `fixbot run --review`: a name here can't be written on a line."
    block = "\n".join(f"  {line}" for line in format_fence(lines, "yaml").split("\n"))
    return f"{lead}, put this into `.fixbot.yml`{covers}:\n\n{block}"


def _choose_ignores(rows: Sequence[FixedFinding]) -> tuple[list[Ignore], str]:
    """What to suppress, and a clause that says how far that goes where it is more than these findings.

    Each by its name where they are few, else their files, else their folders; no more than a few.
    """
    ways: tuple[tuple[str, Callable[[FixedFinding], tuple[str, str]]], ...] = (
        ("", lambda row: (glob_for_path(row.path), escape_name(row.resource))),
        (
            ", which covers all that these rules find in these files",
            lambda row: (glob_for_path(row.path), ""),
        ),
        (
            ", which covers all that these rules find below these folders, later too",
            lambda row: (glob_below(posixpath.dirname(row.path)), ""),
        ),
    )
    found: list[Ignore] = []
    for covers, name in ways:
        found = list(dict.fromkeys(Ignore(row.rule, "why not", *name(row)) for row in rows))
        if len(found) <= _WISHES:
            return found, covers
    return found[:_WISHES], f"{covers} ({len(found) - _WISHES} more folders are left out)"
