"""The one door to programs that render charts and kustomizations: copies in, objects as text out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fixbot.model.findings import Refusal
from fixbot.programs import Programs
from fixbot.programs.start import (
    GIVEN,
    FinishedProgram,
    ProgramLimits,
    ProgramTask,
    UnfinishedProgram,
    run_program,
)

MOST_FILES: Final = 5_000
MOST_BYTES: Final = 50_000_000
"""Of all copies that one rendering is given."""
LIMITS: Final = ProgramLimits(seconds=20, memory=1_200_000_000, output=20_000_000)
_SOBER: Final = {
    "PATH": "/nonexistent",
    "GOMAXPROCS": "2",
    "GOMEMLIMIT": "600MiB",
    "GOTRACEBACK": "none",
    "KUBECONFIG": "/nonexistent",
    "KUSTOMIZE_PLUGIN_HOME": "/nonexistent",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
"""No program is found, no cluster is known, and nothing answers where the kernel leaves it a network."""
_PLACES: Final = re.compile(r"(?<![^\s'\"])[^\s'\"]*/run-[^/\s'\"]*/(?:given|work|home|temporary)/?")
_LONGEST: Final = 300
_KEPT: Final = 100_000_000
"""Characters of renderings that are remembered."""


@dataclass(frozen=True, slots=True)
class RenderTask:
    """What is to be rendered: a program, its words (paths begin with GIVEN), and exactly the files it needs.

    `named` is the program as a reader knows it.
    """

    program: str
    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(repr=False)
    named: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: ProgramLimits = LIMITS

    @property
    def digest(self) -> bytes:
        """The hash of all that goes in."""
        made = hashlib.blake2b(digest_size=20)
        words = (self.program, *self.words, *(f"{name}={each}" for name, each in self.variables.items()))
        for part in (*(word.encode() for word in words), b"", *_list_parts(self.files)):
            made.update(len(part).to_bytes(8, "big"))
            made.update(part)
        return made.digest()


def _list_parts(files: Mapping[str, bytes]) -> list[bytes]:
    return [part for name in sorted(files) for part in (name.encode("utf-8", "surrogatepass"), files[name])]


@dataclass(slots=True)
class RenderMemory:
    """What was rendered in this process, by the hash of all that went in: nothing is kept on a disk.

    Rendered objects hold secrets, so what outlives a run are results alone, keyed by the same files.
    """

    known: dict[bytes, str | Refusal] = field(default_factory=dict, repr=False)
    held: int = 0
    started: int = 0
    """How many programs were started."""

    def render_objects(self, task: RenderTask, programs: Programs) -> str | Refusal:
        """The objects as one YAML text, or why there are none, in one line. Never raises."""
        name = task.digest
        if name not in self.known:
            if self.held > _KEPT:
                self.known.clear()
                self.held = 0
            self.started += 1
            self.known[name] = found = _run_renderer(task, programs)
            self.held += len(found) if isinstance(found, str) else 0
        return self.known[name]


def _run_renderer(task: RenderTask, programs: Programs) -> str | Refusal:
    named = task.named or "the renderer"
    if len(task.files) > MOST_FILES or sum(map(len, task.files.values())) > MOST_BYTES:
        return Refusal(f"it takes in more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes")
    variables = {**_SOBER, **task.variables}
    asked = ProgramTask(task.program, task.words, b"", task.files, variables, task.limits, offline=True)
    try:
        done = run_program(asked, programs)
    except (OSError, ValueError):
        return Refusal("a file that it takes in has a name that can't be copied")
    match done:
        case UnfinishedProgram(why):
            return Refusal(f"{named} gave no result: {why}")
        case FinishedProgram(0, output):
            try:
                return output.decode()
            except UnicodeDecodeError:
                return Refusal(f"{named} printed no UTF-8 text")
        case FinishedProgram(status, _, errors):
            return Refusal(f"{named} ended with status {status}{_format_last_words(errors)}")


def _format_last_words(errors: bytes) -> str:
    """What a program said of its failure, on one line and without the places of its copies."""
    text = errors.decode(errors="replace")
    if "out of memory" in text or "cannot allocate memory" in text:
        return ": it needed more memory than it may have"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = next((line for line in lines if line.lower().startswith("error")), lines[-1] if lines else "")
    said = text.partition("err=")[2] or said
    said = " ".join(_PLACES.sub("", said).removeprefix("error: ").removeprefix("Error: ").split()).strip(
        '<>" '
    )
    return f": {said[:_LONGEST]}" if said else ""


__all__ = ["GIVEN", "LIMITS", "RenderMemory", "RenderTask"]
