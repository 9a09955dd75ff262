"""What a fixer may ask beside the thing it looks at: the settings, and what other files say."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.project import Project, Surroundings
from fixbot.settings import Settings


@dataclass(frozen=True, slots=True)
class World:
    """The settings of the run and the files that are read together."""

    settings: Settings
    project: Project

    @property
    def surroundings(self) -> Surroundings:
        """Facts about the whole repository."""
        return self.project.surroundings
