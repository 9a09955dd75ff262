"""A proposal in words: its title, its text and its commit message, for the place where they will stand."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from fixbot.body import body, notes
from fixbot.characters import on_one_line, shown
from fixbot.habit import PLAIN, Habit
from fixbot.instructions import Note
from fixbot.model import Proposal
from fixbot.prose import plain, without_false_starts, wrapped
from fixbot.story import Story

LONGEST_TITLE = 72
"""Characters: GitHub folds what is behind them in a commit's subject."""
_WIDTH = 72
"""Characters of a line in a commit message, but for what is not to be broken."""
_LEFT_OUT = "# A command is left out here: in a commit message a part of it would take effect."
_SHORTEST_NAME = 12
"""Characters of a name that a title keeps at least."""
_MOST_APART = 18
"""Characters of what tells two titles apart: with a short name, and what is done, they fill a title."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the words will stand.

    `links` is the address of the files at the base commit, with a slash at its end; empty: links are
    relative to the top of the repository. `marker` is an HTML comment for the body's end, `opening` a
    line that comes first.
    """

    links: str = ""
    habit: Habit = PLAIN
    marker: str = ""
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A title, Markdown of at most 58,000 characters, and what stands in a terminal and a commit message.

    `trailers` are those by which the commit is found again.
    """

    title: str
    body: str
    notes: tuple[Note, ...]
    trailers: str

    @property
    def message(self) -> str:
        """The commit message: the title, what the reader must know, and the trailers."""
        return "\n\n".join([self.title, *map(_paragraph, self.notes), self.trailers]) + "\n"


HERE = Place()


def word(proposal: Proposal, place: Place = HERE) -> Words:
    """The words of a proposal in that place."""
    scope = _scope(proposal.story)
    around = len(place.habit.title("", scope))
    said = plain(headline(proposal.story, LONGEST_TITLE - around))
    title = _fitted(place.habit.title(said, scope))
    text = body(
        proposal.story,
        proposal.rule,
        proposal.key,
        links=place.links,
        marker=place.marker,
        opening=place.opening,
    )
    trailers = f"Rule: {proposal.rule}\nFixbot-Key: {proposal.key}"
    return Words(title, text, notes(proposal.story), trailers)


def headline(story: Story, room: int = LONGEST_TITLE) -> str:
    """What the proposal does, on one line, as a title says it where nobody has another habit.

    At most `room` characters, as far as that can be: long names and paths are cut where it shows.
    """
    subjects = {row.subject for row in story.rows}
    where = f" in {_kept(_plain(story.apart))}" if story.apart else ""
    if len(story.concerns) > 1:
        said = f"Repair {len(story.rows)} misconfigurations in {{}}"
        return said.format(_folders(story, room - len(said) + 2 - len(where))) + where
    concern = story.concerns[0]
    if len(subjects) == 1:
        bare = room - len(concern.one.format(subject="")) - len(where)
        return concern.one.format(subject=_cut(_plain(subjects.pop()), bare)) + where
    bare = room - len(concern.many.format(count=len(story.rows), folder="")) - len(where)
    return concern.many.format(count=len(story.rows), folder=_folders(story, bare)) + where


def _folders(story: Story, room: int) -> str:
    """The one folder, without as many of its first steps as there is no room for; or how many they are."""
    folders = story.folders
    if len(folders) > 1:
        return f"{len(folders)} folders"
    shown = _plain(folders[0]) or "the top folder"
    steps = shown.split("/")
    ends = (f"…/{'/'.join(steps[at:])}" for at in range(1, len(steps)))
    return next((end for end in (shown, *ends) if len(end) <= room), _cut(steps[-1], room))


def _kept(name: str) -> str:
    """A name that tells titles apart: where it is too long its middle goes, for either end may tell."""
    half = _MOST_APART // 2
    return name if len(name) <= _MOST_APART else f"{name[: half - 1]}…{name[-half:]}"


def _cut(name: str, room: int) -> str:
    most = max(room, _SHORTEST_NAME)
    return name if len(name) <= most else name[: most - 1] + "…"


def _scope(story: Story) -> str:
    return posixpath.commonpath(story.folders) if story.folders else ""


def _paragraph(note: Note) -> str:
    """A note for a commit message; a command in which something would take effect there is left out."""
    if not note.whole:
        return "\n".join(without_false_starts(wrapped(plain(shown(note.text)), _WIDTH)))
    return "\n".join(note.lines("    ")) if plain(note.text) == note.text else f"    {_LEFT_OUT}"


def _fitted(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _plain(name: str) -> str:
    """A name for a title: on one line, with what nobody would see written out."""
    return on_one_line(name)
