"""Where the real files are that tests run on, beside this project's own examples."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def corpus() -> Path | None:
    """The folder named by FIXBOT_CORPUS, or the one beside this repository; None where there is none."""
    named = os.environ.get("FIXBOT_CORPUS")
    places = [Path(named)] if named else [ROOT.parent / "shared" / "corpus"]
    return next((place for place in places if (place / "MANIFEST.tsv").is_file()), None)


def repositories() -> list[Path]:
    """The top folders of the corpus; none where there is none."""
    found = corpus()
    return sorted(each for each in found.iterdir() if each.is_dir()) if found is not None else []
