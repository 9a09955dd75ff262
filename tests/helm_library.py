"""Whether charts can be rendered here, and what is said where they can't."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from fixbot.checkout import Checkout, Scope
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.programs import find_programs
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings
from fixbot.source.discover import is_candidate

FEW = ("readonly-root-filesystem", "privileged-container", "privilege-escalation-allowed")


def missing() -> str:
    """One line that says what isn't there; empty where charts can be rendered."""
    if find_spec("helm_python"):
        return ""
    return "helm-python-sdk: none (pip install 'fixbot[helm]'); the tests that render charts were left out"


def look(folder: Path, files: dict[str, str], rules: tuple[str, ...] = FEW) -> Report:
    """What is said of a repository with these files, charts rendered."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return look_again(folder, rules)


def look_again(folder: Path, rules: tuple[str, ...] = FEW) -> Report:
    """The same of what is there already."""
    found = find_programs(os.environ, [tempfile.gettempdir()], [str(folder)], sys.executable)
    assert found is not None
    settings = replace(Settings(), renderers=replace(found, helm_library=True))
    chosen = tuple(each for each in load_rules() if each.name in rules)
    scope = Scope(wanted=is_candidate)
    return run_pipeline(Checkout.open_checkout(str(folder), scope), chosen, settings)


def apply(folder: Path, report: Report) -> None:
    """Write what was proven."""
    for patch in report.patches:
        (folder / patch.path).write_text(patch.after)
