"""What a fixer may ask beside the thing it looks at: the settings, and what other files say."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from fixbot.lens import Policy, Resource, ResourceType
from fixbot.settings import Settings
from fixbot.source.project import Project, RepositoryFacts


@dataclass(frozen=True, slots=True)
class Context:
    """The settings of the run and the files that are read together."""

    settings: Settings
    project: Project
    resources: Sequence[Resource] = ()
    """Of the types that the running rules look at, or read beside those."""

    def resources_beside(self, subject: Resource | Policy, kind: ResourceType) -> list[Resource]:
        """Those of a type in the same template, or in the same folder of Terraform.

        Raises LookupError for a type that no rule names: its files may not have been parsed at all.
        """
        if kind not in self.project.resource_types:
            raise LookupError(f"a rule reads {kind.plural} and names them neither in looks_at nor in beside")
        here = subject.path if subject.dialect == "cloudformation" else posixpath.dirname(subject.path)
        return [
            each
            for each in self.resources
            if each.type == kind
            and each.dialect == subject.dialect
            and here == (each.path if subject.dialect == "cloudformation" else posixpath.dirname(each.path))
        ]

    @property
    def surroundings(self) -> RepositoryFacts:
        """Facts about the whole repository."""
        return self.project.surroundings
