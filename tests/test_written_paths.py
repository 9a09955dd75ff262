# ruff: noqa: S108 (the paths are those of containers)
"""What a read-only root needs beside the flag: as an image's switches, its user and the platform have it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.proposal.body import render_body
from fixbot.settings import Settings
from tests.first_rules import first_rules

Json = dict[str, Any]


class Ran:
    """What a run made of one file, and what it says of it."""

    def __init__(self, folder: Path, name: str, text: str) -> None:
        (folder / name).write_text(text)
        self.report: Report = run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())
        patches = self.report.patches
        self.after = yaml.safe_load(patches[0].after if patches else text)
        reasons = (each.reason or "" for each in self.report.findings)
        bodies = (render_body(each.story, each.rules, each.key) for each in self.report.proposals)
        self.said = "\n".join([*reasons, *bodies])
        self.safety = {each.safety.value for each in self.report.proposals}

    @property
    def pod(self) -> Json:
        spec = self.after["spec"]
        found: Json = spec if "containers" in spec else spec["template"]["spec"]
        return found

    @property
    def container(self) -> Json:
        found: Json = (
            self.after["containerDefinitions"][0]
            if "containerDefinitions" in self.after
            else self.pod["containers"][0]
        )
        return found

    @property
    def mounted(self) -> set[str]:
        one = self.container
        return {
            *(each["mountPath"] for each in one.get("volumeMounts", ())),
            *(each["containerPath"] for each in one.get("mountPoints", ())),
        }

    @property
    def tried(self) -> list[str]:
        return [line.strip() for line in self.said.splitlines() if line.strip().startswith("docker run")]


def in_pod(folder: Path, image: str, **container: object) -> Ran:
    one = {"name": "web", "image": image, **container}
    spec: Json = {"containers": [one]}
    spec |= {"volumes": [{"name": name, "emptyDir": {}} for name in _volumes(one)]} if _volumes(one) else {}
    text = json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}, indent=1
    )
    return Ran(folder, "pod.json", text)


def _volumes(container: Json) -> list[str]:
    return [each["name"] for each in container.get("volumeMounts", ())]


def in_task(folder: Path, image: str, *, compatible: str = "FARGATE", **container: object) -> Ran:
    task = {
        "family": "web", "requiresCompatibilities": [compatible], "networkMode": "awsvpc", "cpu": "256",
        "memory": "512", "containerDefinitions": [{"name": "web", "image": image, **container}],
    }  # fmt: skip
    return Ran(folder, "task.json", json.dumps(task, indent=1))


@pytest.mark.parametrize(
    ("image", "given", "mounted", "left"),
    [
        ("prom/prometheus:v2.54.0", {"args": ["--storage.tsdb.path=/data"]}, "/data", "/prometheus"),
        ("prom/prometheus:v2.54.0", {"args": ["--storage.tsdb.path", "/data"]}, "/data", "/prometheus"),
        ("minio/minio", {"args": ["server", "/export"]}, "/export", "/data"),
        ("minio/minio", {"args": ["server", "--address", ":9000", "/export"]}, "/export", "/data"),
        ("minio/minio", {"command": ["sh", "-c", "exec minio server /export"]}, "/export", "/data"),
        ("postgres:16", {"env": [{"name": "PGDATA", "value": "/pg"}]}, "/pg", "/var/lib/postgresql/data"),
        ("redis:7", {"args": ["redis-server", "--dir", "/store"]}, "/store", "/data"),
        ("mysql:8", {"args": ["--datadir=/store"]}, "/store", "/var/lib/mysql"),
        ("mongo:7", {"args": ["--dbpath", "/store"]}, "/store", "/data/db"),
    ],
)  # fmt: skip
def test_a_switch_moves_the_volume(tmp_path: Path, image: str, given: Json, mounted: str, left: str) -> None:
    ran = in_pod(tmp_path, image, **given)
    assert mounted in ran.mounted
    assert left not in ran.mounted
    assert ran.safety == {"review"}


@pytest.mark.parametrize(
    "given",
    [
        {"args": ["--storage.tsdb.path=$(STORE)"]},
        {"args": ["--storage.tsdb.path", "{{ .Values.store }}"]},
        {"args": ["--storage.tsdb.path=/prometheus", "{{ .Values.more }}"]},
        {"args": ["--new.store=/somewhere"]},
        {"env": [{"name": "NEW_STORE", "value": "/somewhere"}]},
        {"command": ["/bin/prometheus"]},
    ],
)
def test_nothing_is_safe_beside_a_setting_that_may_void_it(tmp_path: Path, given: Json) -> None:
    assert in_pod(tmp_path, "prom/prometheus:v2.54.0", **given).safety == {"review"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"args": ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]},
        {"args": ["--storage.agent.path=store"]},
        {"args": ["--storage.tsdb.retention.time=5d", "--web.config.file", "/etc/prometheus/web.yml"]},
        {"env": [{"name": "LOG", "value": "debug"}]},
    ],
)
def test_what_only_reads_leaves_it_safe(tmp_path: Path, given: Json) -> None:
    assert in_pod(tmp_path, "prom/prometheus:v2.54.0", **given).safety == {"safe"}


def test_variables_that_stand_elsewhere_may_move_the_data(tmp_path: Path) -> None:
    ran = in_pod(tmp_path, "postgres:16", envFrom=[{"configMapRef": {"name": "settings"}}])
    assert "PGDATA" in ran.said


def test_templates_of_nginx_make_its_configuration_writable(tmp_path: Path) -> None:
    mount = {"name": "templates", "mountPath": "/etc/nginx/templates/site.conf.template", "subPath": "x"}
    ran = in_pod(tmp_path, "nginx:1.27", volumeMounts=[mount])
    assert "/etc/nginx/conf.d" in ran.mounted
    assert "/etc/nginx/conf.d" not in in_pod(tmp_path, "nginx:1.27").mounted


@pytest.mark.parametrize(
    ("image", "hidden"),
    [
        ("registry.example/vault:1", "/vault/config"),
        ("registry.example/consul:1", "/consul/config"),
        ("registry.example/grafana:11", "/var/lib/grafana"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/wordpress:6", "/var/www/html"),
        ("ghcr.io/acme/postgres:14", "/etc/postgresql"),
        ("quay.io/acme/vault:1", "/vault/config"),
    ],
)
def test_an_image_of_ones_own_keeps_what_it_brings(tmp_path: Path, image: str, hidden: str) -> None:
    assert not {path for path in in_pod(tmp_path, image).mounted if hidden.startswith(path)}


def test_vault_gets_the_variable_without_which_it_does_not_start(tmp_path: Path) -> None:
    env = [{"name": "SKIP_SETCAP", "value": "true"}]
    assert in_pod(tmp_path, "hashicorp/vault:1.17", args=["server"]).container["env"] == env
    ran = in_pod(tmp_path, "hashicorp/vault:1.17", securityContext={"runAsUser": 100})
    assert {each["name"] for each in ran.container["env"]} == {"SKIP_SETCAP", "SKIP_CHOWN"}
    again = in_pod(tmp_path, "hashicorp/vault:1.17", env=env)
    assert again.container["env"] == env
    (tmp_path / "pod.json").unlink()
    task = in_task(tmp_path, "hashicorp/vault:1.17", compatible="EC2", memory=256)
    assert task.container["environment"] == env


@pytest.mark.parametrize("user", [{"user": "1000"}, {"user": "1000:1000"}, {"user": "app"}])
def test_on_fargate_another_user_gets_a_tmpfs_that_it_can_write(tmp_path: Path, user: Json) -> None:
    ran = in_task(tmp_path, "registry.example/web:1", **user)
    (tmpfs,) = ran.container["linuxParameters"]["tmpfs"]
    assert tmpfs == {"containerPath": "/tmp", "size": 128, "mountOptions": ["exec", "mode=1777"]}
    assert (ran.mounted, ran.safety) == (set(), {"review"})
    assert "1.4.0" in ran.said
    assert "guess" in ran.said


def test_data_never_lie_on_a_tmpfs(tmp_path: Path) -> None:
    ran = in_task(tmp_path, "grafana/grafana:11.2.0")
    assert "/var/lib/grafana" in ran.mounted
    assert [each["containerPath"] for each in ran.container["linuxParameters"]["tmpfs"]] == ["/tmp"]
    assert "VOLUME" in ran.said


@pytest.mark.parametrize(
    ("image", "platform", "safety"),
    [
        ("nginxinc/nginx-unprivileged:1.27", "FARGATE", "review"),
        ("nginxinc/nginx-unprivileged:1.27", "EC2", "safe"),
        ("prom/prometheus:v2.54.0", "FARGATE", "safe"),
        ("amazon/aws-xray-daemon:3.x", "FARGATE", "safe"),
    ],
)
def test_safe_is_of_the_platform_too(tmp_path: Path, image: str, platform: str, safety: str) -> None:
    assert in_task(tmp_path, image, compatible=platform, memory=256).safety == {safety}


def test_another_user_voids_what_the_image_prepares(tmp_path: Path) -> None:
    assert in_task(tmp_path, "prom/prometheus:v2.54.0", user="1000").safety == {"review"}


@pytest.mark.parametrize(
    "given",
    [
        {"linuxParameters": {"tmpfs": [{"containerPath": "/tmp", "size": 64}]}},
        {"linuxParameters": {"tmpfs": [{"containerPath": "/tmp/", "size": 64, "mountOptions": ["noexec"]}]}},
        {"mountPoints": [{"sourceVolume": "x", "containerPath": "/tmp", "readOnly": True}]},
        {"mountPoints": [{"sourceVolume": "x", "containerPath": "/tmp/"}]},
    ],
)
def test_what_is_mounted_is_not_mounted_again(tmp_path: Path, given: Json) -> None:
    text = json.dumps(
        {"family": "a", "volumes": [{"name": "x"}], "containerDefinitions": [
            {"name": "web", "image": "registry.example/web:1", "memory": 64, **given}]}, indent=1,
    )  # fmt: skip
    ran = Ran(tmp_path, "task.json", text)
    assert ran.container["readonlyRootFilesystem"] is True
    assert ran.container.get("mountPoints") == given.get("mountPoints")
    assert ran.after["volumes"] == [{"name": "x"}]


def test_a_read_only_mount_is_said_to_be_one(tmp_path: Path) -> None:
    mount = {"name": "x", "mountPath": "/tmp", "readOnly": True}
    assert (
        "read-only mount stands at /tmp"
        in in_pod(tmp_path, "registry.example/web:1", volumeMounts=[mount]).said
    )


def test_volumes_from_another_container_are_there(tmp_path: Path) -> None:
    task = {
        "family": "a", "volumes": [{"name": "scratch"}], "containerDefinitions": [
            {"name": "web", "image": "registry.example/web:1", "volumesFrom": [{"sourceContainer": "side"}]},
            {"name": "side", "image": "registry.example/side:1", "readonlyRootFilesystem": True,
             "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/tmp"}]}],
    }  # fmt: skip
    ran = Ran(tmp_path, "task.json", json.dumps(task, indent=1))
    assert "mountPoints" not in ran.container
    assert ran.container["readonlyRootFilesystem"] is True


def test_var_run_is_run(tmp_path: Path) -> None:
    paths = ("/var/cache/nginx", "/var/run", "/tmp")
    mounts = [{"name": f"v{at}", "mountPath": path} for at, path in enumerate(paths)]
    assert in_pod(tmp_path, "nginx:1.27", volumeMounts=mounts).mounted == set(paths)


def test_a_volume_never_takes_the_name_of_a_claim_template(tmp_path: Path) -> None:
    ran = Ran(tmp_path, "set.yaml", """apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: web, image: "registry.example/web:1"}
  volumeClaimTemplates:
  - metadata: {name: web-tmp}
    spec: {accessModes: [ReadWriteOnce]}
""")  # fmt: skip
    assert [each["name"] for each in ran.pod["volumes"]] == ["web-tmp-2"]


@pytest.mark.parametrize(
    ("image", "given"),
    [
        ("ruby:3.3", {}),
        ("registry.example/shop:1", {"command": ["bundle", "exec", "puma"]}),
        ("registry.example/shop:1", {"command": ["sh", "-c", "exec puma"]}),
    ],
)
def test_ruby_is_told_that_an_empty_dir_has_no_sticky_bit(tmp_path: Path, image: str, given: Json) -> None:
    said = in_pod(tmp_path, image, **given).said
    assert "sticky bit" in said
    assert "TMPDIR" in said


def test_a_go_program_that_ko_builds_gets_the_flag_alone(tmp_path: Path) -> None:
    ran = in_pod(tmp_path, "ko://example.com/cmd/controller")
    assert ran.mounted == set()
    assert ran.container["securityContext"] == {"readOnlyRootFilesystem": True}


def test_a_guess_is_called_one(tmp_path: Path) -> None:
    assert "/tmp is a guess" in in_pod(tmp_path, "registry.example/web:1").said


def test_a_definition_of_two_tasks_gets_its_volume_in_both(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text('[{"name": "web", "image": "registry.example/web:1"}]')
    task = 'resource "aws_ecs_task_definition" "%s" {\n  container_definitions = file("web.json")\n}\n'
    (tmp_path / "main.tf").write_text(task % "a" + task % "b")
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    after = {each.path: each.after for each in report.patches}
    assert re.findall(r'volume \{\s+name = "(.*)"', after["main.tf"]) == ["web-tmp", "web-tmp"]
    assert '"containerPath": "/tmp"' in after["web.json"]


def test_a_try_starts_what_the_file_starts(tmp_path: Path) -> None:
    ran = in_pod(
        tmp_path, "registry.example/web:1", command=["serve"], args=["--port=80"],
        securityContext={"runAsUser": 7}, env=[{"name": "DB_HOST", "value": "db.example"}],
    )  # fmt: skip
    (tried,) = ran.tried
    assert tried == (
        "docker run -d --read-only --tmpfs /tmp --name try --user 7 --env DB_HOST=VALUE --entrypoint=serve "
        "registry.example/web:1 --port=80"
    )


def test_a_try_shows_no_secret_that_an_argument_holds(tmp_path: Path) -> None:
    ran = in_pod(tmp_path, "registry.example/web:1", args=["--db-password", "plum-Tr4ctor"])
    assert "plum" not in " ".join(ran.tried)
    assert ran.tried[0].endswith(" ARGUMENTS")


@pytest.mark.parametrize(
    ("image", "given", "added"),
    [
        ("nginx:1.27", {}, {"CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"}),
        ("registry.example/web:1", {}, None),
        ("registry.example/web:1", {"runAsUser": 1000}, set()),
        ("registry.example/web:1", {"runAsNonRoot": True}, set()),
        ("nginxinc/nginx-unprivileged:1", {}, set()),
    ],
)
def test_what_is_dropped_counts_once_the_mode_is_gone(
    tmp_path: Path, image: str, given: Json, added: set[str] | None
) -> None:
    context = {"privileged": True, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}, **given}
    after = in_pod(tmp_path, image, securityContext=context).container["securityContext"]
    assert (after.get("privileged") is True) is (added is None)
    assert set(after["capabilities"].get("add", ())) == (added or set())


STATIC = """FROM golang:1 AS build
RUN go build -o /web
FROM gcr.io/distroless/static:nonroot
COPY --from=build /web /
"""


@pytest.mark.parametrize(
    ("path", "dockerfile", "mounted"),
    [
        ("cmd/web/Dockerfile", STATIC, set()),
        ("build/Dockerfile.web", STATIC, set()),
        ("web.Dockerfile", "FROM scratch\nCOPY web /\n", set()),
        ("cmd/web/Dockerfile", STATIC.replace("COPY --from", "VOLUME /x\nCOPY --from"), {"/tmp"}),
        ("cmd/web/Dockerfile", "FROM python:3\n", {"/tmp"}),
        ("cmd/web/Dockerfile", "FROM scratch AS one\nFROM python:3\n", {"/tmp"}),
        ("cmd/web/Dockerfile.dev", STATIC, {"/tmp"}),
        ("cmd/other/Dockerfile", STATIC, {"/tmp"}),
    ],
)
def test_a_dockerfile_of_the_repository_shows_that_nothing_is_written(
    tmp_path: Path, path: str, dockerfile: str, mounted: set[str]
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(dockerfile)
    assert in_pod(tmp_path, "registry.example/shop/web:1").mounted == mounted


def test_what_people_mount_is_said_to_be_that(tmp_path: Path) -> None:
    ran = in_pod(tmp_path, "ghcr.io/recyclarr/recyclarr:7")
    assert ran.mounted == {"/config", "/tmp"}
    assert "public repositories" in ran.said


MANAGER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
      - name: manager
        image: registry.example/team/operator:1
        %s
"""


@pytest.mark.parametrize(
    ("words", "mounted"),
    [
        ("command: [/manager]", False),
        ("command: [/manager]\n        args: [--leader-elect, --health-probe-bind-address=:8081]", False),
        ("args: [--leader-elect, --health-probe-bind-address=:8081]", False),
        ("args: [--metrics-bind-address=127.0.0.1:8080, --health-probe-bind-address=:8081]", False),
        ("args: [--leader-elect]", True),
        ("command: [/manager.sh]", True),
        ("command: [sh, -c, /manager]", True),
        ("args: [--verbose]", True),
    ],
)
def test_a_controller_of_the_scaffold_gets_no_mount(tmp_path: Path, words: str, *, mounted: bool) -> None:
    ran = Ran(tmp_path, "a.yaml", MANAGER % words)
    assert bool(ran.mounted) is mounted
    assert ran.safety == {"review"}


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ("args: [--data-dir=/data]", {"/tmp", "/data"}),
        ("args: [--cache-dir, /var/cache/app]", {"/tmp", "/var/cache/app"}),
        ("args: [--storage.path=/srv/store/]", {"/tmp", "/srv/store"}),
        ("args: [-store, file, -dir, /data/stan]", {"/tmp", "/data/stan"}),
        ("args: [--secure-port=6443]", {"/tmp", "/apiserver.local.config/certificates"}),
        (
            "workingDir: /srv\n        args: [--secure-port=6443]",
            {"/tmp", "/srv/apiserver.local.config/certificates"},
        ),
        ("args: [--secure-port=6443, --cert-dir=/tmp/certs]", {"/tmp"}),
        ("args: [--secure-port=6443, --tls-cert-file=/etc/tls/tls.crt]", {"/tmp"}),
        ("args: [--log-dir=/tmp/logs]", {"/tmp"}),
        ("args: [--config-dir=/etc/app, --plugin-dir=/plugins, --static-dir=/www]", {"/tmp"}),
        ("args: [--data-dir=$(DATA)]", {"/tmp"}),
        ("args: [--data-dir=data]", {"/tmp"}),
        ("args: [--db-path=/opt/app/db]", {"/tmp"}),
    ],
)
def test_folders_that_options_name_stay_writable(tmp_path: Path, words: str, paths: set[str]) -> None:
    assert Ran(tmp_path, "a.yaml", MANAGER % words).mounted == paths


def test_a_folder_that_is_mounted_already_gets_no_other_mount(tmp_path: Path) -> None:
    words = "args: [--data-dir=/data]\n        volumeMounts: [{name: d, mountPath: /data}]\n"
    text = MANAGER % words + "      volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]\n"
    assert Ran(tmp_path, "a.yaml", text).mounted == {"/data", "/tmp"}


@pytest.mark.parametrize(
    ("system", "safety"),
    [("nodeSelector: {kubernetes.io/os: windows}", "review"), ("os: {name: windows}", "safe")],
)
def test_the_mode_goes_safely_on_windows_only_where_the_api_refuses_it(
    tmp_path: Path, system: str, safety: str
) -> None:
    text = MANAGER % "securityContext: {privileged: true}" + f"      {system}\n"
    assert safety in Ran(tmp_path, "a.yaml", text).safety


@pytest.mark.parametrize(
    ("image", "words", "written"),
    [
        ("amazon/aws-cli:2", ["s3", "cp", "s3://shop/app.conf", "/etc/app/"], "/etc/app"),
        ("shop:1", ["celery", "-A", "shop", "beat"], "celerybeat-schedule"),
        ("shop:1", ["curl", "-fsSLo", "/opt/tool", "https://tools.example/tool"], "/opt/tool"),
        ("shop:1", ["sh", "-c", "gpg --batch --import /keys/a.asc && shop"], "~/.gnupg"),
        ("shop:1", ["java", "-Xlog:gc*:file=/var/log/gc.log", "-jar", "shop.jar"], "/var/log/gc.log"),
        ("shop:1", ["npx", "next", "start"], ".next/cache"),
        ("shop:1", ["supervisord", "-n"], "its working directory"),
        ("shop:1", ["logrotate", "/etc/logrotate.conf"], "/var/lib/logrotate"),
        ("docker:27-dind", [], "runs containers"),
        ("moby/buildkit:rootless", [], "runs containers"),
        ("shop:1", ["k3s", "server"], "runs containers"),
        ("gcr.io/kaniko-project/executor:v1.23", [], "kaniko unpacks"),
    ],
)
def test_what_a_program_writes_without_being_told_to(
    tmp_path: Path, image: str, words: list[str], written: str
) -> None:
    listed = "args" if image.startswith("amazon/") else "command"
    one = {"name": "one", "image": image, listed: words}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [one]}}
    ran = Ran(tmp_path, "pod.yaml", yaml.safe_dump(pod))
    assert written in ran.said
    assert "readOnlyRootFilesystem" not in str(ran.after)


@pytest.mark.parametrize(
    "script",
    [
        "T=$(mktemp -d); cp /cfg/a $T; shop",
        "celery -A shop beat -s /tmp/beat",
        "kubectl get pods",
        "java -Xlog:gc -jar shop.jar",
        "docker build .",
    ],
)
def test_what_is_written_nowhere_else_holds_nothing_back(tmp_path: Path, script: str) -> None:
    one = {"name": "one", "image": "shop:1", "command": ["sh", "-c", script]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [one]}}
    assert Ran(tmp_path, "pod.yaml", yaml.safe_dump(pod)).mounted == {"/tmp"}
