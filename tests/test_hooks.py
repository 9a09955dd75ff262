"""The hooks of `.pre-commit-hooks.yaml` in a real repository, run by the real pre-commit.

pre-commit would build an environment from a package index; here the hooks run the program that is
installed, so that the test needs no network: `language: system`, and all else as it is shipped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fixbot.source.discover import ENDINGS

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
BAD = (
    '{"family": "web", "containerDefinitions": [{"name": "app", "image": "app:1", '
    '"logConfiguration": {"logDriver": "splunk"}}]}\n'
)
POLICY = '{"Version": "2012-10-17", "Statement": []}\n'
Commit = Callable[..., subprocess.CompletedProcess[str]]


def shipped() -> list[dict[str, object]]:
    loaded = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert isinstance(loaded, list)
    return loaded


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """A repository whose commits run one hook; called with a hook's id, it tries to commit what is staged."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Jo", "GIT_AUTHOR_EMAIL": "jo@example.org",
        "GIT_COMMITTER_NAME": "Jo", "GIT_COMMITTER_EMAIL": "jo@example.org",
    }  # fmt: skip
    repository = tmp_path / "shop"
    repository.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=repository, env=environment, capture_output=True, text=True, check=False
        )

    run("git", "init", "--quiet")

    def commit(hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        (chosen,) = (each for each in shipped() if each["id"] == hook)
        local = {**chosen, "language": "system", "args": list(arguments)}
        (repository / ".pre-commit-config.yaml").write_text(
            yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]})
        )
        run("git", "add", ".pre-commit-config.yaml")
        installed = run("pre-commit", "install")
        assert installed.returncode == 0, installed.stdout + installed.stderr
        return run("git", "commit", "--message", "Deploy")

    return commit


def stage(folder: Path, name: str, text: str) -> Path:
    path = folder / "shop" / name
    path.write_text(text)
    subprocess.run(["git", "--literal-pathspecs", "add", "--", str(path)], cwd=folder / "shop", check=True)
    return path


def test_a_commit_with_a_finding_stops_and_says_where(commit: Commit, tmp_path: Path) -> None:
    stage(tmp_path, "task.json", BAD)
    tried = commit("fixbot")
    assert tried.returncode == 1
    assert "task.json:1" in tried.stderr
    assert "readonly-root-filesystem" in tried.stderr


def test_a_commit_of_sound_files_goes_through(commit: Commit, tmp_path: Path) -> None:
    stage(tmp_path, "policy.json", POLICY)
    done = commit("fixbot")
    assert done.returncode == 0, done.stderr


def test_what_was_there_before_stops_nobody(commit: Commit, tmp_path: Path) -> None:
    stage(tmp_path, "old.json", BAD)
    subprocess.run(
        ["git", "-c", "user.name=Jo", "-c", "user.email=jo@example.org", "commit", "-qm", "Old"],
        cwd=tmp_path / "shop",
        check=True,
    )
    stage(tmp_path, "policy.json", POLICY)
    done = commit("fixbot")
    assert done.returncode == 0, done.stderr


def test_what_is_not_staged_stops_nobody(commit: Commit, tmp_path: Path) -> None:
    path = stage(tmp_path, "policy.json", POLICY)
    path.write_text(BAD)
    done = commit("fixbot")
    assert done.returncode == 0, done.stderr
    assert path.read_text() == BAD


def test_a_gate_can_be_set_higher(commit: Commit, tmp_path: Path) -> None:
    stage(tmp_path, "task.json", BAD)
    done = commit("fixbot", "--fail-on", "critical")
    assert done.returncode == 0, done.stderr


def test_the_second_hook_repairs_and_leaves_the_rest_to_the_reader(commit: Commit, tmp_path: Path) -> None:
    path = stage(tmp_path, "task.json", BAD)
    tried = commit("fixbot-fix")
    assert tried.returncode == 1
    assert "files were modified by this hook" in tried.stderr
    assert '"readonlyRootFilesystem": true' in path.read_text()
    stage(tmp_path, "task.json", path.read_text())
    again = commit("fixbot-fix")
    assert again.returncode == 0, again.stderr


ODD_NAMES = ("-rf.yaml", "-q.json", "--x.yml", "-.json", "--help.json", "--output.yml")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_begins_like_an_option_is_a_file(commit: Commit, tmp_path: Path, name: str) -> None:
    stage(tmp_path, name, BAD)
    tried = commit("fixbot", "--fail-on", "high")
    assert tried.returncode == 1
    assert f"{name}:1" in tried.stderr


OPTIONS = (
    "--exclude=*.json", "--include=zz.json", "--skip=readonly-root-filesystem,x.json", "--fail-on=never.json",
    "--config=evil.yml", "--only=x.json", "--format=x.json", "--since=HEAD.json", "--safety=safe.json",
)  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("hook", ["fixbot", "fixbot-fix"])
def test_no_name_of_a_file_becomes_an_option(commit: Commit, tmp_path: Path, name: str, hook: str) -> None:
    bad = stage(tmp_path, "task.json", BAD)
    stage(tmp_path, name, "{}\n")
    tried = commit(hook, "--fail-on", "high")
    assert tried.returncode == 1
    assert f"a file here is called {name!r}" in tried.stderr
    assert bad.read_text() == BAD


def test_no_name_of_a_file_says_where_the_report_goes(commit: Commit, tmp_path: Path) -> None:
    victim = tmp_path / "elsewhere" / "x.yml"
    victim.parent.mkdir()
    victim.write_text("mine\n")
    name = f"--output={victim}"
    (tmp_path / "shop" / name).parent.mkdir(parents=True)
    stage(tmp_path, name, "a: 1\n")
    stage(tmp_path, "task.json", BAD)
    assert commit("fixbot").returncode == 1
    assert victim.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1), (("--fail-on", "critical"), 0), (("--fail-on=critical",), 0),
        (("--exclude", "task.json"), 0), (("--",), 1),
        (("--skip", "readonly-root-filesystem", "--quiet"), 0), (("--no-such-option",), 1),
    ],
)  # fmt: skip
def test_options_stand_before_the_names_as_ever(
    commit: Commit, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    stage(tmp_path, "task.json", BAD)
    done = commit("fixbot", *arguments)
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("name", ["--exclude=*.json", "--quiet", "--format=json"])
def test_a_shell_s_star_gives_no_orders_either(tmp_path: Path, name: str) -> None:
    (tmp_path / "task.json").write_text(BAD)
    (tmp_path / name).write_text("{}\n")
    names = sorted(each.name for each in tmp_path.iterdir())

    def scan(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "fixbot"), "scan", ".", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    starred = scan(*names)
    assert starred.returncode == 2
    assert "put `--` before the names of files" in starred.stderr
    assert scan("--", *names).returncode == 1


def test_a_hook_sees_every_file_that_fixbot_reads() -> None:
    for hook in shipped():
        for ending in ENDINGS:
            assert re.search(str(hook["files"]), f"a/B{ending.upper()}"), ending
        assert not re.search(str(hook["files"]), "main.go")
