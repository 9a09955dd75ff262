"""What a fixer may ask beside the thing it looks at: the settings, and what other files say."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fixbot.edit.tree import Node
from fixbot.lens import Policy, Resource, ResourceType, Task
from fixbot.settings import Settings
from fixbot.source.project import Project, RepositoryFacts

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Context:
    """The settings of the run and the files that are read together."""

    settings: Settings
    project: Project
    resources: Sequence[Resource] = ()
    """Of the types that the running rules look at, or read beside those."""
    policies: Sequence[Policy] = ()
    tasks: Sequence[Task] = ()
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def compute_once(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """What was computed for this key before, or now: for facts of a whole file that each subject asks."""
        if key not in self._known:
            self._known[key] = compute()
        found: _T = self._known[key]
        return found

    def resources_beside(self, subject: Resource | Policy, kind: ResourceType) -> list[Resource]:
        """Those of a type in the same template, or in the same folder of Terraform.

        Raises LookupError for a type that no rule names: its files may not have been parsed at all.
        """
        if kind not in self.project.resource_types:
            raise LookupError(f"a rule reads {kind.plural} and names them neither in looks_at nor in beside")
        together = self.compute_once(Context.resources_beside, self._group_resources)
        return list(together.get((kind, subject.dialect, self.surroundings_of(subject)), ()))

    def _group_resources(self) -> dict[tuple[ResourceType, str, str], list[Resource]]:
        together = defaultdict(list)
        for each in self.resources:
            together[each.type, each.dialect, self.surroundings_of(each)].append(each)
        return together

    def surroundings_of(self, subject: Resource | Policy) -> str:
        """The template, or the folder of Terraform, in which names mean something."""
        return subject.path if subject.dialect == "cloudformation" else posixpath.dirname(subject.path)

    def resources_naming(self, subject: Resource, kind: ResourceType, refers_by: str) -> list[Resource]:
        """Those beside it whose property of that name refers to the subject, or says its name."""
        key = (Context.resources_naming, kind, refers_by, subject.dialect, self.surroundings_of(subject))
        named = self.compute_once(key, lambda: self._index_named(subject, kind, refers_by))
        keys = (("says", subject.name), ("holds", subject.address))
        found = {id(each): each for key in keys for each in named.get(key, ())}
        return list(found.values())

    def _index_named(
        self, subject: Resource, kind: ResourceType, refers_by: str
    ) -> dict[tuple[str, object], list[Resource]]:
        """The resources of a type by what that property says, and by each address that stands in it."""
        found: dict[tuple[str, object], list[Resource]] = defaultdict(list)
        for each in self.resources_beside(subject, kind):
            node = each.slot(refers_by).found
            if node is None:
                continue
            text = self.project.documents[node.root_node.source].text[node.start : node.end]
            parts = (word.split(".") for word in _WORD.findall(text))
            words = {".".join(some[:size]) for some in parts for size in range(1, len(some) + 1)}
            for said in (("says", node.scalar), *(("holds", word) for word in words)):
                found[said].append(each)
        return found

    def policies_of(self, resource: Resource) -> list[Policy]:
        """The policies that stand in a resource, or in documents of its folder that it names."""
        folder = posixpath.dirname(resource.path)
        return [
            each
            for each in self.policies
            if each.owner is resource.owner
            or (
                each.address.startswith("data.")
                and posixpath.dirname(each.path) == folder
                and self.mentions(resource.owner, each.address)
            )
        ]

    def mentions(self, node: Node, address: str) -> bool:
        """Whether an address, or a logical name, stands in the text of a node."""
        text = self.project.documents[node.root_node.source].text
        return _compile_address(address).search(text, node.start, node.end) is not None

    def names_in(self, node: Node) -> tuple[str, ...]:
        """The addresses, or logical names, that stand in the text of a node, and all that looks like one."""
        text = self.project.documents[node.root_node.source].text[node.start : node.end]
        words = _NAME.findall(text)
        return tuple(dict.fromkeys((*words, *(word.partition(".")[0] for word in words))))

    def texts_beside(self, subject: Resource) -> list[str]:
        """The texts in which it can be named: its template, or all files of its folder."""
        if subject.dialect == "cloudformation":
            return [self.project.documents[subject.path].text]
        return [each.text for each in self.project.documents_in_folder(subject.path)]

    def count_mentions(self, address: str, subject: Resource) -> int:
        """How often an address, or a logical name, stands in the texts beside a resource, keys included."""
        whole = _compile_address(address)
        return sum(len(whole.findall(text)) for text in self.texts_beside(subject))

    @property
    def surroundings(self) -> RepositoryFacts:
        """Facts about the whole repository."""
        return self.project.surroundings


_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)?")
_WORD = re.compile(r"[\w.-]+")


def _compile_address(address: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-]){re.escape(address)}(?![\w-])")
