"""CloudFormation and SAM templates, in YAML and JSON: resources, and policies wherever one stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.dialects import ecs, iam
from fixbot.document import Document
from fixbot.lens import CLOUDFORMATION, Container, Policy, Task, branches, text_of, truth
from fixbot.project import Project, Reading
from fixbot.tree import UNKNOWN, Kind, Node

_SAM_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
WORKLOADS = frozenset(
    (
        "AWS::ECS::TaskDefinition",
        "AWS::ECS::DaemonTaskDefinition",
        "AWS::ECS::ExpressGatewayService",
        "AWS::Batch::JobDefinition",
    )
)
"""Types in which containers stand."""
_OTHERS = ("AWS::SSO::PermissionSet", "AWS::CloudFormation::CustomResource")
_POLICY_KEYS = ("PolicyDocument", "Policies", "AssumeRolePolicyDocument", "InlinePolicy")


def recognises(_document: Document, root: Node) -> bool:
    """Whether a document is a template: it has resources of AWS types."""
    if root.kind is not Kind.MAP:
        return False
    resources = root.get("Resources")
    return (
        resources is not None
        and resources.kind is Kind.MAP
        and any(
            (text_of(e.value.get("Type")) or "").startswith(("AWS::", "Custom::", "Alexa::"))
            for e in resources.entries
            if e.value.kind is Kind.MAP
        )
    )


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a template."""

    name: str
    type: str
    node: Node
    properties: Node


def resources(root: Node) -> Iterator[Resource]:
    """The resources whose properties are written out."""
    listed = root.get("Resources")
    for entry in listed.entries if listed is not None else ():
        kind = text_of(entry.value.get("Type")) if entry.value.kind is Kind.MAP else None
        properties = entry.value.get("Properties") if kind else None
        if kind and properties is not None and properties.kind is Kind.MAP:
            yield Resource(entry.key, kind, entry.value, properties)


def read(_project: Project, document: Document, root: Node, reading: Reading) -> None:
    """Every task, job and policy of a template."""
    found = list(resources(root))
    services = [each for each in found if each.type == "AWS::ECS::Service"]
    for resource in found:
        if resource.type == "AWS::ECS::TaskDefinition":
            _task(document, resource, services, reading)
        elif resource.type == "AWS::ECS::DaemonTaskDefinition":
            _daemon(document, resource, reading)
        elif resource.type == "AWS::ECS::ExpressGatewayService":
            _express(document, resource, reading)
        elif resource.type == "AWS::Batch::JobDefinition":
            _job(document, resource, reading)
        reading.policies.extend(_policies(document, resource, reading))


def _task(document: Document, resource: Resource, services: list[Resource], reading: Reading) -> None:
    task = _defined(document, resource, "Family", reading)
    users = [each for each in services if resource.name in referred(each.properties.get("TaskDefinition"))]
    launch = {text_of(each.properties.get("LaunchType")) for each in users}
    if task.fargate is None and users and launch <= {"FARGATE", "EC2"}:
        task.fargate = "FARGATE" in launch
    execs = [truth(each.properties.get("EnableExecuteCommand")) for each in users]
    task.exec_enabled = True if True in execs else None if UNKNOWN in execs else False
    reading.tasks.append(task)


def _defined(document: Document, resource: Resource, naming: str, reading: Reading) -> Task:
    name = text_of(resource.properties.get(naming)) or resource.name
    task = ecs.task_of(document, resource.properties, CLOUDFORMATION, name)
    task.dialect, task.address, task.owner = "cloudformation", resource.name, resource.node
    containers = resource.properties.get("ContainerDefinitions")
    if containers is not None and not task.containers and containers.items == []:
        reading.skip(document, containers.start, f"the containers of {resource.name} are computed")
    return task


def _daemon(document: Document, resource: Resource, reading: Reading) -> None:
    task = _defined(document, resource, "Family", reading)
    ecs.make_daemon(task)
    reading.tasks.append(task)


def _express(document: Document, resource: Resource, reading: Reading) -> None:
    task = _defined(document, resource, "ServiceName", reading)
    ecs.make_express(task)
    container = resource.properties.get("PrimaryContainer")
    if container is not None and container.kind is Kind.MAP and container.get("Image") is not None:
        task.containers.append(Container(container, task, CLOUDFORMATION, 0, key=task.name))
    elif container is not None:
        reading.skip(document, container.start, f"the container of {resource.name} is computed")
    reading.tasks.append(task)


def _job(document: Document, resource: Resource, reading: Reading) -> None:
    """Batch holds one container in `ContainerProperties`, or tasks of several in `EcsProperties`."""
    on_fargate = ecs.fargate(resource.properties.get("PlatformCapabilities"))
    single = resource.properties.get("ContainerProperties")
    if single is not None and single.kind is Kind.MAP and single.get("Image") is not None:
        task = _job_task(document, resource, single, on_fargate)
        task.containers.append(Container(single, task, CLOUDFORMATION, 0))
        reading.tasks.append(task)
    several = resource.properties.get("EcsProperties")
    for node in several.many("TaskProperties") if several is not None else ():
        task = _job_task(document, resource, node, on_fargate)
        containers = node.get("Containers")
        if containers is not None:
            ecs.add_containers(task, containers, CLOUDFORMATION)
        reading.tasks.append(task)


def _job_task(document: Document, resource: Resource, node: Node, on_fargate: bool | None) -> Task:
    name = text_of(resource.properties.get("JobDefinitionName")) or resource.name
    task = ecs.task_of(document, node, CLOUDFORMATION, name)
    task.address = resource.name
    task.kind, task.dialect, task.workload = "batch", "cloudformation", "job definition"
    task.fargate, task.owner, task.exec_enabled = on_fargate, resource.node, False
    return task


def referred(node: Node | None) -> tuple[str, ...]:
    """The logical names that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`, at any depth."""
    names: list[str] = []
    for each in node.walk() if node is not None else ():
        text = each.value if each.kind is Kind.SCALAR and isinstance(each.value, str) else None
        if each.tag in ("!Ref", "!GetAtt", "!Sub") or (each.parent is not None and _short(each)):
            parts = [text] if text is not None else [t for i in each.items[:1] if (t := text_of(i))]
            for part in parts:
                names += [part.split(".")[0], *_substituted(part)]
    return tuple(names)


def _short(node: Node) -> bool:
    parent = node.parent
    return parent is not None and any(
        e.value is node and e.key in ("Ref", "Fn::GetAtt", "Fn::Sub") for e in parent.entries
    )


def _substituted(text: str) -> list[str]:
    return [part.split("}")[0].split(".")[0] for part in text.split("${")[1:]]


def _policies(document: Document, resource: Resource, reading: Reading) -> Iterator[Policy]:
    serverless = resource.type in _SAM_FUNCTIONS
    ours = resource.type.startswith(("AWS::IAM::", "Custom::")) or resource.type in _OTHERS
    if not ours and not serverless:
        return
    trust = iam.behind(document, resource.properties.get("AssumeRolePolicyDocument"), reading)
    principals = iam.services(trust)
    for place, node in _documents(document, resource.properties, reading):
        found = iam.policy(
            document,
            node,
            "cloudformation",
            f"{resource.name} {place}" if place else resource.name,
            "/".join(filter(None, (resource.name, place))),
        )
        found.owner, found.principals = resource.node, principals
        if node is trust:
            found.kind = "trust"
        yield found


def _documents(document: Document, properties: Node, reading: Reading) -> Iterator[tuple[str, Node]]:
    for key in _POLICY_KEYS:
        node = properties.get(key)
        if node is None:
            continue
        if (whole := iam.behind(document, node, reading)) is not None:
            yield "", whole
        for item in node.items:
            for each in branches(item) or [item]:
                held = each.get("PolicyDocument") if each.kind is Kind.MAP else None
                if (inner := iam.behind(document, held, reading)) is not None:
                    yield text_of(each.get("PolicyName")) or "inline", inner
                elif each.kind is Kind.MAP and iam.is_policy(each):
                    yield "inline", each
