"""A checkout on disk, with real git: what is listed, by which key, and commits on branches."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout, Content, FileChange, Globs, Scope, hash_blob
from fixbot.checkout.commit_on_branch import BranchCommit, commit_on_branch
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Refusal

TASK = b'{"family": "web"}\n'
FIXED = b'{"family": "web", "x": 1}\n'


def git(folder: Path, *words: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(autouse=True)
def _own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    configuration = tmp_path_factory.mktemp("home") / "gitconfig"
    configuration.write_text("[init]\ndefaultBranch = main\n[user]\nname = Ann\nemail = ann@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "deploy").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "deploy/task.json").write_bytes(TASK)
    (folder / "main.tf").write_text("locals {}\n")
    (folder / "run.yaml").write_text("a: 1\n")
    (folder / "run.yaml").chmod(0o755)
    (folder / ".gitignore").write_text("*.log\n/out/\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def paths(checkout: Checkout) -> list[str]:
    return [entry.path for entry in checkout.entries]


def test_tracked_and_untracked_files_are_listed_and_ignored_ones_are_not(repo: Path) -> None:
    (repo / "new.yaml").write_text("b: 1\n")
    (repo / "noise.log").write_text("x")
    (repo / "node_modules/m").mkdir(parents=True)
    (repo / "node_modules/m/a.yaml").write_text("x")
    (repo / "main.tf").unlink()
    checkout = Checkout.open_checkout(str(repo))
    assert paths(checkout) == [".gitignore", "deploy/task.json", "new.yaml", "run.yaml"]
    assert checkout.listed == 4
    assert {entry.path: entry.mode & 0o777 for entry in checkout.entries}["run.yaml"] == 0o755


def test_a_key_is_given_only_while_the_file_is_what_git_has(repo: Path) -> None:
    def key() -> str | None:
        checkout = Checkout.open_checkout(str(repo))
        return checkout.content_key(
            next(entry for entry in checkout.entries if entry.path == "deploy/task.json")
        )

    assert key() == f"{hash_blob(TASK)}.{len(TASK)}"
    content = Checkout.open_checkout(str(repo)).read_file("deploy/task.json")
    assert isinstance(content, Content)
    assert content.key == key()
    (repo / "deploy/task.json").write_bytes(TASK.replace(b"web", b"api"))
    assert key() is None
    git(repo, "update-index", "--assume-unchanged", "deploy/task.json")
    assert key() is None


def test_converted_line_ends_do_not_share_a_key_with_the_blob(repo: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    (repo / "deploy/task.json").unlink()
    git(repo, "checkout", "-q", "deploy/task.json")
    assert (repo / "deploy/task.json").read_bytes() == TASK.replace(b"\n", b"\r\n")
    checkout = Checkout.open_checkout(str(repo))
    keys = [checkout.content_key(entry) for entry in checkout.entries if entry.path == "deploy/task.json"]
    assert keys == [f"{hash_blob(TASK)}.{len(TASK) + 1}"]


def test_a_folder_of_a_repository_shows_its_own_paths_and_knows_the_rest(repo: Path) -> None:
    (repo / "deploy/more.yaml").write_text("c: 1\n")
    checkout = Checkout.open_checkout(str(repo / "deploy"))
    assert paths(checkout) == ["more.yaml", "task.json"]
    assert checkout.prefix == "deploy/"
    assert Path(checkout.top) == Path(Checkout.open_checkout(str(repo)).top) == repo


def test_one_file_is_served_even_if_ignored_and_whatever_its_name(repo: Path) -> None:
    (repo / "a[*].log").write_text("x")
    checkout = Checkout.open_checkout(str(repo / "a[*].log"), Scope(wanted=lambda _: False))
    assert paths(checkout) == ["a[*].log"]
    assert [entry.blob for entry in Checkout.open_checkout(str(repo / "deploy/task.json")).entries] == [
        hash_blob(TASK)
    ]


def test_an_ignored_folder_is_read_all_the_same(repo: Path) -> None:
    (repo / "out").mkdir()
    (repo / "out/a.yaml").write_text("a: 1\n")
    checkout = Checkout.open_checkout(str(repo / "out"))
    assert paths(checkout) == ["a.yaml"]
    assert "git ignores all of this folder" in checkout.notes[-1]


def test_a_plain_folder_is_walked_and_that_is_said(tmp_path: Path) -> None:
    for name in ("a.yaml", "b/c.tf", "node_modules/x.yaml", ".terraform/y.tf", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    checkout = Checkout.open_checkout(str(tmp_path))
    assert paths(checkout) == ["a.yaml", "b/c.tf", "loop"]
    assert checkout.git is None
    assert checkout.notes[0].startswith("not a git work tree; every file below it was listed")


@pytest.mark.parametrize("name", ["missing", "pipe", "a\0b", "file/below"])
def test_what_can_not_be_listed_is_one_line(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    with pytest.raises(FixbotError) as caught:
        Checkout.open_checkout(f"{tmp_path}/{name}")
    assert len(str(caught.value).splitlines()) == 1
    assert name.replace("\0", "\\x00") in str(caught.value)


def test_a_repository_of_another_user_is_explained(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr("fixbot.checkout.git._KEPT", ("GIT_",))
    checkout = Checkout.open_checkout(str(repo))
    assert f"git config --global --add safe.directory {repo}` changes that" in checkout.notes[0]
    assert "deploy/task.json" in paths(checkout)


def test_without_git_installed_folders_are_walked(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))
    checkout = Checkout.open_checkout(str(repo))
    assert checkout.notes[0].startswith("git can't be used here")
    assert "deploy/task.json" in paths(checkout)


def test_variables_do_not_lead_to_another_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert hash_blob(TASK) in [entry.blob for entry in Checkout.open_checkout(str(repo)).entries]


def test_nothing_that_a_repository_configures_is_run(repo: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\necho $0 >> {ran}\ncat\n")
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "pre-commit", "post-commit"):
        (hooks / name).symlink_to(script)
    (repo / ".gitattributes").write_text("*.json filter=a=b diff=evil\n*.yaml filter=c\n")
    for key in ("core.fsmonitor", "filter.a=b.clean", "filter.c.process", "diff.evil.command"):
        git(repo, "config", key, str(script))
    git(repo, "config", "core.hooksPath", str(hooks))
    git(repo, "config", "filter.a=b.required", "true")
    os.utime(repo / "deploy/task.json")
    os.utime(repo / "run.yaml")
    checkout = Checkout.open_checkout(str(repo), Scope(since="HEAD"))
    made = commit_on_branch(checkout, "fixbot/a", [FileChange("deploy/task.json", TASK, FIXED)], "m")
    assert isinstance(made, BranchCommit)
    assert not ran.exists()
    git(repo, "add", "-A")  # the traps are real: git itself walks into them
    assert ran.exists()


def test_a_work_tree_that_lies_elsewhere_is_not_followed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/secret.yaml").write_text("x")
    git(repo, "config", "core.worktree", str(tmp_path / "private"))
    checkout = Checkout.open_checkout(str(repo))
    assert "secret.yaml" not in paths(checkout)
    assert "deploy/task.json" in paths(checkout)


def test_submodules_nested_repositories_and_sparse_files_are_left_out_aloud(
    repo: Path, tmp_path: Path
) -> None:
    head = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    (repo / "nested").mkdir()
    git(repo / "nested", "init", "-q")
    (repo / "nested/a.yaml").write_text("x")
    git(repo, "update-index", "--skip-worktree", "main.tf")
    (repo / "main.tf").unlink()
    checkout = Checkout.open_checkout(str(repo))
    assert paths(checkout) == [".gitignore", "deploy/task.json", "run.yaml"]
    assert checkout.notes == (
        "left out, being submodules: module",
        "not here, by the sparse checkout: main.tf",
        "left out, being repositories of their own: nested/",
    )


def test_a_file_in_conflict_is_listed_once(repo: Path) -> None:
    git(repo, "checkout", "-qb", "other")
    (repo / "main.tf").write_text("other\n")
    git(repo, "commit", "-qam", "other")
    git(repo, "checkout", "-q", "main")
    (repo / "main.tf").write_text("mine\n")
    git(repo, "commit", "-qam", "mine")
    subprocess.run(["git", "merge", "-q", "other"], cwd=repo, check=False, capture_output=True)
    found = [entry for entry in Checkout.open_checkout(str(repo)).entries if entry.path == "main.tf"]
    assert [entry.blob for entry in found] == [None]


def test_since_counts_from_where_the_branch_left_and_includes_uncommitted_work(repo: Path) -> None:
    git(repo, "checkout", "-qb", "work")
    (repo / "deploy/mine.yaml").write_text("a: 1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "mine")
    git(repo, "checkout", "-q", "main")
    (repo / "main.tf").write_text("theirs\n")
    git(repo, "commit", "-qam", "theirs")
    git(repo, "checkout", "-q", "work")
    (repo / "run.yaml").write_text("a: 2\n")
    (repo / "deploy/new.yaml").write_text("a: 3\n")
    assert paths(Checkout.open_checkout(str(repo), Scope(since="main"))) == [
        "deploy/mine.yaml",
        "deploy/new.yaml",
        "run.yaml",
    ]
    assert paths(Checkout.open_checkout(str(repo / "deploy"), Scope(since="main"))) == [
        "mine.yaml",
        "new.yaml",
    ]


@pytest.mark.parametrize("ref", ["nowhere", "--output=/tmp/x", "orphan", ""])
def test_since_an_impossible_revision_is_one_line(repo: Path, ref: str) -> None:
    tree = git(repo, "write-tree").strip()
    git(repo, "branch", "orphan", git(repo, "commit-tree", tree, "-m", "alone").strip())
    with pytest.raises(FixbotError, match=r"^--since .*$"):
        Checkout.open_checkout(str(repo), Scope(since=ref))


def test_since_outside_of_git_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(FixbotError, match="git work tree"):
        Checkout.open_checkout(str(tmp_path), Scope(since="main"))


def test_include_and_exclude_narrow_what_counts(repo: Path) -> None:
    scope = Scope(
        include=("deploy", "*.yaml"), exclude=("run.*",), wanted=lambda path: path.endswith(".json")
    )
    (repo / "deploy/a.yaml").touch()
    checkout = Checkout.open_checkout(str(repo), scope)
    assert paths(checkout) == ["deploy/task.json"]
    assert checkout.listed == 2


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.yaml", "a.yaml d/a.yaml .yaml", "a.yml a.yaml.x A.YAML"),
        ("/*.yaml", "a.yaml", "d/a.yaml"),
        ("deploy", "deploy deploy/a x/deploy/b/c", "deploys/a adeploy"),
        ("deploy/", "deploy/a x/deploy/a", "deploy x/deploy"),
        ("deploy/*", "deploy/a deploy/b/c", "x/deploy/a"),
        ("**/test/**", "test/a x/test/a/b", "test x/test tests/a"),
        ("a/**/b", "a/b a/x/b a/x/y/b/c", "b x/a/b a/xb"),
        ("**", "a a/b", ""),
        ("v[0-9]?.tf", "v1a.tf", "va1.tf v1.tf v1/.tf"),
        ("[!a]*", "b", "a"),
        ("[^a]*", "b", "a"),
        ("\\*.tf", "*.tf", "a.tf"),
        ("\\!a", "!a", "a"),
        ("./a/b", "a/b", "x/a/b"),
        ("café.yaml", "café.yaml", "cafe.yaml"),
    ],
)
def test_patterns(pattern: str, yes: str, no: str) -> None:
    globs = Globs([pattern])
    assert [path for path in yes.split() if not globs.matches(path)] == []
    assert [path for path in no.split() if globs.matches(path)] == []


def test_the_last_pattern_decides() -> None:
    globs = Globs(["vendor", "!vendor/ours", "*.bak"])
    answers = {path: globs.matches(path) for path in ("vendor/a", "vendor/ours/a", "vendor/ours/a.bak", "a")}
    assert answers == {"vendor/a": True, "vendor/ours/a": False, "vendor/ours/a.bak": True, "a": False}


def test_no_pattern_takes_long() -> None:
    path = "/".join(["a" * 200] * 15)
    assert not Globs(["*a" * 60 + "b", "**/a*/" * 30 + "b"]).matches(path)


NAMES = st.lists(st.sampled_from(["a", "b", "ab", "a.b", "ba"]), min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(["a", "b", "*", "**", "?", "/", "/", "[ab]", "[!a]", ".", "**/", "/**"]),
    min_size=1,
    max_size=6,
).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATTERNS, st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_patterns_mean_what_git_means(tmp_path: Path, pattern: str, names: list[str]) -> None:
    parts = pattern.strip("/").split("/")
    # Git gives `a**b`, `//` and `.` readings that nobody relies on.
    assume("//" not in pattern and not any(part in ("", ".", "..") for part in parts))
    assume(not any("**" in part and part != "**" for part in parts))
    if not (tmp_path / ".git").exists():
        git(tmp_path, "init", "-q")
    (tmp_path / "patterns").write_text(pattern + "\n")
    command = ["git", "-c", "core.excludesFile=patterns", "check-ignore", "--no-index", "--stdin"]
    asked = "".join(f"{name}\n" for name in names)
    done = subprocess.run(command, cwd=tmp_path, input=asked, capture_output=True, text=True, check=False)
    globs = Globs([pattern])
    assert [name for name in names if globs.matches(name)] == done.stdout.splitlines()


def commit(
    repo: Path, *changes: FileChange, branch: str = "fixbot/a", folder: str = ""
) -> BranchCommit | Refusal:
    return commit_on_branch(
        Checkout.open_checkout(str(repo / folder)), branch, changes, "Make it so\n\nWhy: ä\n"
    )


def state(repo: Path) -> tuple[str, str, str]:
    return git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD"), git(repo, "ls-files", "-s")


CHANGE = FileChange("deploy/task.json", TASK, FIXED)


def test_a_commit_leaves_work_tree_index_and_head_alone(repo: Path) -> None:
    (repo / "main.tf").write_text("in the making\n")
    git(repo, "add", "main.tf")
    before = state(repo)
    new = FileChange("deploy/new/secret.yaml", None, b"new: 1\n")
    made = commit(repo, CHANGE, new, FileChange("run.yaml", b"a: 1\n", b"a: 2\n"))
    assert isinstance(made, BranchCommit)
    assert made.made
    assert state(repo) == before
    assert git(repo, "rev-parse", "fixbot/a", "fixbot/a^") == f"{made.id}\n{before[1]}"
    assert git(repo, "show", "-s", "--format=%an <%ae>%n%B", "fixbot/a") == (
        "Ann <ann@example.com>\nMake it so\n\nWhy: ä\n\n"
    )
    assert git(repo, "diff", "--name-status", "main", "fixbot/a") == (
        "A\tdeploy/new/secret.yaml\nM\tdeploy/task.json\nM\trun.yaml\n"
    )
    assert git(repo, "show", "fixbot/a:deploy/task.json").encode() == FIXED
    assert git(repo, "ls-tree", "fixbot/a", "run.yaml").startswith("100755 ")
    git(repo, "fsck", "--strict")


def test_from_a_folder_the_commit_names_the_repository_s_paths(repo: Path) -> None:
    made = commit(repo, FileChange("task.json", TASK, FIXED), folder="deploy")
    assert isinstance(made, BranchCommit)
    assert git(repo, "diff", "--name-only", "main", "fixbot/a") == "deploy/task.json\n"


def test_the_same_again_changes_nothing_and_something_else_moves_our_branch(repo: Path) -> None:
    first = commit(repo, CHANGE)
    assert isinstance(first, BranchCommit)
    assert commit(repo, CHANGE) == BranchCommit(first.id, "fixbot/a", made=False)
    git(repo, "commit", "-q", "--allow-empty", "-m", "the world goes on")
    second = commit(repo, FileChange("deploy/task.json", TASK, b"{}\n"))
    assert isinstance(second, BranchCommit)
    assert git(repo, "rev-parse", "fixbot/a", "fixbot/a^") == f"{second.id}\n{git(repo, 'rev-parse', 'HEAD')}"


@pytest.mark.parametrize("way", ["added", "amended", "theirs"])
def test_a_branch_with_someone_s_work_is_left_alone(repo: Path, way: str) -> None:
    if way != "theirs":
        commit(repo, CHANGE)
    git(repo, *(("checkout", "-qb", "fixbot/a") if way == "theirs" else ("checkout", "-q", "fixbot/a")))
    (repo / "run.yaml").write_text("a: 3\n")
    git(repo, "commit", "-qam", "mine", *(("--amend",) if way == "amended" else ()))
    tip = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "main")
    refused = commit(repo, FileChange("deploy/task.json", TASK, b"{}\n"))
    assert refused == Refusal("the branch fixbot/a has commits that are not fixbot's; it was left alone")
    assert git(repo, "rev-parse", "fixbot/a") == tip


def test_a_branch_that_is_checked_out_is_left_alone(repo: Path, tmp_path: Path) -> None:
    commit(repo, CHANGE)
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree two"), "fixbot/a")
    refused = commit(repo, CHANGE)
    assert refused == Refusal(f"the branch fixbot/a is checked out in {tmp_path / 'tree two'}")


def test_a_file_with_uncommitted_changes_is_refused(repo: Path) -> None:
    (repo / "deploy/task.json").write_bytes(b"{}\n")
    refused = commit(repo, FileChange("deploy/task.json", b"{}\n", b"[]\n"))
    assert refused == Refusal("deploy/task.json has uncommitted changes; commit or stash them first")
    assert git(repo, "for-each-ref", "refs/heads/fixbot", "refs/fixbot") == ""


def test_other_things_that_can_not_be_committed_are_refused(repo: Path) -> None:
    (repo / "link").symlink_to("main.tf")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "link")
    cases = {
        "new.yaml is not committed yet": FileChange("new.yaml", b"a", b"b"),
        "main.tf is there already in the last commit": FileChange("main.tf", None, b"b"),
        "main.tf/x is there already in the last commit": FileChange("main.tf/x", None, b"b"),
        "deploy is there already in the last commit": FileChange("deploy", None, b"b"),
        "link is not a file in the last commit, but a link, folder or submodule": FileChange(
            "link", b"a", b"b"
        ),
    }
    assert {reason: commit(repo, change) for reason, change in cases.items()} == {
        reason: Refusal(reason) for reason in cases
    }
    escaping = commit(repo, FileChange(".git/config", None, b"x"), FileChange("../x", None, b"x"))
    assert isinstance(escaping, Refusal)


@pytest.mark.parametrize(
    "name", ["-d", "a..b", "a b", "HEAD", "a\nupdate refs/heads/main", "a.lock", "/", "@{-1}", "~1"]
)
def test_a_name_that_is_none_is_refused(repo: Path, name: str) -> None:
    before = git(repo, "for-each-ref")
    refused = commit(repo, CHANGE, branch=name)
    assert isinstance(refused, Refusal)
    assert "can't be the name of a branch" in refused.reason
    assert git(repo, "for-each-ref") == before


def test_a_branch_that_is_in_the_way_of_another_is_refused(repo: Path) -> None:
    git(repo, "branch", "fixbot")
    refused = commit(repo, CHANGE)
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith("git can't make the branch fixbot/a: ")


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.json").write_bytes(TASK)
    assert paths(Checkout.open_checkout(str(tmp_path))) == ["a.json"]
    refused = commit(tmp_path, FileChange("a.json", TASK, FIXED))
    assert refused == Refusal("the repository has no commit yet; a branch needs one to begin at")


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    assert commit(tmp_path, CHANGE) == Refusal("a branch needs a git work tree, and this is none")


def test_converted_line_ends_are_committed_as_git_would(repo: Path) -> None:
    unix, dos = TASK, TASK.replace(b"\n", b"\r\n")
    made = commit(repo, FileChange("deploy/task.json", dos, FIXED.replace(b"\n", b"\r\n")))
    assert isinstance(made, BranchCommit)
    assert git(repo, "diff", "--stat", "main", "fixbot/a").splitlines()[0].endswith("| 2 +-")
    assert git(repo, "cat-file", "blob", "fixbot/a:deploy/task.json").encode() == FIXED
    mixed = commit(repo, FileChange("deploy/task.json", dos, dos + unix), branch="fixbot/b")
    assert mixed == Refusal("deploy/task.json has line ends of both kinds, which git converts")


def test_without_an_identity_the_commit_is_fixbot_s(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(repo, "config", "commit.gpgSign", "true")
    git(repo, "config", "gpg.program", "/nonexistent")
    made = commit(repo, CHANGE)
    assert isinstance(made, BranchCommit)
    who = git(repo, "show", "-s", "--format=%an <%ae> %cn", made.id)
    assert who == "fixbot <fixbot@users.noreply.github.com> fixbot\n"
