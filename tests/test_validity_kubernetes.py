"""Which pods the API server would refuse, and what other checkers are asked where they are installed."""

from __future__ import annotations

import copy
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from fixbot.tree import ABSENT, UNKNOWN
from fixbot.validity import extras
from fixbot.validity.kubernetes import object_problems, pod_problems

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
    assert pod_problems(POD) == ()


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
    ],
)
def test_the_api_servers_own_rules(path: str, value: object, said: str | None) -> None:
    found = pod_problems(changed(POD, path, value))
    assert len(found) == (said is not None)
    assert all(line.startswith(said or "") for line in found)


def test_windows_pods_take_fewer_fields() -> None:
    pod = changed(POD, "os", {"name": "windows"})
    pod = changed(pod, "containers.0.securityContext", {"readOnlyRootFilesystem": True, "runAsUser": UNKNOWN})
    assert pod_problems(changed(pod, "hostIPC", True)) == (
        "spec.hostIPC is not allowed on Windows",
        "spec.containers[0].securityContext.readOnlyRootFilesystem is not allowed on Windows",
    )


def test_pods_are_found_wherever_an_object_keeps_them() -> None:
    bad = changed(POD, "volumes", ABSENT)
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": bad}}}
    cron = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": bad}}}}}
    for item in ({"kind": "Pod", "spec": bad}, deployment, cron):
        assert len(object_problems(item)) == 1
        assert object_problems({"kind": "List", "items": [item]})[0].startswith("items[0].spec.")
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "tmp"}}], "template": {"spec": bad}}
    assert object_problems({"kind": "StatefulSet", "spec": claims}) == ()
    assert object_problems({"kind": "ConfigMap", "data": {}}) == ()


def test_extras_say_nothing_where_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert extras.cfn_lint_errors("{}") is None
    assert extras.terraform_formatted("") is None
    assert extras.kubernetes_schema_problems({}) is None


def test_extras_are_asked_where_they_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    script = tmp_path / "tool"
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "if sys.argv[1] == 'fmt': print(sys.stdin.read().replace('  =', ' ='), end='')\n"
        "else: print(json.dumps([{'Rule': {'Id': 'E3012'}, 'Location': {'Path': ['Resources', 0]},"
        " 'Message': 'hunter2'}, {'Rule': {'Id': 'W1'}, 'Location': {}}]))\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(script))
    assert extras.cfn_lint_errors("{}", ".json") == ("E3012 at /Resources/0",)
    assert extras.terraform_formatted("a  = 1\n") == "a = 1\n"
    script.write_text("#!/bin/sh\necho no json\nexit 3\n")
    assert extras.cfn_lint_errors("{}") is None
    assert extras.terraform_formatted("a") is None
    script.unlink()
    assert extras.terraform_formatted("a") is None


def test_a_schema_check_names_places_not_values(monkeypatch: pytest.MonkeyPatch) -> None:
    class ValidationError(Exception):
        path = ("spec", 0)

    def validate(data: dict[str, Any], _: str, *, strict: bool) -> None:
        assert strict
        if data["kind"] == "Bad":
            raise ValidationError("hunter2")
        if data["kind"] == "Other":
            raise KeyError("schema")

    package = SimpleNamespace(
        ValidationError=ValidationError, validate=validate, latest_version=lambda: "1.37"
    )
    monkeypatch.setattr(extras, "find_spec", lambda _: object())
    monkeypatch.setitem(sys.modules, "kubernetes_validate", package)
    assert extras.kubernetes_schema_problems({"kind": "Good"}) == ()
    assert extras.kubernetes_schema_problems({"kind": "Other"}) is None
    found = extras.kubernetes_schema_problems({"kind": "Bad"})
    assert found is not None
    assert re.fullmatch(r"spec\.0 is not as .*", found[0])
