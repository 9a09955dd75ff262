"""A password on a command line, in a label or in user data is shown to whoever may list what runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.secret_inside import find_inner_secrets, is_written_out
from fixbot.lens import Container, Resource, ResourceType, Task, condition_branches, text_of
from fixbot.model.findings import Found, Manual, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context

INSTANCE = ResourceType("instance", "instances", "AWS::EC2::Instance", "aws_instance")
TEMPLATE = ResourceType(
    "launch template", "launch templates", "AWS::EC2::LaunchTemplate", "aws_launch_template",
    name="LaunchTemplateName", renamed={"LaunchTemplateName": "name", "LaunchTemplateData": ""},
)  # fmt: skip
CONFIGURATION = ResourceType(
    "launch configuration", "launch configurations", "AWS::AutoScaling::LaunchConfiguration",
    "aws_launch_configuration", name="LaunchConfigurationName", renamed={"LaunchConfigurationName": "name"},
)  # fmt: skip
_PLACES: Final = {
    "ecs": {
        "entryPoint": "its entry point",
        "command": "its command",
        "healthCheck.command": "its health check",
    },
    "k8s": {"command": "its command", "args": "its arguments"},
}
_SLUG: Final = re.compile(r"[a-z]+(?:[-./][a-z]+)*")
"""How objects are called: behind an option for a secret, the name of one."""
_IN_POD: Final = (
    "Take it from a Secret: an entry of `env` with `secretKeyRef`, and `$(NAME)` in the arguments, which "
    "Kubernetes fills in. It shows in `kubectl describe` and in the node's list of processes; change the "
    "value, since the repository keeps the old one."
)
_IN_TASK: Final = (
    "Take it from a store: an entry of `secrets`, and a program that reads its environment, or `sh -c` "
    "with `$NAME`. It shows in DescribeTaskDefinition, for every revision, and in CloudTrail; change the "
    "value, since the repository keeps the old one."
)
_IN_SCRIPT: Final = (
    "Let the script fetch it (`aws secretsmanager get-secret-value`) with the role of the instance. User "
    "data shows in DescribeInstanceAttribute and to every process on the instance; change the value, "
    "since the repository keeps the old one."
)


def find_command_secrets(subject: Container | Task | Resource, _world: Context) -> Iterator[Found]:
    """Secrets among the words of commands, in labels and annotations, and in the scripts of instances."""
    if isinstance(subject, Container):
        yield from _find_in_container(subject)
    elif isinstance(subject, Task):
        yield from _find_in_annotations(subject)
    else:
        yield from _find_in_script(subject)


def _find_in_container(container: Container) -> Iterator[Found]:
    pod = container.spelling.vocabulary == "k8s"
    for name, where in _PLACES["k8s" if pod else "ecs"].items():
        for node, what in _find_in_words(container.get(name)):
            yield _build_found(container, node, what, where, _IN_POD if pod else _IN_TASK)
    for node, what in _find_in_pairs(None if pod else container.get("dockerLabels")):
        yield _build_found(container, node, what, "its labels", _IN_TASK)


def _find_in_annotations(task: Task) -> Iterator[Found]:
    if task.kind != "k8s" or task.owner is None:
        return
    for path in ((), ("spec", "template"), ("spec", "jobTemplate", "spec", "template")):
        for node, what in _find_in_pairs(task.owner.find_node(*path, "metadata", "annotations")):
            yield _build_found(task, node, what, "its annotations", _IN_POD)


def _find_in_words(node: Node | None) -> Iterator[tuple[Node, str]]:
    """The first secret among the words of a command, and the word that it stands in."""
    words = list(_list_words(node)) if node is not None else []
    texts = [_read_word(each) for each in words]
    whole = " ".join(texts)
    for found in find_inner_secrets(whole):
        if found.what.endswith("secret`") and _SLUG.fullmatch(whole[found.start : found.end]):
            continue
        at = 0
        for word, text in zip(words, texts, strict=True):
            if found.start <= at + len(text):
                yield word, found.what
                return
            at += len(text) + 1


def _read_word(word: Node) -> str:
    """A word as it is written; of what is computed as a whole a hole."""
    text = str(word.value)
    if word.kind is NodeKind.CODE:
        return text[1:-1] if text.startswith('"') else "${?}"
    return text if word.tag in (None, "!Sub") else "${?}"


def _list_words(node: Node) -> Iterator[Node]:
    branches = condition_branches(node) or (node.items if node.kind in (NodeKind.LIST, NodeKind.CALL) else [])
    if not branches:
        yield from [node] if isinstance(node.value, str) else ()
    for each in branches:
        yield from _list_words(each)


def _find_in_pairs(node: Node | None) -> Iterator[tuple[Node, str]]:
    """Entries of a map that are called after a secret, and hold one."""
    for entry in node.entries if node is not None else ():
        value = text_of(entry.value)
        name = entry.key.rpartition("/")[2].rpartition(".")[2]
        if value and is_written_out(name, value):
            yield entry.value, entry.key


def _find_in_script(resource: Resource) -> Iterator[Found]:
    paths = ("LaunchTemplateData.UserData",) if resource.type is TEMPLATE else ("UserData", "UserDataBase64")
    for path in paths:
        held = resource.node.find_node(*resource.type.path(resource.dialect, path))
        for each in held.walk_tree() if held is not None else ():
            text = each.value if isinstance(each.value, str) else ""
            found = next(find_inner_secrets(text), None)
            if found is not None:
                yield _build_found(resource, each, found.what, "its user data", _IN_SCRIPT)
                return


def _build_found(
    subject: Container | Task | Resource, node: Node, what: str, where: str, instead: str
) -> Found:
    told = what.strip("`")
    return Found(
        node, subject.title, f"{subject.address}/{where}", told, f"{subject.title} shows {told} by {where}",
        Manual(f"Only its owner knows how else the program is told. {instead}"), subject=subject.subject,
    )  # fmt: skip


rule = Rule(
    title="Keep secrets out of the commands of {subject}",
    topic="secrets",
    severity=Severity.HIGH,
    controls={"cis-compute": ("2.13",), "nist-800-190": ("4.1.4",)},
    looks_at=(Container, Task, INSTANCE, TEMPLATE, CONFIGURATION),
    check=find_command_secrets,
    discloses=True,
    default_safety=Safety.MANUAL,
    peers={"checkov": ("CKV_AWS_46",), "trivy": ("AWS-0029", "AWS-0129")},
)
