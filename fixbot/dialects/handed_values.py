"""Values that a file hands to something that isn't here: a chart, a module, an operator.

What becomes of them only that knows. A word of a container's security that says the wrong thing is wrong
all the same, and so is a secret: each map of such values that has any is read as a container of which only
what is written is judged, and a person is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Final

from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import KUBERNETES, Container, Spelling, Task, Variable, text_of
from fixbot.source.document import Document, parse_embedded, parse_embedded_scalar
from fixbot.source.project import Inventory
from fixbot.syntax.hcl import find_content_span

_WORDS: Final = {
    "privileged": "privileged",
    "readonlyrootfilesystem": "readOnlyRootFilesystem",
    "allowprivilegeescalation": "allowPrivilegeEscalation",
    "capabilities": "capabilities",
    "procmount": "procMount",
    "runasnonroot": "runAsNonRoot",
    "runasuser": "runAsUser",
    "seccompprofile": "seccompProfile",
    "windowsoptions": "windowsOptions",
}
"""Words of a container's security as the API has them, by their letters alone: `readonly_root_filesystem`."""
_NAMES: Final = ("name", "key", "path", "parameter")
"""What a pair calls the place of its value: `{name: image.tag, value: "1"}`, an operation of a JSON patch."""
_REFERENCE: Final = re.compile(
    r"existing|(?:secret|token|credential)s?\Z|(?:name|ref|class|path|file|key)\Z", re.IGNORECASE
)
"""How values call what only names a Secret, or a key of one: `existingSecret`, `passwordKey`."""
_OBJECT_NAME: Final = re.compile(r"[a-z]+(?:[-./_][a-z0-9]+)*\Z|[A-Z_]+\Z")
_ENVIRONMENT: Final = re.compile(r"env(?:s|vars?|ironment|ironmentVariables)?\Z", re.IGNORECASE)
_TELLING: Final = ("rivileged", "ootFilesystem", "hostProcess", "value:", '"value"')
"""A text without any of these says nothing of a container that an operator makes."""
_LITERAL: Final = re.compile(r"([A-Za-z_][\w.-]*)=(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class HandedValues:
    """Where values stand, and what they are handed to: (`HelmRelease`, `web`, "the chart decides …")."""

    document: Document
    node: Node
    kind: str
    name: str
    why: str
    owner: Node | None = None
    dialect: str = "kubernetes"
    address: str = ""
    passed: frozenset[int] = frozenset()
    """Nodes that something else reads, by id, with all that is below them."""
    plain: bool = True
    """Whether every text counts that has a secret's name, and not only variables of an environment."""


@dataclass(frozen=True, slots=True)
class _HandedSpelling(Spelling):
    """A map that is a container's security itself: its words stand in it, not below `securityContext`."""

    written: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)

    def spell_path(self, canonical: str) -> tuple[str, ...]:
        """`securityContext.privileged` is `privileged`, or as this map has it."""
        path = self._paths.get(canonical)
        if path is None:
            first, _, rest = canonical.partition(".")
            words = dict(self.written)
            head, *more = rest.split(".") if first == "securityContext" and rest else [first]
            path = self._paths[canonical] = (words.get(head, f"({head})"), *more)
        return path


def read_handed_values(handed: HandedValues, reading: Inventory) -> None:
    """Take in each map of the values that says something of a container's security, or may hold a secret."""
    task = Task(
        handed.document.path, "k8s", handed.dialect, handed.name, handed.node, KUBERNETES,
        address=handed.address or f"{handed.kind}/{handed.name}", workload=handed.kind, owner=handed.owner,
        volumes=None, volumes_reason=handed.why, partial=handed.why,
    )  # fmt: skip
    for path, node in _walk_maps(handed):
        plain = handed.plain or _ENVIRONMENT.search(path.rpartition(".")[2]) is not None
        written, variables = dict(_find_words(node)), tuple(_find_variables(node, plain=plain))
        if written or variables:
            spelling = _HandedSpelling("k8s", written=tuple(written.items()))
            task.containers.append(
                Container(
                    node, task, spelling, len(task.containers), "values", key=path or "at the top",
                    variables=variables,
                )
            )  # fmt: skip
    if task.containers:
        reading.partial.append(task)


def read_operator_values(
    document: Document, root: Node, kind: str, tasks: Iterable[Task], reading: Inventory
) -> None:
    """What an operator's object says of containers in places where none was read."""
    spec = root.find_node("spec")
    if spec is None or not any(word in document.text for word in _TELLING):
        return
    tasks = tuple(tasks)
    passed = {id(each.node) for task in tasks for each in task.containers}
    passed |= {id(each) for task in tasks if (each := task.get("securityContext")) is not None}
    for node in spec.walk_tree():
        nested = node.kind is NodeKind.MAP and node.find_entry("apiVersion") and node.find_entry("kind")
        passed |= {id(node)} if nested else {id(e.value) for e in node.entries if "patch" in e.key.lower()}
    name = text_of(root.find_node("metadata", "name")) or "unnamed"
    why = f"Not changed here: what is made of it by whatever runs a {kind} isn't known. Change it by hand."
    namespace = text_of(root.find_node("metadata", "namespace")) or ""
    address = "/".join(filter(None, (kind, namespace, name)))
    handed = HandedValues(
        document, spec, kind, name, why, root, address=address, passed=frozenset(passed), plain=False
    )
    read_handed_values(handed, reading)


def parse_values(document: Document, node: Node) -> Node | None:
    """The map or list that a text holds as YAML; None where it is no block of text, or can't be read."""
    if node.kind in (NodeKind.MAP, NodeKind.LIST):
        return node
    try:
        if node.style == "heredoc":
            span = find_content_span(document.text, node)
            return parse_embedded(node, document.text, "yaml", *span)
        is_block = node.kind is NodeKind.SCALAR and node.style in ("|", ">") and isinstance(node.value, str)
        return parse_embedded_scalar(node, document.text, "yaml") if is_block else None
    except SyntaxProblem:
        return None


def _walk_maps(handed: HandedValues) -> Iterator[tuple[str, Node]]:
    stack = [("", handed.node)]
    while stack:
        path, node = stack.pop()
        if id(node) in handed.passed:
            continue
        if node.kind is NodeKind.MAP and node.tag is None:
            yield path, node
        if node.alias is None:
            stack += [(f"{path}[{at}]", item) for at, item in reversed(list(enumerate(node.items)))]
            stack += [(f"{path}.{e.key}".lstrip("."), e.value) for e in reversed(node.entries)]


def _find_words(node: Node) -> Iterator[tuple[str, str]]:
    """The words of security that a map says, each with its written key; for a pair, that of its value."""
    for entry in node.entries:
        if (word := _word_of(entry.key)) is not None:
            yield word, entry.key
    for name, key in _read_pair(node):
        if (word := _word_of(re.split(r"[./]", name)[-1])) is not None:
            yield word, key


def _word_of(key: str) -> str | None:
    return _WORDS.get(key.replace("_", "").replace("-", "").lower())


def _read_pair(node: Node) -> Iterator[tuple[str, str]]:
    if node.find_entry("value") is not None:
        name = next((text for key in _NAMES if (text := text_of(node.find_node(key)))), None)
        if name is not None:
            yield name, "value"


def _find_variables(node: Node, *, plain: bool) -> Iterator[Variable]:
    """What of a map may be a secret: every text under a name, pairs, and lists of `NAME=value`."""
    pairs = list(_read_pair(node))
    for name, key in pairs:
        found = node.find_node(key)
        if found is not None and found.kind is NodeKind.SCALAR:
            yield Variable(re.split(r"[./]", name)[-1], found, node)
    for entry in node.entries:
        value = entry.value
        if value.kind is NodeKind.SCALAR and isinstance(value.value, str):
            if plain and not pairs and not _is_reference(entry.key, value.value):
                yield Variable(entry.key, value, value)
        elif value.kind is NodeKind.LIST:
            yield from _read_literals(value.items)


def _is_reference(key: str, text: str) -> bool:
    return _REFERENCE.search(key) is not None and _OBJECT_NAME.match(text) is not None


def _read_literals(items: Iterable[Node]) -> Iterator[Variable]:
    for item in items:
        text = item.value if item.kind is NodeKind.SCALAR and item.tag is None else None
        if isinstance(text, str) and (found := _LITERAL.match(text)) is not None:
            own = copy(item)
            own.value = found[2]
            yield Variable(found[1], own, item)
