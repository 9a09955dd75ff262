"""Runs the steps of action.yml as GitHub would: its scripts, in its shells, with its expressions and files.

`run:` steps run for real. `uses:` steps do not: each is only checked to be pinned by a whole commit with its
version beside it, and to be given no input that the action at that commit does not have
(tests/data/action_inputs.json, read from each action's own action.yml). What they would have left behind is
said by the test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.action_expressions import filled, holds
from tests.action_log import Log, read

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40})")
TOKEN = "ghs_0123456789abcdefThatNobodyMaySee"
_SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]}


@dataclass
class Ran:
    """What a run of the Action left."""

    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    printed: str = ""
    code: int = 0
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    """What each action of others was given, by the action's name."""
    steps: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def log(self) -> Log:
        """The output as the runner reads it."""
        return read(self.printed, (TOKEN,))


@dataclass
class Machine:
    """A runner of its own: a clean home, a temporary folder, a workspace, an event."""

    folder: Path
    workspace: Path
    event: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    action: Path = ROOT

    def environment(self) -> dict[str, str]:
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        (self.folder / "temp").mkdir(exist_ok=True)
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.event))
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "http://127.0.0.1:9",  # nobody answers there
            "GITHUB_GRAPHQL_URL": "http://127.0.0.1:9/graphql",
            "GITHUB_REPOSITORY": "acme/shop",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "RUNNER_OS": "Linux",
            **self.variables,
        }

    def run(self, step_id: str = "", known: Mapping[str, Any] | None = None, /, **inputs: str) -> Ran:
        """All steps, or the one of that id, with these inputs (`fail_on` is `fail-on`).

        `known` holds the outputs of steps that don't run here.
        """
        described = yaml.safe_load((self.action / "action.yml").read_text())
        contexts: dict[str, Any] = {
            "github": {"token": TOKEN, "event_name": self.variables.get("GITHUB_EVENT_NAME", "")},
            "runner": {"os": "Linux"},
            "steps": {name: {"outputs": dict(values)} for name, values in (known or {}).items()},
        }
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert set(given) <= set(described["inputs"])
        ran = Ran(steps=contexts["steps"])
        functions = {
            "success": lambda: ran.code == 0,
            "failure": lambda: ran.code != 0,
            "cancelled": lambda: False,
            "always": lambda: True,
        }
        contexts["inputs"] = {
            name: given.get(name, filled(str(each.get("default", "")), contexts, functions))
            for name, each in described["inputs"].items()
        }
        environment = self.environment()
        for number, step in enumerate(described["runs"]["steps"]):
            if step_id and step.get("id") != step_id:
                continue
            if not holds(step.get("if"), contexts, functions):
                continue
            values = {
                key: {
                    name: filled(str(value), contexts, functions)
                    for name, value in (step.get(key) or {}).items()
                }
                for key in ("env", "with")
            }
            if "uses" in step:
                ran.used[_pinned(step["uses"], values["with"])] = values["with"]
            else:
                self._run(step, {**environment, **values["env"]}, number, ran)
        ran.outputs = {
            name: filled(each["value"], contexts, functions) for name, each in described["outputs"].items()
        }
        return ran

    def _run(self, step: Mapping[str, Any], environment: dict[str, str], number: int, ran: Ran) -> None:
        assert "${{" not in step["run"], "an expression is pasted into a script"
        script = self.folder / f"step-{number}.sh"
        script.write_text(step["run"])
        files = {
            name: self.folder / f"{name.lower()}-{number}"
            for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")
        }
        for file in files.values():
            file.touch()
        done = subprocess.run(
            [*_SHELLS[step["shell"]], str(script)],
            cwd=self.workspace,
            env={**environment, **{f"GITHUB_{name}": str(file) for name, file in files.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        ran.printed += done.stdout.decode()
        ran.code = ran.code or done.returncode
        ran.summary += files["STEP_SUMMARY"].read_text()
        assert not files["ENV"].read_text()
        assert not files["PATH"].read_text()
        if "id" in step:
            ran.steps[step["id"]] = {"outputs": parsed(files["OUTPUT"].read_text())}


def parsed(text: str) -> dict[str, str]:
    """The file GITHUB_OUTPUT as the runner reads it: `name=value`, or a value between two delimiters."""
    found: dict[str, str] = {}
    rows = iter(text.split("\n"))
    for row in rows:
        equals, heredoc = row.find("="), row.find("<<")
        if heredoc >= 0 and not 0 <= equals < heredoc:
            name, _, delimiter = row.partition("<<")
            lines = []
            for line in rows:
                if line == delimiter:
                    break
                lines.append(line)
            else:
                raise AssertionError(f"the value of {name} has no end")
            found[name] = "\n".join(lines)
        elif row:
            assert equals > 0, f"no output: {row!r}"
            found[row[:equals]] = row[equals + 1 :]
    return found


def _pinned(uses: str, given: Mapping[str, str]) -> str:
    pin = PIN.fullmatch(uses)
    assert pin is not None, f"{uses} is not pinned by a commit"
    known = json.loads((ROOT / "tests" / "data" / "action_inputs.json").read_text())
    assert set(given) <= set(known[uses]), f"{uses} has no input {set(given) - set(known[uses])}"
    return pin["action"]


PYTHON = {"installed": {"python": sys.executable}}
"""What the step that installs fixbot leaves, for tests that begin behind it."""
