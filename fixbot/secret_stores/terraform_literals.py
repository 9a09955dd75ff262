"""What an expression of Terraform stands for where that is written out: defaults, locals, `.tfvars`."""

from __future__ import annotations

import re

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import text_of
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.secret_stores.written_elsewhere import WrittenValue

_VARIABLE = re.compile(r"var\.([\w-]+)")
_LOCAL = re.compile(r"local\.([\w-]+)")
_NAME = re.compile(r"[A-Za-z_][\w-]*")


def find_written(expression: str, folder: TerraformFolder, given: Node | None) -> WrittenValue | None:
    """The literal behind `var.x`, `local.x`, or a variable of a template that is `given` its values."""
    if (found := _VARIABLE.fullmatch(expression)) is not None:
        return _find_variable(found[1], folder)
    if (found := _LOCAL.fullmatch(expression)) is not None and found[1] in folder.index.locals:
        return _literal(folder.index.resolve_local(folder.index.locals[found[1]][1]), found[1], "the local")
    if given is not None and given.kind is NodeKind.MAP and _NAME.fullmatch(expression) is not None:
        node = given.find_child(expression)
        if node is None:
            return None
        said = f"the variable {expression} of its template"
        behind = (
            _literal(node, expression, "")
            or find_written(str(node.value), folder, None)
            or find_written(folder.expression_of(node), folder, None)
        )
        return None if behind is None else WrittenValue(behind.text, behind.node, behind.name, said)
    return None


def _find_variable(name: str, folder: TerraformFolder) -> WrittenValue | None:
    for node in folder.index.given_values(name):
        if (found := _literal(node, name, "the variable")) is not None:
            return found
    block = folder.find_block(f"variable.{name}")
    default = block.node.find_node("default") if block is not None else None
    return _literal(default, name, "the default of the variable")


def _literal(node: Node | None, name: str, what: str) -> WrittenValue | None:
    text = text_of(node)
    return None if node is None or text is None else WrittenValue(text, node, name, f"{what} {name}")
