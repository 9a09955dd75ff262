"""The oracle itself: it sees each broken promise, and says nothing where none is broken."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.oracle.judge import judge
from tests.oracle.nodes import Broken
from tests.oracle.reading import read
from tests.oracle.reports import consistent, looked_at, still_there, unlisted
from tests.oracle.sightings import READONLY, SECRET, TAG

POD = """\
# who is on call: the web team
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web   # pinned
      image: web:1
      env:
        - name: "DB_PASSWORD"
          value: hunter2hunter2
  nodeSelector:
    disk: 'ssd'
"""
FIXED = POD.replace(
    "      image: web:1\n",
    "      image: web:1\n      securityContext:\n        readOnlyRootFilesystem: true\n",
)
MOVED = FIXED.replace("apiVersion: v1\nkind: Pod\n", "kind: Pod\napiVersion: v1\n")
MOUNT = "      volumeMounts:\n        - {name: data, mountPath: /x}\n"
TASK = """\
{
  "family": "web", "volumes": [],
  "containerDefinitions": [
    {
      "name": "web",
      "image": "web:1",
      "essential": true
    }
  ]
}
"""
HCL = """\
resource "aws_ecs_task_definition" "web" {
  family = "web" # the shop
  container_definitions = jsonencode([{
    name      = "web"
    image     = "web:1"
    essential = true
  }])
}
"""


def kinds(path: str, before: str | None, after: str, *rules: str) -> set[str]:
    return {each.kind for each in judge(path, before, after, rules or (READONLY,)).defects}


def test_the_least_change_has_no_defect() -> None:
    verdict = judge("pod.yaml", POD, FIXED, (READONLY,))
    assert verdict.defects == []
    assert (verdict.changed_lines, verdict.changed_data, verdict.least_lines) == (2, 1, 2)


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (FIXED.replace("web   # pinned", "web"), "comment lost"),
        (FIXED.replace("web   # pinned", "web # pinned"), "re-formatted"),
        (FIXED.replace("'ssd'", '"ssd"'), "re-formatted"),
        (FIXED.replace("  nodeSelector:\n    disk: 'ssd'\n", ""), "data beside the fix"),
        (FIXED.replace("image: web:1", "image: web:2"), "data beside the fix"),
        (FIXED.replace("Filesystem: true", "Filesystem: false"), "data beside the fix"),
        (FIXED.replace("        readOnly", "        readOnlyRootFilesystem: true\n        readOnly"),
            "key written twice"),
        (FIXED.replace("      image", "   image"), "no longer parses"),
        (FIXED.replace("\n", "\r\n"), "line ends"),
        (FIXED.rstrip("\n"), "last line end"),
        ("\ufeff" + FIXED, "byte order mark"),
        (MOVED, "data beside the fix"),
        (FIXED.replace("        readOnly", "        runAsUser: 0\n        readOnly"), "data beside the fix"),
        (FIXED.replace("      env:", MOUNT + "      env:"), "newly invalid"),
    ],
)  # fmt: skip
def test_each_broken_promise_is_seen(after: str, kind: str) -> None:
    assert after != FIXED
    assert kind in kinds("pod.yaml", POD, after)


def test_what_a_rule_may_change_another_may_not() -> None:
    assert kinds("pod.yaml", POD, FIXED, TAG) == {"data beside the fix"}


def test_a_comma_is_no_new_format_and_an_indent_is_one() -> None:
    after = TASK.replace('"essential": true', '"essential": true,\n      "readonlyRootFilesystem": true')
    assert judge("task.json", TASK, after, (READONLY,)).defects == []
    assert "re-formatted" in kinds("task.json", TASK, after.replace('      "name"', '        "name"'))


def test_columns_of_hcl_may_move_with_the_group() -> None:
    after = HCL.replace("    name      =", "    name                   =").replace(
        '    image     = "web:1"\n    essential =',
        '    image                  = "web:1"\n'
        "    readonlyRootFilesystem = true\n    essential              =",
    )
    assert judge("main.tf", HCL, after, (READONLY,)).defects == []
    assert "re-formatted" in kinds("main.tf", HCL, after.replace('  family = "web"', "  family = 'web'"))
    assert "comment lost" in kinds("main.tf", HCL, after.replace(" # the shop", ""))


def test_a_new_file_is_judged_too() -> None:
    assert kinds("new.yaml", None, "a: 1\nb: 2\n") == set()
    assert kinds("new.yaml", None, "a: 1\na: 2\n") == {"key written twice"}
    assert kinds("new.yaml", None, "a: [1\n") == {"no longer parses"}


@pytest.mark.parametrize("text", ['{"a": 1', '{"a" 1}', "[1,,2]", '{"a": 1} x', '{"a": nope}', ""])
def test_json_is_read_strictly(text: str) -> None:
    with pytest.raises(Broken):
        read("a.json", text + " " if text else "[")


def test_json_as_people_write_it_is_read() -> None:
    text = '// c\n{"a": ${x.y["z"]}, "b": [<N>, {{ port }}], /* d */ "e": {"f": 1e3,},}'
    reading = read("a.json", text)
    assert reading.comments == ["// c", "/* d */"]
    assert reading.roots[0].get("a") is not None
    assert sorted(reading.roots[0].entries) == ["a", "b", "e"]


def report(*findings: dict[str, object], **more: object) -> dict[str, object]:
    whole: dict[str, object] = {"findings": list(findings), "patches": [], "proposals": [], "unread": []}
    return whole | more


def finding(**more: object) -> dict[str, object]:
    plain: dict[str, object] = {"id": "a", "rule": READONLY, "path": "pod.yaml", "line": 7, "column": 7}
    return plain | {"status": "refused", "reason": "there is no way out"} | more


FILES = {"pod.yaml": POD.encode()}


def test_what_is_seen_and_not_listed_is_said() -> None:
    assert {(e.rule, e.first) for e in looked_at("pod.yaml", FILES["pod.yaml"])} == {
        (READONLY, 7),
        (SECRET, 11),
    }
    seen: Counter[str] = Counter()
    assert [e.kind for e in unlisted(report(), FILES, seen)] == ["not listed"] * 2
    assert len(list(unlisted(report(finding()), FILES, seen))) == 1
    unread = {"path": "pod.yaml", "line": None, "reason": "x"}
    assert list(unlisted(report(unread=[unread]), FILES, seen)) == []


def test_what_is_called_fixed_and_still_there_is_said() -> None:
    called = report(finding(status="fixed", reason=None))
    assert [e.kind for e in still_there(called, FILES, FILES)] == ["fixed and still there"]
    assert list(still_there(called, FILES, {"pod.yaml": FIXED.encode()})) == []


@pytest.mark.parametrize(
    "wrong",
    [
        [finding(line=99)],
        [finding(column=99)],
        [finding(path="gone.yaml")],
        [finding(), finding()],
        [finding(reason="no")],
        [finding(status="fixed")],
        [finding(status="fixed", reason=None)],
    ],
)
def test_a_report_that_contradicts_itself_is_seen(wrong: list[dict[str, object]]) -> None:
    assert list(consistent(report(*wrong), FILES))
    assert list(consistent(report(finding()), FILES)) == []
