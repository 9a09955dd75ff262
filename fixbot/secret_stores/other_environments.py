"""Variables of what runs code and is no task: functions, builds, App Runner services.

None of them takes a secret as a task does, so each environment is read as a task of which only what is
written is judged, and a person is told where the value belongs.
Sources: CloudFormation's schemas of the types; AWS Lambda Developer Guide, "Use Secrets Manager secrets in
Lambda functions"; AWS CodeBuild API, EnvironmentVariable (PLAINTEXT is the default type); AWS App Runner API,
ImageConfiguration (RuntimeEnvironmentSecrets).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import ABSENT, Node, NodeKind
from fixbot.lens import (
    CLOUDFORMATION,
    ECS,
    Container,
    Resource,
    ResourceType,
    Task,
    condition_branches,
    value_of,
)
from fixbot.lens.partial import hold_in_list, hold_in_map
from fixbot.rules.context import Context

_VARIABLES: Final = "Environment.Variables"
_LISTED: Final = "Environment.EnvironmentVariables"
_RUNTIME: Final = "SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables"
_IN_CODE: Final = "SourceConfiguration.CodeRepository.CodeConfiguration.CodeConfigurationValues"

FUNCTION = ResourceType(
    "Lambda function", "Lambda functions", "AWS::Lambda::Function", "aws_lambda_function",
    name="FunctionName",
)  # fmt: skip
SERVERLESS = ResourceType(
    "Lambda function", "Lambda functions", "AWS::Serverless::Function", name="FunctionName"
)
BUILD = ResourceType(
    "build project", "build projects", "AWS::CodeBuild::Project", "aws_codebuild_project", name="Name",
    renamed={_LISTED: "environment.environment_variable"},
)  # fmt: skip
SERVICE = ResourceType(
    "App Runner service", "App Runner services", "AWS::AppRunner::Service", "aws_apprunner_service",
    name="ServiceName",
)  # fmt: skip
ENVIRONMENTS: Final = {
    FUNCTION: (_VARIABLES,),
    SERVERLESS: (_VARIABLES,),
    BUILD: (_LISTED,),
    SERVICE: (_RUNTIME, f"{_IN_CODE}.RuntimeEnvironmentVariables"),
}
"""Where the variables of each type stand."""
KIND: Final = "environment"
"""The kind of such a task."""

_CHANGE: Final = "Whoever has this repository has the value as well, so change it where it was issued."
_OF_FUNCTIONS: Final = (
    "Lambda has no list of secrets, and shows its variables to everyone who may call "
    "`lambda:GetFunctionConfiguration`. Store the value in Secrets Manager, give the function the secret's "
    "ARN in its place, let its role call `secretsmanager:GetSecretValue` on that, and read it where the "
    f"function starts (the AWS Parameters and Secrets Lambda extension keeps it). {_CHANGE}"
)
_WAYS: Final = {
    FUNCTION: _OF_FUNCTIONS,
    SERVERLESS: _OF_FUNCTIONS,
    BUILD: (
        "Everyone who may call `codebuild:BatchGetProjects` reads it. Store the value in Secrets Manager, "
        "give the variable the type `SECRETS_MANAGER` and for a value the secret's name and key "
        "(`NAME:KEY`), and let the project's service role call `secretsmanager:GetSecretValue` on it. "
        f"{_CHANGE}"
    ),
    SERVICE: (
        "Everyone who may call `apprunner:DescribeService` reads it. Store the value in Secrets Manager, "
        "name the secret's ARN under `RuntimeEnvironmentSecrets` (Terraform: "
        "`runtime_environment_secrets`), and let the service's instance role call "
        f"`secretsmanager:GetSecretValue` on it. {_CHANGE}"
    ),
}


def read_environment(resource: Resource, world: Context) -> Task:
    """The variables of a resource as a task that can't be changed."""
    spelling = CLOUDFORMATION if resource.dialect == "cloudformation" else ECS
    task = Task(
        resource.path, KIND, resource.dialect, resource.name, resource.node, spelling,
        address=resource.address, workload=resource.type.noun, owner=resource.owner, volumes=None,
        volumes_reason="it has no volumes", partial=_WAYS[resource.type], follower=resource.follow,
    )  # fmt: skip
    for position, node in enumerate(_list_environments(resource, world)):
        held = hold_in_map([(spelling.spell_field("environment"), node)], resource.node)
        task.containers.append(Container(held, task, spelling, position, "settings", key=resource.name))
    return task


def _list_environments(resource: Resource, world: Context) -> Iterator[Node]:
    for canonical in ENVIRONMENTS[resource.type]:
        slot = resource.slot(canonical)
        if slot.found is not None and slot.found.style != "body":
            yield from _read_choices(slot.found, resource)
        else:
            yield from _read_choices(hold_in_list(slot.items, resource.node), resource)
    shared = resource.node.root_node.find_node("Globals", "Function", *_VARIABLES.split("."))
    if shared is not None and _is_first(resource, world):
        yield from _read_choices(shared, resource)


def _is_first(resource: Resource, world: Context) -> bool:
    """Whether what all functions of a template share is told with this one."""
    alike = (each for each in world.resources if each.type == SERVERLESS and each.path == resource.path)
    return resource.type == SERVERLESS and next(alike, resource).owner is resource.owner


def _read_choices(node: Node, resource: Resource) -> Iterator[Node]:
    """The maps and lists that may stand there; of a list only the pairs whose value is the variable's."""
    branches = condition_branches(node) or (node.items if node.kind is NodeKind.CALL else ())
    for each in branches:
        yield from _read_choices(each, resource)
    if branches:
        return
    if node.kind is NodeKind.LIST:
        items = (branch for item in node.items for branch in condition_branches(item) or (item,))
        yield hold_in_list((each for each in items if _is_plain(each)), node)
        return
    behind = resource.follow(node).node if node.kind is NodeKind.CODE else None
    yield node if behind is None or behind.kind is not NodeKind.MAP else behind


def _is_plain(pair: Node) -> bool:
    if pair.kind is not NodeKind.MAP:
        return False
    kinds = (value_of(pair.find_node(key)) for key in ("Type", "type"))
    return all(kind in (ABSENT, None, "PLAINTEXT") for kind in kinds)
