"""The least that any Python program must do: list the files, read them, parse what can matter in C."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ruamel.yaml.cyaml import CSafeLoader

_NEEDLES = (b"ontainer", b"tatement", b'"image"')


def main(root: Path) -> None:
    """Read the folder's tracked files once; HCL has no parser in the C of Python or YAML, and is left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    for name in listed.split(b"\0")[:-1]:
        path = root / name.decode("utf-8", "surrogateescape")
        data = path.read_bytes()
        if any(needle in data for needle in _NEEDLES):
            try:
                if path.suffix == ".json":
                    json.loads(data)
                elif path.suffix in {".yaml", ".yml"}:
                    loader = CSafeLoader(data)
                    while loader.check_node():
                        loader.get_node()
            except Exception:  # noqa: BLE001 - templates and the like; what parsers raise is listed nowhere
                continue


main(Path(sys.argv[1]))
