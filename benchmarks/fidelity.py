"""Measures what the promises are worth: repositories, judged by the tests' independent reader.

    python benchmarks/fidelity.py [FOLDER] [--only NAME]

FOLDER holds one repository in each sub-folder (default: the corpus). Prints the figures, then every defect.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.corpus_files import repositories
from tests.oracle.judge import Defect
from tests.oracle.promises import Trial, all_on, nothing_on
from tests.oracle.runs import RULES, Repository

KINDS = {
    "files that no longer parse": ("no longer parses", "key written twice", "changed though unreadable"),
    "data changed beside the fix": ("data beside the fix",),
    "lines re-formatted": ("re-formatted", "line ends", "byte order mark", "last line end", "mode"),
    "comments lost": ("comment lost",),
    "no longer clean for terraform fmt": ("terraform fmt",),
    "second run changes": ("second run",),
    "seen by the oracle, not in the report": ("not listed",),
    "reported fixed, still there": ("fixed and still there",),
    "newly invalid": ("newly invalid",),
    "report contradicts itself": ("report", "branch", "patched and unchanged", "changed without a patch"),
    "changed with no rule on": ("changed by no rule", "found by no rule"),
    "patches that git doesn't take": ("patch",),
    "crashes": ("crash",),
}


def tried(source: Path) -> Trial:
    """All promises for one repository, in a temporary copy."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder), source)
        repository.commit()
        try:
            defects = nothing_on(repository)
            trial = all_on(repository)
        except (AssertionError, subprocess.SubprocessError) as problem:
            return Trial([Defect("crash", source.name, str(problem)[:500])])
        trial.defects = defects + trial.defects
        return trial


def dialect(path: str) -> str:
    """What the files of that name are counted as."""
    name = path.lower()
    if name.endswith((".tf", ".tofu")):
        return "Terraform"
    return "YAML" if name.endswith((".yaml", ".yml")) else "JSON and templates"


def main() -> int:
    """Print the figures; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    sources = (
        repositories() if given.folder is None else sorted(p for p in given.folder.iterdir() if p.is_dir())
    )
    sources = [each for each in sources if given.only in each.name]
    began = time.monotonic()
    trials: dict[str, Trial] = {}
    with ProcessPoolExecutor() as pool:
        jobs = {pool.submit(tried, source): source.name for source in sources}
        for job in as_completed(jobs):
            trials[jobs[job]] = job.result()
    show(trials, time.monotonic() - began)
    return 1 if any(trial.defects for trial in trials.values()) else 0


def show(trials: dict[str, Trial], seconds: float) -> None:
    """The figures, then each defect."""
    kinds: Counter[str] = Counter()
    statuses: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    for trial in trials.values():
        kinds.update(each.kind.removesuffix(" (alone)") for each in trial.defects)
        statuses.update(trial.statuses)
        seen.update(trial.seen)
    print(f"{len(trials)} repositories in {seconds:.0f} s\n")
    for words, named in KINDS.items():
        print(f"{sum(kinds[kind] for kind in named):7}  {words}")
    others = set(kinds) - {kind for named in KINDS.values() for kind in named}
    print(f"{sum(kinds[kind] for kind in others):7}  others {sorted(others) or ''}\n")
    print(f"{'rule':28}{'fixed':>7}{'refused':>9}{'manual':>8}{'never patched':>15}{'fixed %':>9}{'seen':>7}")
    for rule in RULES:
        fixed, refused, manual, never = (
            statuses[rule, s] for s in ("fixed", "refused", "manual", "never patched")
        )
        whole = fixed + refused
        share = f"{100 * fixed / whole:.0f}" if whole else "-"
        print(f"{rule:28}{fixed:7}{refused:9}{manual:8}{never:15}{share:>9}{seen[rule]:7}")
    print(f"\nof what the oracle saw, {seen['unread']} stand in files or places that are listed as unread\n")
    _sizes(trials)
    for name, trial in sorted(trials.items()):
        for defect in trial.defects:
            print(f"{name}: {defect}")


def _sizes(trials: dict[str, Trial]) -> None:
    sums: dict[tuple[str, str], list[int]] = {}
    for trial in trials.values():
        for path, rules, verdict in trial.sizes:
            row = sums.setdefault((dialect(path), " + ".join(rules)), [0, 0, 0, 0])
            for at, value in enumerate((1, verdict.changed_lines, verdict.changed_data, verdict.least_lines)):
                row[at] += value
    print(
        f"{'changed lines for each changed datum':66}{'files':>7}{'lines':>7}{'data':>7}{'ratio':>7}{'block':>7}"  # noqa: E501
    )
    for (kind, named), (files, lines, data, least) in sorted(sums.items()):
        ratio, block = (f"{value / data:.2f}" if data else "-" for value in (lines, least))
        print(f"{kind + ': ' + named:66}{files:7}{lines:7}{data:7}{ratio:>7}{block:>7}")
    print("(block: the same where every key and item has a line of its own)\n")


if __name__ == "__main__":
    sys.exit(main())
