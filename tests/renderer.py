"""What builds kustomizations in tests, and what is said where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

NEEDED = "no renderer"
"""How the reason begins for which a test was not run."""


def missing() -> str:
    """One line that says what isn't there; empty where kustomize or kubectl is."""
    if shutil.which("kustomize") or shutil.which("kubectl"):
        return ""
    return f"{NEEDED}: install kustomize or kubectl"


def need_renderer() -> None:
    """End a test that can't be run here; where CI is set, that is a failure."""
    if missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing())


def list_left_out(reporter: pytest.TerminalReporter) -> list[str]:
    """The tests that were not run for want of a renderer, by name."""
    skipped = reporter.stats.get("skipped", [])
    return sorted(each.nodeid for each in skipped if NEEDED in str(each.longrepr))


def build_objects(folder: Path) -> list[Any]:
    """What a cluster would get of a kustomization, by the tool itself. Raises CalledProcessError."""
    words = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    done = subprocess.run([*words, str(folder)], check=True, capture_output=True)
    return [each for each in YAML(typ="safe").load_all(done.stdout) if each]
