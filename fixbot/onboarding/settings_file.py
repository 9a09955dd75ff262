"""The `.fixbot.yml` that `fixbot init` writes: what matters here, and all else as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from fixbot.model.errors import FixbotError
from fixbot.onboarding.action_reference import SCHEMA, WEB
from fixbot.settings import NEVER_PATCH, Settings
from fixbot.settings.read_settings import NAMES, parse_settings
from fixbot.settings.setting_fields import list_settable_fields
from fixbot.text.globs import pattern_below

if TYPE_CHECKING:
    from fixbot.onboarding.survey import RepositorySurvey

_KEY = re.compile(r"(\w+):")


def render_settings_file(ground: RepositorySurvey, defaults: str) -> str:
    """Its text, read back. `defaults` is the commented file of all defaults, of which comments are made.

    What only the operator may set is left out. Raises FixbotError for a folder that can't be named.
    """
    chosen = dict(_choose_settings(ground))
    operators = {
        name for name, each in list_settable_fields(Settings).items() if each.metadata.get("operator")
    }
    head = (
        f"# yaml-language-server: $schema={SCHEMA}\n"
        f"# Settings of fixbot; every one of them: {WEB}/blob/main/config/default.yml\n"
        "# `# fixbot:ignore RULE reason` above a line leaves a finding alone, and so does `ignore` below.\n"
    )
    note = "# What counts where nothing is said; take the # away before what you change.\n"
    text = "\n".join([head, *chosen.values(), note, *_comment_out(defaults, {*chosen, *operators})])
    _check_read_back(text, ground)
    return text


def _check_read_back(text: str, ground: RepositorySurvey) -> None:
    """Raises FixbotError where the text can't be read, or says another thing than what was seen."""
    read = parse_settings(Settings(), text, NAMES[0])
    include = (pattern_below(ground.folder),) if ground.folder else ()
    foreign = tuple(f"{each}/" for each in ground.foreign)
    said = (read.include, read.secrets.store, read.never_patch)
    if said != (include, ground.store, (*NEVER_PATCH, *foreign)) or read.notes:
        raise FixbotError(f"{NAMES[0]}: the name of this folder can't be written there; rename it")


def _choose_settings(ground: RepositorySurvey) -> list[tuple[str, str]]:
    """The settings that what is there asks for, each with its reason."""
    why = "# Which rules run: what nearly everybody wants. `recommended` is more, `all` is everything.\n"
    board = "# One issue that says what is open, what waits and why, with boxes to tick.\n"
    found = [("profile", f"{why}profile: essential\n"), ("dashboard", f"{board}dashboard: true\n")]
    if ground.folder:
        why = "# Only this part of the repository is looked at.\n"
        found.append(
            (
                "include",
                f"{why}include:\n  - {json.dumps(pattern_below(ground.folder), ensure_ascii=False)}\n",
            )
        )
    if ground.store == "ssm":
        found.append(
            ("secrets", "# This repository keeps its secrets in SSM parameters.\nsecrets:\n  store: ssm\n")
        )
    if ground.foreign:
        rows = "".join(
            f"  - {_quote_pattern(each)}\n" for each in (*NEVER_PATCH, *(f"{f}/" for f in ground.foreign))
        )
        said = " and ".join(f"{each}/" for each in ground.foreign)
        why = f"# Looked at, but never changed. {said}: other people's files; the rest are the defaults.\n"
        found.append(("never_patch", f"{why}never_patch:\n{rows}"))
    return found


def _quote_pattern(pattern: str) -> str:
    return f'"{pattern}"' if pattern.startswith("*") else pattern


def _comment_out(defaults: str, without: Collection[str]) -> Iterator[str]:
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
