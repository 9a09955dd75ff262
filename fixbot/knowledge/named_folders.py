"""Folders that the arguments of an unknown program name as those where it keeps something."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from fixbot.knowledge.given import is_open, read_given
from fixbot.lens import Container, text_of

_KEPT: Final = re.compile(
    r"(?i)(?:[\w.-]*[-_.])?(?:data|cache|logs?|storage|store|state|te?mp|work|db|wal|spool|cert)[-_.]?"
    r"(?:dir|path|directory|folder)|data"
)
"""Names of options for a folder in which a program writes; certificates are made there where none are."""
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
        and value.startswith("/")
        and len(value) > 1
        and not _is_shipped(value)
    ]
    if _SERVED in options and not any(name in options for name in _GIVEN):
        start = text_of(container.get("workingDir")) or "/"
        found.append(posixpath.join(start, _CERTIFICATES))
    return tuple(dict.fromkeys(found))


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
