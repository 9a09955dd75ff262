"""What a rule can look at: all that finding, proving, ignoring and proposing need to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fixbot.edit.tree import Node
from fixbot.lens.slot import Slot
from fixbot.text.markdown_escape import mark_code


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader calls a thing: a noun, the same for several, and its name."""

    noun: str
    plural: str
    name: str


class Labelled:
    """What subjects have in common: names that follow from a label, and all fields that rules ask for."""

    __slots__ = ()

    @property
    def label(self) -> Label:
        """What a reader calls it."""
        raise NotImplementedError

    def offers(self, _canonical: str) -> bool:
        """Whether it can have that field at all."""
        return True

    @property
    def title(self) -> str:
        """Its name for readers: `S3 bucket logs`."""
        return f"{self.label.noun} {self.label.name}"

    @property
    def called(self) -> str:
        """Its name in a sentence, the name as code: S3 bucket `logs`."""
        return f"{self.label.noun} {mark_code(self.label.name)}"

    @property
    def subject(self) -> str:
        """What the title of a pull request names: the service, workload, policy or resource."""
        return self.label.name


class Subject(Protocol):
    """A container, task, policy or resource; a later kind needs no change where these are handled."""

    unknown: dict[str, Node]
    """What was asked for and can't be known: fields by their written names, and where they stand."""

    @property
    def path(self) -> str:
        """The file that it stands in."""

    @property
    def label(self) -> Label:
        """What a reader calls it."""

    @property
    def address(self) -> str:
        """Its name for machines; it survives moved lines."""

    @property
    def title(self) -> str:
        """Its name for readers: `task web, container app`."""

    @property
    def called(self) -> str:
        """Its name in a sentence, names as code: "S3 bucket `logs`"."""

    @property
    def subject(self) -> str:
        """What a title names: the service, workload, policy or resource."""

    @property
    def around(self) -> Sequence[Node]:
        """What it is about, from the inside out: a comment above any of these can ask to ignore it."""

    def offers(self, canonical: str) -> bool:
        """Whether it can have that field at all."""

    def slot(self, canonical: str, near: Sequence[str] = ()) -> Slot:
        """The place of a field. Raises CannotEdit where its fields stand in no file that was read."""
