"""`fixbot scan --since REF` as a gate at a desk or in another CI: what a branch brings can't silence it."""

from __future__ import annotations

import json
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
        allowPrivilegeEscalation: false
        seccompProfile: {type: RuntimeDefault}
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


WORKER = """\
resource "kubernetes_pod_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    container {
      name  = "web"
      image = "nginx:1.27"
      security_context {
        privileged                = local.open
        read_only_root_filesystem = true
      }
    }
  }
}
"""
VARIABLE = 'variable "open" {\n  default = false\n}\n'
TABLE = """\
resource "aws_ecs_task_definition" "web" {
  family                = "web"
  container_definitions = file("web.json")
}
"""
BARE = (
    '{"name": "web", "image": "nginx:1.27", "privileged": true, "readonlyRootFilesystem": true,'
    ' "logConfiguration": {"logDriver": "awslogs"}}'
)


def commit(at: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)
    git(at, "add", "-A")
    git(at, "commit", "-qm", "these")


def onto_main(at: Path, files: dict[str, str]) -> None:
    """What the base has, beside what every test begins with."""
    git(at, "checkout", "-q", "main")
    commit(at, files)
    git(at, "checkout", "-q", "-B", "topic")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"w/worker.tf": WORKER, "w/values.tf": "locals {\n  open = false\n}\n"},
         {"w/values.tf": "locals {\n  open = true\n}\n"}),
        ({"w/worker.tf": WORKER.replace("local.", "var."), "w/v.tf": VARIABLE},
         {"w/v.tf": VARIABLE.replace("false", "true")}),
        ({"w/worker.tf": WORKER.replace("local.", "var."), "w/v.tf": VARIABLE},
         {"w/prod.auto.tfvars": "open = true\n"}),
        ({"w/worker.tf": WORKER.replace("local.", "var."), "w/v.tf": VARIABLE},
         {"w/terraform.tfvars.json": '{"open": true}\n'}),
        ({"w/web.json": f"[{BARE}]", "w/main.tf": "# none\n"}, {"w/main.tf": TABLE}),
    ],
)  # fmt: skip
def test_what_a_file_makes_of_another_counts(work: Path, first: dict[str, str], then: dict[str, str]) -> None:
    old = {f"old/{name}.yaml": BAD for name in "ab"}
    onto_main(work, {**first, **old})
    assert scan(work)[0] == 0
    for name, text in then.items():
        (work / name).write_text(text)
    code, out, _ = scan(work, "--format", "json")
    assert code == 1
    found = json.loads(out)
    assert [each["rule"] for each in found["findings"]] == ["privileged-container"]
    assert not old.keys() & {each["path"] for each in found["findings"]}
    proposals = json.loads(fixbot("run", "--since", "main", "--format", "json", at=work).out)["proposals"]
    assert not old.keys() & {path for each in proposals for path in each["paths"]}


@pytest.mark.parametrize("name", ["dev.tfvars", "dev.auto.tfvars", "terraform.tfvars", "dev.tfvars.json"])
def test_a_file_of_values_that_disagrees_with_another_can_not_be_judged(work: Path, name: str) -> None:
    module = {"w/worker.tf": WORKER.replace("local.", "var."), "w/v.tf": VARIABLE}
    onto_main(work, {**module, "w/prod.tfvars": "open = false\n"})
    assert scan(work, "--fail-on-unread")[0] == 0
    (work / "w" / name).write_text('{"open": true}' if name.endswith("json") else "open = true\n")
    code, out, err = scan(work, "--fail-on-unread")
    assert code == 1, out
    assert "set by a variable or a condition" in out + err


def test_a_resource_that_is_slid_under_a_comment_is_newly_ignored(work: Path) -> None:
    mark = "    # fixbot:ignore privileged-container it was so\n    - name: web\n"
    onto_main(work, {"pod.yaml": POD.replace("    - name: web\n", mark)})
    assert scan(work, "--fail-on-new-ignores")[0] == 0
    (work / "pod.yaml").write_text(BAD.replace("    - name: web\n", mark))
    code, _, err = scan(work, "--fail-on-new-ignores")
    assert code == 1
    assert (
        "new since main: pod.yaml:11 what stands beside it ignores privileged-container of "
        "Pod web, container web, which is new: it was so" in err
    )


def test_what_the_settings_of_the_base_ignore_is_said_and_is_no_new_ignore(work: Path) -> None:
    wish = "ignore: [{rule: privileged-container, path: legacy/, reason: going away}]\n"
    onto_main(work, {".fixbot.yml": wish})
    commit(work, {"legacy/pod.yaml": BAD})
    code, _, err = scan(work, "--fail-on-new-ignores")
    assert code == 0
    assert "note: new since main, and ignored by the settings: legacy/pod.yaml:10 privileged-container" in err


def test_work_that_is_not_committed_counts(work: Path) -> None:
    (work / "pod.yaml").write_text(POD + "x: : [\n")
    done = fixbot("scan", "--since", "HEAD", "--fail-on-unread", at=work)
    assert (done.code, "pod.yaml" in done.out) == (1, True)
    (work / "pod.yaml").write_text(BAD.replace("true\n", "true # fixbot:ignore privileged-container x\n", 1))
    assert fixbot("scan", "--since", "HEAD", "--fail-on-new-ignores", at=work).code == 1


@pytest.mark.parametrize("value", ['"{{ .Values.p }}"', '"${P}"'])
def test_a_value_that_can_not_be_known_any_more_can_not_be_judged(work: Path, value: str) -> None:
    (work / "pod.yaml").write_text(POD.replace("false", value))
    code, out, err = scan(work, "--fail-on-unread")
    assert code == 1
    says = "securityContext.privileged of Pod web, container web is set by a variable or a condition"
    assert f"pod.yaml can't be judged: {says}" in err
    assert says in " ".join(out.split())
