"""The Action's inputs, as they come through the environment: `FIXBOT_INPUT_` and the name in capitals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from fixbot.actions.event import Mode
from fixbot.model.errors import FixbotError

PREFIX: Final = "FIXBOT_INPUT_"
_SECRETS: Final = ("GITHUB_TOKEN", "FIXBOT_APP_PRIVATE_KEY")
"""The variables that hold credentials; they bear the names that the program itself reads."""

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asks for; an empty text where it says nothing. Lists are as they were written."""

    path: str = "."
    mode: Mode = Mode.AUTO
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    safety: str = ""
    fail_on: str = "never"
    config: str = ""
    comment: bool = True
    fail_on_unread: bool = True
    fail_on_new_ignores: bool = False
    profile: str = ""
    framework: str = ""
    baseline: str = ""
    findings: tuple[str, ...] = ()
    note: bool = False
    aws: bool = False


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Read them. Raises FixbotError for a word that an input doesn't know."""

    def read_input(name: str, default: str = "") -> str:
        value = environment.get(PREFIX + name.upper().replace("-", "_"), "").strip()
        return value or default

    return Inputs(
        path=read_input("path", "."),
        mode=choose_word("mode", read_input("mode", "auto"), Mode),
        only=_split_list(read_input("only")),
        skip=_split_list(read_input("skip")),
        safety=read_input("safety"),
        fail_on=read_input("fail-on", "never"),
        config=read_input("config"),
        comment=_parse_boolean("comment", read_input("comment", "true")),
        fail_on_unread=_parse_boolean("fail-on-unread", read_input("fail-on-unread", "true")),
        fail_on_new_ignores=_parse_boolean("fail-on-new-ignores", read_input("fail-on-new-ignores", "false")),
        profile=read_input("profile"),
        framework=read_input("framework"),
        baseline=read_input("baseline"),
        findings=tuple(filter(None, map(str.strip, read_input("findings").split("\n")))),
        note=_parse_boolean("note", read_input("note", "false")),
        aws=_parse_boolean("aws", read_input("aws", "false")),
    )


def read_credentials(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What nobody may see."""
    return tuple(value for name in _SECRETS if (value := environment.get(name, "")))


def choose_word(name: str, value: str, words: type[Word]) -> Word:
    """One of the words that an input knows. Raises FixbotError."""
    try:
        return words(value)
    except ValueError:
        known = ", ".join(each.value for each in words)
        raise FixbotError(f"input {name}: {value!r} is not one of {known}") from None


def _split_list(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for row in value.split("\n") for word in row.replace(",", " ").split()))


def _parse_boolean(name: str, value: str) -> bool:
    if value not in {"true", "false"}:
        raise FixbotError(f"input {name}: {value!r} is neither true nor false")
    return value == "true"
