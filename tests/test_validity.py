"""What is said of definitions that an API would refuse, and that nothing is said of good ones."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest

from fixbot.edit.tree import ABSENT, UNKNOWN
from fixbot.validity import find_added
from fixbot.validity.ecs_rules import find_job_problems, find_task_problems, find_value_from_problem
from fixbot.validity.fargate import find_fargate_problems, is_fargate

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop-AbCdEf"
WEB: dict[str, Any] = {
    "name": "web",
    "image": "nginx:1.27",
    "memory": 128,
    "readonlyRootFilesystem": True,
    "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],  # noqa: S108
    "environment": [{"name": "A", "value": "1"}],
    "secrets": [{"name": "B", "valueFrom": f"{ARN}:B::"}],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "x"}},
}
TASK: dict[str, Any] = {
    "family": "shop",
    "cpu": "256",
    "memory": "512",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "volumes": [{"name": "tmp"}],
    "containerDefinitions": [WEB],
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


def test_nothing_is_said_of_a_good_definition() -> None:
    assert find_task_problems(TASK) == ()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("family", ABSENT, "family is missing"),
        ("famly", "x", "famly is no field of the API"),
        (
            "containerDefinitions.0.readOnlyRootFilesystem",
            True,
            "containerDefinitions[0].readOnlyRootFilesystem is no field",
        ),
        (
            "containerDefinitions.0.privileged",
            "yes",
            "containerDefinitions[0].privileged is a string, not true or false",
        ),
        (
            "containerDefinitions.0.memory",
            "128",
            "containerDefinitions[0].memory is a string, not a whole number",
        ),
        (
            "containerDefinitions.0.memory",
            True,
            "containerDefinitions[0].memory is true or false, not a whole number",
        ),
        (
            "containerDefinitions.0.mountPoints",
            {},
            "containerDefinitions[0].mountPoints is a map, not a list",
        ),
        ("containerDefinitions.0.image", None, "containerDefinitions[0].image is null, not a string"),
        (
            "containerDefinitions.0.secrets.0.valueFrom",
            ABSENT,
            "containerDefinitions[0].secrets[0].valueFrom is missing",
        ),
        (
            "volumes.0.efsVolumeConfiguration",
            {"fileSystemId": "x", "transitEncryption": "no"},
            "volumes[0].efsV",
        ),
        ("volumes", [], "containerDefinitions[0].mountPoints[0]: there is no volume tmp"),
        ("volumes.0.name", "run", "containerDefinitions[0].mountPoints[0]: there is no volume tmp"),
        ("volumes", [{"name": "tmp"}, {"name": "tmp"}], "volumes: the name tmp is given twice"),
        (
            "containerDefinitions.0.environment.0.name",
            "B",
            "containerDefinitions[0]: the variable B is set twice",
        ),
        (
            "containerDefinitions.0.secrets.0.valueFrom",
            f"{ARN}:B",
            "containerDefinitions[0].secrets[0].valueFrom needs",
        ),
        (
            "containerDefinitions.0.logConfiguration.secretOptions",
            [{"name": "awslogs-group", "valueFrom": ARN}],
            "containerDefinitions[0].logConfiguration: the option awslogs-group is given twice",
        ),
        (
            "containerDefinitions.0.volumesFrom",
            [{"sourceContainer": "x"}],
            "containerDefinitions[0].volumesFrom[0]: there is no",
        ),
        ("containerDefinitions", [WEB, WEB], "containerDefinitions: the name web is given twice"),
        (
            "containerDefinitions.0.linuxParameters",
            {"tmpfs": [{"containerPath": "/tmp/", "size": 64}]},  # noqa: S108
            "containerDefinitions[0].mountPoints: /tmp is mounted twice",
        ),
        (
            "containerDefinitions",
            [
                {**WEB, "volumesFrom": [{"sourceContainer": "log"}]},
                {**WEB, "name": "log"},
            ],
            "containerDefinitions[0].mountPoints: /tmp hides what volumesFrom brings there",
        ),
        (
            "containerDefinitions.0.privileged",
            True,
            "containerDefinitions[0].privileged is not supported on Fargate",
        ),
        ("containerDefinitions.0.links", ["x"], "containerDefinitions[0].links is not supported on Fargate"),
        (
            "containerDefinitions.0.linuxParameters.sharedMemorySize",
            64,
            "containerDefinitions[0].linuxParameters.sharedMemorySize is not supported on Fargate",
        ),
        (
            "containerDefinitions.0.linuxParameters.capabilities",
            {"add": ["SYS_PTRACE", "NET_ADMIN"]},
            "containerDefinitions[0].linuxParameters.capabilities.add: Fargate can add SYS_PTRACE only",
        ),
        (
            "containerDefinitions.0.resourceRequirements",
            [{"type": "GPU", "value": "1"}],
            "containerDefinitions[0].resource",
        ),
        (
            "containerDefinitions.0.logConfiguration.logDriver",
            "syslog",
            "containerDefinitions[0].logConfiguration.logDriver:",
        ),
        (
            "containerDefinitions.0.portMappings",
            [{"containerPort": 80, "hostPort": 8080}],
            "containerDefinitions[0].portM",
        ),
        ("networkMode", "bridge", "networkMode must be awsvpc on Fargate"),
        ("ipcMode", "task", "ipcMode is not supported on Fargate"),
        ("pidMode", "host", "pidMode host is not supported on Fargate"),
        ("cpu", ABSENT, "cpu of the task is missing, and Fargate needs it"),
        ("volumes.0.host", {"sourcePath": "/x"}, "volumes[0].host.sourcePath is not supported on Fargate"),
        (
            "volumes.0.dockerVolumeConfiguration",
            {"scope": "task"},
            "volumes[0].dockerVolumeConfiguration is not supported",
        ),
        (
            "runtimePlatform",
            {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"},
            "containerDefinitions[0].readonlyRootFilesystem is not supported on Windows",
        ),
    ],
)
def test_one_line_names_what_is_wrong(path: str, value: object, said: str) -> None:
    found = find_task_problems(changed(TASK, path, value))
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("family", UNKNOWN),
        ("volumes", UNKNOWN),
        ("volumes.0.name", UNKNOWN),
        ("containerDefinitions", UNKNOWN),
        ("containerDefinitions.0", UNKNOWN),
        ("containerDefinitions.0.privileged", UNKNOWN),
        ("containerDefinitions.0.privileged", False),
        ("containerDefinitions.0.links", []),
        ("containerDefinitions.0.mountPoints.0.sourceVolume", UNKNOWN),
        ("containerDefinitions.0.volumesFrom", [{"sourceContainer": UNKNOWN}]),
        ("containerDefinitions.0.secrets.0.valueFrom", UNKNOWN),
        ("containerDefinitions.0.linuxParameters.capabilities", {"add": ["SYS_PTRACE"], "drop": ["ALL"]}),
        ("networkMode", UNKNOWN),
        ("cpu", UNKNOWN),
    ],
)
def test_what_is_unknown_or_off_is_no_problem(path: str, value: object) -> None:
    assert find_task_problems(changed(TASK, path, value)) == ()


def test_a_task_that_is_not_on_fargate_may_do_more() -> None:
    task = changed(TASK, "requiresCompatibilities", ["EC2"])
    task = changed(task, "containerDefinitions.0.privileged", True)
    assert not is_fargate(task)
    assert find_task_problems(task) == ()
    assert find_fargate_problems(task) != ()


@pytest.mark.parametrize(
    "reference",
    [
        ARN,
        f"{ARN}:KEY::",
        f"{ARN}:KEY:AWSCURRENT:",
        "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a/b:::id",
        "/prod/db/password",
        "password",
        "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db",
        "${Secret}",
        "${Secret}:KEY::",
        "${aws_secretsmanager_secret.app.arn}:KEY::",
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop-??????",
        "${prefix}/db/password",
    ],
)
def test_references_that_ecs_reads(reference: str) -> None:
    assert find_value_from_problem(reference) is None


@pytest.mark.parametrize(
    "reference",
    [
        f"{ARN}:KEY",
        f"{ARN}:KEY:",
        f"{ARN}:KEY:AWSCURRENT:id",
        "${Secret}:KEY",
        "${Secret}:KEY:a:b",
        "arn:aws:s3:::bucket",
        "arn:aws:secretsmanager:eu-west-1:111122223333:shop",
        "plum Tr4ctor",
        "",
    ],
)
def test_references_that_ecs_refuses(reference: str) -> None:
    problem = find_value_from_problem(reference)
    assert problem is not None
    assert "Tr4ctor" not in problem


JOB: dict[str, Any] = {
    "jobDefinitionName": "nightly",
    "type": "container",
    "platformCapabilities": ["FARGATE"],
    "containerProperties": {
        "image": "busybox",
        "volumes": [{"name": "tmp"}],
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],  # noqa: S108
    },
}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("containerProperties.volumes", [], "containerProperties[0].mountPoints[0]: there is no volume tmp"),
        (
            "containerProperties.privileged",
            True,
            "containerProperties[0].privileged is not supported on Fargate",
        ),
        ("containerProperties.imag", "x", "containerProperties.imag is no field of the API"),
        (
            "ecsProperties",
            {"taskProperties": [{"containers": [{"image": "x", "mountPoints": [{"sourceVolume": "y"}]}]}]},
            "ecsProperties.taskProperties[0].containers[0].mountPoints[0]: there is no volume y",
        ),
        (
            "eksProperties",
            {
                "podProperties": {
                    "containers": [{"image": "x", "volumeMounts": [{"name": "y", "mountPath": "/y"}]}]
                }
            },
            "eksProperties.podProperties.containers[0].volumeMounts[0]: there is no volume y",
        ),
        (
            "nodeProperties",
            {
                "mainNode": 0,
                "numNodes": 1,
                "nodeRangeProperties": [{"targetNodes": "0:", "container": {"memory": "1"}}],
            },
            "nodeProperties.nodeRangeProperties[0].container.memory is a string, not a whole number",
        ),
    ],
)
def test_jobs_are_checked_like_tasks(path: str, value: object, said: str) -> None:
    assert find_job_problems(JOB) == ()
    assert find_job_problems(changed(JOB, path, value)) == (said,)


def test_only_what_a_fix_brings_counts() -> None:
    before = ("containerDefinitions[0].x is no field of the API", "a is missing")
    moved = ("containerDefinitions[1].x is no field of the API", "a is missing")
    assert find_added(before, moved) == ()
    assert find_added(before, (*moved, "containerDefinitions[2].x is no field of the API")) == (
        "containerDefinitions[2].x is no field of the API",
    )


def test_no_botocore_is_imported_for_it() -> None:
    code = (
        "import sys; from fixbot.validity.ecs_rules import find_task_problems; find_task_problems({});"
        "print({'botocore', 'boto3', 'subprocess'}.intersection(n.partition('.')[0] for n in sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        == "set()\n"
    )
