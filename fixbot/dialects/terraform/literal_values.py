"""From an expression to the literal values behind it: jsonencode, heredocs, files, templates, locals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fixbot.dialects import ecs
from fixbot.dialects.terraform.folder_index import FolderIndex
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.source.document import Document, parse_embedded
from fixbot.source.partition import resolve_reference
from fixbot.source.project import Project
from fixbot.syntax.hcl import find_content_span

_ALL = frozenset((
    "jsonencode", "jsondecode", "yamldecode", "concat", "flatten", "compact", "distinct", "tolist",
    "toset", "coalesce", "coalescelist", "try", "join", "format", "chomp", "trimspace", "tostring",
    "one", "sensitive", "nonsensitive", "values",
))  # fmt: skip
_FIRST = frozenset(("element", "slice", "replace"))
_FILES = ("file", "templatefile")
_DEEPEST = 30
_FURTHEST = 10_000
"""Steps from expression to expression: locals that name others twice grow without bounds otherwise."""

_LOCAL = re.compile(r"local\.([\w-]+)")
_RENDERED = re.compile(r"data\.template_file\.([\w-]+)(?:\[[^\]]*\]|\.\*|\.\d+)*\.rendered")
_MODULE = re.compile(r"module\.([\w-]+)(?:\[[^\]]*\])?\.(\w+)(?:\[[^\]]*\])?")
_FILE = re.compile(r"(file|templatefile)\(\s*\"((?:[^\"{]|\$\{path\.\w+\})+)\"\s*[,)].*", re.DOTALL)
_DECODED = re.compile(
    r"jsondecode\(\s*(?P<file>(?:file|templatefile)\(.*\))\s*\)\W+(?:c|C)ontainerDefinitions\W*", re.DOTALL
)
_WHOLE = re.compile(r"\"?\$\{((?:[^{}\"]|\"[^\"]*\"|\{[^{}]*\})*)\}\"?")
_PART = re.compile(r"\$\{([^{}]*)\}")
_NAMES = re.compile(
    r"(?<![\w.])(?:local\.[\w-]+|data\.template_file\.[\w-]+[\w.*\[\]]*|module\.[\w-]+[\w.\[\]]*)"
)
_NOTHING = ("null", '""', "[]", '"[]"', "{}", "")


@dataclass(frozen=True, slots=True)
class LiteralPlace:
    """A literal object, and how Terraform reads the text it stands in: `hcl`, `file` or `template`."""

    document: Document
    node: Node
    reader: str
    locals: tuple[str, ...] = ()
    """The locals by which it was reached."""
    conditional: bool = False
    given: Node | None = None
    """What fills in the template that it stands in, where that is written as a map."""


@dataclass(frozen=True, slots=True)
class UnclearValue:
    """What stands behind an expression and can't be read; `reason` goes on after "is"."""

    document: Document
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class ModuleOutput:
    """An output of a module that an expression takes."""

    document: Document
    offset: int
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class _Where:
    """The file that is being looked at, and how it was reached."""

    document: Document
    reader: str = "hcl"
    locals: tuple[str, ...] = ()
    depth: int = 0
    conditional: bool = False
    given: Node | None = None

    def one_deeper(self, **changed: object) -> _Where:
        settings: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return _Where(**{**settings, "depth": self.depth + 1, **changed})  # type: ignore[arg-type]


@dataclass(slots=True)
class ValueSearch:
    """Looks behind one expression; what it meets beside literal objects is kept in its lists."""

    project: Project
    index: FolderIndex
    unclear: list[UnclearValue] = field(default_factory=list)
    outputs: list[ModuleOutput] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    """Files whose text is used."""
    steps: int = 0

    def find_literals(self, document: Document, node: Node) -> list[LiteralPlace]:
        """The literal objects behind a value, in their order."""
        return list(self._follow_node(node, _Where(document)))

    def _follow_node(self, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        self.steps += 1
        if at.depth > _DEEPEST or self.steps > _FURTHEST:
            self._note_unclear(at, node, "too deep to follow")
        elif node.kind is NodeKind.MAP:
            yield from self._follow_map(node, at)
        elif node.kind is NodeKind.LIST:
            for item in node.items:
                yield from self._follow_node(item, at.one_deeper())
        elif node.style == "heredoc":
            yield from self._follow_heredoc(node, at)
        elif node.kind is NodeKind.CALL:
            yield from self._follow_call(node, at)
        elif node.kind is NodeKind.CODE:
            yield from self._follow_code(str(node.value), node, at)
        elif (node.text or "").lstrip().startswith(("{", "[{", '["')):
            self._note_unclear(at, node, "written as a quoted string, with escapes that fixbot doesn't edit")

    def _follow_map(self, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        definition = ecs.find_definition(node) if node.parent is None else None
        listed = definition.find_node("containerDefinitions") if definition is not None else None
        if listed is not None:
            yield from self._follow_node(listed, at.one_deeper())
        else:
            yield LiteralPlace(at.document, node, at.reader, at.locals, at.conditional, at.given)

    def _follow_call(self, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        name = str(node.value)
        if name in _FILES and node.items:
            given = node.items[1] if name == "templatefile" and len(node.items) > 1 else None
            at = at.one_deeper(given=self.index.resolve_local(given))
            yield from self._follow_file(name, _quoted_text(node.items[0]), node, at)
        elif name == "?":
            for item in node.items[1:]:
                yield from self._follow_node(item, at.one_deeper(conditional=True))
        elif name in _ALL or name in _FIRST:
            for item in node.items if name in _ALL else node.items[:1]:
                yield from self._follow_node(item, at.one_deeper())
        else:
            self._note_unclear(at, node, f"put together by {name}(…)")

    def _follow_heredoc(self, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        try:
            root = parse_embedded(node, at.document.text, "json", *find_content_span(at.document.text, node))
        except SyntaxProblem as problem:
            self._note_unclear(at, node, f"written in a heredoc that can't be read ({problem.reason})")
            return
        yield from self._follow_node(root, at.one_deeper(reader="template"))

    def _follow_code(self, text: str, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        text = _strip_wrapping(text)
        self.steps += 1
        if text in _NOTHING or at.depth > _DEEPEST or self.steps > _FURTHEST:
            return
        if (found := _LOCAL.fullmatch(text)) and found[1] in self.index.locals:
            document, value = self.index.locals[found[1]]
            yield from self._follow_node(
                value, at.one_deeper(document=document, locals=(*at.locals, found[1]))
            )
        elif found := _RENDERED.fullmatch(text):
            yield from self._follow_template(found[1], node, at)
        elif found := _FILE.fullmatch(text):
            yield from self._follow_file(found[1], found[2], node, at)
        elif found := _DECODED.fullmatch(text):
            yield from self._follow_code(found["file"], node, at.one_deeper())
        elif found := _MODULE.fullmatch(text):
            self.outputs.append(ModuleOutput(at.document, node.start, found[1], found[2]))
        else:
            yield from self._follow_composed(text, node, at)

    def _follow_composed(self, text: str, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        parts = _PART.findall(text) if text.startswith('"') else []
        if parts:
            for part in parts:
                yield from self._follow_code(part, node, at.one_deeper())
        elif text.startswith(("[for ", "{for ", "[ for ", "{ for ")):
            self._note_unclear(at, node, "computed by a for expression")
        elif "{" not in text and "merge(" not in text and (names := _NAMES.findall(text)) not in ([], [text]):
            for name in names:
                yield from self._follow_code(
                    name, node, at.one_deeper(conditional=at.conditional or "?" in text)
                )
        else:
            self._note_unclear(at, node, f"given by {_quote_briefly(text)}")

    def _follow_template(self, name: str, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        block = self.index.by_address.get(f"data.template_file.{name}")
        template = block.node.find_node("template") if block is not None else None
        if block is None or template is None:
            self._note_unclear(at, node, f"given by data.template_file.{name}, which is not in this folder")
            return
        for place in self._follow_node(template, at.one_deeper(document=block.document)):
            reader = "template" if place.reader == "file" else "twice"
            given = self.index.resolve_local(block.node.find_node("vars"))
            yield replace(place, reader=reader, given=given)

    def _follow_file(self, function: str, name: str | None, node: Node, at: _Where) -> Iterator[LiteralPlace]:
        path = None if name is None else resolve_reference(at.document.path, name)
        if path is None:
            self._note_unclear(at, node, "read from a file whose name is computed")
            return
        document = self.project.documents.get(path)
        if document is None or document.syntax == "hcl":
            known = path in self.project.surroundings.paths
            why = "can't be read as JSON" if known else "isn't in this repository"
            self._note_unclear(at, node, f"read from {path}, which {why}")
            return
        self.files.add(path)
        reader = "file" if function == "file" else "template"
        for root in document.roots:
            yield from self._follow_node(root, at.one_deeper(document=document, reader=reader))

    def _note_unclear(self, at: _Where, node: Node, reason: str) -> None:
        self.unclear.append(UnclearValue(at.document, node.start, reason))


def _quoted_text(node: Node) -> str | None:
    """The text of a string, its `${…}` as written."""
    if node.kind is NodeKind.CODE and node.style == '"':
        return str(node.value)[1:-1]
    return node.text


def _strip_wrapping(text: str) -> str:
    """An expression without the `"${…}"` of old, and without parentheses around it."""
    text = text.strip()
    while True:
        whole = _WHOLE.fullmatch(text)
        inner = whole[1] if whole else text[1:-1] if _is_parenthesized(text) else text
        if inner == text:
            return text
        text = inner.strip()


def _is_parenthesized(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]


def _quote_briefly(text: str) -> str:
    """An expression as a reason quotes it: its first line, and only what names things."""
    name = re.match(r"[\w.*-]+(?:\[[\w.\"-]*\])?[\w.*-]*", text)
    return name[0] if name else "an expression"
