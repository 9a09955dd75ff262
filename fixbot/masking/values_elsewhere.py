"""Secrets of files in which nothing else is looked for: they may stand in what is told of other files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from fixbot.knowledge.secret_shapes import is_made_up
from fixbot.masking.secret_masker import find_recognised_spans
from fixbot.masking.secret_values import is_phrase

_HOLDERS: Final = frozenset((
    ".env", ".envrc", ".npmrc", ".yarnrc", ".netrc", "_netrc", ".pgpass", ".pypirc", ".my.cnf", ".htpasswd",
    ".dockercfg", ".git-credentials", ".s3cfg", ".boto", ".vault-token", "credentials",
))  # fmt: skip
_ENDINGS: Final = (
    ".env",
    ".tfvars",
    ".tfvars.json",
    ".properties",
    ".ini",
    ".cnf",
    ".conf",
    ".cfg",
    ".toml",
    ".secret",
)
_OF_SECRETS: Final = (".txt", ".env", ".enc", ".xml")
_READ: Final = 500_000
"""Bytes of one that are looked at."""
_MOST: Final = 50
"""Files of such names that are read."""
_STEMS: Final = (b"password", b"passwd", b"secret", b"token", b"api_key", b"apikey", b"api-key")
_SIGN: Final = re.compile(rb"[\w.-]{0,20}[\"']?[ \t]{0,8}[:=][ \t]{0,8}[^\s]")
_LONGEST: Final = 2_000
"""Bytes of a line on both sides of a name."""


def may_hold_values(path: str) -> bool:
    """Whether a file is by its name one in which settings and secrets are kept: `.env`, `prod.tfvars`."""
    name = path.rpartition("/")[2]
    if name in _HOLDERS or name.startswith(".env.") or name.endswith(_ENDINGS):
        return True
    return name.endswith(_OF_SECRETS) and name.partition(".")[0].endswith(("secret", "secrets"))


def select_holders(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of some paths, and no more than are read."""
    return tuple(islice((path for path in paths if may_hold_values(path)), _MOST))


def values_kept(data: bytes) -> set[str]:
    """The values of such a file that are taken for secrets and that nobody is called like."""
    text = data[:_READ].decode(errors="replace")
    return set(_tell_apart(text[start:end] for start, end in find_recognised_spans(text)))


def find_values_elsewhere(files: Iterable[bytes]) -> set[str]:
    """The values in these files that are taken for secrets and that nobody is called like."""
    found: set[str] = set()
    for data in files:
        for line in _find_telling_lines(data):
            text = line.decode(errors="replace")
            found.update(text[start:end] for start, end in find_recognised_spans(text))
    return set(_tell_apart(found))


def _tell_apart(values: Iterable[str]) -> Iterator[str]:
    """Those that stand nowhere but for that secret."""
    return (each for each in values if is_made_up(each) or is_phrase(each))


def _find_telling_lines(data: bytes) -> Iterator[bytes]:
    """Lines on which a value stands under a name that is a secret's, each once."""
    lower = data.lower()
    done: set[int] = set()
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            end = data.find(b"\n", at, at + _LONGEST)
            end = end if end >= 0 else min(len(data), at + _LONGEST)
            start = data.rfind(b"\n", max(0, at - _LONGEST), at) + 1 or max(0, at - _LONGEST)
            if start not in done:
                done.add(start)
                if _SIGN.match(data, at + len(stem)) is not None:
                    yield data[start:end]
            at = lower.find(stem, max(end, at + 1))
