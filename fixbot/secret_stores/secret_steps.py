"""What a person does before and after merging, in the order in which nothing stops working."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from fixbot.edit.tree import Value
from fixbot.secret_stores.secret_source import SSM, SecretSource
from fixbot.source.own_documents import print_document
from fixbot.text.command import (
    ADDRESS,
    FAMILY,
    LOGICAL_ID,
    PARAMETER,
    PATH,
    REGION,
    SECRET,
    Command,
    CommandWord,
    ShellOperator,
    Substitution,
    build_command,
    join_commands,
    join_words,
)
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import PrintedDocument, Step, build_step

HISTORY = "Git's history and the diff of this change keep the old one"
TASK_ROLE = (
    "These are AWS access keys. Better than moving them: give the task a task role with the same "
    "permissions, "
    "delete both variables, and deactivate the key; the SDKs then find short-lived credentials by "
    "themselves."
)
JSON_KEYS = "Single keys of a JSON secret need platform version 1.4.0 on Fargate, agent 1.37.0 on EC2."
PRIVATE = (
    "In a subnet without a way to the internet, tasks need an endpoint for {service} to fetch the value."
)
UNHARMED = "; tasks that run already are not touched"
PLAN = build_command("terraform", "plan", note="on this branch: what will be made and replaced")


def preview_change_set(path: str) -> tuple[Command, ...]:
    """The command that shows what a template would change, and changes nothing."""
    return (
        build_command(
            "aws", "cloudformation", "deploy", "--no-execute-changeset", "--stack-name", "STACK",
            "--capabilities", "CAPABILITY_NAMED_IAM", "--template-file", PATH(path),
            note="on this branch: what would be made and replaced; STACK: the stack's name",
        ),
    )  # fmt: skip


def check_stored(sources: Iterable[SecretSource], name: str, region: str | None) -> tuple[Command, ...]:
    """The commands that show whether the values are stored; `name` is the secret's."""
    where = _region_words(region)
    secret = build_command("aws", "secretsmanager", "describe-secret", "--secret-id", SECRET(name), *where)

    def describe_parameter(path: str) -> Command:
        only = join_words("Key=Name,Values=", PARAMETER(path))
        return build_command("aws", "ssm", "describe-parameters", *where, "--parameter-filters", only)

    found = (describe_parameter(str(each.value)) if each.service == SSM else secret for each in sources)
    return tuple(dict.fromkeys(found))


def _region_words(region: str | None) -> tuple[str | CommandWord, ...]:
    return ("--region", REGION(region)) if region else ()


def name_service(service: str) -> str:
    """How AWS calls the store."""
    return "Parameter Store" if service == SSM else "Secrets Manager"


def render_json_template(keys: Iterable[str]) -> str:
    """The JSON that a person types, with dots for the values."""
    return json.dumps(dict.fromkeys(keys, "..."))


def create_secret_step(
    name: str, keys: Sequence[str], region: str | None, *, says: str = "Create the secret: "
) -> Step:
    """The step that makes a JSON secret from standard input."""
    made = build_command(
        "aws", "secretsmanager", "create-secret", "--name", SECRET(name), *_region_words(region),
        "--secret-string", "file:///dev/stdin",
    )  # fmt: skip
    return build_step(
        says,
        made,
        f", then type {mark_code(render_json_template(keys))} with each value for its dots, Enter and "
        "Ctrl-D. "
        "(Does it exist already? Then add the keys with `put-secret-value --secret-id` in place of "
        "`create-secret --name`.)",
    )


def create_parameter_step(name: str, region: str | None) -> Step:
    """The step that makes a parameter from standard input, without the line end of the typed line."""
    put = build_command(
        "aws", "ssm", "put-parameter", "--type", "SecureString", "--name", PARAMETER(name),
        *_region_words(region),
        "--value", "file:///dev/stdin",
    )  # fmt: skip
    typed = join_commands(
        build_command("read", "-rs", "V"),
        ";",
        build_command("printf", "%s", ShellOperator('"$V"')),
        "|",
        put,
        ";",
        build_command("unset", "V"),
    )
    return build_step("Create the parameter: ", typed, ", then type the value.")


def print_statement(resources: Sequence[str], service: str) -> PrintedDocument:
    """The role's statement, as JSON to copy."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    one: Value = resources[0] if len(resources) == 1 else list(resources)
    return print_document({"Effect": "Allow", "Action": action, "Resource": one}, "json")


def grant_role_step(role: str, resources: Sequence[str], service: str) -> Step:
    """The step for a role that this repository doesn't show, or not in a way that can be added to."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    return build_step(
        f"Allow {role} {mark_code(action)} on "
        f"{join_with_and([mark_code(each) for each in resources])}, which the managed "
        "policy "
        "`AmazonECSTaskExecutionRolePolicy` does not (and `kms:Decrypt`, where a key of your own encrypts "
        "it). "
        "As a statement:",
        document=print_statement(resources, service),
    )


START_NEW_TASKS: Final = (
    build_command(
        "aws", "ecs", "update-service", "--cluster", "CLUSTER", "--service", "SERVICE",
        "--force-new-deployment",
    ),
    ". CLUSTER is where the service runs, SERVICE its name. ",
)  # fmt: skip
"""Makes a service start its tasks anew, so that they get what a secret holds now: parts of a step."""


def deploy_step(names: Sequence[str]) -> Step:
    """The step right after merging."""
    return build_step(
        "Deploy, and see that new tasks start. `ResourceInitializationError` as the stopped reason means "
        "that "
        f"the value or the permission for {join_with_and([mark_code(name) for name in names])} is "
        f"missing{UNHARMED}."
    )


def rotate_step(sources: Sequence[SecretSource]) -> Step:
    """The step that makes the old value worthless."""
    services = {name_service(source.service) for source in sources}
    return build_step(
        f"Change the value where it was issued ({HISTORY}), store the new one in "
        f"{join_with_and(sorted(services))}, and start new tasks: ",
        *START_NEW_TASKS,
        "A container keeps what it got at its start.",
    )


def delete_revisions_step(family: str) -> Step:
    """The step that takes the old value out of AWS."""
    each = join_words(FAMILY(family), ":N")
    return build_step(
        "Deregister and delete the old revisions, which show the old value to anyone with "
        "`ecs:DescribeTaskDefinition`: ",
        build_command("aws", "ecs", "deregister-task-definition", "--task-definition", each),
        " for each old revision N, then `aws ecs delete-task-definitions`.",
    )


def fill_stack_step(name: str, keys: Sequence[str]) -> Step:
    """The step that fills a secret which CloudFormation makes empty."""
    made = build_command(
        "aws", "cloudformation", "describe-stack-resource", "--stack-name", "STACK", "--logical-resource-id",
        LOGICAL_ID(name), "--query", "StackResourceDetail.PhysicalResourceId", "--output", "text",
    )  # fmt: skip
    return build_step(
        f"Be ready to store the value as soon as the update has made the secret {mark_code(name)}, for "
        "new tasks "
        "wait for it while the old ones go on: ",
        _put_value_command(made),
        f", then type {mark_code(render_json_template(keys))} with each value for its dots, Enter and "
        "Ctrl-D (STACK is the "
        "stack's name). "
        "Where a deployment circuit breaker would roll back sooner, deploy the secret alone first.",
    )


def fill_resource_step(address: str, keys: Sequence[str]) -> Step:
    """The step that makes a secret with Terraform and fills it by hand."""
    asked = join_commands(
        build_command("echo", join_words(ADDRESS(address), ".arn")),
        "|",
        build_command("terraform", "console"),
        "|",
        build_command("tr", "-d", '"'),
    )
    return build_step(
        "From this branch, make the secret alone, and store its value: ",
        build_command("terraform", "apply", join_words("-target=", ADDRESS(address))),
        ", then ",
        _put_value_command(asked),
        f", then type {mark_code(render_json_template(keys))} with each value for its dots, Enter and "
        "Ctrl-D. Terraform's "
        "state never holds the value.",
    )


def _put_value_command(named: Command) -> Command:
    """The command that stores a value in the secret that another one names."""
    return build_command(
        "aws", "secretsmanager", "put-secret-value", "--secret-id", Substitution(named), "--secret-string",
        "file:///dev/stdin",
    )  # fmt: skip


def see_stored_step(shown: str, name: str) -> Step:
    """The step for a value that comes from a store already."""
    return build_step(
        f"See that {shown} holds what {mark_code(name)} is meant to be: the literal may be older."
    )


def fill_existing_step(arn: str, name: str) -> Step:
    """The step for a secret that the folder has already."""
    return build_step(
        f"See that the secret of {mark_code(arn)} holds the value of {mark_code(name)} and nothing "
        "else: `aws "
        "secretsmanager get-secret-value`; else store "
        "it with `put-secret-value --secret-string file:///dev/stdin`."
    )
