"""`fixbot drift`: what runs in ECS against the files, in an account that is moto's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, AwsCall, refuse
from tests.test_cli import Done, fixbot, git
from tests.test_secrets_create import Shop, documented, open_shop

LATER = datetime.now(UTC) + timedelta(days=1)
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/orders"
HARD = {
    "name": "app", "image": "a:1", "memory": 128, "cpu": 1, "readonlyRootFilesystem": True, "user": "1000",
    "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
}  # fmt: skip
CANARY = "canary-Xk93-wren-7Qz"


class Cluster:
    """One cluster; what moto doesn't say of a task definition is said here."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.told: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        shop.aws.answers["ecs:DescribeTaskDefinition"] = self._describe
        shop.aws.answers["cloudtrail:LookupEvents"] = lambda _: {"Events": self.events}
        shop.aws.client("ecs").create_cluster(clusterName="main")

    def _describe(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        return {"taskDefinition": self.told[asked["taskDefinition"]]}

    def run(self, *containers: Mapping[str, Any], family: str = "orders", by: str = "", **more: Any) -> str:
        ecs = self.shop.aws.client("ecs")
        plain = [
            {"name": each["name"], "image": each["image"], "memory": 128, "cpu": 1} for each in containers
        ]
        definition = ecs.register_task_definition(
            family=family, containerDefinitions=plain, networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
        self.told[definition] = {
            "taskDefinitionArn": definition, "family": family, "containerDefinitions": list(containers),
            "registeredBy": by or f"arn:aws:iam::{ACCOUNT}:user/anna", "registeredAt": LATER, **more,
        }  # fmt: skip
        made: str = ecs.create_service(
            cluster="main", serviceName=family, taskDefinition=definition, desiredCount=0
        )["service"]["serviceArn"]
        return made

    def start(self, family: str = "orders") -> None:
        """A task of it."""
        subnet = self.shop.aws.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        self.shop.aws.client("ecs").run_task(
            cluster="main", taskDefinition=family, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}},
        )  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "orders-repo") as found:
        write(found, HARD)
        git(found.folder, "add", "-A")
        git(found.folder, "commit", "-qm", "one")
        yield found
        assert found.aws.troubles == []


@pytest.fixture
def cluster(shop: Shop) -> Cluster:
    return Cluster(shop)


def write(shop: Shop, *containers: Mapping[str, Any], path: str = "deploy/orders.json", **more: Any) -> None:
    shop.write(json.dumps({"family": "orders", "containerDefinitions": containers, **more}, indent=2), path)


def drift(shop: Shop, *words: str) -> Done:
    return fixbot("drift", *words, at=shop.folder, **shop.aws.variables)


def report(shop: Shop, code: int) -> dict[str, Any]:
    done = drift(shop, "--format", "json")
    assert done.code == code, (done.out, done.err)
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_what_is_the_same_is_no_drift(shop: Shop, cluster: Cluster) -> None:
    cluster.run(HARD)
    found = report(shop, 0)
    assert (found["drift"], found["left_out"], found["unmatched"]) == ([], [], [])
    assert drift(shop).out == "No drift.\n"


def test_a_weakening_by_hand_is_told_and_fails(shop: Shop, cluster: Cluster) -> None:
    cluster.run({**HARD, "readonlyRootFilesystem": False})
    (row,) = report(shop, 1)["drift"]
    assert row == {
        "service": SERVICE, "family": "orders", "account": ACCOUNT, "region": REGION,
        "path": "deploy/orders.json", "resource": "task orders, container app",
        "field": "readonlyRootFilesystem", "file": True, "running": False,
        "direction": "weaker", "verdict": "by-hand", "proposal": None,
    }  # fmt: skip
    text = drift(shop).out
    assert "service/main/orders against deploy/orders.json: registered by hand" in text
    assert "weaker   task orders, container app: readonlyRootFilesystem is false, the file says true" in text


@pytest.mark.parametrize(
    ("running", "field", "direction"),
    [
        ({"privileged": True}, "privileged", "weaker"),
        ({"user": "root"}, "user", "weaker"),
        ({"user": "0:0"}, "user", "weaker"),
        ({"user": "1001"}, "user", "other"),
        (
            {"linuxParameters": {"capabilities": {"drop": ["NET_RAW"]}}},
            "linuxParameters.capabilities.drop",
            "weaker",
        ),
        (
            {"linuxParameters": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}},
            "linuxParameters.capabilities.add",
            "weaker",
        ),
        ({"dockerSecurityOptions": ["no-new-privileges:true"]}, "dockerSecurityOptions", "stronger"),
        ({"logConfiguration": {"logDriver": "awslogs"}}, "logConfiguration.logDriver", "stronger"),
    ],
)
def test_each_field_has_its_direction(
    running: dict[str, Any], field: str, direction: str, shop: Shop, cluster: Cluster
) -> None:
    cluster.run({**HARD, **running})
    (row,) = report(shop, int(direction == "weaker"))["drift"]
    assert (row["field"], row["direction"]) == (field, direction)


def test_the_host_s_network_is_weaker(shop: Shop, cluster: Cluster) -> None:
    write(shop, HARD, networkMode="awsvpc")
    cluster.run(HARD, networkMode="host")
    (row,) = report(shop, 1)["drift"]
    assert (row["field"], row["file"], row["running"], row["resource"]) == (
        "networkMode", "awsvpc", "host", "task orders",
    )  # fmt: skip


def test_what_the_file_does_not_know_is_not_compared(shop: Shop, cluster: Cluster) -> None:
    template = (
        "Parameters: {ReadOnly: {Type: String}}\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n"
        "    Properties:\n      Family: orders\n      ContainerDefinitions:\n        - Name: app\n"
        "          Image: a:1\n          ReadonlyRootFilesystem: !Ref ReadOnly\n          User: '1000'\n"
    )
    (shop.folder / "deploy" / "orders.json").unlink()
    shop.write(template, "deploy/orders.yaml")
    cluster.run({"name": "app", "image": "a:1", "user": "1000"})
    assert report(shop, 0)["drift"] == []


def test_secrets_that_became_plain_variables_are_weaker_and_no_value_is_told(
    shop: Shop, cluster: Cluster
) -> None:
    write(shop, {**HARD, "secrets": [{"name": "DB_PASSWORD", "valueFrom": "orders/db"}]})
    cluster.run({**HARD, "environment": [{"name": "DB_PASSWORD", "value": CANARY}]})
    done = drift(shop, "--format", "json")
    (row,) = json.loads(done.out)["drift"]
    assert (done.code, row["field"], row["direction"]) == (1, "secrets", "weaker")
    assert CANARY not in done.out + done.err


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "by-hand"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Deployers_0a1b/anna", "by-hand"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/anna@example.com", "by-hand"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/orders-deploy/GitHubActions", "pipeline"),
        (f"arn:aws:iam::{ACCOUNT}:user/ci", "pipeline"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y", "unknown"),
    ],
)
def test_the_verdict_is_by_who_registered_it(by: str, verdict: str, shop: Shop, cluster: Cluster) -> None:
    cluster.run({**HARD, "user": "1001"}, by=by)
    (row,) = report(shop, 0)["drift"]
    assert row["verdict"] == verdict


def test_cloudtrail_says_what_the_definition_does_not(shop: Shop, cluster: Cluster) -> None:
    cluster.run({**HARD, "user": "1001"}, by=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y")
    (arn,) = cluster.told
    event = {
        "userAgent": "console.amazonaws.com",
        "responseElements": {"taskDefinition": {"taskDefinitionArn": arn}},
    }
    cluster.events = [{"EventName": "RegisterTaskDefinition", "CloudTrailEvent": "{"}]
    assert report(shop, 0)["drift"][0]["verdict"] == "unknown"
    cluster.events.append({"EventName": "RegisterTaskDefinition", "CloudTrailEvent": json.dumps(event)})
    assert report(shop, 0)["drift"][0]["verdict"] == "by-hand"


def test_a_file_that_changed_after_a_pipeline_registered_it_is_newer(shop: Shop, cluster: Cluster) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    by = f"arn:aws:sts::{ACCOUNT}:assumed-role/orders-deploy/GitHubActions"
    cluster.run({**HARD, "user": "1001"}, by=by, registeredAt=long_ago)
    assert report(shop, 0)["drift"][0]["verdict"] == "file-newer"


def test_containers_that_others_put_there_are_left_out(shop: Shop, cluster: Cluster) -> None:
    envoy = {"name": "envoy", "image": "840364872350.dkr.ecr.eu-west-1.amazonaws.com/aws-appmesh-envoy:v1"}
    sensor = {"name": "dd", "image": "public.ecr.aws/datadog/agent:7"}
    cluster.run(HARD, envoy, sensor, {"name": "shell", "image": "busybox", "privileged": True})
    found = report(shop, 1)
    assert found["left_out"][0] == {"what": "envoy", "why": "injected"}
    rows = [row for row in found["drift"] if row["field"] == "container"]
    assert ("task orders, container shell", "weaker") in {(row["resource"], row["direction"]) for row in rows}
    assert all("envoy" not in row["resource"] for row in rows)


def test_a_container_of_guardduty_stands_in_the_task_alone(shop: Shop, cluster: Cluster) -> None:
    cluster.run(HARD)
    cluster.start()
    arns = shop.aws.client("ecs").list_tasks(cluster="main")["taskArns"]
    (arn,) = cluster.told
    names = [{"name": "app"}, {"name": "aws-guardduty-agent-x1"}]
    row = {"taskArn": arns[0], "taskDefinitionArn": arn, "containers": names}
    shop.aws.answers["ecs:DescribeTasks"] = lambda _: {"tasks": [row]}
    found = report(shop, 0)
    assert found["left_out"] == [{"what": "aws-guardduty-agent-x1", "why": "injected"}]
    assert found["drift"] == []


def test_what_no_file_or_no_single_one_has_is_unmatched(shop: Shop, cluster: Cluster) -> None:
    other = cluster.run(HARD, family="mail")
    assert report(shop, 0)["unmatched"] == [other]
    write(shop, HARD, path="deploy/copy.json")
    twice = cluster.run({**HARD, "privileged": True})
    found = report(shop, 0)
    assert set(found["unmatched"]) == {other, twice}
    assert found["drift"] == []


def test_another_account_s_file_is_never_compared(shop: Shop, cluster: Cluster) -> None:
    write(shop, HARD, executionRoleArn="arn:aws:iam::999999999999:role/x")
    service = cluster.run({**HARD, "privileged": True})
    assert report(shop, 0)["unmatched"] == [service]


@pytest.mark.parametrize("action", ["ecs:ListServices", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition"])
def test_what_could_not_be_read_is_one_line_and_fails(action: str, shop: Shop, cluster: Cluster) -> None:
    cluster.run(HARD)
    cluster.start()
    shop.aws.before.append(lambda call: refuse("AccessDeniedException") if call.action == action else None)
    found = report(shop, 1)
    assert len(found["remarks"]) == 1
    assert action in found["remarks"][0]


def test_strings_of_aws_steer_no_terminal(shop: Shop, cluster: Cluster) -> None:
    cluster.run({**HARD, "user": "\x1b[2J\u202e::error::x"})
    for words in ((), ("--format", "json")):
        out = drift(shop, *words).out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_expired_credentials_are_one_line(shop: Shop, cluster: Cluster) -> None:
    def expire(call: AwsCall) -> Any:
        return refuse("ExpiredTokenException") if call.action.startswith("ecs:") else None

    shop.aws.before.append(expire)
    done = drift(shop)
    assert (done.code, done.out) == (1, "")
    assert "ExpiredTokenException" in done.err


def test_a_second_run_says_the_same_and_the_documented_policy_is_what_is_called(
    shop: Shop, cluster: Cluster
) -> None:
    cluster.run({**HARD, "user": "0"}, by=f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y")
    cluster.start()
    shop.aws.calls.clear()
    assert report(shop, 1) == report(shop, 1)
    assert {*shop.aws.actions} - {"sts:GetCallerIdentity"} == documented("fixbot drift")
