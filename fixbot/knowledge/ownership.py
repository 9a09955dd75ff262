"""Who may write to an empty volume: its owner and mode differ by platform, and so does what a fix can do.

Sources: Amazon ECS developer guide, bind mounts (on Fargate root's, mode 0755, unless the image declares that
very path as VOLUME); API reference, Tmpfs; aws/containers-roadmap 736 and 938; Docker fills a fresh volume
from the image, owner included; Kubernetes makes an `emptyDir` with mode 0777 and no sticky bit
(kubernetes/kubernetes 110835).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import UNKNOWN
from fixbot.knowledge.given import read_given
from fixbot.knowledge.image_tables import WritePaths
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.mounted import is_inside
from fixbot.lens import Container, text_of

_ROOT: Final = frozenset({"", "0", "root"})
_SCRATCH: Final = re.compile(
    r"/(?:tmp|run|dev/shm)(?:/|\Z)|/(?:tmp|temp|cache|\.cache|run|pids)(?:/|\Z)|_temp\Z|\A/var/tmp\Z"
)
_RUBY: Final = frozenset({"ruby", "bundle", "rails", "rake", "puma", "sidekiq", "unicorn", "irb", "rackup"})
_RUBY_VARIABLE: Final = re.compile(r"(?:RAILS|RACK|RUBY|BUNDLE|GEM|SIDEKIQ|PUMA)_\w+|RUBYOPT")
_RUBY_IMAGE: Final = re.compile(
    r"(?:\A|[-_.])(?:j?ruby|rails|rack|puma|sidekiq|fluentd|mastodon|discourse|gitlab|redmine|chatwoot|openproject|"
    r"zammad|lago)(?:\Z|[-_.\d])"
)
"""Names of images that a program in Ruby has: a hint, enough for a note."""
_PART: Final = 4
"""A tmpfs counts against the task's memory: all of a task together get at most this part of it."""
_LEAST: Final = 16
"""MiB below which a tmpfs is of no use."""
_MOST: Final = 256
_EXISTS: Final = ("/tmp", "/run", "/var/cache", "/var/log", "/var/tmp")  # noqa: S108 (paths of containers)


@dataclass(frozen=True, slots=True)
class Owned:
    """Which of the new paths need a tmpfs instead of a volume, and what has to be said of the others."""

    tmpfs: tuple[str, ...] = ()
    size: int = 0
    """MiB of each tmpfs."""
    notes: tuple[str, ...] = ()
    certain: bool = True
    """Whether the program can write to all of them, as far as owner and mode go."""


def settle_owners(container: Container, row: WritePaths | None, paths: Sequence[str]) -> Owned:
    """How a container's user gets along with empty volumes at these paths."""
    if not paths:
        return Owned()
    if container.spelling.vocabulary == "k8s":
        return _in_pod(container, row, paths)
    if container.task.fargate is False:
        return _on_instance(container, row, paths)
    return _on_fargate(container, row, paths)


def user_of(container: Container, row: WritePaths | None = None) -> str | None:
    """The user as the file or the image says; None where neither does, or a template fills it in."""
    k8s = container.spelling.vocabulary == "k8s"
    for holder, name in (
        (container, "securityContext.runAsUser" if k8s else "user"),
        (container.task, "securityContext.runAsUser" if k8s else ""),
    ):
        if name and holder.value(name) is UNKNOWN:
            return None
        if name and (found := text_of(holder.get(name))):
            return found
    return row.user if row is not None and row.user else None


def runs_as_root(container: Container, row: WritePaths | None = None) -> bool | None:
    """Whether the container runs as root; None where nothing says."""
    user = user_of(container, row)
    return None if user is None else _is_root(user)


def _is_root(user: str) -> bool:
    return user.partition(":")[0] in _ROOT


def _on_fargate(container: Container, row: WritePaths | None, paths: Sequence[str]) -> Owned:
    user, said = user_of(container, row), user_of(container)
    declared = row.declared if row is not None and (said is None or said == row.user) else ()
    foreign = tuple(path for path in paths if not any(path == each for each in declared))
    where = ", ".join(foreign)
    sure = container.task.fargate is True
    if not foreign or (user is not None and _is_root(user)):
        return Owned()
    if user is None:
        text = (
            "On Fargate a volume belongs to root, mode 0755: if the image of {who} sets another USER, it can "
            f"write to {where} only where its Dockerfile declares that path as a VOLUME."
        )
        return Owned(notes=(text,) if sure else (), certain=False)
    scratch = tuple(path for path in foreign if _SCRATCH.search(path))
    size = _compute_size(container, len(scratch)) if sure and container.task.kind == "ecs" else 0
    tmpfs = scratch if size else ()
    notes = []
    if tmpfs:
        notes.append(
            f"On Fargate a volume belongs to root, and {{who}} {{runs|run}} as user {user}: "
            f"{', '.join(tmpfs)} is a tmpfs of {size} MiB, which that user can write. It needs platform "
            "version 1.4.0 or later and "
            "counts against the task's memory; the size is a guess."
        )
    rest = tuple(path for path in foreign if path not in tmpfs)
    if rest:
        notes.append(
            f"On Fargate a `user` other than root, as in {{who}} ({user}), can write to {', '.join(rest)} "
            "only if the image's Dockerfile prepares that path for that user and declares it as a VOLUME: "
            "otherwise the volume belongs to root, mode 0755."
        )
    return Owned(tmpfs, size, tuple(notes), certain=False)


def _compute_size(container: Container, count: int) -> int:
    """The MiB of each tmpfs: a quarter of the memory for all that the task's containers may get."""
    known = [
        size
        for holder, name in ((container.task, "memory"), (container, "memory"))
        if (size := _parse_mebibytes(text_of(holder.get(name))))
    ]
    if not known or not count:
        return 0
    own = min(known)
    shared = known[0] // max(1, len(container.task.containers))
    size = min(own, shared) // _PART // count
    return min(size, _MOST) if size >= _LEAST else 0


def _parse_mebibytes(text: str | None) -> int:
    """`512`, `1 GB` or `0.5GB` of a task definition, in MiB; 0 where it is neither."""
    match = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)(?:[ \t]{0,4}(GB))?", (text or "").strip(), re.IGNORECASE)
    return int(float(match[1]) * (1024 if match[2] else 1)) if match else 0


def _on_instance(container: Container, row: WritePaths | None, paths: Sequence[str]) -> Owned:
    """Docker gives a fresh volume what the image has at its path, and root where it has nothing."""
    user, said = user_of(container, row), user_of(container)
    if user is None or _is_root(user):
        return Owned()
    made = (*(row.declared if row is not None else ()), *_EXISTS)
    new = tuple(path for path in paths if path not in made)
    changed = said is not None and (row is None or said != row.user)
    doubtful = tuple(path for path in paths if path != "/tmp") if changed else new  # noqa: S108
    if not doubtful:
        return Owned()
    text = (
        f"{{who}} {{runs|run}} as user {user}: Docker gives a new volume at {', '.join(doubtful)} the owner "
        "that the image has there, and root where the image has no such path."
    )
    return Owned(notes=(text,), certain=False)


def _in_pod(container: Container, row: WritePaths | None, paths: Sequence[str]) -> Owned:
    if not any(is_inside("/tmp", path) for path in paths) or not _insists_on_sticky_bit(container, row):  # noqa: S108
        return Owned()
    text = (
        "An `emptyDir` can be written by everybody and has no sticky bit. Ruby, as in {who}, takes no such "
        "folder for temporary files (Dir.tmpdir looks on, and may find none): let an init container run "
        "`chmod 1777` on the volume, or let TMPDIR name a folder that the program makes in it."
    )
    return Owned(notes=(text,), certain=False)


def _insists_on_sticky_bit(container: Container, row: WritePaths | None) -> bool:
    """Whether the program insists on a sticky bit at a folder that everybody can write."""
    if row is not None and row.sticky:
        return True
    given = read_given(container)
    if any(_RUBY_VARIABLE.fullmatch(name) for name in given.variables):
        return True
    segments = ImageReference.parse_reference(container.image_with_holes).segments
    if any(_RUBY_IMAGE.search(each) for each in segments[-2:]):
        return True
    return any(word.rpartition("/")[2] in _RUBY for word in given.every_word)
