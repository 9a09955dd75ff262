# ruff: noqa: S108 (the paths are those of containers)
"""What fixbot knows about images and commands, and what it doesn't pretend to know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.edit.tree import ABSENT, UNKNOWN, UnsetValue
from fixbot.knowledge import image_tables
from fixbot.knowledge.image_tables import (
    RecognizedBy,
    find_sensor,
    find_sensor_launcher,
    find_write_paths,
    why_needs_privileged,
)
from fixbot.knowledge.images import ImageReference
from fixbot.source.dockerfiles import find_image_user

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("reference", "registry", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io", "library/nginx", ABSENT, ABSENT),
        ("nginx:1.27", "docker.io", "library/nginx", "1.27", ABSENT),
        ("docker.io/nginx", "docker.io", "library/nginx", ABSENT, ABSENT),
        ("index.docker.io/acme/web:1", "docker.io", "acme/web", "1", ABSENT),
        (f"acme/web:1@{DIGEST}", "docker.io", "acme/web", "1", DIGEST),
        ("localhost:5000/web:1", "localhost:5000", "web", "1", ABSENT),
        ("localhost/web", "localhost", "web", ABSENT, ABSENT),
        ("registry.example:5000/a/b/c", "registry.example:5000", "a/b/c", ABSENT, ABSENT),
        ("nginx:${Version}", "docker.io", "library/nginx", UNKNOWN, ABSENT),
        ("${Registry}/team/web:1", UNKNOWN, UNKNOWN, "1", ABSENT),
        ("${lookup(a, '${b}')}/web:1", UNKNOWN, UNKNOWN, "1", ABSENT),
        (f"$IMAGE@{DIGEST}", UNKNOWN, UNKNOWN, UNKNOWN, DIGEST),
        ("{{ image }}:{{ tag }}", UNKNOWN, UNKNOWN, UNKNOWN, ABSENT),
        ("<IMAGE1_NAME>", UNKNOWN, UNKNOWN, UNKNOWN, ABSENT),
        ("IMAGE_NAME", UNKNOWN, UNKNOWN, ABSENT, ABSENT),
        ("acme/${app}:1", "docker.io", UNKNOWN, "1", ABSENT),
        ("", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("ko://example.com/cmd", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_a_reference_is_read_as_a_runtime_reads_it(
    reference: str,
    registry: str | UnsetValue,
    repository: str | UnsetValue,
    tag: str | UnsetValue,
    digest: str | UnsetValue,
) -> None:
    image = ImageReference.parse_reference(reference)
    assert (image.registry, image.repository, image.tag, image.digest) == (registry, repository, tag, digest)
    assert str(image) == reference
    assert image.is_pinned == (digest == DIGEST)
    assert image.is_known == isinstance(repository, str)


@pytest.mark.parametrize(
    ("host", "account", "region", "partition"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "111122223333", "eu-west-1", "aws"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "111122223333", "cn-north-1", "aws-cn"),
        (
            "111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "111122223333",
            "us-gov-west-1",
            "aws-us-gov",
        ),
        ("111122223333.dkr-ecr.us-east-1.on.aws", "111122223333", "us-east-1", "aws"),
        ("${AWS::AccountId}.dkr.ecr.us-east-1.amazonaws.com", None, "us-east-1", "aws"),
        ("111122223333.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}", "111122223333", None, None),
        ("$ACCOUNT.dkr.ecr.$REGION.amazonaws.com", None, None, None),
        ("XXXX.dkr.ecr.ap-northeast-1.amazonaws.com", None, "ap-northeast-1", "aws"),
    ],
)
def test_an_ecr_host_tells_account_region_and_partition(
    host: str, account: str | None, region: str | None, partition: str | None
) -> None:
    image = ImageReference.parse_reference(f"{host}/team/web:1")
    assert image.is_ecr
    assert (image.account, image.region, image.partition) == (account, region, partition)
    assert image.name == "web"


def test_other_hosts_tell_nothing_of_the_kind() -> None:
    image = ImageReference.parse_reference("ghcr.io/acme/web")
    assert not image.is_ecr
    assert (image.account, image.region, image.partition) == (None, None, None)


@pytest.mark.parametrize(
    ("reference", "origin"),
    [
        ("public.ecr.aws/docker/library/redis:7", "docker.io/library/redis"),
        ("mirror.gcr.io/redis", "docker.io/library/redis"),
        ("mirror.gcr.io/grafana/grafana", "docker.io/grafana/grafana"),
        (
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/quay/prometheus/prometheus",
            "quay.io/prometheus/prometheus",
        ),
        ("artifacts.example/hub/library/redis", "docker.io/library/redis"),
        ("${host}/web", None),
        ("ghcr.io/acme/web", "ghcr.io/acme/web"),
    ],
)
def test_a_mirror_is_seen_through(reference: str, origin: str | None) -> None:
    assert ImageReference.parse_reference(reference).public_origin == origin


@given(st.text(max_size=300) | st.text("ab/:@.-_${}<>{}%\0 A0", max_size=60))
def test_any_text_is_an_image_at_worst_an_unknown_one(text: str) -> None:
    image = ImageReference.parse_reference(text)
    find_write_paths(image)
    why_needs_privileged(image, text)
    image_tables.find_capabilities(image)
    find_sensor(image)
    assert image.reference == text


@given(
    st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,5})(:[0-9]{2,5})?", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,6}((-|_|/)[a-z0-9]{1,6}){0,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
)
def test_what_is_put_together_comes_apart_again(host: str, path: str, tag: str) -> None:
    image = ImageReference.parse_reference(f"{host}/{path}:{tag}@{DIGEST}")
    assert (image.registry, image.tag, image.digest) == (host, tag, DIGEST)
    assert image.repository == path


@pytest.mark.parametrize(
    ("reference", "paths", "by"),
    [
        ("nginx:1.27", ("/var/cache/nginx", "/run", "/tmp"), RecognizedBy.REPOSITORY),
        ("public.ecr.aws/nginx/nginx:1.27", ("/var/cache/nginx", "/run", "/tmp"), RecognizedBy.REPOSITORY),
        (
            "public.ecr.aws/docker/library/nginx:1.27",
            ("/var/cache/nginx", "/run", "/tmp"),
            RecognizedBy.REPOSITORY,
        ),
        (
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/nginx:1.2",
            ("/var/cache/nginx", "/run", "/tmp"),
            RecognizedBy.NAME,
        ),
        ("${Registry}/nginx:1.2", ("/var/cache/nginx", "/run", "/tmp"), RecognizedBy.NAME),
        ("registry.example/acme/nginx-unprivileged", ("/tmp",), RecognizedBy.NAME),
        ("nginx/nginx-prometheus-exporter:1", (), RecognizedBy.REPOSITORY),
        (
            "postgres:16-alpine",
            ("/var/lib/postgresql/data", "/run/postgresql", "/tmp"),
            RecognizedBy.REPOSITORY,
        ),
        ("postgres:18", ("/var/lib/postgresql", "/run/postgresql", "/tmp"), RecognizedBy.REPOSITORY),
        ("php:8.3-apache", ("/tmp", "/run/apache2", "/run/lock/apache2"), RecognizedBy.REPOSITORY),
        ("php:8.3-fpm", ("/tmp",), RecognizedBy.REPOSITORY),
        ("amazon/aws-xray-daemon", (), RecognizedBy.REPOSITORY),
    ],
)
def test_known_images_have_known_write_paths(
    reference: str, paths: tuple[str, ...], by: RecognizedBy
) -> None:
    known = find_write_paths(ImageReference.parse_reference(reference))
    assert known is not None
    assert (known.paths, known.by) == (paths, by)
    assert known.evidence


@pytest.mark.parametrize(
    "reference",
    [
        "mynginx-exporter",
        "linuxserver/nginx",
        "registry.example/linuxserver/nginx",
        "foo/redis-commander",
        "alpine",
        "ghcr.io/acme/shop",
        "IMAGE",
    ],
)
def test_a_resembling_name_is_not_the_image(reference: str) -> None:
    assert find_write_paths(ImageReference.parse_reference(reference)) is None


@pytest.mark.parametrize(
    "reference",
    ["acme/nginx", "quay.io/acme/postgres", "ghcr.io/acme/nginx-unprivileged", "a-docker.pkg.dev/a/b/redis"],
)
def test_the_name_alone_on_a_public_registry_is_a_guess(reference: str) -> None:
    known = find_write_paths(ImageReference.parse_reference(reference))
    assert known is not None
    assert known.by is RecognizedBy.NAME
    assert not known.verified


@pytest.mark.parametrize(
    "reference",
    ["nginx:${tag}", "docker.io/library/nginx:${?}", "${registry}/nginx:1", "{{ registry }}/nginx:{{ tag }}"],
)
def test_what_a_template_fills_in_hides_the_rest_of_no_image(reference: str) -> None:
    known = find_write_paths(ImageReference.parse_reference(reference))
    assert known is not None
    assert "/var/cache/nginx" in (known.paths or ())


@pytest.mark.parametrize("reference", ["amazon/aws-for-fluent-bit:init-2.31"])
def test_where_mounts_alone_do_not_help_the_reason_stands_in_the_note(reference: str) -> None:
    known = find_write_paths(ImageReference.parse_reference(reference))
    assert known is not None
    assert known.paths is None
    assert known.note


def test_only_the_public_image_itself_is_verified() -> None:
    public, own = (
        find_write_paths(ImageReference.parse_reference(f"{host}/aws-xray-daemon"))
        for host in ("public.ecr.aws/xray", "r.example")
    )
    assert public is not None
    assert own is not None
    assert (public.verified, own.verified) == (True, False)


def test_every_row_has_evidence_and_sound_paths() -> None:
    table = json.loads((Path(image_tables.__file__).parents[1] / "data" / "images.json").read_text("utf-8"))
    for rows in table.values():
        for row in rows:
            assert row["evidence"]
            assert all(ImageReference.parse_reference(each).is_known for each in row.get("images", ())), row[
                "images"
            ]
    for row in table["write_paths"]:
        assert (row["paths"] is None) == ("manual" in row)
        paths = row["paths"] or []
        assert all(path.startswith("/") and not path.startswith("/var/run") and path != "/" for path in paths)
        assert not row["evidence"].startswith("assumed")
        assert row["paths"] is None or set(row.get("declared", ())) <= set(paths) | LEFT_ALONE
        assert set(row.get("ships", ())) <= set(paths) | CONDITIONAL
        assert set(row) <= WRITES, set(row) - WRITES


WRITES = {
    "images", "prefixes", "named", "whole", "tag", "paths", "enough", "switches", "conditions", "ships",
    "needs", "needs_as_user", "sticky", "evidence", "source", "user", "uid", "declared", "workdir",
    "verified", "note", "manual", "started_with",
}  # fmt: skip
LEFT_ALONE = {"/mosquitto/log"}
"""Declared, and written only where a configuration asks for it."""
CONDITIONAL = {"/vault/config", "/consul/config"}


def test_every_row_says_where_its_facts_can_be_read() -> None:
    table = json.loads((Path(image_tables.__file__).parents[1] / "data" / "images.json").read_text("utf-8"))
    for row in table["write_paths"]:
        source = row["source"]
        if "issue" in source:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", source["issue"])
            continue
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", source["repository"])
        assert re.fullmatch(r"[0-9a-f]{40}", source["commit"])
        assert source["file"]


def test_switches_and_conditions_are_of_a_known_form() -> None:
    table = json.loads((Path(image_tables.__file__).parents[1] / "data" / "images.json").read_text("utf-8"))
    for row in table["write_paths"]:
        for switch in row.get("switches", ()):
            assert set(switch) <= {"path", "arguments", "variables", "behind", "file", "absolute", "until"}
            assert switch["path"] in (*(row["paths"] or ()), "")
            assert switch.keys() & {"arguments", "variables", "behind"}
            assert all(each.startswith("-") for each in switch.get("arguments", ()))
        for condition in row.get("conditions", ()):
            assert set(condition) <= {"mounted", "variable", "argument", "absent", "called", "paths", "doubt"}
            assert condition.keys() & {"mounted", "variable", "argument"}
            assert condition.keys() & {"paths", "doubt"}


def test_no_image_is_in_two_rows_of_the_same_tags() -> None:
    table = json.loads((Path(image_tables.__file__).parents[1] / "data" / "images.json").read_text("utf-8"))
    seen = [
        (ImageReference.parse_reference(each).public_origin, row.get("tag"))
        for row in table["write_paths"]
        for each in row["images"]
    ]
    assert sorted(each for each in set(seen) if seen.count(each) > 1) == []


def test_the_two_hundred_images_are_there() -> None:
    table = json.loads((Path(image_tables.__file__).parents[1] / "data" / "images.json").read_text("utf-8"))
    named = {image for row in table["write_paths"] for image in row["images"]}
    assert len({ImageReference.parse_reference(image).public_origin for image in named}) > 200


def test_a_survey_of_public_repositories_stands_in_where_no_publisher_is_known() -> None:
    known = find_write_paths(ImageReference.parse_reference("ghcr.io/recyclarr/recyclarr:7"))
    assert known is not None
    assert (known.paths, known.verified) == (("/config", "/tmp"), False)
    assert known.surveyed >= 3
    assert find_write_paths(ImageReference.parse_reference("ghcr.io/acme/recyclarr")) is None


def test_the_survey_names_whole_images_and_sound_paths() -> None:
    text = (Path(image_tables.__file__).parents[1] / "data" / "images_run_read_only.tsv").read_text("utf-8")
    header, *lines = text.splitlines()
    assert header == "image\trepositories\twritable"
    assert lines == sorted(lines)
    for line in lines:
        image, count, paths = line.split("\t")
        assert ImageReference.parse_reference(image).public_origin == image
        assert int(count) > 0
        assert paths == "-" or all(re.fullmatch(r"(/[\w.-]+)+", path) for path in paths.split(" "))


@pytest.mark.parametrize(
    "reference",
    ["gcr.io/knative-releases/knative.dev/serving/cmd/queue:v1", "ghcr.io/tektoncd/pipeline/webhook-x:v1"],
)
def test_families_that_ko_builds_are_known_by_their_beginning(reference: str) -> None:
    known = find_write_paths(ImageReference.parse_reference(reference))
    assert known is not None
    assert known.paths == ()


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("docker:27-dind", ""),
        ("docker", ""),
        ("registry.example/ci/dind:1", ""),
        ("moby/buildkit:v0.15", ""),
        ("quay.io/cilium/cilium:v1", ""),
        ("registry.example/calico/node:v3", ""),
        ("registry.k8s.io/kube-proxy:v1.33", ""),
        ("registry.example/x/some-csi-driver", ""),
        ("falcosecurity/falco", ""),
        ("acme/web", "docker-in-docker"),
        ("acme/web", "ci-dind"),
        ("acme/web", "kube-proxy"),
    ],
)
def test_what_needs_the_host_keeps_it(reference: str, name: str) -> None:
    needed = why_needs_privileged(ImageReference.parse_reference(reference), name)
    assert needed is not None
    assert needed.why


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("docker:27-cli", ""),
        ("moby/buildkit:rootless", ""),
        ("falcosecurity/falco-exporter", "falco-exporter"),
        ("registry.k8s.io/sig-storage/csi-provisioner", ""),
        ("node:22", "node"),
        ("acme/defender", ""),
        ("registry.example/edge-nat:4.2", "nat"),
    ],
)
def test_nothing_else_does(reference: str, name: str) -> None:
    assert why_needs_privileged(ImageReference.parse_reference(reference), name) is None


def test_a_name_is_enough_where_the_image_is_not_known() -> None:
    assert why_needs_privileged(None, "dind") is not None
    assert why_needs_privileged(None) is None


def test_capabilities_are_known_for_some_images() -> None:
    nginx = image_tables.find_capabilities(ImageReference.parse_reference("nginx"))
    assert nginx is not None
    assert nginx.add == ("CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID")
    assert image_tables.find_capabilities(ImageReference.parse_reference("datadog/agent"), "agent") is None
    assert (
        image_tables.find_capabilities(ImageReference.parse_reference("datadog/agent"), "system-probe")
        is not None
    )


@pytest.mark.parametrize(
    ("words", "sensor"),
    [
        (["/.aquasec/bin/microenforcer", "/app/orders"], "Aqua MicroEnforcer"),
        (["/opt/draios/bin/instrument"], "Sysdig"),
        (["/tmp/CrowdStrike/rootfs/lib64/ld-linux-x86-64.so.2", "--library-path"], "CrowdStrike Falcon"),
        (["/cws-instrumentation-volume/cws-instrumentation", "trace", "--"], "Datadog workload security"),
        (["/var/lib/twistlock/fargate/fargate_defender.sh", "fargate"], "Prisma Cloud Defender"),
        (["sh", "-c", "/var/lib/lacework-backup/lacework-sidecar.sh && /run.sh"], "Lacework"),
        (["sh", "-c", "exec /opt/draios/bin/instrument /app"], "Sysdig"),
    ],
)
def test_a_sensor_is_known_by_its_launcher(words: list[str], sensor: str) -> None:
    found = find_sensor_launcher(words)
    assert found is not None
    assert found.name == sensor


def test_other_programs_are_no_launchers() -> None:
    assert find_sensor_launcher(["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"]) is None
    assert find_sensor_launcher([]) is None


def test_a_sensor_is_known_by_image_or_name() -> None:
    assert find_sensor("registry.aquasec.com/microenforcer-basic:2022.4") is not None
    assert find_sensor("TwistlockDefender") is not None
    assert find_sensor(None, "aqua-sidecar") is not None
    assert (
        find_sensor(ImageReference.parse_reference("public.ecr.aws/trendmicro/container-security/scout:1"))
        is not None
    )
    assert find_sensor("nginx:1.27") is None
    assert find_sensor("app") is None


@pytest.mark.parametrize(
    ("dockerfile", "user"),
    [
        ("FROM a\nUSER 10001\n", "10001"),
        ("FROM a\nUSER app:app\nRUN x\nUSER 1000:1000\n", "1000:1000"),
        ("FROM a AS build\nUSER 10001\nFROM b\nCOPY --from=build /x /x\n", ""),
        ("FROM a\r\nuser nobody\r\n", "nobody"),
        ("FROM a\nARG UID=5\nUSER $UID\n", ""),
        ("FROM a\nUSER 10001\nUSER ${UID}\n", ""),
        ("FROM a\n# USER 10001\n", ""),
        ("USER 10001\n", ""),
        ("", ""),
    ],
)
def test_the_user_of_an_image_is_its_last_stages(dockerfile: str, user: str) -> None:
    assert find_image_user(dockerfile) == user
