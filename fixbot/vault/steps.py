"""What a person does before and after merging, in the order in which nothing stops working."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fixbot.command import (
    ADDRESS,
    FAMILY,
    LOGICAL_ID,
    PARAMETER,
    PATH,
    REGION,
    SECRET,
    Command,
    Shell,
    Substitution,
    Word,
    joined,
    piped,
    run,
)
from fixbot.prose import code
from fixbot.step import PrintedDocument, Step, step
from fixbot.tree import Value
from fixbot.vault.source import SSM, Source, listed
from fixbot.written import print_document

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
PLAN = run("terraform", "plan", note="on this branch: what will be made and replaced")


def change_set(path: str) -> tuple[Command, ...]:
    """The command that shows what a template would change, and changes nothing."""
    return (
        run(
            "aws", "cloudformation", "deploy", "--no-execute-changeset", "--stack-name", "STACK",
            "--capabilities", "CAPABILITY_NAMED_IAM", "--template-file", PATH(path),
            note="on this branch: what would be made and replaced; STACK: the stack's name",
        ),
    )  # fmt: skip


def stored(sources: Iterable[Source], name: str, region: str | None) -> tuple[Command, ...]:
    """The commands that show whether the values are stored; `name` is the secret's."""
    where = _where(region)
    secret = run("aws", "secretsmanager", "describe-secret", "--secret-id", SECRET(name), *where)

    def parameter(path: str) -> Command:
        only = joined("Key=Name,Values=", PARAMETER(path))
        return run("aws", "ssm", "describe-parameters", *where, "--parameter-filters", only)

    found = (parameter(str(each.value)) if each.service == SSM else secret for each in sources)
    return tuple(dict.fromkeys(found))


def _where(region: str | None) -> tuple[str | Word, ...]:
    return ("--region", REGION(region)) if region else ()


def service_name(service: str) -> str:
    """How AWS calls the store."""
    return "Parameter Store" if service == SSM else "Secrets Manager"


def template(keys: Iterable[str]) -> str:
    """The JSON that a person types, with dots for the values."""
    return json.dumps(dict.fromkeys(keys, "..."))


def create(name: str, keys: Sequence[str], region: str | None, *, says: str = "Create the secret: ") -> Step:
    """The step that makes a JSON secret from standard input."""
    made = run(
        "aws", "secretsmanager", "create-secret", "--name", SECRET(name), *_where(region),
        "--secret-string", "file:///dev/stdin",
    )  # fmt: skip
    return step(
        says,
        made,
        f", then type {code(template(keys))} with each value for its dots, Enter and Ctrl-D. "
        "(Does it exist already? Then add the keys with `put-secret-value --secret-id` in place of "
        "`create-secret --name`.)",
    )


def parameter(name: str, region: str | None) -> Step:
    """The step that makes a parameter from standard input, without the line end of the typed line."""
    put = run(
        "aws", "ssm", "put-parameter", "--type", "SecureString", "--name", PARAMETER(name), *_where(region),
        "--value", "file:///dev/stdin",
    )  # fmt: skip
    typed = piped(
        run("read", "-rs", "V"), ";", run("printf", "%s", Shell('"$V"')), "|", put, ";", run("unset", "V")
    )
    return step("Create the parameter: ", typed, ", then type the value.")


def statement(resources: Sequence[str], service: str) -> PrintedDocument:
    """The role's statement, as JSON to copy."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    one: Value = resources[0] if len(resources) == 1 else list(resources)
    return print_document({"Effect": "Allow", "Action": action, "Resource": one}, "json")


def grant(role: str, resources: Sequence[str], service: str) -> Step:
    """The step for a role that this repository doesn't show, or not in a way that can be added to."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    return step(
        f"Allow {role} {code(action)} on {listed([code(each) for each in resources])}, which the managed "
        "policy "
        "`AmazonECSTaskExecutionRolePolicy` does not (and `kms:Decrypt`, where a key of your own encrypts "
        "it). "
        "As a statement:",
        document=statement(resources, service),
    )


def deploy(names: Sequence[str]) -> Step:
    """The step right after merging."""
    return step(
        "Deploy, and see that new tasks start. `ResourceInitializationError` as the stopped reason means "
        "that "
        f"the value or the permission for {listed([code(name) for name in names])} is missing{UNHARMED}."
    )


def rotate(sources: Sequence[Source]) -> Step:
    """The step that makes the old value worthless."""
    services = {service_name(source.service) for source in sources}
    return step(
        f"Change the value where it was issued ({HISTORY}), store the new one in "
        f"{listed(sorted(services))}, and start new tasks (",
        run("aws", "ecs", "update-service", "--force-new-deployment"),
        " with the `--cluster` and `--service`): a container keeps what it got at its start.",
    )


def revisions(family: str) -> Step:
    """The step that takes the old value out of AWS."""
    each = joined(FAMILY(family), ":N")
    return step(
        "Deregister and delete the old revisions, which show the old value to anyone with "
        "`ecs:DescribeTaskDefinition`: ",
        run("aws", "ecs", "deregister-task-definition", "--task-definition", each),
        " for each old revision N, then `aws ecs delete-task-definitions`.",
    )


def fill_stack(name: str, keys: Sequence[str]) -> Step:
    """The step that fills a secret which CloudFormation makes empty."""
    made = run(
        "aws", "cloudformation", "describe-stack-resource", "--stack-name", "STACK", "--logical-resource-id",
        LOGICAL_ID(name), "--query", "StackResourceDetail.PhysicalResourceId", "--output", "text",
    )  # fmt: skip
    return step(
        f"Be ready to store the value as soon as the update has made the secret {code(name)}, for new tasks "
        "wait for it while the old ones go on: ",
        _put(made),
        f", then type {code(template(keys))} with each value for its dots, Enter and Ctrl-D (STACK is the "
        "stack's name). "
        "Where a deployment circuit breaker would roll back sooner, deploy the secret alone first.",
    )


def fill_resource(address: str, keys: Sequence[str]) -> Step:
    """The step that makes a secret with Terraform and fills it by hand."""
    asked = piped(
        run("echo", joined(ADDRESS(address), ".arn")),
        "|",
        run("terraform", "console"),
        "|",
        run("tr", "-d", '"'),
    )
    return step(
        "From this branch, make the secret alone, and store its value: ",
        run("terraform", "apply", joined("-target=", ADDRESS(address))),
        ", then ",
        _put(asked),
        f", then type {code(template(keys))} with each value for its dots, Enter and Ctrl-D. Terraform's "
        "state never holds the value.",
    )


def _put(named: Command) -> Command:
    """The command that stores a value in the secret that another one names."""
    return run(
        "aws", "secretsmanager", "put-secret-value", "--secret-id", Substitution(named), "--secret-string",
        "file:///dev/stdin",
    )  # fmt: skip


def fill_kept(arn: str, name: str) -> Step:
    """The step for a secret that the folder has already."""
    return step(
        f"See that the secret of {code(arn)} holds the value of {code(name)} and nothing else: `aws "
        "secretsmanager get-secret-value`; else store "
        "it with `put-secret-value --secret-string file:///dev/stdin`."
    )
