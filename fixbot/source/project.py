"""What files know of each other: the documents of a part of the repository, and facts about all of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixbot.edit.tree import Node
from fixbot.lens import Container, Policy, Resource, ResourceType, Subject, Task, group_types, text_of
from fixbot.model.findings import Cause, Unread
from fixbot.source.document import Document


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """Facts about the whole repository, gathered from bytes before anything is parsed.

    Small and picklable: workers that read a part of the repository get a copy.
    """

    paths: frozenset[str] = frozenset()
    external_secrets: tuple[str, str, str] | None = None
    """(API version, store name, store kind) of the External Secrets Operator where the repository uses it."""
    secret_provider_class: str | None = None
    """The API version of the Secrets Store CSI driver where the repository uses it."""
    exec_in: tuple[str, ...] = ()
    """Scripts and workflows that switch ECS Exec on."""
    tags: tuple[tuple[str, str, int], ...] = ()
    """(tag key, tag value or "" where it is computed, how often) of the repository's own resources.

    The most used come first.
    """
    unpatched: frozenset[str] = frozenset()
    charts: frozenset[str] = frozenset()
    """Folders of Helm charts."""
    static_images: frozenset[str] = frozenset()
    """Names of images that the repository's Dockerfiles build of one static program alone."""
    image_users: frozenset[tuple[str, str]] = frozenset()
    """(image, user) of the repository's Dockerfiles; the user is empty where the file doesn't say."""
    bound_accounts: frozenset[str] = frozenset()
    """Names that stand in a file with a binding of roles to accounts of Kubernetes."""
    namespaces: frozenset[tuple[str, str, bool]] = frozenset()
    """(namespace, folder of a file that names it, whether something there may need its node)."""
    role_callers: tuple[tuple[str, str, str], ...] = ()
    """(role, kind, who) of what takes a role with a token: see `fixbot.source.role_callers`."""
    repository: str = ""
    """OWNER/NAME on github.com, where a remote says so."""
    moving_tags: tuple[tuple[str, str], ...] = ()
    """(path, tag) of what pushes images to ECR under a tag that moves (`latest`)."""
    examples: frozenset[str] = frozenset()
    """Files that nobody deploys: see `fixbot.source.example_paths`."""


@dataclass(slots=True)
class Project:
    """The documents that may know of each other, read together."""

    documents: dict[str, Document]
    surroundings: RepositoryFacts = field(default_factory=RepositoryFacts)
    resource_types: tuple[ResourceType, ...] = ()
    """What the running rules look at beside workloads and policies."""
    claimed: set[str] = field(default_factory=set)
    """Documents that another one reads as its own (`file("task.json")`)."""
    types_by_name: dict[str, Mapping[str, Sequence[ResourceType]]] = field(default_factory=dict, repr=False)
    """The types by dialect, and by what it calls them, as far as asked for; the same for every proof."""
    _objects: dict[tuple[str, str, str], list[Node]] | None = field(default=None, init=False, repr=False)

    def types_called(self, dialect: str) -> Mapping[str, Sequence[ResourceType]]:
        """The types that are looked at, by what a dialect calls them."""
        if dialect not in self.types_by_name:
            self.types_by_name[dialect] = group_types(self.resource_types, dialect)
        return self.types_by_name[dialect]

    def documents_in_folder(self, path: str) -> list[Document]:
        """The documents of the folder that `path` lies in."""
        here = posixpath.dirname(path)
        return [each for each in self.documents.values() if posixpath.dirname(each.path) == here]

    def objects_of_kind(self, path: str, kind: str) -> list[Node]:
        """The Kubernetes objects of a kind in the folder that `path` lies in."""
        return self._index_objects().get((posixpath.dirname(path), "kind", kind), [])

    def objects_of_name(self, path: str, name: str) -> list[Node]:
        """The Kubernetes objects of a name in the folder that `path` lies in."""
        return self._index_objects().get((posixpath.dirname(path), "name", name), [])

    def _index_objects(self) -> dict[tuple[str, str, str], list[Node]]:
        """Objects by folder and kind or name; a thousand workloads of a folder ask a thousand times."""
        if self._objects is None:
            self._objects = {}
            for document in self.documents.values():
                folder = posixpath.dirname(document.path)
                for root in document.roots if document.syntax != "hcl" else ():
                    keys = (
                        ("kind", text_of(root.find_node("kind"))),
                        ("name", text_of(root.find_node("metadata", "name"))),
                    )
                    for what, text in keys if keys[0][1] is not None else ():
                        if text is not None:
                            self._objects.setdefault((folder, what, text), []).append(root)
        return self._objects

    def related_documents(self, paths: Iterable[str]) -> dict[str, Document]:
        """The documents that must be read again when those of `paths` change.

        They themselves and, where Terraform is among them or reads them, all of their folders.
        """
        chosen = set(paths)
        if all(self.documents[path].syntax != "hcl" and path not in self.claimed for path in chosen):
            return {path: self.documents[path] for path in chosen}
        folders = {posixpath.dirname(path) for path in chosen}
        return {
            path: document
            for path, document in self.documents.items()
            if posixpath.dirname(path) in folders or path in self.claimed or document.syntax == "hcl"
        }


@dataclass(slots=True)
class Inventory:
    """What the dialects found in a project."""

    tasks: list[Task] = field(default_factory=list)
    partial: list[Task] = field(default_factory=list)
    """Patches and settings, of which only counts what they say outright."""
    policies: list[Policy] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    unjudged: list[tuple[Node, str, Subject, str]] = field(default_factory=list)
    """Places on which a rule has no opinion since their values can't be known.

    Each with its field, what it is a field of, and the rule: most readings say nothing of them.
    """
    named: set[tuple[str, str]] = field(default_factory=set)
    """Files, and reasons of which one a file is enough."""

    @property
    def subjects(self) -> Iterator[Subject]:
        """All that rules can look at, in the order in which it was read."""
        for task in self.tasks:
            yield task
            yield from task.containers
        yield from self.policies
        yield from self.resources

    @property
    def partial_subjects(self) -> Iterator[Task | Container]:
        """The same of what is written only in part."""
        for task in self.partial:
            yield task
            yield from task.containers

    def count_subjects(self, *, resources: bool) -> dict[str, int]:
        """How much of each kind there is to look at; `resources` where a rule looks at any."""
        counts = {
            "containers": sum(len(task.containers) for task in self.tasks),
            "statements": sum(len(policy.statements) for policy in self.policies),
        }
        return (
            counts | {"resources": len({id(each.owner) for each in self.resources})} if resources else counts
        )

    def add_unread(
        self, document: Document, offset: int | None, reason: str, cause: Cause = "unserved"
    ) -> None:
        """Say aloud that a place (or a whole document) was not read."""
        line = None if offset is None else document.locate_offset(offset)[0]
        self.unread.append(Unread(document.path, line, reason, cause))
