"""`fixbot fleet` as people and engines call it, against the stand-in for GitHub."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fixbot.cli import fleet_shard
from fixbot.cli.fleet_shard import ShardOptions, run_shard
from fixbot.cli.options import Options
from fixbot.engine import analyze as examined
from fixbot.engine import isolate
from fixbot.engine.analyze import Watch, ignore_path
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.fleet.results_file import ResultsFile, read_results
from tests.hub.hub import Hub
from tests.hub.many import add_light, store_at
from tests.hub.people import Person
from tests.hub.server import Server
from tests.hub_runs import HubClock
from tests.test_help import COMMANDS, examples

ROOT = Path(__file__).parent.parent
WRONG = b"""\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: web:1
    securityContext: {privileged: true, readOnlyRootFilesystem: true}
"""
BOT = "fleet-bot"


@dataclass
class Fleet:
    """An organisation of six, two of which have one thing to repair each."""

    hub: Hub
    server: Server
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The command line."""
        return subprocess.run(
            [sys.executable, "-m", "fixbot", "fleet", *words],
            cwd=self.folder, env={**self.environment, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def run(
        self,
        shard: tuple[int, int] | None = None,
        results: str = "fleet-results",
        since: str = "",
        pr: bool = False,
        minutes: float = 330,
    ) -> int:
        """`fleet run` in this process, with the stand-in's clock."""
        options = ShardOptions(
            self.folder / "fleet-plan.json", shard, results=self.folder / results,
            since_report=self.folder / since if since else None, minutes=minutes,
            run=Options("fleet", pr=pr, quiet=True),
        )  # fmt: skip
        return run_shard(options, self.environment, HubClock(self.hub.clock))

    def report(self, name: str = "last.json", results: str = "fleet-results") -> Mapping[str, object]:
        self("report", "fleet-plan.json", "--results", results, "--format", "json", "--output", name)
        found: Mapping[str, object] = json.loads((self.folder / name).read_text())
        return found

    def requests(self) -> int:
        return len(self.hub.log)

    def pulls(self) -> int:
        return sum(len(repo.pull_requests()) for repo in self.hub.repos.values())


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    hub = Hub(tmp_path / "hub")
    hub.root.mkdir()
    hub.clock.freeze()
    hub.after = lambda _: hub.clock.advance(0.25)
    store = store_at(hub.root)
    for number in range(6):
        files = {"web.yaml": WRONG} if number < 2 else {"README.md": b"# Nothing\n"}
        add_light(hub, store, f"acme/service-{number}", files, BOT)
    hub.add_repo("acme/old", {"web.yaml": WRONG}, archived=True)
    hub.add_repo("acme/void")
    hub.add_repo("acme/copy", {"web.yaml": WRONG}, fork=True)
    home = tmp_path / "home"
    home.mkdir()
    with Server(hub) as server:
        environment = {
            **server.environment(hub.user_token(BOT), "acme/any"), "HOME": str(home), "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
        yield Fleet(hub, server, tmp_path, environment)
        assert hub.violations == []
        assert hub.defects == []


def test_a_plan_names_who_is_left_out_and_why_in_two_requests_a_hundred(fleet: Fleet) -> None:
    done = fleet("plan", "--org", "acme", "--shards", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("fleet-plan.json: 6 repositories in 2 shards")
    for line in ("acme/copy: a fork", "acme/old: archived, so read-only", "acme/void: empty"):
        assert f"left out: {line}\n" in done.stdout
    assert fleet.requests() == 2


def test_a_plan_can_be_of_a_topic_a_list_or_names_and_one_unknown_name_spoils_nothing(fleet: Fleet) -> None:
    fleet.hub.repo("acme/service-3").topics = ("production",)
    (fleet.folder / "list").write_text("# ours\nacme/service-1\n\nacme/service-2 # billing\n")
    done = fleet(
        "plan", "--org", "acme", "--topic", "Production", "--from", "list", "acme/nobody", "--matrix"
    )
    assert json.loads(done.stdout)["include"]
    assert "acme/nobody: the token sees no such repository" in done.stderr
    names = [
        each["name"] for each in json.loads((fleet.folder / "fleet-plan.json").read_text())["repositories"]
    ]
    assert names == ["acme/service-1", "acme/service-2", "acme/service-3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which repositories?"),
        (("--topic", "x"), "which repositories?"),
        (("acme/a", "--topic", "x"), "add --org OWNER"),
        (("nonsense",), "write OWNER/NAME"),
        (("--org", "nobody"), "GitHub knows no organisation or user nobody"),
        (("--from", "missing"), "missing: cannot be read"),
    ],
)
def test_a_plan_of_nothing_says_what_to_do(fleet: Fleet, words: tuple[str, ...], said: str) -> None:
    done = fleet("plan", *words)
    assert done.returncode in {1, 2}
    assert said in done.stderr


def test_a_fleet_is_scanned_published_and_then_costs_one_request(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "2")
    assert fleet.run((1, 2)) == fleet.run((2, 2)) == 0
    assert fleet.hub.content_calls() == 0, "without --pr nothing is written"
    assert fleet.report()["waiting"] == 2
    assert fleet.run(pr=True, since="fleet-results") == 0
    assert fleet.pulls() == 2
    said = fleet.report("night1.json")
    assert (said["waiting"], said["outcomes"]) == (0, {"open": 2})
    fleet.run(results="two", since="night1.json")
    fleet.report("night2.json", "two")
    before = fleet.requests()
    assert fleet.run(results="three", since="night2.json") == 0
    assert fleet.requests() == before + 1, "six unchanged repositories, two of them with open pull requests"
    assert fleet.report("night3.json", "three")["carried"] == 6


def test_what_people_do_to_a_pull_request_is_seen_and_a_no_is_a_no(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "1")
    fleet.run(pr=True)
    fleet.report("1.json")
    fleet.run(results="b", pr=True, since="1.json")
    fleet.report("2.json", "b")
    number = fleet.hub.repo("acme/service-0").pull_requests()[0].number
    fleet.hub.clock.advance(60)
    Person(fleet.hub, "pat", "acme/service-0").close(number)
    before = fleet.requests()
    fleet.run(results="c", pr=True, since="2.json")
    assert fleet.requests() > before + 1, "the closed one is looked at"
    assert fleet.pulls() == 2, "and not opened again"


def test_a_push_is_seen_the_next_night(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "1")
    fleet.run()
    fleet.report("1.json")
    add_light(fleet.hub, store_at(fleet.hub.root), "acme/other", {"web.yaml": WRONG})
    fleet.hub.repo("acme/service-4").refs["refs/heads/main"] = fleet.hub.repo("acme/other").refs[
        "refs/heads/main"
    ]
    fleet.run(results="b", since="1.json")
    rows = fleet.report("2.json", "b")["rows"]
    assert isinstance(rows, list)
    assert {row["name"]: row["carried"] for row in rows}["acme/service-4"] is False
    assert sum(row["carried"] for row in rows) == 5
    assert sum(bool(row["severities"]) for row in rows) == 3


def test_one_repository_that_fails_stops_no_other_and_is_tried_again_alone(fleet: Fleet) -> None:
    store = store_at(fleet.hub.root)
    bad = add_light(fleet.hub, store, "acme/service-1", {".fixbot.yml": b"nonsense: 1\n"}, BOT)
    fleet("plan", "--org", "acme", "--shards", "1")
    done = fleet("run", "fleet-plan.json", "--quiet")
    assert done.returncode == 0, "what follows goes on"
    assert "acme/service-1: .fixbot.yml" in done.stderr
    shown = fleet("report", "fleet-plan.json")
    assert shown.returncode == 1
    assert "Trouble (1)" in shown.stdout
    good = add_light(fleet.hub, store, "acme/other", {"README.md": b"x"})
    bad.refs["refs/heads/main"] = good.refs["refs/heads/main"]
    before = fleet.requests()
    assert fleet.run() == 0
    assert fleet.requests() == before + 2, "one query, and the tree of this one"
    assert fleet("report", "fleet-plan.json").returncode == 0


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {".fixbot.yml": b"a: 1\n", ".fixbot.yaml": b""},
            ".fixbot.yml and .fixbot.yaml both exist; keep one",
        ),
        ({".fixbot.yml": b"#" * 1_000_001}, ".fixbot.yml: it is larger than 1 MB, the largest that is read"),
        ({".fixbot.yml": b"severity: \xff\n"}, ".fixbot.yml: it is not UTF-8 text"),
        (
            {".fixbot.yml": b"branch_prefix: '$(id)/'\n"},
            ".fixbot.yml:1: branch_prefix must be at most 100 letters",
        ),
    ],
    ids=["two", "large", "latin", "live"],
)
def test_settings_over_the_api_are_a_strangers_words_too(
    fleet: Fleet, files: dict[str, bytes], said: str
) -> None:
    add_light(fleet.hub, store_at(fleet.hub.root), "acme/service-0", {"web.yaml": WRONG, **files}, BOT)
    fleet("plan", "acme/service-0", "--shards", "1")
    done = fleet("run", "fleet-plan.json")
    assert f"acme/service-0: {said}" in done.stderr
    assert "$(id)" not in done.stderr


def test_what_is_the_operators_is_said_of_each_repository(fleet: Fleet) -> None:
    files = {"web.yaml": WRONG, ".fixbot.yml": b"exclude: ['**']\nthorough: true\n"}
    add_light(fleet.hub, store_at(fleet.hub.root), "acme/service-0", files, BOT)
    fleet("plan", "acme/service-0", "--shards", "1")
    (fleet.folder / "all.yml").write_text("enforce: [exclude]\n")
    done = fleet("run", "fleet-plan.json", "--config", "all.yml")
    assert "note: acme/service-0: .fixbot.yml:1: exclude may only get stricter" in done.stderr
    assert "note: acme/service-0: .fixbot.yml:2: thorough is not for a repository to set" in done.stderr
    rows = fleet.report("1.json")["rows"]
    assert isinstance(rows, list)
    assert rows[0]["severities"]


def test_settings_of_a_repository_count_there_and_its_own_prefix_is_asked_for_the_next_time(
    fleet: Fleet,
) -> None:
    settings = b"branch_prefix: bots/fixbot/\n"
    store = store_at(fleet.hub.root)
    add_light(fleet.hub, store, "acme/service-0", {"web.yaml": WRONG, ".fixbot.yml": settings}, BOT)
    fleet("plan", "acme/service-0", "acme/service-1", "--shards", "1")
    since = ""
    for night in "abcd":
        fleet.run(results=night, pr=True, since=since)
        since = f"{night}.json"
        fleet.report(since, night)
    heads = [ref for ref in fleet.hub.repo("acme/service-0").refs if "fixbot" in ref]
    assert len(heads) == 1
    assert heads[0].startswith("refs/heads/bots/fixbot/")
    before = fleet.requests()
    fleet.run(results="e", pr=True, since="d.json")
    assert fleet.requests() == before + 2, "one query for each of the two prefixes"


def test_what_does_not_fit_into_the_time_waits_and_is_listed(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "1")
    fleet.run()
    fleet.report("scan.json")
    fleet.hub.after = lambda _: fleet.hub.clock.advance(1)
    assert fleet.run(pr=True, since="scan.json", minutes=0.2) == 0
    assert fleet.pulls() == 1
    said = fleet("report", "fleet-plan.json").stdout
    assert "Waits for the next run (1)" in said
    assert "for a run with --pr" in said
    fleet.report("scan.json")
    fleet.run(pr=True, since="scan.json")
    assert fleet.pulls() == 2


def test_writes_of_the_last_hour_count_whichever_run_made_them(fleet: Fleet) -> None:
    fleet("plan", "acme/service-0", "acme/service-1", "--shards", "1")
    fleet.run()
    fleet.report("scan.json")
    path = fleet.folder / "scan.json"
    said = json.loads(path.read_text())
    now = fleet.hub.clock.now()
    said["rows"][0] |= {"writes": 449, "ended": now - 1800}
    path.write_text(json.dumps(said))
    assert fleet.run(pr=True, results="b", since="scan.json") == 0
    assert fleet.pulls() == 2
    assert fleet.hub.clock.now() - now > 1700, "it waited until half an hour had passed"


def test_too_many_shards_at_once_may_not_publish(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "100", "--at-once", "50")
    done = fleet("run", "fleet-plan.json", "--shard", "1/100", "--pr")
    assert done.returncode == 2
    assert "a part" in done.stderr


@pytest.mark.parametrize(
    ("shard", "said"), [("3", "write I/N"), ("3/2", "has shards 1/1"), ("0/1", "has shards")]
)
def test_a_shard_that_is_none_is_refused(fleet: Fleet, shard: str, said: str) -> None:
    fleet("plan", "acme/service-0", "--shards", "1")
    done = fleet("run", "fleet-plan.json", "--shard", shard)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("variable", ["JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"])
def test_kubernetes_and_batch_say_themselves_which_shard_it_is(fleet: Fleet, variable: str) -> None:
    fleet("plan", "--org", "acme", "--shards", "2")
    done = fleet("run", "fleet-plan.json", **{variable: "1"})
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (fleet.folder / "fleet-results").iterdir()] == ["scan-2-of-2.jsonl"]


def test_a_repository_that_went_away_since_the_plan_is_said_to_be_gone(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "1")
    del fleet.hub.repos["acme/service-5"]
    assert fleet.run() == 0
    rows = fleet.report()["rows"]
    assert isinstance(rows, list)
    gone = next(row for row in rows if row["name"] == "acme/service-5")
    assert (gone["state"], gone["trouble"]) == (
        "gone",
        "it is not there any more, or the token does not see it",
    )


def test_a_token_that_github_does_not_know_ends_the_shard_with_one_sentence(fleet: Fleet) -> None:
    fleet("plan", "--org", "acme", "--shards", "1")
    done = fleet("run", "fleet-plan.json", GITHUB_TOKEN="ghp_wrong")
    assert done.returncode == 1
    assert "GitHub does not accept the token" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_script_for_xargs_runs_as_it_stands(fleet: Fleet) -> None:
    script = ROOT / "docs" / "fleet" / "xargs.sh"
    words = ["sh", str(script), "--org", "acme"]
    environment = {**fleet.environment, "SHARDS": "2"}
    fleet.hub.limits.on = False
    for _ in range(2):
        done = subprocess.run(
            words, cwd=fleet.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert fleet.pulls() == 2
    assert "<!doctype html>" in (fleet.folder / "fleet.html").read_text()


def test_the_examples_of_help_do_what_they_say(fleet: Fleet) -> None:
    lines = [line for words in COMMANDS if "fleet" in words for line in examples(words)]
    order = ("fleet plan", "fleet run", "fleet report")
    for line in sorted(dict.fromkeys(lines), key=lambda line: [word in line for word in order].index(True)):
        done = fleet(*shlex.split(line)[2:])
        assert done.returncode == 0, (line, done.stderr)
    assert fleet.pulls() == 2


def test_a_repository_that_never_ends_fails_alone_and_comes_last_the_next_time(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = examined.analyze_partition

    def examine(
        texts: Mapping[str, str], order: AnalysisRequest, watch: Watch = ignore_path
    ) -> PartitionResult:
        while order.settings.branch_prefix == "endless/":
            pass
        return old(texts, order, watch)

    monkeypatch.setattr(isolate, "analyze_partition", examine)
    monkeypatch.setattr(fleet_shard, "_A_MEMBER", 0)
    endless = {f"d{number}/web.yaml": WRONG for number in range(40)}
    fleet.hub.add_repo("acme/endless", {**endless, ".fixbot.yml": b"branch_prefix: endless/\n"})
    fleet("plan", "acme/endless", "acme/service-0", "acme/service-1", "--shards", "1")
    assert fleet.run(minutes=0.2) == 0
    rows = {row["name"]: row for row in fleet.report()["rows"]}  # type: ignore[attr-defined]
    assert rows["acme/endless"]["state"] == "failed"
    assert rows["acme/endless"]["trouble"] == "out of time: the time for this repository was over"
    assert rows["acme/service-0"]["state"] == rows["acme/service-1"]["state"] == "done"
    file = fleet.folder / "fleet-results" / "scan-all.jsonl"
    written = read_results(file)
    assert written is not None
    again = ResultsFile.open_results(file, written[0])
    again.close_file()
    assert again.failed == {"acme/endless"}


def test_files_that_are_far_too_large_are_not_read(fleet: Fleet) -> None:
    for name in ("fleet-plan.json", "list", "last.json", "fleet-results/scan-all.jsonl"):
        file = fleet.folder / name
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as opened:
            opened.truncate(50_000_000_000)
    large = "cannot be read: it has more than 200,000,000 bytes"
    for words in (
        ("run", "fleet-plan.json"),
        ("plan", "--from", "list"),
        ("report", "fleet-plan.json"),
    ):
        done = fleet(*words)
        assert (done.returncode, large in done.stderr) == (2, True), done.stderr
    (fleet.folder / "fleet-plan.json").unlink()
    fleet("plan", "acme/service-0", "--shards", "1")
    for more in (("run", "fleet-plan.json", "--since-report", "last.json"), ("report", "fleet-plan.json")):
        done = fleet(*more)
        assert (done.returncode, large in done.stderr) == (2, True), done.stderr
