"""Task definitions in plain JSON or YAML: the secret is made by hand, under a name that can be known now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fixbot.edit.change import Change
from fixbot.edit.tree import Node
from fixbot.knowledge.classify_secrets import find_aws_key_pairs
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Task
from fixbot.model.findings import Refusal
from fixbot.model.moved_secrets import StorePlace
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.aws_names import (
    AwsPlace,
    build_key_reference,
    build_parameter_name,
    build_store_name,
    find_aws_place,
    secret_arn_of,
)
from fixbot.secret_stores.secret_leaks import SecretLeak, text_as_written
from fixbot.secret_stores.secret_source import SECRETS_MANAGER, SSM, SecretMove, SecretSource
from fixbot.settings import Settings
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import Step, build_step


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """How the execution role comes to its permission: changes, or what a person must do."""

    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveParts:
    """What a move is made of: sources by leak, the permission, the steps that store values, the family."""

    sources: Mapping[int, SecretSource]
    granted: RoleGrant
    creating: tuple[Step, ...]
    family: str


def move_to_named_secret(task: Task, moved: Sequence[SecretLeak], world: Context) -> SecretMove | Refusal:
    """Where the values of a task in a file of its own go."""
    if not is_fragment(task) and not has_execution_role(task):
        return refuse_without_role(task)
    sources = sources_by_name(task, moved, world.settings)
    creating = build_store_steps(task, moved, sources, world.settings)
    found = assemble_move(
        task, moved, MoveParts(sources, grant_by_hand(task, sources), creating, read_family(task))
    )
    new = [
        sources[leak.id]
        for leak in moved
        if find_existing_source(leak, world.settings) is None and not sources[leak.id].is_stored
    ]
    name = build_store_name(world.settings.secrets.prefix, read_family(task), holes=_has_holes(task))
    return replace(
        found, commands=secret_steps.check_stored(new, name, find_aws_place(task, world.settings).region)
    )


def is_fragment(task: Task) -> bool:
    """Whether the file holds only a part of a task definition: without a family nothing can be registered."""
    return task.get("family") is None


def has_execution_role(task: Task) -> bool:
    """Whether an execution role is written, known or not."""
    role = task.execution_role
    return role is not None and not (role.is_known and role.value in (None, "") and role.entries == [])


def refuse_without_role(task: Task) -> Refusal:
    """Why a task without an execution role keeps its values for now."""
    return Refusal(
        f"{task.name} has no execution role, and without one ECS refuses `secrets`. Give it one "
        f"({mark_code(task.spelling.spell_field('executionRoleArn'))}, with the managed policy "
        "AmazonECSTaskExecutionRolePolicy), then run again."
    )


def read_family(task: Task) -> str:
    """The family, with its placeholders where it has some; the task's name elsewhere."""
    return text_as_written(task.get("family")) or task.name


def sources_by_name(task: Task, moved: Iterable[SecretLeak], settings: Settings) -> dict[int, SecretSource]:
    """The source of each value, told by name alone: nothing in the file can be referred to."""
    where = find_aws_place(task, settings)
    name = build_store_name(settings.secrets.prefix, read_family(task), holes=_has_holes(task))
    in_manager = settings.secrets.store == SECRETS_MANAGER and where.is_known
    found: dict[int, SecretSource] = {}
    for leak in moved:
        known = find_existing_source(leak, settings)
        arn = where.build_arn(SECRETS_MANAGER, f"secret:{name}")
        if known is not None:
            found[leak.id] = known
        elif in_manager:
            place = _build_place(SECRETS_MANAGER, name, leak.key, where, task)
            fact = settings.stored.get(place.identity)
            full = fact.arn if fact is not None and fact.arn else ""
            shown = full or f"{arn}-??????"
            says = f"key {mark_code(leak.key)} of secret {mark_code(name)}"
            value = build_key_reference(full or arn, leak.key)
            found[leak.id] = SecretSource(value, says, shown, shown, place=place, fact=fact)
        else:
            made = parameter_source(
                leak.key, settings.secrets.prefix, read_family(task), where, holes=_has_holes(task)
            )
            place = _build_place(SSM, str(made.value), leak.key, where, task)
            nameless = settings.secrets.store == SECRETS_MANAGER
            fact = settings.stored.get(place.identity)
            found[leak.id] = replace(made, nameless=nameless, place=place, fact=fact)
    return found


def _build_place(
    store: Literal["secretsmanager", "ssm"], name: str, key: str, where: AwsPlace, task: Task
) -> StorePlace:
    """Where a value is to be stored. A role that is only named is one of the same account."""
    role = text_as_written(task.execution_role) or ""
    if role and not role.startswith("arn:"):
        role = f"arn:{where.partition or 'aws'}:iam::{where.account}:role/{role}" if where.account else ""
    return StorePlace(store, name, key, where.account, where.region, role or None)


def _has_holes(task: Task) -> bool:
    """Whether placeholders in names are for what makes the file; in HCL and CloudFormation they are not."""
    return task.dialect == "ecs" and task.node is not None and not task.node.root_node.grammar.has_expressions


def parameter_source(
    key: str, prefix: str, family: str, where: AwsPlace, *, holes: bool = False
) -> SecretSource:
    """A parameter by its name, which ECS looks up in the task's own Region."""
    path = "/" + build_parameter_name(build_store_name(prefix, family, holes=holes)).strip("/")
    arn = where.build_arn(SSM, f"parameter{path}/*")
    return SecretSource(f"{path}/{key}", f"parameter {mark_code(f'{path}/{key}')}", arn, arn, SSM)


def find_existing_source(leak: SecretLeak, settings: Settings) -> SecretSource | None:
    """What holds the value already: what the template names, or the secret that the settings name."""
    if isinstance(leak.way, SecretSource):
        return leak.way
    arn = settings.secrets.existing.get(leak.name)
    if arn is None:
        return None
    service = SSM if arn.split(":")[2:3] == ["ssm"] else SECRETS_MANAGER
    resource = arn if service == SSM else secret_arn_of(arn)
    return SecretSource(
        arn, f"the secret that the settings name for {mark_code(leak.name)}", resource, resource, service
    )


def build_store_steps(
    task: Task, moved: Iterable[SecretLeak], sources: Mapping[int, SecretSource], settings: Settings
) -> tuple[Step, ...]:
    """The steps that put the values where the sources are; none for those that the settings name."""
    new = {
        leak.key: sources[leak.id]
        for leak in moved
        if find_existing_source(leak, settings) is None and not sources[leak.id].is_stored
    }
    region = find_aws_place(task, settings).region
    name = build_store_name(settings.secrets.prefix, read_family(task), holes=_has_holes(task))
    in_manager = [key for key, source in new.items() if source.service == SECRETS_MANAGER]
    found = [secret_steps.create_secret_step(name, in_manager, region)] if in_manager else []
    found += [
        secret_steps.create_parameter_step(str(s.value), region) for s in new.values() if s.service == SSM
    ]
    return tuple(found)


def grant_by_hand(task: Task, sources: Mapping[int, SecretSource]) -> RoleGrant:
    """The permission as a step, since the role isn't written where it could be given it."""
    role = name_role(task.execution_role)
    return RoleGrant(
        steps=tuple(
            secret_steps.grant_role_step(role, shown, service)
            for service, shown in group_by_service(each for each in sources.values() if not each.is_readable)
        )
    )


def group_by_service(sources: Iterable[SecretSource]) -> list[tuple[str, list[str]]]:
    """(service, what is read of it) for the services that are used."""
    found: dict[str, dict[str, None]] = {}
    for source in sources:
        if source.shown:
            found.setdefault(source.service, {})[source.shown] = None
    return [(service, list(shown)) for service, shown in found.items()]


def name_role(node: Node | None) -> str:
    """The execution role as its readers call it."""
    text = text_as_written(node)
    return f"the execution role {mark_code(text.rpartition('/')[2])}" if text else "the task's execution role"


def assemble_move(task: Task, moved: Sequence[SecretLeak], parts: MoveParts) -> SecretMove:
    """Put together what all findings of a task say."""
    sources, granted = parts.sources, parts.granted
    names = list(dict.fromkeys(leak.name for leak in moved))
    services = list(dict.fromkeys(secret_steps.name_service(source.service) for source in sources.values()))
    store = join_with_and(services)
    last = (
        (secret_steps.delete_revisions_step(parts.family),)
        if task.kind == "ecs"
        else (
            build_step(f"Deregister the old revisions of {mark_code(task.name)}, which show the old value."),
        )
    )
    return SecretMove(
        sources=sources,
        changes=granted.changes,
        gist=f"{mark_code(task.name)} ({task.host}) gets "
        f"{join_with_and([mark_code(each) for each in names])} from {store} "
        "at each start of a task.",
        rollout=describe_rollout(task),
        unknown=_describe_unknown(task, sources.values(), new=bool(parts.creating)),
        notes=(*granted.notes, *_list_notes(task, moved, services), *_note_nameless(sources)),
        steps_before=(*parts.creating, *granted.steps),
        steps_after=(
            secret_steps.deploy_step(names),
            secret_steps.rotate_step(list(sources.values())),
            *last,
        ),
        alike=task.address,
    )


def _describe_unknown(task: Task, sources: Collection[SecretSource], *, new: bool) -> str:
    if all(each.is_stored and each.is_readable for each in sources):
        return ""
    stored = "the value is stored and " if new else ""
    missing = (
        f"a task does not start (`ResourceInitializationError`) until {stored}the execution role may read it."
    )
    if is_fragment(task) and task.dialect == "ecs":
        return (
            "The rest of this task stands elsewhere, so whether it has an execution role is not known; "
            "without one "
            f"ECS refuses `secrets`. With one, {missing}"
        )
    if new and all(each.fact is not None for each in sources):
        return f"AWS says that not all of it is stored yet: {missing}"
    what = "the value is stored already" if new else "the execution role may read the secret already"
    return f"Whether {what} is not known: {missing}"


def _note_nameless(sources: Mapping[int, SecretSource]) -> tuple[str, ...]:
    """Why a value goes to a parameter though the settings say Secrets Manager."""
    if not any(source.nameless for source in sources.values()):
        return ()
    return (
        (
            "No file and no setting names both account and Region, which a secret's ARN needs; a parameter's "
            "name needs neither. "
            "Set `account` and `region` in `.fixbot.yml` to have secrets."
        ),
    )


def _list_notes(task: Task, moved: Sequence[SecretLeak], services: Sequence[str]) -> tuple[str, ...]:
    found = []
    if any(find_aws_key_pairs([v.name for v in leak.container.environment]) for leak in moved) and any(
        leak.name.upper().endswith(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")) for leak in moved
    ):
        found.append(secret_steps.TASK_ROLE)
    if "Secrets Manager" in services and task.kind == "ecs":
        found.append(secret_steps.JSON_KEYS)
    if task.network_mode == "awsvpc" or task.fargate:
        found.append(secret_steps.PRIVATE.format(service=join_with_and(tuple(services))))
    return tuple(found)
