"""Takes the current folder, and what lies in its repository, off the path that Python imports from.

`python -m fixbot` puts the current folder there, and PYTHONPATH may name folders of a checkout, which may be
a stranger's. This is imported before all else, so it imports nothing that isn't there already.
"""

from __future__ import annotations

import os
import sys

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH109, PTH111, PTH117, PTH118, PTH120

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
"""The folder that this package was imported from; it is believed already."""


def isolate_import_path() -> None:
    """Leave on `sys.path` what belongs to Python itself, to this package, or lies out of the checkout."""
    try:
        tops = _repository_tops(os.getcwd())
    except OSError:
        return  # the current folder is gone, and with it all that could be imported from there
    user = getattr(sys.modules.get("site"), "USER_SITE", None)
    ours = [os.path.realpath(each) for each in (sys.prefix, sys.exec_prefix, sys.base_prefix, user) if each]
    ours = [each for each in ours if not any(_is_within(top, each) for top in tops)]
    sys.path[:] = [entry for entry in sys.path if _may_stay(entry, tops, ours)]


def _may_stay(entry: str, tops: list[str], ours: list[str]) -> bool:
    if not os.path.isabs(entry):
        return False
    real = os.path.realpath(entry)
    within = any(_is_within(real, top) for top in tops)
    return real == _HOME or not within or any(_is_within(real, each) for each in ours)


def _repository_tops(folder: str) -> list[str]:
    """The folders above with a `.git` in them, each of which may be a stranger's; without one this folder."""
    tops: list[str] = []
    here = folder
    home = os.path.realpath(os.path.expanduser("~"))
    while True:
        above = os.path.dirname(here)
        if os.path.lexists(os.path.join(here, ".git")) and (not tops or here not in (home, above)):
            tops.append(here)
        if above == here:
            return tops or [folder]
        here = above


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
