"""The Action's own file, its setup, and the parts that need no repository."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fixbot.actions.annotations import MOST, annotate_findings
from fixbot.actions.event import Mode, decide_mode, read_event
from fixbot.actions.inputs import PREFIX
from fixbot.actions.pull_request_check import PullRequestCheck
from fixbot.actions.summary import SummaryPage, render_summary
from fixbot.actions.workflow_commands import format_annotation, format_output, mask_commands
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Finding, Report, Safety, Severity, Status
from fixbot.model.run_stats import Stats
from tests.action_expressions import evaluate, filled, holds
from tests.action_log import read
from tests.action_runner import PIN, ROOT, Machine, parsed

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
CALLED = yaml.safe_load((ROOT / ".github" / "workflows" / "fixbot-reusable.yml").read_text())
LOCK = (ROOT / "requirements-runtime.lock").read_text()
FINDING = Finding(
    "1", "readonly-root-filesystem", Severity.HIGH, Safety.REVIEW, "a.json", 3, 1, "container a", "is open",
    (), Status.FIXED,
)  # fmt: skip


def report(*findings: Finding) -> Report:
    return Report(Stats(), findings, (), (), ())


def test_every_input_and_output_is_described_and_no_input_is_needed() -> None:
    for each in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert each["description"].strip()
    assert all("default" in each and not each.get("required") for each in ACTION["inputs"].values())


def test_inputs_reach_the_program_by_the_environment_alone() -> None:
    (step,) = (each for each in ACTION["runs"]["steps"] if each.get("id") == "fixbot")
    given = " ".join(step["env"].values())
    own = set(re.findall(r"inputs\.([\w-]+)", given))
    assert own == set(ACTION["inputs"]) - {"upload-sarif"}
    names = {name for name in step["env"] if name.startswith(PREFIX)}
    assert names == {
        PREFIX + name.upper().replace("-", "_") for name in own - {"token", "app-id", "app-private-key"}
    }
    assert not [each for each in ACTION["runs"]["steps"] if "${{" in each.get("run", "")]


def test_the_called_workflow_has_the_same_inputs_with_the_same_defaults() -> None:
    called = CALLED[True]["workflow_call"]  # YAML 1.1 reads `on` as yes
    own = {name: each["default"] for name, each in ACTION["inputs"].items()}
    theirs = {name: each["default"] for name, each in called["inputs"].items() if name != "runs-on"}
    theirs = {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in theirs.items()
    }
    left_out = {"token", "app-private-key", "upload-sarif"}  # which needs a right that few callers give
    assert theirs == {name: value for name, value in own.items() if name not in left_out}
    (step,) = (each for each in CALLED["jobs"]["fixbot"]["steps"] if each.get("id") == "fixbot")
    assert set(step["with"]) == set(own) - {"token", "upload-sarif"}
    assert set(called["outputs"]) == set(ACTION["outputs"]) - {"sarif-file", "report-file"}


WORKFLOWS = sorted([*(ROOT / ".github" / "workflows").glob("fixbot*.yml"), ROOT / "action.yml"])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_the_actions_of_others_are_pinned_by_commit_with_their_version(file: Path) -> None:
    for line in file.read_text().split("\n"):
        if found := re.match(r"\s*(?:- )?uses: (\S+)(.*)", line):
            own = found[1] == "$/."
            assert own or (PIN.fullmatch(found[1]) and re.fullmatch(r" # v\d+\.\d+\.\d+", found[2])), line


def test_the_lock_of_the_action_is_what_fixbot_needs_and_nothing_else() -> None:
    needed: set[str] = set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(each) for each in project["dependencies"]]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        needed.add(name)
        for each in map(Requirement, metadata.requires(name) or ()):
            extras = {"", *one.extras}
            wanted = each.marker is None or any(each.marker.evaluate({"extra": e}) for e in extras)
            if wanted and (canonicalize_name(each.name) not in needed or each.extras):
                waiting.append(each)
    elsewhere = {
        canonicalize_name(found[1])
        for found in re.finditer(r"^([\w.-]+)==\S+ ; (.*?) \\$", LOCK, re.MULTILINE)
        if not Requirement(f"x; {found[2]}").marker.evaluate()  # type: ignore[union-attr]
    }
    assert {canonicalize_name(name) for name in pinned(LOCK)} - elsewhere == needed


def pinned(lock: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
    assert lock.count("--hash=sha256:") >= len(found)
    return dict(found)


def test_the_lock_of_the_action_agrees_with_the_lock_that_is_tested() -> None:
    whole = pinned((ROOT / "requirements.lock").read_text())
    assert {name: whole.get(name) for name in pinned(LOCK)} == pinned(LOCK)


def wheel(folder: Path, name: str, text: str) -> str:
    """A library of one module, made by hand; returns its hash."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    parts = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(body.encode()).digest()).rstrip(b'=').decode()},"
        for path, body in parts.items()
    ]
    with zipfile.ZipFile(file, "w") as archive:
        for path, body in {**parts, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"}.items():
            archive.writestr(zipfile.ZipInfo(path), body)
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A runner with the Action from a checkout of its own, whose one locked library lies in a folder."""
    action = tmp_path / "action"
    action.mkdir()
    for name in ("action.yml", "fixbot", "fixers", "scripts", "docs", "config"):
        (action / name).symlink_to(ROOT / name)
    (action / "scripts").unlink()
    (action / "scripts").mkdir()
    (action / "scripts" / "action_setup.py").write_bytes((ROOT / "scripts" / "action_setup.py").read_bytes())
    digest = wheel(tmp_path / "index", "tiny", "WORD = 'as locked'\n")
    (action / "requirements-runtime.lock").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "task.json").write_text('{"family": "a", "containerDefinitions": []}')
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index"), "PIP_USER": "1"}
    variables |= {"GITHUB_EVENT_NAME": "release"}
    return Machine(tmp_path / "machine", tmp_path / "work", {}, variables, action)


def lend(machine: Machine) -> Callable[[], None]:
    """Let the Action's environment see the libraries of this one, as if they had been in its lock."""
    site = machine.folder / "temp" / "fixbot-venv"

    def libraries() -> None:
        (purelib,) = site.glob("lib/python*/site-packages")
        (purelib / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

    return libraries


def test_from_nothing_it_installs_what_is_locked_and_runs(machine: Machine) -> None:
    machine.folder.mkdir()
    first = machine.run("found")
    steps: dict[str, Any] = {name: each["outputs"] for name, each in first.steps.items()}
    assert steps["found"]["python"]
    named = machine.run("libraries", steps)
    steps["libraries"] = named.steps["libraries"]["outputs"]
    done = machine.run("installed", steps)
    assert done.code == 0, done.printed
    steps["installed"] = done.steps["installed"]["outputs"]
    lend(machine)()
    ran = machine.run("fixbot", steps)
    assert ran.code == 0, ran.printed
    assert ran.outputs["findings"] == "0"
    assert not (machine.workspace / "fixbot").exists()


def test_all_steps_in_a_row_with_the_actions_of_others_given_what_they_know(machine: Machine) -> None:
    machine.folder.mkdir()
    ran = machine.run(upload_sarif="true")
    assert next(iter(ran.used)) == "actions/cache"
    assert ran.used["actions/cache"]["key"].startswith("fixbot-wheels-")
    assert ran.used["actions/cache"]["path"] == str(machine.folder / "temp" / "fixbot-wheels")
    assert "actions/setup-python" not in ran.used  # there was one


def test_what_a_cache_holds_is_checked_like_anything_else(machine: Machine, tmp_path: Path) -> None:
    machine.folder.mkdir()
    machine.environment()
    wheel(machine.folder / "temp" / "fixbot-wheels", "tiny", "WORD = 'poisoned'\n")
    done = machine.run("installed", {"found": {"python": sys.executable}})
    assert done.code == 0, done.printed
    (module,) = (machine.folder / "temp" / "fixbot-venv").glob("lib/python*/site-packages/tiny.py")
    assert module.read_text() == "WORD = 'as locked'\n"


def test_what_is_not_as_locked_is_never_installed(machine: Machine, tmp_path: Path) -> None:
    machine.folder.mkdir()
    wheel(tmp_path / "index", "tiny", "WORD = 'replaced'\n")
    done = machine.run("installed", {"found": {"python": sys.executable}})
    assert done.code == 1
    assert done.log.of("error")[0].data == "its libraries can't be installed; the lines above say why"
    assert not list((machine.folder / "temp").glob("fixbot-venv/lib/python*/site-packages/tiny.py"))


def test_without_a_python_that_fits_one_is_set_up(machine: Machine) -> None:
    machine.folder.mkdir()
    tools = machine.folder / "tools"
    tools.mkdir()
    for name in ("python3", "python"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    path = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    ran = replace(machine, variables={**machine.variables, **path}).run("found")
    assert ran.steps["found"]["outputs"] == {}
    setup = {"setup": {"python-path": sys.executable}}
    again = replace(machine, variables={**machine.variables, **path}).run("libraries", setup)
    assert again.code == 0, again.printed


def test_the_key_changes_with_the_lock(machine: Machine) -> None:
    machine.folder.mkdir()
    known = {"found": {"python": sys.executable}}
    one = machine.run("libraries", known).steps["libraries"]["outputs"]["key"]
    assert machine.run("libraries", known).steps["libraries"]["outputs"]["key"] == one
    with (machine.action / "requirements-runtime.lock").open("a") as file:
        file.write("# more\n")
    assert machine.run("libraries", known).steps["libraries"]["outputs"]["key"] != one


def test_at_a_desk_the_command_says_what_to_call_instead(tmp_path: Path) -> None:
    from tests.test_cli import fixbot  # noqa: PLC0415

    done = fixbot("action", at=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == "fixbot: `fixbot action` is a step of GitHub Actions; at a desk: fixbot run\n"
    assert "action" not in fixbot("--help", at=tmp_path).out


PULL = {"pull_request": {"number": 7, "base": {"sha": "b", "repo": {"id": 1}}, "head": {"repo": {"id": 1}}}}
REPO = {"repository": {"default_branch": "main"}}


@pytest.mark.parametrize(
    ("mode", "name", "ref", "payload", "does"),
    [
        ("auto", "pull_request", "refs/pull/7/merge", PULL, "check"),
        ("auto", "schedule", "refs/heads/main", REPO, "pull-requests"),
        ("auto", "workflow_dispatch", "refs/heads/main", REPO, "pull-requests"),
        ("auto", "workflow_dispatch", "refs/heads/topic", REPO, "scan"),
        ("auto", "push", "refs/heads/main", REPO, "pull-requests"),
        ("auto", "push", "refs/tags/v1", REPO, "scan"),
        ("auto", "schedule", "refs/heads/main", {}, "pull-requests"),
        ("auto", "merge_group", "refs/heads/gh-readonly-queue/main/x", REPO, "check"),
        ("scan", "pull_request", "refs/pull/7/merge", PULL, "scan"),
        ("check", "schedule", "refs/heads/main", REPO, "scan"),
        ("pull-requests", "release", "refs/tags/v1", REPO, "pull-requests"),
        ("auto", "", "", "no map", "scan"),
    ],
)
def test_the_occasion_decides(mode: str, name: str, ref: str, payload: object, does: str) -> None:
    of = read_event({"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref}, payload)
    assert decide_mode(Mode(mode), of)[0] == does


def test_rights_of_the_base_are_never_used_on_what_a_stranger_wrote() -> None:
    of = read_event({"GITHUB_EVENT_NAME": "pull_request_target"}, PULL)
    for mode in (Mode.AUTO, Mode.CHECK, Mode.PULL_REQUESTS):
        with pytest.raises(FixbotError, match="let the workflow run on pull_request instead"):
            decide_mode(mode, of)


def test_a_deleted_fork_counts_as_foreign() -> None:
    gone = {"pull_request": {"number": 7, "base": {"repo": {"id": 1}}, "head": {"repo": None}}}
    assert read_event({}, gone).foreign
    assert not read_event({}, PULL).foreign


def test_a_page_that_is_too_long_is_cut_between_its_parts() -> None:
    many = tuple(
        replace(FINDING, status=Status.REFUSED, reason="y" * 9000, path=f"{n}.json") for n in range(500)
    )
    short = render_summary(SummaryPage(report(*many)), most=3000)
    assert len(short.encode()) <= 3000
    assert short.endswith(
        "_Cut here, at GitHub's limit for summaries. The report file of this run has all of it._\n"
    )
    assert short.count("<details>") == short.count("</details>")
    assert len(render_summary(SummaryPage(report(*many))).encode()) < 2**20


def test_ten_annotations_of_a_kind_and_no_more() -> None:
    many = tuple(replace(FINDING, severity=each, line=n) for n in range(1, 31) for each in Severity)
    kinds = [line.split(" ")[0] for line in annotate_findings(PullRequestCheck(many), ())]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "::error": MOST,
        "::warning": MOST,
        "::notice": MOST,
    }


def test_what_is_escaped_comes_back_as_it_was() -> None:
    nasty = "100%\n::error::a,b:c%0A"
    (said,) = read(format_annotation("warning", nasty, title=nasty, path=nasty, line=3)).commands
    assert (said.data, said.fields["title"], said.fields["file"]) == (nasty, nasty, nasty)
    (seen,) = read(format_annotation("notice", "a\rb\x1b[31m\u202e\U000e0041", path="x\u200b")).commands
    assert (seen.data, seen.fields["file"]) == (r"a\x0db\x1b[31m\u202e\U000e0041", r"x\u200b")
    hidden = [each.data for line in mask_commands("one%\r\ntwo\n\n") for each in read(line).commands]
    assert hidden == ["one%", "two"]


def test_an_output_can_hold_anything_but_its_own_end() -> None:
    value = "a\nb<<c\nEOF\nfixed=9"
    assert parsed(format_output("x", value, "word") + format_output("y", "", "word")) == {"x": value, "y": ""}
    with pytest.raises(ValueError, match="delimiter"):
        format_output("x", "a word", "word")


def test_the_reader_of_expressions() -> None:
    contexts = {"steps": {"a": {"outputs": {"b-c": "Yes"}}}, "inputs": {"x": ""}}
    functions = {"success": lambda: False, "cancelled": lambda: False}
    assert (
        filled("${{ steps.a.outputs.b-c || 'no' }}-${{ steps.z.outputs.q }}", contexts, functions) == "Yes-"
    )
    assert evaluate("(inputs.x == '' && !false) != true", contexts, functions) is False
    assert not holds("steps.a.outputs.b-c == 'yes'", contexts, functions)
    assert holds("${{ !cancelled() && steps.a.outputs.b-c == 'yes' }}", contexts, functions)
    with pytest.raises(AssertionError):
        evaluate("hashFiles('x')", contexts, functions)


def test_the_table_of_inputs_and_outputs_is_the_one_of_the_action() -> None:
    page = (ROOT / "docs" / "github-action.md").read_text()
    inputs = [
        f"| `{name}` | {code(each['default'])} | {line(each['description'])} |"
        for name, each in ACTION["inputs"].items()
    ]
    outputs = [f"| `{name}` | {line(each['description'])} |" for name, each in ACTION["outputs"].items()]
    for heads, rows in (
        ("| input | default | what |\n|---|---|---|", inputs),
        ("| output | what |\n|---|---|", outputs),
    ):
        assert "\n".join([heads, *rows]) + "\n\n" in page, "\n".join([heads, *rows])


def code(value: str) -> str:
    return f"`{value}`" if value else "empty"


def line(text: str) -> str:
    return " ".join(text.split())


def test_the_page_speaks_of_actions_by_their_pins() -> None:
    page = (ROOT / "docs" / "github-action.md").read_text()
    known = json.loads((ROOT / "tests" / "data" / "action_inputs.json").read_text())
    for uses in re.findall(r"uses: (\S+)", page):
        assert uses in known or uses.startswith("fixbot-dev/fixbot"), uses
