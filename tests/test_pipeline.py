"""The whole job over a repository: what fails alone, processes and their order, and what is remembered."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

import pytest

from fixbot.checkout import Checkout, Content, FileEntry
from fixbot.engine import analyze, isolate, pipeline, workers
from fixbot.engine.analyze import Watch, ignore_path
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.user_cache import Cache, fingerprint_program
from fixbot.lens import Container
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Found, Manual, Report, Severity, Status, Unread
from fixbot.rules.context import Context
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from tests.first_rules import first_rules

ROOT = Path(__file__).parent.parent
RULE = "readonly-root-filesystem"
FIXERS = first_rules()
CANARY = "Zq7-canary-Xw2-pQ9vT"


def pod(name: str, extra: str = "") -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
        - name: {name}
          image: nginx:1.27
{extra}"""


def git(at: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
        cwd=at, check=True, capture_output=True,
    )  # fmt: skip


def repository(folder: Path, **files: str) -> Path:
    folder.mkdir()
    git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def trap(name: str, how: str) -> Rule:
    """A fixer with a bug: it goes wrong in its own way at containers of that name."""

    def check(container: Container, _world: Context) -> Iterator[Found]:
        if container.name == name:
            if how == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if how == "leaves":
                os._exit(7)
            if how == "sleeps":
                time.sleep(60)
            raise RuntimeError(f"a message that holds {CANARY}")
        outcome = Manual("look at it")
        yield Found(container.node, container.title, container.address, "seen", "it is there", outcome)

    return replace(FIXERS[0], name="trap", looks_at=Container, check=check)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    return repository(tmp_path / "three", **{f"{n}/{n}.yaml": pod(n) for n in ("one", "two", "three")})


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes however little there is to do, each with one part at a time."""
    monkeypatch.setattr(pipeline, "_WORTH_A_WORKER", 0)
    monkeypatch.setattr(workers, "_BATCH", 1)


def paths(report: Report) -> list[str]:
    return [each.path for each in report.findings]


def timeless(report: Report) -> Report:
    return replace(report, stats=replace(report.stats, seconds=0.0))


# A bug of ours


def test_a_bug_loses_its_own_file_and_says_so(three: Path) -> None:
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("two", "raises"),), Settings())
    assert paths(report) == ["one/one.yaml", "three/three.yaml"]
    (unread,) = report.unread
    assert unread.path == "two/two.yaml"
    assert unread.reason.startswith("not examined: a bug of ours (RuntimeError in ")
    assert CANARY not in unread.reason
    (failure,) = report.failures
    assert failure.paths == ("two/two.yaml",)
    assert CANARY not in failure.trace
    assert CANARY not in repr(failure)


def test_of_files_that_are_read_together_only_the_culprit_is_lost(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", **{f"{n}.yaml": pod(n) for n in ("a", "b", "c")})
    report = run_pipeline(Checkout.open_checkout(str(folder)), (trap("b", "raises"),), Settings())
    assert paths(report) == ["a.yaml", "c.yaml"]
    assert [each.path for each in report.unread] == ["b.yaml"]


def test_where_the_others_fail_too_all_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = analyze.analyze_partition

    def odd(texts: Mapping[str, str], order: AnalysisRequest, watch: Watch = ignore_path) -> PartitionResult:
        if len(texts) > 1 or "b.yaml" in texts:
            raise ValueError
        return old(texts, order, watch)

    monkeypatch.setattr(isolate, "analyze_partition", odd)
    folder = repository(tmp_path / "r", **{f"{n}.yaml": pod(n) for n in ("a", "b", "c")})
    report = run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, Settings())
    assert [each.path for each in report.unread] == ["a.yaml", "b.yaml", "c.yaml"]
    assert report.findings == ()


@pytest.mark.parametrize("path", ["one.yaml", "two/two.yaml"])
def test_the_program_says_what_failed_and_ends_with_one(tmp_path: Path, path: str) -> None:
    folder = repository(tmp_path / "r", **{path: pod("one"), "fine/fine.yaml": pod("fine")})
    code = f"""
import sys
from pathlib import Path
import fixbot.engine.isolate, fixbot.engine.pipeline
from fixbot.__main__ import main
old = fixbot.engine.isolate.analyze_partition
def examine(texts, order, *more):
    if {path!r} in texts:
        raise KeyError({CANARY!r})
    return old(texts, order, *more)
fixbot.engine.isolate.analyze_partition = examine
sys.exit(main(["run", "--no-cache", *sys.argv[1:]]))
"""
    for words in ([], ["--debug"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert f"{path} was not examined, all else was" in done.stderr
        assert "fine/fine.yaml" in done.stdout
        assert ("KeyError\n" in done.stderr) is (words == ["--debug"])
        assert CANARY not in done.stdout + done.stderr


# Processes


@pytest.mark.usefixtures("eager")
def test_the_report_is_the_same_whatever_the_jobs(tmp_path: Path) -> None:
    files = {f"d{n}/{'x' * (n % 7)}.yaml": pod(f"n{n}", "# more\n" * (n * 31 % 50)) for n in range(30)}
    folder = repository(
        tmp_path / "r", **files, **{"ci/p.json": '{"Statement": []}', "bad/b.yaml": "kind: {\ncontainers: "}
    )
    checkout = Checkout.open_checkout(str(folder))
    reports = [timeless(run_pipeline(checkout, FIXERS, Settings(), jobs=jobs)) for jobs in (1, 2, 3)]
    assert reports[0] == reports[1] == reports[2]
    assert len(reports[0].patches) == 30
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(("how", "said"), [("dies", "signal 9"), ("leaves", "exit code 7")])
def test_a_process_that_dies_loses_one_part(
    three: Path, how: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_BATCH", 10**9)  # all in one process at first
    report = run_pipeline(Checkout.open_checkout(str(three)), (trap("two", how),), Settings(), jobs=2)
    assert paths(report) == ["one/one.yaml", "three/three.yaml"]
    (unread,) = report.unread
    assert unread == Unread("two/two.yaml", None, f"not examined: the process that read it died ({said})")
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("eager")
def test_an_interrupted_run_leaves_no_process_behind(three: Path) -> None:
    def stop(_done: int, _all: int, _what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_pipeline(
            Checkout.open_checkout(str(three)), (trap("two", "sleeps"),), Settings(), jobs=2, progress=stop
        )
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("eager")
def test_where_nothing_can_be_forked_one_process_does_it_all(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    report = run_pipeline(Checkout.open_checkout(str(three)), FIXERS, Settings(), jobs=2)
    assert len(report.patches) == 3


def test_progress_counts_every_file(three: Path) -> None:
    seen: list[tuple[int, int]] = []
    run_pipeline(
        Checkout.open_checkout(str(three)),
        FIXERS,
        Settings(),
        progress=lambda done, total, _: seen.append((done, total)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_the_program_in_good_order(tmp_path: Path, number: int, code: int) -> None:
    script = f"""
import os, signal, sys, fixbot.cli.app
# whoever started the tests in the background may have told them to overlook these two
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from fixbot.__main__ import main
def execute(words):
    try:
        os.kill(os.getpid(), {int(number)})
        import time; time.sleep(20)
    finally:
        open("cleaned", "w").close()
fixbot.cli.app.execute_command = execute
sys.exit(main(["run"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stderr == "fixbot: interrupted; every file is either as it was or whole\n"
    assert (tmp_path / "cleaned").exists()


# Comments that say no


ENV = """          env:
            - name: DB_PASSWORD
              value: hunter2hunter2
"""


@pytest.mark.parametrize(
    ("where", "suppressed"),
    [
        ("apiVersion: apps/v1", True),
        ("        - name: one", True),
        ("            - name: DB_PASSWORD", True),
        ("          image: nginx", False),
        ("kind: Deployment", False),
    ],
)
def test_a_comment_above_a_container_or_resource_counts_inside(
    tmp_path: Path, where: str, suppressed: bool
) -> None:
    rule = "secret-in-environment"
    text = pod("one", ENV).replace(where, f"# fixbot:ignore {rule} it is a demo\n{where}", 1)
    folder = repository(tmp_path / "r", **{"a.yaml": text})
    (finding,) = [
        f
        for f in run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, Settings()).findings
        if f.rule == rule
    ]
    assert (finding.status is Status.SUPPRESSED) is suppressed


def test_a_comment_above_a_key_counts_for_its_value_and_may_end(tmp_path: Path) -> None:
    template = """Resources:
  {ignore}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: app
          Image: nginx
"""
    wish = f"# fixbot:ignore {RULE} until={{}} a demo"
    files = {
        "a.yaml": template.format(ignore=wish.format("2999-01-01")),
        "b.yaml": template.format(ignore=wish.format("2020-01-01")),
    }
    folder = repository(tmp_path / "r", **files)
    alive, lapsed = run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, Settings()).findings
    assert (alive.status, lapsed.status) == (Status.SUPPRESSED, Status.FIXED)
    assert lapsed.lapse is not None
    assert lapsed.lapse.endswith("ended on 2020-01-01")
    assert lapsed.message.endswith(f"({lapsed.lapse})")
    assert alive.lapse is None


def test_a_comment_with_an_unknown_rule_is_an_error(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", **{"a.yaml": "# fixbot:ignore no-such-rule x\n" + pod("a")})
    with pytest.raises(FixbotError, match=r"a\.yaml:1: unknown rule"):
        run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, Settings())


# Memory


def cached(folder: Path, at: Path, *, contents: bool = False, settings: Settings | None = None) -> Report:
    wishes = settings or Settings()
    cache = Cache(folder, [repr(wishes)])
    return timeless(
        run_pipeline(Checkout.open_checkout(str(at)), FIXERS, wishes, cache=cache, contents=contents)
    )


def without_texts(report: Report) -> Report:
    return replace(
        report,
        patches=tuple(
            replace(p, before="" if p.before is not None else None, after="", edits=())
            for p in report.patches
        ),
        proposals=tuple(
            replace(p, contents={}, edits=(), commits=tuple(replace(c, contents={}) for c in p.commits))
            for p in report.proposals
        ),
    )


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read from the disk."""
    found: list[str] = []
    old = Checkout.read_file

    def read(self: Checkout, file: FileEntry | str) -> Content | Unread:
        found.append(file if isinstance(file, str) else file.path)
        return old(self, file)

    monkeypatch.setattr(Checkout, "read_file", read)
    return found


class Examinations:
    """The paths that are examined, in whatever process: a line of a file each."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def clear(self) -> None:
        self.file.write_text("")

    def add(self, paths: Iterable[str]) -> None:
        with self.file.open("a") as file:
            file.writelines(f"{path}\n" for path in paths)

    def __eq__(self, other: object) -> bool:
        return sorted(self.file.read_text().splitlines()) == other

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Examinations:
    found = Examinations(tmp_path / "examined")
    found.clear()
    old = isolate.analyze_isolated

    def noted(
        texts: Mapping[str, str], order: AnalysisRequest, watch: Watch = ignore_path
    ) -> PartitionResult:
        found.add(texts)
        return old(texts, order, watch)

    monkeypatch.setattr(workers, "analyze_isolated", noted)
    return found


def test_an_unchanged_repository_is_not_read_again(three: Path, tmp_path: Path, reads: list[str]) -> None:
    first = cached(tmp_path / "cache", three)
    assert len(first.patches) == 3
    reads.clear()
    assert without_texts(cached(tmp_path / "cache", three)) == without_texts(first)
    assert reads == []


def test_one_changed_file_costs_its_own_part_only(
    three: Path, tmp_path: Path, examined: Examinations
) -> None:
    cached(tmp_path / "cache", three)
    examined.clear()
    (three / "two" / "two.yaml").write_text(pod("other"))
    second = cached(tmp_path / "cache", three)
    assert examined == ["two/two.yaml"]
    assert [f.resource for f in second.findings if f.rule == RULE] == [
        f"Deployment {name}, container {name}" for name in ("one", "three", "other")
    ]
    assert without_texts(second) == without_texts(
        timeless(run_pipeline(Checkout.open_checkout(str(three)), FIXERS, Settings()))
    )


def test_texts_to_be_written_are_made_anew(three: Path, tmp_path: Path, examined: Examinations) -> None:
    first = cached(tmp_path / "cache", three, contents=True)
    examined.clear()
    assert cached(tmp_path / "cache", three, contents=True) == first
    assert examined == ["one/one.yaml", "three/three.yaml", "two/two.yaml"]
    assert all(patch.after for patch in first.patches)


def test_what_has_no_patch_is_remembered_even_then(tmp_path: Path, examined: Examinations) -> None:
    fine = pod("fine", "          securityContext:\n            readOnlyRootFilesystem: true\n")
    folder = repository(tmp_path / "r", **{"a/a.yaml": fine, "b/b.yaml": pod("b")})
    cached(tmp_path / "cache", folder, contents=True)
    examined.clear()
    cached(tmp_path / "cache", folder, contents=True)
    assert examined == ["b/b.yaml"]


@pytest.mark.parametrize("change", ["settings", "new file", "unreadable", "readable again", "link"])
def test_whatever_could_matter_is_noticed(tmp_path: Path, change: str) -> None:
    folder = repository(
        tmp_path / "r", **{"a/a.yaml": pod("a"), "b/b.yaml": pod("b"), "b/c.yaml": "kind: \0containers"}
    )
    (folder / "d.yaml").symlink_to("nowhere.yaml")
    settings = Settings()
    before = cached(tmp_path / "cache", folder)
    match change:
        case "settings":
            settings = replace(settings, never_patch=("a/**",))
        case "new file":
            (folder / "new.yaml").write_text(pod("new"))
        case "unreadable":
            (folder / "a" / "a.yaml").write_bytes(b"\xff\xfe" + pod("a").encode("utf-16-le"))
        case "readable again":
            (folder / "b" / "c.yaml").write_text(pod("c"))
        case "link":
            (folder / "nowhere.yaml").write_text(pod("target"))
    after = cached(tmp_path / "cache", folder, settings=settings)
    assert without_texts(after) == without_texts(
        timeless(run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, settings))
    )
    assert after != before


def test_a_wish_that_ends_tomorrow_is_not_remembered_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository(tmp_path / "r", **{"a.yaml": pod("a")})
    cached(tmp_path / "cache", folder)
    (entry,) = (tmp_path / "cache").iterdir()
    kept = entry.read_bytes()

    class Tomorrow(date):
        @classmethod
        def today(cls) -> Self:
            return cls(2999, 1, 1)

    monkeypatch.setattr(pipeline, "date", Tomorrow)
    cached(tmp_path / "cache", folder)
    assert entry.read_bytes() != kept


def test_what_failed_is_tried_again(three: Path, tmp_path: Path) -> None:
    def report(how: str) -> Report:
        return run_pipeline(
            Checkout.open_checkout(str(three)),
            (trap(how, "raises"),),
            Settings(),
            cache=Cache(tmp_path / "c", ["x"]),
        )

    assert len(report("two").failures) == 1
    assert report("nobody").failures == ()
    assert len(report("two").findings) == 3


def test_no_secret_gets_into_the_cache(tmp_path: Path) -> None:
    import base64  # noqa: PLC0415 - only here

    extra = f"""          env:
            - name: DB_PASSWORD
              value: {CANARY}
            - name: URL
              value: postgres://app:{CANARY}@db/app
"""
    task = {"family": "t", "containerDefinitions": [
        {"name": "w", "image": "nginx", "environment": [{"name": "API_TOKEN", "value": CANARY}],
         "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": CANARY}}}]}  # fmt: skip
    folder = repository(tmp_path / "r", **{"a.yaml": pod("a", extra), "t/t.json": json.dumps(task)})
    for contents in (False, True):
        report = cached(tmp_path / "cache", folder, contents=contents)
        assert sum(f.rule == "secret-in-environment" for f in report.findings) >= 3
    forms = [
        CANARY.encode(),
        CANARY[4:].encode(),
        base64.b64encode(CANARY.encode())[:12],
        CANARY.encode().hex().encode(),
    ]
    kept = b"".join(entry.read_bytes() for entry in (tmp_path / "cache").iterdir())
    assert b"DB_PASSWORD" in kept
    assert not any(form in kept for form in forms)


@pytest.mark.parametrize(
    "value", [None, [], {}, {"parts": 1}, {"parts": {"x": {}}}, {"parts": {}, "whole": ""}]
)
def test_an_entry_of_another_shape_counts_as_absent(three: Path, tmp_path: Path, value: object) -> None:
    first = cached(tmp_path / "cache", three)

    class Odd(Cache):
        def read_value(self, key: str) -> object:  # type: ignore[override]
            return value

    odd = Odd(tmp_path / "other", ["x"])
    assert without_texts(
        timeless(run_pipeline(Checkout.open_checkout(str(three)), FIXERS, Settings(), cache=odd))
    ) == without_texts(first)


def test_a_part_of_another_shape_counts_as_absent(three: Path, tmp_path: Path) -> None:
    first = cached(tmp_path / "cache", three)
    kept = Cache(tmp_path / "cache", [repr(Settings())])
    checkout = Checkout.open_checkout(str(three))
    name = json.dumps([checkout.root, ""])
    value = kept.read_value(name)
    assert isinstance(value, dict)
    assert isinstance(value["parts"], dict)
    value["parts"] = {key: {"patches": [], "findings": 3} for key in value["parts"]}
    kept.write_value(name, value)
    assert without_texts(cached(tmp_path / "cache", three)) == without_texts(first)


def test_the_program_knows_itself_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "p" / "__pycache__").mkdir(parents=True)
    (tmp_path / "p" / "a.py").write_text("1")
    first = fingerprint_program([tmp_path / "p"])
    (tmp_path / "p" / "__pycache__" / "a.pyc").write_text("x")
    assert fingerprint_program([tmp_path / "p"]) == first
    os.utime(tmp_path / "p" / "a.py", ns=(1, 1))
    second = fingerprint_program([tmp_path / "p"])
    (tmp_path / "p" / "deep").mkdir()
    (tmp_path / "p" / "deep" / "b.json").write_text("{}")
    assert (
        len(
            {
                first,
                second,
                fingerprint_program([tmp_path / "p"]),
                fingerprint_program([tmp_path / "missing"]),
            }
        )
        == 4
    )


def test_severity_and_safety_survive(three: Path, tmp_path: Path) -> None:
    first, second = (cached(tmp_path / "cache", three) for _ in range(2))
    assert [type(each.severity) for each in second.findings] == [Severity] * len(first.findings)
    assert [each.safety for each in second.proposals] == [each.safety for each in first.proposals]


def test_a_finding_that_was_declined_is_left_alone_with_that_reason(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop", **{"web.yaml": pod("web"), "api.yaml": pod("api")})
    checkout = Checkout.open_checkout(str(root))
    before = run_pipeline(checkout, FIXERS, Settings())
    declined = {before.proposals[0].findings[0]: "pull request #7 was closed"}
    after = run_pipeline(checkout, FIXERS, Settings(declined=declined))
    told = {each.id: (each.status, each.reason) for each in after.findings}
    assert [told[each] for each in declined] == [(Status.SUPPRESSED, "pull request #7 was closed")]
    assert not any(each in proposal.findings for proposal in after.proposals for each in declined)


def test_a_patch_names_the_findings_that_its_file_is_changed_for() -> None:
    report = run_pipeline(Checkout.open_checkout(str(ROOT / "examples")), FIXERS, Settings())
    rules = {each.id: each.rule for each in report.findings}
    fixed = {patch.path: {rules[one] for one in patch.fixed} for patch in report.patches}
    secret, tag = "secret-in-environment", "tag-condition-missing"
    assert fixed["terraform/iam.tf"] == {secret, tag}  # its role may read the secret that worker.tf takes
    assert fixed["kubernetes/kustomization.yaml"] == {secret}
    assert fixed["kubernetes/mailer-external-secret.yaml"] == {secret}
    assert fixed["kubernetes/mailer.yaml"] == {RULE, secret}
