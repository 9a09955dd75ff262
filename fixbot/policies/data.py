"""A policy in a file as the plain data that IAM sees, and new statements as the file must say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.iam.policy import VARIABLES_SINCE, many
from fixbot.plain import plain
from fixbot.tree import CannotEdit, Code, Hosted, Kind, Node, Tagged, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.lens import Policy, Statement

Data = dict[str, Value]

_PLACEHOLDER = re.compile(r"\$\{(?![*?$]\}|[A-Za-z0-9-]+:)")
_COMPUTED = re.compile(r"\$\{(?![*?$]\}|[A-Za-z0-9-]+:)|\{\{|<[A-Za-z_][^<>]*>|\$\(|%\{|#\{|__\w+__|@@?\w+@@")
"""What something else fills in before IAM reads it; `${aws:username}` is IAM's own."""
_NAMES: Final = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
    "principals": "Principal",
    "not_principals": "NotPrincipal",
}
_BLOCK_NAMES: Final = {name: key for key, name in _NAMES.items()}


class Called(Code):
    """The call of a function. It can be compared with others, but not written a second time."""


def document(policy: Policy) -> Data:
    """The whole document. What isn't a plain map where a statement is wanted stays as its own text."""
    said = version(policy)
    data: Data = {} if said is None else {"Version": said}
    data["Statement"] = [statement(each) for each in policy.statements]
    return data


def version(policy: Policy) -> Value:
    """The document's Version; None where it has none. Terraform gives its own documents today's."""
    node = policy.node.get("version" if policy.in_blocks else "Version")
    if node is None:
        return VARIABLES_SINCE if policy.in_blocks else None
    return _value(node, policy.unescape)


def statement(written: Statement) -> Data:
    """One statement, its elements in the order in which they are written."""
    policy, node = written.policy, written.node
    if policy.in_blocks:
        return _from_block(node, policy.unescape)
    data = _value(node, policy.unescape)
    return data if isinstance(data, dict) else {}


def _value(node: Node, unescape: Callable[[str], str]) -> Value:
    if node.tag is not None:
        return Tagged(node.tag, _bare(node, _as_it_is))
    return _bare(node, unescape)


def _bare(node: Node, unescape: Callable[[str], str]) -> Value:
    match node.kind:
        case Kind.MAP:
            return _map(node, unescape)
        case Kind.LIST:
            return [_value(item, unescape) for item in node.items]
        case Kind.SCALAR if isinstance(node.value, str):
            text = unescape(node.value) if unescape is not _as_it_is else node.value
            computed = unescape is not _as_it_is and _COMPUTED.search(text)
            return Code(f'"{node.value}"') if computed else text
        case Kind.SCALAR:
            return node.value
        case Kind.CODE:
            return Code(str(node.value))
        case Kind.CALL:
            return Called(f"{node.value}({', '.join(_source(item) for item in node.items)})")


def _as_it_is(text: str) -> str:
    return text


def _map(node: Node, unescape: Callable[[str], str]) -> Value:
    keys = [entry.key for entry in node.entries]
    if len(keys) != len(set(keys)) or "<<" in keys:
        return Code(repr(plain(node)))
    return {
        entry.key: _value(entry.value, _as_it_is if entry.key.startswith(("Fn::", "Ref")) else unescape)
        for entry in node.entries
    }


def _source(node: Node) -> str:
    """An argument of a function, so that equal calls are equal and the texts in them can be seen."""
    if node.kind is Kind.SCALAR:
        return f'"{node.value}"' if isinstance(node.value, str) else repr(node.value)
    if node.kind is Kind.LIST:
        return f"[{', '.join(map(_source, node.items))}]"
    return str(node.value) if node.kind is Kind.CODE else repr(plain(node))


def _from_block(node: Node, unescape: Callable[[str], str]) -> Data:
    data: Data = {}
    for entry in node.entries:
        if entry.key == "dynamic":
            made = "Condition" if entry.value.labels == ("condition",) else "Principal"
            data[made] = Code("dynamic")
        elif entry.key == "condition":
            data["Condition"] = _with_test(data.get("Condition", {}), entry.value, unescape)
        elif entry.key in _NAMES:
            known = entry.value.style != "body"
            data[_NAMES[entry.key]] = _value(entry.value, unescape) if known else Code("block")
    return data if "Effect" in data else {"Effect": "Allow", **data}


def _with_test(before: Value, node: Node, unescape: Callable[[str], str]) -> Value:
    """A Condition and one more `condition` block; computed where one of its parts is."""
    test, variable, values = (node.get(key) for key in ("test", "variable", "values"))
    if not isinstance(before, dict) or test is None or variable is None or values is None:
        return Code("condition")
    operator, key = test.text, variable.text
    block = before.get(operator or "", {})
    if operator is None or key is None or not isinstance(block, dict) or key in block:
        return Code("condition")
    return {**before, operator: {**block, key: _value(values, unescape)}}


def filled_in(policy: Policy) -> bool:
    """Whether the file is a template with `${…}` of its own, and what reads it isn't known."""
    if policy.dialect != "iam" or policy.escape("${") != "${":
        return False
    texts = (str(each.value) for each in policy.node.walk() if each.kind in (Kind.SCALAR, Kind.CODE))
    return any(_PLACEHOLDER.search(text) for text in texts)


def written(new: Data, policy: Policy) -> dict[str, Value]:
    """A statement as this file says it. Raises CannotEdit."""
    if not policy.in_blocks:
        return {key: spelled(value, policy) for key, value in new.items()}
    made: dict[str, Value] = {}
    for key, value in new.items():
        if key == "Condition":
            made["condition"] = [
                test_block(operator, name, values, policy)
                for operator, block in (value.items() if isinstance(value, dict) else ())
                for name, values in (block.items() if isinstance(block, dict) else ())
            ]
        else:
            single = key in ("Sid", "Effect") or isinstance(value, Code)
            made[_BLOCK_NAMES[key]] = spelled(value if single else many(value), policy)
    return made


def test_block(operator: str, key: str, values: Value, policy: Policy) -> dict[str, Value]:
    """What a `condition` block holds."""
    listed = values if isinstance(values, Code) else many(values)
    return {"test": operator, "variable": key, "values": spelled(listed, policy)}


def spelled(value: Value, policy: Policy) -> Value:
    """A value whose texts the file's own reader leaves as IAM must see them. Raises CannotEdit."""
    match value:
        case Called():
            raise CannotEdit(f"{value.text.partition('(')[0]}(…) would have to be written a second time")
        case str():
            return policy.escape(value)
        case Code() if policy.node.grammar.name != "hcl" and value.text.startswith('"'):
            return Hosted(value.text[1:-1])
        case dict():
            return {key: spelled(each, policy) for key, each in value.items()}
        case list():
            return [spelled(each, policy) for each in value]
        case _:
            return value
