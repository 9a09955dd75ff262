"""Holds rules against the peers' checks of the same controls: what they see before and after our fixes.

    python benchmarks/agreement.py FOLDER WORK    for FOLDER's repositories: figures, every disagreement
    python benchmarks/agreement.py --pages        for the pages' examples, to tests/data/peer_answers.json

checkov and kube-linter are taken from `.venv-peers` (`make bench-peers`) or from the PATH. Of each finding
of theirs that a rule calls its own (`peers`), fixbot must say something: a fix after which they no longer see
it, a refusal, or what a person does. What they find that was not there before is listed as well.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from fixbot.rules import load_rules  # noqa: E402 - of this repository
from tests.oracle.runs import Repository  # noqa: E402
from tests.pages import read_page  # noqa: E402

ANSWERS = ROOT / "tests" / "data" / "peer_answers.json"
FRAMEWORKS = ("kubernetes", "terraform", "cloudformation")
STYLE = ("schema-validation", "sorted-keys")
"""Checks of kube-linter that need a network, or look at style alone."""


@dataclass(frozen=True)
class Row:
    """One failed check of a peer's; `lines` are those of the object."""

    check: str
    path: str
    resource: str
    lines: tuple[int, int]


def main(words: list[str]) -> int:
    """Print the figures; 1 where something of theirs is silent with us, or fixed and still seen."""
    if words == ["--pages"]:
        write_answers()
        return 0
    source, work = map(Path, words)
    ours = run_ours(source, work)
    before, after = (list(ask_peers(work / each)) for each in ("before", "after"))
    return show_figures(before, after, ours)


def run_ours(source: Path, work: Path) -> dict[str, list[dict[str, Any]]]:
    """Our findings by path; `work` then holds the files as they were, and with all fixes."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for folder in sorted(each for each in source.iterdir() if each.is_dir()):
        repository = Repository(work / "runs" / folder.name, folder)
        repository.commit()
        shutil.copytree(repository.folder, work / "before" / folder.name, symlinks=True)
        report = repository.report("run", "--write", "--only", ",".join(rule.name for rule in load_rules()))
        shutil.copytree(repository.folder, work / "after" / folder.name, symlinks=True)
        for each in report["findings"]:
            found[f"{folder.name}/{each['path']}"].append(each)
    return found


def ask_peers(folder: Path) -> Iterator[Row]:
    """What checkov and kube-linter find in a folder."""
    checkov = find_peer("checkov")
    for framework in FRAMEWORKS:
        command = [checkov, "--framework", framework, "--output", "json", "--quiet", "--compact",
                   "--skip-download", "-d", str(folder)]  # fmt: skip
        told = json.loads(subprocess.run(command, capture_output=True, check=False).stdout or b"[]")
        for part in told if isinstance(told, list) else [told]:
            for each in part.get("results", {}).get("failed_checks", ()):
                low, high = each["file_line_range"]
                yield Row(each["check_id"], each["file_path"].lstrip("/"), each["resource"], (low, high))
    linter = find_peer("kube-linter")
    for path in sorted(each for each in folder.rglob("*") if each.suffix in (".yaml", ".yml", ".json")):
        words = ("--add-all-built-in", "--format", "json", "--exclude", ",".join(STYLE))
        command = [linter, "lint", *words, str(path)]
        said = subprocess.run(command, capture_output=True, check=False).stdout
        for each in (json.loads(said)["Reports"] or ()) if said else ():
            name = each["Object"]["K8sObject"]["Name"]
            yield Row(each["Check"], str(path.relative_to(folder)), name, (0, 0))


def find_peer(name: str) -> str:
    """The program's path. Raises SystemExit where it isn't installed."""
    path = shutil.which(name, path=str(ROOT / ".venv-peers" / "bin")) or shutil.which(name)
    if path is None:
        raise SystemExit(f"{name} isn't installed: make bench-peers, or put it on the PATH")
    return path


def list_owners() -> dict[str, set[str]]:
    """The rules that call a peer's check their own."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in load_rules():
        for peer in ("checkov", "kube-linter"):
            for check in rule.peers.get(peer, ()):
                found[check].add(rule.name)
    return found


def show_figures(before: list[Row], after: list[Row], ours: dict[str, list[dict[str, Any]]]) -> int:
    """A line for each of their checks, then what disagrees."""
    mine, table = list_owners(), defaultdict(Counter[str])
    left, was = (Counter((r.check, r.path, r.resource) for r in rows) for rows in (after, before))
    disagreements = []
    for row in (each for each in before if each.check in mine):
        verdict = judge_row(row, mine[row.check], ours, seen=left[row.check, row.path, row.resource] > 0)
        table[row.check][verdict] += 1
        if verdict in ("silent", "fixed and still seen"):
            disagreements.append(f"{verdict}: {row.check} {row.path} {row.resource}")
    for check, verdicts in sorted(table.items()):
        print(f"{check:32}{', '.join(sorted(mine[check])):36}{dict(verdicts)}")
    new = Counter(row.check for row in after if not was[row.check, row.path, row.resource])
    print("fails newly:", dict(new))
    print(*disagreements, sep="\n")
    return 1 if disagreements else 0


def judge_row(row: Row, rules: set[str], ours: dict[str, list[dict[str, Any]]], *, seen: bool) -> str:
    """What we say of one finding of theirs, and whether they still see it after our fixes."""
    low, high = row.lines
    told = {
        each["status"]
        for each in ours.get(row.path, ())
        if each["rule"] in rules
        and (low <= each["line"] <= high if high else row.resource in each["resource"])
    }
    if told == {"fixed"}:
        return "fixed and still seen" if seen else "fixed"
    return " and ".join(sorted(told)) or "silent"


def write_answers() -> None:
    """Which checks of its own peers fail for each example that a page changes, before and after."""
    work = ROOT / "build" / "agreement"
    shutil.rmtree(work, ignore_errors=True)
    examples = {}
    for path in sorted((ROOT / "docs" / "fixers").glob("*.md")):
        for number, example in enumerate(read_page(path).examples):
            for file, after in example.after.items():
                before = example.before.get(file)
                if before is None or before == after:
                    continue
                for side, text in (("before", before), ("after", after)):
                    target = work / side / path.stem / str(number) / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, encoding="utf-8")
                examples[f"{path.stem}/{number}/{file}"] = (path.stem, before, after)
    mine, said = list_owners(), {side: defaultdict(set[str]) for side in ("before", "after")}
    for side, by_path in said.items():
        for row in ask_peers(work / side):
            by_path[row.path].add(row.check)
    answers = {
        name_example(rule, before, after): {
            side: sorted(each for each in said[side][path] if rule in mine.get(each, ())) for side in said
        }
        for path, (rule, before, after) in examples.items()
    }
    ANSWERS.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def name_example(rule: str, before: str, after: str) -> str:
    """What an example is called in the table: its rule, and what its texts come to."""
    whole = f"{before}\n---\n{after}"
    return f"{rule} {hashlib.sha256(whole.encode()).hexdigest()[:16]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
