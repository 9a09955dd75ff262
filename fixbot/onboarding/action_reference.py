"""Where fixbot itself is published, for the files that must name it."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from fixbot import __version__

REPOSITORY: Final = "fixbot-dev/fixbot"
"""As pyproject.toml has it; a test compares them."""
WEB: Final = f"https://github.com/{REPOSITORY}"
SCHEMA: Final = (
    f"https://raw.githubusercontent.com/{REPOSITORY}/v{__version__}/fixbot/data/settings.schema.json"
)


def action_reference() -> str:
    """What `uses:` names: the commit that this release was built from where the build wrote it down.

    Without it (a checkout, a build of one's own) it is the release's tag.
    """
    commit = _read_build_commit()
    return f"{REPOSITORY}@{commit} # v{__version__}" if commit else f"{REPOSITORY}@v{__version__}"


def _read_build_commit() -> str:
    file = resources.files("fixbot") / "data" / "commit"
    text = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    return text if re.fullmatch(r"[0-9a-f]{40}", text) else ""
