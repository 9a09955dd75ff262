"""`fixbot init` as people call it, in repositories of many shapes."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from fixbot.onboarding import action_reference, workflow_file
from fixbot.onboarding.survey import parse_remote
from fixbot.settings import NEVER_PATCH, Settings
from fixbot.settings.read_settings import parse_settings
from fixbot.settings.schema import build_schema
from fixbot.text.globs import Globs
from tests.action_runner import PIN, ROOT
from tests.test_cli import TASK, fixbot, git, repository
from tests.test_workflows import actionlint, zizmor

SETTINGS, WORKFLOW = ".fixbot.yml", ".github/workflows/fixbot.yml"
SSM = 'resource "aws_ssm_parameter" "db" {\n  name = "db"\n}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    at = repository(tmp_path / "shop")
    git(at, "remote", "add", "origin", "git@github.com:acme/shop.git")
    return at


def read(at: Path) -> Settings:
    return parse_settings(Settings(), (at / SETTINGS).read_text(), SETTINGS)


def test_it_writes_settings_and_a_workflow_and_says_what_happens_next(shop: Path) -> None:
    done = fixbot("init", at=shop)
    assert (done.code, done.err) == (0, "")
    minute = int(re.search(r'cron: "(\d+) 5 \* \* 1-5"', (shop / WORKFLOW).read_text())[1])  # type: ignore[index]
    assert done.out == (
        "Looked through 1 file: 1 container, 0 policy statements, 0 resources.\n"
        "ECS in 1 file.\n"
        "github.com/acme/shop on GitHub, default branch main.\n"
        "\n"
        "Written\n"
        "  .fixbot.yml                   settings: what was seen here, and all else as comments\n"
        "  .github/workflows/fixbot.yml  checks pull requests; opens fixbot's own on working days "
        f"at 5:{minute:02} UTC\n"
        "\n"
        "What happens next\n"
        "  1  Commit the files and push them to main.\n"
        "  2  Once, in Settings, Actions, General, switch on "
        "“Allow GitHub Actions to create and approve pull requests”.\n"
        "     Until then fixbot makes the branches only, and says where to open the pull requests.\n"
        "  3  The first run opens 1 pull request:\n"
        "       high      draft  Make the root filesystem of shop-web read-only\n"
        "  4  Workflows of pull requests that the default token opens wait for “Approve workflows to run”;\n"
        "     a GitHub App does away with that (see the last lines of the workflow).\n"
        "See it now: fixbot run    one by one: fixbot run --review\n"
    )
    assert git(shop, "status", "--porcelain", "-uall").split() == ["??", SETTINGS, "??", WORKFLOW]


def test_the_settings_are_read_without_complaint_and_set_the_profile_and_the_dashboard(shop: Path) -> None:
    fixbot("init", at=shop)
    assert read(shop) == Settings(profile="essential", dashboard=True, written=("dashboard", "profile"))
    first = (shop / SETTINGS).read_text().split("\n")[0]
    address = first.removeprefix("# yaml-language-server: $schema=")
    assert address == action_reference.SCHEMA
    assert fixbot("run", at=shop).code == 0


def test_each_setting_counts_when_its_first_mark_is_taken_away(shop: Path) -> None:
    fixbot("init", at=shop)
    defaults = (ROOT / "config" / "default.yml").read_text()
    rows = {row for row in defaults.split("\n") if row and not row.startswith("#")}
    written = (shop / SETTINGS).read_text().split("\n")
    text = "\n".join(row[1:] if row[1:] in rows else row for row in written)
    operators = ("thorough", "limits", "enforce")
    wanted = {name: value for name, value in yaml.safe_load(defaults).items() if name not in operators}
    wanted |= {"profile": "essential", "dashboard": True}
    assert yaml.safe_load(text) == wanted
    jsonschema.validate(yaml.safe_load(text), build_schema())


def test_the_workflow_has_the_least_rights_and_pins(shop: Path) -> None:
    fixbot("init", at=shop)
    text = (shop / WORKFLOW).read_text()
    flow = yaml.safe_load(text)
    assert flow["permissions"] == {}
    assert flow["concurrency"]["cancel-in-progress"] is False
    check, pulls = flow["jobs"]["check"], flow["jobs"]["pull-requests"]
    assert check["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert pulls["permissions"] == {"contents": "write", "issues": "write", "pull-requests": "write"}
    for job in (check, pulls):
        assert job["timeout-minutes"]
        first, second = job["steps"]
        assert PIN.fullmatch(first["uses"])
        assert first["uses"] in json.loads((ROOT / "tests" / "data" / "action_inputs.json").read_text())
        assert first["with"]["persist-credentials"] is False
        assert second["uses"] == action_reference.action_reference()
    assert "run:" not in text


@pytest.mark.parametrize("scanning", [False, True])
def test_zizmor_and_actionlint_find_nothing_in_the_workflow(shop: Path, *, scanning: bool) -> None:
    if scanning:
        other = shop / ".github" / "workflows" / "codeql.yml"
        other.parent.mkdir(parents=True)
        other.write_text("jobs: {a: {steps: [{uses: github/codeql-action/init@v4}]}}\n")
    fixbot("init", at=shop)
    assert ("security-events" in (shop / WORKFLOW).read_text()) is scanning
    for looked in (zizmor(shop / WORKFLOW), actionlint(shop / WORKFLOW)):
        assert looked.returncode == 0, looked.stdout + looked.stderr


def test_the_checkout_is_the_one_that_our_own_workflows_use() -> None:
    assert f"uses: {workflow_file.CHECKOUT}\n" in (ROOT / ".github" / "workflows" / "fixbot.yml").read_text()


def test_schedules_are_spread_and_stay_the_same(tmp_path: Path) -> None:
    minutes = set()
    for name in "abcdefgh":
        at = repository(tmp_path / name)
        git(at, "remote", "add", "origin", f"https://github.com/acme/{name}")
        fixbot("init", at=at)
        (row,) = re.findall(r'cron: "(\d+) ', (at / WORKFLOW).read_text())
        minutes.add(int(row))
    one = (at / WORKFLOW).read_text()
    for file in (SETTINGS, WORKFLOW):
        (at / file).unlink()
    fixbot("init", at=at)
    assert (at / WORKFLOW).read_text() == one
    assert len(minutes) > 3
    assert not {each for each in minutes if each < 4 or 26 <= each <= 30 or each > 58}


@pytest.mark.parametrize("there", [SETTINGS, WORKFLOW, ".fixbot.yaml"])
def test_nothing_is_written_over_what_is_there(shop: Path, there: str) -> None:
    (shop / there).parent.mkdir(parents=True, exist_ok=True)
    (shop / there).write_text("severity: high\n" if "workflows" not in there else "on: push\n")
    before = git(shop, "status", "--porcelain", "-uall")
    for words in (["init"], ["init", "deploy"], ["init", "--dry-run"]):
        done = fixbot(*words, at=shop)
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(
            rf"fixbot: {re.escape(there)} is there already; nothing was written\. .+\n", done.err
        )
    assert git(shop, "status", "--porcelain", "-uall") == before


def test_a_workflow_that_runs_fixbot_already_is_named(shop: Path) -> None:
    other = shop / ".github" / "workflows" / "security.yml"
    other.parent.mkdir(parents=True)
    other.write_text(f"jobs:\n  x:\n    steps:\n      - uses: {action_reference.REPOSITORY}@v0\n")
    done = fixbot("init", at=shop)
    assert (done.code, done.err) == (
        2,
        "fixbot: .github/workflows/security.yml runs fixbot already; nothing was written\n",
    )


def test_both_files_or_neither(shop: Path) -> None:
    (shop / ".github").write_text("a file, where a folder is needed")
    done = fixbot("init", at=shop)
    assert done.code == 1
    assert re.fullmatch(r"fixbot: \.github/workflows/fixbot\.yml was not written: .+\n", done.err)
    assert not (shop / SETTINGS).exists()
    (shop / ".github").unlink()
    (shop / ".github").symlink_to(shop.parent)
    assert fixbot("init", at=shop).code == 1
    assert not (shop / SETTINGS).exists()
    assert not (shop.parent / "workflows").exists()


def test_dry_run_shows_the_files_and_writes_none(shop: Path) -> None:
    done = fixbot("init", "--dry-run", at=shop)
    assert done.code == 0
    assert git(shop, "status", "--porcelain") == ""
    assert "Would write\n" in done.out
    fixbot("init", at=shop)
    for file in (SETTINGS, WORKFLOW):
        assert f"{file}\n{(shop / file).read_text()}\n" in done.out


def test_in_a_folder_both_files_stand_at_the_top_and_speak_of_the_folder(shop: Path) -> None:
    (shop / "old [v1]").mkdir()
    (shop / "old [v1]" / "task.json").write_text(TASK)
    done = fixbot("init", "old [v1]", at=shop)
    assert done.code == 0
    assert done.out.startswith("Looked through 1 file: 1 container,")
    assert read(shop).include == ("/old \\[v1]/",)
    report = json.loads(fixbot("run", "--format", "json", at=shop).out)
    assert {each["path"] for each in report["findings"]} == {"old [v1]/task.json"}
    assert (shop / WORKFLOW).is_file()
    assert not (shop / "old [v1]" / SETTINGS).exists()


def test_without_git_it_says_so(tmp_path: Path) -> None:
    at = tmp_path / "plain"
    at.mkdir()
    (at / "task.json").write_text(TASK)
    done = fixbot("init", at=at)
    assert done.code == 0
    assert "This folder is no Git repository yet.\n" in done.out
    assert "  1  Make this a repository (git init). Commit the files and push them to main.\n" in done.out
    assert (at / SETTINGS).is_file()
    assert (at / WORKFLOW).is_file()


def test_what_the_repository_shows_is_set(shop: Path) -> None:
    for path, text in {
        "infra/params.tf": SSM,
        "vendor/x/task.json": TASK,
        "CODEOWNERS": "* @acme/ops\n",
        ".github/workflows/codeql.yml": "jobs: {a: {steps: [{uses: github/codeql-action/init@v4}]}}\n",
        "infra/tags.tf": 'resource "aws_s3_bucket" "a" {\n  tags = { Stage = "prod" }\n}\n',
    }.items():
        (shop / path).parent.mkdir(parents=True, exist_ok=True)
        (shop / path).write_text(text)
    done = fixbot("init", at=shop)
    assert done.code == 0
    assert "CODEOWNERS names the owners; at most 3 are asked to review a pull request.\n" in done.out
    assert "Its own resources bear the tag Stage; policies are narrowed to that one.\n" in done.out
    settings = read(shop)
    assert settings.secrets.store == "ssm"
    assert settings.never_patch == (*NEVER_PATCH, "vendor/")
    assert set(settings.written) == {"profile", "dashboard", "secrets.store", "never_patch"}
    flow = yaml.safe_load((shop / WORKFLOW).read_text())
    for job in flow["jobs"].values():
        assert job["permissions"]["security-events"] == "write"
        assert job["steps"][1]["with"] == {"upload-sarif": "true"}


def test_on_another_forge_there_is_no_workflow_and_the_commands_are_named(shop: Path) -> None:
    git(shop, "remote", "set-url", "origin", "https://ci:glpat-secret@gitlab.com/acme/shop.git")
    done = fixbot("init", at=shop)
    assert done.code == 0
    assert "gitlab.com/acme/shop on GitLab, default branch main.\n" in done.out
    assert "GitLab runs no GitHub Actions, so no workflow was written." in done.out
    assert (shop / SETTINGS).is_file()
    assert not (shop / ".github").exists()
    assert "glpat" not in done.out + done.err + (shop / SETTINGS).read_text()


@pytest.mark.parametrize(
    ("url", "files", "forge"),
    [
        ("https://github.com/a/b", (), "GitHub"),
        ("ssh://git@ssh.github.com:443/a/b.git", (), "GitHub"),
        ("https://octo.ghe.com/a/b", (), "GitHub"),
        ("git@git.acme.example:a/b.git", (), "GitHub Enterprise Server"),
        ("git@git.acme.example:a/b.git", (".gitlab-ci.yml",), "GitLab"),
        ("git@bitbucket.org:a/b.git", (), "Bitbucket"),
        ("https://codeberg.org/a/b", (), "Codeberg"),
    ],
)
def test_the_host_is_told_from_its_address(url: str, files: tuple[str, ...], forge: str) -> None:
    remote = parse_remote(url, files)
    assert remote is not None
    assert (remote.name, remote.forge) == ("a/b", forge)


def test_a_remote_that_is_no_address_counts_as_github(shop: Path) -> None:
    git(shop, "remote", "set-url", "origin", "/srv/git/shop.git")
    done = fixbot("init", at=shop)
    assert "No remote names a host, so this counts as GitHub. Branch: main.\n" in done.out
    assert (shop / WORKFLOW).is_file()


def test_the_default_branch_is_the_remotes(shop: Path) -> None:
    git(shop, "checkout", "-q", "-b", "topic")
    git(shop, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(shop, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert "default branch trunk.\n" in fixbot("init", at=shop).out


def test_many_proposals_are_counted_and_the_gravest_named(shop: Path) -> None:
    for number in range(14):
        (shop / f"s{number}").mkdir()
        (shop / f"s{number}" / "task.json").write_text(TASK.replace("shop-web", f"shop-{number}"))
    done = fixbot("init", at=shop)
    opens = "  3  The first run opens 5 pull requests of 15 (`per_week` in the settings):\n"
    assert opens in done.out
    assert done.out.count("  draft  ") == 5


def test_where_nothing_is_to_be_repaired_it_says_so(tmp_path: Path) -> None:
    at = tmp_path / "empty"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    done = fixbot("init", at=at)
    assert done.code == 0
    assert "  3  The first run opens nothing: there is nothing to repair in what was read.\n" in done.out


def test_a_file_is_no_repository(shop: Path) -> None:
    done = fixbot("init", "deploy/task.json", at=shop)
    assert done.code == 2
    assert done.err == ("fixbot: 'deploy/task.json' is no folder; name the repository, or a folder of it\n")


def test_fixbot_is_named_as_its_own_metadata_names_it() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    assert urls["Homepage"] == action_reference.WEB


def test_a_build_that_knows_its_commit_is_pinned_by_it(tmp_path: Path, shop: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    for name in ("fixbot", "fixers", "docs", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "fixbot" / "data" / "commit").write_text(f"{commit}\n")
    done = fixbot("init", at=shop, PYTHONPATH=str(tmp_path))
    assert done.code == 0, done.err
    text = (shop / WORKFLOW).read_text()
    assert text.count(f"- uses: {action_reference.REPOSITORY}@{commit} # v") == 2
    assert "zizmor" not in text


ODD = [
    'x" ${{ github.token }}: #y', "$(id)", "`id`", "[a]*?", "!a", "- a", "a\\b", "'a'", "%TAG", "日本",
    "a: b", " a ",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_no_name_of_a_folder_is_more_than_a_name_in_what_is_written(shop: Path, name: str) -> None:
    (shop / name).mkdir()
    (shop / name / "task.json").write_text((shop / "deploy" / "task.json").read_text())
    git(shop, "branch", "-m", "a;b$(id)")
    git(shop, "remote", "set-url", "origin", f"https://github.com/acme/{name}.git")
    assert fixbot("init", f"./{name}", at=shop).code == 0
    text = (shop / ".fixbot.yml").read_text()
    read = parse_settings(Settings(), text, ".fixbot.yml")
    assert Globs(read.include).matches(f"{name}/task.json")
    assert not Globs(read.include).matches("deploy/task.json")
    assert not Globs(read.include).matches("a/task.json")
    assert list(yaml.safe_load(text)) == ["profile", "dashboard", "include"]
    workflow = (shop / ".github" / "workflows" / "fixbot.yml").read_text()
    assert set(yaml.safe_load(workflow)["jobs"]) == {"check", "pull-requests"}
    plain = repository(shop.parent / "plain", **{"deploy/task.json": TASK})
    assert fixbot("init", at=plain).code == 0
    same = (plain / ".github" / "workflows" / "fixbot.yml").read_text()
    assert re.sub(r'"\d+ 5', "", workflow) == re.sub(r'"\d+ 5', "", same)


@pytest.mark.parametrize("name", ["a\u202eb", "a\nb", "a\x1b[2Jb", "a\u2028b"])
def test_a_folder_that_cannot_be_shown_is_not_written_of(shop: Path, name: str) -> None:
    (shop / name).mkdir()
    done = fixbot("init", name, at=shop)
    assert done.code == 2
    assert done.err.rstrip("\n").isprintable()
    assert not (shop / ".fixbot.yml").exists()


def test_what_only_the_operator_may_set_is_not_offered(shop: Path) -> None:
    assert fixbot("init", at=shop).code == 0
    text = (shop / ".fixbot.yml").read_text()
    for key in ("thorough", "enforce", "limits"):
        assert f"#{key}:" not in text
