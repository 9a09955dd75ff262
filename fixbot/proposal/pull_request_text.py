"""A proposal in words: its title, its text and its commit message, for the place where they will stand."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fixbot.model.findings import Proposal, ProposedCommit
from fixbot.model.proposal_facts import FixedFinding, ProposalFacts, part_of, pluralize
from fixbot.proposal.body import essential_notes, render_body
from fixbot.proposal.commit_style import PLAIN, CommitStyle
from fixbot.proposal.neutral_text import render_neutral_body, render_neutral_headline
from fixbot.proposal.topic_titles import TITLES
from fixbot.text.characters import escape_hidden, fold_to_line
from fixbot.text.instructions import TerminalNote
from fixbot.text.markdown_escape import defuse_line_starts, defuse_references, wrap_paragraph

LONGEST_TITLE = 72
"""Characters: GitHub folds what is behind them in a commit's subject."""
_WIDTH = 72
"""Characters of a line in a commit message, but for what is not to be broken."""
_LEFT_OUT = "# A command is left out here: in a commit message a part of it would take effect."
_SHORTEST_NAME = 12
"""Characters of a name that a title keeps at least."""
_ANYTHING = "Repair {count} misconfigurations in {folder}"
_LEAST_APART = 18
"""Characters of what tells two titles apart: with a short name, and what is done, they fill a title."""


@dataclass(frozen=True, slots=True)
class TextTarget:
    """Where the words will stand.

    `links` is the address of the files at the base commit, with a slash at its end; empty: links are
    relative to the top of the repository. `marker` is an HTML comment for the body's end, `opening` a
    line that follows the first ones. `neutral` says what changes and not why.
    """

    links: str = ""
    habit: CommitStyle = PLAIN
    marker: str = ""
    opening: str = ""
    neutral: bool = False


@dataclass(frozen=True, slots=True)
class PullRequestText:
    """A title, Markdown of at most 58,000 characters, and what stands in a terminal and a commit message.

    `trailers` are those by which the commit is found again.
    """

    title: str
    body: str
    notes: tuple[TerminalNote, ...]
    trailers: str

    @property
    def commit_message(self) -> str:
        """The commit message: the title, what the reader must know, and the trailers."""
        return "\n\n".join([self.title, *map(_render_paragraph, self.notes), self.trailers]) + "\n"


HERE = TextTarget()


def render_proposal(proposal: Proposal, place: TextTarget = HERE) -> PullRequestText:
    """The words of a proposal in that place."""
    if place.neutral:
        said = place.habit.format_title(defuse_references(render_neutral_headline(proposal)), "")
        body = render_neutral_body(proposal, place.opening, place.marker)
        return PullRequestText(_fit_title(said), body, (), _render_trailers((), proposal.key))
    scope = _common_folder(proposal.story)
    around = len(place.habit.format_title("", scope))
    said = defuse_references(render_headline(proposal.story, LONGEST_TITLE - around))
    title = _fit_title(place.habit.format_title(said, scope))
    text = render_body(
        proposal.story,
        proposal.rules,
        proposal.key,
        commits=[render_headline(part_of(proposal.story, each.findings)) for each in proposal.commits],
        links=place.links,
        marker=place.marker,
        opening=place.opening,
    )
    return PullRequestText(
        title, text, essential_notes(proposal.story), _render_trailers(proposal.rules, proposal.key)
    )


def commit_messages(proposal: Proposal, place: TextTarget = HERE) -> tuple[str, ...]:
    """A message for each commit of a proposal: what it does by itself; for a single one the proposal's."""
    if len(proposal.commits) < 2:
        return (render_proposal(proposal, place).commit_message,)
    return tuple(
        _part_message(proposal, commit, place, f"{number}/{len(proposal.commits)}")
        for number, commit in enumerate(proposal.commits, 1)
    )


def _part_message(proposal: Proposal, commit: ProposedCommit, place: TextTarget, part: str) -> str:
    if place.neutral:
        words = render_proposal(proposal, place)
        return replace(words, trailers=f"{words.trailers}\nFixbot-Part: {part}").commit_message
    story = part_of(proposal.story, commit.findings)
    scope = _common_folder(story)
    said = defuse_references(render_headline(story, LONGEST_TITLE - len(place.habit.format_title("", scope))))
    trailers = f"{_render_trailers(commit.rules, proposal.key)}\nFixbot-Part: {part}"
    return PullRequestText(
        _fit_title(place.habit.format_title(said, scope)), "", essential_notes(story), trailers
    ).commit_message


def _render_trailers(rules: Sequence[str], key: str) -> str:
    return "\n".join([*(f"Rule: {rule}" for rule in rules), f"Fixbot-Key: {key}"])


def render_headline(story: ProposalFacts, room: int = LONGEST_TITLE) -> str:
    """What the proposal does, on one line, as a title says it where nobody has another habit.

    At most `room` characters, as far as that can be: long names and paths are cut where it shows.
    """
    if not story.apart:
        return _render_own_headline(story, room)
    left = room - len(_render_own_headline(story, room)) - len(" in ")
    where = f" in {_shorten_middle(_flatten_name(story.apart), max(left, _LEAST_APART))}"
    return _render_own_headline(story, room - len(where)) + where


def _render_own_headline(story: ProposalFacts, room: int) -> str:
    """A title without what sets it apart: the rule's own, the topic's, or the gravest topic's and a count."""
    if len(story.concerns) == 1:
        concern = story.concerns[0]
        return _render_titled(story, concern.one, concern.many, len(story.rows), room)
    topics = {concern.topic for concern in story.concerns}
    titles = TITLES.get(story.topic) if topics == {story.topic} else None
    if titles is not None:
        subjects = {(row.path, row.subject) for row in story.rows}
        many = titles.many.replace("{nouns}", _name_kind(story.rows))
        return _render_titled(story, titles.one, many, len(subjects), room)
    grave = {concern.rule for concern in story.concerns if concern.topic == story.topic}
    first = part_of(story, {row.id for row in story.rows if row.rule in grave})
    if not first.rows or len(topics) == 1:
        return _render_titled(story, "", _ANYTHING, len(story.rows), room)
    rest = len(story.rows) - len(first.rows)
    more = f", and {rest} more {'fix' if rest == 1 else 'fixes'}"
    return _render_own_headline(first, room - len(more)) + more


def _name_kind(rows: Sequence[FixedFinding]) -> str:
    """The plural of what all of them are: their names without the subjects', if that is one noun."""
    kinds = {row.resource.removesuffix(row.subject).strip() for row in rows}
    kind = kinds.pop()
    plain = not kinds and kind.replace(" ", "").isalnum() and " of " not in kind
    return pluralize(kind) if plain else "resources"


def _render_titled(story: ProposalFacts, one: str, many: str, count: int, room: int) -> str:
    subjects = {row.subject for row in story.rows}
    if len(subjects) == 1 and one:
        return one.format(
            subject=_cut_name(_flatten_name(subjects.pop()), room - len(one.format(subject="")))
        )
    bare = room - len(many.format(count=count, folder=""))
    return many.format(count=count, folder=_render_folders(story, bare))


def _render_folders(story: ProposalFacts, room: int) -> str:
    """The one folder, without as many of its first steps as there is no room for; or how many they are."""
    folders = story.folders
    if len(folders) > 1:
        return f"{len(folders)} folders"
    shown = _flatten_name(folders[0]) or "the top folder"
    steps = shown.split("/")
    ends = (f"…/{'/'.join(steps[at:])}" for at in range(1, len(steps)))
    return next((end for end in (shown, *ends) if len(end) <= room), _cut_name(steps[-1], room))


def _shorten_middle(name: str, most: int) -> str:
    """A name that tells titles apart: where it is too long its middle goes, for either end may tell."""
    half = most // 2
    return name if len(name) <= most else f"{name[: half - 1]}…{name[-half:]}"


def _cut_name(name: str, room: int) -> str:
    most = max(room, _SHORTEST_NAME)
    return name if len(name) <= most else name[: most - 1] + "…"


def _common_folder(story: ProposalFacts) -> str:
    return posixpath.commonpath(story.folders) if story.folders else ""


def _render_paragraph(note: TerminalNote) -> str:
    """A note for a commit message; a command in which something would take effect there is left out."""
    if not note.whole:
        return "\n".join(
            defuse_line_starts(wrap_paragraph(defuse_references(escape_hidden(note.text)), _WIDTH))
        )
    return (
        "\n".join(note.indent_lines("    "))
        if defuse_references(note.text) == note.text
        else f"    {_LEFT_OUT}"
    )


def _fit_title(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _flatten_name(name: str) -> str:
    """A name for a title: on one line, with what nobody would see written out."""
    return fold_to_line(name)
