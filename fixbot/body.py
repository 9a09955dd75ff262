"""A proposal's text, for a tired reviewer: what changes, what to notice, why, how to try; the rest folded."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, takewhile
from urllib.parse import quote

from fixbot import __version__
from fixbot.command import Command
from fixbot.instructions import Note, command_notes, shell_block, shell_lines, step_items, step_notes
from fixbot.markdown import (
    EMPTY,
    as_markdown,
    bullets,
    filled,
    folded,
    link,
    numbered,
    page,
    table_row,
)
from fixbot.prose import LONGEST as LONGEST_LINE
from fixbot.prose import Markdown, code_span, fenced, is_kept, once
from fixbot.settings.adding import ignore_block, just, just_below
from fixbot.step import Step
from fixbot.story import Checks, Nearby, Row, Story, told
from fixbot.suppress import Ignore, plain_name
from fixbot.tree import CannotEdit

LONGEST = 58_000
"""Characters. GitHub refuses longer bodies than 65,536, and has been seen to refuse shorter ones."""
_MOST_ROWS = 40
_CHECKED = {
    Checks.BYTES: "Only the lines of the diff changed; everything else is the same byte for byte.",
    Checks.DATA: "The files parse, and as data they differ in nothing but the fix.",
    Checks.NEW_FILES: "The new files were read back: they say what is meant, and replace no file.",
    Checks.VALID: "What the result says is valid wherever it was valid before.",
    Checks.POLICIES: "No policy that changed allows anything that it did not allow before.",
}
_WISHES = 5
"""Entries of the block that says no."""
_MOST_LINES = 8
_OPEN_ROWS = 5
"""Rows of a table that stand open; a longer one is folded, so that the text above it fits a screen."""
_OPEN_NOTES = 3
_MOST_TRIED = 2
"""Commands to try that a terminal or a commit message shows."""
_OPEN_TRIES = 5
"""Lines of commands to try that stand open; those of the first resource always do."""
_TABLE = 24_000
"""Characters of the table: long paths make long links."""
_WORD = re.compile(r"[A-Za-z0-9._/-]{1,120}")
"""A path that can stand in a comment as one word."""
_CUT = Markdown(
    "*(Cut here: the rest would be longer than a pull request may be. `fixbot run` shows all of it.)*"
)
_CUT_BELOW = Markdown("*(This text is cut below, being longer than a pull request may be.)*")


def notes(story: Story) -> tuple[Note, ...]:
    """The essentials for a terminal: effect, what is not known, commands, steps."""
    rows = story.rows
    said = [*_some(_told(rows, lambda row: f"{row.gist} {row.effect}".strip())), *_some(_unknown(rows))]
    commands = list(once(command for row in rows for command in row.commands))
    explained: set[str] = set()
    found = [*map(Note, said), *command_notes(commands[:_MOST_TRIED], explained)]
    found += map(Note, _more(len(commands) - _MOST_TRIED))
    for heading, steps in (
        ("Before merging:", (each for row in rows for each in row.steps_before)),
        ("After merging:", (each for row in rows for each in row.steps_after)),
    ):
        every = list(once(steps))
        found += [note for each in every[:_MOST_LINES] for note in step_notes(heading, each, explained)]
        found += map(Note, _more(len(every) - _MOST_LINES))
    return tuple(found)


def _told(rows: Sequence[Row], text: Callable[[Row], str]) -> list[str]:
    return told(rows, lambda row: (text(row),))


def _unknown(rows: Sequence[Row]) -> list[str]:
    return _told(rows, lambda row: row.unknown)


def body(
    story: Story,
    rules: Sequence[str],
    key: str,
    *,
    commits: Sequence[str] = (),
    links: str = "",
    marker: str = "",
    opening: str = "",
) -> str:
    """The Markdown text of a pull request, at most LONGEST characters, cut at a heading with a note.

    `commits` are the headlines of its commits. `marker` is put at the very end as it is, `opening` first:
    both are Markdown of ours.
    """
    rows = story.rows
    sections = [
        Markdown(opening),
        _what(rows),
        _notice(rows),
        _why(rows),
        _try(rows),
        _table(rows, links),
        _steps("Before merging", (step for row in rows for step in row.steps_before)),
        _steps("After merging", (step for row in rows for step in row.steps_after)),
        _worth_knowing(rows),
        _parts(commits),
        folded("Saying no", _no(rows)),
        folded("Left alone nearby", _nearby(story.nearby, links)),
        folded("What was checked", _checked(rows)),
        folded("The threat", page(Markdown(each) for each in once(each.threat for each in story.concerns))),
    ]
    return _fitted(sections, _footer(rows, rules, key), Markdown(marker))


def _what(rows: Sequence[Row]) -> Markdown:
    """What changes: a sentence, or a list of a few."""
    gists = _some(_told(rows, lambda row: row.gist), most=4)
    return as_markdown(gists[0]) if len(gists) == 1 else bullets(gists)


def _notice(rows: Sequence[Row]) -> Markdown:
    """One effect in a sentence behind the heading, several in a list."""
    effects = _some(_told(rows, lambda row: row.effect), most=4)
    rollout = " ".join(_some(row.rollout for row in rows))
    if not effects and not rollout:
        return EMPTY
    alone = effects[: len(effects) < 2]
    said = page([Markdown("**What you will notice.**"), rollout, *alone], between=" ")
    return page([said, bullets(effects[len(alone) :])])


def _why(rows: Sequence[Row]) -> Markdown:
    reasons = _told(rows, lambda row: row.why)
    more = [f"The same holds for {len(reasons) - 2} more."] if len(reasons) > 2 else []
    return page([Markdown("**Why here.**"), *reasons[:2], *more], between=" ") if reasons else EMPTY


def _some(texts: Iterable[str], most: int = _MOST_LINES) -> list[str]:
    """Each text once, the first `most`, and how many more there are."""
    unique = list(once(texts))
    return [*unique[:most], *_more(len(unique) - most)]


def _more(rest: int) -> list[str]:
    return [f"({rest} more of this kind, in the table or the files.)"] if rest > 0 else []


def _try(rows: Sequence[Row]) -> Markdown:
    unknown = _some(_unknown(rows), most=4)
    several = list(once(row.commands for row in rows))
    heading = Markdown("**Try it first.**" if several else "**Not known.**")
    text = page([heading, *unknown], between=" ") if unknown or several else EMPTY
    ends = accumulate(len(shell_lines(every)) for every in several)
    fits = max(1, len(list(takewhile(lambda end: end <= _OPEN_TRIES, ends))))
    shown, rest = several[:fits], several[fits:]
    more = folded(f"The same for {len(rest)} more", _shell(rest[:_MOST_ROWS])) if rest else EMPTY
    return page([text, _shell(shown) if shown else EMPTY, more])


def _shell(several: Sequence[Sequence[Command]]) -> Markdown:
    return shell_block(command for every in several for command in every)


def _worth_knowing(rows: Sequence[Row]) -> Markdown:
    listed = _some(told(rows, lambda row: row.notes))
    if len(listed) > _OPEN_NOTES:
        return folded("Worth knowing", bullets(listed))
    return page([Markdown("**Worth knowing.**"), bullets(listed)]) if listed else EMPTY


def _table(rows: Sequence[Row], links: str) -> Markdown:
    lines = [Markdown("| | before | after |"), Markdown("|---|---|---|")]
    size = 0
    for number, row in enumerate(rows):
        line = table_row([_place(row, links), row.before, row.after])
        size += len(line)
        if number == _MOST_ROWS or size > _TABLE:
            lines.append(Markdown(f"| and {len(rows) - number} more | | |"))
            break
        lines.append(line)
    table = page(lines, between="\n")
    return table if len(rows) <= _OPEN_ROWS else folded(f"All {len(rows)} changes, line by line", table)


def _place(row: Row | Nearby, links: str) -> Markdown:
    """The resource, as a link to its line."""
    name = row.resource if len(row.resource) <= 200 else row.resource[:199] + "…"
    return link(code_span(name), f"{links}{address(row.path, row.line)}")


def address(path: str, line: int) -> str:
    """A place in a file as a link relative to the repository's root."""
    return f"{quote(path, errors='surrogateescape')}#L{line}"


def _steps(heading: str, steps: Iterable[Step]) -> Markdown:
    listed = numbered(_some(step_items(steps)))
    return page([filled("**{}.**", heading), listed]) if listed else EMPTY


def _parts(commits: Sequence[str]) -> Markdown:
    """What each commit does, where there are several."""
    if len(commits) < 2:
        return EMPTY
    lead = Markdown(
        "Each commit holds what can be left out by itself: take one off the branch, or revert it there, and "
        "what it repairs will not be asked again."
    )
    return folded(f"{len(commits)} commits", page([lead, numbered(_some(commits))]))


def _checked(rows: Sequence[Row]) -> Markdown:
    """What was checked of these fixes; what had nothing to look at is not said."""
    checks = list(once(check for row in rows for check in row.checks))
    said = [_CHECKED[each] for each in _CHECKED if each in checks]
    programs = [each for each in checks if each not in _CHECKED and each != Checks.AGAIN]
    said += [
        f"`{each}` was asked about the files before and after: it finds nothing new." for each in programs
    ]
    if Checks.AGAIN in checks:
        found = "1 finding fewer" if len(rows) == 1 else f"{len(rows)} findings fewer"
        said.append(f"Scanned again after the change: {found}, none new.")
    return Markdown("\n".join(f"- {each}" for each in said))


def _nearby(left: Sequence[Nearby], links: str) -> Markdown:
    reasons: dict[str, list[Nearby]] = {}
    for each in left:
        reasons.setdefault(each.reason, []).append(each)
    lines = []
    for reason, places in list(reasons.items())[:10]:
        names = page([_place(each, links) for each in places[:5]], between=", ")
        lines.append(filled("{}{}: {}", names, Markdown(" …" * (len(places) > 5)), reason))
    if len(reasons) > 10:
        lines.append(as_markdown(f"and {len(reasons) - 10} more reasons: `fixbot run` lists them"))
    return bullets(lines)


def _no(rows: Sequence[Row]) -> Markdown:
    return Markdown(
        "- Close this pull request, and it will not be asked again for these findings.\n"
        f"{_no_to_one(rows)}"
        "- Comment `fixbot: ignore until 2027-03-31` and why: it is closed, and asked again after that day.\n"
        f"- {_for_good(rows)}\n\nWould it be right with a change? Push that to this branch: from then on "
        "fixbot leaves the branch alone. To have it made anew on the base, comment `fixbot: rebase`, or "
        "`fixbot: recreate` once there are commits of yours on it (they are kept on another branch); "
        "as labels both work too."
    )


def _no_to_one(rows: Sequence[Row]) -> str:
    """How to say no to a part of it, where there are parts."""
    rules = list(dict.fromkeys(row.rule for row in rows))
    if len(rows) < 2:
        return ""
    path = rows[0].path if _WORD.fullmatch(rows[0].path) else "PATH"
    return (
        f"- Comment {code_span(f'fixbot: ignore {rules[0]} {path}')} and why: that alone is taken out. "
        "Without the path it is all that this rule finds here.\n"
    )


def _for_good(rows: Sequence[Row]) -> str:
    """The block for `.fixbot.yml`: what was read back and says just that, in lines that a reader can copy."""
    lead = "To say no for good, with a reason that others can read"
    wishes, covers = _wishes(rows)
    try:
        lines = ignore_block(wishes).split("\n")[:-1]
    except CannotEdit:
        lines = []
    if not lines or any(not is_kept(line) or len(line) > LONGEST_LINE for line in lines):
        return f"{lead}, answer `i` in `fixbot run --review`: a name here can't be written on a line."
    block = "\n".join(f"  {line}" for line in fenced(lines, "yaml").split("\n"))
    return f"{lead}, put this into `.fixbot.yml`{covers}:\n\n{block}"


def _wishes(rows: Sequence[Row]) -> tuple[list[Ignore], str]:
    """What to suppress, and a clause that says how far that goes where it is more than these findings.

    Each by its name where they are few, else their files, else their folders; no more than a few.
    """
    ways: tuple[tuple[str, Callable[[Row], tuple[str, str]]], ...] = (
        ("", lambda row: (just(row.path), plain_name(row.resource))),
        (", which covers all that these rules find in these files", lambda row: (just(row.path), "")),
        (
            ", which covers all that these rules find below these folders, later too",
            lambda row: (just_below(posixpath.dirname(row.path)), ""),
        ),
    )
    found: list[Ignore] = []
    for covers, name in ways:
        found = list(dict.fromkeys(Ignore(row.rule, "why not", *name(row)) for row in rows))
        if len(found) <= _WISHES:
            return found, covers
    return found[:_WISHES], f"{covers} ({len(found) - _WISHES} more folders are left out)"


def _footer(rows: Sequence[Row], rules: Sequence[str], key: str) -> Markdown:
    controls = " · ".join(once(c for row in rows for c in row.controls))
    made = f"found and patched by the program fixbot {__version__}"
    mark = filled("{} · {} · key {}", made, " · ".join(rules), code_span(key))
    return filled("<sub>{} — {}</sub>", controls, mark) if controls else filled("<sub>{}</sub>", mark)


def _fitted(sections: Sequence[str], footer: Markdown, marker: Markdown) -> Markdown:
    """The sections that there is room for, each whole; the footer and the marker always."""
    ends = [footer, marker]
    if len(text := page([*sections, *ends])) <= LONGEST:
        return text
    kept = list(sections)
    while kept and len(text) > LONGEST:
        kept.pop()
        text = page([_CUT_BELOW, *kept, _CUT, *ends])
    return text
