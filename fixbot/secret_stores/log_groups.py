"""Where a container's output goes: its neighbours' log group, one of the same files, or a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import (
    CannotEdit,
    CodeExpression,
    HclBlock,
    HostedText,
    Node,
    NodeKind,
    TaggedValue,
    Value,
)
from fixbot.knowledge.log_retention import choose_retention
from fixbot.lens import Container, Task, text_of
from fixbot.model.findings import Manual, Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores.aws_names import find_aws_place
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.secret_stores.task_definition_secrets import has_execution_role, is_fragment, read_family
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.syntax.hcl.expressions import build_hosted_text, build_reference, build_template, split_template
from fixbot.text.command import LOG_GROUP, REGION, build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import Step, build_step

LOGS: Final = "logConfiguration"
_MAY_WRITE = re.compile(r"AmazonECSTaskExecutionRolePolicy|logs:PutLogEvents|logs:\*")
_USED_GROUP: Final = {
    "cloudformation": re.compile(
        r"awslogs-group[\"']?\s*:\s*(?:!Ref\s+|\{\s*[\"']?Ref[\"']?\s*:\s*)[\"']?(\w+)"
    ),
    "terraform": re.compile(
        r"awslogs-group\"?\s*[:=]\s*(?:\"\$\{)?aws_cloudwatch_log_group\.(\w+)\.(?:name|id)\b"
    ),
}
"""Groups that containers of the same files write to."""
_OF_THE_PROGRAM: Final = ("awslogs-datetime-format", "awslogs-multiline-pattern")
"""Options that say how one program's lines look."""


@dataclass(frozen=True, slots=True)
class LogDestination:
    """What makes a container log, and where to; `known` says that its role is seen to be allowed to."""

    changes: tuple[Change, ...]
    where: str
    known: bool = False
    steps: tuple[Step, ...] = ()
    waits: Refusal | None = None
    """Why nothing can be written there before another rule's fix."""


def choose_log_destination(container: Container, world: Context) -> LogDestination | Refusal | Manual:
    """The group of a neighbour in the task, one of the same files, or a new one."""
    task = container.task
    drivers, sibling = world.compute_once((choose_log_destination, task), lambda: _survey_logs(task))
    if "awsfirelens" in drivers:
        return Refusal(f"{task.name} sends its logs through a router, and which way these go isn't known.")
    try:
        if sibling is not None:
            return LogDestination((_copy_options(container, sibling),), "the group of its neighbours")
        nowhere = _why_nowhere(task)
        if nowhere is not None and not (isinstance(nowhere, Refusal) and nowhere.until):
            return nowhere
        chosen = _choose_group(container, world)
        return chosen if isinstance(chosen, Refusal) or nowhere is None else replace(chosen, waits=nowhere)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")


def _survey_logs(task: Task) -> tuple[frozenset[str], Container | None]:
    """The drivers of a task's containers, and the first of them whose way can be copied."""
    drivers = frozenset(str(each.value(f"{LOGS}.logDriver")) for each in task.containers if each.get(LOGS))
    return drivers, next((each for each in task.containers if _is_example(each)), None)


def _why_nowhere(task: Task) -> Refusal | Manual | None:
    """Why a new destination would keep the task from starting."""
    alone = task.dialect == "ecs" and is_fragment(task)
    if task.workload == "module" or task.node is None or alone:
        return Manual(
            f"The task definition of {task.name} stands elsewhere, and so would its log group. Give the "
            f"container {mark_code(LOGS)} with the driver `awslogs`, a group that exists and a Region."
        )
    compatible = task.get("requiresCompatibilities")
    external = compatible is not None and "EXTERNAL" in [text_of(each) for each in compatible.items]
    if task.windows is not False or external:
        return Refusal(f"Whether the hosts of {task.name} can write to CloudWatch Logs isn't known.")
    if not has_execution_role(task) and task.fargate is not False:
        return Refusal(
            f"{task.name} has no execution role, and on Fargate nothing may write a log without one. Give it "
            f"one ({mark_code(task.spelling.spell_field('executionRoleArn'))}, with the managed policy "
            "AmazonECSTaskExecutionRolePolicy), then run again.",
            until=("secret-in-environment", "task-role-unusable"),
            in_task=True,
        )
    return None


def _choose_group(container: Container, world: Context) -> LogDestination | Refusal:
    match container.task.dialect:
        case "cloudformation":
            return _log_in_template(container, world)
        case "terraform":
            return _log_in_folder(container, world)
        case _:
            return _log_by_name(container, world)


def _log_in_template(container: Container, world: Context) -> LogDestination | Refusal:
    """The template's group, or a new one beside the task."""
    task = container.task
    root = container.node.root_node
    listed, text = root.find_node("Resources"), world.project.documents[root.source].text
    owner = next((e.key for e in listed.entries if e.value is task.owner), "") if listed else ""
    if listed is None or not owner.isalnum():
        raise CannotEdit("the task's resource isn't written in this template")
    json = not root.grammar.has_tags
    used = _USED_GROUP["cloudformation"].search(text)
    name, changes = (used[1], ()) if used else _make_group(listed, owner, world)
    options = {
        "awslogs-group": build_substitution(f"${{{name}}}", json=json),
        "awslogs-region": build_substitution("${AWS::Region}", json=json),
        "awslogs-stream-prefix": _prefix(container),
    }
    known = _MAY_WRITE.search(text) is not None
    where = f"{mark_code(name)} of this template"
    return LogDestination((*changes, _put(container, options)), where, known)


def _make_group(listed: Node, owner: str, world: Context) -> tuple[str, tuple[Change, ...]]:
    name = f"{owner}Logs"
    if listed.find_entry(name) is not None:
        raise CannotEdit(f"the template has a resource {name} already")
    group: Value = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"RetentionInDays": choose_retention(world.settings.log_retention_days)},
    }
    return name, (Put(listed, (name,), group, (owner,)),)


def _log_in_folder(container: Container, world: Context) -> LogDestination | Refusal:
    """The folder's group, or a new one beside the task; the Region as the provider has it."""
    task = container.task
    folder = TerraformFolder(task, world)
    owner = task.owner
    if owner is None or len(owner.labels) != 2 or container.node.root_node.source != owner.root_node.source:
        raise CannotEdit("the containers stand in a file of their own")
    region = _find_region(folder, task, world)
    if region is None:
        return Refusal(
            "No provider says which Region the log would be in. Write `region` there, then run again."
        )
    texts = "\n".join(each.text for each in folder.index.documents)
    used = _USED_GROUP["terraform"].search(texts)
    label = used[1] if used else re.sub(r"\W", "_", owner.labels[-1])
    address = f"aws_cloudwatch_log_group.{label}"
    if not used and folder.find_block(address) is not None:
        raise CannotEdit(f"the folder has a {address} already")
    name = build_reference("aws_cloudwatch_log_group", label, "name")
    hosted = not container.node.grammar.has_expressions
    hosted_region = hosted and isinstance(region, CodeExpression)
    options: dict[str, Value] = {
        "awslogs-group": build_hosted_text(name) if hosted else name,
        "awslogs-region": build_hosted_text(region) if hosted_region else region,
        "awslogs-stream-prefix": _prefix(container),
    }
    content: dict[str, Value] = {
        "name": _name_group(folder, task),
        "retention_in_days": choose_retention(world.settings.log_retention_days),
    }
    block = HclBlock(("aws_cloudwatch_log_group", label), content)
    new = () if used else (Add(owner.root_node, ("resource",), block, (".".join(owner.labels),)),)
    known = _MAY_WRITE.search(texts) is not None
    return LogDestination((*new, _put(container, options)), mark_code(address), known)


def _find_region(folder: TerraformFolder, task: Task, world: Context) -> str | CodeExpression | None:
    for each in folder.index.blocks:
        if each.word == "provider" and each.name == "aws" and each.node.find_entry("alias") is None:
            node = each.node.find_node("region")
            source = folder.source_of(node) if node is not None else ""
            if re.fullmatch(r"(?:var|local)\.\w+", source):
                return CodeExpression(source)
    return folder.index.provider_region() or find_aws_place(task, world.settings).region


def _name_group(folder: TerraformFolder, task: Task) -> Value:
    """`/ecs/` and the family, as the file has that."""
    node = task.get("family")
    source = folder.source_of(node) if node is not None and node.kind is NodeKind.CODE else ""
    parts = split_template(source) if not re.search(r"\b(?:each|count)\.", source) else None
    return f"/ecs/{task.name}" if parts is None else build_template("/ecs/", *parts)


def _log_by_name(container: Container, world: Context) -> LogDestination | Refusal:
    """A group that somebody makes first: a task definition by itself makes none."""
    task = container.task
    place = world.compute_once((find_aws_place, task), lambda: find_aws_place(task, world.settings))
    region = place.region
    if region is None:
        return Refusal(
            f"Nothing says in which Region {task.name} runs. Set `region` in `.fixbot.yml`, then run again."
        )
    group = f"/ecs/{read_family(task)}"
    options: dict[str, Value] = {
        "awslogs-group": group, "awslogs-region": region, "awslogs-stream-prefix": _prefix(container)
    }  # fmt: skip
    made = build_command(
        "aws", "logs", "create-log-group", "--log-group-name", LOG_GROUP(group), "--region", REGION(region)
    )
    step = build_step("Make the log group, unless it is there: ", made, ". Without it no task starts.")
    return LogDestination((_put(container, options),), mark_code(group), steps=(step,))


def _put(container: Container, options: Mapping[str, Value]) -> Change:
    key = container.spelling.key
    near = [container.spelling.spell_field(name) for name in ("portMappings", "essential", "image", "name")]
    value: Value = {key("logDriver"): "awslogs", key("options"): dict(options)}
    return Put(container.node, (container.spelling.spell_field(LOGS),), value, tuple(near))


def _prefix(container: Container) -> str:
    return text_of(container.get("name")) or container.key or container.task.name


def _is_example(container: Container) -> bool:
    """Whether a neighbour logs to CloudWatch in a way that can be copied."""
    options = container.get(f"{LOGS}.options")
    return (
        container.value(f"{LOGS}.logDriver") == "awslogs"
        and not container.conditional
        and options is not None
        and options.kind is NodeKind.MAP
        and options.find_node("awslogs-group") is not None
    )


def _copy_options(container: Container, sibling: Container) -> Change:
    """The neighbour's options, the prefix its own."""
    if sibling.node.root_node is not container.node.root_node:
        raise CannotEdit("its neighbours stand in another file")
    options = sibling.get(f"{LOGS}.options")
    entries = options.entries if options else ()
    copied = {entry.key: _copy_value(entry.value) for entry in entries if entry.key not in _OF_THE_PROGRAM}
    return _put(container, {**copied, "awslogs-stream-prefix": _prefix(container)})


def _copy_value(node: Node) -> Value:
    """What stands there, to be written a second time in the same file. Raises CannotEdit."""
    if node.alias is not None or node.anchored:
        raise CannotEdit("the neighbour's options stand behind a YAML anchor")
    scalar = isinstance(node.value, str)
    if node.kind is NodeKind.CODE and scalar:
        return CodeExpression(str(node.value))
    if node.tag is not None and node.kind is NodeKind.SCALAR and scalar:
        return TaggedValue(node.tag, str(node.value))
    if node.tag is None and node.kind is NodeKind.MAP and len(node.entries) == 1:
        return {node.entries[0].key: _copy_value(node.entries[0].value)}
    if node.tag is None and node.kind is NodeKind.SCALAR:
        hosted = not node.grammar.has_expressions and node.root_node.grammar.has_expressions
        return HostedText(node.value) if hosted and isinstance(node.value, str) else node.value
    raise CannotEdit("the options of its neighbour are computed")
