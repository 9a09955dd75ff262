"""Statements that read every secret or decrypt with every key: which actions do, and how wide they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fixbot.iam.pattern import action_matches, is_wild
from fixbot.iam.policy_document import as_list, list_whole_texts, read_tests

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

_READING: Final = (
    "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "ssm:GetParameter",
    "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory",
)  # fmt: skip
_DECRYPTING: Final = ("kms:Decrypt", "kms:ReEncryptFrom")
_ADMIN: Final = ("*", "*:*")
_WIDE: Final = re.compile(
    r"\*|.*(?::secret:\*|:parameter/?\*|:key/\*|:(?:secretsmanager|ssm|kms):[^:]*:[^:]*:\*)"
)
_HOLE: Final = re.compile(r"\$\{[^}]*\}")
_LIMITS: Final = ("resourcetag/", "encryptioncontext", "kms:viaservice")


def find_reading(statement: Mapping[str, Value]) -> tuple[list[int], list[int]]:
    """The places in Action that read secrets, and those that only decrypt; an administrator's has none."""
    listed = as_list(statement.get("Action"))
    if statement.get("Effect") != "Allow" or any(isinstance(e, str) and e.lower() in _ADMIN for e in listed):
        return [], []

    def places(actions: tuple[str, ...]) -> list[int]:
        return [
            n
            for n, each in enumerate(listed)
            if isinstance(each, str) and any(action_matches(each, action) for action in actions)
        ]

    reading = places(_READING)
    return reading, [n for n in places(_DECRYPTING) if n not in reading]


def is_unscoped(statement: Mapping[str, Value]) -> bool:
    """Whether a Resource is all secrets, parameters or keys, computed parts apart, and no test limits it."""
    tests = read_tests(statement.get("Condition"))
    if tests is None or any(limit in key for _, key, _ in tests for limit in _LIMITS):
        return False
    return any(
        _WIDE.fullmatch(_HOLE.sub("x", text)) is not None
        for each in as_list(statement.get("Resource"))
        for text in list_whole_texts(each)
    )


def is_pattern(statement: Mapping[str, Value], places: list[int]) -> bool:
    """Whether one of these entries of Action is a wildcard."""
    listed = as_list(statement.get("Action"))
    return any(is_wild(str(listed[n])) for n in places)
