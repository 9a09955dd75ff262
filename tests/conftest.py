"""What several test files share."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests import browser, helm_library, renderer
from tests.corpus_files import corpus as place

# How long an example takes is the machine's business, and no test's.
settings.register_profile("fixbot", deadline=None)
settings.load_profile("fixbot")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not looked at for want of something."""
    if place() is None and terminalreporter.config.option.markexpr == "corpus":
        terminalreporter.write_line("corpus: none (set FIXBOT_CORPUS); nothing was run on it", yellow=True)
    for line in filter(None, (browser.missing(), helm_library.missing())):
        terminalreporter.write_line(line, yellow=True)
    for name in renderer.list_left_out(terminalreporter):
        terminalreporter.write_line(f"not run, {renderer.missing()}: {name}", yellow=True)
