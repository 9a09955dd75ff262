"""What of a repository a finding from outside can be about: each resource, its names, and its problems.

Read once more in this very process, as `collect_moved` does: what is analyzed elsewhere keeps neither names
nor addresses. All that a resource is written in is one place: a task and its containers, a role and its
policies.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from fixbot.checkout.file_content import Content
from fixbot.checkout.repository_files import RepositoryFiles
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.engine.detect import Detection
from fixbot.engine.survey_again import survey_parts, survey_texts
from fixbot.lens import Container, Policy, Resource, Subject, Task, text_of
from fixbot.model.foreign_findings import ResourcePlace
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.source.document import Document, parse_document_sections
from fixbot.source.project import Inventory
from fixbot.text.kinds import compact_kind

_TRACE: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_GITOPS: Final = (b"argoproj.io/", b"toolkit.fluxcd.io/")
_ROLE: Final = re.compile(r"arn:aws[a-z-]{0,20}:iam::(\d{12}):role/")
_TASKS: Final = {"ecs": "awsecstaskdefinition", "batch": "awsbatchjobdefinition"}
_NAMING: Final = ("family", "Family", "name", "JobDefinitionName", "ServiceName", "jobDefinitionName")
_OF_ROLES: Final = ("RoleName", "ManagedPolicyName", "PolicyName", "UserName")
_OF_POLICIES: Final = frozenset(("awsiampolicy", "awsiamrole", "awsiamuser", "awsiamgroup"))


@dataclass(frozen=True, slots=True)
class SurveyedPlaces:
    """The places of a repository; `modules` has the folders of Terraform's own modules.

    By the folder of a call and its name.
    """

    places: tuple[ResourcePlace, ...]
    modules: Mapping[tuple[str, str], str] = field(default_factory=dict)


PlaceKey = tuple[str, str, str]
"""Dialect; the file, or in Terraform the folder; and the address of the whole."""


def collect_places(
    checkout: RepositoryFiles, fixers: tuple[Rule, ...], asked: tuple[Rule, ...], settings: Settings
) -> SurveyedPlaces:
    """Every place, with what the `asked` rules say of it. `fixers` are those that run. Raises OutOfTime."""
    found: list[ResourcePlace] = []
    modules: dict[tuple[str, str], str] = {}
    for texts, order in survey_parts(checkout, fixers, settings, lambda _: True):
        survey = survey_texts(texts, order)
        documents = survey.world.project.documents
        found += _gather_places(documents, survey.reading, survey.detect_all(asked), asked)
        modules |= _find_modules(documents.values())
    return SurveyedPlaces(tuple(found), modules)


def _find_modules(documents: Iterable[Document]) -> Iterator[tuple[tuple[str, str], str]]:
    for document in documents:
        here = posixpath.dirname(document.path)
        for root in document.roots if document.syntax == "hcl" else ():
            for block in root.list_items("module"):
                source = text_of(block.find_node("source")) or ""
                if block.labels and source.startswith(("./", "../")):
                    yield (here, block.labels[0]), posixpath.normpath(posixpath.join(here, source))


def collect_applications(checkout: RepositoryFiles) -> dict[str, frozenset[str]]:
    """The folders that Argo's applications and Flux' objects deploy, by their names."""
    found: dict[str, set[str]] = {}
    for entry in checkout.entries:
        content = checkout.read_file(entry)
        if not isinstance(content, Content) or not any(mark in content.data for mark in _GITOPS):
            continue
        with suppress(SyntaxProblem):
            for root in parse_document_sections(content.path, content.text).roots:
                for name, folder in _list_deployed(root):
                    found.setdefault(name, set()).add(folder)
    return {name: frozenset(folders) for name, folders in found.items()}


def _list_deployed(root: Node) -> Iterator[tuple[str, str]]:
    api, name = text_of(root.find_node("apiVersion")) or "", text_of(root.find_node("metadata", "name"))
    spec = root.find_node("spec")
    if name is None or spec is None or not any(mark.decode() in api for mark in _GITOPS):
        return
    sources = [spec.find_node("source"), *spec.list_items("sources")]
    paths = [each.find_node("path") for each in sources if each is not None]
    for node in (*paths, spec.find_node("path"), spec.find_node("chart", "spec", "chart")):
        folder = text_of(node)
        if folder is not None and ".." not in folder:
            yield name, posixpath.normpath(folder).strip("/")


@dataclass(slots=True)
class _PlaceParts:
    """All that one place is written in."""

    subjects: list[Subject] = field(default_factory=list)
    problems: list[Detection] = field(default_factory=list)
    unjudged: set[str] = field(default_factory=set)


def _gather_places(
    documents: Mapping[str, Document],
    reading: Inventory,
    problems: Iterable[Detection],
    asked: tuple[Rule, ...],
) -> Iterator[ResourcePlace]:
    parts: dict[PlaceKey, _PlaceParts] = {}
    for subject in (*reading.subjects, *reading.partial_subjects):
        for key in _list_place_keys(subject):
            parts.setdefault(key, _PlaceParts()).subjects.append(subject)
    for problem in problems:
        for key in _list_place_keys(problem.subject):
            parts.setdefault(key, _PlaceParts()).problems.append(problem)
    for _, _, unjudged, rule in reading.unjudged:
        for key in _list_place_keys(unjudged):
            parts.setdefault(key, _PlaceParts()).unjudged.add(rule)
    accounts: dict[str, frozenset[str]] = {}
    for key, each in parts.items():
        if each.subjects:
            yield _build_place(key, each, documents, asked, accounts)


def _list_place_keys(subject: Subject) -> list[PlaceKey]:
    """The place that a subject is written in: of a policy in Terraform, every role that takes it in."""
    whole: Subject = subject.task if isinstance(subject, Container) else subject
    dialect, address, path = getattr(whole, "dialect", ""), whole.address, whole.path
    if dialect == "terraform":
        carriers = [each for _, each in whole.carriers] if isinstance(whole, Policy) else []
        folder = posixpath.dirname(path)
        return [(dialect, folder, each) for each in dict.fromkeys(carriers or [address])]
    if dialect == "cloudformation":
        address = address.partition("/")[0]
    namespace = whole.namespace if isinstance(whole, Task) else ""
    return [(dialect, path, f"{namespace}/{address}" if namespace else address)]


def _build_place(
    key: PlaceKey,
    parts: _PlaceParts,
    documents: Mapping[str, Document],
    asked: tuple[Rule, ...],
    accounts: dict[str, frozenset[str]],
) -> ResourcePlace:
    subjects = parts.subjects
    first = next((each for each in subjects if each.address == key[2]), subjects[0])
    nodes = list(dict.fromkeys(filter(None, (_find_owner(each) for each in subjects))))
    tasks = [each for each in subjects if isinstance(each, Task)]
    names = [name for each in subjects for name in _list_names(each)]
    path = first.path
    own = frozenset(account for node in nodes for account in _find_accounts(node))
    if not own and path not in accounts:
        roots = documents[path].roots if path in documents else ()
        accounts[path] = frozenset(account for root in roots for account in _find_accounts(root))
    return ResourcePlace(
        path, key[0], key[2], first.title,
        frozenset(kind for each in subjects for kind in _list_kinds(each)),
        frozenset(name for name, _ in names),
        frozenset(name for name, alone in names if alone),
        frozenset(each.name for task in tasks for each in task.containers),
        next((each.namespace for each in tasks), ""),
        own or accounts[path],
        frozenset(trace for node in nodes for trace in _find_traces(node, documents)),
        tuple(_find_lines(nodes, documents)),
        frozenset(rule.name for rule in asked if any(_looks_at(rule, each) for each in subjects)),
        tuple((each.fixer.name, each.id) for each in parts.problems),
        frozenset(parts.unjudged),
    )  # fmt: skip


def _looks_at(rule: Rule, subject: Subject) -> bool:
    """Whether a rule sees a subject; a task's containers are subjects of their own."""
    kinds = (type(subject), subject.type) if isinstance(subject, Resource) else (type(subject),)
    return any(kind in rule.selectors for kind in kinds)


def _find_owner(subject: Subject) -> Node | None:
    owner = getattr(subject, "owner", None)
    return owner if isinstance(owner, Node) else next(iter(subject.around), None)


def _list_kinds(subject: Subject) -> Iterator[str]:
    if isinstance(subject, Container):
        return
    owner = _find_owner(subject)
    written = text_of(owner.find_node("Type")) if owner is not None and owner.kind is NodeKind.MAP else None
    if getattr(subject, "dialect", "") == "cloudformation" and written:
        yield compact_kind(written)
    elif isinstance(subject, Resource):
        yield compact_kind(subject.type.edited.rpartition("/")[2])
        yield compact_kind(subject.type.terraform)
    elif isinstance(subject, Task):
        yield _TASKS.get(subject.kind, compact_kind(subject.workload))
    elif isinstance(subject, Policy) and subject.kind != "resource":
        yield from _OF_POLICIES


def _list_names(subject: Subject) -> Iterator[tuple[str, bool]]:
    """The names by which AWS or Kubernetes knows it, and whether each is written out where it stands."""
    if isinstance(subject, Resource) and subject.type.name:
        slot = subject.slot(subject.type.name)
        subject.unknown.clear()
        if isinstance(slot.value, str) and slot.value:
            yield slot.value, text_of(slot.found) == slot.value
    elif isinstance(subject, Task) and subject.kind == "k8s":
        yield subject.name, False
    elif isinstance(subject, Task) and subject.node is not None:
        node = next((found for key in _NAMING if (found := subject.node.find_node(key)) is not None), None)
        value = subject.follow(node).value if node is not None else None
        if isinstance(value, str) and value and "${" not in value:
            yield value, text_of(node) == value
    elif isinstance(subject, Policy) and (owner := _find_owner(subject)) is not None:
        nodes = [owner.find_node("Properties", key) for key in _OF_ROLES]
        yield from ((name, False) for node in (*nodes, owner.find_node("name")) if (name := text_of(node)))


def _find_accounts(node: Node) -> Iterator[str]:
    """The accounts of the roles that something is given, by `executionRoleArn`, `role_arn` and the like."""
    for each in node.walk_tree():
        for entry in each.entries:
            if "role" in entry.key.lower() and (found := _ROLE.match(text_of(entry.value) or "")):
                yield found[1]


def _find_traces(node: Node, documents: Mapping[str, Document]) -> list[str]:
    document = documents.get(node.root_node.source)
    return _TRACE.findall(document.text, node.start, node.end) if document is not None else []


def _find_lines(nodes: Iterable[Node], documents: Mapping[str, Document]) -> Iterator[tuple[str, int, int]]:
    for node in nodes:
        document = documents.get(node.root_node.source)
        if document is not None:
            first, last = (
                document.locate_offset(at)[0] for at in (node.start, max(node.start, node.end - 1))
            )
            yield document.path, first, last
