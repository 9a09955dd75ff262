"""`terraform fmt`, where it is installed: clean files stay clean."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.oracle.judge import Defect


def unformatted(files: Mapping[str, tuple[bytes | None, bytes]]) -> Iterator[Defect]:
    """Files that were clean (or are new) and are so no longer."""
    program = shutil.which("terraform")
    ours = {path: sides for path, sides in files.items() if path.endswith((".tf", ".tofu"))}
    if program is None or not ours:
        return
    with tempfile.TemporaryDirectory() as folder:
        names: dict[str, str] = {}
        for number, (path, (before, after)) in enumerate(ours.items()):
            for side, data in (("before", before), ("after", after)):
                (Path(folder) / f"{side}{number}.tf").write_bytes(data or b"")
            names[path] = str(number)
        command = [program, "fmt", "-check", "-list=true", folder]
        done = subprocess.run(command, check=False, capture_output=True)
        dirty = done.stdout.decode() + done.stderr.decode()
        for path, name in names.items():
            if f"after{name}.tf" in dirty and f"before{name}.tf" not in dirty:
                yield Defect("terraform fmt", path, "clean before, not clean now")
