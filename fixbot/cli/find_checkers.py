"""Which checkers a thorough run asks, looked for once and outside of every checkout."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.options import Options
from fixbot.engine.process_limits import MEGABYTE
from fixbot.engine.user_cache import find_own_cache
from fixbot.model.errors import FixbotError
from fixbot.programs import Programs, find_programs

if TYPE_CHECKING:
    from fixbot.settings.setting_groups import LimitSettings

_PATIENCE: Final = 6
_ROOM: Final = 2


def find_checkers(options: Options, environment: Mapping[str, str], limits: LimitSettings) -> Programs:
    """Raises FixbotError where there is no folder outside of the checkout for them to run in.

    A checker has six times the seconds of a part, by the clock, and twice its memory.
    """
    found = find_renderers(options, environment, limits)
    if found is None:
        raise FixbotError("--thorough: checkers need a folder outside of the checkout; set TMPDIR to one")
    return replace(found, kubernetes=find_spec("kubernetes_validate") is not None)


def find_renderers(
    options: Options, environment: Mapping[str, str], limits: LimitSettings
) -> Programs | None:
    """What builds kustomizations and charts; None where no folder outside of the checkout is there."""
    path = None if options.repositories else options.path
    scratch, outside = _scratch_folders(environment, path), stranger_folders(path)
    found = find_programs(environment, scratch, outside, sys.executable)
    if found is None:
        return None
    found = replace(found, helm_library=find_spec("helm_python") is not None)
    return replace(found, seconds=limits.seconds * _PATIENCE, memory=limits.memory_mb * MEGABYTE * _ROOM)


def _scratch_folders(environment: Mapping[str, str], path: str | None) -> tuple[str, ...]:
    """Where they may run: first where nobody else can put a file into a folder above."""
    folders = [tempfile.gettempdir(), "/var/tmp"]  # noqa: S108 - the folder made there has a name of its own
    cache = find_own_cache(environment, path)
    if cache is not None:
        own = cache / "programs"
        with suppress(OSError):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            folders.insert(0, str(own))
    return tuple(str(Path(each)) for each in folders)
