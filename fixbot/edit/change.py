"""What a fix wants changed, said of nodes, and the same said of each collection that is touched.

A fixer says Put, Add, Drop and Replace; `plan_rewrites` sorts them into one Rewrite a collection, so that a
grammar settles commas, indentation and emptied parents once; `fixbot.edit.data` says what the data must be
afterwards. Rendering and expectation come from the same Rewrite, and the proof compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fixbot.edit.merge_named import merge_named, merge_values
from fixbot.edit.tree import (
    ArgumentMap,
    CannotEdit,
    Entry,
    HclBlock,
    HostedText,
    NewEntry,
    Node,
    NodeKind,
    Rewrite,
    TextEdit,
    Value,
)


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
    merged: bool = False
    """Whether items that are to be added under one name are one item, as in a patch that is merged."""


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


RewritePlan = dict[int, Rewrite]
"""Rewrites by the id of their node."""


def plan_rewrites(changes: Iterable[Change]) -> RewritePlan:
    """Sort changes by collection. Raises CannotEdit where one can't be made exactly."""
    wanted: RewritePlan = {}
    for change in changes:
        match change:
            case Put():
                _plan_put(wanted, change.node, change.path, change.value, change.near)
            case Add():
                _plan_add(wanted, change)
            case Drop():
                _plan_drop(wanted, change.node)
            case Replace():
                _plan_replacement(wanted, change.node, change.value)
    _prune_emptied(wanted)
    return {key: rewrite for key, rewrite in wanted.items() if not _is_inside_dropped(wanted, rewrite)}


def render_edits(text: str, wanted: RewritePlan) -> list[TextEdit]:
    """The edits of `text` that carry out a plan whose nodes all stand in it. Raises CannotEdit."""
    inner_first = sorted(wanted.values(), key=lambda rewrite: -rewrite.node.start)
    for each in inner_first:
        if not each.node.grammar.has_expressions and each.node.root_node.grammar.has_expressions:
            _check_hosted(each)
    return [
        edit for rewrite in inner_first for edit in rewrite.node.grammar.rewrite_collection(text, rewrite)
    ]


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
        elif isinstance(value, str) and not isinstance(value, HostedText):
            rest = _ESCAPED.sub("", value)
            if "${" in rest or "%{" in rest:
                raise CannotEdit("a text in it would become an expression of Terraform")


def _rewrite_of(wanted: RewritePlan, node: Node) -> Rewrite:
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


def _plan_put(
    wanted: RewritePlan,
    node: Node,
    path: tuple[str, ...],
    value: Value,
    near: tuple[str, ...],
    merged: bool = False,
) -> None:
    for depth, key in enumerate(path):
        if node.kind is not NodeKind.MAP or node.tag is not None:
            raise CannotEdit(f"{'.'.join(path[:depth]) or 'it'} is computed, not written out")
        entry = _only_entry(node, key)
        if entry is None:
            if any(merged.find_node(key) is not None for merged in node.iterate_merged()):
                raise CannotEdit(f"{key} comes from a YAML merge key")
            new = NewEntry(key, _nest_value(path[depth + 1 :], value), near, merged=merged)
            _put_new_entry(_rewrite_of(wanted, node), new)
            return
        if entry.value.is_nothing:
            _plan_replacement(wanted, entry.value, _nest_value(path[depth + 1 :], value))
            return
        node = entry.value
    if node.style == "body" and isinstance(value, HclBlock):
        raise CannotEdit("there is a block of that type already")
    if node.style == "body" and isinstance(value, dict):
        for key, each in value.items():
            _plan_put(wanted, node, (key,), each, ())
    else:
        _plan_replacement(wanted, node, value)


def _only_entry(node: Node, key: str) -> Entry | None:
    """The entry of that key. Raises CannotEdit for one of several blocks of that type."""
    if holds_blocks(node) and len(node.list_items(key)) > 1:
        raise CannotEdit(f"there are several {key} blocks, and which one is meant isn't known")
    return node.find_entry(key)


def _nest_value(path: tuple[str, ...], value: Value) -> Value:
    """The value in maps with one key each, the outermost first."""
    for name in reversed(path):
        value = {name: value}
    return value


def holds_blocks(node: Node) -> bool:
    """Whether a dict put into `node` is a block: in every HCL body but those that take arguments only."""
    if node.style != "body" or len(node.labels) > 1:
        return node.style == "body"
    around = node.parent.entries if node.parent is not None and node.parent.parent is None else []
    return not any(entry.value is node and entry.key in ("module", "locals") for entry in around)


def _put_new_entry(rewrite: Rewrite, new: NewEntry) -> None:
    plain = isinstance(new.value, ArgumentMap) or not holds_blocks(rewrite.node)
    new.argument = rewrite.node.style == "body" and plain
    labels = new.value.labels if new.another and isinstance(new.value, HclBlock) else ()
    alike = rewrite.put_by_name[new.key, labels]
    same = next((each for each in alike if _belong_together(each, new)), None)
    if same is None:
        rewrite.put.append(new)
        alike.append(new)
    elif isinstance(same.value, HclBlock) and isinstance(new.value, HclBlock):
        content = merge_values(same.value.content, new.value.content, new.key)
        if isinstance(content, dict):
            same.value = HclBlock(same.value.labels, content)
    elif same.merged or new.merged:
        same.value, same.merged = merge_named(same.value, new.value), True
    else:
        same.value = merge_values(same.value, new.value, new.key)


def _belong_together(one: NewEntry, two: NewEntry) -> bool:
    """Whether two entries to be written are one: a key's in a map, equal blocks, or blocks of one name."""
    if one.key != two.key or one.another is not two.another:
        return False
    if not two.another or one.value == two.value:
        return True
    if isinstance(one.value, HclBlock) and isinstance(two.value, HclBlock):
        return bool(one.value.labels) and one.value.labels == two.value.labels
    return False


def _plan_add(wanted: RewritePlan, change: Add) -> None:
    node = change.node
    *way, key = change.path or ("",)
    if change.path:
        for name in way:
            entry = _only_entry(node, name)
            if entry is None or entry.value.is_nothing:
                break
            node = entry.value
        else:
            if holds_blocks(node) and isinstance(change.item, HclBlock | dict):
                _put_new_entry(
                    _rewrite_of(wanted, node), NewEntry(key, change.item, change.near, another=True)
                )
                return
            entry = node.find_entry(key)
            if entry is not None and not entry.value.is_nothing:
                _plan_new_item(wanted, entry.value, change)
                return
        _plan_put(wanted, change.node, change.path, [change.item], change.near, change.merged)
    else:
        _plan_new_item(wanted, node, change)


def _plan_new_item(wanted: RewritePlan, node: Node, change: Add) -> None:
    if node.kind is not NodeKind.LIST or node.tag is not None:
        raise CannotEdit(f"{'.'.join(change.path) or 'the list'} is computed, not written out")
    rewrite = _rewrite_of(wanted, node)
    first = node.grammar.new_items_first and not change.last
    items = rewrite.first if first else rewrite.last
    if change.merged:
        items[:] = _as_list(merge_named([*items], [change.item]))
    elif change.item not in items:
        items.append(change.item)


def _as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _plan_drop(wanted: RewritePlan, node: Node) -> None:
    if node.parent is None or node.parent.kind not in (NodeKind.MAP, NodeKind.LIST):
        raise CannotEdit("it isn't an entry of its own")
    rewrite = _rewrite_of(wanted, node.parent)
    if not rewrite.is_dropped(node):
        rewrite.dropped.append(node)


def _plan_replacement(wanted: RewritePlan, node: Node, value: Value) -> None:
    if node.parent is None:
        raise CannotEdit("it is the whole document")
    if node.alias is not None or node.anchored:
        raise CannotEdit("it is a YAML anchor or alias")
    rewrite = _rewrite_of(wanted, node.parent)
    before = rewrite.find_replacement(node)
    if before is None:
        rewrite.replaced.append((node, value))
    else:
        merged = merge_values(before[0], value, "one place")
        rewrite.replaced = [(each, merged if each is node else old) for each, old in rewrite.replaced]


def _prune_emptied(wanted: RewritePlan) -> None:
    for rewrite in list(wanted.values()):
        node = rewrite.node
        while wanted[id(node)].emptied and node.parent is not None:
            if node.parent.kind not in (NodeKind.MAP, NodeKind.LIST):
                break
            _plan_drop(wanted, node)
            node = node.parent


def _is_inside_dropped(wanted: RewritePlan, rewrite: Rewrite) -> bool:
    node = rewrite.node
    while node.parent is not None:
        above = wanted.get(id(node.parent))
        if above is not None and (above.is_dropped(node) or above.find_replacement(node)):
            return True
        node = node.parent
    return False
