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
    """The project's own examples, and where there is a corpus its top folders."""
    found = corpus()
    real = sorted(each for each in found.iterdir() if each.is_dir()) if found is not None else []
    return [EXAMPLES, *real]


def said() -> str:
    """One line that says what the tests run on."""
    found = corpus()
    if found is None:
        return "corpus: none (set FIXBOT_CORPUS); its tests run on this project's examples only"
    return f"corpus: {len(repositories()) - 1} repositories"
