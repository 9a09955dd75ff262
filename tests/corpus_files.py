"""Where the real files are that tests run on, and what is taken where they are missing."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


def corpus() -> Path | None:
    """The folder named by FIXBOT_CORPUS, or the one beside this repository; None where there is none."""
    named = os.environ.get("FIXBOT_CORPUS")
    places = [Path(named)] if named else [ROOT.parent / "shared" / "corpus"]
    return next((place for place in places if (place / "MANIFEST.tsv").is_file()), None)


def repositories() -> list[Path]:
    """The top folders of the corpus; without a corpus the project's own examples."""
    found = corpus()
    if found is None:
        return [ROOT / "examples"]
    return sorted(each for each in found.iterdir() if each.is_dir())


def said() -> str:
    """One line that says what the tests run on."""
    found = corpus()
    if found is None:
        return "corpus: none (set FIXBOT_CORPUS); the corpus test runs on the examples of this project only"
    return f"corpus: {len(repositories())} repositories"
