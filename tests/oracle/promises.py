"""All promises at once, for one repository: what is wrong after everything that a user can ask of a run."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.judge import Defect, Verdict, judge
from tests.oracle.reports import consistent, still_there, unlisted
from tests.oracle.runs import RULES, Repository
from tests.oracle.terraform import unformatted


@dataclass
class Trial:
    """What came out for one repository."""

    defects: list[Defect] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: list[tuple[str, tuple[str, ...], Verdict]] = field(default_factory=list)
    """Path, rules and verdict of every patched file."""


def nothing_on(repository: Repository) -> list[Defect]:
    """With every rule left out, nothing is found and no byte changes."""
    report = repository.report("run", "--write", *(word for rule in RULES for word in ("--skip", rule)))
    found = [*report["findings"], *report["patches"], *report["proposals"]]
    changed = [Defect("changed by no rule", path, "") for path in repository.changed()]
    return changed + [Defect("found by no rule", str(each.get("path")), "") for each in found]


def all_on(repository: Repository) -> Trial:
    """Everything: the findings, the branches, the working tree, and a second run."""
    trial = Trial()
    before, modes = repository.files(), repository.modes()
    report = repository.report("run", "--branch")
    trial.defects += [Defect("a branch touched the tree", path, "") for path in repository.changed()]
    trial.statuses.update((each["rule"], _status(each)) for each in report["findings"])
    trial.defects += consistent(report, before)
    trial.defects += unlisted(report, before, trial.seen)
    if not report["patches"]:
        return trial
    trial.defects += _alone(repository, report, before)
    patched = _as_patch(repository, trial)
    written = repository.report("run", "--write")
    trial.defects += _same(report, written)
    after = repository.files()
    if patched not in ({}, after):
        trial.defects.append(Defect("patch", "", "`--format patch` and `--write` don't come to the same"))
    trial.defects += _together(trial, report, before, after)
    trial.defects += [
        Defect("mode", path, f"{modes[path]:o} -> {mode:o}")
        for path, mode in repository.modes().items()
        if modes.get(path, mode) != mode
    ]
    again = repository.report("run")
    trial.defects += [Defect("second run", each["path"], "changes it again") for each in again["patches"]]
    return trial


def _status(finding: Mapping[str, Any]) -> str:
    """What became of a finding; what nobody wants patched is counted by itself."""
    never = finding["status"] == "refused" and (
        "never_patch" in finding["reason"] or "never changed" in finding["reason"]
    )
    return "never patched" if never else finding["status"]


def _as_patch(repository: Repository, trial: Trial) -> dict[str, bytes]:
    """The files as `git apply` makes them of `--format patch`; the working tree is put back."""
    file = repository.home / "fixes.patch"
    repository.fixbot("run", "--format", "patch", "--output", str(file), "--jobs", "1")
    try:
        repository.git("apply", "--whitespace=nowarn", str(file))
    except subprocess.CalledProcessError as problem:
        trial.defects.append(Defect("patch", "", problem.stderr.decode(errors="replace")[:300]))
        return {}
    applied = repository.files()
    repository.git("checkout", "-q", "--", ".")
    repository.git("clean", "-fdq")
    return applied


def _same(report: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[Defect]:
    for name in ("findings", "patches", "proposals", "unread"):
        if report[name] != written[name]:
            yield Defect("report", "", f"two runs on the same files differ in their {name}")


def _rules(report: Mapping[str, Any]) -> dict[str, str]:
    return {each["id"]: each["rule"] for each in report["findings"]}


def _together(
    trial: Trial, report: Mapping[str, Any], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> Iterator[Defect]:
    """The working tree after `--write`."""
    paths = {each["path"] for each in report["patches"]}
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    yield from (Defect("changed without a patch", path, "") for path in differing - paths)
    yield from (Defect("patched and unchanged", path, "") for path in paths - differing)
    yield from still_there(report, before, after)
    rules = _rules(report)
    for patch in report["patches"]:
        path = patch["path"]
        named = tuple(sorted({rules[i] for i in patch["fixed"]}))
        verdict = judge(path, _text(before, path), after[path].decode(), named)
        trial.sizes.append((path, named, verdict))
        yield from verdict.defects
    yield from unformatted({path: (before.get(path), after[path]) for path in paths})


def _alone(
    repository: Repository, report: Mapping[str, Any], before: Mapping[str, bytes]
) -> Iterator[Defect]:
    """Every proposal as its branch holds it."""
    rule_of = {each["id"]: each["rule"] for each in report["findings"]}
    for proposal in report["proposals"]:
        rules = tuple(sorted({rule_of[each] for each in proposal["findings"]}))
        branch = proposal["branch"]
        said = repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", "HEAD", branch).decode()
        paths = sorted(each for each in said.split("\0") if each)
        if paths != sorted(proposal["paths"]):
            yield Defect("branch", branch, f"holds {paths}, the proposal says {proposal['paths']}")
        contents = repository.tree(branch, paths)
        for path in paths:
            verdict = judge(path, _text(before, path), contents[path].decode(), rules)
            yield from (Defect(f"{each.kind} (alone)", each.path, each.detail) for each in verdict.defects)


def _text(files: Mapping[str, bytes], path: str) -> str | None:
    return files[path].decode() if path in files else None
