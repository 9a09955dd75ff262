"""The tools to compare with: how each is called without a network, and how its findings are counted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FRAMEWORKS = {"Kubernetes": "kubernetes", "Terraform": "terraform", "CloudFormation": "cloudformation"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and its words for a folder. `count` takes its JSON; `kinds` are what it reads."""

    name: str
    command: tuple[str, ...]
    arguments: Callable[[Path], list[str]]
    count: Callable[[Any], str] = lambda _: ""
    kinds: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def reads(self, kind: str) -> bool:
        """Whether it is worth running on files of that kind (empty: on everything)."""
        return kind in self.kinds

    def found(self, output: bytes, code: int) -> str:
        """How much it found, or that it didn't say."""
        try:
            data = json.loads(output)
            return _ours(data) if isinstance(data, dict) and "fixbot" in data else self.count(data)
        except (ValueError, LookupError, TypeError):
            return "" if code == 0 else f"nothing, exit code {code}"


def _ours(data: dict[str, Any]) -> str:
    fixed = sum(each["status"] == "fixed" for each in data["findings"])
    return f"{len(data['findings'])} findings, {fixed} proven fixes, {len(data['unread'])} not read"


def PEERS(root: Path) -> Iterator[Tool]:  # noqa: N802 - reads as the constant that it stands for
    """Those that are installed: in `.venv-peers` (`make bench-peers`) or on the PATH."""
    for tool in (_kube_linter(), _trivy(), *_checkovs(), _cfn_lint()):
        path = shutil.which(tool.command[0], path=str(root / ".venv-peers" / "bin")) or shutil.which(
            tool.command[0]
        )
        if path is not None:
            yield Tool(
                tool.name, (path, *tool.command[1:]), tool.arguments, tool.count, tool.kinds, tool.variables
            )


def _kube_linter() -> Tool:
    return Tool(
        "kube-linter", ("kube-linter",), lambda folder: ["lint", "--format", "json", str(folder)],
        lambda data: f"{len(data['Reports'] or ())} findings", ("Kubernetes", ""),
    )  # fmt: skip


def _trivy() -> Tool:
    def count(data: Any) -> str:
        return (
            f"{sum(len(each.get('Misconfigurations') or ()) for each in data.get('Results') or ())} findings"
        )

    words = [
        "config",
        "--quiet",
        "--format",
        "json",
        "--skip-check-update",
        "--skip-version-check",
        "--timeout",
        "60m",
    ]
    kinds = ("", "Kubernetes", "Terraform", "CloudFormation", "ECS")
    return Tool("trivy config", ("trivy",), lambda folder: [*words, str(folder)], count, kinds)


def _checkovs() -> Iterator[Tool]:
    def count(data: Any) -> str:
        rows = data if isinstance(data, list) else [data]
        return f"{sum(each.get('summary', each).get('failed', 0) for each in rows)} findings"

    def words(framework: str) -> Callable[[Path], list[str]]:
        return lambda folder: [
            "--framework", framework, "--output", "json", "--quiet", "--compact", "--skip-download",
            "-d", str(folder),
        ]  # fmt: skip

    for kind, framework in _FRAMEWORKS.items():
        yield Tool(f"checkov, {framework}", ("checkov",), words(framework), count, (kind,))


def _cfn_lint() -> Tool:
    def words(folder: Path) -> list[str]:
        files = sorted(
            path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml", ".json", ".template"}
        )
        return ["--format", "json", "--non-zero-exit-code", "none", "--", *map(str, files)]

    return Tool("cfn-lint", ("cfn-lint",), words, lambda data: f"{len(data)} findings", ("CloudFormation",))
