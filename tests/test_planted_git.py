"""Whatever programs a planted `.git` names, no command of fixbot's starts one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixbot.checkout.git import COMMANDS, SETTINGS
from tests.hub_runs import pod, world
from tests.typist import Typist

ROOT = Path(__file__).parent.parent
HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-rewrite", "post-update", "pre-applypatch", "pre-auto-gc",
    "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase", "pre-receive", "prepare-commit-msg",
    "proc-receive", "push-to-checkout", "reference-transaction", "sendemail-validate", "update",
)  # fmt: skip
PROGRAMS = {
    "core.fsmonitor": "{}", "core.editor": "{}", "core.pager": "{}", "core.askPass": "{}",
    "core.sshCommand": "{}", "core.gitProxy": "{}", "core.alternateRefsCommand": "{}",
    "core.hooksPath": "HOOKS", "sequence.editor": "{}", "pager.diff": "{}", "pager.status": "{}",
    "pager.config": "{}", "pager.ls-files": "{}", "diff.external": "{}", "diff.evil.command": "{}",
    "diff.evil.textconv": "{}", "diff.evil.xfuncname": "^(.*)$", "diff.tool": "evil",
    "difftool.evil.cmd": "{}", "merge.tool": "evil", "mergetool.evil.cmd": "{}",
    "merge.evil.driver": "{}", "merge.default": "evil", "filter.evil.clean": "{}",
    "filter.evil.smudge": "{}", "filter.evil.process": "{}", "filter.evil.required": "true",
    "filter.a=b.clean": "{}", "filter.c.d.clean": "{}", "credential.helper": "!{}",
    "credential.https://github.com.helper": "!{}", "gpg.program": "{}", "gpg.ssh.program": "{}",
    "gpg.x509.program": "{}", "gpg.format": "ssh", "gpg.ssh.defaultKeyCommand": "{}",
    "commit.gpgSign": "true", "tag.gpgSign": "true", "log.showSignature": "true", "user.signingKey": "x",
    "alias.status": "!{}", "alias.diff": "!{}", "alias.ls-files": "!{}", "alias.rev-parse": "!{}",
    "uploadpack.packObjectsHook": "{}", "remote.origin.uploadpack": "{}",
    "remote.origin.receivepack": "{}", "remote.origin.vcs": "evil", "remote.origin.promisor": "true",
    "extensions.partialClone": "origin", "remote.origin.proxy": "http://127.0.0.1:9",
    "trailer.x.command": "{}", "trailer.x.cmd": "{}", "interactive.diffFilter": "{}",
    "sendemail.smtpServer": "{}", "browser.x.cmd": "{}", "help.browser": "x", "instaweb.browser": "x",
    "man.x.cmd": "{}", "web.browser": "x", "core.gvfs": "{}", "imap.tunnel": "{}",
    "hook.evil.command": "{}", "hook.evil.event": "pre-commit", "submodule.sub.update": "!{}",
    "submodule.recurse": "true", "submodule.sub.ignore": "none", "diff.ignoreSubmodules": "none",
    "status.submoduleSummary": "true", "diff.submodule": "log", "fetch.recurseSubmodules": "true",
    "trace2.eventTarget": "MARKER", "trace2.normalTarget": "MARKER", "ssh.variant": "simple",
    "init.templateDir": "HOOKS", "core.untrackedCache": "true", "color.ui": "always",
}  # fmt: skip
FILES = {"pod.yaml": pod("api"), "main.tf": "locals {}\n", "a.json": "{}\n"}
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n*.tf filter=a=b\n*.json filter=c.d\n"


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def plant(folder: Path, marks: Path) -> None:
    """A program at every place of `.git` that may name one; each leaves a mark of its own."""
    marks.mkdir()

    def evil(name: str) -> str:
        file = marks.parent / "evil" / name.replace("/", "_").replace(":", "_")
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch '{marks}/{file.name}'\ncat\n")
        file.chmod(0o755)
        return str(file)

    hooks = folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        shutil.copy(evil(f"hook {name}"), hooks / name)
    for key, value in PROGRAMS.items():
        said = value.format(evil(key)).replace("HOOKS", str(hooks)).replace("MARKER", str(marks / key))
        git(folder, "config", "--file", ".git/config", key, said)
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_text(ATTRIBUTES)


def founded(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def with_plants(folder: Path) -> Path:
    """Put a submodule into the index, and plants into both; their files look changed to git."""
    beside = folder.parent
    git(folder, "submodule", "add", "-q", str(founded(beside / "other")), "sub")
    for key in ("filter.evil.clean", "filter.evil.process", "core.fsmonitor"):
        script = beside / f"sub-{key}"
        script.write_text(f"#!/bin/sh\ntouch '{beside}/marks/sub {key}'\ncat\n")
        script.chmod(0o755)
        git(folder, "config", "--file", str(folder / ".git/modules/sub/config"), key, str(script))
    (folder / "sub/.gitattributes").write_text(ATTRIBUTES)
    plant(folder, beside / "marks")
    for file in (*folder.glob("*.*"), *folder.glob("sub/*.*")):
        os.utime(file, (1, 1))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = founded(tmp_path / "shop")
    (folder / "more.yaml").write_text(pod("more"))
    (folder / ".gitattributes").write_text(ATTRIBUTES)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    return with_plants(folder)


def environment(shop: Path, **more: str) -> dict[str, str]:
    """A PATH whose first `git` writes down how it was called, and goes on as git."""
    stub = shop.parent / "bin/git"
    if not stub.exists():
        stub.parent.mkdir()
        real = shutil.which("git")
        stub.write_text(
            f"#!{sys.executable} -IS\nimport json, os, sys\n"
            f"with open({str(shop.parent / 'calls')!r}, 'a') as file:\n"
            "    file.write(json.dumps(sys.argv[1:]) + '\\n')\n"
            f"os.execv({real!r}, [{real!r}, *sys.argv[1:]])\n"
        )
        stub.chmod(0o755)
    home = shop.parent / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(home / "cache"), **more,
    }  # fmt: skip


def calls(shop: Path) -> list[list[str]]:
    return [json.loads(line) for line in (shop.parent / "calls").read_text().splitlines()]


def marks(shop: Path) -> list[str]:
    return sorted(each.name for each in (shop.parent / "marks").iterdir())


def run(shop: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fixbot", *words],
        cwd=shop, env=environment(shop, **(more or {})), capture_output=True, text=True, check=False,
    )  # fmt: skip


LOCAL = (
    ("scan", "."), ("scan", "pod.yaml"), ("run", "."), ("run", ".", "--write"), ("run", ".", "--branch"),
    ("run", ".", "--since", "HEAD~1"), ("run", "sub"), ("run", "sub", "--branch"), ("init",),
    ("init", "--dry-run"),
)  # fmt: skip


def check_calls(shop: Path) -> None:
    """Every call has what the table says it always has, right after its name, and the settings before it."""
    found = calls(shop)
    assert found
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    for words in found:
        assert words[: len(settings) + 1] == ["--no-pager", *settings], words
        name, *rest = words[len(settings) + 1 :]
        always = COMMANDS[name]  # type: ignore[index]
        assert tuple(rest[: len(always)]) == always, words
        assert not {"--ext-diff", "--textconv", "--recurse-submodules", "--filters"}.intersection(rest)


@pytest.mark.parametrize("words", LOCAL, ids=" ".join)
def test_no_command_starts_what_a_repository_names(shop: Path, words: tuple[str, ...]) -> None:
    done = run(shop, *words)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    check_calls(shop)
    assert marks(shop) == []


def test_the_review_starts_nothing_either(shop: Path) -> None:
    with Typist(["run", "--review"], shop, environment(shop, TERM="xterm")) as typist:
        typist.answer("y")
        typist.end()
    check_calls(shop)
    assert marks(shop) == []


def test_the_check_of_a_pull_request_starts_nothing_either(shop: Path) -> None:
    (shop.parent / "temp").mkdir()
    head, base = git(shop, "rev-parse", "HEAD"), git(shop, "rev-parse", "HEAD~1")
    event = shop.parent / "event.json"
    repository = {"id": 1, "default_branch": "main"}
    pull = {"number": 1, "base": {"sha": base, "repo": repository}, "head": {"sha": head, "repo": {"id": 2}}}
    event.write_text(json.dumps({"pull_request": pull, "repository": repository}))
    done = run(shop, "action", more={
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "shop/deploy", "GITHUB_SHA": head, "RUNNER_TEMP": str(shop.parent / "temp"),
    })  # fmt: skip
    assert "Traceback" not in done.stdout
    assert "more.yaml" in done.stdout
    check_calls(shop)
    assert {words[len(SETTINGS) * 2 + 1] for words in calls(shop)} >= {"diff", "rev-parse"}
    assert marks(shop) == []


def test_pull_requests_start_nothing_either(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    with world(tmp_path / "world", FILES) as made:
        git(tmp_path, "clone", "-q", str(made.hub.path(*made.repo.full_name.split("/"))), str(shop))
        with_plants(shop)
        url = f"{made.server.server_url}/{made.repo.full_name}.git"
        git(shop, "config", "--file", ".git/config", "remote.origin.url", url)
        for _ in range(2):
            done = run(shop, "run", ".", "--pr", more=made.environment | environment(shop))
            assert "Traceback" not in done.stderr
            assert done.returncode == 0, done.stderr
        assert made.ours()
    check_calls(shop)
    assert {words[len(SETTINGS) * 2 + 1] for words in calls(shop)} >= {"remote", "status", "ls-tree"}
    assert marks(shop) == []


def test_the_plants_are_real(shop: Path) -> None:
    for words in (("status",), ("diff",), ("add", "-A"), ("commit", "-m", "x"), ("log", "-p", "--ext-diff")):
        subprocess.run(["git", *words], cwd=shop, check=False, capture_output=True)
    assert {"core.fsmonitor", "filter.evil.process", "sub filter.evil.process"} <= {*marks(shop)}
