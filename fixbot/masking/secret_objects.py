"""Objects that are there to hold secrets: what stands in them is one, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import Entry, Node

_DATA: Final = ("data", "stringData", "binaryData")
_HOLDING: Final = re.compile(r"(?:^|_)(?:secrets?|vault|api_key|passwords?|credentials?)(?:_|$)")
"""Types of Terraform's resources that keep a secret elsewhere: `azurerm_key_vault_secret`."""
_HELD: Final = frozenset(
    (
        *("value", "values", "data", "data_json", "string_data", "binary_data", "payload"),
        *("secret_data", "secret_string", "secret_binary", "plaintext_value"),
    )
)
"""Their attributes that are the secret."""
_KEY_TYPES: Final = {"AWS::ApiGateway::ApiKey": "Value"}
"""CloudFormation's resources whose secret has a name that says nothing."""
_SECURE_MAPS: Final = frozenset(("secureJsonData", "secureSettings"))
"""Where Grafana keeps them."""
HOLDERS: Final = frozenset(("stringData", "kind", "Type", "set_sensitive", *_SECURE_MAPS))
"""Keys by which an object says so."""


def list_held_entries(node: Node, entry: Entry) -> Iterator[Entry]:
    """The secrets of an object that says by this entry that it holds any."""
    value = entry.value
    if entry.key == "stringData":
        yield from value.entries
    elif entry.key == "kind" and value.value == "Secret":
        yield from _entries_below(node, *_DATA)
    elif entry.key == "kind" and value.value == "SecretList":
        for item in node.list_items("items"):
            yield from _entries_below(item, *_DATA)
    elif entry.key == "Type" and (name := _KEY_TYPES.get(str(value.value))) is not None:
        properties = node.find_child("Properties")
        found = properties.find_entry(name) if properties is not None else None
        yield from () if found is None else (found,)
    elif entry.key == "set_sensitive":
        for each in (value, *value.items):
            found = each.find_entry("value")
            yield from () if found is None else (found,)
    elif entry.key in _SECURE_MAPS:
        yield from value.entries


def list_resource_secrets(body: Node) -> Iterator[Entry]:
    """The secrets of a resource of Terraform whose type says that it holds any."""
    if _HOLDING.search(body.labels[0]) is None:
        return
    for entry in body.entries:
        if entry.key in _HELD:
            yield from entry.value.entries or (entry,)


def _entries_below(node: Node, *keys: str) -> Iterator[Entry]:
    for key in keys:
        listed = node.find_child(key)
        yield from listed.entries if listed is not None else ()
