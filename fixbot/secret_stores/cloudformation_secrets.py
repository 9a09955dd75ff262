"""Templates: the secret is a resource beside its task, and the role in the template is allowed to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixbot.edit.change import Change, Put
from fixbot.edit.tree import Node
from fixbot.lens import Container, Task, Variable
from fixbot.model.findings import Manual, Refusal
from fixbot.model.moved_secrets import StorePlace
from fixbot.rules.context import Context
from fixbot.secret_stores import secret_steps, task_definition_secrets
from fixbot.secret_stores.aws_names import AwsPlace, build_key_reference
from fixbot.secret_stores.cloudformation_databases import TemplateDatabases
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.secret_stores.cloudformation_role import grant_to_template_role
from fixbot.secret_stores.dynamic_references import judge_template_value
from fixbot.secret_stores.secret_leaks import Judge, SecretLeak
from fixbot.secret_stores.secret_source import SSM, SecretMove, SecretSource
from fixbot.text.command import LOGICAL_ID
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import Step

_HERE = AwsPlace("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}")


def move_to_template_secret(task: Task, moved: Sequence[SecretLeak], world: Context) -> SecretMove | Refusal:
    """Where the values of a task in a template go."""
    root = task.node.root_node if task.node is not None else None
    if root is None or task.owner is None:
        return Refusal("The task's resource isn't written in this template; move the value where it is.")
    template = SecretTemplate(root, task.owner)
    if not LOGICAL_ID.is_fitting(template.owner_name):
        return Refusal(
            "The name of the task's resource is none that CloudFormation takes (letters and digits), so "
            "nothing can refer to a secret beside it. Mend the name, then run again."
        )
    databases = world.compute_once((TemplateDatabases, root), lambda: TemplateDatabases(root, world))
    sources: dict[int, SecretSource | Refusal] = {
        leak.id: _choose_source(task, leak, template, databases, world) for leak in moved
    }
    going = [leak for leak in moved if isinstance(sources[leak.id], SecretSource)]
    if not going:
        return SecretMove(sources)
    there = {leak.id: source for leak in going if isinstance(source := sources[leak.id], SecretSource)}
    new = [leak for leak in going if there[leak.id].resource == template.reference]
    grant = grant_to_template_role(task, template.owner_name, list(there.values()), root, json=template.json)
    made = _build_store_steps(task, new, going, template, world)
    found = task_definition_secrets.assemble_move(
        task, going, task_definition_secrets.MoveParts(there, grant, made, _family_of_task(task, template))
    )
    changes = (*(template.build_secret() if new else ()), *found.changes)
    if any(source.changes for source in there.values()):
        found = databases.add_order(found, list(there.values()), template.path)
    return replace(
        found, sources=sources, changes=changes, commands=secret_steps.preview_change_set(template.path)
    )


class SecretTemplate:
    """One template, seen from one task's resource."""

    def __init__(self, root: Node, owner: Node) -> None:
        self.root = root
        listed = root.find_node("Resources")
        self.resources = listed if listed is not None else root
        self.owner_name = next((e.key for e in self.resources.entries if e.value is owner), "Task")
        self.json = not root.grammar.has_tags
        self.path = root.root_node.source
        self.secret_name = _find_free_name(f"{self.owner_name}Secret", self.resources)

    @property
    def reference(self) -> object:
        """A Ref of the secret, which is its full ARN."""
        return build_substitution(f"${{{self.secret_name}}}", json=self.json)

    def build_secret(self) -> tuple[Change, ...]:
        """The resource; it has no value, which a person stores."""
        near = (self.owner_name,)
        return (Put(self.resources, (self.secret_name,), {"Type": "AWS::SecretsManager::Secret"}, near),)


def _find_free_name(name: str, listed: Node) -> str:
    taken = {entry.key for entry in listed.entries}
    names: Iterator[str] = (name if n == 1 else f"{name}{n}" for n in range(1, len(taken) + 2))
    return next(each for each in names if each not in taken)


def _choose_source(
    task: Task, leak: SecretLeak, template: SecretTemplate, databases: TemplateDatabases, world: Context
) -> SecretSource | Refusal:
    given = task_definition_secrets.find_existing_source(leak, world.settings)
    if given is not None:
        return given
    shared = databases.find_source(leak, json=template.json)
    if shared is not None:
        return shared
    if world.settings.secrets.store == SSM:
        return parameter_source(task, leak, template, world)
    name = template.secret_name
    value = build_substitution(build_key_reference(f"${{{name}}}", leak.key), json=template.json)
    says = f"key {mark_code(leak.key)} of the new secret {mark_code(name)}"
    return SecretSource(
        value, says, build_substitution(f"${{{name}}}", json=template.json), f"<ARN of {name}>"
    )


def parameter_source(task: Task, leak: SecretLeak, template: SecretTemplate, world: Context) -> SecretSource:
    """A parameter by its name: CloudFormation can't make one of type SecureString."""
    found = task_definition_secrets.parameter_source(
        leak.key, world.settings.secrets.prefix, task_definition_secrets.read_family(task), _HERE
    )
    place = StorePlace(SSM, str(found.value), leak.key)
    return replace(found, resource=build_substitution(found.shown, json=template.json), place=place)


def _family_of_task(task: Task, template: SecretTemplate) -> str:
    return task_definition_secrets.read_family(task) if task.name != template.owner_name else "<family>"


def _build_store_steps(
    task: Task,
    own: Sequence[SecretLeak],
    going: Sequence[SecretLeak],
    template: SecretTemplate,
    world: Context,
) -> tuple[Step, ...]:
    """The steps that store the values: in the template's own secret, and in parameters."""
    found: list[Step] = []
    if own:
        found.append(
            secret_steps.fill_stack_step(template.secret_name, list(dict.fromkeys(leak.key for leak in own)))
        )
    if world.settings.secrets.store == SSM:
        new = {
            leak.key: leak
            for leak in going
            if task_definition_secrets.find_existing_source(leak, world.settings) is None
        }
        sources = {key: parameter_source(task, leak, template, world) for key, leak in new.items()}
        found += [secret_steps.create_parameter_step(str(source.value), None) for source in sources.values()]
    return tuple(found)


def build_template_judge(task: Task, world: Context) -> Judge:
    """Knows the values that CloudFormation fills in."""

    def judge_value(_container: Container, variable: Variable) -> SecretSource | Refusal | Manual | None:
        return (
            judge_template_value(variable, task.node.root_node, world)
            if task.node is not None and variable.value is not None
            else None
        )

    return judge_value
