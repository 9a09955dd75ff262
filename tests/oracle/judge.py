"""Judges what became of one file: nothing but what the rules named, and no byte more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.oracle import validity
from tests.oracle.allowed import allowed
from tests.oracle.differences import Difference, differences
from tests.oracle.lines import changed, hunks, line_ends, reformatted, shown
from tests.oracle.nodes import Broken, Reading, plain
from tests.oracle.reading import comments, read

BOM = "\ufeff"


@dataclass(frozen=True)
class Defect:
    """A promise that was broken: which, where, and how."""

    kind: str
    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.path}: {self.detail}"


@dataclass
class Verdict:
    """What is wrong with one change of one file, and its size."""

    defects: list[Defect] = field(default_factory=list)
    changed_lines: int = 0
    shown_lines: int = 0
    changed_data: int = 0
    least_lines: int = 0


def judge(path: str, before: str | None, after: str, rules: Iterable[str]) -> Verdict:
    """Compare a file as it was with what the fixes of `rules` made of it."""
    verdict = Verdict()

    def defect(kind: str, detail: str) -> None:
        verdict.defects.append(Defect(kind, path, detail))

    if before is None:
        return _new(verdict, path, after)
    for kind, detail in _bytes(before, after):
        defect(kind, detail)
    found = hunks(before, after)
    verdict.changed_lines, verdict.shown_lines = changed(found), shown(found)
    wraps = False
    try:
        old = read(path, before)
        try:
            new = read(path, after)
            wraps = any(each.wraps for each in _data(old, new))
            _readings(verdict, path, (before, old), (after, new), set(rules))
        except Broken as problem:
            defect("no longer parses", str(problem))
    except Broken:
        defect("changed though unreadable", "the oracle can't read what was patched")
    if not wraps:
        for detail in reformatted(found, hcl=path.endswith((".tf", ".tofu", ".hcl"))):
            defect("re-formatted", detail)
    return verdict


def _new(verdict: Verdict, path: str, after: str) -> Verdict:
    """A file that a fix brought along: it reads, and holds nothing twice."""
    try:
        reading = read(path, after)
    except Broken as problem:
        verdict.defects.append(Defect("no longer parses", path, f"a new file: {problem}"))
        return verdict
    verdict.defects += [Defect("key written twice", path, key) for key in reading.twice]
    verdict.defects += [Defect("newly invalid", path, problem) for problem in validity.problems(reading)]
    if not after.endswith("\n"):
        verdict.defects.append(Defect("last line end", path, "a new file without one"))
    return verdict


def _readings(
    verdict: Verdict, path: str, old: tuple[str, Reading], new: tuple[str, Reading], rules: set[str]
) -> None:
    if set(new[1].twice) and len(new[1].twice) > len(old[1].twice):
        verdict.defects.append(Defect("key written twice", path, ", ".join(new[1].twice)))
    for difference in _data(old[1], new[1]):
        verdict.changed_data += difference.data
        verdict.least_lines += difference.least
        if not allowed(difference, rules):
            what = f"{difference.where}: {difference.before!r:.120} -> {difference.after!r:.120}"
            verdict.defects.append(Defect("data beside the fix", path, what))
    lost = _lost(comments(old[1], old[0]), comments(new[1], new[0]))
    verdict.defects += [Defect("comment lost", path, comment[:100]) for comment in lost]
    known = set(validity.problems(old[1]))
    verdict.defects += [
        Defect("newly invalid", path, problem)
        for problem in validity.problems(new[1])
        if problem not in known
    ]


def _data(old: Reading, new: Reading) -> Iterator[Difference]:
    if len(old.roots) != len(new.roots):
        yield Difference(("(documents)",), len(old.roots), len(new.roots))
    for one, two in zip(old.roots, new.roots, strict=False):
        yield from differences(plain(one), plain(two))


def _lost(before: list[str], after: list[str]) -> list[str]:
    """Comments that are gone, or no longer in their order."""
    rest = iter(after)
    return [comment for comment in before if not any(each == comment for each in rest)][:1]


def _bytes(before: str, after: str) -> Iterator[tuple[str, str]]:
    if before.startswith(BOM) != after.startswith(BOM):
        yield "byte order mark", "it came or went"
    if (before[-1:] == "\n" and after[-1:] != "\n") or (before[-1:] != "\n" and after[-1:] == "\n"):
        yield "last line end", "it came or went"
    if (new := line_ends(after) - line_ends(before)) and line_ends(before):
        yield "line ends", f"{sorted(new)} came"
