"""What runs on GitHub is looked through by zizmor and actionlint, neither of which asks the network here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
FILES = sorted([*(ROOT / ".github" / "workflows").glob("*.yml"), *ROOT.glob("action.yml")])
WORKFLOWS = [path for path in FILES if path.name != "action.yml"]
BAD = """\
on: pull_request_target
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@main
      - run: echo "${{ github.event.pull_request.title }} ${{ matrix.nothing }}"
"""
USES = re.compile(r"uses:\s*(?P<action>[\w./-]+)@(?P<commit>\S+)(?:\s+# (?P<version>\S+))?")


def zizmor(*paths: Path) -> subprocess.CompletedProcess[str]:
    words = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic", *map(str, paths)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def actionlint(*paths: Path) -> subprocess.CompletedProcess[str]:
    if not (BIN / "actionlint").exists():
        pytest.skip("actionlint's package has no binary for this system")
    # Whether a machine has shellcheck must not decide what is found.
    words = [str(BIN / "actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, paths)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("path", [*FILES, ROOT / ".github" / "dependabot.yml"], ids=lambda path: path.name)
def test_zizmor_finds_nothing(path: Path) -> None:
    looked = zizmor(path)
    assert looked.returncode == 0, looked.stdout + looked.stderr


def test_actionlint_finds_nothing() -> None:
    looked = actionlint(*WORKFLOWS)
    assert looked.returncode == 0, looked.stdout + looked.stderr


def test_both_would_find_something(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "bad.yml"
    path.parent.mkdir(parents=True)
    path.write_text(BAD)
    assert "template-injection" in zizmor(path).stdout
    assert "matrix" in actionlint(path).stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_of_others_are_named_by_commit_and_version(path: Path) -> None:
    for line in path.read_text().splitlines():
        if "uses:" in line and "uses: ./" not in line and "uses: $/" not in line:
            found = USES.search(line)
            assert found, line
            assert re.fullmatch(r"[0-9a-f]{40}", found["commit"]), line
            assert re.fullmatch(r"v\d+(\.\d+)*", found["version"] or ""), line


def test_one_action_has_one_commit() -> None:
    pins: dict[str, set[str]] = {}
    for path in FILES:
        for found in USES.finditer(path.read_text()):
            pins.setdefault(found["action"], set()).add(found["commit"])
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_gets_the_permissions_that_it_names(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
