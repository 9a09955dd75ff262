"""The only room that starts programs: where they are looked for, and in what empty place they run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fixbot.programs.lookup import find_program, lies_within, search_path

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH112

_SYSTEM: Final = ("COMSPEC", "SYSTEMDRIVE", "SYSTEMROOT", "WINDIR")
"""What programs on Windows can't do without."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs that may be asked, and where they run. A program that isn't there is an empty text.

    `path` is what they have as PATH, `scratch` an existing folder that lies in no checkout, `system` what the
    system wants in every environment. `python` is the interpreter that starts the others within their limits
    and has the library kubernetes-validate, if `kubernetes` says so.
    """

    path: str
    scratch: str
    python: str
    system: tuple[tuple[str, str], ...] = ()
    cfn_lint: str = ""
    terraform: str = ""
    kubernetes: bool = False
    kustomize: str = ""
    kubectl: str = ""
    helm: str = ""
    helm_library: bool = False
    """Whether `python` has the library helm-python-sdk."""
    stamp: str = ""
    """What changes with every new version of a renderer."""
    seconds: int = 60
    """On the clock, before one is ended."""
    memory: int = 2_000_000_000
    """Bytes that one may have."""

    @property
    def describe_checkers(self) -> str:
        """Which checkers are asked, on one line."""
        found = [each for each in (self.cfn_lint, self.terraform) if each]
        found += ["kubernetes-validate"] if self.kubernetes else []
        wanted = {
            "cfn-lint": self.cfn_lint,
            "terraform": self.terraform,
            "kubernetes-validate": self.kubernetes,
        }
        missing = [name for name, there in wanted.items() if not there]
        asked = f"asked as well: {', '.join(found)}" if found else "no checker is asked"
        return f"{asked}; not found outside of the checkout: {', '.join(missing)}" if missing else asked


def find_programs(
    environment: Mapping[str, str],
    scratch: Sequence[str],
    outside: Sequence[str],
    python: str,
    *,
    kubernetes: bool = False,
) -> Programs | None:
    """What is on PATH outside of the folders `outside`, which are checkouts (real paths).

    `scratch` are the folders to choose from for the programs' own; None where each lies in a checkout.
    """
    path = environment.get("PATH", "")
    chosen = next((each for each in scratch if _is_usable_scratch(each, outside)), None)
    if chosen is None:
        return None
    renderers = {name: find_program(name, path, outside) or "" for name in ("kustomize", "kubectl", "helm")}
    return Programs(
        path=os.pathsep.join(search_path(path, outside)),
        scratch=chosen,
        python=python,
        system=tuple((name, environment[name]) for name in _SYSTEM if name in environment),
        cfn_lint=find_program("cfn-lint", path, outside) or "",
        terraform=find_program("terraform", path, outside) or find_program("tofu", path, outside) or "",
        kubernetes=kubernetes,
        kustomize=renderers["kustomize"],
        kubectl=renderers["kubectl"],
        helm=renderers["helm"],
        stamp="|".join(f"{each}:{_stamp_file(each)}" for each in renderers.values() if each),
    )


def _stamp_file(path: str) -> str:
    state = Path(path).stat()
    return f"{state.st_size}.{state.st_mtime_ns}"


def _is_usable_scratch(folder: str, outside: Sequence[str]) -> bool:
    real = os.path.realpath(folder)
    there = os.path.isdir(real) and os.access(real, os.W_OK | os.X_OK)
    return there and not any(lies_within(real, each) for each in outside)
