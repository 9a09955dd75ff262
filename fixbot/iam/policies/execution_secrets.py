"""The secrets that a role's task definitions name, as a Resource says them, and whether it reads more.

ECS fetches what stands in `secrets`, `secretOptions` and `repositoryCredentials` with the execution role, and
nothing else of Secrets Manager and Parameter Store; so what the task definitions name is what the role needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fixbot.dialects.cloudformation import find_references
from fixbot.edit.tree import CodeExpression, Node, NodeKind, TaggedValue, Value
from fixbot.iam.policies.role_users import TASK, NotKnown, find_sole_role, refuse_other_uses
from fixbot.lens import Policy, Resource, ResourceType, text_of

if TYPE_CHECKING:
    from fixbot.rules.context import Context

SECRET: Final = ResourceType(
    "secret", "secrets", "AWS::SecretsManager::Secret", "aws_secretsmanager_secret",
    renamed={"KmsKeyId": "kms_key_id"},
)  # fmt: skip
PARAMETER: Final = ResourceType("parameter", "parameters", "AWS::SSM::Parameter", "aws_ssm_parameter")
_NAMES: Final = ("valuefrom", "credentialsparameter")
_LISTS: Final = ("secrets", "secretoptions")
_SECRET_ARN: Final = re.compile(
    r"(arn:[^:]*:secretsmanager:(?:\$\{[^}]*\}|[^:])*:(?:\$\{[^}]*\}|[^:])*:secret:[^:]+)(?::.*)?"
)
_SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}\Z")
_REFERENCE: Final = re.compile(
    r"\"?(?:\$\{)?\s*((?:data\.)?aws_(?:secretsmanager_secret(?:_version)?|ssm_parameter)\.[\w-]+\.arn)\s*\}?(?::[^\"]*)?\"?"
)
_OWN: Final = re.compile(r"\$\{(\w+)\}(?::.*)?")


@dataclass(slots=True)
class RoleSecrets:
    """What the task definitions of an execution role name."""

    role: Resource
    tasks: list[Resource]
    resources: list[Value] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """The same for a reader, with the task that names it."""
    declared: list[Resource] = field(default_factory=list)
    """The secrets among them that are declared beside it."""
    foreign: bool = False
    """Whether some of them are declared elsewhere, so that their keys aren't known."""


def collect_role_secrets(policy: Policy, world: Context) -> RoleSecrets:
    """What the execution role of a policy has to read. Raises NotKnown."""
    role = find_sole_role(policy, world)
    tasks, uses = [], 0
    for task in world.resources_beside(policy, TASK):
        places = {name: task.slot(name).found for name in ("ExecutionRoleArn", "TaskRoleArn")}
        named = {
            name for name, node in places.items() if node is not None and world.mentions(node, role.address)
        }
        if "TaskRoleArn" in named:
            raise NotKnown(f"{role.title} is the role of {task.title} itself, whose program may read others")
        tasks += [task] * bool(named)
        uses += len(named)
    if not tasks:
        raise NotKnown(f"no task definition here has {role.title} as its execution role")
    refuse_other_uses(role, uses, policy, world)
    found = RoleSecrets(role, tasks)
    for task in tasks:
        for node in _list_named(task):
            _add_secret(found, task, node, world)
    return found


def _list_named(task: Resource) -> Iterator[Node]:
    """All places of a task definition that name a secret. Raises NotKnown where some of it is computed."""
    containers = task.slot("ContainerDefinitions").found
    while containers is not None and containers.kind is NodeKind.CALL and containers.value == "jsonencode":
        containers = containers.items[0]
    if containers is None or containers.kind is not NodeKind.LIST or containers.tag is not None:
        raise NotKnown(f"the containers of {task.title} are computed")
    for container in containers.items:
        if container.kind is not NodeKind.MAP or container.tag is not None:
            raise NotKnown(f"a container of {task.title} is computed")
        for node in container.walk_tree():
            for entry in node.entries:
                key = entry.key.lower()
                if key in _LISTS and (entry.value.kind is not NodeKind.LIST or entry.value.tag is not None):
                    raise NotKnown(f"the secrets of {task.title} are computed")
                if key in _LISTS and any(each.kind is not NodeKind.MAP for each in entry.value.items):
                    raise NotKnown(f"the secrets of {task.title} are computed")
                if key in _NAMES:
                    yield entry.value


def _add_secret(found: RoleSecrets, task: Resource, node: Node, world: Context) -> None:
    value, declared = _read_reference(task, node, world)
    found.foreign = found.foreign or declared is None
    if declared is not None and declared not in found.declared:
        found.declared.append(declared)
    if value not in found.resources:
        found.resources.append(value)
        shown = (
            declared.name if declared is not None else str(getattr(value, "value", value)).rpartition(":")[2]
        )
        found.names.append(f"{shown} ({task.name})")


def _read_reference(task: Resource, node: Node, world: Context) -> tuple[Value, Resource | None]:
    """What a `valueFrom` becomes in a Resource, and what it refers to beside the task. Raises NotKnown."""
    text = text_of(node)
    if text is not None:
        return _read_literal(text, task), None
    if task.dialect == "terraform":
        written = _REFERENCE.fullmatch(str(node.value)) if node.kind is NodeKind.CODE else None
        if written is None:
            raise NotKnown(f"what {task.title} takes as a secret is computed")
        address = written[1].removesuffix(".arn").replace("secret_version.", "secret.", 1)
        return CodeExpression(written[1]), _find_declared(task, address, world)
    return _read_function(task, node, world)


def _read_function(task: Resource, node: Node, world: Context) -> tuple[Value, Resource | None]:
    form, inner = node.tag, node
    if node.kind is NodeKind.MAP and len(node.entries) == 1 and node.entries[0].key in ("Ref", "Fn::Sub"):
        form, inner = node.entries[0].key, node.entries[0].value
    text = inner.value if inner.kind is NodeKind.SCALAR and isinstance(inner.value, str) else None
    name = text if form in ("!Ref", "Ref") else ""
    if form in ("!Sub", "Fn::Sub") and text is not None:
        if (own := _OWN.fullmatch(text)) is not None:
            name = own[1]
        elif (arn := _SECRET_ARN.fullmatch(text)) is not None or ":ssm:" in text:
            whole = _complete_arn(arn[1]) if arn is not None else text
            return (TaggedValue("!Sub", whole) if form == "!Sub" else {"Fn::Sub": whole}), None
    declared = _find_declared(task, name or "", world)
    if declared is None or declared.type != SECRET:
        raise NotKnown(f"what {task.title} takes as a secret is computed")
    return (TaggedValue("!Ref", name) if form in ("!Ref", "!Sub") else {"Ref": name}), declared


def _find_declared(task: Resource, address: str, world: Context) -> Resource | None:
    beside = (each for kind in (SECRET, PARAMETER) for each in world.resources_beside(task, kind))
    return next((each for each in beside if each.address == address), None)


def _read_literal(text: str, task: Resource) -> Value:
    if (arn := _SECRET_ARN.fullmatch(text)) is not None:
        return _complete_arn(arn[1])
    if text.startswith("arn:") and ":ssm:" in text:
        return text
    if re.fullmatch(r"/?[\w.-]+(?:/[\w.-]+)*", text):
        return f"arn:aws:ssm:*:*:parameter/{text.lstrip('/')}"
    raise NotKnown(f"what {task.title} takes as a secret isn't told by an ARN or a name")


def _complete_arn(arn: str) -> str:
    """An ARN without the six characters that Secrets Manager adds gets six that match any."""
    return arn if _SUFFIX.search(arn) or arn.endswith("}") else f"{arn}-??????"


def list_keys(found: RoleSecrets) -> list[Value]:
    """The customer keys of the secrets, as a Resource says them. Raises NotKnown."""
    keys: list[Value] = []
    if found.foreign:
        raise NotKnown("with which key a secret that stands elsewhere is encrypted isn't known")
    for secret in found.declared:
        node = secret.node.find_node("KmsKeyId" if secret.dialect == "cloudformation" else "kms_key_id")
        node = node or secret.node.find_node("key_id")
        if node is None:
            continue
        key = re.search(r"(aws_kms_key\.[\w-]+)\.\w+", str(node.value))
        named = find_references(node) if secret.dialect == "cloudformation" else ()
        if key is None and len(named) != 1:
            raise NotKnown(f"the key of {secret.title} is computed")
        keys.append(_spell_key(secret, key[1] if key else named[0]))
    return [each for n, each in enumerate(keys) if each not in keys[:n]]


def _spell_key(secret: Resource, name: str) -> Value:
    if secret.dialect == "terraform":
        return CodeExpression(f"{name}.arn")
    if secret.node.grammar.has_tags:
        return TaggedValue("!GetAtt", f"{name}.Arn")
    return {"Fn::GetAtt": [name, "Arn"]}
