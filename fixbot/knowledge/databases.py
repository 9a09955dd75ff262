"""Which database an image of an unknown name holds, by its port and variables, a mount, or its name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from fixbot.knowledge.image_tables import RecognizedBy, WritePaths, find_write_paths, is_published
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.mounted import is_inside
from fixbot.lens import Container, text_of

_DATABASES: Final = (
    (
        "5432",
        ("POSTGRES_", "PGDATA"),
        "postgres",
        ("postgres", "postgresql", "postgis", "timescaledb", "pgvector"),
    ),
    ("3306", ("MYSQL_", "MARIADB_"), "mysql", ("mysql", "mariadb", "percona")),
    ("27017", ("MONGO_INITDB_",), "mongo", ("mongo", "mongodb")),
)
_BESIDE: Final = re.compile(
    r"exporter|operator|backup|client|proxy|init|migrat|cli|tools?|dump|restore|controller|adapter|connector|express|"
    r"admin|router|shell|agent|metrics|test|bouncer|pool|api|web|ui"
)
"""What images beside a database are called."""


def find_database_paths(container: Container, image: ImageReference) -> WritePaths | None:
    """The paths of the database that an image is built on; None where nothing speaks of one.

    Such paths hold what a database writes at run time, so that a volume too many there does no harm.
    """
    names = {variable.name for variable in container.environment}
    names |= {
        text_of(each.find_node(container.spelling.key("name"))) or ""
        for each in container.node.list_items(container.spelling.spell_field("secrets"))
    }
    ports = {
        text_of(each.find_node(container.spelling.key("containerPort")))
        for field in ("ports", "portMappings")
        for each in container.node.list_items(container.spelling.spell_field(field))
    }
    for port, prefixes, called, words in _DATABASES:
        row = find_write_paths(ImageReference.parse_reference(called))
        if row is None or not row.paths:
            continue
        served = port in ports and any(name.startswith(prefixes) for name in names)
        called_so = not is_published(image) and _is_called(image, words)
        if served or called_so or _keeps_data(container, row):
            return replace(row, by=RecognizedBy.NAME, verified=False)
    return None


def _keeps_data(container: Container, row: WritePaths) -> bool:
    """Whether a volume is mounted where the database keeps its data, and nothing of a client starts."""
    return not container.words("command") and any(
        mount.path is not None and is_inside(mount.path, path)
        for mount in container.mounts
        for path in row.declared
    )


def _is_called(image: ImageReference, words: tuple[str, ...]) -> bool:
    name = image.name or ""
    parts = re.split(r"[^a-z]+", name)
    return any(word in parts for word in words) and _BESIDE.search(name) is None
