"""What needs privileged mode keeps it, or gets back what its image, arguments or script need of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixbot.model.findings import Status
from tests.test_regressions_world import after, found, looked_at

FIX, LEFT = Status.FIXED, Status.REFUSED


def run_task(tmp_path: Path, **more: object) -> tuple[Status, dict[str, Any]]:
    container = {"name": "one", "memory": 64, "privileged": True, "readonlyRootFilesystem": True, **more}
    task = {"family": "t", "requiresCompatibilities": ["EC2"], "containerDefinitions": [container]}
    report = looked_at(tmp_path, {"task.json": json.dumps(task, indent=2)})
    status = found(report, "privileged-container")[0].status
    text = after(report, "task.json") if status is FIX else json.dumps(task)
    return status, json.loads(text)["containerDefinitions"][0].get("linuxParameters", {})


def run_pod(tmp_path: Path, **more: object) -> Status:
    context = {"privileged": True, "readOnlyRootFilesystem": True}
    pod = {"containers": [{"name": "one", "securityContext": context, **more}]}
    data = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod}
    return found(looked_at(tmp_path, {"pod.json": json.dumps(data)}), "privileged-container")[0].status


@pytest.mark.parametrize(
    "image",
    [
        "kindest/node:v1.30",
        "registry.dagger.io/engine:v0.13",
        "earthly/buildkitd",
        "registry.example/ci/runner:2-dind",
        "multiarch/qemu-user-static",
        "dockurr/windows",
        "registry.example/systemd-base:1",
        "registry.example/s3fs-sidecar:1",
        "registry.example/team/vpn-gateway:1",
        "frrouting/frr:latest",
    ],
)
def test_a_name_that_speaks_of_containers_machines_or_the_kernel_is_enough(
    tmp_path: Path, image: str
) -> None:
    assert run_pod(tmp_path, image=image) is LEFT


@pytest.mark.parametrize("image", ["registry.example/shop:1", "node:22", "itzg/minecraft-server"])
def test_any_other_name_is_not(tmp_path: Path, image: str) -> None:
    assert run_pod(tmp_path, image=image) is FIX


@pytest.mark.parametrize(
    ("words", "capabilities", "devices"),
    [
        ({"image": "kylemanna/openvpn"}, {"NET_ADMIN"}, {"/dev/net/tun"}),
        ({"image": "tailscale/tailscale"}, {"NET_ADMIN"}, set()),
        (
            {"image": "registry.example/own", "command": ["mount", "a:b", "/data"]},
            {"SYS_ADMIN"},
            {"/dev/fuse"},
        ),
        ({"image": "x/y", "entryPoint": ["hadoop-fuse-dfs", "/data"]}, {"SYS_ADMIN"}, {"/dev/fuse"}),
        ({"image": "x/y", "entryPoint": ["sh", "-c", "ip -n lab link"]}, {"NET_ADMIN", "SYS_ADMIN"}, set()),
        ({"image": "x/y", "entryPoint": ["busybox", "mount", "/a", "/b"]}, {"SYS_ADMIN"}, set()),
        (
            {"image": "alpine", "command": ["mount", "-t", "cifs", "//host/share", "/data"]},
            {"SYS_ADMIN", "DAC_READ_SEARCH"},
            set(),
        ),
    ],
)
def test_what_is_needed_comes_back_by_name(
    tmp_path: Path, words: dict[str, object], capabilities: set[str], devices: set[str]
) -> None:
    status, linux = run_task(tmp_path, **words)
    assert status is FIX
    assert capabilities <= set(linux["capabilities"]["add"])
    assert {each["hostPath"] for each in linux.get("devices", ())} == devices


def test_a_device_that_a_setting_opens_is_no_capability(tmp_path: Path) -> None:
    kernel = [{"name": "TS_USERSPACE", "value": "false"}]
    assert run_pod(tmp_path, image="tailscale/tailscale", env=kernel) is LEFT


def test_a_propagation_that_is_filled_in_may_need_the_mode(tmp_path: Path) -> None:
    mounts = [{"name": "v", "mountPath": "/a", "mountPropagation": "${PROPAGATION}"}]
    assert run_pod(tmp_path, image="registry.example/x:1", volumeMounts=mounts) is LEFT


@pytest.mark.parametrize(
    "image", ["docker:${TAG}-dind", "${REGISTRY}/docker:dind", "{{ registry }}/dind:{{ tag }}"]
)
def test_what_a_template_fills_in_hides_no_need(tmp_path: Path, image: str) -> None:
    assert run_pod(tmp_path, image=image) is LEFT


def test_a_program_that_is_filled_in_elsewhere_may_need_the_mode(tmp_path: Path) -> None:
    assert run_pod(tmp_path, image="registry.example/x:1", command=["{{ program }}", "run"]) is LEFT


@pytest.mark.parametrize(
    "started",
    [
        {"command": ["sh", "-c", 'eval "$SETUP"']},
        {"command": ["$(PROGRAM)"], "envFrom": [{"secretRef": {"name": "settings"}}]},
        {"command": ["sh", "-c", "$(SETUP)"], "envFrom": [{"configMapRef": {"name": "settings"}}]},
    ],
)
def test_a_program_that_is_filled_in_keeps_the_mode(tmp_path: Path, started: dict[str, Any]) -> None:
    assert run_pod(tmp_path, image="registry.example/shop:1", **started) is LEFT


@pytest.mark.parametrize("image", ["${IMAGE}", "{{IMAGE}}", "${REPOSITORY}:1"])
def test_an_image_of_which_nothing_is_known_keeps_the_mode(tmp_path: Path, image: str) -> None:
    assert run_pod(tmp_path, image=image) is LEFT
    assert run_pod(tmp_path, image=image, command=["shop"]) is FIX


@pytest.mark.parametrize(
    ("image", "words", "opens"),
    [
        ("ipfs/kubo:v0.32.1", ["daemon", "--mount"], True),
        ("ipfs/go-ipfs:v0.20.0", ["daemon", "--migrate=true", "--mount=true"], True),
        ("ipfs/kubo:v0.32.1", ["daemon", "--mount=false"], False),
    ],
)
def test_a_switch_may_be_what_mounts(tmp_path: Path, image: str, words: list[str], *, opens: bool) -> None:
    _, given = run_task(tmp_path, image=image, command=words)
    assert given.get("devices", []) == ([{"hostPath": "/dev/fuse"}] if opens else [])
