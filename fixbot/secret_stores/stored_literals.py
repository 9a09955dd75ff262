"""Secrets that a container takes from a store, as it should, and whose value is written out beside it."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.dialects.cloudformation import find_references
from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import SecretKind, classify_value, is_reference
from fixbot.knowledge.secret_inside import find_inner_secrets
from fixbot.knowledge.secret_shapes import is_made_up, is_plain_word
from fixbot.lens import Container, Task, Variable, text_of
from fixbot.model.findings import Manual
from fixbot.rules.context import Context
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.text.markdown_escape import mark_code

_TEMPLATE_FIELDS = {"AWS::SecretsManager::Secret": "SecretString", "AWS::SSM::Parameter": "Value"}
_VERSION = "aws_secretsmanager_secret_version"
_PLACE = "store that it is taken from"


def find_stored_literals(task: Task, world: Context) -> Iterator[SecretLeak]:
    """The literals behind references, each once."""
    done: set[int] = set()
    folder = TerraformFolder(task, world)
    for container in task.containers if task.kind == "ecs" and not task.partial else ():
        for name, source in _list_references(container):
            for literal, called in _find_literals(task, source, folder):
                if id(literal) not in done and _is_secret(name, literal, world):
                    done.add(id(literal))
                    yield _make_leak(container, name, literal, called)


def _list_references(container: Container) -> Iterator[tuple[str, Node]]:
    name, value = container.spelling.key("name"), container.spelling.key("valueFrom")
    for canonical in ("secrets", "logConfiguration.secretOptions"):
        node = container.get(canonical)
        for item in node.items if node is not None else ():
            source = item.find_node(value) if item.kind is NodeKind.MAP else None
            if source is not None and (called := text_of(item.find_node(name))) is not None:
                yield called, source


def _find_literals(task: Task, source: Node, folder: TerraformFolder) -> Iterator[tuple[Node, str]]:
    if task.dialect == "cloudformation" and task.node is not None:
        root = task.node.root_node
        for name in find_references(source):
            kind = text_of(root.find_node("Resources", name, "Type")) or ""
            node = root.find_node("Resources", name, "Properties", _TEMPLATE_FIELDS.get(kind, ""))
            if node is not None:
                yield node, name
    elif task.dialect == "terraform" and source.kind is not NodeKind.SCALAR:
        text = folder.expression_of(source)
        for block in folder.find_blocks(_VERSION, "aws_ssm_parameter"):
            owner = block.node.find_node("secret_id")
            named = folder.index.is_mentioned(text, block.address)
            held = any(
                each.address in text and folder.index.is_mentioned(block.source_of(owner), each.address)
                for each in (folder.find_blocks("aws_secretsmanager_secret") if owner is not None else ())
            )
            node = block.node.find_node("secret_string" if block.type == _VERSION else "value")
            if node is not None and (named or held):
                yield node, block.address


def _is_secret(name: str, literal: Node, world: Context) -> bool:
    text = text_of(literal)
    if text is not None:
        # what a store is made with, until somebody fills it, is mostly a word: `initial`, `dummy`
        plain = is_reference(text) or is_plain_word(text)
        return not plain and (classify_value(name, text).is_secret or is_made_up(text))
    document = world.project.documents[literal.root_node.source]
    return any(find_inner_secrets(document.text[literal.start : literal.end]))


def _make_leak(container: Container, name: str, literal: Node, called: str) -> SecretLeak:
    way = Manual(
        f"{mark_code(container.name)} takes {name} from a store, but what {mark_code(called)} holds is "
        "written out here: it is in Git, so change it where it was issued. Let it be filled by hand or by a "
        "by a pipeline, and take the value out of the file."
    )
    variable = Variable(name, literal, literal)
    why = f"the value of {called} is written out"
    return SecretLeak(container, variable, False, SecretKind.LIKELY, why, called, where=_PLACE, way=way)
