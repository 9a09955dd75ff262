"""The data that a tree holds, as it is or as a plan will leave it, in a form that Python compares."""

from __future__ import annotations

from fixbot.edit.change import RewritePlan
from fixbot.edit.tree import CodeExpression, HclBlock, Node, NodeKind, Rewrite, Scalar, TaggedValue, Value


def to_data(node: Node, wanted: RewritePlan | None = None) -> object:
    """The data of a tree in a form that `same` compares, as it is or as a plan will leave it."""
    wanted = wanted or {}
    if node.alias is not None:
        return CodeExpression("*")
    if node.embedded is not None:
        return ("embedded", to_data(node.embedded, wanted))
    match node.kind:
        case NodeKind.MAP:
            value: object = _map_to_data(node, wanted)
        case NodeKind.LIST:
            value = _list_to_data(node, wanted)
        case NodeKind.CALL:
            value = ("call", node.value, [to_data(item, wanted) for item in node.items])
        case NodeKind.CODE:
            value = CodeExpression(str(node.value))
        case NodeKind.SCALAR:
            value = _scalar_to_data(node.value)
    return ("tag", node.tag, value) if node.tag is not None else value


def _map_to_data(node: Node, wanted: RewritePlan) -> object:
    rewrite = wanted.get(id(node)) or Rewrite(node)
    body = node.style == "body"
    data: dict[str, list[object]] = {}
    for entry in node.entries:
        if not rewrite.is_dropped(entry.value):
            new = rewrite.find_replacement(entry.value)
            value = value_to_data(new[0], body=body) if new else to_data(entry.value, wanted)
            data.setdefault(entry.key, []).append(value)
    for each in rewrite.put:
        data.setdefault(each.key, []).extend(_put_to_data(each.value, body=body and not each.argument))
    if body and node.parent is None:
        for values in data.values():
            values.sort(key=_block_labels)
    return ("body", node.labels, data) if body else data


def _block_labels(value: object) -> tuple[str, ...]:
    """A block's labels: at the top of a file the order of blocks says nothing, beside others it may."""
    return value[1] if isinstance(value, tuple) and value[0] == "body" else ()


def _list_to_data(node: Node, wanted: RewritePlan) -> list[object]:
    rewrite = wanted.get(id(node)) or Rewrite(node)
    values = [value_to_data(value) for value in rewrite.first]
    for item in node.items:
        if rewrite.is_dropped(item):
            continue
        new = rewrite.find_replacement(item)
        values.append(value_to_data(new[0]) if new else to_data(item, wanted))
    return values + [value_to_data(value) for value in rewrite.last]


def value_to_data(value: Value, *, body: bool = False) -> object:
    """The plain form of what is to be written; `body`: in an HCL body, where a dict is a block."""
    match value:
        case HclBlock():
            return ("body", value.labels, _entries_to_data(value.content, body=True))
        case dict():
            return (
                ("body", (), _entries_to_data(value, body=True))
                if body
                else _entries_to_data(value, body=False)
            )
        case list():
            return [value_to_data(item) for item in value]
        case TaggedValue():
            return ("tag", value.tag, value_to_data(value.value))
        case CodeExpression():
            return value
        case _:
            return _scalar_to_data(value)


def _scalar_to_data(value: Scalar) -> object:
    """A scalar that equals another only if both are of one type: to Python, True is 1 is 1.0."""
    return (type(value).__name__, repr(value)) if isinstance(value, bool | float) else value


def _entries_to_data(content: dict[str, Value], *, body: bool) -> dict[str, list[object]]:
    return {key: _put_to_data(value, body=body) for key, value in content.items()}


def _put_to_data(value: Value, *, body: bool) -> list[object]:
    """What one put becomes: in an HCL body, a list of dicts is a block for each."""
    if body and isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [value_to_data(each, body=True) for each in value]
    return [value_to_data(value, body=body)]


def matches_plan(one: Node, two: Node, wanted: RewritePlan) -> bool:
    """Whether `two` is certainly what the plan makes of `one`, node by node and hardly building any data.

    False says nothing yet: keys may stand in another order. Then the data themselves are compared.
    """
    if one.kind is not two.kind or one.tag != two.tag or (one.alias is None) is not (two.alias is None):
        return False
    if one.alias is not None:
        return True
    inner, other = one.embedded, two.embedded
    if inner is not None or other is not None:
        return inner is not None and other is not None and matches_plan(inner, other, wanted)
    match one.kind:
        case NodeKind.MAP:
            same = one.labels == two.labels and (one.style == "body") is (two.style == "body")
            return same and _maps_match(one, two, wanted)
        case NodeKind.SCALAR:
            a, b = one.value, two.value
            return a == b if type(a) is type(b) is str else _scalar_to_data(a) == _scalar_to_data(b)
        case NodeKind.LIST if id(one) in wanted:
            return to_data(one, wanted) == to_data(two)
        case _:
            same = one.kind is NodeKind.LIST or one.value == two.value
            items = zip(one.items, two.items, strict=False)
            return (
                same
                and len(one.items) == len(two.items)
                and all(matches_plan(a, b, wanted) for a, b in items)
            )


def _maps_match(one: Node, two: Node, wanted: RewritePlan) -> bool:
    rewrite = wanted.get(id(one))
    if rewrite is not None:
        return _rewritten_matches(rewrite, two, wanted)
    if len(one.entries) != len(two.entries):
        return False
    for a, b in zip(one.entries, two.entries, strict=True):
        if a.key != b.key or not matches_plan(a.value, b.value, wanted):
            return False
    return True


def _rewritten_matches(rewrite: Rewrite, two: Node, wanted: RewritePlan) -> bool:
    """The same for a map with changes of its own: what is left of each key, then what is put there."""
    body = two.style == "body"
    kept: dict[str, list[Node]] = {}
    for entry in rewrite.node.entries:
        if rewrite.find_replacement(entry.value) is not None:
            return to_data(rewrite.node, wanted) == to_data(two)
        if not rewrite.is_dropped(entry.value):
            kept.setdefault(entry.key, []).append(entry.value)
    put: dict[str, list[object]] = {}
    for each in rewrite.put:
        put.setdefault(each.key, []).extend(_put_to_data(each.value, body=body and not each.argument))
    for entry in two.entries:
        if old := kept.get(entry.key):
            if not matches_plan(old.pop(0), entry.value, wanted):
                return False
        elif not (new := put.get(entry.key)) or new.pop(0) != to_data(entry.value):
            return False
    return not any(kept.values()) and not any(put.values())


def find_difference(one: object, two: object) -> str | None:
    """Where two plain forms differ first, or None. Order of keys doesn't count, types do."""
    return None if one == two else _place_of_difference(one, two) or "the whole"


def _place_of_difference(one: object, two: object) -> str:
    if isinstance(one, dict) and isinstance(two, dict):
        key = next(key for key in [*one, *two] if key not in one or key not in two or one[key] != two[key])
        return f".{key}" + (_place_of_difference(one[key], two[key]) if key in one and key in two else "")
    if isinstance(one, list | tuple) and isinstance(two, list | tuple) and len(one) == len(two):
        at = next(at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
        return f"[{at}]" + _place_of_difference(one[at], two[at])
    return ""
