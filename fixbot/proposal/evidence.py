"""The five lines that decide a merge: what changes, restarts, loses access, was proven; how to go back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.model.proposal_facts import (
    NOBODY,
    NOTHING,
    Checks,
    FixedFinding,
    ProposalFacts,
    fill_names,
    join_names,
    merge_sentences,
)
from fixbot.text.markdown_escape import Markdown, iterate_unique, mark_code
from fixbot.text.markdown_page import as_markdown, format_bullets

LONGEST_LINE: Final = 200
"""Characters of a line that stands open."""
_HEADS: Final = {
    "changes": "What changes",
    "restarts": "What restarts",
    "access": "Who loses access",
    "proven": "What was proven",
    "undo": "How to undo",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Five texts in Markdown, each of one line, computed from what was found and what was checked."""

    changes: Markdown
    restarts: Markdown
    access: Markdown
    proven: Markdown
    undo: Markdown

    def render_lines(self) -> Markdown:
        """The five as a list."""
        return Markdown("\n".join(f"{_begin(name)}{getattr(self, name)}" for name in _HEADS))


def collect_evidence(story: ProposalFacts) -> Evidence:
    """What there is to say of a proposal, as much of it as one line holds each."""
    rows, said = story.rows, _list_sentences(story)
    files = _files(len({row.path for row in rows}))
    count = f"{len(rows)} {'finding is' if len(rows) == 1 else 'findings are'} repaired in {files}"
    things = join_names(list(iterate_unique(filter(None, (row.whole for row in rows))))) or files
    rules = [mark_code(each) for each in iterate_unique(row.rule for row in rows)]
    fixes = f"{len(rows)} fixes for {things}"
    several = (f"{fixes}: {', '.join(rules)}.", f"{fixes}, by {len(rules)} rules.") if len(rules) > 1 else ()
    return Evidence(
        _fit("changes", said["changes"], *several, f"{count}.", first=len(several)),
        _fit("restarts", said["restarts"], f"What is deployed of {files}, as it stands below."),
        _fit("access", said["access"], f"Users of {things}, as it stands below.", f"Users of {files}."),
        _fit("proven", _list_proofs(rows, files), f"{count}."),
        _fit("undo", said["undo"], f"Revert the merge and deploy {files} again."),
    )


def render_what_was_cut(story: ProposalFacts) -> Markdown:
    """All that the five lines say, where one of them had no room for it."""
    said, shown = _list_sentences(story), collect_evidence(story)
    cut = [name for name, texts in said.items() if as_markdown(" ".join(texts)) != getattr(shown, name)]
    return format_bullets(
        f"{_HEADS[name]}: {text}" for name in cut if name != "changes" for text in said[name][:_MOST]
    )


_MOST: Final = 20


def _list_sentences(story: ProposalFacts) -> dict[str, list[str]]:
    rows = story.rows
    undo = [tuple(row.undo.split("\n")) for row in rows]
    return {
        "changes": merge_sentences(rows, lambda row: (row.gist,)),
        "restarts": _gravest_first(rows, lambda row: row.restarts, NOTHING),
        "access": _gravest_first(rows, lambda row: row.access, NOBODY),
        "undo": [
            *_merge(rows, lambda row: row.undo.split("\n")[0]),
            *iterate_unique(each for lines in undo for each in lines[1:]),
        ],
    }


def _begin(name: str) -> str:
    return f"- **{_HEADS[name]}:** "


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _merge(rows: Sequence[FixedFinding], text: Callable[[FixedFinding], str]) -> list[str]:
    """What is said of the rows, once each, with the names of all that are deployed and it is said of."""
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        if said := text(row):
            names.setdefault(said, {})[row.whole] = None
    return [fill_names(said, list(every)) for said, every in names.items()]


def _gravest_first(rows: Sequence[FixedFinding], text: Callable[[FixedFinding], str], calm: str) -> list[str]:
    """What something happens to first; of what nothing happens to it is said behind."""
    grave = [row for row in rows if not text(row).startswith(calm)]
    struck = {row.whole for row in grave}
    calm_rows = [row for row in rows if text(row).startswith(calm) and row.whole not in struck]
    rest = _merge(calm_rows, lambda row: text(row).removeprefix(calm) if grave else text(row))
    return [*_merge(grave, text), *(each[:1].upper() + each[1:] for each in rest)]


def _fit(name: str, texts: Sequence[str], *otherwise: str, first: int = 0) -> Markdown:
    """As many of the sentences as the line holds, and how many more there are; else what is said of all.

    The `first` of what is said otherwise are better than some of the sentences.
    """
    room = LONGEST_LINE - len(_begin(name))
    begin = texts[:1] and [f"{texts[0].partition('. ')[0].rstrip('.')}."]
    whole = [" ".join(texts)] if texts else []
    some = [_count_more(texts[:shown], len(texts) - shown) for shown in range(len(texts) - 1, 0, -1)]
    some += [_count_more(begin, len(texts) - 1)] if begin else []
    for said in map(as_markdown, [*whole, *otherwise[:first], *some, *otherwise[first:]]):
        if len(said) <= room and "\n" not in said:
            return said
    return as_markdown("It is too long for a line and stands below.")


def _count_more(texts: Iterable[str], rest: int) -> str:
    return " ".join([*texts, *([f"({rest} more below.)"] if rest else [])])


def _list_proofs(rows: Sequence[FixedFinding], files: str) -> list[str]:
    """What was checked of every fix, and nothing else."""
    checks = [each for each in rows[0].checks if all(each in row.checks for row in rows)] if rows else []
    fewer = "1 finding fewer" if len(rows) == 1 else f"{len(rows)} findings fewer"
    said = {
        Checks.AGAIN: f"Scanned again: {fewer}, none new.",
        Checks.POLICIES: "No changed policy allows more.",
        Checks.VALID: f"What {files} {'says' if files == '1 file' else 'say'} is as valid as before.",
        Checks.BYTES: "Outside the diff not a byte changed.",
        Checks.DATA: "The data differ in the fix alone.",
        Checks.NEW_FILES: "New files replace none.",
    }
    programs = [f"{mark_code(each)} finds nothing new." for each in checks if each not in said]
    found = [*(text for check, text in said.items() if check in checks), *programs]
    return found or ["No check was made of all of it."]
