"""A proposal's text, for a tired reviewer: what changes, what to notice, why, how to try; the rest folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, takewhile
from urllib.parse import quote

from fixbot import __version__
from fixbot.model.proposal_facts import Checks, FixedFinding, ProposalFacts, SkippedFinding, merge_sentences
from fixbot.proposal.how_to_refuse import (
    render_how_to_refuse,
)
from fixbot.text.instructions import (
    TerminalNote,
    render_command_notes,
    render_shell_block,
    render_shell_lines,
    render_step_items,
    render_step_notes,
)
from fixbot.text.markdown_escape import (
    Markdown,
    escape_code_span,
    iterate_unique,
)
from fixbot.text.markdown_page import (
    EMPTY,
    as_markdown,
    fill_template,
    format_bullets,
    format_details,
    format_link,
    format_numbered_list,
    format_table_row,
    join_blocks,
)
from fixbot.text.step import Step, merge_steps

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
_CUT = Markdown(
    "*(Cut here: the rest would be longer than a pull request may be. `fixbot run` shows all of it.)*"
)
_CUT_BELOW = Markdown("*(This text is cut below, being longer than a pull request may be.)*")


def essential_notes(story: ProposalFacts) -> tuple[TerminalNote, ...]:
    """The essentials for a terminal: effect, what is not known, commands, steps."""
    rows = story.rows
    said = [
        *_limit_texts(_merge_rows(rows, lambda row: f"{row.gist} {row.effect}".strip())),
        *_limit_texts(_unknown_sentences(rows)),
    ]
    commands = list(iterate_unique(command for row in rows for command in row.commands))
    explained: set[str] = set()
    found = [*map(TerminalNote, said), *render_command_notes(commands[:_MOST_TRIED], explained)]
    found += map(TerminalNote, _count_rest(len(commands) - _MOST_TRIED))
    for heading, steps in (
        ("Before merging:", (each for row in rows for each in row.steps_before)),
        ("After merging:", (each for row in rows for each in row.steps_after)),
    ):
        every = merge_steps(steps)
        found += [
            note for each in every[:_MOST_LINES] for note in render_step_notes(heading, each, explained)
        ]
        found += map(TerminalNote, _count_rest(len(every) - _MOST_LINES))
    return tuple(found)


def _merge_rows(rows: Sequence[FixedFinding], text: Callable[[FixedFinding], str]) -> list[str]:
    return merge_sentences(rows, lambda row: (text(row),))


def _unknown_sentences(rows: Sequence[FixedFinding]) -> list[str]:
    return _merge_rows(rows, lambda row: row.unknown)


def render_body(
    story: ProposalFacts,
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
        _render_changes(rows),
        _render_effects(rows),
        _render_reasons(rows),
        _render_trial(rows),
        _render_table(rows, links),
        _render_steps("Before merging", (step for row in rows for step in row.steps_before)),
        _render_steps("After merging", (step for row in rows for step in row.steps_after)),
        _render_background(rows),
        _render_commits(commits),
        format_details("Saying no", render_how_to_refuse(rows)),
        format_details("Left alone nearby", _render_nearby(story.nearby, links)),
        format_details("What was checked", _render_checks(rows)),
        format_details(
            "The threat",
            join_blocks(Markdown(each) for each in iterate_unique(each.threat for each in story.concerns)),
        ),
    ]
    return _fit_sections(sections, _render_footer(rows, rules, key), Markdown(marker))


def _render_changes(rows: Sequence[FixedFinding]) -> Markdown:
    """What changes: a sentence, or a list of a few."""
    gists = _limit_texts(_merge_rows(rows, lambda row: row.gist), most=4)
    return as_markdown(gists[0]) if len(gists) == 1 else format_bullets(gists)


def _render_effects(rows: Sequence[FixedFinding]) -> Markdown:
    """One effect in a sentence behind the heading, several in a list."""
    effects = _limit_texts(_merge_rows(rows, lambda row: row.effect), most=4)
    rollout = " ".join(_limit_texts(row.rollout for row in rows))
    if not effects and not rollout:
        return EMPTY
    alone = effects[: len(effects) < 2]
    said = join_blocks([Markdown("**What you will notice.**"), rollout, *alone], between=" ")
    return join_blocks([said, format_bullets(effects[len(alone) :])])


def _render_reasons(rows: Sequence[FixedFinding]) -> Markdown:
    reasons = _merge_rows(rows, lambda row: row.why)
    more = [f"The same holds for {len(reasons) - 2} more."] if len(reasons) > 2 else []
    return join_blocks([Markdown("**Why here.**"), *reasons[:2], *more], between=" ") if reasons else EMPTY


def _limit_texts(texts: Iterable[str], most: int = _MOST_LINES) -> list[str]:
    """Each text once, the first `most`, and how many more there are."""
    unique = list(iterate_unique(texts))
    return [*unique[:most], *_count_rest(len(unique) - most)]


def _count_rest(rest: int) -> list[str]:
    return [f"({rest} more of this kind.)"] if rest > 0 else []


def _render_trial(rows: Sequence[FixedFinding]) -> Markdown:
    unknown = _limit_texts(_unknown_sentences(rows), most=4)
    several = list(iterate_unique(row.commands for row in rows))
    heading = Markdown("**Try it first.**" if several else "**Not known.**")
    text = join_blocks([heading, *unknown], between=" ") if unknown or several else EMPTY
    ends = accumulate(len(render_shell_lines(every)) for every in several)
    fits = max(1, len(list(takewhile(lambda end: end <= _OPEN_TRIES, ends))))
    shown, rest = several[:fits], several[fits:]
    more = (
        format_details(f"The same for {len(rest)} more", render_shell_block(rest[:_MOST_ROWS]))
        if rest
        else EMPTY
    )
    return join_blocks([text, render_shell_block(shown) if shown else EMPTY, more])


def _render_background(rows: Sequence[FixedFinding]) -> Markdown:
    listed = _limit_texts(merge_sentences(rows, lambda row: row.notes))
    if len(listed) > _OPEN_NOTES:
        return format_details("Worth knowing", format_bullets(listed))
    return join_blocks([Markdown("**Worth knowing.**"), format_bullets(listed)]) if listed else EMPTY


def _render_table(rows: Sequence[FixedFinding], links: str) -> Markdown:
    lines = [Markdown("| | before | after |"), Markdown("|---|---|---|")]
    size = 0
    for number, row in enumerate(rows):
        line = format_table_row([_link_place(row, links), row.before, row.after])
        size += len(line)
        if number == _MOST_ROWS or size > _TABLE:
            lines.append(Markdown(f"| and {len(rows) - number} more | | |"))
            break
        lines.append(line)
    table = join_blocks(lines, between="\n")
    return (
        table if len(rows) <= _OPEN_ROWS else format_details(f"All {len(rows)} changes, line by line", table)
    )


def _link_place(row: FixedFinding | SkippedFinding, links: str) -> Markdown:
    """The resource, as a link to its line."""
    name = row.resource if len(row.resource) <= 200 else row.resource[:199] + "…"
    return format_link(escape_code_span(name), f"{links}{link_address(row.path, row.line)}")


def link_address(path: str, line: int) -> str:
    """A place in a file as a link relative to the repository's root."""
    return f"{quote(path, errors='surrogateescape')}#L{line}"


def _render_steps(heading: str, steps: Iterable[Step]) -> Markdown:
    listed = format_numbered_list(_limit_texts(render_step_items(steps)))
    return join_blocks([fill_template("**{}.**", heading), listed]) if listed else EMPTY


def _render_commits(commits: Sequence[str]) -> Markdown:
    """What each commit does, where there are several."""
    if len(commits) < 2:
        return EMPTY
    lead = Markdown(
        "Each commit holds what can be left out by itself: take one off the branch, or revert it there, and "
        "what it repairs will not be asked again."
    )
    return format_details(
        f"{len(commits)} commits", join_blocks([lead, format_numbered_list(_limit_texts(commits))])
    )


def _render_checks(rows: Sequence[FixedFinding]) -> Markdown:
    """What was checked of these fixes; what had nothing to look at is not said."""
    checks = list(iterate_unique(check for row in rows for check in row.checks))
    said = [_CHECKED[each] for each in _CHECKED if each in checks]
    programs = [each for each in checks if each not in _CHECKED and each != Checks.AGAIN]
    said += [
        f"`{each}` was asked about the files before and after: it finds nothing new." for each in programs
    ]
    if Checks.AGAIN in checks:
        found = "1 finding fewer" if len(rows) == 1 else f"{len(rows)} findings fewer"
        said.append(f"Scanned again after the change: {found}, none new.")
    return Markdown("\n".join(f"- {each}" for each in said))


def _render_nearby(left: Sequence[SkippedFinding], links: str) -> Markdown:
    reasons: dict[str, list[SkippedFinding]] = {}
    for each in left:
        reasons.setdefault(each.reason, []).append(each)
    lines = []
    for reason, places in list(reasons.items())[:10]:
        names = join_blocks([_link_place(each, links) for each in places[:5]], between=", ")
        lines.append(fill_template("{}{}: {}", names, Markdown(" …" * (len(places) > 5)), reason))
    if len(reasons) > 10:
        lines.append(as_markdown(f"and {len(reasons) - 10} more reasons: `fixbot run` lists them"))
    return format_bullets(lines)


def _render_footer(rows: Sequence[FixedFinding], rules: Sequence[str], key: str) -> Markdown:
    controls = " · ".join(iterate_unique(c for row in rows for c in row.controls))
    made = f"found and patched by the program fixbot {__version__}"
    mark = fill_template("{} · {} · key {}", made, " · ".join(rules), escape_code_span(key))
    return (
        fill_template("<sub>{} — {}</sub>", controls, mark)
        if controls
        else fill_template("<sub>{}</sub>", mark)
    )


def _fit_sections(sections: Sequence[str], footer: Markdown, marker: Markdown) -> Markdown:
    """The sections that there is room for, each whole; the footer and the marker always."""
    ends = [footer, marker]
    if len(text := join_blocks([*sections, *ends])) <= LONGEST:
        return text
    kept = list(sections)
    while kept and len(text) > LONGEST:
        kept.pop()
        text = join_blocks([_CUT_BELOW, *kept, _CUT, *ends])
    return text
