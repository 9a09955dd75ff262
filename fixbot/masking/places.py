"""Where secrets stand in files that were read, by what they are: places in the source, and values.

A value under a name, an option or a header that likely holds a secret is judged with every text that it is
built from. What is judged to be a secret is a place: its whole source, whatever that parses to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixbot.document import Document
from fixbot.knowledge.secret_names import names_password
from fixbot.knowledge.secret_shapes import may_hold_shapes
from fixbot.masking.composed import composed_secrets
from fixbot.masking.definitions import Definitions
from fixbot.masking.embedded import embedded_json
from fixbot.masking.expressions import Literal, Reference, code_pieces, function_of, pieces
from fixbot.masking.found import Places
from fixbot.masking.jsons import json_secrets
from fixbot.masking.judging import (
    PERHAPS,
    decoded_text,
    holds_secrets,
    inner_span,
    is_about,
    is_plain,
    is_secret,
    names_secret,
    words_beside,
)
from fixbot.masking.masker import recognised
from fixbot.masking.remarks import remark_spans
from fixbot.masking.spans import Span
from fixbot.masking.telling_keys import (
    COMPUTED,
    KEPT_IN,
    NAME_KEYS,
    ODD,
    PLAIN_KEYS,
    TOLD,
    TOLD_BY_KEY,
    VALUE_KEYS,
    is_hushed,
    merged_pair,
    pointed_key,
    unsaid_span,
)
from fixbot.masking.word_lists import is_command, option_values, spread_secrets
from fixbot.tree import Entry, Kind, Node

_FORCED: Final = "password"
"""The name under which a value is judged that is a secret by where it stands."""
_SHORT: Final = 11  # characters with no room for an option, a header or a login
_FOLLOWED: Final = 8  # definitions of definitions


def find_places(documents: Mapping[str, Document]) -> Places:
    """The secrets of documents that are read together."""
    search = _Search(documents, Places())
    for document in documents.values():
        for root in document.roots:
            search.walk(root)
    search.remarks()
    return search.found


def places_in(document: Document, known: Places) -> list[Span]:
    """The places in another version of a document, what other documents say of it included."""
    search = _Search({document.path: document}, Places())
    for root in document.roots:
        search.walk(root)
        for kind, name, under in known.followed:
            for node in search.definitions.of(Reference(kind, name), root):
                search.judge(under, node)
    search.remarks()
    return search.found.spans.get(document.path, [])


@dataclass(slots=True)
class _Search:
    documents: Mapping[str, Document]
    found: Places
    definitions: Definitions = field(init=False)
    done: set[tuple[int, str]] = field(default_factory=set)
    beside: dict[str, list[Span]] = field(default_factory=dict)
    """Names of secrets: comments on their lines are looked at too."""

    def __post_init__(self) -> None:
        self.definitions = Definitions(root for each in self.documents.values() for root in each.roots)

    def source(self, node: Node) -> str:
        """A node as it is written."""
        document = self.documents.get(node.root.source)
        return document.text[node.start : node.end] if document is not None else ""

    def walk(self, root: Node) -> None:
        """Look at a tree, each node once."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.alias is not None:
                continue
            kind = node.kind
            if kind is Kind.SCALAR or kind is Kind.CODE:
                stack += self._written(node)
            elif kind is Kind.MAP:
                self._map(node)
                stack += [entry.value for entry in node.entries]
            elif node.items:
                if kind is Kind.CALL or node.tag is not None:
                    self._composed(node)
                self._words(node)
                stack.extend(node.items)

    def _written(self, node: Node) -> Iterable[Node]:
        """Look at a text or an expression; gives the root of what stands embedded in it."""
        inside = node.embedded
        if inside is None and node.style == "heredoc":
            inside = embedded_json(node, self.documents)
        text = node.value
        if node.kind is Kind.CODE:
            self._composed(node)
        elif isinstance(text, str) and len(text) > _SHORT and may_hold_shapes(text):
            self._text(node, text)
        return () if inside is None else (inside,)

    def _map(self, node: Node) -> None:
        names: list[Node] = []
        values: list[Entry] = []
        for entry in node.entries:
            key = entry.key
            if key in PLAIN_KEYS:
                continue
            if key in TOLD_BY_KEY:
                if key in NAME_KEYS:
                    names.append(entry.value)
                elif key in VALUE_KEYS:
                    values.append(entry)
                elif key == "<<":
                    names, values = merged_pair(node)
                elif key == "valueFrom":
                    self._pointed(node, entry.value)
            if key in KEPT_IN or entry.value.labels or names_secret(key) or key.startswith(ODD):
                self._entry(node, entry)
        if values:
            self._pairs(names, values, *((_FORCED,) if is_hushed(node) else ()))

    def _computed(self, entry: Entry) -> None:
        """An entry of HCL whose key is an expression: its texts and what it refers to are its names."""
        for piece in code_pieces(entry.key):
            told = self.definitions.of(piece, entry.value) if isinstance(piece, Reference) else ()
            names = [piece.text] if isinstance(piece, Literal) else [str(each.value) for each in told]
            for name in filter(names_secret, names):
                self._named(name, entry)

    def _composed(self, node: Node) -> None:
        """What is a secret by what an expression makes of it."""
        self._inside(node, composed_secrets(node, self.source))

    def _entry(self, node: Node, entry: Entry) -> None:
        if entry.key[:1] in COMPUTED:
            self._computed(entry)
        elif entry.key[:4] == "Fn::":
            self._composed(node)
        elif entry.value.labels:
            self._block(entry)
        elif entry.key == "secretGenerator":
            self._generated(entry.value)
        elif names_secret(entry.key):
            self._named(entry.key, entry)
        elif entry.key == "stringData":
            self._secret(node, "stringData")
        elif entry.key == "kind" and entry.value.value == "Secret":
            self._secret(node, "data", "stringData", "binaryData")

    def _pointed(self, node: Node, source: Node) -> None:
        """A variable that takes a key of a ConfigMap: what stands there is judged under its name."""
        if source.kind is Kind.SCALAR:
            self.judge(PERHAPS, source)
        name, reference = pointed_key(node, source) or ("", None)
        if reference is not None and names_secret(name):
            for target in self.definitions.of(reference, node):
                self.found.followed.add((reference.kind, reference.name, name))
                self.judge(name, target)

    def _pairs(self, names: Sequence[Node], values: Sequence[Entry], *forced: str) -> None:
        for name in (*(self._name(each) for each in names), *forced):
            if names_secret(name):
                for entry in values:
                    self._judged(name, entry)
                for node in names:
                    self.beside.setdefault(node.root.source, []).append((node.start, node.end))

    def _name(self, node: Node) -> str:
        """A name as far as it is written out: of one that is put together, its last words."""
        if node.kind is Kind.SCALAR and node.tag is None:
            return str(node.value)
        written = [each.text for each in pieces(node, self.source) if isinstance(each, Literal)]
        return written[-1] if written else ""

    def _named(self, name: str, entry: Entry) -> None:
        """A value under its own key: that of a parameter or variable is its default, that of a map each."""
        value = entry.value
        if value.kind is Kind.MAP and function_of(value) is None and value.tag is None:
            self._held(name, value)
        elif value.kind is Kind.LIST and value.tag is None:
            for item in value.items:
                if item.kind is not Kind.MAP or function_of(item) is not None:
                    self.judge(name, item)
        else:
            self._judged(name, entry)

    def _held(self, name: str, value: Node, depth: int = 0) -> None:
        """The values of a map under the name of secrets: `passwords: {admin: X, db: {value: Y}}`."""
        under = name if holds_secrets(name) else PERHAPS if names_password(name) else ""
        each_is = under and value.entry("Type") is None and depth < _FOLLOWED
        for inner in value.entries:
            if inner.key in VALUE_KEYS:
                self._judged(name, inner)
            elif not each_is or is_about(inner.key):
                continue
            elif inner.value.kind is Kind.MAP and function_of(inner.value) is None:
                self._held(name, inner.value, depth + 1)
            elif inner.value.kind is not Kind.LIST:
                self.judge(under, inner.value)

    def _block(self, entry: Entry) -> None:
        body, label = entry.value, entry.value.labels[-1]
        if entry.value.labels[0].startswith("kubernetes_secret"):
            self._secret(body, "data", "binary_data", "string_data")
        if names_secret(label) and (entry.key in TOLD or body.child("value") is not None):
            for inner in body.entries:
                if inner.key in VALUE_KEYS:
                    self._judged(label, inner)

    def _secret(self, node: Node, *keys: str) -> None:
        """Everything in an object that is there to hold secrets."""
        for key in keys:
            listed = node.child(key)
            for entry in listed.entries if listed is not None else ():
                self._judged(
                    entry.key if names_secret(entry.key) else _FORCED, entry, sure=names_secret(entry.key)
                )

    def _generated(self, node: Node) -> None:
        for item in node.items:
            for literal in item.many("literals"):
                self._cover(literal, [str(literal.value).partition("=")[2]])

    def _words(self, node: Node) -> None:
        """Options and their values as two items of a list."""
        if not is_command(node):
            return
        for name, item in option_values(node):
            self.judge(name, item)
        for item, secret in spread_secrets(node, recognised, words_beside(node)):
            self._cover(item, [secret])

    def _text(self, node: Node, text: str) -> None:
        """What a text holds by its form."""
        self._inside(node, (text[start:end] for start, end in recognised(text)))
        self._inside(node, json_secrets(text, names_secret))

    def _inside(self, node: Node, values: Iterable[str]) -> None:
        """Secrets in a value; where its source says one in another way, all of it is a place."""
        source, whole = "", False
        for value in values:
            source = source or self.source(node)
            self._know(value)
            if value not in source:
                whole = True
                self.found.values.update(piece for piece in value.split() if len(piece) > 3)
        if whole:
            self._place(node)

    def _judged(self, name: str, entry: Entry, *, sure: bool = True) -> None:
        value = entry.value
        if value.kind is Kind.SCALAR and value.value is None and value.alias is None:
            self._unsaid(entry)
        self.judge(name, value, sure=sure)

    def _unsaid(self, entry: Entry) -> None:
        """What was meant as a value, and that YAML reads as none."""
        document = self.documents.get(entry.value.root.source)
        if document is not None and (span := unsaid_span(document.text, entry)) is not None:
            self._span(document.path, *span)
            self._know(document.text[slice(*span)].strip())

    def judge(self, name: str, node: Node, *, sure: bool = True, depth: int = 0) -> None:
        """Take a value for a secret if any text that it is built from is one, by its form and that name."""
        if depth > _FOLLOWED or (id(node), name) in self.done:
            return
        self.done.add((id(node), name))
        secret: list[str] = []
        for piece in pieces(node, self.source):
            if isinstance(piece, Reference):
                for target in self.definitions.of(piece, node):
                    self.found.followed.add((piece.kind, piece.name, name))
                    self._defined(name, target, depth + 1)
            elif is_secret(name, piece.text):
                secret.append(piece.text)
        for each in node.walk():
            if each.alias is not None:
                self.judge(name, each.alias, sure=sure, depth=depth + 1)
        if secret:
            self._cover(node.alias or node, secret, sure=sure)

    def _defined(self, name: str, target: Node, depth: int) -> None:
        if target.kind is Kind.MAP and function_of(target) is None:
            for entry in target.entries:
                self._defined(name, entry.value, depth + 1)
        else:
            self.judge(name, target, depth=depth)

    def _cover(self, node: Node, texts: Iterable[str], *, sure: bool = True) -> None:
        for text in texts:
            if sure or not is_plain(text):
                self._know(text)
        self._place(node)

    def _know(self, text: str) -> None:
        self.found.values.add(text)
        if (decoded := decoded_text(text)) is not None:
            self.found.values.add(decoded)

    def _place(self, node: Node) -> None:
        document = self.documents.get(node.root.source)
        if document is None:
            return
        source = document.text[node.start : node.end]
        start, end = inner_span(source, node.style)
        self._span(document.path, node.start + start, node.start + end)
        if "\n" in source:
            self.found.values.update(
                line for each in source.splitlines() if len(line := each.strip(" \t\\\"'")) > 3
            )

    def _span(self, path: str, start: int, end: int) -> None:
        self.found.spans.setdefault(path, []).append((start, end))

    def remarks(self) -> None:
        """Comments beside the places often hold what stood there before."""
        for path, spans in self.found.spans.items():
            document = self.documents[path]
            beside = [*spans, *self.beside.get(path, ())]
            hidden = list(remark_spans(document.text, beside, document.syntax))
            spans.extend(hidden)
            self.found.values.update(document.text[start:end].strip("\"'`.,;()!?") for start, end in hidden)
