"""The program as people call it: real processes on small real repositories."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixbot import __version__
from fixbot.cli.terminal import Terminal

ROOT = Path(__file__).parent.parent
TASK = """{
  "family": "shop-web",
  "requiresCompatibilities": ["FARGATE"],
  "containerDefinitions": [
    {
      "name": "web",
      "logConfiguration": {"logDriver": "splunk"},
      "image": "public.ecr.aws/nginx/nginx:1.27"
    }
  ]
}
"""
RULE = "readonly-root-filesystem"


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "LC_ALL": "C.UTF-8", **more}


class Done:
    """What a process said and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()


def fixbot(*words: str, at: Path, **variables: str) -> Done:
    command = [sys.executable, "-m", "fixbot", *words]
    more = {"XDG_CACHE_HOME": str(at.parent / "cache"), **variables}
    done = subprocess.run(command, cwd=at, env=environment(**more), capture_output=True, check=False)
    assert b"Traceback" not in done.stderr or "--debug" in words, done.stderr.decode()
    return Done(done)


def git(at: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    return subprocess.run(["git", *who, *words], cwd=at, check=True, capture_output=True, text=True).stdout


def repository(folder: Path, **files: str) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name, text in {"deploy/task.json": TASK, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def on_a_terminal(*words: str, at: Path, **variables: str) -> str:
    """Standard output as a terminal gets it."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "fixbot", *words]
    more = {"TERM": "xterm", "XDG_CACHE_HOME": str(at.parent / "cache"), **variables}
    process = subprocess.Popen(
        command, cwd=at, env=environment(**more), stdin=follower, stdout=follower, stderr=subprocess.DEVNULL
    )
    os.close(follower)
    out = b""
    try:
        while piece := os.read(leader, 65536):
            out += piece
    except OSError:  # Linux says EIO when the other end is closed
        pass
    os.close(leader)
    process.wait()
    return out.decode()


def test_run_shows_what_it_would_do_and_writes_nothing(shop: Path) -> None:
    done = fixbot("run", at=shop)
    assert done.code == 0
    assert done.err == ""
    assert "1  Make the root filesystem of" in done.out
    assert '     +      "readonlyRootFilesystem": true,\n' in done.out
    assert done.out.endswith(
        "1 proposal for 1 finding in 1 file.\n"
        "Apply them: fixbot run --write    as local branches: fixbot run --branch\n"
    )
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "branch", "--format=%(refname:short)") == "main\n"


def test_the_next_command_is_the_same_one_with_a_word_more(shop: Path) -> None:
    done = fixbot("run", "--debug", "--only", RULE, "--exclude", "old *", "deploy", at=shop)
    again = f"fixbot run --only {RULE} --exclude 'old *' deploy"
    assert done.out.endswith(f"Apply them: {again} --write    as local branches: {again} --branch\n")


def test_write_changes_the_files_and_a_second_run_nothing(shop: Path) -> None:
    done = fixbot("run", "--write", at=shop)
    assert done.code == 0
    assert done.out.endswith("Written: 1 file. Look at them: git diff\n")
    assert git(shop, "diff", "--stat").startswith(" deploy/task.json |")
    after = (shop / "deploy" / "task.json").read_text()
    assert json.loads(after)["containerDefinitions"][0]["readonlyRootFilesystem"] is True
    again = fixbot("run", "--write", at=shop)
    assert again.out.endswith("Nothing to repair in what was read.\nWritten: 0 files.\n")
    assert (shop / "deploy" / "task.json").read_text() == after


def test_branch_commits_each_proposal_and_leaves_the_files(shop: Path) -> None:
    done = fixbot("run", "--branch", at=shop)
    assert done.code == 0
    (name,) = re.findall(r"^  git show (\S+)$", done.out, re.MULTILINE)
    assert "1 branch, one for each proposal:\n" in done.out
    assert git(shop, "status", "--porcelain") == ""
    subject, *_ = git(shop, "log", "-1", "--format=%B", name).split("\n")
    assert subject.startswith("Make the root filesystem of")
    assert git(shop, "diff", "--name-only", "main", name) == "deploy/task.json\n"


def test_a_file_that_cannot_be_written_is_a_part_that_failed(shop: Path) -> None:
    done = fixbot("run", "--branch", at=shop)
    (name,) = re.findall(r"^  git show (\S+)$", done.out, re.MULTILINE)
    git(shop, "checkout", "-q", name)
    git(shop, "commit", "-q", "--allow-empty", "-m", "a person's")
    git(shop, "checkout", "-q", "main")
    again = fixbot("run", "--branch", at=shop)
    assert again.code == 1
    assert re.fullmatch(
        r"fixbot: Make the root .+ commits that are not fixbot's; it was left alone\n", again.err
    )


def test_scan_lists_findings_and_fails_where_asked(shop: Path) -> None:
    done = fixbot("scan", at=shop)
    assert done.code == 1
    assert re.search(rf"^{RULE} +high · 1 finding, 1 with a fix$", done.out, re.MULTILINE)
    assert re.search(r"^  deploy/task\.json:\d+:\d+  .*web", done.out, re.MULTILINE)
    assert "@@" not in done.out
    assert fixbot("scan", "--fail-on", "high", at=shop).code == 1
    assert fixbot("scan", "--fail-on", "critical", at=shop).code == 0
    assert fixbot("scan", "--fail-on", "never", at=shop).code == 0
    assert fixbot("run", "--fail-on", "high", at=shop).code == 1
    assert fixbot("run", "--fail-on", "critical", at=shop).code == 0


def test_only_and_skip(shop: Path) -> None:
    assert "No findings" in fixbot("scan", "--skip", RULE, at=shop).out
    assert "1 finding" in fixbot("scan", "--only", f"{RULE},privileged-container", at=shop).out
    assert "No findings" in fixbot("scan", "--only", "privileged-container", at=shop).out


def test_safe_offers_less(shop: Path) -> None:
    report = json.loads(fixbot("run", "--safety", "safe", "--format", "json", at=shop).out)
    assert report["proposals"] == []
    assert report["findings"][0]["status"] == "refused"


def test_include_exclude_and_since(shop: Path) -> None:
    (shop / "other.json").write_text(TASK)

    def seen(*words: str) -> list[str]:
        report = json.loads(fixbot("scan", "--format", "json", *words, at=shop).out)
        return [finding["path"] for finding in report["findings"]]

    assert seen() == ["deploy/task.json", "other.json"]
    assert seen("--include", "deploy/") == ["deploy/task.json"]
    assert seen("--exclude", "deploy/**") == ["other.json"]
    assert seen("--since", "HEAD") == ["other.json"]
    done = fixbot("run", "--since", "nowhere", at=shop)
    assert done.code == 2
    assert re.fullmatch(r"fixbot: --since nowhere: .+\n", done.err)


WRONG_CALLS = {
    "run --only readonly-root": (
        "--only: unknown rule 'readonly-root'; did you mean readonly-root-filesystem?"
    ),
    "scan --skip zzz": "--skip: unknown rule 'zzz'; `fixbot rules` lists them",
    "explain zzz": "unknown rule 'zzz'; `fixbot rules` lists them",
    "run nowhere": "'nowhere' does not exist",
    "run --write --branch": ("--write changes your files and --branch leaves them as they are; choose one"),
    "run --format patch": (
        "--format patch holds removed lines as they are, secrets included, "
        "and goes only into a file: add --output FILE"
    ),
    "run --output none/x.json": "none/x.json: cannot be written: No such file or directory",
    "run --config none.yml": "none.yml: cannot be read: No such file or directory",
    "run --safety bold": "Invalid value for '--safety': 'bold' is not one of 'safe', 'review'.",
    "run --jobs 0": "Invalid value for '--jobs': 0 is not in the range x>=1.",
}


@pytest.mark.parametrize(("call", "said"), WRONG_CALLS.items())
def test_a_wrong_call_is_one_line_that_says_what_and_where(shop: Path, call: str, said: str) -> None:
    done = fixbot(*call.split(), at=shop)
    assert (done.out, done.err) == ("", f"fixbot: {said}\n")
    assert done.code == (1 if "--output" in call else 2)


def test_an_unknown_option_or_command_names_what_was_meant(shop: Path) -> None:
    for words in (["run", "--ony"], ["rnu"]):
        done = fixbot(*words, at=shop)
        assert done.code == 2
        assert re.fullmatch(r"fixbot: No such .+(--only|'run').*\n", done.err)


def test_settings_of_the_repository_count_from_any_folder_of_it(shop: Path) -> None:
    (shop / ".fixbot.yml").write_text(
        f"ignore:\n- rule: {RULE}\n  path: deploy/task.json\n  reason: goes away\n"
    )
    for words in (["scan"], ["scan", "deploy"], ["scan", "deploy/task.json"]):
        done = fixbot(*words, at=shop)
        assert done.code == 0, words
        assert "goes away" in done.out
    done = fixbot("scan", at=shop / "deploy", XDG_CACHE_HOME=str(shop.parent / "cache"))
    assert "goes away" in done.out


def test_what_a_repository_may_not_set_is_said_on_stderr(shop: Path) -> None:
    (shop / ".fixbot.yml").write_text("thorough: true\n")
    for command in ("run", "scan"):
        said = fixbot(command, at=shop).err
        assert said.startswith("note: .fixbot.yml:1: thorough is not for a repository to set")
        assert said.count("thorough is not for") == 1


def test_where_ignore_is_enforced_no_comment_of_a_repository_silences_anything(shop: Path) -> None:
    (shop / "web.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
        "    # fixbot:ignore privileged-container ours\n"
        "    - {name: web, image: x, securityContext: {privileged: true}}\n"
    )
    (shop.parent / "all.yml").write_text("enforce: [ignore]\n")
    rule = ("--only", "privileged-container")
    assert fixbot("scan", *rule, at=shop).code == 0
    done = fixbot("scan", *rule, "--config", "../all.yml", at=shop)
    assert done.code == 1
    assert "the ignore at web.yaml:6 does not count, since --config enforces ignore" in done.out


def test_an_ignore_that_has_ended_is_said(shop: Path) -> None:
    (shop / ".fixbot.yml").write_text(f"ignore:\n- {{rule: {RULE}, reason: later, until: 2020-01-31}}\n")
    assert "the ignore at .fixbot.yml:2 ended on 2020-01-31" in fixbot("run", at=shop).out
    assert fixbot("scan", at=shop).code == 1


WRONG_SETTINGS = {
    "rules: {skp: []}\n": (
        ".fixbot.yml:1: rules: 'skp' is no setting; did you mean skip? Allowed: only, skip"
    ),
    "rules: {skip: [zzz]}\n": ".fixbot.yml:1: rules.skip: unknown rule 'zzz'; `fixbot rules` lists them",
    "ignore:\n- {rule: zzz, reason: x}\n": (".fixbot.yml:2: unknown rule 'zzz'; `fixbot rules` lists them"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_SETTINGS.items())
def test_wrong_settings_are_one_line(shop: Path, text: str, said: str) -> None:
    (shop / ".fixbot.yml").write_text(text)
    done = fixbot("run", at=shop)
    assert (done.code, done.out, done.err) == (2, "", f"fixbot: {said}\n")


def test_inline_wishes(tmp_path: Path) -> None:
    text = TASK.replace('    {\n      "name"', f'    // fixbot:ignore {RULE} by design\n    {{\n      "name"')
    shop = repository(tmp_path / "shop", **{"deploy/task.json": text})
    assert "by design" in fixbot("scan", at=shop).out
    assert fixbot("scan", "--only", RULE, at=shop).code == 0
    # A wish for a rule that doesn't run this time is no mistake.
    assert fixbot("scan", "--skip", RULE, at=shop).code == 0
    (shop / "deploy" / "task.json").write_text(text.replace(RULE, "readonly-rot"))
    done = fixbot("run", at=shop)
    assert done.code == 2
    assert done.err == (f"fixbot: deploy/task.json:5: unknown rule 'readonly-rot'; did you mean {RULE}?\n")


def test_the_patch_goes_only_into_a_file_of_ones_own_and_git_applies_it(shop: Path) -> None:
    done = fixbot("run", "--format", "patch", "--output", "../fixes.patch", at=shop)
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "1 proposal for 1 finding in 1 file. Written to ../fixes.patch\nApply it: git apply ../fixes.patch\n"
    )
    assert (shop.parent / "fixes.patch").stat().st_mode & 0o777 == 0o600
    git(shop, "apply", "../fixes.patch")
    assert "Nothing to repair" in fixbot("run", at=shop).out


def test_reports_go_where_they_are_told_to(shop: Path) -> None:
    done = fixbot("run", "--format", "sarif", "--output", "../out.sarif", "--quiet", at=shop)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert json.loads((shop.parent / "out.sarif").read_text())["version"] == "2.1.0"
    assert sorted(path.name for path in shop.parent.iterdir()) == ["cache", "out.sarif", "shop"]
    assert json.loads(fixbot("run", "--format", "json", "--output", "-", at=shop).out)["schema"] == 1
    assert fixbot("run", "--format", "markdown", at=shop).out.startswith("# 1 proposal for 1 finding")
    page = fixbot("scan", "--format", "html", at=shop).out
    assert page.startswith("<!doctype html>")
    assert f"<title>fixbot report: {shop.name}</title>" in page


def test_json_is_json_whatever_else_is_done(shop: Path) -> None:
    done = fixbot("run", "--write", "--format", "json", at=shop)
    report = json.loads(done.out)
    assert report["fixbot"] == __version__
    assert [finding["status"] for finding in report["findings"]] == ["fixed"]
    assert done.err == "Written: 1 file. Look at them: git diff\n"


def test_quiet_says_less(shop: Path) -> None:
    done = fixbot("run", "--quiet", at=shop)
    assert done.err == ""
    assert len(done.out.strip().split("\n")) == 1


def test_colour_only_on_a_terminal_and_only_if_wanted(shop: Path) -> None:
    assert "\x1b[32m" in on_a_terminal("run", at=shop)
    assert "\x1b" not in fixbot("run", at=shop).out
    assert "\x1b" not in on_a_terminal("run", at=shop, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal("run", at=shop, TERM="dumb")


def test_rules_are_listed_and_explained(shop: Path) -> None:
    done = fixbot("rules", at=shop)
    assert re.search(rf"^{RULE} +high +review +\S", done.out, re.MULTILINE)
    rows = json.loads(fixbot("rules", "--format", "json", at=shop).out)["rules"]
    assert set(rows[0]) == {
        "name", "title", "topic", "severity", "safety", "fixes", "dialects", "profiles", "on", "off_without",
        "controls", "since",
    }  # fmt: skip
    names = [row["name"] for row in rows]
    assert RULE in names
    assert names == sorted(names)
    for name in names:
        page = fixbot("explain", name, at=shop)
        assert page.code == 0
        assert page.out.startswith("# ")
        assert "# " not in on_a_terminal("explain", name, at=shop).split("\n")[0]


def test_version_help_and_no_words_at_all(shop: Path) -> None:
    assert fixbot("--version", at=shop).out == f"fixbot {__version__}\n"
    for words in ([], ["--help"], ["run", "--help"], ["scan", "-h"]):
        done = fixbot(*words, at=shop)
        assert done.code == 0
        assert done.out.startswith("Usage: fixbot")
    every = fixbot("run", "--help", at=shop).out
    options = "only skip safety fail-on include exclude since config format output no-cache jobs quiet debug"
    for option in [f"--{name}" for name in (*options.split(), "write", "branch")]:
        assert option in every


def test_version_needs_no_heavy_import(tmp_path: Path) -> None:
    script = (
        "import sys; from fixbot.__main__ import main; main(['--version']); "
        "print([m for m in sys.modules if m.split('.')[0] in ('typer', 'click', 'ruamel', 'boto3', 'rich')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines() == [f"fixbot {__version__}", "[]"]


def test_a_run_imports_nothing_that_only_others_need(shop: Path) -> None:
    script = (
        "import sys; from fixbot.__main__ import main; main(['run', '--format', 'json']); "
        "heavy = {'rich', 'boto3', 'github', 'pydantic', 'ruamel'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), cwd=shop, capture_output=True, check=True
    )
    assert done.stderr.decode() == "[]\n"


BROKEN = """
import sys
import fixbot.cli.scan_checkout as look
from fixbot.__main__ import main
def broken(*args, **more):
    password = "hunter2"
    raise {what}
look.run_pipeline = broken
sys.exit(main(sys.argv[1:]))
"""


def broken(shop: Path, what: str, *words: str, **variables: str) -> Done:
    command = [sys.executable, "-c", BROKEN.format(what=what), "run", *words]
    return Done(
        subprocess.run(command, cwd=shop, env=environment(**variables), capture_output=True, check=False)
    )


def test_a_bug_of_ours_is_one_line_and_a_report_that_is_safe_to_paste(shop: Path, tmp_path: Path) -> None:
    done = broken(shop, "KeyError(password + str(args))", TMPDIR=str(tmp_path))
    assert done.code == 3
    assert done.err.count("\n") == 1
    (name,) = re.findall(r"(\S+\.txt) says where", done.err)
    report = Path(name).read_text()
    assert re.fullmatch(
        rf"fixbot {re.escape(__version__)}, Python \S+ on \S+ \S+\n"
        r"KeyError\n(  fixbot/[\w/]+\.py:\d+ [\w<>]+\n)+",
        report,
    )
    for private in ("hunter2", "shop", str(tmp_path)):
        assert private not in report
        assert private not in done.err.replace(name, "")


def test_debug_shows_the_traceback(shop: Path, tmp_path: Path) -> None:
    done = broken(shop, "KeyError('x')", "--debug", TMPDIR=str(tmp_path))
    assert done.code == 3
    assert "Traceback (most recent call last):" in done.err


def test_an_interrupted_run_says_so_in_one_line(shop: Path) -> None:
    done = broken(shop, "KeyboardInterrupt")
    assert (done.code, done.err) == (130, "fixbot: interrupted; every file is either as it was or whole\n")


def test_a_reader_that_goes_away_is_no_trouble(shop: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "fixbot", "run"]
    done = subprocess.run(
        command, cwd=shop, env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_line(shop: Path) -> None:
    command = [sys.executable, "-m", "fixbot", "run"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, cwd=shop, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"fixbot: stdout: cannot be written: No space left on device\n"


def test_a_poor_encoding_still_gets_its_words(shop: Path) -> None:
    done = fixbot(
        "run", at=shop, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert done.code == 0
    assert "high \\xb7 review" in done.out


def test_progress_appears_only_on_a_terminal_and_goes_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    moving, dumb, quiet = Terminal({}), Terminal({"TERM": "dumb"}), Terminal({}, quiet=True)
    start = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: start + 5)
    for terminal in (dumb, quiet):
        terminal.draw_progress(1, 2, "x")
        terminal.clear_progress()
    assert capsys.readouterr().err == ""
    moving.draw_progress(1, 2, "deploy/\x1b[2Jtask.json")
    moving.print_note("note: done")
    err = capsys.readouterr().err
    assert "━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ 1 of 2  deploy/\\x1b[2Jtask.json" in err
    assert err.endswith("\r\x1b[Knote: done\n")


def test_an_organisation_may_say_what_its_repositories_may_overrule(shop: Path, tmp_path: Path) -> None:
    everyone = tmp_path / "everyone.yml"
    everyone.write_text(f"rules: {{skip: [{RULE}]}}\n")
    assert fixbot("scan", "--config", str(everyone), at=shop).code == 0
    assert fixbot("scan", at=shop, FIXBOT_CONFIG=str(everyone)).code == 0
    (shop / ".fixbot.yml").write_text("rules: {skip: []}\n")
    assert fixbot("scan", at=shop, FIXBOT_CONFIG=str(everyone)).code == 1
