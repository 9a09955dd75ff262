"""The account that a policy is deployed to, as the policy's own file can say it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from fixbot.dialects.iam import is_filled_in_text
from fixbot.edit.change import Add, Change
from fixbot.edit.tree import CannotEdit, CodeExpression, HclBlock, TaggedValue, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixbot.edit.tree import Node
    from fixbot.lens import Policy, Resource
    from fixbot.rules.context import Context

IDENTITY: Final = "aws_caller_identity"
_HOMES: Final = ("data.tf", "main.tf")
_ACCOUNT: Final = re.compile(r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):")
_OF_AWS: Final = "AWS::AccountId"


def refer_to_account(policy: Policy, world: Context) -> tuple[Value, tuple[Change, ...]]:
    """What stands for the account, and what the file needs for that. Raises CannotEdit where nothing can."""
    node = policy.node
    if policy.dialect == "cloudformation" and node.root_node.find_node("Resources") is not None:
        if not is_text(node):
            return (TaggedValue("!Ref", _OF_AWS) if node.grammar.has_tags else {"Ref": _OF_AWS}), ()
        if is_filled_in_text(node):
            return CodeExpression(f'"${{{_OF_AWS}}}"'), ()
    elif policy.dialect == "terraform" and node.root_node.grammar.has_expressions:
        label, added = _find_identity(policy, world)
        reference = f"data.{IDENTITY}.{label}.account_id"
        return CodeExpression(reference if node.grammar.has_expressions else f'"${{{reference}}}"'), added
    return _find_written(policy, world), ()


def refer_to_arns(policy: Policy, account: Value, service: str, world: Context) -> Value:
    """The ARN of anything of a service in that account, which `refer_to_account` has said."""
    partition, region = world.settings.partition or "aws", world.settings.region or "*"
    match account:
        case str():
            return f"arn:{partition}:{service}:{region}:{account}:*"
        case CodeExpression(text) if policy.dialect == "terraform":
            inner = text if text.startswith('"') else f'"${{{text}}}"'
            return CodeExpression(f'"arn:{partition}:{service}:{region}:{inner[1:-1]}:*"')
    made = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{{_OF_AWS}}}:*"
    match account:
        case TaggedValue():
            return TaggedValue("!Sub", made)
        case CodeExpression():
            return CodeExpression(f'"{made}"')
        case _:
            return {"Fn::Sub": made}


def is_text(node: Node) -> bool:
    """Whether a policy was read out of a text of the file."""
    while node.parent is not None:
        if node.parent.embedded is node:
            return True
        node = node.parent
    return False


def refer_to_resource_account(resource: Resource, world: Context) -> tuple[str, tuple[Change, ...]]:
    """The same beside a resource of Terraform, as an expression. Raises CannotEdit."""
    if not resource.owner.root_node.grammar.has_expressions:
        raise CannotEdit("it stands in a .tf.json file, where the account can't be asked for")
    label, added = _find_identity(resource, world)
    return f"data.{IDENTITY}.{label}.account_id", added


def _find_identity(policy: Policy | Resource, world: Context) -> tuple[str, tuple[Change, ...]]:
    documents = [each for each in world.project.documents_in_folder(policy.path) if each.syntax == "hcl"]
    label, home = find_identity({each.path: root for each in documents for root in each.roots})
    return label, () if home is None else (build_identity(home, label),)


def find_identity(roots: Mapping[str, Node]) -> tuple[str, Node | None]:
    """The label of a folder's `aws_caller_identity`; where it has none, one that is free, and its place.

    The place is the same whatever asks for it, so that two fixes add one.
    """
    blocks = [
        block
        for root in roots.values()
        for block in root.list_items("data")
        if block.labels[:1] == (IDENTITY,)
    ]
    plain = next((block for block in blocks if not block.entries), None)
    if plain is not None:
        return plain.labels[1], None
    places = sorted(roots, key=lambda path: (posixpath.basename(path) not in _HOMES, path))
    return "own" if blocks else "current", roots[places[0]]


def build_identity(home: Node, label: str) -> Change:
    """An `aws_caller_identity` in a file."""
    return Add(home, ("data",), HclBlock((IDENTITY, label), {}))


def _find_written(policy: Policy, world: Context) -> str:
    """The one account that the settings name, or the ARNs of the same file."""
    text = world.project.documents[policy.path].text
    named = {world.settings.account} if world.settings.account else set(_find_accounts(text))
    if len(named) != 1:
        raise CannotEdit("whose account it is isn't written here; name it as `account` in the settings")
    return named.pop()


def _find_accounts(text: str) -> Iterator[str]:
    return (match[1] for match in _ACCOUNT.finditer(text))
