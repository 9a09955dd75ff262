"""`thorough: true`: what other tools find wrong with a result makes it a refusal."""

from __future__ import annotations

import dataclasses
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Finding
from fixbot.programs import find_programs
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings

TEMPLATE = """\
Resources:
  T:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: a
          Image: busybox:1
"""


def findings(folder: Path, *, thorough: bool) -> tuple[Finding, ...]:
    rule = tuple(fixer for fixer in load_rules() if fixer.name == "readonly-root-filesystem")
    found = find_programs(
        os.environ, [tempfile.gettempdir()], [str(folder)], sys.executable, kubernetes=False
    )
    settings = dataclasses.replace(Settings(), programs=found if thorough else None)
    return run_pipeline(Checkout.open_checkout(str(folder)), rule, settings).findings


@pytest.fixture
def strict_linter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cfn-lint on PATH that accepts no read-only root: the real one is no dependency of these tests."""
    program = tmp_path / "bin" / "cfn-lint"
    program.parent.mkdir()
    answer = '[{"Level": "Error", "Rule": {"Id": "E9999"}, "Location": {"Path": ["Resources", "T"]}}]'
    program.write_text(
        "#!/bin/sh\nfor last; do :; done\n"
        f"if grep -q ReadonlyRootFilesystem \"$last\"; then echo '{answer}'; exit 2; else echo '[]'; fi\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


@pytest.mark.usefixtures("strict_linter")
def test_a_result_that_a_linter_refuses_is_a_refusal(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "stack.yaml").write_text(TEMPLATE)
    (finding,) = findings(folder, thorough=True)
    assert "E9999" in (finding.reason or "")
    (finding,) = findings(folder, thorough=False)
    assert finding.reason is None
