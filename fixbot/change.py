"""What a fix wants changed, said of nodes, and the same said of each collection that is touched.

A fixer says Put, Add, Drop and Replace; `plan` sorts them into one Rewrite a collection, so that a
grammar settles commas, indentation and emptied parents once; `fixbot.plain` says what the data must be
afterwards. Rendering and expectation come from the same Rewrite, and the proof compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fixbot.tree import Block, CannotEdit, Edit, Entry, Hosted, Kind, New, Node, Rewrite, Value


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """Write `value` at `path` below the map `node`; maps that are missing on the way are made.

    `near` names keys next to which a reader would look for the new one, the best first.
    In an HCL body a path leads into *the* block of that type, and so does a dict: all that is put there
    makes one block where there is none. For another block beside others there is `Add`.
    """

    node: Node
    path: tuple[str, ...]
    value: Value
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Add:
    """Put `item` into the list at `path` below the map `node`; the list is made where it is missing.

    An empty path means that `node` is the list. `last` insists on the end of the list.
    In an HCL body a dict or Block is another block of that type; what is added under the same labels is one.
    """

    node: Node
    path: tuple[str, ...]
    item: Value
    near: tuple[str, ...] = ()
    last: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Drop:
    """Take the entry or item whose value is `node` away, and collections that this leaves empty."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Replace:
    """Write `value` where the value `node` stands."""

    node: Node
    value: Value


Change = Put | Add | Drop | Replace


Plan = dict[int, Rewrite]
"""Rewrites by the id of their node."""


def plan(changes: Iterable[Change]) -> Plan:
    """Sort changes by collection. Raises CannotEdit where one can't be made exactly."""
    wanted: Plan = {}
    for change in changes:
        match change:
            case Put():
                _put(wanted, change.node, change.path, change.value, change.near)
            case Add():
                _add(wanted, change)
            case Drop():
                _drop(wanted, change.node)
            case Replace():
                _replace(wanted, change.node, change.value)
    _prune(wanted)
    return {key: rewrite for key, rewrite in wanted.items() if not _inside_dropped(wanted, rewrite)}


def edits(text: str, wanted: Plan) -> list[Edit]:
    """The edits of `text` that carry out a plan whose nodes all stand in it. Raises CannotEdit."""
    inner_first = sorted(wanted.values(), key=lambda rewrite: -rewrite.node.start)
    for each in inner_first:
        if each.node.grammar.name != "hcl" and each.node.root.grammar.name == "hcl":
            _check_hosted(each)
    return [edit for rewrite in inner_first for edit in rewrite.node.grammar.rewrite(text, rewrite)]


_ESCAPED = re.compile(r"(?<!\$)\$\$\{|(?<!%)%%\{")


def _check_hosted(rewrite: Rewrite) -> None:
    """Raises CannotEdit where a new text in a template of HCL would be read as an expression there."""
    new: list[Value] = [value for _, value in rewrite.replaced] + rewrite.first + rewrite.last
    new += [{each.key: each.value} for each in rewrite.put]
    while new:
        value = new.pop()
        if isinstance(value, dict):
            new += [*value, *value.values()]
        elif isinstance(value, list):
            new += value
        elif isinstance(value, str) and not isinstance(value, Hosted):
            rest = _ESCAPED.sub("", value)
            if "${" in rest or "%{" in rest:
                raise CannotEdit("a text in it would become an expression of Terraform")


def _rewrite(wanted: Plan, node: Node) -> Rewrite:
    if id(node) not in wanted:
        check_editable(node)
        wanted[id(node)] = Rewrite(node)
    return wanted[id(node)]


def check_editable(node: Node) -> None:
    """Raises CannotEdit where a change inside `node` would reach further than `node`, or not take."""
    at: Node | None = node
    while at is not None:
        if at.alias is not None:
            raise CannotEdit("it stands behind a YAML alias; a change there would need the anchor's")
        if at.anchored:
            raise CannotEdit("it stands under a YAML anchor that is repeated elsewhere in the file")
        keys = [entry.key for entry in at.entries] if at.style != "body" else []
        if len(keys) != len(set(keys)):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise CannotEdit(
                f"the key {twice!r} is written twice in one map; which one counts differs by reader"
            )
        at = at.parent


def _put(wanted: Plan, node: Node, path: tuple[str, ...], value: Value, near: tuple[str, ...]) -> None:
    for depth, key in enumerate(path):
        if node.kind is not Kind.MAP or node.tag is not None:
            raise CannotEdit(f"{'.'.join(path[:depth]) or 'it'} is computed, not written out")
        entry = _only_entry(node, key)
        if entry is None:
            if any(merged.get(key) is not None for merged in node.merged()):
                raise CannotEdit(f"{key} comes from a YAML merge key")
            _put_new(_rewrite(wanted, node), New(key, _nested(path[depth + 1 :], value), near))
            return
        if entry.value.nothing:
            _replace(wanted, entry.value, _nested(path[depth + 1 :], value))
            return
        node = entry.value
    if node.style == "body" and isinstance(value, Block):
        raise CannotEdit("there is a block of that type already")
    if node.style == "body" and isinstance(value, dict):
        for key, each in value.items():
            _put(wanted, node, (key,), each, ())
    else:
        _replace(wanted, node, value)


def _only_entry(node: Node, key: str) -> Entry | None:
    """The entry of that key. Raises CannotEdit for one of several blocks of that type."""
    if holds_blocks(node) and len(node.many(key)) > 1:
        raise CannotEdit(f"there are several {key} blocks, and which one is meant isn't known")
    return node.entry(key)


def _nested(path: tuple[str, ...], value: Value) -> Value:
    """The value in maps with one key each, the outermost first."""
    for name in reversed(path):
        value = {name: value}
    return value


def holds_blocks(node: Node) -> bool:
    """Whether a dict put into `node` is a block: in every HCL body but those that take arguments only."""
    if node.style != "body":
        return False
    around = node.parent.entries if node.parent is not None and node.parent.parent is None else []
    return not any(entry.value is node and entry.key in ("module", "locals") for entry in around)


def _put_new(rewrite: Rewrite, new: New) -> None:
    new.argument = rewrite.node.style == "body" and not holds_blocks(rewrite.node)
    same = next((each for each in rewrite.put if _goes_with(each, new)), None)
    if same is None:
        rewrite.put.append(new)
    elif isinstance(same.value, Block) and isinstance(new.value, Block):
        content = _merged(same.value.content, new.value.content, new.key)
        if isinstance(content, dict):
            same.value = Block(same.value.labels, content)
    else:
        same.value = _merged(same.value, new.value, new.key)


def _goes_with(one: New, two: New) -> bool:
    """Whether two entries to be written are one: a key's in a map, equal blocks, or blocks of one name."""
    if one.key != two.key or one.another is not two.another:
        return False
    if not two.another or one.value == two.value:
        return True
    if isinstance(one.value, Block) and isinstance(two.value, Block):
        return bool(one.value.labels) and one.value.labels == two.value.labels
    return False


def _merged(one: Value, two: Value, where: str) -> Value:
    if isinstance(one, dict) and isinstance(two, dict):
        both = dict(one)
        for key, value in two.items():
            both[key] = _merged(both[key], value, key) if key in both else value
        return both
    if isinstance(one, list) and isinstance(two, list):
        return one + [item for item in two if item not in one]
    if one == two and type(one) is type(two):
        return one
    raise CannotEdit(f"two fixes want different values for {where}")


def _add(wanted: Plan, change: Add) -> None:
    node = change.node
    *way, key = change.path or ("",)
    if change.path:
        for name in way:
            entry = _only_entry(node, name)
            if entry is None or entry.value.nothing:
                break
            node = entry.value
        else:
            if holds_blocks(node) and isinstance(change.item, Block | dict):
                _put_new(_rewrite(wanted, node), New(key, change.item, change.near, another=True))
                return
            entry = node.entry(key)
            if entry is not None and not entry.value.nothing:
                _add_item(wanted, entry.value, change)
                return
        _put(wanted, change.node, change.path, [change.item], change.near)
    else:
        _add_item(wanted, node, change)


def _add_item(wanted: Plan, node: Node, change: Add) -> None:
    if node.kind is not Kind.LIST or node.tag is not None:
        raise CannotEdit(f"{'.'.join(change.path) or 'the list'} is computed, not written out")
    rewrite = _rewrite(wanted, node)
    first = node.grammar.new_items_first and not change.last
    items = rewrite.first if first else rewrite.last
    if change.item not in items:
        items.append(change.item)


def _drop(wanted: Plan, node: Node) -> None:
    if node.parent is None or node.parent.kind not in (Kind.MAP, Kind.LIST):
        raise CannotEdit("it isn't an entry of its own")
    rewrite = _rewrite(wanted, node.parent)
    if not rewrite.drops(node):
        rewrite.dropped.append(node)


def _replace(wanted: Plan, node: Node, value: Value) -> None:
    if node.parent is None:
        raise CannotEdit("it is the whole document")
    if node.alias is not None or node.anchored:
        raise CannotEdit("it is a YAML anchor or alias")
    rewrite = _rewrite(wanted, node.parent)
    before = rewrite.replacement(node)
    if before is None:
        rewrite.replaced.append((node, value))
    else:
        merged = _merged(before[0], value, "one place")
        rewrite.replaced = [(each, merged if each is node else old) for each, old in rewrite.replaced]


def _prune(wanted: Plan) -> None:
    for rewrite in list(wanted.values()):
        node = rewrite.node
        while wanted[id(node)].emptied and node.parent is not None:
            if node.parent.kind not in (Kind.MAP, Kind.LIST):
                break
            _drop(wanted, node)
            node = node.parent


def _inside_dropped(wanted: Plan, rewrite: Rewrite) -> bool:
    node = rewrite.node
    while node.parent is not None:
        above = wanted.get(id(node.parent))
        if above is not None and (above.drops(node) or above.replacement(node)):
            return True
        node = node.parent
    return False
