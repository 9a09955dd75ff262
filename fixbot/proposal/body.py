"""A proposal's text, for a tired reviewer: five lines of evidence and what to do first; the rest folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from fixbot import __version__
from fixbot.model.proposal_facts import Checks, FixedFinding, ProposalFacts, SkippedFinding, merge_sentences
from fixbot.proposal.cited_findings import render_cited_findings
from fixbot.proposal.evidence import LONGEST_LINE, collect_evidence, render_what_was_cut
from fixbot.proposal.how_to_refuse import render_how_to_refuse
from fixbot.text.instructions import (
    TerminalNote,
    render_command_notes,
    render_shell_block,
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
    wrap_list,
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
_MOST_TRIED = 2
"""Commands to try that a terminal or a commit message shows."""
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
        collect_evidence(story).render_lines(),
        Markdown(opening),
        _render_steps_before(rows),
        format_details("What you will notice", _render_effects(rows)),
        format_details("Why here", _render_reasons(rows)),
        render_cited_findings(story.cited),
        format_details("The lines above in full", render_what_was_cut(story)),
        format_details("Try it first", *_render_trial(rows)),
        format_details(_name_table(rows), _render_table(rows, links)),
        format_details("After merging", _list_steps(step for row in rows for step in row.steps_after)),
        format_details("Worth knowing", format_bullets(_limit_texts(merge_sentences(rows, _notes_of)))),
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


def _render_effects(rows: Sequence[FixedFinding]) -> Markdown:
    """What changes, when that begins, and what will be noticed then."""
    gists = _limit_texts(_merge_rows(rows, lambda row: row.gist))
    effects = _limit_texts(_merge_rows(rows, lambda row: row.effect))
    return format_bullets([*gists, *_limit_texts(filter(None, (row.rollout for row in rows))), *effects])


def _render_reasons(rows: Sequence[FixedFinding]) -> Markdown:
    reasons = _merge_rows(rows, lambda row: row.why)
    more = [f"The same holds for {len(reasons) - 2} more."] if len(reasons) > 2 else []
    return join_blocks([*reasons[:2], *more], between=" ")


def _limit_texts(texts: Iterable[str], most: int = _MOST_LINES) -> list[str]:
    """Each text once, the first `most`, and how many more there are."""
    unique = list(iterate_unique(texts))
    return [*unique[:most], *_count_rest(len(unique) - most)]


def _count_rest(rest: int) -> list[str]:
    return [f"({rest} more of this kind.)"] if rest > 0 else []


def _render_trial(rows: Sequence[FixedFinding]) -> tuple[Markdown, Markdown]:
    """What is not known, and the commands that find out."""
    unknown = _limit_texts(_unknown_sentences(rows))
    several = list(iterate_unique(row.commands for row in rows if row.commands))
    return (
        join_blocks(unknown, between=" "),
        render_shell_block(several[:_MOST_ROWS]) if several else EMPTY,
    )


def _notes_of(row: FixedFinding) -> Sequence[str]:
    return row.notes


def _name_table(rows: Sequence[FixedFinding]) -> str:
    return "Before and after" if len(rows) == 1 else f"All {len(rows)} changes, line by line"


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
    return join_blocks(lines, between="\n")


def _link_place(row: FixedFinding | SkippedFinding, links: str) -> Markdown:
    """The resource, as a link to its line."""
    name = row.resource if len(row.resource) <= 200 else row.resource[:199] + "…"
    return format_link(escape_code_span(name), f"{links}{link_address(row.path, row.line)}")


def link_address(path: str, line: int) -> str:
    """A place in a file as a link relative to the repository's root."""
    return f"{quote(path, errors='surrogateescape')}#L{line}"


def _render_steps_before(rows: Sequence[FixedFinding]) -> Markdown:
    """What a person does before they merge: it stands open, in lines that can be read."""
    listed = _list_steps(step for row in rows for step in row.steps_before)
    return (
        join_blocks([Markdown("**Before merging.**"), wrap_list(listed, LONGEST_LINE)]) if listed else EMPTY
    )


def _list_steps(steps: Iterable[Step]) -> Markdown:
    return format_numbered_list(_limit_texts(render_step_items(steps)))


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
        text = join_blocks([*kept[:1], _CUT_BELOW, *kept[1:], _CUT, *ends])
    return text
