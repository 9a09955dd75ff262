"""Secrets of files in which nothing else is looked for: they may stand in what is told of other files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fixbot.knowledge.secret_shapes import is_name_like
from fixbot.masking.masker import recognised

_NEAR: Final = re.compile(
    rb"[^\n]{0,200}(?:[Pp]assword|PASSWORD|[Pp]asswd|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Aa]pi[_-]?[Kk]ey|API_KEY)[\w.-]{0,20}"
    rb"[\"']?[ \t]{0,8}[:=][^\n]{1,1000}"
)
_SHORTEST: Final = 6


def values_elsewhere(files: Iterable[bytes]) -> set[str]:
    """The values in these files that are taken for secrets and that nobody is called like."""
    found: set[str] = set()
    for data in files:
        for match in _NEAR.finditer(data):
            text = match[0].decode(errors="replace")
            found.update(text[start:end] for start, end in recognised(text))
    return {value for value in found if len(value) >= _SHORTEST and not is_name_like(value)}
