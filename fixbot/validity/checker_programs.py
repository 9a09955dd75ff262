"""Checks by other programs, where they are installed: cfn-lint, Terraform, kubernetes-validate.

Nothing here is ever needed. Each function says None where there is no such program or it has no opinion, and
Unanswered where it was asked and gave no result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.programs import Programs
from fixbot.programs.start import GIVEN, FinishedProgram, ProgramTask, UnfinishedProgram, run_program

_READS_FILES: Final = "E3043"
"""cfn-lint's check of nested stacks opens the files that the template names, wherever they lie."""
_NO_PACKAGE: Final = 3
_KUBERNETES: Final = f"""\
import json, sys
try:
    import kubernetes_validate as package
except ImportError:
    raise SystemExit({_NO_PACKAGE})
answers = []
for each in json.load(sys.stdin)["manifests"]:
    try:
        package.validate(each, package.latest_version(), strict=True)
        answers.append([])
    except package.ValidationError as problem:
        answers.append([".".join(map(str, getattr(problem, "path", ()))) or "the whole"])
    except Exception:
        answers.append(None)
json.dump(answers, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class UnansweredChecker:
    """Which program gave no result, and why: `cfn-lint did not answer: it took longer than 60 seconds`."""

    program: str
    why: str

    def __str__(self) -> str:
        return f"{self.program} did not answer: {self.why}"


def run_cfn_lint(
    template: str, programs: Programs, suffix: str = ".yaml"
) -> tuple[str, ...] | UnansweredChecker | None:
    """The errors (no warnings) that cfn-lint finds in a CloudFormation template, as `E3012 at /path`.

    Only rule and place are given: cfn-lint's messages repeat values, and a value may be a secret.
    """
    if not programs.cfn_lint:
        return None
    files = {f"template{suffix}": template.encode(), "cfnlintrc": b"{}\n"}
    words = ("--format", "json", "--non-zero-exit-code", "none", "--config-file", f"{GIVEN}/cfnlintrc")
    only = ("--ignore-checks", _READS_FILES, "--", f"{GIVEN}/template{suffix}")
    done = run_program(ProgramTask(programs.cfn_lint, (*words, *only), files=files), programs)
    if isinstance(done, UnfinishedProgram):
        return UnansweredChecker("cfn-lint", done.why)
    try:
        found = [each for each in json.loads(done.output) if each["Rule"]["Id"].startswith("E")]
        places = ["/" + "/".join(map(str, each["Location"].get("Path") or ())) for each in found]
        lines = sorted(f"{each['Rule']['Id']} at {place}" for each, place in zip(found, places, strict=True))
    except (ValueError, LookupError, TypeError, AttributeError):
        return UnansweredChecker("cfn-lint", f"it printed no list of findings (status {done.status})")
    return tuple(lines)


def run_terraform_fmt(text: str, programs: Programs) -> str | UnansweredChecker | None:
    """The text as `terraform fmt` (or `tofu fmt`) leaves it; None also where it can't be parsed."""
    if not programs.terraform:
        return None
    quiet = {
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": f"{GIVEN}/terraform.rc",
        "TF_IN_AUTOMATION": "1",
        # The version managers whose stand-in this may be fetch nothing.
        "TFENV_AUTO_INSTALL": "false",
    }
    task = ProgramTask(programs.terraform, ("fmt", "-"), text.encode(), {"terraform.rc": b""}, quiet)
    done = run_program(task, programs)
    if isinstance(done, UnfinishedProgram):
        return UnansweredChecker("terraform fmt", done.why)
    try:
        return done.output.decode() if done.status == 0 else None
    except UnicodeDecodeError:
        return UnansweredChecker("terraform fmt", "it printed no UTF-8 text")


def run_kubernetes_validate(
    manifests: Sequence[Mapping[str, object]], programs: Programs
) -> tuple[tuple[str, ...] | None, ...] | UnansweredChecker | None:
    """What the full schema of Kubernetes refuses of each object, unknown fields included, by place.

    None for a kind that `kubernetes-validate` doesn't know (custom resources), and where it is missing.
    The package is imported by an interpreter of its own, which takes nothing from the current folder.
    """
    if not programs.kubernetes:
        return None
    asked = json.dumps({"manifests": manifests}, default=str).encode()
    done = run_program(ProgramTask(programs.python, ("-I", "-c", _KUBERNETES), asked), programs)
    if isinstance(done, FinishedProgram) and done.status == _NO_PACKAGE:
        return None
    if isinstance(done, UnfinishedProgram):
        return UnansweredChecker("kubernetes-validate", done.why)
    try:
        answers = [
            None if each is None else [str(place) for place in each] for each in json.loads(done.output)
        ]
    except (ValueError, TypeError):
        return UnansweredChecker("kubernetes-validate", f"it printed no result (status {done.status})")
    if len(answers) != len(manifests):
        return UnansweredChecker("kubernetes-validate", f"it printed no result (status {done.status})")
    words = "is not as the schema of Kubernetes has it"
    return tuple(None if each is None else tuple(f"{place} {words}" for place in each) for each in answers)
