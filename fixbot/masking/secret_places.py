"""Where secrets stand in files that were read, by what they are: places in the source, and values.

A value under a name, an option or a header that likely holds a secret is judged with every text that it is
built from. What is judged to be a secret is a place: its whole source, whatever that parses to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixbot.edit.tree import Entry, Node, NodeKind
from fixbot.knowledge.secret_inside import find_inner_secrets
from fixbot.knowledge.secret_names import names_password
from fixbot.knowledge.secret_shapes import may_hold_shapes
from fixbot.masking.composed_secrets import composed_secrets
from fixbot.masking.definitions import Definitions
from fixbot.masking.embedded_json import parse_embedded_json
from fixbot.masking.found import Places
from fixbot.masking.json_secrets import find_json_secrets
from fixbot.masking.judge_values import (
    PERHAPS,
    decode_base64_text,
    find_assigned_secret,
    find_inner_span,
    holds_secrets,
    is_about,
    is_plain_lowercase,
    is_secret,
    list_words_beside,
    names_secret,
)
from fixbot.masking.mask_spans import Span
from fixbot.masking.remarks import find_remark_spans
from fixbot.masking.secret_masker import find_recognised_spans
from fixbot.masking.secret_objects import HOLDERS, list_held_entries, list_resource_secrets
from fixbot.masking.telling_keys import (
    COMPUTED,
    JUDGED,
    NAME_KEYS,
    PLAIN_KEYS,
    TOLD,
    VALUE_KEYS,
    anchored_key,
    is_hushed,
    merged_pair,
    part_of_key,
    pointed_key,
    unsaid_span,
)
from fixbot.masking.value_pieces import (
    LiteralPiece,
    ReferencePiece,
    function_of,
    iterate_code_pieces,
    iterate_pieces,
)
from fixbot.masking.word_lists import find_option_values, find_spread_secrets, is_command
from fixbot.source.document import Document

_FORCED: Final = "password"
"""The name under which a value is judged that is a secret by where it stands."""
_SHORT: Final = 11  # characters with no room for an option, a header or a login
_FOLLOWED: Final = 8  # definitions of definitions


@dataclass(slots=True)
class PlaceSearch:
    """Goes through documents and notes where secrets stand."""

    documents: Mapping[str, Document]
    found: Places
    definitions: Definitions = field(init=False)
    done: set[tuple[int, str]] = field(default_factory=set)
    beside: dict[str, list[Span]] = field(default_factory=dict)
    """Names of secrets, with their values: comments on their lines are looked at too."""

    def __post_init__(self) -> None:
        self.definitions = Definitions(root for each in self.documents.values() for root in each.roots)

    def source_of(self, node: Node) -> str:
        """A node as it is written."""
        document = self.documents.get(node.root_node.source)
        return document.text[node.start : node.end] if document is not None else ""

    def walk_tree(self, root: Node) -> None:
        """Look at a tree, each node once."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.alias is not None:
                continue
            kind = node.kind
            if kind is NodeKind.SCALAR or kind is NodeKind.CODE:
                if (inside := self._judge_written(node)) is not None:
                    stack.append(inside)
            elif kind is NodeKind.MAP:
                self._judge_map(node)
                stack += [entry.value for entry in node.entries]
            elif node.items:
                if kind is NodeKind.CALL or node.tag is not None:
                    self._judge_composed(node)
                self._judge_words(node)
                stack.extend(node.items)

    def _judge_written(self, node: Node) -> Node | None:
        """Look at a text or an expression; gives the root of what stands embedded in it, if anything does."""
        inside = node.embedded
        if inside is None and node.style == "heredoc":
            inside = parse_embedded_json(node, self.documents)
        text = node.value
        if node.kind is NodeKind.CODE:
            self._judge_composed(node)
        elif isinstance(text, str):
            if len(text) > _SHORT and may_hold_shapes(text):
                self._judge_text(node, text)
            if "=" in text and (secret := find_assigned_secret(text)):
                self._cover_inside(node, secret)
        return inside

    def _judge_map(self, node: Node) -> None:
        names: list[Node] = []
        values: list[Entry] = []
        for entry in node.entries:
            key = entry.key
            part = part_of_key(key)
            if part == 0 and not (entry.value.labels and key not in PLAIN_KEYS):
                continue
            if key in NAME_KEYS:
                names.append(entry.value)
            elif key in VALUE_KEYS:
                values.append(entry)
            elif key == "<<":
                names, values = merged_pair(node)
            elif key == "valueFrom":
                self._judge_pointed(node, entry.value)
            if part & JUDGED or entry.value.labels:
                self._judge_entry(node, entry)
        if values:
            self._judge_pairs(names, values, *((_FORCED,) if is_hushed(node) else ()))

    def _judge_computed(self, entry: Entry) -> None:
        """An entry of HCL whose key is an expression: its texts and what it refers to are its names."""
        find = self.definitions.find_definitions
        for piece in iterate_code_pieces(entry.key):
            told = find(piece, entry.value) if isinstance(piece, ReferencePiece) else ()
            names = [piece.text] if isinstance(piece, LiteralPiece) else [str(each.value) for each in told]
            for name in filter(names_secret, names):
                self._judge_named(name, entry)

    def _judge_composed(self, node: Node) -> None:
        """What is a secret by what an expression makes of it."""
        self._cover_inside(node, composed_secrets(node, self.source_of))

    def _judge_entry(self, node: Node, entry: Entry) -> None:
        if entry.key[:1] in COMPUTED:
            self._judge_computed(entry)
        elif entry.key[:4] == "Fn::":
            self._judge_composed(node)
        elif entry.key[:1] == "*":
            name = anchored_key(self.documents.get(entry.value.root_node.source), entry.key)
            if names_secret(name):
                self._judge_named(name, entry)
        elif entry.value.labels:
            self._judge_block(entry)
        elif entry.key == "secretGenerator":
            self._cover_generated(entry.value)
        elif entry.key in HOLDERS:
            self._cover_held(list_held_entries(node, entry))
        elif names_secret(entry.key):
            self._judge_named(entry.key, entry)

    def _judge_pointed(self, node: Node, source: Node) -> None:
        """A variable that takes a key of a ConfigMap: what stands there is judged under its name."""
        if source.kind is NodeKind.SCALAR:
            self.judge_value(PERHAPS, source)
        name, reference = pointed_key(node, source) or ("", None)
        if reference is not None and names_secret(name):
            for target in self.definitions.find_definitions(reference, node):
                self.found.followed.add((reference.kind, reference.name, name))
                self.judge_value(name, target)

    def _judge_pairs(self, names: Sequence[Node], values: Sequence[Entry], *forced: str) -> None:
        for name in (*(self._written_name(each) for each in names), *forced):
            if names_secret(name):
                for entry in values:
                    self._judge_value_entry(name, entry)
                for node in names:
                    self.beside.setdefault(node.root_node.source, []).append((node.start, node.end))

    def _written_name(self, node: Node) -> str:
        """A name as far as it is written out: of one that is put together, its last words."""
        if node.kind is NodeKind.SCALAR and node.tag is None:
            return str(node.value)
        written = [
            each.text for each in iterate_pieces(node, self.source_of) if isinstance(each, LiteralPiece)
        ]
        return written[-1] if written else ""

    def _judge_named(self, name: str, entry: Entry) -> None:
        """A value under its own key: that of a parameter or variable is its default, that of a map each."""
        value = entry.value
        if value.kind in (NodeKind.SCALAR, NodeKind.CODE):
            self.beside.setdefault(value.root_node.source, []).append((value.start, value.end))
        if value.kind is NodeKind.MAP and function_of(value) is None and value.tag is None:
            self._judge_held(name, value)
        elif value.kind is NodeKind.LIST and value.tag is None:
            for item in value.items:
                if item.kind is not NodeKind.MAP or function_of(item) is not None:
                    self.judge_value(name, item)
        else:
            self._judge_value_entry(name, entry)

    def _judge_held(self, name: str, value: Node, depth: int = 0) -> None:
        """The values of a map under the name of secrets: `passwords: {admin: X, db: {value: Y}}`."""
        under = name if holds_secrets(name) else PERHAPS if names_password(name) else ""
        each_is = under and value.find_entry("Type") is None and depth < _FOLLOWED
        for inner in value.entries:
            if inner.key in VALUE_KEYS:
                self._judge_value_entry(name, inner)
            elif not each_is or is_about(inner.key):
                continue
            elif inner.value.kind is NodeKind.MAP and function_of(inner.value) is None:
                self._judge_held(name, inner.value, depth + 1)
            elif inner.value.kind is not NodeKind.LIST:
                self.judge_value(under, inner.value)

    def _judge_block(self, entry: Entry) -> None:
        body, label = entry.value, entry.value.labels[-1]
        self._cover_held(list_resource_secrets(body))
        if names_secret(label) and (entry.key in TOLD or body.find_child("value") is not None):
            for inner in body.entries:
                if inner.key in VALUE_KEYS:
                    self._judge_value_entry(label, inner)

    def _cover_held(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if sure := names_secret(entry.key):
                self._judge_value_entry(entry.key, entry)
            self._judge_value_entry(_FORCED, entry, sure=sure)

    def _cover_generated(self, node: Node) -> None:
        for item in node.items:
            for literal in item.list_items("literals"):
                self._cover_node(literal, [str(literal.value).partition("=")[2]])

    def _judge_words(self, node: Node) -> None:
        """Options and their values as two items of a list."""
        if not is_command(node):
            return
        for name, item in find_option_values(node):
            self.judge_value(name, item)
        for item, secret in find_spread_secrets(node, find_recognised_spans, list_words_beside(node)):
            self._cover_node(item, [secret])

    def _judge_text(self, node: Node, text: str) -> None:
        """What a text holds by its form."""
        self._cover_inside(node, (text[start:end] for start, end in find_recognised_spans(text)))
        self._cover_inside(node, (text[each.start : each.end].strip() for each in find_inner_secrets(text)))
        self._cover_inside(node, find_json_secrets(text, names_secret))
        if "\n" not in text:
            self._cover_inside(node, (text[start:end] for start, end, _ in find_inner_secrets(text)))

    def _cover_inside(self, node: Node, values: Iterable[str]) -> None:
        """Secrets in a value; where its source says one in another way, all of it is a place."""
        source, whole = "", False
        for value in values:
            source = source or self.source_of(node)
            self._add_value(value)
            if value not in source:
                whole = True
                self.found.values.update(piece for piece in value.split() if len(piece) > 3)
        if whole:
            self._add_place(node)

    def _judge_value_entry(self, name: str, entry: Entry, *, sure: bool = True) -> None:
        value = entry.value
        if value.kind is NodeKind.SCALAR and value.value is None and value.alias is None:
            self._judge_unsaid(entry)
        self.judge_value(name, value, sure=sure)

    def _judge_unsaid(self, entry: Entry) -> None:
        """What was meant as a value, and that YAML reads as none."""
        document = self.documents.get(entry.value.root_node.source)
        if document is not None and (span := unsaid_span(document.text, entry)) is not None:
            self._add_span(document.path, *span)
            self._add_value(document.text[slice(*span)].strip())

    def judge_value(self, name: str, node: Node, *, sure: bool = True, depth: int = 0) -> None:
        """Take a value for a secret if any text that it is built from is one, by its form and that name."""
        if depth > _FOLLOWED or (id(node), name) in self.done:
            return
        self.done.add((id(node), name))
        secret: list[str] = []
        for piece in iterate_pieces(node, self.source_of):
            if isinstance(piece, ReferencePiece):
                for target in self.definitions.find_definitions(piece, node):
                    self.found.followed.add((piece.kind, piece.name, name))
                    self._judge_definition(name, target, depth + 1)
            elif is_secret(name, piece.text):
                secret.append(piece.text)
        for each in node.walk_tree():
            if each.alias is not None:
                self.judge_value(name, each.alias, sure=sure, depth=depth + 1)
        if secret:
            self._cover_node(node.alias or node, secret, sure=sure)

    def _judge_definition(self, name: str, target: Node, depth: int) -> None:
        if target.kind is NodeKind.MAP and function_of(target) is None:
            for entry in target.entries:
                self._judge_definition(name, entry.value, depth + 1)
        else:
            self.judge_value(name, target, depth=depth)

    def _cover_node(self, node: Node, texts: Iterable[str], *, sure: bool = True) -> None:
        for text in texts:
            if sure or not is_plain_lowercase(text):
                self._add_value(text)
        self._add_place(node)

    def _add_value(self, text: str) -> None:
        self.found.values.add(text)
        if (decoded := decode_base64_text(text)) is not None:
            self.found.values.add(decoded)

    def _add_place(self, node: Node) -> None:
        document = self.documents.get(node.root_node.source)
        if document is None:
            return
        source = document.text[node.start : node.end]
        start, end = find_inner_span(source, node.style)
        self._add_span(document.path, node.start + start, node.start + end)
        if "\n" in source:
            self.found.values.update(
                line for each in source.splitlines() if len(line := each.strip(" \t\\\"'")) > 3
            )

    def _add_span(self, path: str, start: int, end: int) -> None:
        self.found.spans.setdefault(path, []).append((start, end))

    def search_remarks(self) -> None:
        """Comments beside the places often hold what stood there before."""
        for path, document in self.documents.items():
            spans = self.found.spans.get(path, [])
            if beside := [*spans, *self.beside.get(path, ())]:
                hidden = list(find_remark_spans(document.text, beside, document.syntax))
                self.found.spans[path] = [*spans, *hidden]
                self.found.values.update(document.text[at:end].strip("\"'`.,;()!?") for at, end in hidden)
