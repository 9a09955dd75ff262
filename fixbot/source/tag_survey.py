"""Which tag a repository puts on its own resources to tell environments apart, told from bytes."""

from __future__ import annotations

import re

_KEY = rb"((?i:(?:[\w-]*[-_])?(?:environment|env|stage)(?:[-_]?name)?))"
_HCL_MAP = re.compile(rb"[tT]ags\s*+=\s*+(?:[\w.]+\([^{}()]*)?\{((?:[^{}]|\$\{[^{}]*\})*)\}")
_HCL_PAIR = re.compile(rb"(?:^|[,{\n])[ \t\r]*+\"?" + _KEY + rb"\"?\s*+[=:]\s*+([^\s,][^\n,]*)")
_PAIR = re.compile(
    rb"[Kk](?<!\w[Kk])ey[\"']?\s*+:\s*+[\"']?"
    + _KEY
    + rb"[\"']?\s*+,?\s*+[\"']?[Vv]alue[\"']?\s*+:\s*+([^\s,}\]]+)"
)
_LITERAL = re.compile(rb"[\"']?([A-Za-z][\w.-]{0,62})[\"']?\s*")
_REFERENCE = re.compile(rb"(?:var|local|data|module|each|terraform|path)\.")
_EXAMPLE = re.compile(r"(?i)(?:^|/)(?:examples?|samples?|tests?|spec|testdata|fixtures|docs?)/")


def find_own_tags(path: str, data: bytes) -> list[tuple[str, str]]:
    """The environment tags that a file writes, (key, value); the value is empty where it is computed.

    A value in an example or a test says nothing about the environments of those who use the
    repository, so it counts as computed.
    """
    if b"ags" not in data or not (b"nv" in data or b"NV" in data or b"tage" in data):
        return []
    if path.endswith((".tf", ".tofu")):
        pairs = [pair for body in _HCL_MAP.findall(data) for pair in _HCL_PAIR.findall(body)]
    else:
        pairs = _PAIR.findall(data)
    example = _EXAMPLE.search(path) is not None
    return [(key.decode("ascii"), "" if example else _literal_or_empty(value)) for key, value in pairs]


def _literal_or_empty(value: bytes) -> str:
    found = _LITERAL.fullmatch(value)
    return found[1].decode("ascii") if found is not None and not _REFERENCE.match(value) else ""
