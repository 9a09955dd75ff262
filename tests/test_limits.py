"""What a part of a repository may cost: whoever passes it is ended and named, and nobody else pays."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine import analyze, isolate, workers
from fixbot.engine.analyze import Watch, ignore_path
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.process_limits import OutOfTime, explain_exit, limit_time
from fixbot.lens import Container
from fixbot.model.findings import Found, Manual, Report
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.setting_groups import LimitSettings
from fixbot.source.document import Document, parse_document_sections
from tests.first_rules import first_rules

ROOT = Path(__file__).parent.parent
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}}}\nspec:\n  containers: [{{name: {0}, image: a}}]\n"
SMALL = Settings(limits=LimitSettings(seconds=1, memory_mb=100))
OUT_OF_TIME = "not examined: out of time: it took more than 1 s of work (limits.seconds)"
OUT_OF_MEMORY = "not examined: out of memory: it needed more than 100 MB (limits.memory_mb)"


def works_forever() -> None:
    while True:
        pass


def stays_in_c() -> None:
    sum(range(10**12))  # nothing of Python runs in between


def swells() -> None:
    kept = []
    while True:
        kept.append(bytearray(10_000_000))


def swells_at_once() -> None:
    bytearray(400_000_000)


def goes_back_and_forth() -> None:
    re.match("(a+)+$", "a" * 60 + "b")


ENDLESS: dict[str, tuple[Callable[[], None], str]] = {
    "python": (works_forever, OUT_OF_TIME),
    "c": (stays_in_c, OUT_OF_TIME),
    "expression": (goes_back_and_forth, OUT_OF_TIME),
    "memory": (swells, OUT_OF_MEMORY),
    "memory at once": (swells_at_once, OUT_OF_MEMORY),
}


def trap(name: str, do: Callable[[], None]) -> Rule:
    """A fixer that meets its match at containers of that name."""

    def check(container: Container, _world: Context) -> Iterator[Found]:
        if container.name == name:
            do()
        yield Found(container.node, container.title, container.address, "seen", "it is there", Manual("look"))

    return replace(first_rules()[0], name="trap", looks_at=Container, check=check)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pod.yaml").write_text(POD.format(name))
    return tmp_path


def found(report: Report) -> list[str]:
    return [each.path for each in report.findings]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("what", ENDLESS)
def test_a_part_that_passes_its_limits_costs_nobody_else_anything(three: Path, what: str, jobs: int) -> None:
    do, reason = ENDLESS[what]
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("two", do),), SMALL, jobs=jobs)
    assert found(report) == ["one/pod.yaml", "three/pod.yaml"]
    (unread,) = report.unread
    assert (unread.path, unread.reason, unread.cause) == ("two/pod.yaml", reason, "damaged")
    assert [each.paths for each in report.failures] == [("two/pod.yaml",)]
    assert multiprocessing.active_children() == []


def test_a_file_that_cannot_be_read_in_time_leaves_its_folder_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.yaml").write_text(POD.format(name))
    old = parse_document_sections

    def parse(path: str, text: str, relevant: Callable[[str], bool]) -> Document:
        if path in {"b.yaml", "c.yaml"}:
            works_forever()
        return old(path, text, relevant)

    monkeypatch.setattr(analyze, "parse_document_sections", parse)
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), (trap("-", works_forever),), SMALL)
    assert found(report) == ["a.yaml", "d.yaml"]
    assert [(each.path, each.reason) for each in report.unread] == [
        ("b.yaml", OUT_OF_TIME),
        ("c.yaml", OUT_OF_TIME),
    ]


def test_what_hangs_after_all_was_read_loses_the_largest_file_and_not_its_folder(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(POD.format("small"))
    (tmp_path / "large.yaml").write_text(POD.format("large") + "# " + "x" * 1_000)
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), (trap("large", works_forever),), SMALL)
    assert found(report) == ["small.yaml"]
    assert [(each.path, each.reason) for each in report.unread] == [("large.yaml", OUT_OF_TIME)]


def test_many_parts_that_hang_wear_out_the_patience_that_all_have_together(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "pod.yaml").write_text(POD.format("two"))
    (tmp_path / "fine.yaml").write_text(POD.format("fine"))
    asked: list[int] = []
    old = explain_exit

    def noted(code: int, seconds: int, limits: LimitSettings) -> str:
        asked.append(seconds)
        return old(code, seconds, limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "explain_exit", noted)
        settings = replace(SMALL, limits=LimitSettings(seconds=2, memory_mb=100))
        report = run_pipeline(Checkout.open_checkout(str(tmp_path)), (trap("two", works_forever),), settings)
    assert found(report) == ["fine.yaml"]
    assert len(report.unread) == 8
    assert asked == [2] * 6 + [1] * 2


def test_who_sleeps_is_found_by_the_clock_on_the_wall(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WALL", 1)
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("two", lambda: time.sleep(600)),), SMALL)
    assert found(report) == ["one/pod.yaml", "three/pod.yaml"]
    assert [each.reason for each in report.unread] == ["not examined: it hung"]


def test_when_the_time_for_all_is_over_the_rest_is_named(three: Path) -> None:
    report = run_pipeline(
        Checkout.open_checkout(str(three)), (trap("-", works_forever),), SMALL, deadline=time.monotonic()
    )
    assert found(report) == []
    assert {each.reason for each in report.unread} == {
        "not examined: out of time: the time for this repository was over"
    }
    assert len(report.unread) == 3
    assert multiprocessing.active_children() == []


def test_what_is_looked_at_before_anything_is_parsed_has_a_clock_too(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def relevant(data: bytes, _needles: Sequence[bytes]) -> bool:
        if b"two" in data:
            works_forever()
        return True

    monkeypatch.setattr("fixbot.engine.pipeline.is_relevant", relevant)
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("-", works_forever),), SMALL)
    assert found(report) == ["one/pod.yaml", "three/pod.yaml"]
    assert [each.reason for each in report.unread] == [
        "not examined: out of time: looking at it took more than 1 s of work (limits.seconds)"
    ]


def test_the_clock_interrupts_python_and_its_expressions_and_is_gone_afterwards() -> None:
    before = signal.getsignal(signal.SIGPROF)
    for do in (works_forever, goes_back_and_forth):
        with pytest.raises(OutOfTime, match=r"^this took more than 0\.2 s of work"), limit_time(0.2, "this"):
            do()
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) == before


def test_the_command_says_it_in_a_line_and_ends_with_one(three: Path) -> None:
    (three / "limits.yml").write_text("limits: {seconds: 1, memory_mb: 100}\n")
    code = """
import sys, fixbot.engine.isolate
from fixbot.__main__ import main
old = fixbot.engine.isolate.analyze_partition
def examine(texts, order, *more):
    while "two/pod.yaml" in texts:
        pass
    return old(texts, order, *more)
fixbot.engine.isolate.analyze_partition = examine
sys.exit(main(["run", "--no-cache", "--config", "limits.yml", "--jobs", "1"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=three, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "out of time: it took more than 1 s of work (limits.seconds): two/pod.yaml was not examined" in (
        done.stderr
    )
    assert "three/pod.yaml" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_no_core_is_left_behind(three: Path) -> None:
    run_pipeline(
        Checkout.open_checkout(str(three)), (trap("two", lambda: signal.raise_signal(signal.SIGQUIT)),), SMALL
    )
    assert [path.name for path in three.rglob("*core*")] == []


def test_a_bug_is_still_a_bug(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = analyze.analyze_partition

    def odd(texts: Mapping[str, str], order: AnalysisRequest, watch: Watch = ignore_path) -> PartitionResult:
        if "two/pod.yaml" in texts:
            raise KeyError
        return old(texts, order, watch)

    monkeypatch.setattr(isolate, "analyze_partition", odd)
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("-", works_forever),), SMALL)
    assert [each.reason[:26] for each in report.failures] == ["a bug of ours (KeyError in"]
