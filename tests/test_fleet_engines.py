"""The engines that spread a fleet: their manifests are valid, clean, and call commands that exist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from fixbot.checkout import Checkout, Scope
from fixbot.cli.app import app
from fixbot.cli.options import Job
from fixbot.engine.pipeline import run_pipeline
from fixbot.settings import Settings
from fixbot.validity.kubernetes_rules import find_object_problems, find_pod_problems
from tests.first_rules import first_rules
from tests.hub.hub import Hub
from tests.hub.many import add_light, store_at
from tests.hub.server import Server
from tests.test_fleet_runs import BOT, WRONG

ROOT = Path(__file__).parent.parent
FLEET = ROOT / "docs" / "fleet"
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "fleet.yml").read_text())
JOBS = list(yaml.safe_load_all((FLEET / "kubernetes.yaml").read_text()))


def test_fixbot_finds_nothing_wrong_in_the_manifests() -> None:
    report = run_pipeline(Checkout.open_checkout(str(FLEET), Scope()), first_rules(), Settings())
    assert (report.findings, report.unread) == ((), ())
    assert report.stats.counts["containers"] >= len(JOBS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job["metadata"]["name"])
def test_a_job_is_what_kubernetes_takes(job: dict[str, Any]) -> None:
    assert list(find_object_problems(job)) == []
    assert list(find_pod_problems(job["spec"]["template"]["spec"])) == []


def commands() -> list[list[str]]:
    batch = yaml.safe_load((FLEET / "batch.yaml").read_text().replace("!Ref ", ""))
    container = batch["Resources"]["Fleet"]["Properties"]["ContainerProperties"]
    pods = [job["spec"]["template"]["spec"]["containers"][0]["args"] for job in JOBS]
    return [*pods, container["Command"]]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_words_of_a_manifest_are_a_command(words: list[str]) -> None:
    made = typer.main.get_command(app).main(words, prog_name="fixbot", standalone_mode=False)
    assert isinstance(made, Job)


def test_shards_of_the_indexed_job_are_those_of_its_plan() -> None:
    words = JOBS[0]["spec"]["template"]["spec"]["containers"][0]["args"]
    spec = next(job["spec"] for job in JOBS if job["spec"].get("completionMode") == "Indexed")
    assert words[words.index("--shards") + 1] == str(spec["completions"])
    assert words[words.index("--at-once") + 1] == str(spec["parallelism"])


def test_the_matrix_runs_as_many_at_once_as_the_plan_says() -> None:
    script = next(step["run"] for step in WORKFLOW["jobs"]["plan"]["steps"] if step.get("id") == "plan")
    assert f"--at-once {WORKFLOW['jobs']['scan']['strategy']['max-parallel']} " in script


class Runner:
    """Runs the scripts of the workflow's jobs one after the other, as a runner does, with `uvx` played."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = folder, environment
        shim = folder / "bin" / "uvx"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -m fixbot "$@"\n')
        shim.chmod(0o755)

    def script(self, job: str, **values: str) -> subprocess.CompletedProcess[str]:
        step = next(step for step in WORKFLOW["jobs"][job]["steps"] if "run" in step)
        unset = {name for name, value in step.get("env", {}).items() if "secrets." in str(value)}
        assert set(step.get("env", {})) - unset - {"GITHUB_TOKEN", "FIXBOT_APP_ID"} == set(values)
        environment = {
            **self.environment, **values, "FIXBOT": "fixbot", "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }  # fmt: skip
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


def test_the_workflow_plans_scans_publishes_and_collects(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "hub")
    hub.root.mkdir()
    store = store_at(hub.root)
    for number in range(3):
        add_light(hub, store, f"acme/service-{number}", {"web.yaml": WRONG if number else b"{}"}, BOT)
    with Server(hub) as server:
        environment = {
            **server.environment(hub.user_token(BOT), "acme/any"), "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        runner = Runner(tmp_path, environment)
        done = runner.script("plan", ORG="acme", PER_SHARD="2", MORE="")
        assert done.returncode == 0, done.stderr
        name, _, value = (tmp_path / "output").read_text().partition("=")
        assert name == "matrix"
        for row in json.loads(value)["include"]:
            done = runner.script("scan", SHARD=row["shard"], MORE="--safety review")
            assert done.returncode == 0, done.stderr
        (tmp_path / "scanned").symlink_to(tmp_path / "fleet-results")
        done = runner.script("publish", MINUTES="5", MORE="--safety review")
        assert done.returncode == 0, done.stderr
        done = runner.script("collect")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "summary").read_text().startswith("# 3 repositories: 2 ")
        assert "Pull requests: 2 opened" in (tmp_path / "summary").read_text()
        assert "<!doctype html>" in (tmp_path / "fleet.html").read_text()
    assert hub.violations == []
