"""How names and values are judged where they stand in a tree."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.classify_secrets import SecretKind, classify_value, is_reference
from fixbot.knowledge.classify_variables import classify_variable
from fixbot.knowledge.secret_names import (
    holds_logins,
    is_header_name,
    is_likely_name,
    leads_with_password,
    may_name_secret,
    names_pin,
    only_describes,
)
from fixbot.knowledge.secret_words import find_written_default, is_name_like, looks_random
from fixbot.masking.mask_spans import Span

_VARIABLE: Final = re.compile(r"[\w.-]{2,80}")
_PIN: Final = re.compile(r"\d{4,12}")
_OBVIOUS: Final = re.compile(r"[A-Z][A-Z0-9_]*|[\W_]*|.|(?i:(?:change|replace)[-_ ]?(?:me|this)[!.]*)")
"""Placeholders that nobody would take for anything else."""


@lru_cache(maxsize=8192)
def names_secret(name: str) -> bool:
    """Whether a value under that name is judged: it holds a secret, and doesn't only describe one."""
    if is_likely_name(name) and not only_describes(name):
        return True
    return is_header_name(name) or may_name_secret(name) or holds_logins(name)


def holds_secrets(name: str) -> bool:
    """Whether a map or list of that name holds nothing but secrets: `passwords`, `dbPasswords`, `tokens`."""
    return _SEVERAL.search(name) is not None


PERHAPS: Final = "perhaps"
"""The name of what is a secret only if it looks made up."""


def is_about(key: str) -> bool:
    """Whether a key of a map about a secret says which one it is, or has a name that tells by itself."""
    return key.lower() in _DESCRIBING or names_secret(key) or only_describes(key)


_DESCRIBING: Final = frozenset(
    (
        *("name", "names", "key", "keys", "user", "users", "username", "email", "id", "type", "kind", "path"),
        *("namespace", "host", "port", "apiversion", "version", "metadata", "labels", "annotations", "file"),
        *(
            "valuefrom",
            "secretname",
            "secretref",
            "secretkeyref",
            "existingsecret",
            "description",
            "external",
        ),
        *("enabled", "create", "engine", "provider", "issuer", "audience", "realm", "region", "arn", "ref"),
        *("refreshinterval", "optional", "noecho", "properties", "ref", "source", "environment", "driver"),
    )
)
_SEVERAL: Final = re.compile(
    r"(?:passwords|passwds|pwds|passphrases|secrets|tokens|credentials|creds|(?:api|access|auth)[_.-]?keys)$",
    re.IGNORECASE,
)


def find_inner_span(source: str, style: str) -> Span:
    """What of a value's source is its content: without quotes, or the first line of a block or heredoc."""
    if style in ('"', "'"):
        start = source.find(style)
        if 0 <= start < len(source) - 1 and source.endswith(style):
            return start + 1, len(source) - 1
    first = source.find("\n")
    if (
        style in ("|", ">")
        and first >= 0
        and source[:first].split("#", maxsplit=1)[0].strip(" \t\r0123456789+-") == style
    ):
        return first, len(source)
    return 0, len(source)


def is_secret(name: str, text: str) -> bool:
    """Whether a text under that name is a secret; of what reads like a placeholder all but plain words is."""
    if is_reference(text):
        written = find_written_default(text)
        return is_secret(name, written) if written is not None else _has_random_word(text)
    if is_header_name(name):
        name = "password"
    elif not is_likely_name(name):
        pin = names_pin(name) and _PIN.fullmatch(text) is not None
        verdict = classify_variable(name, text)
        asked = verdict.kind is SecretKind.POSSIBLE and (holds_logins(name) or leads_with_password(name))
        return pin or looks_random(text) or verdict.is_secret or asked
    kind = classify_value(name, text).kind
    if kind is SecretKind.PLACEHOLDER:
        return _OBVIOUS.fullmatch(text) is None and not is_name_like(text)
    return kind is not SecretKind.NONE or _has_random_word(text)


def find_assigned_secret(text: str) -> tuple[str, ...]:
    """The secret of `NAME=secret`, written as one text as lists of variables have it."""
    name, sign, value = text.partition("=")
    told = sign and _VARIABLE.fullmatch(name) is not None and names_secret(name) and is_secret(name, value)
    return (value,) if told else ()


def _has_random_word(text: str) -> bool:
    """Whether what reads like a reference or a path has a word that no one would be called."""
    if text.startswith(("arn:", "{{resolve", "ENC[", "AQICAH")) or "://" in text or " " in text:
        return False
    return any(looks_random(word) for word in _APART.split(text))


_APART: Final = re.compile(r"[^\w!#^&*+=~?-]+")


def is_plain_lowercase(text: str) -> bool:
    """Whether it is one word in small letters."""
    return text.islower() and text.isalpha()


def decode_base64_text(text: str) -> str | None:
    """The text that a text is base64 of, if it is readable."""
    try:
        raw = base64.b64decode(text.strip(), validate=True) if len(text) % 4 == 0 else b""
        decoded = raw.decode()
    except (binascii.Error, ValueError):
        return None
    return decoded if len(decoded) > 3 and decoded.strip().isprintable() else None


def list_words_beside(node: Node) -> list[str]:
    """The words of the commands and the image beside a list of arguments."""
    around = node.parent
    if around is None or around.kind is not NodeKind.MAP:
        return []
    return list(
        _list_texts(
            around, ("command", "entryPoint", "entrypoint", "Command", "EntryPoint", "image", "Image")
        )
    )


def _list_texts(node: Node, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        found = node.find_child(key)
        for each in (found, *found.items) if found is not None else ():
            if isinstance(each.value, str):
                yield each.value
