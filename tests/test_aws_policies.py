"""`fixbot run --aws` on policies: who carries the tag, what Access Analyzer says, what was used and stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, refuse, refuse_query
from tests.test_cli import Done, fixbot
from tests.test_secrets_create import Shop, documented, open_shop

TEMPLATE = """\
Resources:
  DeployRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: orders-deploy
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{AWS: "arn:aws:iam::123456789012:role/people"}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: deploy
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Deploy
                Effect: Allow
                Action: [ecs:UpdateService, ecs:StopTask, ec2:StopInstances]
                Resource: {resource}
"""
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Account:
    """What the account has, and what the parts of AWS that moto lacks answer."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.used: list[tuple[str, str, int]] = []
        """Actions and how many days ago they were used."""
        self.denied: set[str] = set()
        self.new_access = "PASS"
        self.problems: list[str] = []
        self.simulated: list[dict[str, Any]] = []
        shop.aws.answers.update(
            {
                "access-analyzer:CheckNoNewAccess": lambda _: self._check(),
                "access-analyzer:ValidatePolicy": self._validate,
                "iam:GenerateServiceLastAccessedDetails": lambda _: {"JobId": "a" * 36},
                "iam:GetServiceLastAccessedDetails": lambda _: self._tell_used(),
                "iam:SimulateCustomPolicy": self._simulate,
            }
        )

    def _check(self) -> Mapping[str, Any]:
        failed = self.new_access != "PASS"
        reasons = [{"description": "New access in the statement with index: 0."}] if failed else []
        return {"result": self.new_access, "message": "…", "reasons": reasons}

    def _validate(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        new = "ResourceTag" in asked["policyDocument"]
        kinds = [*[("SUGGESTION", "EMPTY_SID_VALUE")], *[("ERROR", each) for each in self.problems if new]]
        rows = [
            {
                "findingDetails": "…",
                "findingType": kind,
                "issueCode": code,
                "learnMoreLink": "…",
                "locations": [],
            }
            for kind, code in kinds
        ]
        return {"findings": rows}

    def _tell_used(self) -> Mapping[str, Any]:
        services = [
            {
                "ServiceName": namespace, "ServiceNamespace": namespace,
                "TrackedActionsLastAccessed": [
                    {"ActionName": name, "LastAccessedTime": NOW - timedelta(days)}
                    for other, name, days in self.used if other == namespace
                ],
            }
            for namespace in dict.fromkeys(each for each, _, _ in self.used)
        ]  # fmt: skip
        return {
            "JobStatus": "COMPLETED", "JobCreationDate": NOW, "JobCompletionDate": NOW,
            "ServicesLastAccessed": services, "IsTruncated": False,
        }  # fmt: skip

    def _simulate(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self.simulated.append(asked)
        rows = [
            {"EvalActionName": each, "EvalDecision": "implicitDeny" if each in self.denied else "allowed"}
            for each in asked["ActionNames"]
        ]
        return {"EvaluationResults": rows, "IsTruncated": False}

    def tag(self, **values: str) -> list[dict[str, str]]:
        return [{"key": key, "value": value} for key, value in values.items()]

    def fill(self) -> None:
        """Three services, one of them without the tag; a task and an instance with it."""
        ecs, ec2 = self.shop.aws.client("ecs"), self.shop.aws.client("ec2")
        ecs.create_cluster(clusterName="main")
        ecs.register_task_definition(
            family="orders",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": "a:1", "memory": 128, "cpu": 1}],
        )
        for name, tags in (
            ("orders", self.tag(Environment="prod")),
            ("mail", self.tag(Environment="dev")),
            ("old", []),
        ):
            ecs.create_service(
                cluster="main", serviceName=name, taskDefinition="orders", desiredCount=0, tags=tags
            )
        image = ec2.describe_images()["Images"][0]["ImageId"]
        where = {
            "awsvpcConfiguration": {
                "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "securityGroups": [],
            }
        }
        ecs.run_task(
            cluster="main", taskDefinition="orders", launchType="FARGATE", networkConfiguration=where,
            tags=self.tag(Environment="prod"),
        )  # fmt: skip
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        ec2.create_tags(Resources=[made], Tags=[{"Key": "Environment", "Value": "prod"}])
        self.shop.aws.client("iam").create_role(
            RoleName="orders-deploy", AssumeRolePolicyDocument="{}",
            Tags=[{"Key": "Environment", "Value": "prod"}],
        )  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "orders-repo") as found:
        (found.folder / "deploy" / "orders.json").unlink()
        write(found)
        yield found
        assert found.aws.troubles == []


@pytest.fixture
def account(shop: Shop) -> Account:
    return Account(shop)


def write(shop: Shop, resource: str = '"*"') -> None:
    shop.write(TEMPLATE.format(resource=resource), "deploy/roles.yaml")
    shop.write("tag:\n  key: Environment\n", ".fixbot.yml")


def run(shop: Shop, *words: str) -> Done:
    only = ("--only", "tag-condition-missing")
    return fixbot("run", *only, "--aws", *words, at=shop.folder, **shop.aws.variables)


def facts(shop: Shop) -> dict[str, Any]:
    done = run(shop, "--format", "json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    (proposal,) = report["proposals"]
    found: dict[str, Any] = {"remarks": report["remarks"]}
    for each in proposal["facts"]:
        found[each["data"].get("check", each["kind"])] = each
    return found


def test_what_carries_no_tag_is_a_number_with_names(shop: Shop, account: Account) -> None:
    account.fill()
    fact = facts(shop)["tag-coverage"]
    old = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/old"
    assert fact["data"] == {
        "reached": 5, "tagged": 4, "untagged": [old], "key": "Environment", "values": {"dev": 1, "prod": 3},
    }  # fmt: skip
    assert fact["text"] == (
        "4 of 5 things that the policy reaches carry the tag Environment ('prod' 3, 'dev' 1); "
        "it no longer reaches service/main/old until these are tagged."
    )


@pytest.mark.parametrize(
    ("resource", "reached"),
    [
        (f'"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/o*"', 2),
        ('"arn:aws:ecs:*:*:service/main/mail"', 1),
        ('!Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/main/*"', 3),
        (f'["arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/*", "arn:aws:ec2:*:*:instance/*"]', 4),
        ('"arn:aws:ecs:eu-west-1:999999999999:service/*"', None),
        ('!Sub "arn:aws:ecs:*:*:service/${Cluster}/*"', None),
    ],
)
def test_only_what_the_policy_reaches_counts(
    resource: str, reached: int | None, shop: Shop, account: Account
) -> None:
    account.fill()
    write(shop, resource)
    done = run(shop, "--format", "json")
    report = json.loads(done.out)
    assert done.code == 0
    found = [
        each["data"]["reached"]
        for proposal in report["proposals"]
        for each in proposal["facts"]
        if each["kind"] == "tag-coverage"
    ]
    assert found == ([reached] if reached is not None else [])


def test_the_second_opinion_is_told(shop: Shop, account: Account) -> None:
    found = facts(shop)
    assert found["CheckNoNewAccess"]["data"] == {
        "check": "CheckNoNewAccess",
        "result": "PASS",
        "policy": "DeployRole deploy",
    }
    assert found["ValidatePolicy"]["data"]["result"] == "PASS"
    account.new_access, account.problems = "FAIL", ["INVALID_ARN"]
    found = facts(shop)
    assert found["CheckNoNewAccess"]["data"]["result"] == "FAIL"
    assert found["ValidatePolicy"]["data"]["new"] == ["INVALID_ARN"]
    assert "which it does not find today" in found["ValidatePolicy"]["text"]


def test_what_was_used_and_is_kept_or_lost(shop: Shop, account: Account) -> None:
    account.fill()
    account.used = [("ecs", "UpdateService", 3), ("ecs", "StopTask", 91), ("s3", "GetObject", 1)]
    fact = facts(shop)["used-actions"]
    assert fact["data"]["days"] == 90
    assert fact["data"]["lost"] == []
    assert fact["data"]["used"] == ["ecs:UpdateService"]
    assert fact["text"].startswith("Nothing that orders-deploy used in the last 90 days is lost")
    context = {
        each["ContextKeyName"]: each["ContextKeyValues"] for each in account.simulated[0]["ContextEntries"]
    }
    assert context["aws:ResourceTag/Environment"] == ["prod"]
    assert context["aws:PrincipalTag/Environment"] == ["prod"]
    account.used, account.denied = [("ecs", "UpdateService", 3), ("ecs", "StopTask", 89)], {"ecs:StopTask"}
    fact = facts(shop)["used-actions"]
    assert fact["data"]["lost"] == ["ecs:StopTask"]


def test_a_role_that_no_file_names_has_no_such_fact(shop: Shop, account: Account) -> None:
    account.fill()
    text = (shop.folder / "deploy" / "roles.yaml").read_text()
    shop.write(text.replace("      RoleName: orders-deploy\n", ""), "deploy/roles.yaml")
    found = facts(shop)
    assert "used-actions" not in found
    assert "iam:GetRole" not in shop.aws.actions


@pytest.mark.parametrize("service", ["ecs", "ec2", "access-analyzer", "iam"])
def test_a_refused_call_costs_one_line_and_no_other_fact(service: str, shop: Shop, account: Account) -> None:
    account.fill()
    account.used = [("ecs", "UpdateService", 3)]
    no = {"iam": refuse_query("AccessDenied"), "ec2": refuse_query("UnauthorizedOperation")}
    shop.aws.before.append(
        lambda call: (
            no.get(service, refuse("AccessDeniedException", 403))
            if call.action.startswith(f"{service}:")
            else None
        )
    )
    found = facts(shop)
    lost = {"ecs": {"tag-coverage"}, "ec2": {"tag-coverage"}, "iam": {"used-actions"}}.get(
        service, {"CheckNoNewAccess", "ValidatePolicy"}
    )
    every = {"tag-coverage", "CheckNoNewAccess", "ValidatePolicy", "used-actions"}
    assert {*found} - {"remarks"} == every - lost
    assert len(found["remarks"]) == len(lost)
    assert all(f" {service}:" in each for each in found["remarks"])


def test_a_throttled_page_is_never_taken_for_the_end(shop: Shop, account: Account) -> None:
    account.fill()
    shop.aws.before.append(
        lambda call: refuse("ThrottlingException") if call.action == "ecs:DescribeServices" else None
    )
    found = facts(shop)
    assert "tag-coverage" not in found
    assert "still throttled" in found["remarks"][0]


def test_what_aws_says_steers_no_terminal_and_no_page(shop: Shop, account: Account) -> None:
    account.fill()
    shop.aws.client("ecs").tag_resource(
        resourceArn=f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/mail",
        tags=[{"key": "Environment", "value": "\x1b[31m\u202e::error::`x`"}],
    )
    done = run(shop, "--format", "json")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert "\\x1b" in facts(shop)["tag-coverage"]["text"]


def test_expired_credentials_end_the_run_with_one_line(shop: Shop, account: Account) -> None:
    account.fill()
    shop.aws.before.append(
        lambda call: refuse("ExpiredTokenException") if call.action.startswith("ecs:") else None
    )
    done = run(shop)
    assert done.code == 1
    assert "ExpiredTokenException" in done.err


def test_the_documented_policy_has_what_is_called(shop: Shop, account: Account) -> None:
    account.fill()
    account.used = [("ecs", "UpdateService", 3)]
    first, second = run(shop, "--format", "json"), run(shop, "--format", "json")
    assert json.loads(first.out)["proposals"] == json.loads(second.out)["proposals"]
    run(shop, "--format", "json")
    secrets = documented("fixbot secrets plan --aws")
    assert {*shop.aws.actions} - {"sts:GetCallerIdentity"} == documented("fixbot run --aws") - secrets
    assert not any(
        each.partition(":")[2].startswith(("Create", "Put", "Update")) for each in shop.aws.actions
    )
