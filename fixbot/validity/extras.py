"""Checks by other programs, where they are installed: cfn-lint, Terraform, kubernetes-validate.

Nothing here is ever needed. Each function says None where its program is missing or didn't answer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_SECONDS: Final = 60


def cfn_lint_errors(template: str, suffix: str = ".yaml") -> tuple[str, ...] | None:
    """The errors (no warnings) that cfn-lint finds in a CloudFormation template, as `E3012 at /path`.

    Only rule and place are given: cfn-lint's messages repeat values, and a value may be a secret.
    """
    command = shutil.which("cfn-lint")
    if command is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"template{suffix}"
        path.write_text(template, encoding="utf-8", newline="")
        done = _run([command, "--format", "json", "--non-zero-exit-code", "none", "--", str(path)])
    try:
        found = json.loads(done.stdout) if done is not None and done.stdout.strip() else None
    except ValueError:
        return None
    errors = [each for each in found or () if each["Rule"]["Id"].startswith("E")]
    places = ["/" + "/".join(map(str, each["Location"].get("Path") or ())) for each in errors]
    lines = sorted(f"{each['Rule']['Id']} at {place}" for each, place in zip(errors, places, strict=True))
    return tuple(lines) if found is not None else None


def terraform_formatted(text: str) -> str | None:
    """The text as `terraform fmt` (or `tofu fmt`) leaves it; None also where it can't be parsed."""
    command = shutil.which("terraform") or shutil.which("tofu")
    done = _run([command, "fmt", "-"], text) if command is not None else None
    return done.stdout if done is not None and done.returncode == 0 else None


def kubernetes_schema_problems(
    manifest: Mapping[str, object], version: str | None = None
) -> tuple[str, ...] | None:
    """What the full schema of a Kubernetes version refuses, unknown fields included, by place.

    None where `kubernetes-validate` isn't installed or doesn't know the kind (custom resources).
    """
    if find_spec("kubernetes_validate") is None:
        return None
    package: Any = import_module("kubernetes_validate")
    try:
        package.validate(dict(manifest), version or package.latest_version(), strict=True)
    except package.ValidationError as problem:
        place = ".".join(map(str, getattr(problem, "path", ()))) or "the whole"
        return (f"{place} is not as the schema of Kubernetes has it",)
    except Exception:  # noqa: BLE001 - no schema, no answer: an extra never fails a run
        return None
    return ()


def _run(command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str] | None:
    """Run a checker with its update checks and colours off; None where it can't be run or hangs."""
    quiet = {
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "TF_IN_AUTOMATION": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **quiet},
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
