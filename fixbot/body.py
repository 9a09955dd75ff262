"""A proposal's text, for a tired reviewer: what changes, what to notice, why, how to try; the rest folded."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from urllib.parse import quote

from fixbot import __version__
from fixbot.characters import shown
from fixbot.command import Command
from fixbot.instructions import Note, command_notes, shell_block, shell_lines, step_items, step_notes
from fixbot.prose import LONGEST as LONGEST_LINE
from fixbot.prose import cell, code_span, fenced, once, prose
from fixbot.settings.adding import just, just_below, with_ignores
from fixbot.step import Step
from fixbot.story import Nearby, Row, Story, told
from fixbot.suppress import Ignore, plain_name
from fixbot.tree import CannotEdit

LONGEST = 58_000
"""Characters. GitHub refuses longer bodies than 65,536, and has been seen to refuse shorter ones."""
_MOST_ROWS = 40
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
_CUT = "*(Cut here: the rest would be longer than a pull request may be. `fixbot run` shows all of it.)*"
_CUT_BELOW = "*(This text is cut below, being longer than a pull request may be.)*"


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


def body(story: Story, rule: str, key: str, *, links: str = "", marker: str = "", opening: str = "") -> str:
    """The Markdown text of a pull request, at most LONGEST characters, cut at a heading with a note.

    `marker` is put at the very end as it is, `opening` first.
    """
    rows = story.rows
    sections = [
        opening,
        _what(rows),
        _notice(rows),
        _why(rows),
        _try(rows),
        _table(rows, links),
        _steps("Before merging", (step for row in rows for step in row.steps_before)),
        _steps("After merging", (step for row in rows for step in row.steps_after)),
        _worth_knowing(rows),
        _folded("Saying no", _no(rows)),
        _folded("Left alone nearby", _nearby(story.nearby, links)),
        _folded("What was checked", _checked(len(rows))),
        _folded("The threat", "\n\n".join(once(each.threat for each in story.concerns))),
    ]
    return _fitted([section for section in sections if section], _footer(rows, rule, key), marker)


def _what(rows: Sequence[Row]) -> str:
    """What changes: a sentence, or a list of a few."""
    gists = _some(_told(rows, lambda row: row.gist), most=4)
    return prose(gists[0]) if len(gists) == 1 else "\n".join(f"- {prose(each)}" for each in gists)


def _notice(rows: Sequence[Row]) -> str:
    """One effect in a sentence behind the heading, several in a list."""
    effects = _some(_told(rows, lambda row: row.effect), most=4)
    rollout = " ".join(_some(row.rollout for row in rows))
    said = " ".join(
        filter(None, ["**What you will notice.**", prose(rollout), *map(prose, effects[: len(effects) < 2])])
    )
    listed = "\n".join(f"- {prose(effect)}" for effect in effects) if len(effects) > 1 else ""
    return f"{said}\n\n{listed}".rstrip() if effects or rollout else ""


def _why(rows: Sequence[Row]) -> str:
    reasons = _told(rows, lambda row: row.why)
    more = f" The same holds for {len(reasons) - 2} more." if len(reasons) > 2 else ""
    return f"**Why here.** {' '.join(map(prose, reasons[:2]))}{more}" if reasons else ""


def _some(texts: Iterable[str], most: int = _MOST_LINES) -> list[str]:
    """Each text once, the first `most`, and how many more there are."""
    unique = list(once(texts))
    return [*unique[:most], *_more(len(unique) - most)]


def _more(rest: int) -> list[str]:
    return [f"({rest} more of this kind, in the table or the files.)"] if rest > 0 else []


def _try(rows: Sequence[Row]) -> str:
    unknown = _some(_unknown(rows), most=4)
    several = list(once(row.commands for row in rows))
    heading = "**Try it first.**" if several else "**Not known.**"
    text = " ".join([heading, *map(prose, unknown)]) if unknown or several else ""
    ends = accumulate(len(shell_lines(every)) for every in several)
    fits = max(1, sum(end <= _OPEN_TRIES for end in ends))
    shown, rest = several[:fits], several[fits:]
    more = _folded(f"The same for {len(rest)} more", _shell(rest[:_MOST_ROWS])) if rest else ""
    return "\n\n".join(filter(None, [text, _shell(shown) if shown else "", more]))


def _shell(several: Sequence[Sequence[Command]]) -> str:
    return shell_block(command for every in several for command in every)


def _worth_knowing(rows: Sequence[Row]) -> str:
    listed = _some(told(rows, lambda row: row.notes))
    text = "\n".join(f"- {prose(note)}" for note in listed)
    if len(listed) > _OPEN_NOTES:
        return _folded("Worth knowing", text)
    return f"**Worth knowing.**\n\n{text}" if listed else ""


def _table(rows: Sequence[Row], links: str) -> str:
    lines = ["| | before | after |", "|---|---|---|"]
    size = 0
    for number, row in enumerate(rows):
        line = f"| {_place(row, links)} | {cell(prose(row.before))} | {cell(prose(row.after))} |"
        size += len(line)
        if number == _MOST_ROWS or size > _TABLE:
            lines.append(f"| and {len(rows) - number} more | | |")
            break
        lines.append(line)
    table = "\n".join(lines)
    return table if len(rows) <= _OPEN_ROWS else _folded(f"All {len(rows)} changes, line by line", table)


def _place(row: Row | Nearby, links: str) -> str:
    """The resource, as a link to its line."""
    name = row.resource if len(row.resource) <= 200 else row.resource[:199] + "…"
    return f"[{cell(code_span(name))}]({links}{link(row.path, row.line)})"


def link(path: str, line: int) -> str:
    """A place in a file as a link relative to the repository's root."""
    return f"{quote(path, errors='surrogateescape')}#L{line}"


def _steps(heading: str, steps: Iterable[Step]) -> str:
    listed = "\n".join(f"{n}. {each}" for n, each in enumerate(_some(step_items(steps)), 1))
    return f"**{heading}.**\n\n{listed}" if listed else ""


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>" if text else ""


def _checked(count: int) -> str:
    found = "1 finding fewer" if count == 1 else f"{count} findings fewer"
    return (
        "- Only the lines of the diff changed; everything else is the same byte for byte.\n"
        "- The files parse, and as data they differ in nothing but the fix.\n"
        "- What the result says is valid wherever it was valid before.\n"
        f"- Scanned again after the change: {found}, none new. A second run changes nothing."
    )


def _nearby(left: Sequence[Nearby], links: str) -> str:
    reasons: dict[str, list[Nearby]] = {}
    for each in left:
        reasons.setdefault(each.reason, []).append(each)
    lines = []
    for reason, places in list(reasons.items())[:10]:
        names = ", ".join(_place(each, links) for each in places[:5]) + (" …" if len(places) > 5 else "")
        lines.append(f"- {names}: {prose(reason)}")
    if len(reasons) > 10:
        lines.append(f"- and {len(reasons) - 10} more reasons: `fixbot run` lists them")
    return "\n".join(lines)


def _no(rows: Sequence[Row]) -> str:
    return (
        "- Close this pull request, and it will not be asked again for these findings.\n"
        "- Comment `fixbot: ignore until 2027-03-31` and why: it is closed, and asked again after that day.\n"
        f"- {_for_good(rows)}\n\nWould it be right with a change? Push that to this branch: from then on "
        "fixbot leaves the branch alone. To have it made anew on the base, comment `fixbot: rebase`, or "
        "`fixbot: recreate` once there are commits of yours on it (they are kept on another branch); "
        "as labels both work too."
    )


def _for_good(rows: Sequence[Row]) -> str:
    """The block for `.fixbot.yml`: what was read back and says just that, in lines that a reader can copy."""
    lead = "To say no for good, with a reason that others can read"
    wishes, covers = _wishes(rows)
    try:
        lines = with_ignores("", wishes, ".fixbot.yml").splitlines()
    except CannotEdit:
        lines = []
    if not lines or any(shown(line) != line or len(line) > LONGEST_LINE for line in lines):
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


def _footer(rows: Sequence[Row], rule: str, key: str) -> str:
    controls = " · ".join(once(c for row in rows for c in row.controls))
    mark = f"found and patched by the program fixbot {__version__} · {rule} · key {code_span(key)}"
    return f"<sub>{controls} — {mark}</sub>" if controls else f"<sub>{mark}</sub>"


def _fitted(sections: Sequence[str], footer: str, marker: str) -> str:
    """The sections that there is room for, each whole; the footer and the marker always."""
    ends = [footer, *([marker] if marker else [])]
    if len(text := "\n\n".join([*sections, *ends])) <= LONGEST:
        return text
    kept = list(sections)
    while kept and len(text) > LONGEST:
        kept.pop()
        text = "\n\n".join([_CUT_BELOW, *kept, _CUT, *ends])
    return text
