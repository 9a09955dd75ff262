"""The `.fixbot.yml` that `fixbot init` writes: what matters here, and all else as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from fixbot.adopt.home import SCHEMA, WEB
from fixbot.globs import below
from fixbot.settings import NEVER_PATCH

if TYPE_CHECKING:
    from fixbot.adopt.ground import Ground

_KEY = re.compile(r"(\w+):")


def settings_file(ground: Ground, defaults: str) -> str:
    """Its text. `defaults` is the commented file of all defaults, of which comments are made."""
    chosen = dict(_chosen(ground))
    head = (
        f"# yaml-language-server: $schema={SCHEMA}\n"
        f"# Settings of fixbot; every one of them: {WEB}/blob/main/config/default.yml\n"
        "# `# fixbot:ignore RULE reason` above a line leaves a finding alone, and so does `ignore` below.\n"
    )
    note = "# What counts where nothing is said; take the # away before what you change.\n"
    return "\n".join([head, *chosen.values(), note, *_as_comments(defaults, chosen)])


def _chosen(ground: Ground) -> list[tuple[str, str]]:
    """The settings that what is there asks for, each with its reason."""
    found = []
    if ground.folder:
        why = "# Only this part of the repository is looked at.\n"
        found.append(
            ("include", f"{why}include:\n  - {json.dumps(below(ground.folder), ensure_ascii=False)}\n")
        )
    if ground.store == "ssm":
        found.append(
            ("secrets", "# This repository keeps its secrets in SSM parameters.\nsecrets:\n  store: ssm\n")
        )
    if ground.foreign:
        rows = "".join(f"  - {_plain(each)}\n" for each in (*NEVER_PATCH, *(f"{f}/" for f in ground.foreign)))
        said = " and ".join(f"{each}/" for each in ground.foreign)
        why = f"# Looked at, but never changed. {said}: other people's files; the rest are the defaults.\n"
        found.append(("never_patch", f"{why}never_patch:\n{rows}"))
    return found


def _plain(pattern: str) -> str:
    return f'"{pattern}"' if pattern.startswith("*") else pattern


def _as_comments(defaults: str, without: Collection[str]) -> Iterator[str]:
    """The paragraphs of the file of defaults; without its first # a line counts again."""
    for part in defaults.strip("\n").split("\n\n"):
        rows, key, keys = [], "", set()
        for row in part.split("\n"):
            key = found[1] if (found := _KEY.match(row)) else key
            if key not in without or row.startswith("#"):
                rows.append(row if row.startswith("#") else f"#{row}")
                keys.add(key)
        if keys - {""}:
            yield "".join(f"{row}\n" for row in rows)
