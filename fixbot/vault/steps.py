"""What a person does before and after merging, in the order in which nothing stops working."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence

from fixbot.vault.source import SSM, Source, listed

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
PLAN = "terraform plan  # on this branch: what will be made and replaced"


def change_set(path: str) -> tuple[str, ...]:
    """The commands that show what a template would change, and change nothing."""
    return (
        "# on this branch: what would be made and replaced; STACK: the stack's name",
        (
            "aws cloudformation deploy --no-execute-changeset --stack-name STACK --capabilities "
            f"CAPABILITY_NAMED_IAM --template-file {shlex.quote(path)}"
        ),
    )


def stored(sources: Iterable[Source], name: str, region: str | None) -> tuple[str, ...]:
    """The commands that show whether the values are stored; `name` is the secret's."""
    where = f" --region {region}" if region else ""
    secret = f"aws secretsmanager describe-secret --secret-id {quoted(name)}{where}"
    parameter = f"aws ssm describe-parameters{where} --parameter-filters Key=Name,Values="
    found = (f"{parameter}{quoted(str(each.value))}" if each.service == SSM else secret for each in sources)
    return tuple(dict.fromkeys(found))


def service_name(service: str) -> str:
    """How AWS calls the store."""
    return "Parameter Store" if service == SSM else "Secrets Manager"


def template(keys: Iterable[str]) -> str:
    """The JSON that a person types, with dots for the values."""
    return json.dumps(dict.fromkeys(keys, "..."))


def create(name: str, keys: Sequence[str], region: str | None) -> str:
    """The step that makes a JSON secret from standard input."""
    where = f" --region {region}" if region else ""
    return (
        f"Create the secret: `aws secretsmanager create-secret --name {quoted(name)}{where} "
        "--secret-string "
        f"file:///dev/stdin`, then type `{template(keys)}` with each value for its dots, Enter and Ctrl-D. "
        "(Does it exist already? Then add the keys with `put-secret-value --secret-id` in place of "
        "`create-secret --name`.)"
    )


def parameter(name: str, region: str | None) -> str:
    """The step that makes a parameter from standard input, without the line end of the typed line."""
    where = f" --region {region}" if region else ""
    return (
        'Create the parameter: `read -rs V; printf %s "$V" | aws ssm put-parameter --type SecureString '
        "--name "
        f"{quoted(name)}{where} --value file:///dev/stdin; unset V`, then type the value."
    )


def quoted(name: str) -> str:
    """A name for a shell: in quotes where a placeholder is in it."""
    return f"'{name}'" if any(char in name for char in "${}<> ") else name


def statement(resources: Sequence[str], service: str) -> str:
    """The role's statement, as JSON to copy."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    one = resources[0] if len(resources) == 1 else list(resources)
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": one}, indent=2)


def grant(role: str, resources: Sequence[str], service: str) -> str:
    """The step for a role that this repository doesn't show, or not in a way that can be added to."""
    action = "ssm:GetParameters" if service == SSM else "secretsmanager:GetSecretValue"
    block = statement(resources, service).replace("\n", "\n   ")
    return (
        f"Allow {role} `{action}` on {listed([f'`{each}`' for each in resources])}, which the managed "
        "policy "
        "`AmazonECSTaskExecutionRolePolicy` does not (and `kms:Decrypt`, where a key of your own encrypts "
        "it). "
        f"As a statement:\n\n   ```json\n   {block}\n   ```"
    )


def deploy(names: Sequence[str]) -> str:
    """The step right after merging."""
    return (
        "Deploy, and see that new tasks start. `ResourceInitializationError` as the stopped reason means "
        "that "
        f"the value or the permission for {listed(tuple(names))} is missing; tasks that run already are "
        "not touched."
    )


def rotate(sources: Sequence[Source]) -> str:
    """The step that makes the old value worthless."""
    services = {service_name(source.service) for source in sources}
    return (
        f"Change the value where it was issued ({HISTORY}), store the new one in "
        f"{listed(sorted(services))}, and start new tasks (`aws ecs update-service --force-new-deployment` "
        "with the `--cluster` and `--service`): a container keeps what it got at its start."
    )


def revisions(family: str) -> str:
    """The step that takes the old value out of AWS."""
    return (
        "Deregister and delete the old revisions, which show the old value to anyone with "
        "`ecs:DescribeTaskDefinition`: `aws ecs deregister-task-definition --task-definition "
        f"{quoted(family)}:N` for each old revision N, then `aws ecs delete-task-definitions`."
    )


def fill_stack(name: str, keys: Sequence[str]) -> str:
    """The step that fills a secret which CloudFormation makes empty."""
    return (
        f"Be ready to store the value as soon as the update has made the secret `{name}`, for new tasks "
        "wait for "
        "it while the old ones go on: `aws secretsmanager put-secret-value --secret-id $(aws "
        "cloudformation "
        f"describe-stack-resource --stack-name STACK --logical-resource-id {name} --query "
        "StackResourceDetail.PhysicalResourceId --output text) --secret-string file:///dev/stdin`, then "
        "type "
        f"`{template(keys)}` with each value for its dots, Enter and Ctrl-D (STACK is the stack's name). "
        "Where a deployment circuit breaker would roll back sooner, deploy the secret alone first."
    )


def fill_resource(address: str, keys: Sequence[str]) -> str:
    """The step that makes a secret with Terraform and fills it by hand."""
    return (
        "From this branch, make the secret alone, and store its value: `terraform apply "
        f"-target={address}`, then `aws secretsmanager put-secret-value "
        f"--secret-id $(echo {address}.arn | terraform console | tr -d '\"') --secret-string "
        "file:///dev/stdin`, then type "
        f"`{template(keys)}` with each value for its dots, Enter and Ctrl-D. Terraform's state never holds "
        "the value."
    )


def fill_kept(arn: str, name: str) -> str:
    """The step for a secret that the folder has already."""
    return (
        f"See that the secret of `{arn}` holds the value of {name} and nothing else: `aws secretsmanager "
        "get-secret-value`; else store "
        "it with `put-secret-value --secret-string file:///dev/stdin`."
    )
