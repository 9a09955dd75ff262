"""IAM policy documents, in files of their own and wherever a dialect embeds one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import Policy, Statement, condition_branches, text_of
from fixbot.source.document import Document, parse_embedded_scalar
from fixbot.source.project import Inventory, Project
from fixbot.syntax import load_grammar

_QUOTED = (
    "Not changed here: the policy is a quoted text, with escapes that fixbot does not edit. Write it as a "
    "map or as blocks, or change it by hand."
)
ELEMENTS: Final = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
    "principals": "Principal",
    "not_principals": "NotPrincipal",
}
"""What IAM calls the arguments of a statement of Terraform's `aws_iam_policy_document`."""
_WRAPPERS = ("PolicyDocument", "Policy", "policy", "policyDocument")


def is_of_dialect(_document: Document, root: Node) -> bool:
    """Whether a document is a policy, or holds one in the wrapper that AWS CLI answers have."""
    return find_policy(root) is not None


def find_policy(root: Node) -> Node | None:
    """The policy document of a file."""
    if root.kind is not NodeKind.MAP:
        return None
    for node in (root, *filter(None, map(root.find_node, _WRAPPERS))):
        if is_policy(node):
            return node
    return None


def is_policy(node: Node) -> bool:
    """Whether a map has statements, each with an effect."""
    if node.kind is not NodeKind.MAP:
        return False
    statements = node.find_node("Statement")
    if statements is None:
        return False
    return any(
        item.kind is NodeKind.MAP and item.find_node("Effect") is not None
        for item in list_choices(statements)
    )


def list_choices(node: Node) -> Iterator[Node]:
    """The items of a list, and what `Fn::If` may make of it or of them, at any depth."""
    inner = condition_branches(node) or (node.items if node.kind is NodeKind.LIST else ())
    if not inner:
        yield node
    for each in inner:
        yield from list_choices(each)


def read_root(project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """The policy of a file."""
    node = find_policy(root)
    if node is not None:
        name = posixpath.basename(document.path).split(".")[0]
        found = build_policy(document, node, "iam", name, name)
        if _is_terraform_template(project, document.path):
            found.escape, found.unescape = escape_template, unescape_template
        reading.policies.append(found)


def _is_terraform_template(project: Project, path: str) -> bool:
    """Whether a file is a template that Terraform fills in, though none was seen to read it."""
    named = path.endswith((".tpl", ".tftpl"))
    return named and any(each.endswith((".tf", ".tofu")) for each in project.surroundings.paths)


def escape_template(text: str) -> str:
    """A text as a Terraform template writes it: `$${` is `${`."""
    return text.replace("${", "$${")


def unescape_template(text: str) -> str:
    """What a Terraform template's text says, `${…}` of its own left as it is."""
    return text.replace("$${", "${")


def find_policy_behind(document: Document, node: Node | None, reading: Inventory) -> Node | None:
    """The policy that a value is: a map, or a text that holds one as JSON (`PolicyDocument: |`).

    A text that can't be read where it stands is said aloud.
    """
    if node is None or is_policy(node):
        return node
    node = unwrap_sub(node)
    text = node.value if node.kind is NodeKind.SCALAR else None
    if not isinstance(text, str) or '"Statement"' not in text or not text.lstrip().startswith("{"):
        return None
    try:
        found = parse_embedded_scalar(node, document.text, "json")
    except SyntaxProblem as problem:
        reason = f"a policy can't be read as JSON ({problem.reason})"
        reading.add_unread(document, node.start, reason, "damaged")
        return None
    if found is not None:
        return found if is_policy(found) else None
    return read_quoted_policy(node)


def read_quoted_policy(host: Node) -> Node | None:
    """The policy that a quoted text holds as JSON, all of it at the place of the text; None where none is.

    Such a text has escapes, so that nothing in it has an exact edit.
    """
    text = host.value if host.kind is NodeKind.SCALAR else None
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    if host.embedded is None:
        try:
            (root,) = load_grammar("json").parse_text(text)
        except (SyntaxProblem, ValueError):
            return None
        for node in root.walk_tree():
            node.start, node.end = host.start, host.end
        root.parent, host.embedded = host, root
    return host.embedded if is_policy(host.embedded) else None


def is_quoted(node: Node) -> bool:
    """Whether a policy was read out of a quoted text."""
    return node.parent is not None and node.parent.embedded is node and node.start == node.parent.start


def unwrap_sub(node: Node) -> Node:
    """The text that `Fn::Sub` fills in, in either spelling and in both forms; any other value itself."""
    if node.kind is NodeKind.MAP and len(node.entries) == 1 and node.entries[0].key == "Fn::Sub":
        node = node.entries[0].value
    elif node.tag != "!Sub":
        return node
    return node.items[0] if node.kind is NodeKind.LIST and node.items else node


def _is_filled_in(host: Node) -> bool:
    """Whether a text is what `Fn::Sub` fills in: by itself, or as the first of its two."""
    above = host.parent
    if above is not None and above.kind is NodeKind.LIST:
        host, above = above, above.parent
    long = above is not None and any(e.value is host and e.key == "Fn::Sub" for e in above.entries)
    return long or host.tag == "!Sub"


def is_filled_in_text(node: Node) -> bool:
    """Whether a policy was read out of a text that `Fn::Sub` fills in."""
    host = _find_host_scalar(node)
    return host is not None and _is_filled_in(host)


def _find_host_scalar(node: Node) -> Node | None:
    """The YAML scalar that a policy was read out of."""
    host = node.parent
    while host is not None and host.embedded is None:
        host = host.parent
    return host if host is not None and host.grammar.has_tags else None


def _set_text_spelling(found: Policy, host: Node) -> None:
    """`Fn::Sub` leaves `${!aws:…}` alone, and a single quote is doubled between single quotes."""
    marks = [("${", "${!")] if _is_filled_in(host) else []
    marks += [("'", "''")] if host.style == "'" else []

    def escape_text(text: str) -> str:
        for mark, written in marks:
            text = text.replace(mark, written)
        return text

    def unescape_text(text: str) -> str:
        for mark, written in marks:
            text = text.replace(written, mark)
        return text

    if marks:
        found.escape, found.unescape = escape_text, unescape_text


def build_policy(document: Document, node: Node, dialect: str, name: str, address: str) -> Policy:
    """A policy document given as a JSON-like map, with its statements."""
    found = Policy(document.path, dialect, name, node, address)
    listed = node.find_node("Statement")
    if listed is not None:
        found.statements = [
            Statement(item, found, position)
            for position, item in enumerate(list_choices(listed))
            if item.kind is NodeKind.MAP and item.tag is None
        ]
    found.kind = classify_policy(found)
    if is_quoted(node):
        found.uneditable = _QUOTED
    if (host := _find_host_scalar(node)) is not None:
        _set_text_spelling(found, host)
    return found


def classify_policy(found: Policy) -> str:
    """`trust`, `resource` or `identity`, told from the statements themselves."""
    actions = {
        text_of(node)
        for statement in found.statements
        if (action := statement.node.find_node("Action")) is not None
        for node in (action.items if action.kind is NodeKind.LIST else [action])
    }
    if any(a and a.lower().startswith("sts:assumerole") for a in actions) and _has_principals(found):
        return "trust"
    return "resource" if _has_principals(found) else "identity"


def _has_principals(found: Policy) -> bool:
    return any(s.node.find_node("Principal") or s.node.find_node("NotPrincipal") for s in found.statements)


def trusted_services(trust: Node | None) -> tuple[str, ...]:
    """The services that a trust policy lets assume its role."""
    if trust is None:
        return ()
    return tuple(
        service
        for node in trust.walk_tree()
        if (service := text_of(node)) is not None
        and service.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    )
