"""An image reference taken apart as a container runtime does it, with room for what isn't known.

The grammar is that of github.com/distribution/reference. Text in which a template leaves holes
(`${tag}`, `<image>`, `{{ image }}`) is read as far as it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fixbot.edit.tree import ABSENT, UNKNOWN, UnsetValue

_HOLE: Final = "\0"
_HOLES: Final = re.compile(
    r"\$\([^()]*\)|\$[A-Za-z_]\w*|<[^<>]*>|\{\{.{0,200}?\}\}|%[A-Za-z_]\w*%|__[A-Za-z]\w*?__|#\{[^{}]*\}#?|@@?[A-Z_]+@@?"
)
_SEGMENT: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*\Z")
_TAG: Final = re.compile(r"\A\w[\w.-]{0,127}\Z", re.ASCII)
_DIGEST: Final = re.compile(r"\A[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}\Z")
_ECR: Final = re.compile(r"([^.]+)\.dkr(?:\.ecr|-ecr)(?:-fips)?\.([^.]+)\.\S+\Z")
_ACCOUNT: Final = re.compile(r"[0-9]{12}\Z")
_REGION: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-[0-9]\Z")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?\Z")
_LONGEST: Final = 4096

_HUB_HOSTS: Final = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_HUB_MIRRORS: Final = ("mirror.gcr.io", "docker.mirror.hashicorp.services")
_PULL_THROUGH: Final = {
    "docker-hub": "docker.io",
    "ecr-public": "public.ecr.aws",
    "github": "ghcr.io",
    "kubernetes": "registry.k8s.io",
    "quay": "quay.io",
}
_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A parsed reference. UNKNOWN is what a template will fill in; a tag or digest may be ABSENT.

    `segments` are the path segments at the end of the repository that are known: `${host}/nginx:1`
    has an unknown registry and repository and the segments `("nginx",)`.
    """

    reference: str
    registry: str | UnsetValue
    repository: str | UnsetValue
    tag: str | UnsetValue
    digest: str | UnsetValue
    segments: tuple[str, ...]
    host: str
    """The registry as written, with a NUL for each hole."""

    @classmethod
    @lru_cache(maxsize=1024)
    def parse_reference(cls, reference: str) -> ImageReference:
        """Read a reference; whatever the text, the result is an Image, at worst with nothing known."""
        text = _replace_holes(reference.strip()[:_LONGEST]).removeprefix("docker://")
        if not text or "://" in text or text.split() != [text]:
            return cls(reference, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, (), "")
        rest, at, digest_text = text.partition("@")
        digest = _known_or_unknown(digest_text, _DIGEST) if at else ABSENT
        slash = rest.rfind("/")
        colon = rest.find(":", slash + 1)
        tag = _known_or_unknown(rest[colon + 1 :], _TAG) if colon >= 0 else ABSENT
        host, path = _split_host(rest[:colon] if colon >= 0 else rest)
        segments = _take_known_tail(path)
        if path.endswith(_HOLE) and tag is ABSENT:
            tag = UNKNOWN  # the hole may well bring one
        registry: str | UnsetValue = host if _HOST.match(host) else UNKNOWN
        whole = registry is not UNKNOWN and len(segments) == len(path.split("/"))
        return cls(reference, registry, "/".join(segments) if whole else UNKNOWN, tag, digest, segments, host)

    @property
    def is_known(self) -> bool:
        """Whether registry and repository are known."""
        return isinstance(self.repository, str)

    @property
    def name(self) -> str | None:
        """The last segment of the repository, which people call the image's name."""
        return self.segments[-1] if self.segments else None

    @property
    def is_pinned(self) -> bool:
        """Whether a digest says exactly which image it is."""
        return isinstance(self.digest, str)

    @property
    def is_ecr(self) -> bool:
        """Whether the registry is a private one of Amazon ECR."""
        return _ECR.match(self.host) is not None

    @property
    def account(self) -> str | None:
        """The account of an ECR registry, twelve digits."""
        match = _ECR.match(self.host)
        return match[1] if match and _ACCOUNT.match(match[1]) else None

    @property
    def region(self) -> str | None:
        """The Region of an ECR registry."""
        match = _ECR.match(self.host)
        return match[2] if match and _REGION.match(match[2]) else None

    @property
    def partition(self) -> str | None:
        """The partition (`aws`, `aws-cn`, …) of an ECR registry whose Region is known."""
        region = self.region
        if region is None:
            return None
        return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")

    @property
    def public_origin(self) -> str | None:
        """`registry/repository` of the public image that this one is, seen through known mirrors.

        Amazon's mirror of Docker's official images, pull-through caches of ECR under the prefixes
        that its console proposes, and paths that end in `library/<name>` count as what they copy.
        """
        if len(self.segments) >= 2 and self.segments[-2] == "library":
            return f"docker.io/library/{self.segments[-1]}"
        if not isinstance(self.repository, str):
            return None
        path = self.repository
        if self.registry == "public.ecr.aws" and path.startswith("docker/"):
            return f"docker.io/{path.removeprefix('docker/')}"
        if self.registry in _HUB_MIRRORS:
            return f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"
        first, _, rest = path.partition("/")
        if self.is_ecr and rest and first in _PULL_THROUGH:
            return f"{_PULL_THROUGH[first]}/{rest}"
        return f"{self.registry}/{path}"

    def __str__(self) -> str:
        return self.reference


def _replace_holes(text: str) -> str:
    """The text with every template expression replaced by one NUL."""
    out: list[str] = []
    at = 0
    text = text.replace(_HOLE, " ")
    while (start := text.find("${", at)) >= 0:
        depth, end = 1, start + 2
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        out += (text[at:start], _HOLE)
        at = end
    return _HOLES.sub(_HOLE, "".join((*out, text[at:])))


def _known_or_unknown(text: str, pattern: re.Pattern[str]) -> str | UnsetValue:
    return text if pattern.match(text) else UNKNOWN


def _split_host(text: str) -> tuple[str, str]:
    """Registry and path. The first segment is a host if it has a dot, a port or is `localhost`."""
    first, slash, rest = text.partition("/")
    if slash and _HOLE in first:
        return first, rest
    if slash and ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        return ("docker.io" if first in _HUB_HOSTS else first), _docker_hub_path(first, rest)
    if not slash and not _SEGMENT.match(text):
        return "", text  # IMAGE_NAME, ${image}: who knows where from
    return "docker.io", _docker_hub_path("docker.io", text)


def _docker_hub_path(host: str, path: str) -> str:
    return f"library/{path}" if host in _HUB_HOSTS and "/" not in path and _HOLE not in path else path


def _take_known_tail(path: str) -> tuple[str, ...]:
    tail: list[str] = []
    for segment in reversed(path.split("/")):
        if not _SEGMENT.match(segment):
            break
        tail.append(segment)
    return tuple(reversed(tail))
