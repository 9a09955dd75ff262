"""Takes the current folder, and what lies in its repository, off the path that Python imports from.

`python -m fixbot` puts the current folder there, and PYTHONPATH may name folders of a checkout, which may be
a stranger's. This is imported before all else, so it imports nothing that isn't there already.
"""

from __future__ import annotations

import os
import sys

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH109, PTH117, PTH118, PTH120

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
"""The folder that this package was imported from; it is believed already."""


def isolate_import_path() -> None:
    """Leave on `sys.path` what belongs to Python itself, to this package, or lies out of the checkout."""
    try:
        top = _repository_top(os.getcwd())
    except OSError:
        return  # the current folder is gone, and with it all that could be imported from there
    user = getattr(sys.modules.get("site"), "USER_SITE", None)
    ours = [os.path.realpath(each) for each in (sys.prefix, sys.exec_prefix, sys.base_prefix, user) if each]
    ours = [each for each in ours if each != top and not _is_within(top, each)]
    sys.path[:] = [entry for entry in sys.path if _may_stay(entry, top, ours)]


def _may_stay(entry: str, top: str, ours: list[str]) -> bool:
    if not os.path.isabs(entry):
        return False
    real = os.path.realpath(entry)
    return real == _HOME or not _is_within(real, top) or any(_is_within(real, each) for each in ours)


def _repository_top(folder: str) -> str:
    here = folder
    while not os.path.lexists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return folder
        here = above
    return here


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
