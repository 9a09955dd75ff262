"""Keys that say something of the values beside them: names, values, what is kept secret."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fixbot.edit.tree import Entry, Node
from fixbot.masking.judge_values import names_secret
from fixbot.masking.mask_spans import Span
from fixbot.masking.secret_objects import HOLDERS
from fixbot.masking.value_pieces import ReferencePiece
from fixbot.source.document import Document

_NAMES: Final = "name Name key Key ParameterKey OptionName header Header HeaderName"
NAME_KEYS: Final = frozenset(_NAMES.split())
"""Keys of the name of a value beside it."""
_VALUES: Final = (
    "value Value default Default ParameterValue defaultValue AllowedValues stringValue HeaderValue"
)
VALUE_KEYS: Final = frozenset(_VALUES.split())
"""Keys of a value whose name stands beside it."""
HUSHING: Final = frozenset(("NoEcho", "sensitive", "type", "Type"))
"""Keys that may say that a value beside them is none to be shown: `NoEcho: true`, `type: SecureString`."""
TOLD_BY_KEY: Final = frozenset((*NAME_KEYS, *VALUE_KEYS, "<<", "valueFrom"))
"""Keys of a map that is looked at as a pair."""
KEPT_IN: Final = frozenset(("secretGenerator", *HOLDERS))
"""Keys by which an object says that it is there to hold secrets."""
COMPUTED: Final = ("(", '"')
"""How keys of HCL begin that are no plain names."""
ODD: Final = (*COMPUTED, "Fn::", "*")
"""Those, and how functions of CloudFormation and aliases of YAML begin."""
_PLAIN: Final = "image Image cpu memory labels metadata spec containers ports containerPort env"
PLAIN_KEYS: Final = frozenset(_PLAIN.split())
"""Keys that are met so often that not looking at them pays."""
_LONGEST_KEY: Final = 120
TOLD: Final = ("variable", "output", "set", "set_sensitive")
"""Blocks of HCL whose label, or `name`, is the name of the value in them."""

PAIRED: Final = 1
"""A key by which its map is looked at as a pair."""
JUDGED: Final = 2
"""A key whose value is judged for what stands under such a key."""


@lru_cache(maxsize=16_384)
def part_of_key(key: str) -> int:
    """What a key says of its value, PAIRED and JUDGED together; 0 of nearly all keys, so it is remembered."""
    if key in PLAIN_KEYS:
        return 0
    judged = key in KEPT_IN or names_secret(key) or key.startswith(ODD)
    return PAIRED * (key in TOLD_BY_KEY) + JUDGED * judged


def is_hushed(node: Node) -> bool:
    """Whether a key says that the value beside it is none to be shown."""
    return any(
        entry.key in HUSHING and str(entry.value.value).lower() in ("true", "securestring")
        for entry in node.entries
    )


def merged_pair(node: Node) -> tuple[list[Node], list[Entry]]:
    """Names and values of a map and of those that it merges: a pair may be put together."""
    entries = [each for one in (node, *node.iterate_merged()) for each in (one.alias or one).entries]
    names = [each.value for each in entries if each.key in NAME_KEYS]
    return names, [each for each in entries if each.key in VALUE_KEYS]


def pointed_key(node: Node, source: Node) -> tuple[str, ReferencePiece] | None:
    """A variable's name, and the key of a ConfigMap that it takes its value from."""
    name, pointer = node.find_child("name"), source.find_child("configMapKeyRef")
    if name is None or pointer is None:
        return None
    of, key = pointer.find_child("name"), pointer.find_child("key")
    if of is None or key is None:
        return None
    return str(name.value), ReferencePiece("ConfigMap", f"{of.value}/{key.value}")


def anchored_key(document: Document | None, alias: str) -> str:
    """The key that an alias of YAML stands for: `*n` is `PASSWORD` where `&n PASSWORD` stands above."""
    _, _, rest = ("" if document is None else document.text).partition(f"&{alias[1:].strip()} ")
    return rest[:_LONGEST_KEY].strip(" \t\"'").partition("\n")[0].rstrip(" \t\r\"':")


def unsaid_span(text: str, entry: Entry) -> Span | None:
    """What YAML takes for an anchor, a tag or a comment where a value was meant: `password: #hunter2`."""
    start = text.find(":", entry.key_end) + 1
    end = text.find("\n", entry.key_end)
    end = len(text) if end < 0 else end
    rest = text[start:end].strip() if 0 < start <= end else ""
    return (start, end) if rest[:1] in ("#", "&", "!", "*") and rest[1:2].strip() else None
