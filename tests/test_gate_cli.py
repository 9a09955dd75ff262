"""`fixbot scan --since REF` as a gate at a desk or in another CI: what a branch brings can't silence it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_cli import fixbot, git

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx:1.27
      securityContext:
        privileged: false
        readOnlyRootFilesystem: true
"""
BAD = POD.replace("privileged: false", "privileged: true")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    at = tmp_path / "work"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    (at / "pod.yaml").write_text(POD)
    git(at, "add", "-A")
    git(at, "commit", "-qm", "first")
    git(at, "checkout", "-q", "-b", "topic")
    return at


def scan(at: Path, *words: str) -> tuple[int, str, str]:
    git(at, "add", "-A")
    git(at, "commit", "-q", "--allow-empty", "-m", "more")
    done = fixbot("scan", "--since", "main", *words, at=at)
    return done.code, done.out, done.err


@pytest.mark.parametrize(
    "settings",
    ['exclude: ["**"]', "include: [x]", "rules: {skip: [privileged-container]}", "severity: critical"],
)
def test_the_settings_of_the_base_count_for_a_gate(work: Path, settings: str) -> None:
    (work / "pod.yaml").write_text(BAD)
    (work / ".fixbot.yml").write_text(settings + "\n")
    code, out, err = scan(work)
    assert code == 1
    assert "privileged-container" in out
    assert "note: new since main: Once merged, its settings make a difference: it " in err
    code, _, err = scan(work, "--fail-on", "never")
    assert code == 0
    assert "new since" not in err


def test_what_is_newly_ignored_may_fail(work: Path) -> None:
    (work / "pod.yaml").write_text(
        BAD.replace("true\n", "true # fixbot:ignore privileged-container why\n", 1)
    )
    assert scan(work)[0] == 0
    code, _, err = scan(work, "--fail-on-new-ignores", "--fail-on", "never")
    assert code == 1
    assert "fixbot: new since main: pod.yaml:10 ignores privileged-container: why" in err
    git(work, "checkout", "-q", "-B", "main")
    assert scan(work, "--fail-on-new-ignores")[0] == 0
    done = fixbot("scan", "--fail-on-new-ignores", at=work)
    assert (done.code, "--since REF" in done.err) == (2, True)


def test_what_can_not_be_read_fails_where_that_is_asked_for(work: Path) -> None:
    (work / "pod.yaml").write_text(POD + "x: : [\n")
    assert scan(work)[0] == 0
    code, _, err = scan(work, "--fail-on-unread")
    assert (code, "fixbot: pod.yaml can't be judged: not YAML" in err) == (1, True)
    assert scan(work, "--fail-on-unread", "--fail-on", "never")[0] == 0
    assert fixbot("scan", "--fail-on-unread", at=work).code == 1
    assert fixbot("scan", "--fail-on-unread", "--no-fail-on-unread", at=work).code == 0


def test_a_file_under_another_name_fails_where_that_is_asked_for(work: Path) -> None:
    (work / "pod.yaml").rename(work / "pod.txt")
    code, _, err = scan(work, "--fail-on-unread")
    assert (code, "pod.txt can't be judged: it was read as pod.yaml in the base" in err) == (1, True)


def test_what_settings_leave_out_is_named_and_nothing_where_they_do_not(work: Path) -> None:
    (work / "pod.yaml").write_text(BAD.replace("readOnly", "x"))
    words = ("Rules that are off", "left out", "not shown", "Never changed")
    for command in ("scan", "run"):
        assert not any(word in fixbot(command, at=work).out for word in words)
        only = fixbot(command, "--only", "privileged-container", "--exclude", "old/", at=work)
        assert not any(word in only.out for word in words)
    (work / "old").mkdir()
    (work / "old" / "a.yaml").write_text(BAD)
    text = "rules: {skip: [secret-in-environment]}\nexclude: [old/]\nseverity: critical\nnever_patch: [x/]\n"
    (work / ".fixbot.yml").write_text(text)
    for command in ("scan", "run"):
        out = fixbot(command, at=work).out
        assert "Rules that are off: secret-in-environment." in out
        assert "1 file left out by exclude old/." in out
        assert "findings below critical not shown (severity)." in out or "1 finding below critical" in out
        assert "Never changed, though looked at: x/." in out
