"""Which checkers a thorough run asks, looked for once and outside of every checkout."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from fixbot.cache import cache_folder
from fixbot.checkout.door import grounds
from fixbot.cli.options import Options
from fixbot.errors import FixbotError
from fixbot.programs import Programs, find_programs


def checkers(options: Options, environment: Mapping[str, str]) -> Programs:
    """Raises FixbotError where there is no folder outside of the checkout for them to run in."""
    found = find_programs(
        environment,
        _scratch(environment),
        grounds(None if options.repositories else options.path),
        sys.executable,
        kubernetes=find_spec("kubernetes_validate") is not None,
    )
    if found is None:
        raise FixbotError("--thorough: checkers need a folder outside of the checkout; set TMPDIR to one")
    return found


def _scratch(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where they may run: first where nobody else can put a file into a folder above."""
    folders = [tempfile.gettempdir(), "/var/tmp"]  # noqa: S108 - the folder made there has a name of its own
    cache = cache_folder(environment)
    if cache is not None:
        own = cache / "programs"
        with suppress(OSError):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            folders.insert(0, str(own))
    return tuple(str(Path(each)) for each in folders)
