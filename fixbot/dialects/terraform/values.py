"""From an expression to the literal values behind it: jsonencode, heredocs, files, templates, locals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fixbot.dialects import ecs
from fixbot.dialects.terraform.index import Index
from fixbot.document import Document, embed
from fixbot.parts import resolve
from fixbot.project import Project
from fixbot.syntax.hcl import content_span
from fixbot.tree import Kind, Node, SyntaxProblem

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
class Place:
    """A literal object, and how Terraform reads the text it stands in: `hcl`, `file` or `template`."""

    document: Document
    node: Node
    reader: str
    locals: tuple[str, ...] = ()
    """The locals by which it was reached."""
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """What stands behind an expression and can't be read; `reason` goes on after "is"."""

    document: Document
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Output:
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

    def deeper(self, **changed: object) -> _Where:
        settings: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return _Where(**{**settings, "depth": self.depth + 1, **changed})  # type: ignore[arg-type]


@dataclass(slots=True)
class Look:
    """Looks behind one expression; what it meets beside literal objects is kept in its lists."""

    project: Project
    index: Index
    unclear: list[Unclear] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    """Files whose text is used."""
    steps: int = 0

    def behind(self, document: Document, node: Node) -> list[Place]:
        """The literal objects behind a value, in their order."""
        return list(self._node(node, _Where(document)))

    def _node(self, node: Node, at: _Where) -> Iterator[Place]:
        self.steps += 1
        if at.depth > _DEEPEST or self.steps > _FURTHEST:
            self._say(at, node, "too deep to follow")
        elif node.kind is Kind.MAP:
            yield from self._map(node, at)
        elif node.kind is Kind.LIST:
            for item in node.items:
                yield from self._node(item, at.deeper())
        elif node.style == "heredoc":
            yield from self._heredoc(node, at)
        elif node.kind is Kind.CALL:
            yield from self._call(node, at)
        elif node.kind is Kind.CODE:
            yield from self._code(str(node.value), node, at)
        elif (node.text or "").lstrip().startswith(("{", "[{", '["')):
            self._say(at, node, "written as a quoted string, with escapes that fixbot doesn't edit")

    def _map(self, node: Node, at: _Where) -> Iterator[Place]:
        definition = ecs.definition(node) if node.parent is None else None
        listed = definition.get("containerDefinitions") if definition is not None else None
        if listed is not None:
            yield from self._node(listed, at.deeper())
        else:
            yield Place(at.document, node, at.reader, at.locals, at.conditional)

    def _call(self, node: Node, at: _Where) -> Iterator[Place]:
        name = str(node.value)
        if name in _FILES and node.items:
            yield from self._file(name, _quoted(node.items[0]), node, at)
        elif name == "?":
            for item in node.items[1:]:
                yield from self._node(item, at.deeper(conditional=True))
        elif name in _ALL or name in _FIRST:
            for item in node.items if name in _ALL else node.items[:1]:
                yield from self._node(item, at.deeper())
        else:
            self._say(at, node, f"put together by {name}(…)")

    def _heredoc(self, node: Node, at: _Where) -> Iterator[Place]:
        try:
            root = embed(node, at.document.text, "json", *content_span(at.document.text, node))
        except SyntaxProblem as problem:
            self._say(at, node, f"written in a heredoc that can't be read ({problem.reason})")
            return
        yield from self._node(root, at.deeper(reader="template"))

    def _code(self, text: str, node: Node, at: _Where) -> Iterator[Place]:
        text = _bare(text)
        self.steps += 1
        if text in _NOTHING or at.depth > _DEEPEST or self.steps > _FURTHEST:
            return
        if (found := _LOCAL.fullmatch(text)) and found[1] in self.index.locals:
            document, value = self.index.locals[found[1]]
            yield from self._node(value, at.deeper(document=document, locals=(*at.locals, found[1])))
        elif found := _RENDERED.fullmatch(text):
            yield from self._template(found[1], node, at)
        elif found := _FILE.fullmatch(text):
            yield from self._file(found[1], found[2], node, at)
        elif found := _DECODED.fullmatch(text):
            yield from self._code(found["file"], node, at.deeper())
        elif found := _MODULE.fullmatch(text):
            self.outputs.append(Output(at.document, node.start, found[1], found[2]))
        else:
            yield from self._composed(text, node, at)

    def _composed(self, text: str, node: Node, at: _Where) -> Iterator[Place]:
        parts = _PART.findall(text) if text.startswith('"') else []
        if parts:
            for part in parts:
                yield from self._code(part, node, at.deeper())
        elif text.startswith(("[for ", "{for ", "[ for ", "{ for ")):
            self._say(at, node, "computed by a for expression")
        elif "{" not in text and "merge(" not in text and (names := _NAMES.findall(text)) not in ([], [text]):
            for name in names:
                yield from self._code(name, node, at.deeper(conditional=at.conditional or "?" in text))
        else:
            self._say(at, node, f"given by {_short(text)}")

    def _template(self, name: str, node: Node, at: _Where) -> Iterator[Place]:
        block = self.index.by_address.get(f"data.template_file.{name}")
        template = block.node.get("template") if block is not None else None
        if block is None or template is None:
            self._say(at, node, f"given by data.template_file.{name}, which is not in this folder")
            return
        for place in self._node(template, at.deeper(document=block.document)):
            reader = "template" if place.reader == "file" else "twice"
            yield Place(place.document, place.node, reader, place.locals, place.conditional)

    def _file(self, function: str, name: str | None, node: Node, at: _Where) -> Iterator[Place]:
        path = None if name is None else resolve(at.document.path, name)
        if path is None:
            self._say(at, node, "read from a file whose name is computed")
            return
        document = self.project.documents.get(path)
        if document is None or document.syntax == "hcl":
            known = path in self.project.surroundings.paths
            why = "can't be read as JSON" if known else "isn't in this repository"
            self._say(at, node, f"read from {path}, which {why}")
            return
        self.files.add(path)
        reader = "file" if function == "file" else "template"
        for root in document.roots:
            yield from self._node(root, at.deeper(document=document, reader=reader))

    def _say(self, at: _Where, node: Node, reason: str) -> None:
        self.unclear.append(Unclear(at.document, node.start, reason))


def _quoted(node: Node) -> str | None:
    """The text of a string, its `${…}` as written."""
    if node.kind is Kind.CODE and node.style == '"':
        return str(node.value)[1:-1]
    return node.text


def _bare(text: str) -> str:
    """An expression without the `"${…}"` of old, and without parentheses around it."""
    text = text.strip()
    while True:
        whole = _WHOLE.fullmatch(text)
        inner = whole[1] if whole else text[1:-1] if _in_parentheses(text) else text
        if inner == text:
            return text
        text = inner.strip()


def _in_parentheses(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]


def _short(text: str) -> str:
    """An expression as a reason quotes it: its first line, and only what names things."""
    name = re.match(r"[\w.*-]+(?:\[[\w.\"-]*\])?[\w.*-]*", text)
    return name[0] if name else "an expression"
