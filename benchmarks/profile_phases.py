"""Where the time of `fixbot run` goes, by phase and by function. Sampled, so hardly distorted.

All is done in one process, as on a system that can't fork: a worker could not be looked into. What is asked
is the clock of the process' own work; that of all its processor time is what the limits use.
"""

from __future__ import annotations

import io
import signal
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from types import CodeType, FrameType

_PHASES = {
    ("list_files.py", "list_git_files"): "list files (git)",
    ("pipeline.py", "_read_files"): "read, and pass by what can't matter",
    ("pipeline.py", "_build_request"): "look around in the repository",
    ("analyze.py", "_parse_texts"): "parse",
    ("dialects/__init__.py", "read_dialects"): "find containers and policies",
    ("detect.py", "detect_problems"): "detect, and think of a fix",
    ("prove_together.py", "prove_fixes"): "prove",
    ("documents_mask.py", "__init__"): "find what is secret",
    ("analyze.py", "_show_results"): "diffs and proposals",
    ("cli/show_report.py", "show_report"): "write the report",
    ("<frozen importlib._bootstrap>", "_find_and_load"): "import",
}
_EVERY = 0.001
"""Seconds of CPU between two samples."""


class Samples:
    """The stack, looked at every now and then."""

    def __init__(self) -> None:
        self.total = 0
        self.phases: Counter[str] = Counter()
        self.functions: Counter[CodeType] = Counter()

    def take(self, _number: int, frame: FrameType | None) -> None:
        """Count the innermost function, and the outermost phase around it."""
        self.total += 1
        if frame is not None:
            self.functions[frame.f_code] += 1
        phase = "all else"
        while frame is not None:
            phase = _phase(frame.f_code) or phase
            frame = frame.f_back
        self.phases[phase] += 1

    def lines(self) -> list[str]:
        """Shares in percent."""
        total = max(self.total, 1)
        rows = [f"  {100 * count / total:5.1f} %  {name}" for name, count in self.phases.most_common()]
        rows.append("  of which, by the function that was at work:")
        for code, count in self.functions.most_common(15):
            name = "/".join(code.co_filename.split("/")[-3:])
            rows.append(f"  {100 * count / total:5.1f} %  {name}:{code.co_name}")
        return rows


def _phase(code: CodeType) -> str | None:
    return next(
        (name for (file, function), name in _PHASES.items()
         if code.co_name == function and code.co_filename.endswith(file)),
        None,
    )  # fmt: skip


def main(folder: str) -> None:
    """One run, in one process, with nothing remembered."""
    samples = Samples()
    signal.signal(signal.SIGVTALRM, samples.take)
    signal.setitimer(signal.ITIMER_VIRTUAL, _EVERY, _EVERY)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())), redirect_stderr(io.StringIO()):
        from fixbot.__main__ import main as program  # noqa: PLC0415 - imports are part of what is measured
        from fixbot.engine import workers  # noqa: PLC0415 - as above

        workers.can_fork = lambda: False
        program(["run", folder, "--no-cache", "--jobs", "1", "--quiet", "--format", "json"])
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    sys.stdout.writelines(f"{line}\n" for line in samples.lines())


main(sys.argv[1])
