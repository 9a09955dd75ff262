"""CloudFormation and SAM templates, in YAML and JSON: resources, and policies wherever one stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fixbot.dialects import ecs, iam
from fixbot.dialects.batch_pods import CLOUDFORMATION_POD, read_batch_pod
from fixbot.edit.tree import UNKNOWN, Node, NodeKind
from fixbot.lens import CLOUDFORMATION, CLOUDFORMATION_JOB, Container, Policy, Task, text_of, truth_of
from fixbot.source.document import Document
from fixbot.source.project import Inventory, Project

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


def is_of_dialect(_document: Document, root: Node) -> bool:
    """Whether a document is a template: it has resources of AWS types."""
    if root.kind is not NodeKind.MAP:
        return False
    resources = root.find_node("Resources")
    return (
        resources is not None
        and resources.kind is NodeKind.MAP
        and any(
            (text_of(e.value.find_node("Type")) or "").startswith(("AWS::", "Custom::", "Alexa::"))
            if e.value.kind is NodeKind.MAP
            else e.key.startswith("Fn::ForEach::")
            for e in resources.entries
        )
    )


def _say_not_read(document: Document, root: Node, reading: Inventory) -> None:
    """Name what loops and macros make of a template, and what is no resource."""
    macros = root.find_node("Transform")
    for each in (macros.items or [macros]) if macros is not None else ():
        name = text_of(each) or ""
        if not name.startswith("AWS::"):
            reason = f"the macro {name or 'of a computed name'} may change each resource when it is deployed"
            reading.add_unread(document, each.start, reason)
    listed = root.find_node("Resources")
    for entry in listed.entries if listed is not None else ():
        node, reason = entry.value, ""
        if entry.key.startswith("Fn::ForEach"):
            reason = f"the resources of {entry.key} are made in a loop, and were not judged"
        elif entry.key == "Fn::Transform":
            reason = "what a macro adds to the resources is not known"
        elif node.kind is not NodeKind.MAP or text_of(node.find_node("Type")) is None:
            reason = f"{entry.key} is no resource: it has no Type that is a text"
        elif node.find_entry("Fn::Transform") is not None:
            reason = f"what a macro makes of {entry.key} is not known"
        if reason:
            reading.add_unread(document, entry.key_start, reason)


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """One resource of a template."""

    name: str
    type: str
    node: Node
    properties: Node


@lru_cache(maxsize=2)
def list_resources(root: Node) -> tuple[TemplateResource, ...]:
    """The resources whose properties are written out."""
    return tuple(_iterate_resources(root))


def _iterate_resources(root: Node) -> Iterator[TemplateResource]:
    listed = root.find_node("Resources")
    for entry in listed.entries if listed is not None else ():
        kind = text_of(entry.value.find_node("Type")) if entry.value.kind is NodeKind.MAP else None
        properties = entry.value.find_node("Properties") if kind else None
        if kind and properties is not None and properties.kind is NodeKind.MAP:
            yield TemplateResource(entry.key, kind, entry.value, properties)


def read_root(_project: Project, document: Document, root: Node, reading: Inventory) -> None:
    """Every task, job and policy of a template."""
    _say_not_read(document, root, reading)
    found = list_resources(root)
    services = [each for each in found if each.type == "AWS::ECS::Service"]
    for resource in found:
        if resource.type == "AWS::ECS::TaskDefinition":
            _read_task(document, resource, services, reading)
        elif resource.type == "AWS::ECS::DaemonTaskDefinition":
            _read_daemon(document, resource, reading)
        elif resource.type == "AWS::ECS::ExpressGatewayService":
            _read_express_service(document, resource, reading)
        elif resource.type == "AWS::Batch::JobDefinition":
            _read_job(document, resource, reading)
        policies = list(_read_policies(document, resource, reading))
        reading.policies += policies
        if "Statement" in document.text:
            known = {id(each.node) for each in policies}
            reading.policies += _read_other_policies(document, resource, known, reading)


def _read_other_policies(
    document: Document, resource: TemplateResource, known: set[int], reading: Inventory
) -> Iterator[Policy]:
    """The policies of keys, buckets and topics: what a resource lets others do, and no role may."""
    for node in resource.properties.walk_tree():
        for entry in node.entries:
            if id(entry.value) in known or _is_plain_scalar(entry.value):
                continue
            if _holds_template(entry.value):
                what = f"the template inside of {resource.name} is not read; keep it in a file of its own"
                reading.add_unread(document, entry.value.start, what)
                continue
            behind = iam.find_policy_behind(document, entry.value, reading)
            if behind is not None and id(behind) not in known and iam.is_policy(behind):
                address = f"{resource.name}/{entry.key}"
                found = iam.build_policy(document, behind, "cloudformation", resource.name, address)
                found.kind = "resource" if found.kind == "resource" else "unknown"
                found.owner, found.holders = resource.node, (resource.type,)
                yield found


def _is_plain_scalar(node: Node) -> bool:
    """Whether a value is a scalar with no room for a policy or a template, as nearly all are."""
    text = node.value
    return node.kind is NodeKind.SCALAR and not (
        isinstance(text, str) and ("Statement" in text or "Resources" in text)
    )


def _holds_template(node: Node) -> bool:
    text = node.value if node.kind is NodeKind.SCALAR else None
    return isinstance(text, str) and "Resources" in text and "AWS::" in text


def _read_task(
    document: Document, resource: TemplateResource, services: list[TemplateResource], reading: Inventory
) -> None:
    task = _read_defined_task(document, resource, "Family", reading)
    users = [
        each
        for each in services
        if resource.name in find_references(each.properties.find_node("TaskDefinition"))
    ]
    launch = {text_of(each.properties.find_node("LaunchType")) for each in users}
    if task.fargate is None and users and launch <= {"FARGATE", "EC2"}:
        task.fargate = "FARGATE" in launch
    execs = [truth_of(each.properties.find_node("EnableExecuteCommand")) for each in users]
    task.exec_enabled = True if True in execs else None if UNKNOWN in execs else False
    reading.tasks.append(task)


def _read_defined_task(
    document: Document, resource: TemplateResource, naming: str, reading: Inventory
) -> Task:
    name = text_of(resource.properties.find_node(naming)) or resource.name
    task = ecs.build_task(document, resource.properties, CLOUDFORMATION, name)
    task.dialect, task.address, task.owner = "cloudformation", resource.name, resource.node
    containers = resource.properties.find_node("ContainerDefinitions")
    if containers is not None and not task.containers and containers.items == []:
        reading.add_unread(document, containers.start, f"the containers of {resource.name} are computed")
    return task


def _read_daemon(document: Document, resource: TemplateResource, reading: Inventory) -> None:
    task = _read_defined_task(document, resource, "Family", reading)
    ecs.make_daemon(task)
    reading.tasks.append(task)


def _read_express_service(document: Document, resource: TemplateResource, reading: Inventory) -> None:
    task = _read_defined_task(document, resource, "ServiceName", reading)
    ecs.make_express(task)
    container = resource.properties.find_node("PrimaryContainer")
    if container is not None and container.kind is NodeKind.MAP and container.find_node("Image") is not None:
        task.containers.append(Container(container, task, CLOUDFORMATION, 0, key=task.name))
    elif container is not None:
        reading.add_unread(document, container.start, f"the container of {resource.name} is computed")
    reading.tasks.append(task)


def _read_job(document: Document, resource: TemplateResource, reading: Inventory) -> None:
    """Batch holds one container, tasks of several, or a pod; those of a multi-node job by ranges of nodes."""
    on_fargate = ecs.asks_for_fargate(resource.properties.find_node("PlatformCapabilities"))
    several = resource.properties.find_node("NodeProperties")
    ranges = several.list_items("NodeRangeProperties") if several is not None else ()
    for number, holder in enumerate((resource.properties, *ranges)):
        at = f"{resource.name}/{number}" if number else resource.name
        single = holder.find_node("Container" if number else "ContainerProperties")
        if single is not None and single.kind is NodeKind.MAP and single.find_node("Image") is not None:
            task = _read_job_task(document, resource, single, at, on_fargate)
            task.containers.append(Container(single, task, CLOUDFORMATION_JOB, 0))
            reading.tasks.append(task)
        tasks = holder.find_node("EcsProperties")
        for node in tasks.list_items("TaskProperties") if tasks is not None else ():
            task = _read_job_task(document, resource, node, at, on_fargate)
            containers = node.find_node("Containers")
            if containers is not None:
                ecs.add_containers(task, containers, CLOUDFORMATION_JOB)
            reading.tasks.append(task)
        pod = holder.find_node("EksProperties", "PodProperties")
        if pod is not None:
            read_batch_pod(document, pod, CLOUDFORMATION_POD, resource.node, at, reading)


def _read_job_task(
    document: Document, resource: TemplateResource, node: Node, address: str, on_fargate: bool | None
) -> Task:
    name = text_of(resource.properties.find_node("JobDefinitionName")) or resource.name
    task = ecs.build_task(document, node, CLOUDFORMATION_JOB, name)
    task.kind, task.dialect, task.workload = "batch", "cloudformation", "job definition"
    task.address, task.fargate, task.owner = address, on_fargate, resource.node
    task.exec_enabled = ecs.reads_exec_flag(node.find_node("EnableExecuteCommand"))
    return task


def find_references(node: Node | None) -> tuple[str, ...]:
    """The logical names that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`, at any depth."""
    names: list[str] = []
    for each in node.walk_tree() if node is not None else ():
        text = each.value if each.kind is NodeKind.SCALAR and isinstance(each.value, str) else None
        if each.tag in ("!Ref", "!GetAtt", "!Sub") or (each.parent is not None and _is_short_form(each)):
            parts = [text] if text is not None else [t for i in each.items[:1] if (t := text_of(i))]
            for part in parts:
                names += [part.split(".")[0], *_find_substitutions(part)]
    return tuple(names)


def _is_short_form(node: Node) -> bool:
    parent = node.parent
    return parent is not None and any(
        e.value is node and e.key in ("Ref", "Fn::GetAtt", "Fn::Sub") for e in parent.entries
    )


def _find_substitutions(text: str) -> list[str]:
    return [part.split("}")[0].split(".")[0] for part in text.split("${")[1:]]


def _read_policies(document: Document, resource: TemplateResource, reading: Inventory) -> Iterator[Policy]:
    serverless = resource.type in _SAM_FUNCTIONS
    ours = resource.type.startswith(("AWS::IAM::", "Custom::")) or resource.type in _OTHERS
    if not ours and not serverless:
        return
    trust = iam.find_policy_behind(
        document, resource.properties.find_node("AssumeRolePolicyDocument"), reading
    )
    principals = iam.trusted_services(trust)
    for place, node in _find_documents(document, resource.properties, reading):
        found = iam.build_policy(
            document,
            node,
            "cloudformation",
            f"{resource.name} {place}" if place else resource.name,
            "/".join(filter(None, (resource.name, place))),
        )
        found.owner, found.principals = resource.node, principals
        found.holders = (resource.type,)
        if node is trust:
            found.kind = "trust"
        yield found


def _find_documents(document: Document, properties: Node, reading: Inventory) -> Iterator[tuple[str, Node]]:
    for key in _POLICY_KEYS:
        node = properties.find_node(key)
        if node is None:
            continue
        whole = iam.find_policy_behind(document, node, reading)
        if whole is not None:
            yield "", whole
        for each in iam.list_choices(node):
            held = each.find_node("PolicyDocument") if each.kind is NodeKind.MAP else None
            if (inner := iam.find_policy_behind(document, held, reading)) is not None:
                yield text_of(each.find_node("PolicyName")) or "inline", inner
            elif each is not whole and each.kind is NodeKind.MAP and iam.is_policy(each):
                yield "inline", each
            computed = held if held is not None else each if key != "Policies" else None
            if computed is not None and _is_computed(computed):
                reading.add_unread(document, computed.start, "a policy that the template computes")


_COMPUTE = ("Join", "Transform", "ImportValue", "Ref", "FindInMap", "GetAtt", "Select", "ToJsonString")


def _is_computed(node: Node) -> bool:
    """Whether a function makes a value that can't be read here."""
    tag = (node.tag or "").lstrip("!")
    key = node.entries[0].key if node.kind is NodeKind.MAP and len(node.entries) == 1 else ""
    return tag in _COMPUTE or key == "Ref" or (key[:4] == "Fn::" and key[4:] in _COMPUTE)
