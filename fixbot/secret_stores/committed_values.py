"""Values of secrets that stand in the file that makes the store: by key, with what is known of each."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import SecretKind, is_reference
from fixbot.knowledge.classify_variables import classify_variable
from fixbot.knowledge.secret_shapes import is_made_up, is_plain_word
from fixbot.lens import FollowedValue, Resource, text_of
from fixbot.secret_stores.database_passwords import name_source

WHOLE: Final = ""
"""The key of a secret that is one text."""
_ENCODERS: Final = ("jsonencode", "sensitive", "nonsensitive", "tostring")
_KEPT_AS_FILES: Final = {
    "kubernetes.io/tls": ("tls.key", "PRIVATE KEY"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson", "auth"),
    "kubernetes.io/dockercfg": (".dockercfg", "auth"),
}
"""Types whose one secret key holds a text of that form."""
_MADE_BY_OTHERS: Final = ("kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token")


@dataclass(frozen=True, slots=True)
class CommittedValue:
    """What stands at one place: its keys with their texts (None: computed), and the secret ones."""

    node: Node
    texts: dict[str, str | None]
    secret: tuple[str, ...]
    given_by: str = ""
    """The parameter or variable whose default it is."""

    @property
    def is_literal(self) -> bool:
        """Whether all of it is written out in its place."""
        return not self.given_by and None not in self.texts.values()


def find_committed(resource: Resource, canonical: str, name: str) -> CommittedValue | None:
    """The secret value of a property that holds one; `name` is what a value of one text is called."""
    slot = resource.slot(canonical)
    resource.unknown.pop(slot.written, None)
    used = slot.owner.find_node(*slot.path) if slot.path else None
    if used is None:
        return None
    given_by = name_source(used)
    if given_by:
        text = slot.value if isinstance(slot.value, str) else ""
        kind = resource.node.root_node.find_node("Parameters", given_by, "Type")
        named = kind is not None and str(kind.value).startswith("AWS::SSM::")
        texts: dict[str, str | None] = {} if named else _parse_text(text)
    else:
        texts = _read_texts(
            slot.found if slot.elsewhere and slot.found is not None else used, resource.follow
        )
    secret = tuple(
        key
        for key, text in texts.items()
        if text and _is_secret(key or name, text, kept=key == WHOLE and "Secret" in canonical)
    )
    return CommittedValue(used, texts, secret, given_by) if secret else None


def _is_secret(key: str, text: str, *, kept: bool = False) -> bool:
    """Whether a text lets somebody in; `kept`: it is all of what a store of secrets is made with.

    Until it is filled, that is mostly a word.
    """
    if is_reference(text) or not text.strip() or (kept and is_plain_word(text)):
        return False
    verdict = classify_variable(key, text)
    if verdict.kind is SecretKind.PLACEHOLDER:
        return False
    return verdict.is_secret or (kept and is_made_up(text) and not re.search(r"\s", text))


def _read_texts(node: Node, follow: Callable[[Node], FollowedValue]) -> dict[str, str | None]:
    """The texts of a value: of a map, of JSON inside a text, of what encodes a map; or one text alone."""
    if (
        node.kind is NodeKind.MAP
        and len(node.entries) == 1
        and node.entries[0].key in ("Fn::Sub", "Fn::ToJsonString")
    ):
        node = node.entries[0].value
    while node.kind is NodeKind.CALL and node.value in _ENCODERS and node.items:
        node = node.items[0]
    node = follow(node).node if node.kind is NodeKind.CODE and node.style != "heredoc" else node
    if node.kind is NodeKind.MAP:
        return {entry.key: text_of(entry.value) for entry in node.entries}
    if node.kind is NodeKind.SCALAR and isinstance(node.value, str):
        return _parse_text(node.value)
    if node.kind is NodeKind.CODE and node.style in ("heredoc", '"'):
        return {key: text for key, text in _parse_text(str(node.value)).items() if key != WHOLE}
    return {}


def _parse_text(text: str) -> dict[str, str | None]:
    """The keys of a JSON object, or the text alone; what has a hole in it is computed."""
    try:
        parsed = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return {key: _text_without_holes(str(value)) for key, value in parsed.items()}
    return {WHOLE: _text_without_holes(text)}


def _text_without_holes(text: str) -> str | None:
    return None if "${" in text or "{{" in text else text


def read_object_values(secret: Resource) -> Iterator[CommittedValue]:
    """The values of a Kubernetes Secret that are written out, encoded or not."""
    node, kind = secret.node, text_of(secret.node.find_node("type")) or "Opaque"
    if kind in _MADE_BY_OTHERS or node.find_node("sops") is not None:
        return
    texts: dict[str, str | None] = {}
    first: Node | None = None
    for place, encoded in (("data", True), ("stringData", False)):
        held = node.find_node(place)
        for entry in held.entries if held is not None and held.kind is NodeKind.MAP else ():
            text = text_of(entry.value)
            texts[entry.key] = decode_value(text) if encoded and text is not None else text
            first = first or entry.value
    if kind in _KEPT_AS_FILES:
        key, mark = _KEPT_AS_FILES[kind]
        found = [key] if mark in (texts.get(key) or "") else []
    else:
        found = [key for key, text in texts.items() if text and _is_secret(key, text)]
    if found and first is not None:
        yield CommittedValue(first, texts, tuple(found))


def decode_value(text: str) -> str | None:
    """What base64 stands for; None where it isn't base64, or no text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def read_generator_values(kustomization: Resource) -> Iterator[CommittedValue]:
    """The literals of the Secrets that a kustomization makes."""
    for generator in kustomization.node.list_items("secretGenerator"):
        texts = dict((text_of(each) or "").partition("=")[::2] for each in generator.list_items("literals"))
        found = tuple(key for key, text in texts.items() if text and _is_secret(key, text.strip("'\"")))
        if found:
            yield CommittedValue(generator, dict(texts), found)
