"""Templates: the secret is a resource beside its task, and the role in the template is allowed to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixbot.change import Change, Put
from fixbot.command import LOGICAL_ID
from fixbot.lens import Container, Task, Variable
from fixbot.model import Manual, Refusal
from fixbot.prose import code
from fixbot.step import Step
from fixbot.tree import Node
from fixbot.vault import raw_ecs, steps
from fixbot.vault.dynamic import judged
from fixbot.vault.functions import substituting
from fixbot.vault.leak import Judge, Leak
from fixbot.vault.rds import Databases
from fixbot.vault.reference import Place, key_of
from fixbot.vault.source import SSM, Move, Source
from fixbot.vault.template_role import granted
from fixbot.world import World

_HERE = Place("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}")


def move(task: Task, moved: Sequence[Leak], world: World) -> Move | Refusal:
    """Where the values of a task in a template go."""
    root = task.node.root if task.node is not None else None
    if root is None or task.owner is None:
        return Refusal("The task's resource isn't written in this template; move the value where it is.")
    template = Template(root, task.owner)
    if not LOGICAL_ID.fits(template.owner_name):
        return Refusal(
            "The name of the task's resource is none that CloudFormation takes (letters and digits), so "
            "nothing can refer to a secret beside it. Mend the name, then run again."
        )
    databases = Databases(root, world)
    sources: dict[int, Source | Refusal] = {
        leak.id: _source(task, leak, template, databases, world) for leak in moved
    }
    going = [leak for leak in moved if isinstance(sources[leak.id], Source)]
    if not going:
        return Move(sources)
    there = {leak.id: source for leak in going if isinstance(source := sources[leak.id], Source)}
    new = [leak for leak in going if there[leak.id].resource == template.reference]
    grant = granted(task, template.owner_name, list(there.values()), root, json=template.json)
    made = _made(task, new, going, template, world)
    found = raw_ecs.assemble(task, going, raw_ecs.Parts(there, grant, made, _family(task, template)))
    changes = (*(template.secret() if new else ()), *found.changes)
    if any(source.changes for source in there.values()):
        found = databases.told(found, list(there.values()), template.path)
    return replace(found, sources=sources, changes=changes, commands=steps.change_set(template.path))


class Template:
    """One template, seen from one task's resource."""

    def __init__(self, root: Node, owner: Node) -> None:
        self.root = root
        listed = root.get("Resources")
        self.resources = listed if listed is not None else root
        self.owner_name = next((e.key for e in self.resources.entries if e.value is owner), "Task")
        self.json = root.grammar.name == "json"
        self.path = root.root.source
        self.secret_name = _free(f"{self.owner_name}Secret", self.resources)

    @property
    def reference(self) -> object:
        """A Ref of the secret, which is its full ARN."""
        return substituting(f"${{{self.secret_name}}}", json=self.json)

    def secret(self) -> tuple[Change, ...]:
        """The resource; it has no value, which a person stores."""
        near = (self.owner_name,)
        return (Put(self.resources, (self.secret_name,), {"Type": "AWS::SecretsManager::Secret"}, near),)


def _free(name: str, listed: Node) -> str:
    taken = {entry.key for entry in listed.entries}
    names: Iterator[str] = (name if n == 1 else f"{name}{n}" for n in range(1, len(taken) + 2))
    return next(each for each in names if each not in taken)


def _source(
    task: Task, leak: Leak, template: Template, databases: Databases, world: World
) -> Source | Refusal:
    given = raw_ecs.given(leak, world.settings)
    if given is not None:
        return given
    shared = databases.source(leak, json=template.json)
    if shared is not None:
        return shared
    if world.settings.secrets.store == SSM:
        return in_parameters(task, leak, template, world)
    name = template.secret_name
    value = substituting(key_of(f"${{{name}}}", leak.key), json=template.json)
    says = f"key {code(leak.key)} of the new secret {code(name)}"
    return Source(value, says, substituting(f"${{{name}}}", json=template.json), f"<ARN of {name}>")


def in_parameters(task: Task, leak: Leak, template: Template, world: World) -> Source:
    """A parameter by its name: CloudFormation can't make one of type SecureString."""
    found = raw_ecs.parameter(leak.key, world.settings.secrets.prefix, raw_ecs.family_text(task), _HERE)
    return replace(found, resource=substituting(found.shown, json=template.json))


def _family(task: Task, template: Template) -> str:
    return raw_ecs.family_text(task) if task.name != template.owner_name else "<family>"


def _made(
    task: Task, own: Sequence[Leak], going: Sequence[Leak], template: Template, world: World
) -> tuple[Step, ...]:
    """The steps that store the values: in the template's own secret, and in parameters."""
    found: list[Step] = []
    if own:
        found.append(steps.fill_stack(template.secret_name, list(dict.fromkeys(leak.key for leak in own))))
    if world.settings.secrets.store == SSM:
        new = {leak.key: leak for leak in going if raw_ecs.given(leak, world.settings) is None}
        sources = {key: in_parameters(task, leak, template, world) for key, leak in new.items()}
        found += [steps.parameter(str(source.value), None) for source in sources.values()]
    return tuple(found)


def judge(task: Task) -> Judge:
    """Knows the values that CloudFormation fills in."""

    def of(_container: Container, variable: Variable) -> Source | Refusal | Manual | None:
        return (
            judged(variable, task.node.root) if task.node is not None and variable.value is not None else None
        )

    return of
