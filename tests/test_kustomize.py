"""Kustomizations: judged as built, told once, mended at the right layer, proven by building again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixbot.programs import Programs, find_programs
from fixbot.programs.start import FinishedProgram, ProgramTask, run_program
from tests.oracle.runs import Repository
from tests.renderer import build_objects, need_renderer

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: app
          image: nginx:1.25
"""
OVERLAY = "resources:\n  - ../base\n"
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: app
          securityContext:
            readOnlyRootFilesystem: true
"""
REPLICAS = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n"
VOLUMES = """\
- op: replace
  path: /spec/template/spec/volumes
  value:
    - name: own
      emptyDir: {}
"""
TARGET = "  - target: {kind: Deployment, name: web}\n    path: p.yaml\n"
INLINE = """\
patches:
  - target: {kind: Deployment}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/securityContext
        value:
          readOnlyRootFilesystem: false
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - path: p.yaml\n"


def write(folder: Path, files: dict[str, str]) -> Repository:
    repository = Repository(folder)
    files = {"base/deploy.yaml": BASE, "base/kustomization.yaml": "resources: [deploy.yaml]\n", **files}
    for name, text in files.items():
        path = repository.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    repository.commit()
    return repository


def run(repository: Repository, *words: str, rule: str = "readonly-root-filesystem") -> Any:
    command = [sys.executable, "-m", "fixbot", "run", "--only", rule, "--format", "json", *words]
    done = subprocess.run(
        command,
        cwd=repository.folder,
        env=repository.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def containers(folder: Path) -> dict[str, tuple[bool, int, int]]:
    """Of each container of what is built there: whether it is read-only, its mounts, its pod's volumes."""
    found = {}
    for each in build_objects(folder):
        if each["kind"] == "Deployment":
            pod = each["spec"]["template"]["spec"]
            for box in pod["containers"]:
                fixed = box.get("securityContext", {}).get("readOnlyRootFilesystem") is True
                counts = len(box.get("volumeMounts", ())), len(pod.get("volumes", ()))
                found[f"{each['metadata']['name']}/{box['name']}"] = fixed, *counts
    return found


def layers(report: Any) -> list[tuple[str, str, str]]:
    return [(each["path"], each["layer"]["kind"], each["status"]) for each in report["findings"]]


CASES = {
    "what all overlays lack goes into the base": (
        {"dev/kustomization.yaml": OVERLAY + "namePrefix: dev-\n",
         "prod/kustomization.yaml": OVERLAY + "replicas: [{name: web, count: 3}]\n"},
        [("base/deploy.yaml", "base", "fixed")],
    ),
    "a base that two overlays of one root take in is told once": (
        {"a/kustomization.yaml": OVERLAY + "namePrefix: a-\n",
         "b/kustomization.yaml": OVERLAY + "namePrefix: b-\n",
         "prod/kustomization.yaml": "resources: [../a, ../b]\n"},
        [("base/deploy.yaml", "base", "fixed")],
    ),
    "what a component makes right in one root is added to the other by a patch of its own": (
        {"ro/kustomization.yaml": COMPONENT, "ro/p.yaml": PATCH,
         "prod/kustomization.yaml": OVERLAY + "components: [../ro]\n",
         "dev/kustomization.yaml": OVERLAY},
        [("dev/kustomization.yaml", "patch", "fixed")],
    ),
    "a patch that an overlay has is used": (
        {"prod/kustomization.yaml": OVERLAY + "patches:\n  - path: p.yaml\n", "prod/p.yaml": PATCH,
         "dev/kustomization.yaml": OVERLAY + "patchesStrategicMerge:\n  - r.yaml\n", "dev/r.yaml": REPLICAS},
        [("dev/r.yaml", "patch", "fixed")],
    ),
    "so is one that stands in the kustomization": (
        {"prod/kustomization.yaml": OVERLAY + "patches:\n  - path: p.yaml\n", "prod/p.yaml": PATCH,
         "dev/kustomization.yaml": OVERLAY + "patches:\n  - patch: |-\n"
         + "".join(f"      {line}\n" for line in REPLICAS.splitlines())},
        [("dev/kustomization.yaml", "patch", "fixed")],
    ),
    "a wrong value is mended where it stands": (
        {"prod/kustomization.yaml": OVERLAY + "patches:\n  - path: p.yaml\n",
         "prod/p.yaml": PATCH.replace("true", "false"), "dev/kustomization.yaml": OVERLAY},
        [("base/deploy.yaml", "base", "fixed"), ("prod/p.yaml", "patch", "fixed")],
    ),
    "in an operation as well": (
        {"prod/kustomization.yaml": OVERLAY + INLINE},
        [("prod/kustomization.yaml", "patch", "fixed")],
    ),
    "an operation that replaces the volumes gets those that the base's mounts need": (
        {"base/deploy.yaml": BASE + "      volumes:\n        - name: old\n          emptyDir: {}\n",
         "prod/kustomization.yaml": OVERLAY + "patchesJson6902:\n" + TARGET, "prod/p.yaml": VOLUMES,
         "dev/kustomization.yaml": OVERLAY},
        [("base/deploy.yaml", "base", "fixed")],
    ),
    "what Argo CD builds is a root too": (
        {"mid/kustomization.yaml": OVERLAY, "prod/kustomization.yaml": "resources: [../mid]\n"
         "patches:\n  - path: p.yaml\n", "prod/p.yaml": PATCH,
         "argo.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\n"
         "spec:\n  source:\n    path: mid\n"},
        [("mid/kustomization.yaml", "patch", "refused")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_finding_is_mended_at_its_layer_and_each_root_differs_in_the_plan_alone(
    tmp_path: Path, name: str
) -> None:
    need_renderer()
    files, expected = CASES[name]
    repository = write(tmp_path, files)
    roots = sorted({path.split("/")[0] for path in files if path.endswith("/kustomization.yaml")} - {"ro"})
    before = {root: containers(repository.folder / root) for root in roots}
    report = run(repository, "--write")
    assert sorted(layers(report)) == sorted(expected)
    if any(status == "refused" for *_, status in expected):
        assert {root: containers(repository.folder / root) for root in roots} == before
        return
    for root in roots:
        after = containers(repository.folder / root)
        for box, (fixed, mounts, volumes) in after.items():
            was, had, there = before[root][box]
            assert fixed
            assert (mounts, volumes) == ((had, there) if was else (had + 3, there + 3))
    assert not [each for each in run(repository)["findings"] if each["status"] == "fixed"]


def test_a_secret_moves_to_one_name_whatever_roots_call_the_object(tmp_path: Path) -> None:
    need_renderer()
    variable = "          env:\n            - name: DB_PASSWORD\n              value: hunter2hunter2x\n"
    overlays = {f"{name}/kustomization.yaml": OVERLAY + f"namePrefix: {name}-\n" for name in ("dev", "prod")}
    repository = write(tmp_path, {"base/deploy.yaml": BASE + variable, **overlays})
    report = run(repository, "--write", rule="secret-in-environment")
    assert layers(report) == [("base/deploy.yaml", "base", "fixed")]
    for name in ("dev", "prod"):
        (deployment,) = build_objects(repository.folder / name)
        (entry,) = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
        assert entry["valueFrom"]["secretKeyRef"] == {"name": "web-secrets", "key": "DB_PASSWORD"}


def test_without_rendering_files_are_read_as_they_stand(tmp_path: Path) -> None:
    repository = write(tmp_path, {"prod/kustomization.yaml": OVERLAY})
    (finding,) = run(repository, "--no-render")["findings"]
    assert (finding["path"], finding["layer"]) == ("base/deploy.yaml", None)


def test_one_line_says_what_to_install_where_nothing_can_build(tmp_path: Path) -> None:
    repository = write(tmp_path, {"prod/kustomization.yaml": OVERLAY, "dev/kustomization.yaml": OVERLAY})
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "git").symlink_to("/usr/bin/git")
    command = [sys.executable, "-m", "fixbot", "run", "--format", "json"]
    environment = {**repository.environment, "PATH": str(empty)}
    done = subprocess.run(
        command, cwd=repository.folder, env=environment, capture_output=True, text=True, check=True
    )
    (said,) = [each for each in json.loads(done.stdout)["unread"] if "kustomiz" in each["reason"]]
    assert said["reason"].endswith("install one of them")


HOSTILE = {
    "a remote base": {"prod/kustomization.yaml": OVERLAY + "  - https://github.com/a/b//c?ref=v1\n"},
    "a base by ssh": {"prod/kustomization.yaml": OVERLAY + "  - git@github.com:a/b.git\n"},
    "a base outside": {"prod/kustomization.yaml": OVERLAY + "  - ../../../../../../etc\n"},
    "a file outside": {"prod/kustomization.yaml": OVERLAY + "configMapGenerator:\n  - name: a\n"
                       "    files: [../../../../../../../etc/passwd]\n"},
    "a chart": {"prod/kustomization.yaml": OVERLAY + "helmCharts:\n  - name: a\n    repo: https://example.org\n"},
    "a chart by a merge key": {"prod/kustomization.yaml": OVERLAY
                               + "x: &x\n  helmCharts: [{name: a}]\n<<: *x\n"},
    "a name of two lines": {"prod/kustomization.yaml": OVERLAY + "configMapGenerator:\n  - name: a\n"
                            '    files: ["x\\n::error::y"]\n'},
    "a plug-in": {"prod/kustomization.yaml": OVERLAY + "generators: [g.yaml]\n",
                  "prod/g.yaml": "apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  annotations:\n"
                  "    config.kubernetes.io/function: 'exec: {path: ./x}'\n"},
    "a schema that refers away": {"prod/kustomization.yaml": OVERLAY + "openapi:\n  path: s.json\n",
                                  "prod/s.json": '{"definitions": {"a": {"$ref": "http://127.0.0.1:1/a"}}}'},
    "a circle": {"prod/kustomization.yaml": OVERLAY + "  - ../dev\n",
                 "dev/kustomization.yaml": "resources: [../prod]\n", "top/kustomization.yaml":
                 "resources: [../prod]\n"},
    "400 layers": {f"l{n}/kustomization.yaml": f"resources: [../{'base' if n == 0 else f'l{n - 1}'}]\n"
                   for n in range(400)},
    "copies that double": {"prod/kustomization.yaml": OVERLAY + "patches:\n" + TARGET,
                           "prod/p.yaml": "- {op: add, path: /metadata/a, value: {x: y}}\n" + "".join(
                               f"- {{op: copy, from: /metadata/a, path: /metadata/a/k{n}}}\n"
                               for n in range(60))},
    "aliases that double": {"prod/kustomization.yaml": OVERLAY + "  - c.yaml\n",
                            "prod/c.yaml": "apiVersion: v1\nkind: A\nmetadata: {name: a}\na0: &a0 [x, x]\n"
                            + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_root_is_named_in_one_line_and_costs_no_other(tmp_path: Path, name: str) -> None:
    need_renderer()
    repository = write(tmp_path, HOSTILE[name])
    report = run(repository)
    assert [each["path"] for each in report["findings"]] == ["base/deploy.yaml"]
    said = [each["reason"] for each in report["unread"] if each["reason"].startswith("not built: ")]
    assert said, report["unread"]
    assert all("\n" not in each and str(tmp_path) not in each and "root:" not in each for each in said)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    need_renderer()
    repository = write(tmp_path, {"prod/kustomization.yaml": OVERLAY + "  - other.yaml\n"})
    (repository.folder / "prod" / "other.yaml").symlink_to("/etc/hostname")
    repository.git("add", "-A")
    report = run(repository)
    assert any(each["reason"].startswith("not built: other.yaml is not among") for each in report["unread"])


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    found = find_programs({"PATH": os.environ["PATH"]}, [str(tmp_path)], [], sys.executable)
    assert found is not None
    return found


def test_what_renders_has_no_network_where_the_kernel_gives_it_a_namespace(programs: Programs) -> None:
    code = "print(*sorted(line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line))"
    words = ("-I", "-c", code)
    alone = run_program(ProgramTask(sys.executable, words, offline=True), programs)
    assert isinstance(alone, FinishedProgram)
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0:
        assert alone.output.split() == [b"lo"]


def test_the_second_run_of_an_unchanged_root_starts_no_renderer(tmp_path: Path) -> None:
    need_renderer()
    repository = write(tmp_path, {"prod/kustomization.yaml": OVERLAY})
    first = run(repository)
    spy = tmp_path / "bin"
    spy.mkdir()
    assert run(repository)["findings"] == first["findings"]
    (repository.folder / "base" / "kustomization.yaml").write_text(
        "resources: [deploy.yaml]\nnamePrefix: x-\n"
    )
    (again,) = run(repository)["findings"]
    assert again["resource"] == "Deployment x-web, container app"
