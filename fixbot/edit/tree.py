"""What every syntax is read into: nodes that know where they stand in the text.

Offsets count characters of the decoded text; a document is decoded from strict UTF-8 without
translating line ends, so text and bytes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

Scalar = str | int | float | bool | None


class UnsetValue(Enum):
    """The two values that are no value: not written, and written in a way that can't be known."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


ABSENT: Final = UnsetValue.ABSENT
UNKNOWN: Final = UnsetValue.UNKNOWN


@dataclass(frozen=True, slots=True)
class CodeExpression:
    """An expression in the syntax's own words: `aws_iam_role.x.arn`, a bare `${image}`."""

    text: str


class HostedText(str):
    """A text with expressions of HCL in it, for JSON or YAML that stands in a template of HCL."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TaggedValue:
    """A YAML value behind a tag of its own: `!Sub "${AppSecret}:KEY::"`."""

    tag: str
    value: Value


@dataclass(frozen=True, slots=True)
class HclBlock:
    """An HCL block to be written: `volume { name = "tmp" }`; a plain dict in a body is one too."""

    labels: tuple[str, ...]
    content: dict[str, Value]


class ArgumentMap(dict[str, "Value"]):
    """A map that an HCL body holds as an argument (`labels = { … }`), where a plain dict would be a block."""


Value = Scalar | CodeExpression | TaggedValue | HclBlock | dict[str, "Value"] | list["Value"]


class CannotEdit(Exception):
    """There is no exact edit for what is asked of a text; the message is the reader's reason."""


class SyntaxProblem(Exception):
    """The text isn't what its name says. `offset` is where reading stopped, if that is known."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class BeyondLimits(SyntaxProblem):
    """The text may well be what its name says, but is deeper or larger than what is read."""


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """Put `text` where `start:end` of the unedited text stands; `start == end` inserts."""

    start: int
    end: int
    text: str


class NodeKind(Enum):
    """What a node is. CODE is everything whose value can't be known by reading alone."""

    MAP = "map"
    LIST = "list"
    SCALAR = "scalar"
    CALL = "call"
    CODE = "code"


class Entry:
    """One `key: value` of a map; in an HCL body also one block, whose type is the key."""

    __slots__ = ("key", "key_end", "key_start", "value")

    def __init__(self, key: str, key_start: int, key_end: int, value: Node) -> None:
        self.key = key
        self.key_start = key_start
        self.key_end = key_end
        self.value = value


class _Nothing(list[Any]):
    """The empty list that nodes share that can't have children."""

    __slots__ = ()

    def append(self, _: object, /) -> None:
        """Fail, rather than give a child to all of them."""
        raise TypeError("a node of this kind has no children")


_NONE: Final = _Nothing()
_MAP, _SCALAR = NodeKind.MAP, NodeKind.SCALAR  # looked up half a million times


NO_VALUE: Final = "AWS::NoValue"
"""The name by which a CloudFormation template says that a property is not there."""


class Node:
    """A value and where it stands.

    `start:end` is the whole value as written, a YAML tag or anchor in front included, without
    blank lines and comments behind. What the other fields hold depends on `kind`:

    - MAP: `entries`. `style` is "block" or "flow" (YAML), "object" (JSON, HCL expressions),
      "body" (an HCL file, resource or nested block; `labels` are the block's).
    - LIST: `items`. `style` is "block" or "flow" (YAML), "array" (JSON), "tuple" (HCL).
    - SCALAR: `value` as YAML 1.1, JSON or HCL read it; `style` is the quote or block indicator.
    - CALL: an HCL function call; `value` is the function's name, `items` its arguments.
      A condition is a call of `?`: what is asked, and the two values.
    - CODE: `value` is the source text: an HCL expression or template, a bare `${…}` in JSON.

    `tag` is a YAML tag that isn't one of YAML's own (`!Ref`): then the value isn't known either,
    though the children can be looked at. `alias` is the anchored node that an alias stands for
    (the children are the target's own). `anchored` says that an alias elsewhere repeats this node.
    `embedded` is the root of a text read inside this scalar (JSON in a heredoc or block scalar); or see
    `embedded_problem`.
    """

    __slots__ = (
        "alias", "anchored", "embedded", "embedded_problem", "end", "entries", "grammar", "items", "kind",
        "labels", "parent", "source", "start", "style", "tag", "value",
    )  # fmt: skip

    def __init__(self, kind: NodeKind, start: int, end: int, grammar: Grammar, style: str = "") -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.grammar = grammar
        self.style = style
        self.value: Scalar = None
        self.tag: str | None = None
        # Most nodes are scalars: two lists for each would be half of what a large file costs in memory.
        self.entries: list[Entry] = [] if kind is _MAP else _NONE
        self.items: list[Node] = _NONE if kind is _MAP or kind is _SCALAR else []
        self.labels: tuple[str, ...] = ()
        self.parent: Node | None = None
        self.alias: Node | None = None
        self.anchored = False
        self.embedded: Node | None = None
        self.embedded_problem: SyntaxProblem | None = None
        self.source = ""

    @property
    def root_node(self) -> Node:
        """The outermost node; its `source` is the document's path."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    @property
    def is_known(self) -> bool:
        """Whether reading the text is enough to know this value (its children may still differ)."""
        return self.tag is None and self.kind in (NodeKind.MAP, NodeKind.LIST, NodeKind.SCALAR)

    @property
    def scalar(self) -> Scalar | UnsetValue:
        """The plain value of a known scalar, UNKNOWN for anything else."""
        return self.value if self.kind is _SCALAR and self.tag is None else UNKNOWN

    @property
    def text(self) -> str | None:
        """The value if it is a known string."""
        value = self.scalar
        return value if isinstance(value, str) else None

    def find_entry(self, key: str) -> Entry | None:
        """The entry of that key; the last one where a key is written twice."""
        for entry in reversed(self.entries):
            if entry.key == key:
                return entry
        return None

    @property
    def is_nothing(self) -> bool:
        """Whether this is written in the place of nothing: `null`, or `AWS::NoValue` of CloudFormation."""
        if self.kind is _SCALAR:
            return self.value is None if self.tag is None else self._is_no_value
        return len(self.entries) == 1 and self.kind is _MAP and self.tag is None and self._is_no_value

    @property
    def _is_no_value(self) -> bool:
        if self.kind is NodeKind.SCALAR:
            return self.tag == "!Ref" and self.value == NO_VALUE
        entry = self.entries[0]
        return entry.key == "Ref" and entry.value.scalar == NO_VALUE

    def find_node(self, *path: str) -> Node | None:
        """The node at `path` below this map, through YAML merge keys; None where nothing is written."""
        node: Node = self
        for key in path:
            if (found := node.find_child(key)) is None:
                return None
            node = found
        return node

    def find_child(self, key: str) -> Node | None:
        """The value of one key, its own or one that a merge key brings in; a null is none, and hides that."""
        merges, found = False, None
        for entry in self.entries:
            if entry.key == key:
                found = entry.value
            elif entry.key == "<<":
                merges = True
        if found is not None or not merges:
            return None if found is None or found.is_nothing else found
        below = (each.find_child(key) for each in self.iterate_merged())
        return next((each for each in below if each is not None), None)

    def iterate_merged(self) -> Iterator[Node]:
        """The maps that a YAML `<<` brings in, first come first served."""
        entry = self.find_entry("<<") if self.grammar.has_tags else None
        if entry is not None:
            yield from entry.value.items if entry.value.kind is NodeKind.LIST else (entry.value,)

    def list_items(self, key: str) -> Sequence[Node]:
        """The items of the list at `key`, or every block of that type in an HCL body."""
        if self.style == "body":
            return [entry.value for entry in self.entries if entry.key == key and entry.value.style == "body"]
        node = self.find_child(key)
        return node.items if node is not None and node.kind is NodeKind.LIST else ()

    def walk_tree(self) -> Iterator[Node]:
        """The node and all below it, each once: an alias isn't followed."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.alias is None and (node.items or node.entries):
                stack += node.items[::-1] or [entry.value for entry in node.entries[::-1]]

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.start}:{self.end}>"


@dataclass(slots=True)
class NewEntry:
    """An entry that is to be written into a map."""

    key: str
    value: Value
    near: tuple[str, ...] = ()
    argument: bool = False
    """In an HCL body: `key = value` even where the value could be a block."""
    merged: bool = False
    """Whether items of one name in its lists are one item."""
    another: bool = False
    """A block beside others of its type, not what the one block of that type shall hold."""


@dataclass(slots=True)
class Rewrite:
    """All that is to change in one collection, its children's own insides excepted."""

    node: Node
    dropped: list[Node] = field(default_factory=list)
    replaced: list[tuple[Node, Value]] = field(default_factory=list)
    put: list[NewEntry] = field(default_factory=list)
    first: list[Value] = field(default_factory=list)
    last: list[Value] = field(default_factory=list)
    put_by_name: dict[tuple[str, tuple[str, ...]], list[NewEntry]] = field(
        default_factory=lambda: defaultdict(list), repr=False, compare=False
    )
    """What is put, by its key and, of a block beside others of its type, its labels."""

    def is_dropped(self, node: Node) -> bool:
        """Whether that child goes."""
        return bool(self.dropped) and any(each is node for each in self.dropped)

    def find_replacement(self, node: Node) -> tuple[Value] | None:
        """What is written in the place of that child."""
        return next(((value,) for each, value in self.replaced if each is node), None)

    @property
    def children(self) -> list[Node]:
        """The values that the collection holds now."""
        return [entry.value for entry in self.node.entries] or self.node.items

    @property
    def emptied(self) -> bool:
        """Whether nothing would be left in the collection."""
        new = self.put or self.first or self.last
        return bool(self.dropped) and not new and all(map(self.is_dropped, self.children))


class Grammar(Protocol):
    """What a syntax offers. Stateless; one instance a syntax, named `GRAMMAR` in its module."""

    name: str
    has_tags: bool
    """Whether a value may carry a tag (`!Ref`), an anchor or a merge key."""
    has_expressions: bool
    """Whether a value may be code of the syntax's own (`var.x`), which JSON and YAML know only in strings."""
    new_items_first: bool
    """Whether an item costs fewer lines at the head of a list than at its end (commas)."""

    def parse_text(self, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        """Read `text[start:end]` into roots (one a YAML document), offsets those of `text`.

        Raises SyntaxProblem, and nothing else, whatever the text.
        """

    def find_comments(self, text: str, start: int = 0, end: int | None = None) -> Sequence[tuple[int, int]]:
        """Where the comments of `text[start:end]` stand, marks included, in their order.

        What only looks like one (in a string, a key, a heredoc) is none. Raises SyntaxProblem.
        """

    def rewrite_collection(self, text: str, wanted: Rewrite) -> Iterable[TextEdit]:
        """The edits that carry out `wanted` on its one collection. Raises CannotEdit."""

    def write_document(self, value: Value) -> str:
        """A document of its own with that data, and a line end. Raises CannotEdit."""
