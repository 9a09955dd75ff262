"""One entry out of the list of plain values and into the list of references."""

from __future__ import annotations

from fixbot.edit.change import Change, Drop, Put
from fixbot.edit.tree import NodeKind
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.secret_source import SecretSource


def move_entry(leak: SecretLeak, source: SecretSource) -> tuple[Change, ...]:
    """The changes that make one variable or option come from its source."""
    container, variable = leak.container, leak.variable
    if container.spelling.vocabulary == "k8s":
        value = container.spelling.spell_value(source.value)
        path = (container.spelling.key("valueFrom"),)
        gone = (Drop(variable.value),) if variable.value is not None else ()
        return (*gone, Put(variable.node, path, value, tuple(map(container.spelling.key, ("value", "name")))))
    listed = "logConfiguration.secretOptions" if leak.option else "secrets"
    near: tuple[str, ...] = ("options", "logDriver") if leak.option else ("environment", "image", "name")
    entry = {"name": leak.name, "valueFrom": source.value}
    node = container.get(listed)
    if node is not None and node.kind is NodeKind.MAP and node.style != "body":
        return Drop(variable.node), Put(node, (leak.name,), source.value)
    return Drop(variable.node), container.add(listed, entry, near)
