"""What can be seen of a repository without asking anybody: where it is hosted, what is in it, who owns it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fixbot.onboarding.action_reference import REPOSITORY
from fixbot.publish.github.hosts import parse_repository_url

_OWNERS: Final = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")
_FOREIGN_FOLDERS: Final = ("vendor", "third_party", "third-party", "external")
_FORGES: Final = {
    "gitlab": "GitLab",
    "bitbucket": "Bitbucket",
    "codeberg": "Codeberg",
    "gitea": "Gitea",
    "forgejo": "Forgejo",
    "azure.com": "Azure DevOps",
    "visualstudio.com": "Azure DevOps",
    "sr.ht": "SourceHut",
    "amazonaws.com": "CodeCommit",
}
_SSM: Final = re.compile(rb"aws_ssm_parameter\b|AWS::SSM::Parameter\b|:ssm:[^:]*:[^:]*:parameter/")
_MANAGER: Final = re.compile(rb"aws_secretsmanager_secret\b|AWS::SecretsManager::|:secretsmanager:")
_SCANNING: Final = re.compile(rb"github/codeql-action/")
_OURS: Final = re.compile(rb"uses:\s*[\"']?" + REPOSITORY.encode() + rb"[@/]")


@dataclass(frozen=True, slots=True)
class GitRemote:
    """Where a repository is hosted. `forge` is GitHub, GitHub Enterprise Server or the name of another."""

    host: str
    name: str
    forge: str

    @property
    def is_github(self) -> bool:
        """Whether it has GitHub Actions."""
        return self.forge.startswith("GitHub")


@dataclass(frozen=True, slots=True)
class RepositorySurvey:
    """What init builds on. `folder` is where PATH lies in the repository, empty at its top.

    `owners` is the path of CODEOWNERS, `runs` the workflow that runs fixbot already; both may be empty.
    """

    remote: GitRemote | None
    branch: str
    folder: str
    in_git: bool
    owners: str
    runs: str
    scanning: bool
    store: str
    foreign: tuple[str, ...]

    @property
    def schedule_minute(self) -> int:
        """When in the hour the schedule runs: the same for a repository, away from the full and half hour."""
        seed = f"{self.remote.host}/{self.remote.name}" if self.remote else self.folder
        at = int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16) % 50
        return at + 4 if at < 22 else at + 9


def parse_remote(url: str, files: Iterable[str]) -> GitRemote | None:
    """The host of a Git remote, told from its address and, where that tells nothing, from the files."""
    found = parse_repository_url(url)
    if found is None:
        return None
    host, name = found
    return GitRemote(host, name, _guess_forge(host, frozenset(files)))


def _guess_forge(host: str, files: frozenset[str]) -> str:
    if host == "github.com" or host.endswith(".ghe.com"):
        return "GitHub"
    known = next((name for word, name in _FORGES.items() if word in host), None)
    if known is None and ".gitlab-ci.yml" in files:
        known = "GitLab"
    return known or "GitHub Enterprise Server"


def find_codeowners(paths: Iterable[str]) -> str:
    """The CODEOWNERS file that GitHub would read."""
    there = frozenset(paths)
    return next((path for path in _OWNERS if path in there), "")


def find_own_workflow(workflows: Mapping[str, bytes]) -> str:
    """The workflow that runs fixbot already."""
    return next((path for path, data in sorted(workflows.items()) if _OURS.search(data)), "")


def uses_code_scanning(workflows: Mapping[str, bytes]) -> bool:
    """Whether findings of others go to code scanning already."""
    return any(_SCANNING.search(data) for data in workflows.values())


def guess_secret_store(texts: Iterable[bytes]) -> str:
    """`ssm` where the repository keeps its secrets in SSM parameters alone."""
    ssm = manager = False
    for data in texts:
        ssm = ssm or _SSM.search(data) is not None
        manager = manager or _MANAGER.search(data) is not None
    return "ssm" if ssm and not manager else "secretsmanager"


def find_foreign_folders(paths: Iterable[str]) -> tuple[str, ...]:
    """Folders with other people's files in them, by their names."""
    found = {part for path in paths for part in path.split("/")[:-1] if part in _FOREIGN_FOLDERS}
    return tuple(sorted(found))
