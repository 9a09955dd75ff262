"""Task definitions in plain JSON or YAML: the secret is made by hand, under a name that can be known now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fixbot.change import Change
from fixbot.knowledge.rollout import rollout
from fixbot.knowledge.secrets import aws_key_pairs
from fixbot.lens import Task
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.settings import Settings
from fixbot.step import Step, step
from fixbot.tree import Node
from fixbot.vault import steps
from fixbot.vault.leak import Leak, raw_text
from fixbot.vault.reference import Place, key_of, place, store_name, whole
from fixbot.vault.source import SECRETS_MANAGER, SSM, Move, Source, listed
from fixbot.world import World


@dataclass(frozen=True, slots=True)
class Grant:
    """How the execution role comes to its permission: changes, or what a person must do."""

    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a move is made of: sources by leak, the permission, the steps that store values, the family."""

    sources: Mapping[int, Source]
    granted: Grant
    creating: tuple[Step, ...]
    family: str


def move(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
    """Where the values of a task in a file of its own go."""
    if not is_fragment(task) and not has_role(task):
        return no_role(task)
    sources = by_name(task, moved, world.settings)
    creating = made(task, moved, sources, world.settings)
    found = assemble(task, moved, Parts(sources, by_hand(task, sources), creating, family_text(task)))
    new = [sources[leak.id] for leak in moved if given(leak, world.settings) is None]
    name = store_name(world.settings.secrets.prefix, family_text(task), holes=_holes(task))
    return replace(found, commands=steps.stored(new, name, place(task, world.settings).region))


def is_fragment(task: Task) -> bool:
    """Whether the file holds only a part of a task definition: without a family nothing can be registered."""
    return task.get("family") is None


def has_role(task: Task) -> bool:
    """Whether an execution role is written, known or not."""
    role = task.execution_role
    return role is not None and not (role.known and role.value in (None, "") and role.entries == [])


def no_role(task: Task) -> Refusal:
    """Why a task without an execution role keeps its values for now."""
    return Refusal(
        f"{task.name} has no execution role, and without one ECS refuses `secrets`. Give it one "
        f"({code(task.spelling.field('executionRoleArn'))}, with the managed policy "
        "AmazonECSTaskExecutionRolePolicy), then run again."
    )


def family_text(task: Task) -> str:
    """The family, with its placeholders where it has some; the task's name elsewhere."""
    return raw_text(task.get("family")) or task.name


def by_name(task: Task, moved: Iterable[Leak], settings: Settings) -> dict[int, Source]:
    """The source of each value, told by name alone: nothing in the file can be referred to."""
    where = place(task, settings)
    name = store_name(settings.secrets.prefix, family_text(task), holes=_holes(task))
    in_manager = settings.secrets.store == SECRETS_MANAGER and where.known
    found: dict[int, Source] = {}
    for leak in moved:
        known = given(leak, settings)
        arn = where.arn(SECRETS_MANAGER, f"secret:{name}")
        if known is not None:
            found[leak.id] = known
        elif in_manager:
            found[leak.id] = Source(
                key_of(arn, leak.key),
                f"key {code(leak.key)} of secret {code(name)}",
                f"{arn}-??????",
                f"{arn}-??????",
            )
        else:
            made = parameter(leak.key, settings.secrets.prefix, family_text(task), where, holes=_holes(task))
            found[leak.id] = replace(made, nameless=settings.secrets.store == SECRETS_MANAGER)
    return found


def _holes(task: Task) -> bool:
    """Whether placeholders in names are for what makes the file; in HCL and CloudFormation they are not."""
    return task.dialect == "ecs" and task.node is not None and task.node.root.grammar.name != "hcl"


def parameter(key: str, prefix: str, family: str, where: Place, *, holes: bool = False) -> Source:
    """A parameter by its name, which ECS looks up in the task's own Region."""
    path = "/" + store_name(prefix, family, holes=holes).strip("/")
    arn = where.arn(SSM, f"parameter{path}/*")
    return Source(f"{path}/{key}", f"parameter {code(f'{path}/{key}')}", arn, arn, SSM)


def given(leak: Leak, settings: Settings) -> Source | None:
    """What holds the value already: what the template names, or the secret that the settings name."""
    if isinstance(leak.way, Source):
        return leak.way
    arn = settings.secrets.existing.get(leak.name)
    if arn is None:
        return None
    service = SSM if arn.split(":")[2:3] == ["ssm"] else SECRETS_MANAGER
    resource = arn if service == SSM else whole(arn)
    return Source(
        arn, f"the secret that the settings name for {code(leak.name)}", resource, resource, service
    )


def made(
    task: Task, moved: Iterable[Leak], sources: Mapping[int, Source], settings: Settings
) -> tuple[Step, ...]:
    """The steps that put the values where the sources are; none for those that the settings name."""
    new = {leak.key: sources[leak.id] for leak in moved if given(leak, settings) is None}
    region = place(task, settings).region
    name = store_name(settings.secrets.prefix, family_text(task), holes=_holes(task))
    in_manager = [key for key, source in new.items() if source.service == SECRETS_MANAGER]
    found = [steps.create(name, in_manager, region)] if in_manager else []
    found += [steps.parameter(str(s.value), region) for s in new.values() if s.service == SSM]
    return tuple(found)


def by_hand(task: Task, sources: Mapping[int, Source]) -> Grant:
    """The permission as a step, since the role isn't written where it could be given it."""
    role = role_name(task.execution_role)
    return Grant(
        steps=tuple(steps.grant(role, shown, service) for service, shown in by_service(sources.values()))
    )


def by_service(sources: Iterable[Source]) -> list[tuple[str, list[str]]]:
    """(service, what is read of it) for the services that are used."""
    found: dict[str, dict[str, None]] = {}
    for source in sources:
        if source.shown:
            found.setdefault(source.service, {})[source.shown] = None
    return [(service, list(shown)) for service, shown in found.items()]


def role_name(node: Node | None) -> str:
    """The execution role as its readers call it."""
    text = raw_text(node)
    return f"the execution role {code(text.rpartition('/')[2])}" if text else "the task's execution role"


def assemble(task: Task, moved: Sequence[Leak], parts: Parts) -> Move:
    """Put together what all findings of a task say."""
    sources, granted = parts.sources, parts.granted
    names = list(dict.fromkeys(leak.name for leak in moved))
    services = list(dict.fromkeys(steps.service_name(source.service) for source in sources.values()))
    store = listed(services)
    last = (
        (steps.revisions(parts.family),)
        if task.kind == "ecs"
        else (step(f"Deregister the old revisions of {code(task.name)}, which show the old value."),)
    )
    return Move(
        sources=sources,
        changes=granted.changes,
        gist=f"{code(task.name)} ({task.host}) gets {listed([code(each) for each in names])} from {store} "
        "at each start of a task.",
        rollout=rollout(task),
        unknown=_unknown(task, new=bool(parts.creating)),
        notes=(*granted.notes, *_notes(task, moved, services), *_nameless(sources)),
        steps_before=(*parts.creating, *granted.steps),
        steps_after=(steps.deploy(names), steps.rotate(list(sources.values())), *last),
        alike=task.address,
    )


def _unknown(task: Task, *, new: bool) -> str:
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
    what = "the value is stored already" if new else "the execution role may read the secret already"
    return f"Whether {what} is not known: {missing}"


def _nameless(sources: Mapping[int, Source]) -> tuple[str, ...]:
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


def _notes(task: Task, moved: Sequence[Leak], services: Sequence[str]) -> tuple[str, ...]:
    found = []
    if any(aws_key_pairs([v.name for v in leak.container.environment]) for leak in moved) and any(
        leak.name.upper().endswith(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")) for leak in moved
    ):
        found.append(steps.TASK_ROLE)
    if "Secrets Manager" in services and task.kind == "ecs":
        found.append(steps.JSON_KEYS)
    if task.network_mode == "awsvpc" or task.fargate:
        found.append(steps.PRIVATE.format(service=listed(tuple(services))))
    return tuple(found)
