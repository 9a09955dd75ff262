"""The only way to the `git` command line, so that nothing which a repository brings along is executed.

Each command stands in `COMMANDS` with the words that it is never called without; what a repository's
configuration, attributes, hooks and submodules could start or change is switched off there and in the
settings below. Git is started by its absolute path and gets an environment of our own.
"""

# Names relative to an open folder, and bytes in names, are beyond pathlib.
# ruff: noqa: PTH117

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final, Literal, get_args

from fixbot.checkout.git_home import stranger_folders
from fixbot.programs.lookup import find_program, lies_within, search_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS: Final = 120
"""How long one git command may take."""
QUICK_SECONDS: Final = 20
"""How long those may take that read the configuration and list files: what they open may be a pipe."""

Name = Literal[
    "cat-file", "check-attr", "check-ref-format", "commit-tree", "config", "diff", "diff-files",
    "for-each-ref", "hash-object", "ls-files", "ls-tree", "merge-base", "read-tree", "remote", "rev-list",
    "rev-parse", "status", "symbolic-ref", "update-index", "update-ref", "write-tree",
]  # fmt: skip
Call = tuple[Name, tuple[str, ...]]

_NO_PROGRAMS: Final = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--no-renames")
COMMANDS: Final[Mapping[Name, tuple[str, ...]]] = {
    "cat-file": (),
    "check-attr": ("-z",),
    "check-ref-format": (),
    "commit-tree": ("--no-gpg-sign",),
    "config": ("--list", "-z", "--show-scope"),
    # Attributes may call a text binary, and a configuration colour, order and join what is printed.
    "diff": (
        *_NO_PROGRAMS, "--text", "--no-color", "--no-relative", "--inter-hunk-context=0", "-O/dev/null",
    ),
    "diff-files": _NO_PROGRAMS,
    "for-each-ref": (),
    "hash-object": ("--no-filters", "--stdin"),
    "ls-files": (),
    "ls-tree": ("--full-tree",),
    "merge-base": (),
    "read-tree": ("--no-recurse-submodules",),
    "remote": ("get-url",),
    "rev-list": (),
    "rev-parse": (),
    # A submodule has a configuration of its own, with filters that nobody has switched off.
    "status": ("--porcelain", "--ignore-submodules=all", "--no-renames", "--untracked-files=all", "-z"),
    "symbolic-ref": (),
    "update-index": ("-z", "--index-info"),
    # A planted symbolic ref would else move the branch that it leads to.
    "update-ref": ("--no-deref", "--stdin"),
    "write-tree": (),
}  # fmt: skip
"""Every git command that is called, with the words that always come right after its name."""
_NEVER: Final = frozenset(("--ext-diff", "--textconv", "--filters", "--recurse-submodules", "--gpg-sign"))

SETTINGS: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.quotePath=off",
    # A file that was changed within one second, or has its old time stamp, is still seen as changed.
    "core.trustctime=true",
    "core.checkStat=default",
    # A planted index could hide files that git has not been told of.
    "core.untrackedCache=false",
    "core.alternateRefsCommand=",
    "core.askPass=",
    "core.editor=:",
    "core.sshCommand=:",
    "commit.gpgSign=false",
    "credential.helper=",
    "protocol.allow=never",
    # A folder that only looks like a repository is part of the tree, not a repository.
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "i18n.commitEncoding=UTF-8",
)
"""What counts for every command, whatever a configuration says."""
_SET: Final = {
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
)
_PASSED: Final = frozenset(
    (
        "HOME", "LOGNAME", "TEMP", "TMP", "TMPDIR", "TZ", "USER", "XDG_CONFIG_HOME",
        # By it git knows whose folders root may trust under sudo.
        "SUDO_UID",
        "APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMDRIVE",
        "SYSTEMROOT", "USERNAME", "USERPROFILE", "WINDIR",
    )
)  # fmt: skip
_FILTER_OFF: Final = {"clean": "", "smudge": "", "process": "", "required": "false"}
_OWN: Final = frozenset(("local", "worktree"))
_PATHS: Final = {"core.attributesfile": "core.attributesFile", "core.excludesfile": "core.excludesFile"}
"""Settings that name files, which may be pipes: a repository's own do not count."""


class GitFailed(Exception):
    """Git could not do it. The message is git's own first line, or that there is no git."""


class GitTooSlow(GitFailed):
    """Git did not end in time."""


_ON_GITHUB: Final = re.compile(
    r"(?:[\w.+-]+@|\w+://(?:[^/@\s]*@)?)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


class Git:
    """Git in one folder. `configuration` is read once; what it runs on files is switched off."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.configuration: Mapping[str, str] = {}
        self._barred = stranger_folders(folder)
        self._program = find_program("git", os.environ.get("PATH", ""), self._barred)
        self._environment = _build_environment(self._barred)
        rows = list(_parse_configuration(finish_process(self.start_command("config"), seconds=QUICK_SECONDS)))
        self.configuration = {key: value for _, key, value in rows}
        theirs = (value for scope, key, value in rows if key == "core.pager" and scope not in _OWN)
        self.user_pager = next(reversed([*theirs]), "")
        """What the user, and no repository, has set as the pager."""
        self._environment |= _switch_off_configuration(self._environment, rows)

    @property
    def name_on_github(self) -> str:
        """OWNER/NAME on github.com that the remote `origin` has; else nothing."""
        found = _ON_GITHUB.fullmatch(self.configuration.get("remote.origin.url", ""))
        return found[1] if found else ""

    def start_command(
        self, name: Name, *words: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Begin a git command, its three streams pipes. Raises GitFailed where there is no git."""
        if self._program is None:
            raise GitFailed("git can't be run: no such program on PATH, outside of this folder")
        if not _NEVER.isdisjoint(words):
            raise ValueError(f"git {name} is never called with {' '.join(words)}")
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(
                [self._program, "--no-pager", *settings, name, *COMMANDS[name], *words],
                cwd=self.folder,
                env=self._environment | dict(variables or {}),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
            )
        except OSError as error:
            raise GitFailed(f"git can't be run: {os.strerror(error.errno or 0).lower()}") from error

    def run_command(
        self, name: Name, *words: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> bytes:
        """The standard output of a git command. Raises GitFailed where it ends with another status than 0."""
        return finish_process(self.start_command(name, *words, variables=variables), stdin)

    def run_commands(self, *commands: Call) -> list[bytes]:
        """The outputs of several commands that list files, run at the same time. Raises GitFailed."""
        running = [self.start_command(name, *words) for name, words in commands]
        try:
            return [finish_process(process, seconds=QUICK_SECONDS) for process in running]
        finally:
            for process in running:
                if process.returncode is None:
                    process.kill()
                    process.communicate()

    def run_for_line(self, name: Name, *words: str, stdin: bytes = b"") -> str:
        """The output of a command that answers with one line, which is soon."""
        return os.fsdecode(
            finish_process(self.start_command(name, *words), stdin, QUICK_SECONDS)
        ).removesuffix("\n")


def finish_process(process: subprocess.Popen[bytes], stdin: bytes = b"", seconds: int = SECONDS) -> bytes:
    """Wait for a git command, at most so long, and return its output. Raises GitFailed."""
    try:
        out, error = process.communicate(stdin, seconds)
    except subprocess.TimeoutExpired as late:
        raise GitTooSlow(f"git took longer than {seconds} seconds") from late
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        first = error.decode("utf-8", "replace").strip().partition("\n")[0]
        said = first.removeprefix("fatal: ").removeprefix("error: ")
        raise GitFailed(said or f"git ended with status {process.returncode}")
    return out


def _build_environment(barred: tuple[str, ...]) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name.upper() in _PASSED or name.startswith(_KEPT)
    }
    core = os.environ.get("GIT_EXEC_PATH", "")
    if os.path.isabs(core) and not any(lies_within(os.path.realpath(core), each) for each in barred):
        kept["GIT_EXEC_PATH"] = core
    return kept | _SET | {"PATH": os.pathsep.join(search_path(os.environ.get("PATH", ""), barred))}


def _parse_configuration(listed: bytes) -> Iterator[tuple[str, str, str]]:
    """Scope, key and value of each entry, as `config --list -z --show-scope` prints them."""
    words = iter(os.fsdecode(listed).split("\0"))
    for scope, pair in zip(words, words, strict=False):
        key, _, value = pair.partition("\n")
        yield scope, key, value


def _switch_off_configuration(
    environment: Mapping[str, str], rows: list[tuple[str, str, str]]
) -> dict[str, str]:
    """Variables that switch off what the configuration names; `-c` could not say a name with a `=` in it."""
    off: list[tuple[str, str]] = []
    for key in sorted({key for _, key, _ in rows}):
        kind, _, rest = key.partition(".")
        name = rest.rpartition(".")[0]
        if kind == "filter":
            off += [(f"filter.{name}.{each}", value) for each, value in _FILTER_OFF.items()]
        elif kind == "hook":
            off.append((f"hook.{name}.enabled", "false"))
    for key, written in _PATHS.items():
        if any(scope in _OWN and each == key for scope, each, _ in rows):
            theirs = [value for scope, each, value in rows if scope not in _OWN and each == key]
            off.append((written, theirs[-1] if theirs else os.devnull))
    off = list(dict.fromkeys(off))
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdigit() else 0
    added = {"GIT_CONFIG_COUNT": str(first + len(off))}
    for number, (key, value) in enumerate(off, first):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added


assert frozenset(COMMANDS) == frozenset(get_args(Name))  # noqa: S101 - the type and the table say the same
