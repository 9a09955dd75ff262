"""A proposal in words: its title, its text and its commit message, for the place where they will stand."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.body import body, notes
from fixbot.characters import on_one_line, shown
from fixbot.habit import PLAIN, Habit
from fixbot.instructions import Note
from fixbot.model import Proposal, ProposedCommit
from fixbot.prose import plain, without_false_starts, wrapped
from fixbot.story import Story, part_of
from fixbot.topic_titles import TITLES

LONGEST_TITLE = 72
"""Characters: GitHub folds what is behind them in a commit's subject."""
_WIDTH = 72
"""Characters of a line in a commit message, but for what is not to be broken."""
_LEFT_OUT = "# A command is left out here: in a commit message a part of it would take effect."
_SHORTEST_NAME = 12
"""Characters of a name that a title keeps at least."""
_ANYTHING = "Repair {count} misconfigurations in {folder}"
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
        proposal.rules,
        proposal.key,
        commits=[headline(part_of(proposal.story, each.findings)) for each in proposal.commits],
        links=place.links,
        marker=place.marker,
        opening=place.opening,
    )
    return Words(title, text, notes(proposal.story), _trailers(proposal.rules, proposal.key))


def commit_messages(proposal: Proposal, place: Place = HERE) -> tuple[str, ...]:
    """A message for each commit of a proposal: what it does by itself; for a single one the proposal's."""
    if len(proposal.commits) < 2:
        return (word(proposal, place).message,)
    return tuple(
        _part_message(proposal, commit, place, f"{number}/{len(proposal.commits)}")
        for number, commit in enumerate(proposal.commits, 1)
    )


def _part_message(proposal: Proposal, commit: ProposedCommit, place: Place, part: str) -> str:
    story = part_of(proposal.story, commit.findings)
    scope = _scope(story)
    said = plain(headline(story, LONGEST_TITLE - len(place.habit.title("", scope))))
    trailers = f"{_trailers(commit.rules, proposal.key)}\nFixbot-Part: {part}"
    return Words(_fitted(place.habit.title(said, scope)), "", notes(story), trailers).message


def _trailers(rules: Sequence[str], key: str) -> str:
    return "\n".join([*(f"Rule: {rule}" for rule in rules), f"Fixbot-Key: {key}"])


def headline(story: Story, room: int = LONGEST_TITLE) -> str:
    """What the proposal does, on one line, as a title says it where nobody has another habit.

    At most `room` characters, as far as that can be: long names and paths are cut where it shows.
    """
    where = f" in {_kept(_plain(story.apart))}" if story.apart else ""
    return _headline(story, room - len(where)) + where


def _headline(story: Story, room: int) -> str:
    """A title without what sets it apart: the rule's own, the topic's, or the gravest topic's and a count."""
    if len(story.concerns) == 1:
        concern = story.concerns[0]
        return _titled(story, concern.one, concern.many, len(story.rows), room)
    topics = {concern.topic for concern in story.concerns}
    titles = TITLES.get(story.topic) if topics == {story.topic} else None
    if titles is not None:
        subjects = {(row.path, row.subject) for row in story.rows}
        return _titled(story, titles.one, titles.many, len(subjects), room)
    grave = {concern.rule for concern in story.concerns if concern.topic == story.topic}
    first = part_of(story, {row.id for row in story.rows if row.rule in grave})
    if not first.rows or len(topics) == 1:
        return _titled(story, "", _ANYTHING, len(story.rows), room)
    more = f" and {len(story.rows) - len(first.rows)} more"
    return _headline(first, room - len(more)) + more


def _titled(story: Story, one: str, many: str, count: int, room: int) -> str:
    subjects = {row.subject for row in story.rows}
    if len(subjects) == 1 and one:
        return one.format(subject=_cut(_plain(subjects.pop()), room - len(one.format(subject=""))))
    bare = room - len(many.format(count=count, folder=""))
    return many.format(count=count, folder=_folders(story, bare))


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
