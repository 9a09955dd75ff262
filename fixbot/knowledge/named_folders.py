"""Folders that the arguments of an unknown program name as those where it keeps something."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from fixbot.knowledge.given import is_open, read_given
from fixbot.lens import Container, text_of

_KEPT: Final = re.compile(
    r"(?i)(?:[\w.-]*[-_.])?(?:data|cache|logs?|storage|store|state|te?mp|work|db|wal|spool|cert|upload|output)s?[-_.]?"
    r"(?:dir|path|directory|folder)|data|(?:[\w.-]*[-_.])?storage"
)
"""Names of options for a folder in which a program writes; certificates are made there where none are."""
_PASSING: Final = re.compile(
    r"(?:[A-Z0-9_]*_)?(?:CACHE|LOGS?|TE?MP|SPOOL|RUN|UPLOADS?)_?(?:DIR|PATH|DIRECTORY|FOLDER|HOME|ROOT)|TMPDIR|TE?MP"
)
"""Names of variables for a folder of what a program makes and no image ships: caches, logs, uploads."""
_FILE: Final = re.compile(
    r"(?i)(?:[\w.-]*[-_.])?(?:access|error)?[-_.]?(?:log|pid)[-_.]?(?:file|filepath|path)"
)
"""Names of options for a file that a program writes."""
_SHIPPED: Final = ("/etc/", "/usr/", "/bin/", "/lib/", "/opt/", "/proc/", "/sys/", "/dev/")
_CERTIFICATES: Final = "apiserver.local.config/certificates"
"""Where a server on the API server library writes the certificate that it makes for itself.

Source: k8s.io/apiserver, pkg/server/options/serving.go, NewSecureServingOptions: CertDirectory.
"""
_SERVED: Final = "secure-port"
_GIVEN: Final = ("cert-dir", "tls-cert-file")


def find_named_folders(container: Container) -> tuple[str, ...]:
    """The folders, absolute, that options name or leave to their default."""
    options = dict(_read_options(container))
    found = [
        value.rstrip("/")
        for name, value in options.items()
        if (_KEPT.fullmatch(name) or (name == "dir" and "store" in options))
        and _is_folder(value)
        and not _is_shipped(value)
    ]
    found += [
        posixpath.dirname(value)
        for name, value in options.items()
        if _FILE.fullmatch(name) and _is_file(value) and not _is_shipped(posixpath.dirname(value))
    ]
    found += [
        value.rstrip("/")
        for name, value in read_given(container).variables.items()
        if value and _PASSING.fullmatch(name) and _is_folder(value) and not _is_shipped(value)
    ]
    found = [posixpath.dirname(each) if re.search(r"\.\w{1,5}\Z", each) else each for each in found]
    found = [each for each in found if each not in ("", "/")]
    if _SERVED in options and not any(name in options for name in _GIVEN):
        start = text_of(container.get("workingDir")) or "/"
        found.append(posixpath.join(start, _CERTIFICATES))
    return tuple(dict.fromkeys(found))


def _is_folder(value: str) -> bool:
    return value.startswith("/") and len(value) > 1


def _is_file(value: str) -> bool:
    return value.startswith("/") and posixpath.dirname(value) != "/"


def _is_shipped(path: str) -> bool:
    """Whether images ship what lies there, which an empty folder would hide."""
    return f"{path}/".startswith(_SHIPPED) or is_open(path)


def _read_options(container: Container) -> Iterator[tuple[str, str]]:
    words = read_given(container).words
    for number, word in enumerate(words):
        if word is not None and word.startswith("-"):
            name, sign, value = word.lstrip("-").partition("=")
            after = words[number + 1] if number + 1 < len(words) else None
            yield name, value if sign else (after or "")
