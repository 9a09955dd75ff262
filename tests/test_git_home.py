"""A planted `.git` never makes fixbot write into another folder, branch or repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fixbot.checkout import Checkout, FileChange, Scope
from fixbot.checkout.changed_lines import list_changes, read_touched_lines
from fixbot.checkout.commit_on_branch import MARKS, BranchCommit, commit_on_branch
from fixbot.checkout.git import COMMANDS, Git
from fixbot.checkout.git_home import repositories_above, stranger_folders
from fixbot.model.findings import Refusal
from fixbot.programs.lookup import find_program

TASK, FIXED = b'{"family": "web"}\n', b'{"family": "web", "x": 1}\n'


@pytest.fixture(autouse=True)
def _own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    configuration = tmp_path_factory.mktemp("home") / "gitconfig"
    configuration.write_text("[init]\ndefaultBranch = main\n[user]\nname = Ann\nemail = ann@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *words: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder, input=stdin, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "task.json").write_bytes(TASK)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def refs(folder: Path) -> str:
    return git(folder, "for-each-ref", "--format=%(refname) %(objectname)")


def put(folder: Path, branch: str = "fixbot/rule/key") -> BranchCommit | Refusal:
    return commit_on_branch(
        Checkout.open_checkout(str(folder)), branch, [FileChange("task.json", TASK, FIXED)], "m"
    )


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return repository(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return repository(tmp_path / "theirs")


@pytest.mark.parametrize("kind", ["branch", "mark"])
def test_a_symbolic_ref_moves_nobody_s_branch(ours: Path, kind: str) -> None:
    main = git(ours, "rev-parse", "main")
    ref = "refs/heads/fixbot/rule/key" if kind == "branch" else f"{MARKS}fixbot/rule/key"
    git(ours, "symbolic-ref", ref, "refs/heads/main")
    if kind == "branch":
        git(ours, "update-ref", f"{MARKS}fixbot/rule/key", main)
    refused = put(ours)
    assert isinstance(refused, Refusal)
    assert "symbolic ref" in refused.reason
    assert git(ours, "rev-parse", "main") == main


@pytest.mark.parametrize(
    "place",
    [
        "refs/heads/fixbot", "refs/fixbot", "logs/refs/heads/fixbot", "logs/refs/heads/fixbot/rule/key",
        "logs/refs/fixbot", "objects/pack", "objects/ab", "logs", "objects",
    ],
)  # fmt: skip
def test_nothing_is_written_through_a_link_inside_git(ours: Path, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    link = ours / ".git" / place
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_dir():
        link.rename(outside)
    outside.mkdir(exist_ok=True)
    before = sorted(outside.rglob("*"))
    link.symlink_to(outside)
    refused = put(ours)
    assert isinstance(refused, Refusal)
    assert "symbolic link" in refused.reason
    assert sorted(outside.rglob("*")) == before


@pytest.mark.parametrize("way", ["file", "link", "commondir", "own folder with commondir", "worktree file"])
def test_another_repository_is_not_written_to(ours: Path, theirs: Path, way: str) -> None:
    before = refs(theirs)
    dot = ours / ".git"
    if way == "commondir":
        (dot / "commondir").write_text(str(theirs / ".git"))
    elif way == "own folder with commondir":
        dot.rename(ours / "g")
        (ours / "g/commondir").write_text(str(theirs / ".git"))
        (ours / "g/gitdir").write_text(str(dot))
        dot.write_text("gitdir: g\n")
    else:
        dot.rename(ours.parent / "away")
        if way == "link":
            dot.symlink_to(theirs / ".git")
        elif way == "file":
            dot.write_text(f"gitdir: {theirs / '.git'}\n")
        else:
            git(theirs, "worktree", "add", "-q", str(theirs.parent / "tree"))
            before = refs(theirs)
            dot.write_text(f"gitdir: {theirs / '.git/worktrees/tree'}\n")
    assert isinstance(put(ours), Refusal)
    checkout = Checkout.open_checkout(str(ours))
    assert checkout.git is None
    assert "git is not used here" in checkout.notes[0]
    assert "task.json" in [entry.path for entry in checkout.entries]
    assert refs(theirs) == before


@pytest.mark.parametrize("where", ["..", "../theirs", "/"])
def test_a_work_tree_elsewhere_is_not_believed(ours: Path, theirs: Path, where: str) -> None:
    git(ours, "config", "core.worktree", f"../{where}" if where.startswith(".") else where)
    checkout = Checkout.open_checkout(str(ours))
    assert checkout.git is None
    assert checkout.top == checkout.root == str(ours)
    assert isinstance(put(ours), Refusal)


def test_worktrees_and_submodules_are_repositories_all_the_same(ours: Path, theirs: Path) -> None:
    git(ours, "worktree", "add", "-q", str(ours.parent / "tree"))
    git(ours, "submodule", "add", "-q", str(theirs), "sub")
    assert isinstance(put(ours.parent / "tree"), BranchCommit)
    assert isinstance(put(ours / "sub"), BranchCommit)
    assert "fixbot/rule/key" in refs(ours)
    assert "fixbot/rule/key" in git(ours / "sub", "branch", "-a")


def test_a_submodule_s_filters_do_not_run(ours: Path, theirs: Path, tmp_path: Path) -> None:
    git(ours, "submodule", "add", "-q", str(theirs), "sub")
    git(ours, "commit", "-qm", "sub")
    marker = tmp_path / "marker"
    git(ours / "sub", "config", "filter.evil.clean", f"sh -c 'touch {marker}; cat'")
    (ours / "sub/.gitattributes").write_text("* filter=evil\n")
    os.utime(ours / "sub/task.json", (1, 1))
    git(ours, "config", "diff.ignoreSubmodules", "none")
    git(ours, "config", "submodule.sub.ignore", "none")
    mine = Git(str(ours))
    mine.run_command("status", "--", ".")
    Checkout.open_checkout(str(ours), Scope(since="HEAD"))
    assert not marker.exists()
    git(ours, "status")  # the trap is real: git itself walks into it
    assert marker.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("color.diff", "always"), ("color.ui", "always"), ("diff.interHunkContext", "1000"),
        ("diff.external", "false"), ("diff.orderFile", "missing"), ("diff.renames", "copies"),
        ("diff.relative", "true"), ("diff.noprefix", "true"), ("core.bigFileThreshold", "1"),
        ("diff.algorithm", "patience"), ("diff.suppressBlankEmpty", "true"), ("diff.wsErrorHighlight", "all"),
        ("core.pager", "false"), ("diff.dirstat", "lines"), ("diff.context", "0"),
        ("diff.colorMoved", "zebra"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("attributes", ["", "* -diff\n", "* binary\n", "* diff=evil\n", "* -text\n"])
def test_no_configuration_hides_a_touched_line(ours: Path, key: str, value: str, attributes: str) -> None:
    lines = [f"{n}\n" for n in range(1, 21)]
    (ours / "a.yaml").write_text("".join(lines))
    git(ours, "add", "-A")
    git(ours, "commit", "-qm", "before")
    lines[2], lines[17] = "x\n", "y\n"
    (ours / "a.yaml").write_text("".join(lines))
    if attributes:
        (ours / ".gitattributes").write_text(attributes)
    git(ours, "add", "-A")
    git(ours, "commit", "-qm", "after")
    git(ours, "config", key, value)
    git(ours, "config", "diff.evil.binary", "true")
    start = git(ours, "rev-parse", "HEAD~1")
    found = read_touched_lines(Git(str(ours)), start, list_changes(Git(str(ours)), start))
    assert [n for n in range(1, 21) if ("a.yaml", n) in found] == [3, 18]


@pytest.mark.parametrize("key", ["core.excludesFile", "core.attributesFile"])
def test_files_that_a_configuration_names_are_not_opened(ours: Path, tmp_path: Path, key: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    git(ours, "config", key, str(tmp_path / "pipe"))
    assert [entry.path for entry in Checkout.open_checkout(str(ours)).entries] == ["task.json"]


@pytest.mark.parametrize(
    "place",
    [
        ".gitignore",
        "sub/.gitignore",
        ".git/info/exclude",
        ".git/index",
        ".git/HEAD",
        ".git/config",
        ".git/packed-refs",
    ],
)
def test_a_pipe_where_git_reads_costs_its_time_and_no_more(
    ours: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("fixbot.checkout.git.QUICK_SECONDS", 1)
    pipe = ours / place
    pipe.parent.mkdir(exist_ok=True, parents=True)
    (pipe.parent / "a.yaml").touch()
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    checkout = Checkout.open_checkout(str(ours))
    assert "task.json" in [entry.path for entry in checkout.entries]
    assert checkout.git is not None or checkout.notes
    assert isinstance(put(ours), BranchCommit | Refusal)


def test_a_user_s_own_list_of_ignored_files_counts_still(ours: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("*.log\n")
    git(ours, "config", "--global", "core.excludesFile", str(tmp_path / "mine"))
    git(ours, "config", "core.excludesFile", os.devnull)
    (ours / "a.log").touch()
    assert [entry.path for entry in Checkout.open_checkout(str(ours)).entries] == ["task.json"]


@pytest.mark.parametrize("word", ["--ext-diff", "--textconv", "--recurse-submodules", "--filters"])
def test_what_would_run_programs_can_not_be_asked_for(ours: Path, word: str) -> None:
    with pytest.raises(ValueError, match="never called with"):
        Git(str(ours)).run_command("diff", word, "HEAD")
    with pytest.raises(KeyError):
        Git(str(ours)).run_command("log")  # type: ignore[arg-type]
    assert "log" not in COMMANDS


@pytest.mark.parametrize("entry", ["", ".", "bin", "HERE", "HERE/bin"])
def test_git_is_not_looked_for_in_a_checkout(
    ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    marker = tmp_path / "marker"
    for folder in (ours, ours / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(f"#!/bin/sh\ntouch {marker}\n")
        (folder / "git").chmod(0o755)
    (tmp_path / "links").symlink_to(ours)
    monkeypatch.chdir(ours)
    first = os.pathsep.join([entry.replace("HERE", str(ours)), str(tmp_path / "links")])
    monkeypatch.setenv("PATH", f"{first}{os.pathsep}{os.environ['PATH']}")
    checkout = Checkout.open_checkout(str(ours))
    assert checkout.git is not None
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["planted", "submodule"])
def test_nor_in_a_larger_one_that_it_lies_in(
    ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    marker, inner = tmp_path / "marker", ours / "deploy" / "inner"
    (ours / "bin").mkdir()
    for name in ("git", "cfn-lint"):
        (ours / "bin" / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (ours / "bin" / name).chmod(0o755)
    inner.mkdir(parents=True)
    if kind == "planted":
        subprocess.run(["git", "init", "-q", str(inner)], check=True)
    else:
        (inner / ".git").write_text("gitdir: ../../.git/modules/inner\n")
    monkeypatch.chdir(inner)
    monkeypatch.setenv("PATH", f"{ours}/bin{os.pathsep}{os.environ['PATH']}")
    Checkout.open_checkout(str(inner))
    assert not marker.exists()
    assert find_program("cfn-lint", str(ours / "bin"), stranger_folders(str(inner))) is None


def test_a_home_that_is_a_repository_is_no_strangers(
    ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    assert repositories_above(str(ours)) == (str(ours),)
    assert repositories_above(str(tmp_path)) == (str(tmp_path),)


def test_git_gets_no_token_and_nothing_that_makes_it_run_programs(
    ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "bin/git"
    stub.parent.mkdir()
    seen = tmp_path / "seen"
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    stub.write_text(f'#!/bin/sh\nenv >> {seen}\nexec {real} "$@"\n')
    stub.chmod(0o755)
    for name in (
        "GITHUB_TOKEN", "GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD_X", "PYTHONPATH", "GIT_SSH_COMMAND",
        "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_TRACE2_EVENT", "GIT_ASKPASS", "SSH_ASKPASS", "EDITOR", "PAGER",
        "GIT_DIR", "GIT_CONFIG_PARAMETERS", "GIT_TEMPLATE_DIR", "GIT_PROXY_COMMAND", "GIT_ATTR_SOURCE",
    ):  # fmt: skip
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("PATH", f"{stub.parent}{os.pathsep}{os.environ['PATH']}")
    assert isinstance(put(ours), BranchCommit)
    assert "canary" not in seen.read_text()
