"""The patch that `git apply` takes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from fixbot.report.patch import holds_secrets, render_patch
from tests.report_samples import BOTH, ROLE, SECRET, TASK_BEFORE, sample


def test_git_applies_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "task.json").write_text(TASK_BEFORE)
    patch = render_patch(sample())
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "deploy" / "task.json").read_text() == BOTH
    assert (tmp_path / "iam" / "role.tf").read_text() == ROLE


def test_whoever_writes_it_is_told_whether_it_holds_a_secret() -> None:
    report = sample()
    assert SECRET in render_patch(report)
    assert holds_secrets(report)
    assert not holds_secrets(replace(report, patches=report.patches[1:]))
