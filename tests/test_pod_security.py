"""Which level of the Pod Security Standards a namespace is watched at, and what keeps it from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Status
from fixbot.rules import load_rules
from fixbot.settings import Settings

(RULE,) = (each for each in load_rules() if each.name == "pod-security-label-missing")
STRICT: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def judge(folder: Path, pod: dict[str, Any], container: dict[str, Any], *, name: str = "shop") -> str:
    """The level that is proposed, or why none is."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    whole = {"name": "web", "image": "registry.example/shop:1", **container}
    spec = {**pod, "containers": [whole]}
    first = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": name}, "spec": spec}
    (folder / "shop.yaml").write_text("\n---\n".join(map(json.dumps, (space, first))))
    report = run_pipeline(Checkout.open_checkout(str(folder)), (RULE,), Settings())
    for finding in report.findings:
        if finding.status is not Status.FIXED:
            return finding.reason or ""
        return "restricted" if '/warn": "restricted"' in report.patches[0].after else "baseline"
    return "nothing"


def test_a_strict_pod_is_watched_at_the_strict_level(tmp_path: Path) -> None:
    assert judge(tmp_path, {}, {"securityContext": STRICT}) == "restricted"
    pod = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "Localhost"}}}
    inner = {key: STRICT[key] for key in ("allowPrivilegeEscalation", "capabilities")}
    assert judge(tmp_path, pod, {"securityContext": inner}) == "restricted"


@pytest.mark.parametrize(
    "changed",
    [
        {"allowPrivilegeEscalation": None},
        {"capabilities": {"drop": ["NET_RAW"]}},
        {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}},
        {"runAsNonRoot": False},
        {"runAsUser": 0},
        {"seccompProfile": None},
    ],
    ids=str,
)
def test_what_falls_short_of_the_strict_level_is_watched_at_the_other(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    assert judge(tmp_path, {}, {"securityContext": {**STRICT, **changed}}) == "baseline"


def test_a_volume_of_another_kind_is_none_of_the_strict_level(tmp_path: Path) -> None:
    pod = {"volumes": [{"name": "data", "nfs": {"server": "nas.example", "path": "/"}}]}
    assert judge(tmp_path, pod, {"securityContext": STRICT}) == "baseline"


@pytest.mark.parametrize(
    ("pod", "container", "why"),
    [
        ({"hostNetwork": True}, {}, "has hostNetwork"),
        ({"hostPID": "{{ x }}"}, {}, "has hostPID"),
        ({"volumes": [{"name": "a", "hostPath": {"path": "/"}}]}, {}, "mounts a folder of its node"),
        ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}, "kernel.msgmax"),
        ({}, {"ports": [{"containerPort": 80, "hostPort": 80}]}, "takes a port of its node"),
        ({}, {"securityContext": {"privileged": True}}, "is privileged in web"),
        ({}, {"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}, "adds SYS_PTRACE in web"),
        ({}, {"securityContext": {"procMount": "Unmasked"}}, "unmasks /proc in web"),
        ({}, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "its seccomp profile off"),
        ({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}, {}, "its AppArmor profile off"),
        ({}, {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}, "SELinux options of its own"),
        ({"securityContext": {"windowsOptions": {"hostProcess": True}}}, {}, "a process of its host"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_keeps_a_namespace_from_any_level_is_named(
    tmp_path: Path, pod: dict[str, Any], container: dict[str, Any], why: str
) -> None:
    assert why in judge(tmp_path, pod, container)


@pytest.mark.parametrize("name", ["kube-system", "calico-system", "istio-system", "longhorn-system"])
def test_namespaces_whose_pods_need_their_nodes_are_left_alone(tmp_path: Path, name: str) -> None:
    assert judge(tmp_path, {"hostNetwork": True}, {}, name=name) == "nothing"
