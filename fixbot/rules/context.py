"""What a fixer may ask beside the thing it looks at: the settings, and what other files say."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.settings import Settings
from fixbot.source.project import Project, RepositoryFacts


@dataclass(frozen=True, slots=True)
class Context:
    """The settings of the run and the files that are read together."""

    settings: Settings
    project: Project

    @property
    def surroundings(self) -> RepositoryFacts:
        """Facts about the whole repository."""
        return self.project.surroundings
