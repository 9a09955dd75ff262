"""Shapes met in public repositories, each cut down to what once went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fixbot.checkout import Checkout, Scope
from fixbot.engine.pipeline import run_pipeline
from fixbot.knowledge.classify_secrets import SecretKind, classify_value
from fixbot.model.findings import Finding, Report, Status
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.settings import Settings
from fixbot.source.discover import is_candidate
from tests.first_rules import first_rules


def looked_at(folder: Path, files: Mapping[str, str]) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return run_pipeline(
        Checkout.open_checkout(str(folder), Scope(wanted=is_candidate)), first_rules(), Settings()
    )


def found(report: Report, rule: str) -> list[Finding]:
    return [each for each in report.findings if each.rule == rule]


def after(report: Report, path: str) -> str:
    return next(patch.after for patch in report.patches if patch.path == path)


TASK = """resource "aws_ecs_task_definition" "web" {
  family                = "web"
  container_definitions = jsonencode([{ name = "web", image = "example/web:1", memory = 128 }])
}
"""
POLICY = '{"Statement": [{"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}]}\n'
SERVICE = """resource "aws_ecs_service" "web" {
  task_definition        = aws_ecs_task_definition.web.arn
  enable_execute_command = true
}
"""
READER = """resource "aws_iam_policy" "ci" {
  name   = "ci"
  policy = file("${path.module}/data/ci_policy")
}
"""


class TestFilesOfAFolder:
    def test_a_service_in_a_file_without_containers_says_that_exec_is_on(self, tmp_path: Path) -> None:
        report = looked_at(tmp_path, {"task.tf": TASK, "service.tf": SERVICE})
        (finding,) = found(report, "readonly-root-filesystem")
        assert finding.status is Status.REFUSED
        assert "ECS Exec is on" in (finding.reason or "")

    def test_a_file_that_terraform_reads_needs_no_ending(self, tmp_path: Path) -> None:
        report = looked_at(tmp_path, {"main.tf": READER, "data/ci_policy": POLICY})
        (finding,) = found(report, "tag-condition-missing")
        assert finding.path == "data/ci_policy"
        assert finding.status is Status.FIXED

    def test_a_link_to_a_file_that_is_read_is_not_unread(self, tmp_path: Path) -> None:
        (tmp_path / "dev").mkdir()
        (tmp_path / "dev/task.tf").symlink_to("../task.tf")
        (tmp_path / "dev/other.tf").symlink_to("../gone.tf")
        report = looked_at(tmp_path, {"task.tf": TASK})
        assert [each.path for each in report.unread] == ["dev/other.tf"]

    def test_what_no_terraform_reads_stays_unlisted(self, tmp_path: Path) -> None:
        report = looked_at(tmp_path, {"main.tf": TASK, "data/ci_policy": POLICY})
        assert not found(report, "tag-condition-missing")


def statefulset(image: str, *paths: str) -> str:
    mounts = "".join(f"\n        - {{name: data, mountPath: {path}}}" for path in paths)
    return (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"
        "spec:\n  template:\n    spec:\n      containers:\n"
        f"      - name: db\n        image: {image}\n" + (f"        volumeMounts:{mounts}\n" if paths else "")
    )


class TestPostgresOfNoVersion:
    """Where the data lie changed with version 18; a tag may not say which one it is."""

    @pytest.mark.parametrize("path", ["/var/lib/postgresql/data", "/var/lib/postgresql"])
    def test_a_volume_where_the_data_lie_settles_it(self, tmp_path: Path, path: str) -> None:
        text = after(looked_at(tmp_path, {"db.yaml": statefulset("postgres:alpine", path)}), "db.yaml")
        assert text.count("mountPath: ") == 3
        assert text.count("mountPath: /var/lib/postgresql") == 1
        assert "mountPath: /run/postgresql" in text

    def test_without_one_the_folder_that_holds_both_is_mounted(self, tmp_path: Path) -> None:
        text = after(looked_at(tmp_path, {"db.yaml": statefulset("postgres")}), "db.yaml")
        assert "mountPath: /var/lib/postgresql\n" in text


class TestTemplatesInJson:
    def test_an_interpolation_in_a_heredoc_may_go_over_several_lines(self, tmp_path: Path) -> None:
        terraform = """resource "aws_iam_role_policy" "nightly" {
  policy = <<DOC
{
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "ecs:StopTask",
            "Resource": "*"
        },
        {
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": "${replace(
  aws_ecs_task_definition.nightly.arn,
  "/:\\\\d+$/",
  ":*",
)}"
        }
    ]
}
DOC
}
"""
        report = looked_at(tmp_path, {"main.tf": terraform})
        assert not report.unread
        text = after(report, "main.tf")
        assert '"aws:ResourceTag/Environment"' in text
        assert (
            terraform[terraform.index('"Resource": "${replace') : terraform.index("    ]\n}")].rstrip()
            in text
        )

    @pytest.mark.parametrize("hole", ["@VERSION@", "%IMAGE%", "__IMAGE__", "$IMAGE", "$(image)"])
    def test_what_a_pipeline_fills_in_may_stand_bare(self, tmp_path: Path, hole: str) -> None:
        task = (
            '{"family": "web", "containerDefinitions": [\n'
            f'  {{"name": "web", "image": {hole}, "memory": 128}}\n'
            "]}\n"
        )
        text = after(looked_at(tmp_path, {"task.json": task}), "task.json")
        assert f'"image": {hole}, ' in text
        assert '"readonlyRootFilesystem": true' in text


class TestImagesThatWriteTheirConfiguration:
    POD = """apiVersion: v1
kind: Pod
metadata: {name: data}
spec:
  %s:
  - name: %s
    image: %s%s
"""

    @pytest.mark.parametrize(
        "image",
        ["cassandra:5", "bitnamilegacy/kafka:4.0.0", "registry.example/bitnami/redis:7", "apache/airflow:3"],
    )
    def test_they_are_refused_with_what_to_do(self, tmp_path: Path, image: str) -> None:
        report = looked_at(tmp_path, {"pod.yaml": self.POD % ("containers", "data", image, "")})
        (finding,) = found(report, "readonly-root-filesystem")
        assert finding.status is Status.REFUSED
        assert (finding.reason or "").startswith("data can't simply get a read-only root: ")

    def test_an_init_container_with_a_command_of_its_own_runs_none_of_that(self, tmp_path: Path) -> None:
        command = '\n    command: [calico-node, "-init"]'
        text = self.POD % ("initContainers", "bpf", "quay.io/calico/node:v3.30.0", command)
        assert "readOnlyRootFilesystem: true" in after(looked_at(tmp_path, {"pod.yaml": text}), "pod.yaml")


def test_a_script_among_templates_is_no_configuration(tmp_path: Path) -> None:
    script = "#!/bin/bash\nset -o xtrace\n  systemctl restart containerd\n"
    assert not looked_at(tmp_path, {"user-data.tpl": script}).unread


class TestImagesOfNoKnownName:
    """A demo's `catalogue-db` is MySQL with some tables in it, and can't live with `/tmp` alone."""

    DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: catalogue-db}
spec:
  template:
    spec:
      containers:
      - name: catalogue-db
        image: example/catalogue-db:0.3.0
        env:
        - name: %s
          value: shop
        ports:
        - containerPort: %d
"""

    @pytest.mark.parametrize(
        ("variable", "port", "path"),
        [("MYSQL_DATABASE", 3306, "/run/mysqld"), ("POSTGRES_DB", 5432, "/run/postgresql")],
    )
    def test_a_database_is_known_by_its_port_and_variables(
        self, tmp_path: Path, variable: str, port: int, path: str
    ) -> None:
        report = looked_at(tmp_path, {"db.yaml": self.DEPLOYMENT % (variable, port)})
        assert f"mountPath: {path}\n" in after(report, "db.yaml")

    def test_its_client_is_not_one(self, tmp_path: Path) -> None:
        report = looked_at(tmp_path, {"db.yaml": self.DEPLOYMENT % ("MYSQL_DATABASE", 8080)})
        assert "/run/mysqld" not in after(report, "db.yaml")


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("OPERATOR_SECRET", "operator", SecretKind.POSSIBLE),
        ("TS_KUBE_SECRET", "tailscale-auth", SecretKind.POSSIBLE),
        ("KUBE_SECRET", "Xk2!pq", SecretKind.LIKELY),
        ("JWT_SECRET", "operator", SecretKind.LIKELY),
    ],
)
def test_a_variable_may_name_a_secret_of_kubernetes(name: str, value: str, kind: SecretKind) -> None:
    assert classify_value(name, value).kind is kind


def test_what_a_privileged_container_asks_for_by_name_it_keeps(tmp_path: Path) -> None:
    pod = """apiVersion: v1
kind: Pod
metadata: {name: share}
spec:
  containers:
  - name: share
    image: example/samba:4
    securityContext:
      privileged: true
      capabilities:
        add: ["SYS_ADMIN", "DAC_READ_SEARCH"]
"""
    report = looked_at(tmp_path, {"pod.yaml": pod})
    body = next(
        render_proposal(each).body for each in report.proposals if "privileged-container" in each.rules
    )
    assert "It will keep SYS_ADMIN and DAC_READ_SEARCH and lose every other privilege" in body
    assert "docker run --rm --cap-add SYS_ADMIN --cap-add DAC_READ_SEARCH example/samba:4" in body


def test_proposals_of_the_same_name_say_where_they_are(tmp_path: Path) -> None:
    spec = "{containers: [{name: web, image: nginx:1}]}"
    pod = f"{{apiVersion: v1, kind: Pod, metadata: {{name: demo}}, spec: {spec}}}\n"
    report = looked_at(tmp_path, {"canary/pod.yaml": pod, "blue/pod.yaml": pod, "pod.yaml": pod})
    assert {render_proposal(each).title for each in report.proposals} == {
        "Make the root filesystem of demo read-only in pod.yaml",
        "Make the root filesystem of demo read-only in blue/pod.yaml",
        "Make the root filesystem of demo read-only in canary/pod.yaml",
    }


class TestCustomResources:
    def test_a_pod_may_be_the_spec_itself(self, tmp_path: Path) -> None:
        runtime = """apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata:
  name: xgb
spec:
  containers:
  - name: kserve-container
    image: kserve/xgbserver:v0.16.0
  volumes:
  - name: shm
    emptyDir: {medium: Memory}
"""
        text = after(looked_at(tmp_path, {"runtime.yaml": runtime}), "runtime.yaml")
        assert "readOnlyRootFilesystem: true" in text
        assert "  - name: kserve-container-tmp\n    emptyDir: {}\n" in text

    def test_a_volume_is_added_only_where_a_pod_is_known(self, tmp_path: Path) -> None:
        workflow = """apiVersion: example.org/v1
kind: Flow
metadata: {name: build}
spec:
  steps:
    containerSet:
      containers:
      - name: build
        image: example/build:1
"""
        text = after(looked_at(tmp_path, {"flow.yaml": workflow}), "flow.yaml")
        assert "readOnlyRootFilesystem: true" in text
        assert "volume" not in text

    def test_what_a_policy_would_change_is_no_container(self, tmp_path: Path) -> None:
        policy = """apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: rewrite}
spec:
  rules:
  - mutate:
      patchStrategicMerge:
        spec:
          containers:
          - name: web
            image: example/legacy:1
"""
        report = looked_at(tmp_path, {"policy.yaml": policy})
        assert not report.findings
        assert "Kyverno" in report.unread[0].reason

    def test_a_policy_may_be_made_by_a_custom_resource(self, tmp_path: Path) -> None:
        template = """Resources:
  DeployPolicy:
    Type: Custom::LabPolicy
    Properties:
      ServiceToken: !ImportValue Token
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: ecs:UpdateService
            Resource: "*"
"""
        (finding,) = found(looked_at(tmp_path, {"stack.yml": template}), "tag-condition-missing")
        assert finding.status is Status.FIXED
