"""Programs that go on to start another one with their own arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import Final

from fixbot.syntax.shell.invocation import ShellWord

SHELLS: Final = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_INTERPRETER: Final = re.compile(r"(?:python|pypy|node|nodejs|ruby|perl|php|deno|bun|lua|Rscript)[\d.]{0,6}")
_WRAPPERS: Final = frozenset((
    "exec", "sudo", "doas", "env", "nohup", "time", "command", "builtin", "tini", "dumb-init", "su-exec",
    "timeout", "nice", "ionice", "chrt", "setpriv", "stdbuf", "setsid", "xargs", "catatonit", "s6-setuidgid",
    "busybox", "flock", "unshare", "chroot", "gosu",
))  # fmt: skip
_TAKES_ONE: Final = frozenset(("su-exec", "gosu", "timeout", "s6-setuidgid", "flock", "chroot"))
_OPTION_TAKES_ONE: Final = frozenset(
    ("-u", "-g", "-n", "-c", "--user", "--group", "--kill-after", "-k", "-I")
)
_NO_OPTION_VALUES: Final = frozenset(("tini", "dumb-init"))


def interprets(program: str) -> bool:
    """Whether a program runs what it is given as text, in a language that isn't the shell's."""
    return _INTERPRETER.fullmatch(program) is not None


def started_by(program: str, arguments: Sequence[ShellWord]) -> Sequence[ShellWord]:
    """The words of the command that a program goes on to start; none where it starts nothing that is seen."""
    if program == "find":
        return _after_exec(arguments)
    if program in _WRAPPERS:
        return _unwrap_command(program, arguments)
    if program.startswith("ld-linux") or program.endswith((".sh", "entrypoint")):
        return list(dropwhile(lambda word: word.beginning.startswith("-"), arguments))
    return ()


def _after_exec(arguments: Sequence[ShellWord]) -> Sequence[ShellWord]:
    for at, word in enumerate(arguments):
        if word.text in ("-exec", "-execdir", "-ok"):
            ends = (n for n, each in enumerate(arguments[at + 1 :], at + 1) if each.text in (";", "+"))
            return arguments[at + 1 : next(ends, len(arguments))]
    return ()


def _unwrap_command(program: str, arguments: Sequence[ShellWord]) -> Sequence[ShellWord]:
    rest = list(arguments)
    while rest and (rest[0].beginning.startswith("-") or re.match(r"[A-Za-z_]\w*=", rest[0].beginning)):
        option = rest.pop(0).text
        if option == "--":
            break
        if option in _OPTION_TAKES_ONE and program not in _NO_OPTION_VALUES and rest:
            rest.pop(0)
    return rest[1:] if program in _TAKES_ONE else rest
