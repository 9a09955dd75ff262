"""CloudFormation's functions as text and back, with `${Name}` for what is filled in."""

from __future__ import annotations

import re

from fixbot.edit.tree import Node, NodeKind, TaggedValue, Value

_ONE = re.compile(r"\$\{([^{}!]+)\}")
_NAMED = ("Ref", "Condition")
UNKNOWN_PART = "${?}"


def function_of(node: Node) -> tuple[str, Node] | None:
    """(`GetAtt`, its argument) in both spellings; None for a plain value."""
    if node.tag is not None and node.tag.startswith("!"):
        return node.tag[1:], node
    if node.kind is NodeKind.MAP and len(node.entries) == 1:
        key = node.entries[0].key
        if key in _NAMED or key.startswith("Fn::"):
            return key.removeprefix("Fn::"), node.entries[0].value
    return None


def render_as_sub(node: Node) -> str:
    """A value as the text of an `Fn::Sub`; `${?}` stands for what a Sub can't say."""
    made = function_of(node)
    if made is None:
        return str(node.value).replace("${", "${!") if node.kind is NodeKind.SCALAR else UNKNOWN_PART
    name, inner = made
    match name:
        case "Ref" if isinstance(inner.value, str):
            return f"${{{inner.value}}}"
        case "GetAtt":
            parts = [inner.value] if inner.kind is NodeKind.SCALAR else [item.value for item in inner.items]
            return f"${{{'.'.join(map(str, parts))}}}"
        case "Sub":
            return _render_substituted(inner)
        case "Join" if len(inner.items) == 2 and inner.items[1].kind is NodeKind.LIST:
            return str(inner.items[0].value or "").join(map(render_as_sub, inner.items[1].items))
        case _:
            return UNKNOWN_PART


def _render_substituted(inner: Node) -> str:
    if inner.kind is NodeKind.SCALAR:
        return str(inner.value)
    if len(inner.items) != 2:
        return UNKNOWN_PART
    named = {entry.key: render_as_sub(entry.value) for entry in inner.items[1].entries}
    return _ONE.sub(lambda match: named.get(match[1], match[0]), str(inner.items[0].value))


def build_substitution(text: str, *, json: bool) -> Value:
    """What a template writes for a text with `${Name}` in it: a string, a Ref, a GetAtt or a Sub."""
    alone = _ONE.fullmatch(text)
    if alone is not None and "." not in alone[1]:
        return {"Ref": alone[1]} if json else TaggedValue("!Ref", alone[1])
    if alone is not None:
        return {"Fn::GetAtt": list(alone[1].split(".", 1))} if json else TaggedValue("!GetAtt", alone[1])
    if "${" not in text:
        return text
    return {"Fn::Sub": text} if json else TaggedValue("!Sub", text)
