"""New files with the folders that they need: all of them or none, and never over what is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.checkout.writing import FileChange, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixbot.model import Refusal


def write_new(root: str, files: Mapping[str, str]) -> Refusal | None:
    """Write these texts below `root`, by paths with slashes; on any trouble leave nothing and say why."""
    made: list[Path] = []
    for path in files:
        folder = Path(root)
        for part in path.split("/")[:-1]:
            folder /= part
            with suppress(OSError):  # that it is there is well; that it can't be made, writing will say
                folder.mkdir()
                made.append(folder)
    refusal = write_all(root, [FileChange(path, None, text.encode()) for path, text in files.items()])
    if refusal is not None:
        for folder in reversed(made):
            with suppress(OSError):
                os.rmdir(folder)  # noqa: PTH106 - only an empty one is meant
    return refusal
