"""Which syntax a path is written in. A syntax knows text and nodes, never a container."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixbot.edit.tree import Grammar

_TEMPLATE_ENDINGS = (".tpl", ".tmpl", ".tftpl", ".template", ".j2", ".dist", ".sample", ".example")
_BY_ENDING = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".tf": "hcl",
    ".tofu": "hcl",
    ".hcl": "hcl",
    ".tfvars": "hcl",
    ".taskdef": "json",
}
_OBJECT = re.compile(r"^(?:apiVersion|kind):", re.MULTILINE)
"""What begins a line of every Kubernetes object, whatever its file is called."""


def syntax_of(path: str, head: str = "") -> str | None:
    """`yaml`, `json`, `hcl`, or None. `head`, the text's beginning, decides for names like `.template`."""
    name = path.rsplit("/", 1)[-1].lower()
    while (ending := next((e for e in _TEMPLATE_ENDINGS if name.endswith(e)), None)) is not None:
        name = name.removesuffix(ending)
        if "." not in name:
            first = head.lstrip("\ufeff \t\r\n")[:1]
            return "json" if first in ("{", "[") else "yaml" if head else None
    found = next((syntax for end, syntax in _BY_ENDING.items() if name.endswith(end)), None)
    if found is None:
        json = head.lstrip("\ufeff \t\r\n").startswith(("{", "["))
        return "json" if json else "yaml" if _OBJECT.search(head) else None
    return "json" if found == "yaml" and _is_json_in_yaml(head) else found


def _is_json_in_yaml(head: str) -> bool:
    """YAML readers refuse tabs as indentation, which JSON in a `.yaml` file may well have."""
    return head.lstrip("\ufeff \t\r\n").startswith("{") and "\n\t" in head


def load_grammar(name: str) -> Grammar:
    """The grammar of that name, imported when it is first needed."""
    found: Grammar = import_module(f"fixbot.syntax.{name}").GRAMMAR
    return found
