"""Hostile files through the command itself: one clear line each, bounded means, and the rest served."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bombs import BOMBS
from tests.oracle.runs import Repository

SECONDS, BYTES = 40, 900_000_000
"""What each run may take at most of a slow machine's processor, and of its memory."""
FEW = 3
"""Seconds of work that one file may take, where it would take all that it gets."""

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web:1
"""
LOGS = '"logConfiguration": {"logDriver": "splunk"}'
BOX = '{"name": "c%d", "image": "web:%d", "essential": true, ' + LOGS + "}"
TASK = '{"family": "a", "containerDefinitions": [%s]}'
TF = """\
resource "aws_ecs_task_definition" "a%d" {
  family                = "a"
  container_definitions = jsonencode(%s)
}
"""
MORE = "    - name: x{0}\n      image: y:{0}\n"
VARIABLE = "        - name: A{0}_TOKEN\n          value: q7jkhjdh{0}\n"
FLOW = "apiVersion: v1\nkind: Pod\nspec: {containers: ["
BOMB = (
    "apiVersion: v1\nkind: Pod\na: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20))
    + "spec: {containers: [{name: a, image: b, args: *u}]}\n"
)

UNREAD: dict[str, bytes] = {
    "truncated.yaml": POD.encode()[:-12] + b'"',
    "truncated.json": (TASK % (BOX % (1, 1))).encode()[:-5],
    "truncated.tf": (TF % (1, "[{ name = 1, image = 2")).encode(),
    "binary.yaml": b"containers: \0\1\2\xff" * 100,
    "utf16.yaml": POD.encode("utf-16"),
    "line.json": b'{"family": "' + b"a" * 50_000_000 + b'", "containerDefinitions": []}',
    "line.tf": b'locals {\n container = "' + b"a" * 50_000_000 + b'"\n}\n',
    "deep.json": b'{"containerDefinitions":' + b"[" * 100_000,
    "deep.yaml": b"containers: " + b"[" * 100_000,
    "blocks.yaml": b"".join(b" " * n + b"containers:\n" for n in range(2_000)),
    "deep.tf": b"locals {\n container_definitions = " + b"[" * 5_000 + b"]" * 5_000 + b"\n}\n",
    "bomb.yaml": BOMB.encode(),
    "self.yaml": b"apiVersion: v1\nkind: Pod\nspec: &s\n  containers: [{name: a, image: b, x: *s}]\n",
    "merged.yaml": b"apiVersion: v1\nkind: Pod\nspec: &s\n  <<: *s\n  containers: [{name: a, image: b}]\n",
    "tabs.yaml": POD.replace("  ", "\t").encode(),
    "braces.tf": b'locals {\n  container = "' + b"${" * 5_000 + b'"\n}\n',
}
LARGE: dict[str, tuple[str, int]] = {
    "comments.yaml": (POD + "      # more\n" * 100_000, 1),
    "containers.yaml": (POD + "".join(MORE.format(n) for n in range(1_500)), 1_501),
    "flow.yaml": (FLOW + "{name: a, image: b}," * 1_500 + "]}\n", 1_500),
    "documents.yaml": ("---\n".join([POD] * 1_500), 1_500),
    "secrets.yaml": (POD + "      env:\n" + "".join(VARIABLE.format(n) for n in range(800)), 801),
    "containers.json": (TASK % ",\n".join(BOX % (n, n) for n in range(1_500)), 1_500),
    "resources.tf": ("".join(TF % (n, "[" + BOX % (n, n) + "]") for n in range(300)), 300),
    "words.yaml": (POD + '      command: ["' + "a=" * 50_000 + '", "' + " " * 200_000 + '"]\n', 1),
    "address.yaml": (POD + '      env:\n      - name: X\n        value: "' + "a://b:" * 20_000 + '"\n', 1),
    "number.json": (TASK % f'{{"name": "a", "image": "b", {LOGS}, "cpu": {"9" * 10_000}}}', 1),
    "surrogate.json": (TASK % (r'{"name": "\ud800\u0000\u001b[31m", "image": "b", ' + LOGS + "}"), 1),
}  # fmt: skip


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def seconds_since(before: resource.struct_rusage) -> float:
    """Processor time of all children that ended since then, whatever else the machine does."""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def looked_at(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """The report of a repository with one hostile file and a good one, written under limits."""
    repository = Repository(folder)
    (repository.folder / name).write_bytes(data)
    (repository.folder / "good").mkdir()
    (repository.folder / "good" / "pod.yaml").write_text(POD)
    repository.commit()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "fixbot", "run", str(repository.folder), "--write", "--jobs", "1"]
    done = subprocess.run(
        [*words, "--format", "json"],
        check=False, capture_output=True, timeout=400, env=repository.environment, preexec_fn=bounded,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1_000:]
    assert seconds_since(before) < SECONDS
    assert b"Traceback" not in done.stderr
    assert "readOnlyRootFilesystem: true" in (repository.folder / "good" / "pod.yaml").read_text()
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str) -> None:
    report = looked_at(tmp_path, name, UNREAD[name])
    reasons = [each["reason"] for each in report["unread"] if each["path"] == name]
    assert len(reasons) == 1
    assert len(reasons[0].splitlines()) == 1
    assert len(reasons[0]) < 200
    assert not [each for each in report["findings"] if each["path"] == name]
    assert (tmp_path / "repository" / name).read_bytes() == UNREAD[name]


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_fixed_in_bounded_time(tmp_path: Path, name: str) -> None:
    text, findings = LARGE[name]
    report = looked_at(tmp_path, name, text.encode())
    here = [each for each in report["findings"] if each["path"] == name]
    assert len(here) >= findings
    assert all(each["status"] == "fixed" for each in here)


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_made_to_take_all_there_is_costs_its_own_part_only(tmp_path: Path, name: str) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "pod.yaml").write_text(POD)
    (tmp_path / name).write_text(BOMBS[name]())
    (tmp_path / "few.yml").write_text(f"limits: {{seconds: {FEW}}}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "fixbot", "run", "--no-cache", "--format", "json", "--jobs", "1"]
    done = subprocess.run(
        [*words, "--config", str(tmp_path / "few.yml"), str(tmp_path)],
        check=False, capture_output=True, timeout=400,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr[-1_000:]
    assert b"Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert [each["status"] for each in report["findings"] if each["path"] == "good/pod.yaml"] == ["fixed"]
    assert all(len(each["reason"].splitlines()) == 1 for each in report["unread"])
    assert seconds_since(before) < FEW * 8
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1_500_000


def test_names_that_are_no_text_links_and_pipes(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    for name in (b"new\nline.yaml", b"not-utf8-\xff.yaml", b"-rf.yaml", b"\x1b[31mred.yaml", b"a b\t.yaml"):
        (repository.folder / os.fsdecode(name)).write_text(POD)
    (tmp_path / "outside.yaml").write_text(POD)
    (repository.folder / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (repository.folder / "round.yaml").symlink_to("round.yaml")
    (repository.folder / "loop").symlink_to(".")
    os.mkfifo(repository.folder / "pipe.yaml")
    repository.commit()
    answer = repository.fixbot("run", "--write", "--format", "json")
    assert answer.code == 0, answer.all
    report = json.loads(answer.out)
    assert [(each["path"], each["status"]) for each in report["findings"]] == [("-rf.yaml", "fixed")]
    renamed = [each["reason"] for each in report["unread"] if "its name" in each["reason"]]
    assert len(renamed) == 4
    assert (tmp_path / "outside.yaml").read_text() == POD
    shown = repository.fixbot("run")
    assert "\x1b" not in shown.all
    assert b"\xff" not in shown.all.encode("utf-8", "surrogateescape")
