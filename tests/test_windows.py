"""A workload of Windows is known in every way in which it says so, and gets no field that is for Linux."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from fixbot.validity.ecs_rules import find_task_problems
from fixbot.validity.kubernetes_rules import find_pod_problems
from fixbot.validity.windows import is_windows_pod, is_windows_task
from tests.first_rules import first_rules

WEB: dict[str, Any] = {"name": "web", "image": "registry.example/web:1"}


def node_affinity(*expressions: dict[str, Any]) -> dict[str, Any]:
    terms = [{"matchExpressions": [each]} for each in expressions]
    needed = {"nodeSelectorTerms": terms}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needed}}}


def label(operator: str, *values: str, key: str = "kubernetes.io/os") -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


def container(**more: object) -> dict[str, Any]:
    return {"containers": [{**WEB, **more}]}


WINDOWS: dict[str, dict[str, Any]] = {
    "its system": {"os": {"name": "windows"}},
    "a label": {"nodeSelector": {"kubernetes.io/os": "windows"}},
    "the old label": {"nodeSelector": {"beta.kubernetes.io/os": "windows"}},
    "the build of Windows": {"nodeSelector": {"node.kubernetes.io/windows-build": "10.0.20348"}},
    "affinity": node_affinity(label("In", "windows")),
    "affinity of every term": node_affinity(
        label("In", "windows"), label("In", "windows", key="beta.kubernetes.io/os")
    ),
    "affinity to all but Linux": node_affinity(label("NotIn", "linux")),
    "options of the pod": {"securityContext": {"windowsOptions": {"runAsUserName": "ContainerUser"}}},
    "options of a container": container(securityContext={"windowsOptions": {"hostProcess": True}}),
    "an image of Microsoft's": container(image="mcr.microsoft.com/windows/servercore:ltsc2022"),
    "an image's tag": container(image="mcr.microsoft.com/dotnet/aspnet:8.0-nanoserver-ltsc2022"),
    "a drive": container(volumeMounts=[{"name": "logs", "mountPath": "C:\\logs"}]),
    "a check": container(livenessProbe={"exec": {"command": ["powershell", "-c", "exit"]}}),
    "a folder of the host": {"volumes": [{"name": "h", "hostPath": {"path": "C:\\k"}}], **container()},
    "its distribution": {"nodeSelector": {"cloud.google.com/gke-os-distribution": "windows_ltsc"}},
    "a framework": container(image="mcr.microsoft.com/dotnet/framework/aspnet:4.8"),
    "a shell": container(command=["powershell.exe", "-Command", "Start-Sleep 5"]),
    "a shell and its command in one": container(command=["powershell -File c.ps1"]),
    "a shell as an argument": container(args=["cmd", "/c", "web"]),
    "a program by its ending": container(command=["web.exe"]),
    "a path that a program is given": container(command=["dotnet", "C:\\app\\web.dll"]),
    "a pipe with a name": container(volumeMounts=[{"name": "p", "mountPath": "\\\\.\\pipe\\docker_engine"}]),
    "a tag of one's own": container(image="registry.example/web-windows2022:1"),
    "a tag at the end": container(image="registry.example/web:1-windows"),
    "a build of that year": container(image="datadog/agent:7-win1809"),
    "the system of a pool": {"nodeSelector": {"kubernetes.azure.com/os-sku": "Windows2022"}},
    "an account of its domain": {"securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "web"}}},
}
PERHAPS: dict[str, dict[str, Any]] = {
    "a toleration": {"tolerations": [{"key": "os", "operator": "Equal", "value": "windows"}]},
    "a runtime class": {"runtimeClassName": "windows-2022"},
    "another label": {"nodeSelector": {"eks.amazonaws.com/nodegroup": "windows-ng"}},
    "affinity of one term": node_affinity(label("In", "windows"), label("In", "linux")),
    "a short name of a pool": {"nodeSelector": {"agentpool": "npwin"}},
    "a toleration's key": {"tolerations": [{"key": "windows", "operator": "Exists"}]},
    "a preference": {
        "affinity": {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "preference": {"matchExpressions": [label("In", "windows")]}}
                ]
            }
        }
    },
    "a path of a variable": container(env=[{"name": "HOME", "value": "C:\\Users\\web"}]),
    "affinity to both": node_affinity(label("In", "windows", "linux")),
}
LINUX: dict[str, dict[str, Any]] = {
    "nothing": {},
    "its system": {"os": {"name": "linux"}, "tolerations": [{"key": "os", "value": "windows"}]},
    "a label": {"nodeSelector": {"kubernetes.io/os": "linux"}},
    "any toleration": {"tolerations": [{"operator": "Exists"}]},
    "affinity to all but Windows": node_affinity(label("NotIn", "windows")),
    "a program about Windows": container(image="prom/windows-exporter-proxy:1", args=["--windows"]),
    "a name": container(name="windows"),
    "another shell": container(command=["pwsh", "-c", "exit"]),
    "a window": {"nodeSelector": {"window": "windowed"}},
    "a program that runs another's": container(command=["mono", "web.exe"]),
}


def manifest(folder: Path, spec: dict[str, Any]) -> Report:
    pod = {"containers": [WEB], **spec}
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": pod}
    return look(folder, "pod.json", json.dumps(value, indent=1))


def look(folder: Path, name: str, text: str) -> Report:
    (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


@pytest.mark.parametrize("how", WINDOWS)
def test_a_pod_of_windows_is_left_alone(tmp_path: Path, how: str) -> None:
    assert is_windows_pod({"containers": [WEB], **WINDOWS[how]}) is True
    assert manifest(tmp_path, WINDOWS[how]).patches == ()


@pytest.mark.parametrize("how", PERHAPS)
def test_a_pod_that_may_run_there_is_not_changed(tmp_path: Path, how: str) -> None:
    assert is_windows_pod({"containers": [WEB], **PERHAPS[how]}) is None
    report = manifest(tmp_path, PERHAPS[how])
    assert report.patches == ()
    assert any("Windows" in (each.reason or "") for each in report.findings)


@pytest.mark.parametrize("how", LINUX)
def test_a_pod_of_linux_is_repaired(tmp_path: Path, how: str) -> None:
    assert is_windows_pod({"containers": [WEB], **LINUX[how]}) is False
    assert manifest(tmp_path, LINUX[how]).patches


FAMILY = {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}
TASKS: dict[str, dict[str, Any]] = {
    "its family": FAMILY,
    "a type of instances": {"placementConstraints": [
        {"type": "memberOf", "expression": "attribute:ecs.os-type == windows"}
    ]},
    "a family of instances": {"placementConstraints": [
        {"type": "memberOf", "expression": "attribute:ecs.os-family in [WINDOWS_SERVER_2022_FULL]"}
    ]},
    "a file server": {"volumes": [{"name": "x", "fsxWindowsFileServerVolumeConfiguration": {
        "fileSystemId": "fs-1", "rootDirectory": "share",
        "authorizationConfig": {"credentialsParameter": "arn", "domain": "corp.example"},
    }}]},
    "an account of a domain": {"containerDefinitions": [
        {**WEB, "dockerSecurityOptions": ["credentialspec:file://web.json"]}
    ]},
    "the account as a list of its own": {"containerDefinitions": [
        {**WEB, "credentialSpecs": ["credentialspec:arn:aws:s3:::specs/web.json"]}
    ]},
    "what it needs": {"requiresAttributes": [{"name": "ecs.os-type", "value": "windows"}]},
    "a folder of the host": {"volumes": [{"name": "x", "host": {"sourcePath": "D:\\data"}}]},
    "a pipe of the host": {"volumes": [{"name": "x", "host": {"sourcePath": "//./pipe/docker_engine"}}]},
    "a shell": {"containerDefinitions": [{**WEB, "entryPoint": ["powershell", "-Command"]}]},
    "a health check": {"containerDefinitions": [
        {**WEB, "healthCheck": {"command": ["CMD-SHELL", "powershell -c exit 0"]}}
    ]},
    "an image": {"containerDefinitions": [{**WEB, "image": "mcr.microsoft.com/windows/nanoserver:ltsc2022"}]},
}  # fmt: skip


@pytest.mark.parametrize("how", TASKS)
def test_a_task_of_windows_is_left_alone(tmp_path: Path, how: str) -> None:
    task = {"family": "web", "containerDefinitions": [WEB], **TASKS[how]}
    assert is_windows_task(task) is True
    assert look(tmp_path, "task.json", json.dumps(task, indent=1)).patches == ()


TERRAFORM = """\
resource "kubernetes_deployment" "web" {
  metadata { name = "web" }
  spec {
    template {
      spec {
        SAID
        container {
          name  = "web"
          image = "registry.example/web:1"
        }
      }
    }
  }
}
"""
TOLERATES = """toleration {
          key   = "os"
          value = "windows"
        }"""
AFFINITY = """affinity {
          node_affinity {
            required_during_scheduling_ignored_during_execution {
              node_selector_term {
                match_expressions {
                  key      = "kubernetes.io/os"
                  operator = "In"
                  values   = ["windows"]
                }
              }
            }
          }
        }"""
BLOCKS = {
    "os": 'os { name = "windows" }',
    "selector": 'node_selector = { "kubernetes.io/os" = "windows" }',
    "affinity": AFFINITY,
    "toleration": TOLERATES,
}


@pytest.mark.parametrize("how", BLOCKS)
def test_blocks_of_terraform_say_it_as_well(tmp_path: Path, how: str) -> None:
    assert look(tmp_path, "main.tf", TERRAFORM.replace("SAID", BLOCKS[how])).patches == ()


def test_blocks_of_terraform_for_linux_are_repaired(tmp_path: Path) -> None:
    linux = 'node_selector = { "kubernetes.io/os" = "linux" }'
    assert look(tmp_path, "main.tf", TERRAFORM.replace("SAID", linux)).patches


def test_what_windows_does_not_take_is_a_problem_whoever_sets_it() -> None:
    context = {"runAsNonRoot": True, "privileged": False, "capabilities": {"drop": ["ALL"]}}
    pod = {
        "nodeSelector": {"kubernetes.io/os": "windows"},
        "hostPID": True,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        **container(securityContext=context),
    }
    assert find_pod_problems(pod) == (
        "spec.hostPID is not supported on Windows",
        "spec.securityContext.seccompProfile is not supported on Windows",
        "spec.containers[0].securityContext.capabilities is not supported on Windows",
        "spec.containers[0].securityContext.privileged is not supported on Windows",
    )
    task = {"family": "x", **FAMILY, "containerDefinitions": [{**WEB, "user": "1000", "privileged": False}]}
    assert find_task_problems(task) == ("containerDefinitions[0].user is not supported on Windows",)
