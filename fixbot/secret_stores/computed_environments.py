"""Environments that an expression puts together, with a secret in it or in a local that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import SecretKind
from fixbot.knowledge.classify_variables import classify_variable
from fixbot.knowledge.secret_inside import find_inner_secrets
from fixbot.lens import Container, Task, Variable, text_of
from fixbot.model.findings import Manual
from fixbot.rules.context import Context
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.text.markdown_escape import mark_code

_LOCAL = re.compile(r"\blocal\.([\w-]+)")


def find_computed_leaks(task: Task, world: Context) -> Iterator[SecretLeak]:
    """What is written out in expressions that make the variables of a task in Terraform."""
    if task.dialect != "terraform":
        return
    folder = TerraformFolder(task, world)
    done: set[int] = set()
    for container in task.containers:
        names = ("env",) if container.spelling.vocabulary == "k8s" else ("environment", "mapEnvironment")
        for node in filter(None, map(container.get, names)):
            if node.kind not in (NodeKind.CODE, NodeKind.CALL) or container.environment:
                continue
            source = folder.source_of(node)
            for _, _, what in find_inner_secrets(source):
                yield _make_leak(container, what.strip("`"), node, source)
            for name, value in _list_local_values(source, folder):
                text = text_of(value)
                if id(value) not in done and text is not None and classify_variable(name, text).is_secret:
                    done.add(id(value))
                    yield _make_leak(container, name, value, text)


def _list_local_values(source: str, folder: TerraformFolder) -> Iterator[tuple[str, Node]]:
    for local in _LOCAL.findall(source):
        if local in folder.index.locals:
            value = folder.index.resolve_local(folder.index.locals[local][1])
            for entry in value.entries if value is not None and value.kind is NodeKind.MAP else ():
                yield entry.key, entry.value


def _make_leak(container: Container, name: str, node: Node, text: str) -> SecretLeak:
    way = Manual(
        f"An expression makes the variables of {mark_code(container.name)}, and {mark_code(name)} is written "
        "out in it. Store the value in a secret store, and refer to it under `secrets`."
    )
    variable = Variable(name, node, node)
    return SecretLeak(container, variable, False, SecretKind.LIKELY, "it is written out", text, way=way)
