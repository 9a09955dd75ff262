"""Which pods the API server would refuse, and what other checkers are asked where they are installed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fixbot.edit.tree import ABSENT, UNKNOWN
from fixbot.validity.kubernetes_rules import find_object_problems, find_pod_problems

POD: dict[str, Any] = {
    "volumes": [{"name": "tmp", "emptyDir": {}}],
    "containers": [
        {
            "name": "web",
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "env": [{"name": "A", "value": "1"}],
        }
    ],
}


def changed(data: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one value set; ABSENT takes it out."""
    data = copy.deepcopy(data)
    *way, last = (int(key) if key.isdigit() else key for key in path.split("."))
    at: Any = data
    for key in way:
        at = at[key] if isinstance(key, int) else at.setdefault(key, {})
    if value is ABSENT:
        del at[last]
    else:
        at[last] = value
    return data


def test_nothing_is_said_of_a_good_pod() -> None:
    assert find_pod_problems(POD) == ()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("volumes", ABSENT, "spec.containers[0].volumeMounts[0]: there is no volume tmp"),
        ("volumes", [{"name": "tmp"}, {"name": "Run"}], "spec.volumes[1]: the name must be"),
        (
            "containers.0.volumeMounts",
            [{"name": "tmp", "mountPath": "/a"}] * 2,
            "spec.containers[0].volumeMounts: /a is",
        ),
        ("containers.0.env", [{"name": "A"}, {"name": "A"}], "spec.containers[0].env: A is set twice"),
        (
            "containers.0.env.0.valueFrom",
            {"fieldRef": {}},
            "spec.containers[0].env[0] has a value and a valueFrom",
        ),
        (
            "containers.0.env",
            [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
            "spec.containers[0].env[0].valueFrom.secretKeyRef.key is missing",
        ),
        (
            "containers.0.securityContext.privileged",
            True,
            "spec.containers[0].securityContext: allowPrivilegeEscalation",
        ),
        (
            "containers.0.securityContext.capabilities.add",
            ["SYS_ADMIN"],
            "spec.containers[0].securityContext: allowP",
        ),
        (
            "containers.0.securityContext.capabilities.add",
            ["CAP_CHOWN"],
            "spec.containers[0].securityContext.capabilities",
        ),
        (
            "containers.0.securityContext",
            {"runAsNonRoot": True, "runAsUser": 0},
            "spec.containers[0].securityContext: runAs",
        ),
        ("initContainers", [{"name": "web"}], "spec: two containers are called web"),
        ("hostPID", True, None),
        (
            "containers.0.volumeMounts.0.mountPropagation",
            "Bidirectional",
            "spec.containers[0].volumeMounts[0]: mountPropagation Bidirectional is for privileged",
        ),
        ("containers.0.volumeMounts.0.mountPropagation", "HostToContainer", None),
        (
            "containers.0.volumeMounts.0.recursiveReadOnly",
            "Enabled",
            "spec.containers[0].volumeMounts[0]: recursiveReadOnly is for mounts that are readOnly",
        ),
        (
            "containers.0.volumeDevices",
            [{"name": "tmp", "devicePath": "/tmp"}],  # noqa: S108
            "spec.containers[0].volumeMounts: /tmp is mounted twice",
        ),
        (
            "containers.0.securityContext.seccompProfile",
            {"type": "Localhost"},
            "spec.containers[0].securityContext.seccompProfile: a profile of type Localhost needs",
        ),
        (
            "containers.0.securityContext.appArmorProfile",
            {"type": "RuntimeDefault", "localhostProfile": "x"},
            "spec.containers[0].securityContext.appArmorProfile: localhostProfile is for",
        ),
        ("containers.0.securityContext.seccompProfile", {"type": "RuntimeDefault"}, None),
    ],
)
def test_the_api_servers_own_rules(path: str, value: object, said: str | None) -> None:
    found = find_pod_problems(changed(POD, path, value))
    assert len(found) == (said is not None)
    assert all(line.startswith(said or "") for line in found)


@pytest.mark.parametrize("privileged", [True, UNKNOWN, "true"])
def test_a_privileged_container_may_pass_its_mounts_on(privileged: object) -> None:
    shared = changed(POD, "containers.0.volumeMounts.0.mountPropagation", "Bidirectional")
    assert (
        find_pod_problems(changed(shared, "containers.0.securityContext", {"privileged": privileged})) == ()
    )


def test_a_container_takes_the_user_of_its_pod() -> None:
    root = changed(POD, "securityContext", {"runAsUser": 0})
    rootless = changed(root, "containers.0.securityContext", {"runAsNonRoot": True})
    (found,) = find_pod_problems(rootless)
    assert found.endswith("runAsNonRoot is true and runAsUser is 0")
    assert find_pod_problems(changed(rootless, "containers.0.securityContext.runAsUser", 1000)) == ()


def test_windows_pods_take_fewer_fields() -> None:
    pod = changed(POD, "os", {"name": "windows"})
    pod = changed(pod, "containers.0.securityContext", {"readOnlyRootFilesystem": True, "runAsUser": UNKNOWN})
    assert find_pod_problems(changed(pod, "hostIPC", True)) == (
        "spec.hostIPC is not supported on Windows",
        "spec.containers[0].securityContext.readOnlyRootFilesystem is not supported on Windows",
    )


def test_pods_are_found_wherever_an_object_keeps_them() -> None:
    bad = changed(POD, "volumes", ABSENT)
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": bad}}}
    cron = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": bad}}}}}
    for item in ({"kind": "Pod", "spec": bad}, deployment, cron):
        assert len(find_object_problems(item)) == 1
        assert find_object_problems({"kind": "List", "items": [item]})[0].startswith("items[0].spec.")
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "tmp"}}], "template": {"spec": bad}}
    assert find_object_problems({"kind": "StatefulSet", "spec": claims}) == ()
    assert find_object_problems({"kind": "ConfigMap", "data": {}}) == ()
