"""Which reader a file is for, and its strictest reading."""

from __future__ import annotations

import posixpath

from tests.oracle import read_hcl, read_json, read_yaml
from tests.oracle.nodes import Broken, Reading

HCL = (".tf", ".tofu", ".hcl")
YAML = (".yaml", ".yml")


def read(path: str, text: str) -> Reading:
    """What a file says. Raises Broken where no reader takes it, with its reader's reason."""
    name = posixpath.basename(path).lower()
    if name.endswith(HCL):
        return read_hcl.read(text)
    head = text.lstrip("\ufeff \t\r\n")[:2]
    if not name.endswith(YAML) and head[:1] in ("{", "[", "/"):
        return read_json.read(text)
    for reader in (read_yaml.read, read_json.read, read_yaml.read_each):
        try:
            return reader(text)
        except Broken as problem:
            reason = problem
    raise reason


def comments(reading: Reading, text: str) -> list[str]:
    """Every comment of a file that was read, in order."""
    if reading.syntax != "yaml":
        return reading.comments
    try:
        return read_yaml.comments(text)
    except read_yaml.NO_TOKENS:
        return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
