"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests import browser
from tests.corpus_files import corpus as place
from tests.corpus_files import repositories, said

# How long an example takes is the machine's business, and no test's.
settings.register_profile("fixbot", deadline=None)
settings.load_profile("fixbot")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder whose sub-folders are real repositories, or hold this project's examples."""
    found = place()
    return repositories()[0].parent if found is None else found


def pytest_report_header() -> str:
    return said()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it with `-q` too, where there is no header."""
    if place() is None:
        terminalreporter.write_line(said(), yellow=True)
    if browser.missing():
        terminalreporter.write_line(browser.missing(), yellow=True)
