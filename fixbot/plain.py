"""The data that a tree holds, as it is or as a plan will leave it, in a form that Python compares."""

from __future__ import annotations

from fixbot.change import Plan
from fixbot.tree import Block, Code, Kind, Node, Rewrite, Scalar, Tagged, Value


def plain(node: Node, wanted: Plan | None = None) -> object:
    """The data of a tree in a form that `same` compares, as it is or as a plan will leave it."""
    wanted = wanted or {}
    if node.alias is not None:
        return Code("*")
    if node.embedded is not None:
        return ("embedded", plain(node.embedded, wanted))
    match node.kind:
        case Kind.MAP:
            value: object = _plain_map(node, wanted)
        case Kind.LIST:
            value = _plain_list(node, wanted)
        case Kind.CALL:
            value = ("call", node.value, [plain(item, wanted) for item in node.items])
        case Kind.CODE:
            value = Code(str(node.value))
        case Kind.SCALAR:
            value = _scalar(node.value)
    return ("tag", node.tag, value) if node.tag is not None else value


def _plain_map(node: Node, wanted: Plan) -> object:
    rewrite = wanted.get(id(node)) or Rewrite(node)
    body = node.style == "body"
    data: dict[str, list[object]] = {}
    for entry in node.entries:
        if not rewrite.drops(entry.value):
            new = rewrite.replacement(entry.value)
            value = as_plain(new[0], body=body) if new else plain(entry.value, wanted)
            data.setdefault(entry.key, []).append(value)
    for each in rewrite.put:
        data.setdefault(each.key, []).extend(_written(each.value, body=body and not each.argument))
    if body and node.parent is None:
        for values in data.values():
            values.sort(key=_labels)
    return ("body", node.labels, data) if body else data


def _labels(value: object) -> tuple[str, ...]:
    """A block's labels: at the top of a file the order of blocks says nothing, beside others it may."""
    return value[1] if isinstance(value, tuple) and value[0] == "body" else ()


def _plain_list(node: Node, wanted: Plan) -> list[object]:
    rewrite = wanted.get(id(node)) or Rewrite(node)
    values = [as_plain(value) for value in rewrite.first]
    for item in node.items:
        if rewrite.drops(item):
            continue
        new = rewrite.replacement(item)
        values.append(as_plain(new[0]) if new else plain(item, wanted))
    return values + [as_plain(value) for value in rewrite.last]


def as_plain(value: Value, *, body: bool = False) -> object:
    """The plain form of what is to be written; `body`: in an HCL body, where a dict is a block."""
    match value:
        case Block():
            return ("body", value.labels, _entries(value.content, body=True))
        case dict():
            return ("body", (), _entries(value, body=True)) if body else _entries(value, body=False)
        case list():
            return [as_plain(item) for item in value]
        case Tagged():
            return ("tag", value.tag, as_plain(value.value))
        case Code():
            return value
        case _:
            return _scalar(value)


def _scalar(value: Scalar) -> object:
    """A scalar that equals another only if both are of one type: to Python, True is 1 is 1.0."""
    return (type(value).__name__, repr(value)) if isinstance(value, bool | float) else value


def _entries(content: dict[str, Value], *, body: bool) -> dict[str, list[object]]:
    return {key: _written(value, body=body) for key, value in content.items()}


def _written(value: Value, *, body: bool) -> list[object]:
    """What one put becomes: in an HCL body, a list of dicts is a block for each."""
    if body and isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [as_plain(each, body=True) for each in value]
    return [as_plain(value, body=body)]


def alike(one: Node, two: Node, wanted: Plan) -> bool:
    """Whether `two` is certainly what the plan makes of `one`, node by node and hardly building any data.

    False says nothing yet: keys may stand in another order. Then the data themselves are compared.
    """
    if one.kind is not two.kind or one.tag != two.tag or (one.alias is None) is not (two.alias is None):
        return False
    if one.alias is not None:
        return True
    inner, other = one.embedded, two.embedded
    if inner is not None or other is not None:
        return inner is not None and other is not None and alike(inner, other, wanted)
    match one.kind:
        case Kind.MAP:
            same = one.labels == two.labels and (one.style == "body") is (two.style == "body")
            return same and _alike_maps(one, two, wanted)
        case Kind.SCALAR:
            a, b = one.value, two.value
            return a == b if type(a) is type(b) is str else _scalar(a) == _scalar(b)
        case Kind.LIST if id(one) in wanted:
            return plain(one, wanted) == plain(two)
        case _:
            same = one.kind is Kind.LIST or one.value == two.value
            items = zip(one.items, two.items, strict=False)
            return same and len(one.items) == len(two.items) and all(alike(a, b, wanted) for a, b in items)


def _alike_maps(one: Node, two: Node, wanted: Plan) -> bool:
    rewrite = wanted.get(id(one))
    if rewrite is not None:
        return _alike_rewritten(rewrite, two, wanted)
    if len(one.entries) != len(two.entries):
        return False
    for a, b in zip(one.entries, two.entries, strict=True):
        if a.key != b.key or not alike(a.value, b.value, wanted):
            return False
    return True


def _alike_rewritten(rewrite: Rewrite, two: Node, wanted: Plan) -> bool:
    """The same for a map with changes of its own: what is left of each key, then what is put there."""
    body = two.style == "body"
    kept: dict[str, list[Node]] = {}
    for entry in rewrite.node.entries:
        if rewrite.replacement(entry.value) is not None:
            return plain(rewrite.node, wanted) == plain(two)
        if not rewrite.drops(entry.value):
            kept.setdefault(entry.key, []).append(entry.value)
    put: dict[str, list[object]] = {}
    for each in rewrite.put:
        put.setdefault(each.key, []).extend(_written(each.value, body=body and not each.argument))
    for entry in two.entries:
        if old := kept.get(entry.key):
            if not alike(old.pop(0), entry.value, wanted):
                return False
        elif not (new := put.get(entry.key)) or new.pop(0) != plain(entry.value):
            return False
    return not any(kept.values()) and not any(put.values())


def difference(one: object, two: object) -> str | None:
    """Where two plain forms differ first, or None. Order of keys doesn't count, types do."""
    return None if one == two else _place(one, two) or "the whole"


def _place(one: object, two: object) -> str:
    if isinstance(one, dict) and isinstance(two, dict):
        key = next(key for key in [*one, *two] if key not in one or key not in two or one[key] != two[key])
        return f".{key}" + (_place(one[key], two[key]) if key in one and key in two else "")
    if isinstance(one, list | tuple) and isinstance(two, list | tuple) and len(one) == len(two):
        at = next(at for at, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
        return f"[{at}]" + _place(one[at], two[at])
    return ""
