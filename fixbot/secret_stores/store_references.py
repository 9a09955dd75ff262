"""What the tasks of a repository name in their lists of secrets, as far as the files themselves say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container, Task, text_of
from fixbot.model.moved_secrets import StoreReference
from fixbot.secret_stores.secret_leaks import text_as_written

_ARN: Final = re.compile(
    r"arn:[\w-]+:(?P<service>secretsmanager|ssm):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?:secret:(?P<secret>[\w/+=.@-]+)(?::(?P<key>[^:]*):[^:]*:[^:]*)?|parameter(?P<parameter>/[\w./-]+))"
)
_PARAMETER: Final = re.compile(r"[\w./-]+")
_SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}$")


def list_store_references(tasks: Iterable[Task]) -> Iterator[StoreReference]:
    """Each secret and parameter of AWS that a container gets, once a file."""
    seen: dict[StoreReference, None] = {}
    for task in tasks:
        for container in task.containers if task.kind != "k8s" else ():
            for variable, text in _list_entries(container):
                if (found := _parse_reference(variable, text, task.path)) is not None:
                    seen[found] = None
    yield from seen


def _list_entries(container: Container) -> Iterator[tuple[str, str]]:
    name, value = container.spelling.key("name"), container.spelling.key("valueFrom")
    for canonical in ("secrets", "mapSecrets", "logConfiguration.secretOptions"):
        listed = container.get(canonical)
        for item in _list_maps(listed):
            text = text_as_written(item.find_node(value))
            if text is not None:
                yield text_of(item.find_node(name)) or "", text
        if listed is not None and listed.kind is NodeKind.MAP:
            for entry in listed.entries:
                if (text := text_as_written(entry.value)) is not None:
                    yield entry.key, text


def _list_maps(listed: Node | None) -> Iterator[Node]:
    yield from (each for each in (listed.items if listed is not None else ()) if each.kind is NodeKind.MAP)


def _parse_reference(variable: str, text: str, path: str) -> StoreReference | None:
    found = _ARN.fullmatch(text)
    if found is None:
        if text.startswith("arn:") or not _PARAMETER.fullmatch(text):
            return None
        return StoreReference("ssm", text, text, variable, variable, None, None, path)
    account, region = found["account"], found["region"]
    if found["parameter"] is not None:
        name = found["parameter"]
        return StoreReference("ssm", name, name, variable, variable, account, region, path)
    secret, key = found["secret"], found["key"] or ""
    whole = _SUFFIX.search(secret)
    identity = text[: found.end("secret")] if whole else secret
    name = secret[: whole.start()] if whole else secret
    return StoreReference("secretsmanager", identity, name, key, variable, account, region, path)
