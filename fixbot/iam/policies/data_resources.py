"""The buckets, tables, queues and so on that a workload works with, as a Resource says them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.dialects.cloudformation import find_references, list_resources
from fixbot.dialects.iam import is_filled_in_text
from fixbot.edit.tree import CannotEdit, CodeExpression, NodeKind, TaggedValue, Value
from fixbot.iam.policies.own_account import is_text
from fixbot.iam.policies.role_users import FUNCTION, SERVERLESS, NotKnown
from fixbot.iam.policies.senders import QUEUE, TOPIC
from fixbot.lens import Policy, Resource, ResourceType
from fixbot.text.name_lists import join_with_and

if TYPE_CHECKING:
    from fixbot.edit.tree import Node
    from fixbot.rules.context import Context

_BUCKET: Final = ResourceType("bucket", "buckets", "AWS::S3::Bucket", "aws_s3_bucket")
_TABLE: Final = ResourceType("table", "tables", "AWS::DynamoDB::Table", "aws_dynamodb_table")
_STREAM: Final = ResourceType("stream", "streams", "AWS::Kinesis::Stream", "aws_kinesis_stream")
STORES: Final = {
    "s3": (_BUCKET,), "dynamodb": (_TABLE,), "sqs": (QUEUE,), "sns": (TOPIC,), "kinesis": (_STREAM,),
    "lambda": (FUNCTION, SERVERLESS),
}  # fmt: skip
"""What the actions of a service work on."""
_PARTS: Final = {"s3": "/*", "lambda": ":*"}
"""What stands behind the ARN of a thing for what is in it: objects, versions."""


@dataclass(frozen=True, slots=True)
class WorkloadData:
    """What a workload works with: the things, and the Resource that names them."""

    stores: tuple[Resource, ...]
    resources: tuple[Value, ...]


def list_candidates(services: Sequence[str], policy: Policy, world: Context) -> list[Resource]:
    """The things of these services that are declared beside a policy."""
    if policy.dialect not in ("cloudformation", "terraform"):
        return []
    return [
        each
        for service in services
        for kind in STORES[service]
        for each in world.resources_beside(policy, kind)
        if each.owner is not policy.owner
    ]


def collect_workload_data(
    services: Sequence[str], workload: Resource, policy: Policy, world: Context
) -> WorkloadData:
    """What a workload needs of these services, where the files show it. Raises NotKnown, CannotEdit."""
    stores: list[Resource] = []
    for service in services:
        stores += _choose_stores(service, workload, policy, world)
    waiting = {id(each.owner): each for each in stores if _would_wait(each, policy)}
    if waiting:
        names = join_with_and(each.title for each in waiting.values())
        raise CannotEdit(f"{names} and the policy would wait for each other")
    return WorkloadData(
        tuple(stores), tuple(value for each in stores for value in _spell_store(each, policy))
    )


def _choose_stores(service: str, workload: Resource, policy: Policy, world: Context) -> list[Resource]:
    """Those that the workload names, or the only one that there is."""
    every = [each for each in list_candidates([service], policy, world) if each.owner is not workload.owner]
    noun = STORES[service][0].noun
    foreign = _find_foreign(noun, workload, every, world)
    if foreign:
        raise NotKnown(f"{workload.title} is told of another {noun} by {foreign}")
    named = [each for each in every if world.mentions(workload.owner, each.address)]
    chosen = named or every
    if not chosen or any(not each.lone for each in chosen):
        raise NotKnown(
            f"no {noun} is declared beside it" if not chosen else f"one block makes several {noun}s"
        )
    if len(chosen) > 1 and not named:
        raise NotKnown(
            f"there are several {STORES[service][0].plural}, and {workload.title} names none of them"
        )
    return chosen


def _find_foreign(noun: str, workload: Resource, known: Sequence[Resource], world: Context) -> str:
    """A variable of the workload's that is called after such a thing, and isn't one of the known."""
    for name, value in _list_variables(workload.owner):
        called = {noun, f"{noun}s"}.intersection(name.lower().split("_"))
        if called and not any(world.mentions(value, each.address) for each in known):
            return name
    return ""


def _list_variables(node: Node) -> Iterator[tuple[str, Node]]:
    """The variables of a workload: entries of lists of pairs, and of maps below `Variables`."""
    for each in node.walk_tree():
        for key in ("Name", "name"):
            named, value = each.find_node(key), each.find_node("Value" if key == "Name" else "value")
            if named is not None and named.text and value is not None:
                yield named.text, value
        for key in ("Variables", "variables"):
            held = each.find_node(key)
            if held is not None and held.kind is NodeKind.MAP:
                yield from ((entry.key, entry.value) for entry in held.entries)


def _would_wait(store: Resource, policy: Policy) -> bool:
    """Whether a thing waits for what holds the policy, directly or through others of its template."""
    if policy.owner is None:
        return False
    if store.dialect == "terraform":
        return False
    needs = {each.name: each.node for each in list_resources(policy.node.root_node)}
    own = next((name for name, node in needs.items() if node is policy.owner), "")
    seen: set[str] = set()
    left = [store.address]
    while left:
        name = left.pop()
        if name in seen or name not in needs:
            continue
        seen.add(name)
        left += find_references(needs[name])
        waits = needs[name].find_node("DependsOn")
        left += [each.text or "" for each in (waits.walk_tree() if waits is not None else ())]
    return own in seen


def _spell_store(store: Resource, policy: Policy) -> Iterator[Value]:
    """The ARNs of a thing and of what is in it, as the policy's file says them. Raises CannotEdit."""
    service = next(name for name, kinds in STORES.items() if store.type in kinds)
    parts = [_PARTS[service]] if service in _PARTS else ["/index/*"] if _has_indexes(store) else []
    for part in ("", *parts):
        yield _spell_arn(store, part, policy)


def _has_indexes(table: Resource) -> bool:
    names = (
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "global_secondary_index",
        "local_secondary_index",
    )
    return any(table.node.find_entry(name) is not None for name in names)


def _spell_arn(store: Resource, part: str, policy: Policy) -> Value:
    if store.dialect == "terraform":
        return _spell_terraform(f"{store.address}.arn", part, policy)
    topic = store.type is TOPIC
    name = store.address if topic else f"{store.address}.Arn"
    node = policy.node
    if is_text(node):
        if not is_filled_in_text(node):
            raise CannotEdit("the policy is a text that nothing fills in")
        return CodeExpression(f'"${{{name}}}{part}"')
    if part:
        whole = f"${{{name}}}{part}"
        return TaggedValue("!Sub", whole) if node.grammar.has_tags else {"Fn::Sub": whole}
    if node.grammar.has_tags:
        return TaggedValue("!Ref" if topic else "!GetAtt", name)
    return {"Ref": name} if topic else {"Fn::GetAtt": [store.address, "Arn"]}


def _spell_terraform(reference: str, part: str, policy: Policy) -> Value:
    if not policy.node.root_node.grammar.has_expressions:
        raise CannotEdit("the policy is a file of its own, where nothing of Terraform can be named")
    if policy.node.grammar.has_expressions and not part:
        return CodeExpression(reference)
    return CodeExpression(f'"${{{reference}}}{part}"')
