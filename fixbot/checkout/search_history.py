"""Values looked for in all of Git's history, in memory: none is ever a word or a pattern of a command."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Final

from fixbot.checkout.git import Git, GitFailed, GitTooSlow
from fixbot.model.moved_secrets import SealedText

_SECONDS: Final = 900
_MOST_BYTES: Final = 50_000_000
"""Of one file; larger ones are counted and not looked into."""
_TELLING: Final = 8
"""Characters from which on a value alone, without its name beside it, says that it is the same."""
_NO_WORD: Final = re.compile(rb"[^A-Za-z0-9_]?")


@dataclass(frozen=True, slots=True)
class SoughtValue:
    """A value, and the name of the variable that it was given to."""

    name: str
    value: SealedText


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """For each value the oldest commit that shows it, or None; and why the history is not all there."""

    commits: tuple[str | None, ...]
    found: tuple[bool, ...]
    cut: str = ""


def search_history(git: Git, sought: Sequence[SoughtValue]) -> HistorySearch:
    """Look for each value in every file of every commit. Raises GitFailed."""
    listed = git.run_command("rev-list", "--objects", "--all", "HEAD").split(b"\n")
    paths = dict(_split_line(line) for line in listed if line)
    blobs: dict[int, bytes] = {}
    skipped = 0
    forms = [_list_forms(each) for each in sought]
    names = [each.name.encode().lower() for each in sought]
    for identity, data in _read_blobs(git, list(paths)):
        if data is None:
            skipped += 1
            continue
        small = b""
        for number, written in enumerate(forms):
            if number in blobs or not any(_stands_in(data, each) for each in written):
                continue
            small = small or data.lower()
            if len(sought[number].value.reveal()) >= _TELLING or names[number] in small:
                blobs[number] = identity
    found = tuple(number in blobs for number in range(len(sought)))
    commits = tuple(
        _find_commit(git, blobs[number], paths[blobs[number]]) if there else None
        for number, there in enumerate(found)
    )
    return HistorySearch(commits, found, _why_cut(git, skipped))


def _split_line(line: bytes) -> tuple[bytes, bytes]:
    identity, _, path = line.partition(b" ")
    return identity, path


def _why_cut(git: Git, skipped: int) -> str:
    """Why the history at hand is not all of it, and how to get the rest; empty where it is."""
    if git.run_for_line("rev-parse", "--is-shallow-repository") != "false":
        return "This clone is shallow; `git fetch --unshallow` fetches the rest."
    if any(key.endswith(".promisor") or key == "extensions.partialclone" for key in git.configuration):
        return "This clone is partial; clone it again without --filter."
    return f"{skipped} files of the history are too large to be looked into." if skipped else ""


def _list_forms(sought: SoughtValue) -> set[bytes]:
    """The value as files write it: plain, with the escapes of JSON, HCL and YAML, or in base64."""
    text = sought.value.reveal()
    plain = text.encode("utf-8", "surrogatepass")
    return {
        plain,
        text.replace("${", "$${").encode("utf-8", "surrogatepass"),
        text.replace("'", "''").encode("utf-8", "surrogatepass"),
        json.dumps(text)[1:-1].encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"),
        base64.b64encode(plain),
    }


def _stands_in(data: bytes, value: bytes) -> bool:
    """Whether it stands there, and not as a part of a longer word."""
    at = data.find(value) if value else -1
    while at >= 0:
        end = at + len(value)
        if _NO_WORD.fullmatch(data[at - 1 : at] if at else b"") and _NO_WORD.fullmatch(data[end : end + 1]):
            return True
        at = data.find(value, at + 1)
    return False


def _read_blobs(git: Git, identities: Sequence[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
    """Each file of the history, one in memory at a time; None for one that is too large."""
    process = git.start_command("cat-file", "--batch")
    clock = threading.Timer(_SECONDS, process.kill)
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise GitFailed("git can't be talked to")
    feeder = threading.Thread(target=_feed, args=(stdin, identities), daemon=True)
    clock.start()
    feeder.start()
    try:
        for identity in identities:
            head = stdout.readline().split()
            if len(head) == 2:
                raise GitFailed("a part of the history is missing; fetch it again")
            if len(head) != 3:
                raise GitTooSlow(f"git broke off, or took longer than {_SECONDS} seconds")
            kind, size = head[1], int(head[2])
            if kind == b"blob" and size <= _MOST_BYTES:
                yield identity, stdout.read(size + 1)[:-1]
                continue
            _skip(stdout, size + 1)
            if kind == b"blob":
                yield identity, None
    finally:
        clock.cancel()
        process.kill()
        feeder.join()
        for stream in (stdin, stdout, process.stderr):
            with suppress(OSError, ValueError):
                stream.close()  # type: ignore[union-attr]
        process.wait()


def _feed(stdin: IO[bytes], identities: Sequence[bytes]) -> None:
    try:
        for identity in identities:
            stdin.write(identity + b"\n")
        stdin.close()
    except (OSError, ValueError):
        return  # whoever reads has seen that git is gone


def _skip(stdout: IO[bytes], size: int) -> None:
    while size > 0 and (part := stdout.read(min(size, 1_000_000))):
        size -= len(part)


def _find_commit(git: Git, identity: bytes, path: bytes) -> str | None:
    """The oldest commit that has this file there."""
    name = path.decode("utf-8", "surrogateescape")
    words = ("--all", "HEAD", "--reverse", "--topo-order", "--full-history", "--", name)
    commits = git.run_command("rev-list", *words).split()
    asked = b"".join(commit + b":" + path + b"\n" for commit in commits)
    answers = git.run_command("cat-file", "--batch-check", stdin=asked).split(b"\n")
    for commit, answer in zip(commits, answers, strict=False):
        if answer.startswith(identity):
            return commit.decode()
    return None
