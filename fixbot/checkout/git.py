"""Runs the `git` command line, so that nothing which a repository brings along is executed.

Hooks, file system monitors, filters, signing and every network protocol are off; variables that
would lead git to another repository are taken out of the environment.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SECONDS = 120
"""How long one git command may take."""

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.quotePath=off",
    # A file that was changed within one second, or has its old time stamp, is still seen as changed.
    "core.trustctime=true",
    "core.checkStat=default",
    # A folder that only looks like a repository is part of the tree, not a repository.
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "i18n.commitEncoding=UTF-8",
)
_SET = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# The user's own say about configuration, identity and where git is installed; all else redirects.
_KEPT = (
    "GIT_AUTHOR_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMITTER_",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
)
_FILTER_OFF = {"clean": "", "smudge": "", "process": "", "required": "false"}


class GitFailed(Exception):
    """Git could not do it. The message is git's own first line, or that there is no git."""


class Git:
    """Git in one folder. `configuration` is read once; what it runs on files is switched off."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.configuration: Mapping[str, str] = {}
        self._environment = _environment()
        self.configuration = dict(_pairs(self.run("config", "--list", "-z")))
        self._environment |= _without_filters(self._environment, self.configuration)

    def start(self, *words: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Begin a git command, its three streams pipes. Raises GitFailed where there is no git."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(
                ["git", *settings, *words],
                cwd=self.folder,
                env=self._environment | dict(variables or {}),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
            )
        except OSError as error:
            raise GitFailed(f"git can't be run: {os.strerror(error.errno or 0).lower()}") from error

    def run(self, *words: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
        """The standard output of a git command. Raises GitFailed where it ends with another status than 0."""
        return finish(self.start(*words, variables=variables), stdin)

    def run_all(self, *commands: Sequence[str]) -> list[bytes]:
        """The outputs of several commands that run at the same time. Raises GitFailed."""
        running = [self.start(*words) for words in commands]
        try:
            return [finish(process) for process in running]
        finally:
            for process in running:
                if process.returncode is None:
                    process.kill()
                    process.communicate()

    def line(self, *words: str, stdin: bytes = b"") -> str:
        """The output of a command that answers with one line."""
        return os.fsdecode(self.run(*words, stdin=stdin)).removesuffix("\n")


def finish(process: subprocess.Popen[bytes], stdin: bytes = b"") -> bytes:
    """Wait for a git command, at most SECONDS, and return its output. Raises GitFailed."""
    try:
        out, error = process.communicate(stdin, SECONDS)
    except subprocess.TimeoutExpired as late:
        raise GitFailed(f"git took longer than {SECONDS} seconds") from late
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        first = error.decode("utf-8", "replace").strip().partition("\n")[0]
        said = first.removeprefix("fatal: ").removeprefix("error: ")
        raise GitFailed(said or f"git ended with status {process.returncode}")
    return out


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return kept | _SET


def _pairs(listed: bytes) -> Iterator[tuple[str, str]]:
    for row in os.fsdecode(listed).split("\0"):
        key, _, value = row.partition("\n")
        yield key, value


def _without_filters(environment: Mapping[str, str], configuration: Mapping[str, str]) -> dict[str, str]:
    # By environment, since `-c` can't name a filter whose name holds an equals sign.
    names = {
        key.removeprefix("filter.").rpartition(".")[0] for key in configuration if key.startswith("filter.")
    }
    off = [(f"filter.{name}.{key}", value) for name in sorted(names) for key, value in _FILTER_OFF.items()]
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdigit() else 0
    added = {"GIT_CONFIG_COUNT": str(first + len(off))}
    for number, (key, value) in enumerate(off, first):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added
