"""A repository in a temporary folder, and what the `fixbot` command does there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# What the oracle can judge by tables of its own; rules that came later are held by their pages and schemas.
RULES = (
    "readonly-root-filesystem",
    "privileged-container",
    "secret-in-environment",
    "tag-condition-missing",
)
_LONGEST = 240


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


class Repository:
    """A copy of some files as a git repository, with a home and a cache of its own beside it."""

    def __init__(self, folder: Path, source: Path | None = None) -> None:
        self.folder = folder / "repository"
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        if source is None:
            self.folder.mkdir()
        else:
            _copy(source, self.folder)

    def copy_in(self, source: Path) -> None:
        """Add the files of another folder, below its name."""
        _copy(source, self.folder / source.name)

    def commit(self) -> None:
        """Make everything that is there the first commit."""
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", "start")

    def git(self, *words: str) -> bytes:
        """What git answers. Raises CalledProcessError."""
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
        command = ["git", *settings, *words]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, env=self.environment
        ).stdout

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def fixbot(self, *words: str, seconds: float = _LONGEST) -> Answer:
        """Run the command on the repository, with RULES where no rule is named. Raises TimeoutExpired.

        Nothing is rendered: the oracle reads files as they stand, and what is mended in charts and
        kustomizations is held by rendering again (test_charts, test_kustomize).
        """
        looks = words[0] in {"run", "scan"}
        named = ("--only", ",".join(RULES)) if looks and "--only" not in words else ()
        more = (*words[1:], *named, *(("--no-render",) if looks else ()))
        command = [sys.executable, "-m", "fixbot", words[0], str(self.folder), *more]
        done = subprocess.run(
            command, cwd=self.home, check=False, capture_output=True, env=self.environment, timeout=seconds
        )
        out, err = (each.decode(errors="surrogateescape") for each in (done.stdout, done.stderr))
        return Answer(done.returncode, out, err)

    def report(self, *words: str) -> dict[str, Any]:
        """The report of a run. Fails with what the command said where there is none."""
        answer = self.fixbot(words[0], "--format", "json", "--jobs", "1", *words[1:])
        assert answer.code == 0, answer.all[-2000:]
        found: dict[str, Any] = json.loads(answer.out)
        return found

    def files(self) -> dict[str, bytes]:
        """Every file that git knows here and that is one, by path."""
        names = self.git("ls-files", "-z", "--cached", "--others").split(b"\0")
        paths = [os.fsdecode(name) for name in names if name]
        return {p: f.read_bytes() for p in paths if (f := self.folder / p).is_file() and not f.is_symlink()}

    def tree(self, revision: str, paths: list[str]) -> dict[str, bytes]:
        """Files as they stand in a commit."""
        return {path: self.git("show", f"{revision}:{path}") for path in paths}

    def changed(self) -> set[str]:
        """The paths that differ from the commit, new ones included."""
        said = os.fsdecode(self.git("status", "--porcelain", "-z", "--no-renames", "-uall", "--ignored"))
        return {entry[3:] for entry in said.split("\0") if entry}

    def modes(self) -> dict[str, int]:
        """The permissions of every file."""
        return {p: (self.folder / p).stat().st_mode for p in self.files()}


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200)
