"""A policy in a file as the plain data that IAM sees, and new statements as the file must say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.dialects.iam import ELEMENTS
from fixbot.edit.data import to_data
from fixbot.edit.tree import CannotEdit, CodeExpression, HostedText, Node, NodeKind, TaggedValue, Value
from fixbot.iam.policy_document import VARIABLES_SINCE, as_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixbot.lens import Policy, Statement

Data = dict[str, Value]

_PLACEHOLDER = re.compile(r"\$\{(?![*?$]\}|[A-Za-z0-9-]+:)")
_COMPUTED = re.compile(r"\$\{(?![*?$]\}|[A-Za-z0-9-]+:)|\{\{|<[A-Za-z_][^<>]*>|\$\(|%\{|#\{|__\w+__|@@?\w+@@")
"""What something else fills in before IAM reads it; `${aws:username}` is IAM's own."""
_BLOCK_NAMES: Final = {name: key for key, name in ELEMENTS.items()}


class CalledFunction(CodeExpression):
    """The call of a function. It can be compared with others, but not written a second time."""


def read_document_data(policy: Policy) -> Data:
    """The whole document. What isn't a plain map where a statement is wanted stays as its own text."""
    said = read_version(policy)
    data: Data = {} if said is None else {"Version": said}
    data["Statement"] = [read_statement_data(each) for each in policy.statements]
    return data


def read_version(policy: Policy) -> Value:
    """The document's Version; None where it has none. Terraform gives its own documents today's."""
    node = policy.node.find_node("version" if policy.in_blocks else "Version")
    if node is None:
        return VARIABLES_SINCE if policy.in_blocks else None
    return _read_value(node, policy.unescape)


def read_statement_data(written: Statement) -> Data:
    """One statement, its elements in the order in which they are written."""
    policy, node = written.policy, written.node
    if policy.in_blocks:
        return _read_block(node, policy.unescape)
    data = _read_value(node, policy.unescape)
    return data if isinstance(data, dict) else {}


def _read_value(node: Node, unescape: Callable[[str], str]) -> Value:
    if node.tag is not None:
        return TaggedValue(node.tag, _read_bare_value(node, _keep_text))
    return _read_bare_value(node, unescape)


def _read_bare_value(node: Node, unescape: Callable[[str], str]) -> Value:
    match node.kind:
        case NodeKind.MAP:
            return _read_map(node, unescape)
        case NodeKind.LIST:
            return [_read_value(item, unescape) for item in node.items]
        case NodeKind.SCALAR if isinstance(node.value, str):
            text = unescape(node.value) if unescape is not _keep_text else node.value
            computed = unescape is not _keep_text and _COMPUTED.search(text)
            return CodeExpression(f'"{node.value}"') if computed else text
        case NodeKind.SCALAR:
            return node.value
        case NodeKind.CODE:
            return CodeExpression(str(node.value))
        case NodeKind.CALL:
            return CalledFunction(f"{node.value}({', '.join(_argument_source(item) for item in node.items)})")


def _keep_text(text: str) -> str:
    return text


def _read_map(node: Node, unescape: Callable[[str], str]) -> Value:
    keys = [entry.key for entry in node.entries]
    if len(keys) != len(set(keys)) or "<<" in keys:
        return CodeExpression(repr(to_data(node)))
    return {
        entry.key: _read_value(entry.value, _keep_text if entry.key.startswith(("Fn::", "Ref")) else unescape)
        for entry in node.entries
    }


def _argument_source(node: Node) -> str:
    """An argument of a function, so that equal calls are equal and the texts in them can be seen."""
    if node.kind is NodeKind.SCALAR:
        return f'"{node.value}"' if isinstance(node.value, str) else repr(node.value)
    if node.kind is NodeKind.LIST:
        return f"[{', '.join(map(_argument_source, node.items))}]"
    return str(node.value) if node.kind is NodeKind.CODE else repr(to_data(node))


def _read_block(node: Node, unescape: Callable[[str], str]) -> Data:
    data: Data = {}
    for entry in node.entries:
        if entry.key == "dynamic":
            made = "Condition" if entry.value.labels == ("condition",) else "Principal"
            data[made] = CodeExpression(f"dynamic {to_data(entry.value)!r}")
        elif entry.key == "condition":
            data["Condition"] = _add_condition(data.get("Condition", {}), entry.value, unescape)
        elif entry.key == "principals":
            data["Principal"] = _add_principals(data.get("Principal", {}), entry.value, unescape)
        elif entry.key in ELEMENTS:
            block = CodeExpression(f"{data.get(ELEMENTS[entry.key])!r} {to_data(entry.value)!r}")
            known = entry.value.style != "body"
            data[ELEMENTS[entry.key]] = _read_value(entry.value, unescape) if known else block
    return data if "Effect" in data else {"Effect": "Allow", **data}


def _add_condition(before: Value, node: Node, unescape: Callable[[str], str]) -> Value:
    """A Condition and one more `condition` block; computed where one of its parts is."""
    test, variable, values = (node.find_node(key) for key in ("test", "variable", "values"))
    computed = CodeExpression(f"{before!r} {to_data(node)!r}")
    if not isinstance(before, dict) or test is None or variable is None or values is None:
        return computed
    operator = test.text
    key = str(variable.value) if variable.kind is NodeKind.CODE else variable.text
    block = before.get(operator or "", {})
    if operator is None or key is None or not isinstance(block, dict) or key in block:
        return computed
    return {**before, operator: {**block, key: _read_value(values, unescape)}}


def _add_principals(before: Value, node: Node, unescape: Callable[[str], str]) -> Value:
    """A Principal and one more `principals` block; computed where one of its parts is."""
    kind, listed = node.find_node("type"), node.find_node("identifiers")
    if not isinstance(before, dict) or listed is None or kind is None or kind.text is None:
        return CodeExpression(f"{before!r} {to_data(node)!r}")
    named = _read_value(listed, unescape)
    if kind.text not in before:
        return {**before, kind.text: named}
    return {**before, kind.text: [*as_list(before[kind.text]), *as_list(named)]}


def is_filled_in(policy: Policy) -> bool:
    """Whether the file is a template with `${…}` of its own, and what reads it isn't known."""
    if policy.dialect != "iam" or policy.escape("${") != "${":
        return False
    texts = (
        str(each.value) for each in policy.node.walk_tree() if each.kind in (NodeKind.SCALAR, NodeKind.CODE)
    )
    return any(_PLACEHOLDER.search(text) for text in texts)


def spell_statement(new: Data, policy: Policy) -> dict[str, Value]:
    """A statement as this file says it. Raises CannotEdit."""
    if not policy.in_blocks:
        return {key: spell_value(value, policy) for key, value in new.items()}
    made: dict[str, Value] = {}
    for key, value in new.items():
        if key == "Condition":
            made["condition"] = [
                build_condition_block(operator, name, values, policy)
                for operator, block in (value.items() if isinstance(value, dict) else ())
                for name, values in (block.items() if isinstance(block, dict) else ())
            ]
        elif key == "Principal" and isinstance(value, dict):
            made["principals"] = [
                {"type": kind, "identifiers": spell_value(as_list(named), policy)}
                for kind, named in value.items()
            ]
        else:
            single = key in ("Sid", "Effect") or isinstance(value, CodeExpression)
            made[_BLOCK_NAMES[key]] = spell_value(value if single else as_list(value), policy)
    return made


def build_condition_block(operator: str, key: str, values: Value, policy: Policy) -> dict[str, Value]:
    """What a `condition` block holds."""
    listed = values if isinstance(values, CodeExpression) else as_list(values)
    variable = CodeExpression(f'"{key}"') if "${" in key else key
    return {"test": operator, "variable": variable, "values": spell_value(listed, policy)}


def spell_value(value: Value, policy: Policy) -> Value:
    """A value whose texts the file's own reader leaves as IAM must see them. Raises CannotEdit."""
    match value:
        case CalledFunction():
            raise CannotEdit(f"{value.text.partition('(')[0]}(…) would have to be written a second time")
        case str():
            return policy.escape(value)
        case CodeExpression() if not policy.node.grammar.has_expressions and value.text.startswith('"'):
            return HostedText(value.text[1:-1])
        case dict():
            return {key: spell_value(each, policy) for key, each in value.items()}
        case list():
            return [spell_value(each, policy) for each in value]
        case _:
            return value
