"""Programs to which an option of one letter means a password; to others it means something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.knowledge.secret_names import is_likely_name
from fixbot.knowledge.secret_words import QUOTE, VALUE_HERE, Place, is_hole, value_spans

_FLAGS: Final = {
    "-p": (
        "sshpass docker podman nerdctl buildah skopeo helm crane oras regctl mongo mongosh mongodump"
        " mongoexport mongorestore mongoimport cqlsh rabbitmqadmin az 7z 7za"
    ),
    "-P": "sqlcmd bcp osql isql tsql zip unzip",
    "-a": "redis-cli valkey-cli keydb-cli",
    "-w": "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare",
    "(?:-[uU]|--(?:proxy-)?user)": "curl smbclient",
    r"-p(?=\S)": (
        "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mariadb mariadb-dump"
        " mariadb-admin mycli"
    ),
}
"""Programs by the option that means a password to them; the last ones take it without a blank."""
_NEEDS_LOGIN: Final = frozenset(
    ("docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "crane", "oras", "regctl", "az")
)
_REACH: Final = 400
"""Characters behind a program's name in which its options are looked for."""


def _programs() -> dict[str, re.Pattern[str]]:
    """What stands in front of a password behind each program's name."""
    between = rf"(?:{QUOTE}[ \t]{{0,4}},[ \t]{{0,4}}(?={QUOTE})|[ \t]{{0,4}})"
    return {
        program: re.compile(rf"(?<=[\s\"',\[]){flag}{between}(?=\S)")
        for flag, programs in _FLAGS.items()
        for program in programs.split()
    }


_PROGRAMS: Final = _programs()
_PROGRAM: Final = re.compile(
    rf"(?<![\w.-])(?P<program>{'|'.join(sorted(map(re.escape, _PROGRAMS), key=len, reverse=True))})(?![\w-])"
)


def login_options(text: str) -> Iterator[Place]:
    """Where passwords stand behind such options."""
    for found in _PROGRAM.finditer(text):
        program, end = found["program"], found.end() + _REACH
        line = text.find("\n", found.end(), end)
        end = line if line >= 0 else min(end, len(text))
        if program in _NEEDS_LOGIN and "login" not in text[found.end() : end]:
            continue
        heads = _PROGRAMS[program].finditer(text, found.end(), end)
        for start, stop in value_spans(
            m for h in heads if (m := VALUE_HERE.match(text, h.end())) is not None
        ):
            user = re.search(r"[:%]", text[start:stop]) if program in ("curl", "smbclient") else None
            first = start + user.end() if user is not None else start
            if (user is not None or program not in ("curl", "smbclient")) and not is_hole(text[first:stop]):
                yield first, stop


def option_name(option: str, beside: Iterable[str]) -> str:
    """The name under which the next word of a list is a secret, if this is an option for one; else nothing.

    Options of one letter mean a password beside some programs only: `beside` are the words around.
    """
    name = option.lstrip("-")
    if len(name) > 1:
        return name if is_likely_name(name) and "=" not in name else ""
    words = " ".join(beside)
    for found in _PROGRAM.finditer(words):
        program = found["program"]
        if program in _NEEDS_LOGIN and "login" not in words:
            continue
        if _PROGRAMS[program].search(f" {option} x"):
            return "password"
    return ""
