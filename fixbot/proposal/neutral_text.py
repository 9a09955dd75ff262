"""A proposal's words where strangers read them and what it repairs is of use to them: what, and not why.

The diff itself can't be neutral; its title, text, commits and marks can.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from fixbot import __version__
from fixbot.proposal.evidence import Evidence, collect_evidence
from fixbot.text.characters import fold_to_line
from fixbot.text.markdown_escape import Markdown, escape_code_span
from fixbot.text.markdown_page import fill_template, format_details, join_blocks

if TYPE_CHECKING:
    from fixbot.model.findings import Proposal

_SAYING_NO: Final = Markdown(
    "- Close this pull request, and it will not be asked again.\n"
    "- Comment `fixbot: ignore until 2027-03-31` and why: it is closed, and asked again after that day.\n"
    "- Push your own change to this branch, and from then on fixbot leaves it alone; `fixbot: rebase` and "
    "`fixbot: recreate` have it made anew."
)


def render_neutral_headline(proposal: Proposal) -> str:
    """How many files are updated, and where."""
    names = sorted(map(posixpath.basename, proposal.paths))
    if len(names) == 1:
        return f"Update {fold_to_line(names[0])}"
    folder = posixpath.commonpath([posixpath.dirname(path) for path in proposal.paths])
    return f"Update {len(names)} files in {fold_to_line(folder) or 'the top folder'}"


def render_neutral_body(proposal: Proposal, opening: str, marker: str) -> Markdown:
    """The five lines without a reason, where to read it, and how to say no."""
    full = collect_evidence(proposal.story)
    lines = proposal.diff.split("\n")
    added = sum(each.startswith("+") and not each.startswith("+++") for each in lines)
    taken = sum(each.startswith("-") and not each.startswith("---") for each in lines)
    files = "1 file" if len(proposal.paths) == 1 else f"{len(proposal.paths)} files"
    said = Evidence(
        fill_template("{}: {} lines are written, {} are taken out.", files, str(added), str(taken)),
        full.restarts,
        Markdown("It stands in the full text only."),
        full.proven,
        Markdown("Revert the merge and deploy again; what that does not bring back stands in the full text."),
    )
    where = fill_template(
        "Worded without a reason, since everybody can read this. Who has the files reads what it is for, and "
        "what to do before a merge, with {}.",
        escape_code_span(f"fixbot run --show {proposal.key}"),
    )
    footer = fill_template(
        "<sub>{}</sub>",
        fill_template(
            "found and patched by the program fixbot {} · key {}", __version__, escape_code_span(proposal.key)
        ),
    )
    return join_blocks(
        [said.render_lines(), where, Markdown(opening), format_details("Saying no", _SAYING_NO), footer,
         Markdown(marker)]
    )  # fmt: skip
