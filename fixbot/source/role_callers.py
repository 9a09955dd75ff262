"""Who takes which IAM role with a token: service accounts by their annotation, workflows by their step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

SERVICE_ACCOUNT: Final = "service account"
WORKFLOW: Final = "workflow"
_ANNOTATION = b"eks.amazonaws.com/role-arn"
_WORKFLOWS = ".github/workflows/"
_STEP = b"role-to-assume"
_ARN = (
    rb"[\"']?arn:aws[\w-]{0,10}:iam::[^:\s]{0,80}:role/(?:[\w+=,.@-]{1,64}/){0,9}([\w+=,.@-]{1,64})"
    rb"[\"']?[ \t]*(?:#[^\n]*)?\r?$"
)
_ROLE_OF_ACCOUNT = re.compile(_ANNOTATION + rb"[\"']?:[ \t]*" + _ARN, re.MULTILINE)
_ROLE_OF_STEP = re.compile(_STEP + rb":[ \t]*" + _ARN, re.MULTILINE)
_KIND = re.compile(rb"^kind:[ \t]*[\"']?ServiceAccount\b", re.MULTILINE)
_NAME = re.compile(rb"^  name:[ \t]*[\"']?([a-z0-9][a-z0-9.-]{0,252})[\"']?[ \t]*\r?$", re.MULTILINE)
_SPACE = re.compile(rb"^  namespace:[ \t]*[\"']?([a-z0-9][a-z0-9-]{0,62})[\"']?[ \t]*\r?$", re.MULTILINE)
_BREAK = re.compile(rb"^---", re.MULTILINE)


def find_role_callers(path: str, data: bytes) -> Iterator[tuple[str, str, str]]:
    """Role names with what takes them, told from bytes.

    Each is (role, SERVICE_ACCOUNT, `namespace/name`) or (role, WORKFLOW, path); the third is empty where a
    file doesn't say which account it is.
    """
    if _ANNOTATION in data:
        for part in _BREAK.split(data):
            for found in _ROLE_OF_ACCOUNT.finditer(part):
                named = [pattern.findall(part) for pattern in (_SPACE, _NAME)]
                sure = _KIND.search(part) is not None and all(len(each) == 1 for each in named)
                who = b"/".join(each[0] for each in named).decode() if sure else ""
                yield found[1].decode(), SERVICE_ACCOUNT, who
    if _STEP in data and path.startswith(_WORKFLOWS):
        for found in _ROLE_OF_STEP.finditer(data):
            yield found[1].decode(), WORKFLOW, path
