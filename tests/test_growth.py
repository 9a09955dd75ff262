"""Work grows with what a file holds, and no faster: all rules, one file of each dialect, counted in steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.steps import steps

FEW, MANY = 15, 60
_CALL = {"Effect": "Allow", "Action": ["ecs:StopTask", "iam:PassRole"], "Resource": "*"}


def template(number: int) -> dict[str, object]:
    secret = f"x9Qz{number}dpw"
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [_CALL]}}]
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    task = {"Name": "a", "Image": "b:1", "Environment": [{"Name": "DB_PASSWORD", "Value": secret}]}
    return {
        f"Bucket{number}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"b{number}"}},
        f"Base{number}": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {"Engine": "mysql", "PubliclyAccessible": True, "MasterUserPassword": f"{secret}y"},
        },
        f"Group{number}": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "g", "SecurityGroupIngress": [world]},
        },
        f"Task{number}": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Family": f"f{number}", "ContainerDefinitions": [task]},
        },
        f"Role{number}": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": f"r{number}", "Policies": policies},
        },
    }


def write_template(count: int) -> str:
    listed = {name: each for number in range(count) for name, each in template(number).items()}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": listed}, indent=1)


def write_manifests(count: int) -> str:
    return "---\n".join(
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: p{number}\n  namespace: n{number // 5}\nspec:\n"
        f"  containers:\n    - name: c\n      image: registry.example/app{number}:1\n      env:\n"
        f"        - name: DB_PASSWORD\n          value: x9Qz{number}dpw\n"
        for number in range(count)
    )


def write_configuration(count: int) -> str:
    return "\n".join(
        f'resource "aws_s3_bucket" "b{number}" {{\n  bucket = "b{number}"\n}}\n\n'
        f'resource "aws_db_instance" "d{number}" {{\n  engine              = "mysql"\n'
        f'  publicly_accessible = true\n  password            = "x9Qz{number}dpw"\n}}\n\n'
        f'resource "aws_kms_key" "k{number}" {{\n  description = "k{number}"\n}}\n\n'
        f'resource "aws_iam_role_policy" "p{number}" {{\n  role = "r{number}"\n'
        f"  policy = jsonencode({{ Statement = [{json.dumps(_CALL)}] }})\n}}\n"
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [("template.json", write_template), ("all.yaml", write_manifests), ("main.tf", write_configuration)],
    ids=["cloudformation", "kubernetes", "terraform"],
)
def test_four_times_as_much_takes_four_times_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, write: Callable[[int], str]
) -> None:
    monkeypatch.setattr("fixbot.engine.workers.can_fork", lambda: False)

    def look(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / name).write_text(write(count))
        found = []
        taken = steps(
            lambda: found.append(run_pipeline(Checkout.open_checkout(str(folder)), load_rules(), Settings()))
        )
        assert len(found[0].findings) >= 2 * count
        return taken

    look(1)  # tables and patterns are read once
    few, many = look(FEW), look(MANY)
    assert many <= 4.7 * few, f"{many / few:.2f} times"
