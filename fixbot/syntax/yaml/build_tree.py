"""Events into nodes, in one pass without recursion: this is where the time of a large run goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fixbot.edit.tree import BeyondLimits, Entry, Grammar, Node, NodeKind, SyntaxProblem
from fixbot.syntax.yaml.scalars import NUMBER_STARTS, WORDS, parse_number, resolve_tagged, shorten_tag

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 400
"""Collections in each other; far beyond any manifest, and safe for whoever walks the tree by calls."""
MOST_REPEATED = 200_000
"""Values that the aliases of one text may stand for: whoever reads the data walks through them all."""
MOST_MERGED = 10_000
"""Maps that one map may bring in through merge keys, theirs included."""

_OWN = frozenset({"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_HEADER = re.compile(r"(?:[&!]\S*+(?:\s|#[^\n]*+)++)*+[|>](?P<signs>[-+0-9]*)[^\r\n]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
Key = tuple[str, int, int]
_SCALAR, _MAP, _LIST = NodeKind.SCALAR, NodeKind.MAP, NodeKind.LIST


class TreeBuilder:
    """The trees of one text, whose first character has the offset `start`."""

    def __init__(self, grammar: Grammar, text: str, start: int) -> None:
        self.grammar = grammar
        self.text = text
        self.start = start
        self.roots: list[Node] = []
        self.around: list[tuple[Node | None, list[Node] | None, Key | None]] = []
        self.anchors: dict[str, Node] = {}
        self.merged: dict[int, int] = {}
        self.sizes: dict[int, int] = {}
        self.repeated = 0

    def build_documents(self, following: Callable[[], Any]) -> tuple[Node, ...]:
        """One node a document. Raises SyntaxProblem, and whatever `following` raises."""
        from ruamel.yaml import events  # noqa: PLC0415 - costs 70 ms

        scalar, alias = events.ScalarEvent, events.AliasEvent
        opening = {events.MappingStartEvent: _MAP, events.SequenceStartEvent: _LIST}
        closing = {events.MappingEndEvent, events.SequenceEndEvent}
        base, around = self.start, self.around
        node: Node | None = None
        items: list[Node] | None = None
        key: Key | None = None
        while True:
            event = following()
            kind = type(event)
            if kind is scalar:
                start, end = base + event.start_mark.index, base + event.end_mark.index
                if key is None and items is None and node is not None and event.anchor is None:
                    key = (event.value, start, end)
                    continue
                child = self.build_scalar(event, start, end, key)
            elif kind in opening:
                around.append((node, items, key))
                node, items, key = self.open_collection(event, opening[kind]), None, None
                if node.kind is _LIST:
                    items = node.items
                continue
            elif kind in closing and node is not None:
                child = self.close_collection(node, event)
                node, items, key = around.pop()
            elif kind is alias:
                child = self.build_alias(event)
            elif kind is events.StreamEndEvent:
                return tuple(self.roots)
            else:
                self.anchors.clear()
                continue
            if items is not None:
                items.append(child)
                child.parent = node
            else:
                key = self.attach_child(node, key, child, event)

    def attach_child(self, node: Node | None, key: Key | None, child: Node, event: Any) -> Key | None:
        """Make `child` a root, a key that needs a node, or the value of `key`; the key still open."""
        if node is None:
            self.roots.append(child)
            return None
        if key is None:
            plain = child.kind is _SCALAR and child.alias is None
            source = self.text[child.start - self.start : child.end - self.start]
            return (event.value if plain else source, child.start, child.end)
        written, start, end = key
        node.entries.append(Entry(written, start, end, child))
        child.parent = node
        if written == "<<":
            self.weigh_merge(node, child)
        return None

    def build_scalar(self, event: Any, start: int, end: int, key: Key | None) -> Node:
        """The node of a scalar event."""
        text, style, tag = event.value, event.style or "", event.ctag
        node = Node(_SCALAR, start, end, self.grammar, style)
        if tag is not None:
            node.value, node.tag = resolve_tagged(str(tag), text, not style)
        elif style:
            node.value = text
        elif text in WORDS:
            node.value = WORDS[text]
        else:
            node.value = parse_number(text) if text[0] in NUMBER_STARTS else text
        if style in ("|", ">"):
            node.end = self.start + _find_content_end(self.text, start - self.start, end - self.start)
        elif start == end:
            node.start = node.end = self.place_of_nothing(node.start, key)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def place_of_nothing(self, at: int, key: Key | None) -> int:
        """Where a value that isn't written would be: behind its colon or dash, not on a later line."""
        if key is None:
            return self.text.rfind("-", 0, at - self.start) + 1 + self.start
        found = _GAP.match(self.text, key[2] - self.start)
        colon = found.end() if found else -1
        return self.start + colon + 1 if self.text[colon : colon + 1] == ":" else key[2]

    def open_collection(self, event: Any, kind: NodeKind) -> Node:
        """The node of a collection that begins here."""
        start = self.start + event.start_mark.index
        if len(self.around) > DEEPEST:
            raise BeyondLimits(f"more than {DEEPEST} collections in each other", start)
        node = Node(kind, start, -1, self.grammar, "flow" if event.flow_style else "block")
        if event.tag is not None and str(event.tag) not in _OWN:
            node.tag = shorten_tag(str(event.tag))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def close_collection(self, node: Node, event: Any) -> Node:
        """That node, with the end it turned out to have: a block's own mark is a few lines late."""
        last = node.items[-1] if node.items else node.entries[-1].value if node.entries else None
        if node.style == "block" and last is not None:
            node.end = last.end
        else:
            node.end = self.start + event.end_mark.index
            if node.entries and self.text.startswith("{{", node.start - self.start):
                return self.build_placeholder(node)
        return node

    def build_placeholder(self, node: Node) -> Node:
        """`{{ … }}`: a map whose key is a map, which nobody has; a template's tag, so of unknown value."""
        code = Node(NodeKind.CODE, node.start, node.end, self.grammar, "flow")
        code.value = self.text[node.start - self.start : node.end - self.start]
        return code

    def build_alias(self, event: Any) -> Node:
        """A node that shares all that its anchor's node holds."""
        start, end = self.start + event.start_mark.index, self.start + event.end_mark.index
        target = self.anchors.get(event.anchor)
        if target is None:
            raise SyntaxProblem("an alias without its anchor", start)
        if target.end < 0:
            raise SyntaxProblem("an alias inside what it stands for", start)
        self.repeated += self.count_values(target)
        if self.repeated > MOST_REPEATED:
            raise BeyondLimits("aliases that multiply beyond reason", start)
        node = Node(target.kind, start, end, self.grammar, target.style)
        node.entries, node.items = target.entries, target.items
        node.value, node.tag = target.value, target.tag
        node.alias = target
        target.anchored = True
        return node

    def count_values(self, node: Node) -> int:
        """How many values a node stands for, those behind aliases counted each time."""
        key = id(node.alias or node)
        if key not in self.sizes:
            below = [*node.items, *(entry.value for entry in node.entries)]
            self.sizes[key] = 1 + sum(map(self.count_values, below))
        return self.sizes[key]

    def weigh_merge(self, node: Node, value: Node) -> None:
        """Refuse merge keys that would make every look-up in `node` a walk through thousands of maps."""
        maps = value.items if value.kind is _LIST else [value]
        weight = sum(self.merged.get(id(each.alias or each), 1) for each in maps)
        self.merged[id(node)] = self.merged.get(id(node), 1) + weight
        if weight > MOST_MERGED:
            raise BeyondLimits("merge keys that multiply beyond reason", value.start)


def _find_content_end(text: str, start: int, end: int) -> int:
    """Where the last line of a block scalar ends: blank lines behind it count if they are content."""
    header = _HEADER.match(text, start, end)
    signs, at = (header["signs"], header.end()) if header else ("", start)
    indent, last = (0 if signs.strip("+-") else None), at
    while (found := _LINE_END.match(text, at, end)) is not None and found.end() < end:
        begin = found.end()
        following = _LINE_END.search(text, begin, end)
        at = following.start() if following else end
        line = text[begin:at]
        depth = len(line) - len(line.lstrip(" "))
        if depth < len(line):
            indent = depth if indent is None else indent
            last = at
        elif "+" in signs or (indent is not None and depth > indent):
            last = at
    return last
