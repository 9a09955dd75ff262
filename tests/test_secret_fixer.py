"""Secrets in environments, beyond the page's examples: odd shapes, what proposals say, what never leaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.lens import ECS, Container, Task
from fixbot.model.findings import Finding, Report, Severity, Status
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.rules.loading import load_rules
from fixbot.secret_stores.aws_names import AwsPlace, build_store_name, find_aws_place, secret_arn_of
from fixbot.secret_stores.cloudformation_functions import build_substitution, render_as_sub
from fixbot.secret_stores.secret_leaks import holds_literal_secret
from fixbot.settings import SecretSettings, Settings
from fixbot.syntax import load_grammar

FIXER = next(rule for rule in load_rules() if rule.name == "secret-in-environment")
PASSWORD = "plum-Tr4ctor-88"
ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:2"


def looked_at(folder: Path, files: Mapping[str, str], wishes: Settings | None = None) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return run_pipeline(Checkout.open_checkout(str(folder)), (FIXER,), wishes or Settings())


def task_json(*environment: tuple[str, str], **fields: object) -> str:
    container = {
        "name": "web",
        "image": ECR,
        "memory": 128,
        "environment": [{"name": name, "value": value} for name, value in environment],
    }
    role = {"executionRoleArn": "arn:aws:iam::111122223333:role/web"}
    return json.dumps({"family": "web", **role, **fields, "containerDefinitions": [container]}, indent=2)


def one(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


def patched(report: Report, path: str = "task.json") -> str:
    assert [f.reason for f in report.findings if f.reason] == []
    return next(patch.after for patch in report.patches if patch.path == path)


def container_of(report: Report) -> dict[str, object]:
    (container,) = json.loads(patched(report))["containerDefinitions"]
    assert isinstance(container, dict)
    return container


def value_from(report: Report) -> object:
    secrets = container_of(report)["secrets"]
    assert isinstance(secrets, list)
    return secrets[0]["valueFrom"]


# What a proposal says


def everything_said(report: Report) -> str:
    said = [(render_proposal(p), p.branch, p.key, p.diff) for p in report.proposals]
    found = [(f.id, f.message, f.resource, f.reason) for f in report.findings]
    return repr((said, found, [p.diff for p in report.patches], report.unread))


def test_the_value_is_said_nowhere(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"task.json": task_json(("DB_PASSWORD", PASSWORD))})
    assert one(report).status is Status.FIXED
    assert PASSWORD not in everything_said(report)
    assert PASSWORD not in patched(report)


def test_the_identity_does_not_depend_on_the_value(tmp_path: Path) -> None:
    first = looked_at(tmp_path / "a", {"task.json": task_json(("DB_PASSWORD", PASSWORD))})
    second = looked_at(tmp_path / "b", {"task.json": task_json(("DB_PASSWORD", "another-One-7"))})
    assert one(first).id == one(second).id
    assert one(first).message == one(second).message


def test_steps_come_in_the_order_in_which_nothing_stops(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"task.json": task_json(("DB_PASSWORD", PASSWORD))})
    body = render_proposal(report.proposals[0]).body
    order = ("create-secret", "GetSecretValue", "Deploy", "Change the value", "Git's history", "Deregister")
    places = [body.index(word) for word in order]
    assert places == sorted(places)
    assert "file:///dev/stdin" in body
    assert "ResourceInitializationError" in body


def test_the_statement_shown_is_one_that_a_policy_takes(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"task.json": task_json(("DB_PASSWORD", PASSWORD))})
    text = render_proposal(report.proposals[0]).body.partition("```json\n")[2].partition("```")[0]
    assert json.loads(text) == {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fixbot/web-??????",
    }


def test_the_title_names_the_variables_and_the_task(tmp_path: Path) -> None:
    two = task_json(("DB_PASSWORD", PASSWORD), ("API_TOKEN", "tin-Lantern9"))
    report = looked_at(tmp_path, {"task.json": two})
    assert [render_proposal(p).title for p in report.proposals] == [
        "Take DB_PASSWORD and API_TOKEN of web out of the file"
    ]


def test_access_keys_come_with_the_better_way(tmp_path: Path) -> None:
    pair = (
        ("AWS_ACCESS_KEY_ID", "AKIAQWERTYUIOPASDFGH"),
        ("AWS_SECRET_ACCESS_KEY", "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"),
    )
    report = looked_at(tmp_path, {"task.json": task_json(*pair)})
    assert "task role" in render_proposal(report.proposals[0]).body
    other = looked_at(tmp_path / "b", {"task.json": task_json(("API_TOKEN", PASSWORD))})
    assert "task role" not in render_proposal(other.proposals[0]).body.replace("task role policy", "")


# Names and places


@pytest.mark.parametrize(
    ("fields", "image", "arn"),
    [
        ({}, ECR, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fixbot/web:API_TOKEN::"),
        (
            {"executionRoleArn": "arn:aws-us-gov:iam::444455556666:role/web"},
            "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com/web:2",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:444455556666:secret:fixbot/web:API_TOKEN::",
        ),
        (
            {"executionRoleArn": "web"},
            "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web:2",
            "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:fixbot/web:API_TOKEN::",
        ),
        (
            {"family": "orders-worker"},
            ECR,
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fixbot/orders-worker-secrets:API_TOKEN::",
        ),
        ({}, "nginx:1.27", "/fixbot/web/API_TOKEN"),
        (
            {"executionRoleArn": "web"},
            "840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy:v1",
            "/fixbot/web/API_TOKEN",
        ),
        (
            {"executionRoleArn": "web", "taskRoleArn": "arn:aws:iam::444455556666:role/web"},
            "840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy:v1",
            "arn:aws:secretsmanager:us-west-2:444455556666:secret:fixbot/web:API_TOKEN::",
        ),
    ],
)
def test_where_a_secret_is_looked_for(
    tmp_path: Path, fields: dict[str, object], image: str, arn: str
) -> None:
    text = task_json(("API_TOKEN", PASSWORD), **fields).replace(ECR, image)
    assert value_from(looked_at(tmp_path, {"task.json": text})) == arn


def test_placeholders_of_the_file_itself_are_used_again(tmp_path: Path) -> None:
    text = task_json(("API_TOKEN", PASSWORD), executionRoleArn="arn:aws:iam::AWS_ACCOUNT_ID:role/web")
    text = text.replace(ECR, "${ImageUri}").replace(
        '"memory": 128',
        '"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": "AWS_REGION"}}',
    )
    assert value_from(looked_at(tmp_path, {"task.json": text})) == (
        "arn:aws:secretsmanager:AWS_REGION:AWS_ACCOUNT_ID:secret:fixbot/web:API_TOKEN::"
    )


def test_the_settings_fill_what_the_file_does_not_say(tmp_path: Path) -> None:
    wishes = Settings(account="999988887777", region="eu-north-1", secrets=SecretSettings(prefix="team/"))
    text = task_json(("API_TOKEN", PASSWORD), executionRoleArn="web").replace(ECR, "nginx:1.27")
    assert value_from(looked_at(tmp_path, {"task.json": text}, wishes)) == (
        "arn:aws:secretsmanager:eu-north-1:999988887777:secret:team/web:API_TOKEN::"
    )


def test_parameters_where_the_settings_want_them(tmp_path: Path) -> None:
    wishes = Settings(secrets=SecretSettings(store="ssm"))
    report = looked_at(tmp_path, {"task.json": task_json(("API_TOKEN", PASSWORD))}, wishes)
    assert value_from(report) == "/fixbot/web/API_TOKEN"
    body = render_proposal(report.proposals[0]).body
    assert "ssm:GetParameters" in body
    assert "arn:aws:ssm:eu-west-1:111122223333:parameter/fixbot/web/*" in body
    assert "Set `account` and `region`" not in body


def test_an_arn_of_the_settings_is_allowed_without_its_key(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop-AbCdEf"
    wishes = Settings(secrets=SecretSettings(existing={"API_TOKEN": f"{arn}:token::"}))
    report = looked_at(tmp_path, {"task.json": task_json(("API_TOKEN", PASSWORD))}, wishes)
    assert value_from(report) == f"{arn}:token::"
    body = render_proposal(report.proposals[0]).body
    assert f'"Resource": "{arn}"' in body
    assert "create-secret" not in body


def test_a_name_that_is_listed_already_only_leaves_the_environment(tmp_path: Path) -> None:
    known = [{"name": "API_TOKEN", "valueFrom": "/shop/token"}]
    text = task_json(("API_TOKEN", PASSWORD), ("LOG_LEVEL", "info"))
    text = text.replace('"memory": 128', f'"secrets": {json.dumps(known)}')
    found = container_of(looked_at(tmp_path, {"task.json": text}))
    assert found["secrets"] == known
    assert found["environment"] == [{"name": "LOG_LEVEL", "value": "info"}]


def test_an_emptied_environment_goes(tmp_path: Path) -> None:
    assert "environment" not in container_of(
        looked_at(tmp_path, {"task.json": task_json(("API_TOKEN", PASSWORD))})
    )


# What is not a task definition of its own


def test_a_bare_array_says_that_the_task_stands_elsewhere(tmp_path: Path) -> None:
    listed = json.loads(task_json(("API_TOKEN", PASSWORD)))["containerDefinitions"]
    report = looked_at(tmp_path, {"web.json": json.dumps(listed, indent=2)})
    assert one(report).status is Status.FIXED
    assert "stands elsewhere" in render_proposal(report.proposals[0]).body


def test_a_json_file_that_terraform_reads_names_its_secret_itself(tmp_path: Path) -> None:
    listed = json.loads(task_json(("API_TOKEN", PASSWORD)))["containerDefinitions"]
    main = (
        'resource "aws_ecs_task_definition" "web" {\n  family = "web"\n  execution_role_arn = '
        "aws_iam_role.web.arn\n"
        '  container_definitions = file("${path.module}/web.json")\n}\n\n'
        'resource "aws_iam_role" "web" {\n  name = "web"\n}\n'
    )
    report = looked_at(tmp_path, {"web.json": json.dumps(listed, indent=2), "main.tf": main})
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fixbot/web"
    assert f'"valueFrom": "{arn}:API_TOKEN::"' in patched(report, "web.json")
    assert f'resources = ["{arn}-??????"]' in patched(report, "main.tf")
    assert "aws_secretsmanager_secret" not in patched(report, "main.tf")


def test_a_service_of_terraform_aws_modules_lists_what_its_role_reads(tmp_path: Path) -> None:
    main = (
        'module "web" {\n  source  = "terraform-aws-modules/ecs/aws//modules/service"\n  version = '
        '"6.0.0"\n\n'
        '  name = "web"\n  container_definitions = {\n    web = {\n      image = "web:2"\n      '
        "environment = [\n"
        f'        {{ name = "API_TOKEN", value = "{PASSWORD}" }},\n      ]\n    }}\n  }}\n}}\n'
    )
    after = patched(looked_at(tmp_path, {"main.tf": main}), "main.tf")
    assert "task_exec_secret_arns = [aws_secretsmanager_secret.web.arn]" in after


def test_a_batch_job_moves_too(tmp_path: Path) -> None:
    text = (
        "Resources:\n  Job:\n    Type: AWS::Batch::JobDefinition\n    Properties:\n      Type: container\n"
        "      ContainerProperties:\n        Image: web:2\n        ExecutionRoleArn: !Ref Role\n        "
        "Environment:\n"
        f"          - {{Name: API_TOKEN, Value: {PASSWORD}}}\n          - "
        "{Name: LOG_LEVEL, Value: info}\n"
    )
    after = patched(looked_at(tmp_path, {"job.yaml": text}), "job.yaml")
    assert (
        "Secrets:\n          - Name: API_TOKEN\n            ValueFrom: !Sub " in after or "Secrets:" in after
    )
    assert "JobSecret:\n    Type: AWS::SecretsManager::Secret" in after


# CloudFormation


TEMPLATE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Api:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: api
          Image: api:2
          Environment:
            - Name: DB_PASSWORD
              Value: %s
  Worker:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Sub "${Role.Arn}"
      ContainerDefinitions:
        - Name: worker
          Image: worker:2
          Environment:
            - Name: DB_PASSWORD
              Value: %s
"""
DATABASE = """\
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: shop
      MasterUserPassword: %s
"""


def test_two_tasks_of_one_role_each_bring_their_permission(tmp_path: Path) -> None:
    after = patched(looked_at(tmp_path, {"t.yaml": TEMPLATE % (PASSWORD, "another-One-7")}), "t.yaml")
    assert after.count("PolicyName: ") == 2
    assert "Resource: !Ref ApiSecret" in after
    assert "Resource: !Ref WorkerSecret" in after


def test_tasks_that_share_a_database_go_together(tmp_path: Path) -> None:
    text = TEMPLATE % (PASSWORD, PASSWORD) + DATABASE % PASSWORD
    report = looked_at(tmp_path, {"t.yaml": text})
    after = patched(report, "t.yaml")
    assert after.count("${Db.MasterUserSecret.SecretArn}:password::") == 2
    assert "ManageMasterUserPassword: true" in after
    assert "MasterUserPassword: plum" not in after
    assert len(report.proposals) == 1
    assert "every seven days" in render_proposal(report.proposals[0]).body


def test_neither_of_them_goes_if_one_cannot(tmp_path: Path) -> None:
    text = TEMPLATE % (PASSWORD, PASSWORD) + DATABASE % PASSWORD
    text += f"Outputs:\n  Login:\n    Value: shop:{PASSWORD}\n"
    report = looked_at(tmp_path, {"t.yaml": text})
    assert {f.status for f in report.findings} == {Status.REFUSED}
    assert all("in line 33" in (f.reason or "") for f in report.findings)
    assert not report.patches
    assert PASSWORD not in everything_said(report)


def test_a_weak_password_that_is_also_a_plain_word_still_moves(tmp_path: Path) -> None:
    text = TEMPLATE % ("postgres", "another-One-7")
    text += "Outputs:\n  Engine:\n    Value: postgres\n"
    assert "ApiSecret" in patched(looked_at(tmp_path, {"t.yaml": text}), "t.yaml")


def test_a_role_that_may_read_everything_is_left_as_it_is(tmp_path: Path) -> None:
    policy = (
        "      Policies:\n        - PolicyName: all\n          PolicyDocument:\n            Statement:\n"
        '              - {Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "*"}\n  Api:\n'
    )
    text = (TEMPLATE % (PASSWORD, "!Ref Other")).replace("  Api:\n", policy)
    assert patched(looked_at(tmp_path, {"t.yaml": text}), "t.yaml").count("PolicyName") == 1


def test_a_taken_logical_name_gets_a_number(tmp_path: Path) -> None:
    text = TEMPLATE % (PASSWORD, "!Ref Other") + "  ApiSecret:\n    Type: AWS::SecretsManager::Secret\n"
    assert "${ApiSecret2}:DB_PASSWORD::" in patched(looked_at(tmp_path, {"t.yaml": text}), "t.yaml")


def test_a_secret_named_by_a_parameter_is_refused(tmp_path: Path) -> None:
    text = TEMPLATE % ('!Sub "{{resolve:secretsmanager:${Name}:SecretString:password}}"', "!Ref Other")
    finding = one(looked_at(tmp_path, {"t.yaml": text}))
    assert finding.status is Status.REFUSED
    assert "may be a secret's name or its ARN" in (finding.reason or "")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("!Ref A", "${A}"),
        ("!GetAtt A.Arn", "${A.Arn}"),
        ("{Fn::GetAtt: [A, Arn]}", "${A.Arn}"),
        ('!Sub "x${A}y"', "x${A}y"),
        ("!Sub ['x-${B}', {B: !Ref A}]", "x-${A}"),
        ('!Join ["-", [a, !Ref B, c]]', "a-${B}-c"),
        ("{Fn::Join: ['', [a, {Ref: B}]]}", "a${B}"),
        ("!ImportValue x", "${?}"),
        ("!Select [0, !Ref A]", "${?}"),
        ("plain", "plain"),
    ],
)
def test_functions_are_read_as_the_text_they_make(written: str, text: str) -> None:
    (root,) = load_grammar("yaml").parse_text(f"a: {written}\n")
    node = root.find_node("a")
    assert node is not None
    assert render_as_sub(node) == text


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_written_as_some_value(text: str, json_: bool) -> None:
    assert build_substitution(text, json=json_) is not None


def test_a_template_in_json_shares_its_databases_password(tmp_path: Path) -> None:
    container = {"Name": "api", "Image": "api:2", "Environment": [{"Name": "DB_PASSWORD", "Value": PASSWORD}]}
    db = {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "x", "MasterUserPassword": PASSWORD}}
    api = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container]}}
    text = json.dumps({"Resources": {"Db": db, "Api": api}}, indent=2)
    after = json.loads(patched(looked_at(tmp_path, {"t.json": text}), "t.json"))["Resources"]
    secrets = after["Api"]["Properties"]["ContainerDefinitions"][0]["Secrets"]
    assert secrets[0]["ValueFrom"] == {"Fn::Sub": "${Db.MasterUserSecret.SecretArn}:password::"}
    assert after["Db"]["Properties"] == {"Engine": "x", "ManageMasterUserPassword": True}
    (policy,) = after["ApiExecutionRole"]["Properties"]["Policies"]
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == {
        "Fn::GetAtt": ["Db", "MasterUserSecret.SecretArn"]
    }


@pytest.mark.parametrize("extra", ["SourceDBInstanceIdentifier: other", "ManageMasterUserPassword: false"])
def test_a_database_that_takes_no_password_of_its_own_is_left(tmp_path: Path, extra: str) -> None:
    text = TEMPLATE % (PASSWORD, "!Ref Other") + DATABASE % PASSWORD + f"      {extra}\n"
    finding = one(looked_at(tmp_path, {"t.yaml": text}))
    assert "RDS can't take that over here" in (finding.reason or "")


def test_a_role_from_elsewhere_is_told_what_to_allow(tmp_path: Path) -> None:
    text = (TEMPLATE % (PASSWORD, "!Ref Other")).replace("!GetAtt Role.Arn", "!ImportValue role")
    report = looked_at(tmp_path, {"t.yaml": text})
    assert "PolicyName" not in patched(report, "t.yaml")
    assert '"Resource": "<ARN of ApiSecret>"' in render_proposal(report.proposals[0]).body


def test_cloudformation_takes_parameters_by_name(tmp_path: Path) -> None:
    wishes = Settings(secrets=SecretSettings(store="ssm"))
    report = looked_at(tmp_path, {"t.yaml": TEMPLATE % (PASSWORD, "!Ref Other")}, wishes)
    after = patched(report, "t.yaml")
    assert "ValueFrom: /fixbot/Api/DB_PASSWORD" in after
    assert (
        "Resource: !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/fixbot/Api/*"
        in after
    )
    assert "put-parameter" in render_proposal(report.proposals[0]).body


# Terraform


TASK = """\
resource "aws_ecs_task_definition" "web" {
  family = "web"
  container_definitions = jsonencode([
    {
      name  = "web"
      image = "web:2"
      environment = [
        { name = "DB_PASSWORD", value = %s },
        { name = "LOG_LEVEL", value = "info" }
      ]
    }
  ])
}
"""


def test_a_role_that_is_made_is_one_for_the_folders_partition(tmp_path: Path) -> None:
    text = 'provider "aws" {\n  region = "cn-north-1"\n}\n\n' + TASK % f'"{PASSWORD}"'
    after = patched(looked_at(tmp_path, {"main.tf": text}), "main.tf")
    assert "execution_role_arn = aws_iam_role.web_execution.arn" in after
    assert 'policy_arn = "arn:aws-cn:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"' in after
    assert 'name_prefix        = "web-execution-"' in after


def test_the_account_is_taken_from_the_roles_that_terraform_gives_a_task(tmp_path: Path) -> None:
    role = (
        'resource "aws_ecs_task_definition" "web" {\n  task_role_arn = "arn:aws:iam::111122223333:role/web"'
    )
    text = TASK % f'"{PASSWORD}"'
    text = text.replace('resource "aws_ecs_task_definition" "web" {', role)
    provider = 'provider "aws" {\n  region = "eu-west-1"\n}\n\n'
    wishes = Settings(secrets=SecretSettings(store="ssm"))
    after = patched(looked_at(tmp_path, {"main.tf": provider + text}, wishes), "main.tf")
    assert "arn:aws:ssm:eu-west-1:111122223333:parameter/fixbot/web/*" in after


def test_names_that_are_taken_get_a_number(tmp_path: Path) -> None:
    text = TASK % f'"{PASSWORD}"' + '\nresource "aws_secretsmanager_secret" "web" {\n  name = "other"\n}\n'
    after = patched(looked_at(tmp_path, {"main.tf": text}), "main.tf")
    assert "${aws_secretsmanager_secret.web_2.arn}:DB_PASSWORD::" in after


def test_a_secret_that_terraform_fills_is_not_taken(tmp_path: Path) -> None:
    more = (
        '\nresource "aws_secretsmanager_secret" "db_password" {\n  name = "db"\n}\n\n'
        'resource "aws_secretsmanager_secret_version" "db" {\n'
        "  secret_id     = aws_secretsmanager_secret.db_password.id\n  secret_string = var.all\n}\n"
    )
    after = patched(looked_at(tmp_path, {"main.tf": TASK % f'"{PASSWORD}"' + more}), "main.tf")
    assert "${aws_secretsmanager_secret.web.arn}:DB_PASSWORD::" in after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (
            "data.aws_secretsmanager_secret_version.db.secret_string",
            "data.aws_secretsmanager_secret_version.db.arn",
        ),
        (
            "jsondecode(data.aws_secretsmanager_secret_version.db[0].secret_string).password",
            '"${data.aws_secretsmanager_secret_version.db[0].arn}:password::"',
        ),
        ('"${aws_ssm_parameter.db.value}"', "aws_ssm_parameter.db.arn"),
        ("sensitive(data.aws_ssm_parameter.db.value)", "data.aws_ssm_parameter.db.arn"),
    ],
)
def test_what_terraform_reads_is_pointed_at(tmp_path: Path, value: str, written: str) -> None:
    after = patched(looked_at(tmp_path, {"main.tf": TASK % value}), "main.tf")
    assert written in after
    assert value not in after
    assert "aws_secretsmanager_secret_version" in after or "aws_ssm_parameter" in after


@pytest.mark.parametrize(
    ("value", "more", "reason"),
    [
        ('"x-${data.aws_ssm_parameter.db.value}"', "", "Terraform reads a secret into one of them"),
        (f'"postgres://shop:{PASSWORD}@${{var.host}}/shop"', "", "a secret is written out in one of them"),
        ("local.password", f'locals {{\n  password = "{PASSWORD}"\n}}\n', "a local whose value, a secret"),
        ("var.password", f'variable "password" {{\n  default = "{PASSWORD}"\n}}\n', "main.tf:15"),
        ("random_password.db.result", "", "a password that Terraform makes"),
        (
            f'"{PASSWORD}"',
            f'resource "aws_docdb_cluster" "db" {{\n  master_password = "{PASSWORD}"\n}}\n',
            "stands a second time in main.tf:15",
        ),
        (
            f'"{PASSWORD}"',
            f'resource "aws_db_instance" "db" {{\n  count    = 2\n  password = "{PASSWORD}"\n}}\n',
            "RDS can't take that over here",
        ),
    ],
)
def test_what_stays_says_why(tmp_path: Path, value: str, more: str, reason: str) -> None:
    report = looked_at(tmp_path, {"main.tf": TASK % value + more})
    assert reason in (one(report).reason or "")
    assert PASSWORD not in everything_said(report)


def test_a_variable_that_nothing_calls_secret_is_no_finding(tmp_path: Path) -> None:
    assert not looked_at(tmp_path, {"main.tf": TASK % "var.password"}).findings


# Kubernetes


POD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web
          image: web:2
          env:
            - name: DB_PASSWORD
              value: %s
"""
DRIVER = """\
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: other
spec:
  provider: %s
"""
OPERATOR = """\
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata:
  name: other
spec:
  secretStoreRef:
    name: store
    kind: SecretStore
"""


def test_a_secret_with_another_value_is_not_taken(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web-secrets\ndata:\n  DB_PASSWORD: b3RoZXI=\n"
    after = patched(looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "secret.yaml": secret}), "web.yaml")
    assert "name: web-env-secrets" in after


def test_a_secret_with_the_same_value_is_taken_and_named(tmp_path: Path) -> None:
    secret = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  DB_PASSWORD: {PASSWORD}\n"
    report = looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "secret.yaml": secret})
    assert "name: db\n                  key: DB_PASSWORD" in patched(report, "web.yaml")
    assert "The Secret `db` stands in this repository" in render_proposal(report.proposals[0]).body
    assert PASSWORD not in everything_said(report)


def test_a_secret_of_another_namespace_is_not_taken(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: other\n"
    secret += "stringData:\n  DB_PASSWORD: <x>\n"
    after = patched(looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "secret.yaml": secret}), "web.yaml")
    assert "name: web-secrets" in after


def test_the_operators_version_is_kept_and_mentioned(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "other/es.yaml": OPERATOR})
    made = patched(report, "web-external-secret.yaml")
    assert made.startswith("apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\n")
    assert "v1beta1" in render_proposal(report.proposals[0]).body
    assert "serves one namespace only" in render_proposal(report.proposals[0]).body


def test_an_operator_without_a_known_store_makes_no_file(tmp_path: Path) -> None:
    operator = OPERATOR.partition("  secretStoreRef")[0]
    report = looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "other/es.yaml": operator})
    assert [patch.path for patch in report.patches] == ["web.yaml"]
    assert "kubectl apply" in render_proposal(report.proposals[0]).body


def test_the_csi_driver_brings_its_volume_and_mount(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "class.yaml": DRIVER % "aws"})
    after = patched(report, "web.yaml")
    assert "secretProviderClass: web-secrets" in after
    assert "mountPath: /mnt/web-secrets" in after
    assert "objectName: fixbot/shop/web" in patched(report, "web-secret-provider.yaml")


def test_a_driver_for_another_cloud_is_not_used(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"web.yaml": POD % PASSWORD, "class.yaml": DRIVER % "azure"})
    assert [patch.path for patch in report.patches] == ["web.yaml"]


def test_two_workloads_of_one_name_get_files_of_their_own(tmp_path: Path) -> None:
    both = {"all.yaml": POD % PASSWORD, "quick.yaml": (POD % "another-One-7").replace("DB_", "MQ_")}
    report = looked_at(tmp_path, {**both, "other/es.yaml": OPERATOR.replace("v1beta1", "v1")})
    made = {patch.path: patch.after for patch in report.patches if patch.before is None}
    assert len(made) == 2
    assert sum("secretKey: DB_PASSWORD" in text for text in made.values()) == 1
    assert sum("secretKey: MQ_PASSWORD" in text for text in made.values()) == 1


def test_a_taken_file_name_is_refused(tmp_path: Path) -> None:
    files = {"web.yaml": POD % PASSWORD, "web-external-secret.yaml": OPERATOR}
    finding = one(looked_at(tmp_path, files))
    assert finding.status is Status.REFUSED
    assert "exists already" in (finding.reason or "")


def test_a_variable_of_another_is_no_secret(tmp_path: Path) -> None:
    assert not looked_at(tmp_path, {"web.yaml": POD % '"$(OTHER)"'}).findings


# Judging values


def test_how_bad_it_is(tmp_path: Path) -> None:
    text = task_json(("DB_PASSWORD", PASSWORD), ("API_TOKEN", "changeme")).replace(
        '"memory": 128',
        '"logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": '
        '"5e1f7c90-1c2d-4000-8000-1c2d3e4f5a6b"}}',
    )
    report = looked_at(tmp_path, {"task.json": text})
    assert {f.message.split()[0]: f.severity for f in report.findings} == {
        "DB_PASSWORD": Severity.CRITICAL,
        "API_TOKEN": Severity.LOW,
        "splunk-token": Severity.HIGH,
    }


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("DATABASE_URL", "postgres://u:hunter2x@${HOST}/db", True),
        ("DATABASE_URL", "postgres://u:${PASSWORD}@${HOST}/db", False),
        ("DB_PASSWORD", "${Stage}-hunter2", True),
        ("DB_PASSWORD", "${Stage}", False),
        ("DB_PASSWORD", "hunter2", False),
        ("TOKEN", "${Stage}-token", False),
        ("DB_PASSWORD", "{{resolve:secretsmanager:${Secret}:SecretString:password}}", False),
    ],
)
def test_a_secret_written_out_in_a_template(name: str, text: str, secret: bool) -> None:
    assert holds_literal_secret(name, text) is secret


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_text_can_be_judged(name: str, text: str) -> None:
    assert holds_literal_secret(name, text) in (True, False)


@given(st.text(max_size=60))
def test_no_secrets_name_ends_like_an_arn(family: str) -> None:
    name = build_store_name("fixbot/", family)
    assert not (name[-7:-6] == "-" and name[-6:].isalnum() and name[-6:].isascii())


@given(st.text(max_size=120))
def test_any_text_may_stand_where_an_arn_is_expected(text: str) -> None:
    (root,) = load_grammar("json").parse_text(json.dumps({"image": text, "name": "x"}))
    task = Task("t.json", "ecs", "ecs", "web", root, ECS, execution_role=root.find_node("image"))
    task.containers.append(Container(root, task, ECS, 0))
    assert isinstance(find_aws_place(task, Settings()), AwsPlace)
    assert secret_arn_of(text) in text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["DB_PASSWORD", "API_TOKEN", "LOG_LEVEL", "CLIENT_SECRET"]), st.text(max_size=20)
        ),
        max_size=5,
    )
)
def test_any_environment_is_moved_whole_or_left_whole(
    tmp_path: Path, environment: list[tuple[str, str]]
) -> None:
    before = task_json(*environment)
    report = looked_at(tmp_path, {"task.json": before})
    after = next((patch.after for patch in report.patches), before)
    (container,) = json.loads(after)["containerDefinitions"]
    kept = [each["name"] for each in container.get("environment", [])]
    moved = [each["name"] for each in container.get("secrets", [])]
    assert set(kept) | set(moved) == {name for name, _ in environment}
    assert not set(kept) & set(moved) or report.findings
    again = looked_at(tmp_path, {"task.json": after})
    assert not again.patches


REPLICATED = f"""\
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      DBInstanceIdentifier: shop-db
      MasterUsername: shop
      MasterUserPassword: {PASSWORD}
  Other:
    Type: %s
    Properties:
      %s
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: arn:aws:iam::111122223333:role/web
      ContainerDefinitions:
        - Name: web
          Image: registry.example/web:2
          Environment:
            - Name: DB_PASSWORD
              Value: {PASSWORD}
"""


@pytest.mark.parametrize(
    ("kind", "property_"),
    [
        ("AWS::RDS::DBInstance", "SourceDBInstanceIdentifier: !Ref Db"),
        ("AWS::RDS::DBProxyTargetGroup", "DBInstanceIdentifiers: [!Ref Db]"),
        ("AWS::RDS::GlobalCluster", "SourceDBClusterIdentifier: !GetAtt Db.Arn"),
        ("AWS::RDS::DBInstance", "SourceDBInstanceIdentifier: shop-db"),
        ("AWS::RDS::DBInstance", "SourceDBInstanceIdentifier: arn:aws:rds:eu-west-1:111122223333:db:shop-db"),
    ],
)
def test_the_source_of_a_replica_keeps_a_password_of_its_own(
    tmp_path: Path, kind: str, property_: str
) -> None:
    report = looked_at(tmp_path, {"t.yaml": REPLICATED % (kind, property_)})
    assert not any("ManageMasterUserPassword" in each.after for each in report.patches)


COMMANDS = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
  - name: app
    image: registry.example/app:3
    args: [%s]
"""


@pytest.mark.parametrize(
    "words",
    [
        "--user, shop, --password=plum-Tr4ctor-88",
        "--user, shop, --password, plum-Tr4ctor-88",
        "--requirepass, plum-Tr4ctor-88",
        "-Dspring.datasource.password=plum-Tr4ctor-88",
        'sh, -c, "PGPASSWORD=plum-Tr4ctor-88 exec app"',
        'sh, -c, "mysql -uroot -pplum-Tr4ctor-88 shop"',
        '"postgres://shop:plum-Tr4ctor-88@db/shop"',
        '--header, "Authorization: Bearer plum-Tr4ctor-88"',
    ],
)
def test_a_secret_in_the_arguments_is_for_a_person_and_never_shown(tmp_path: Path, words: str) -> None:
    report = looked_at(tmp_path, {"pod.yaml": COMMANDS % words})
    finding = one(report)
    assert finding.status is Status.MANUAL
    assert finding.reason is not None
    assert "arguments" in finding.reason
    assert PASSWORD not in finding.reason + finding.message


@pytest.mark.parametrize(
    "words",
    [
        "--password=$(DB_PASSWORD), --user, shop",
        "--password-file=/run/secrets/db",
        "--token, $(TOKEN)",
        "--auth-mode=rbac, --secret-name, shop",
        'sh, -c, "PGPASSWORD=$DB_PASSWORD exec app"',
        "--authorization-policy=plain",
        "--key, /etc/tls/tls.key",
        "--leader-election-token=true",
        "--metrics-auth, none",
    ],
)
def test_arguments_that_hold_no_secret_are_left_alone(tmp_path: Path, words: str) -> None:
    assert looked_at(tmp_path, {"pod.yaml": COMMANDS % words}).findings == ()


def test_a_copy_in_a_command_is_named_once_with_its_variable(tmp_path: Path) -> None:
    text = task_json(("DB_PASSWORD", PASSWORD))
    text = text.replace('"memory"', f'"command": ["web", "--db-password", "{PASSWORD}"], "memory"')
    finding = one(looked_at(tmp_path, {"task.json": text}))
    assert finding.status is Status.REFUSED
    assert "command" in str(finding.reason)


LISTED = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf:password::"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (LISTED, "`shop/db`"),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf", "`shop/db`"),
        ("arn:aws:ssm:eu-west-1:111122223333:parameter/shop/db", "`/shop/db`"),
        ("/shop/db", "`/shop/db`"),
    ],
)
def test_a_name_that_comes_from_a_store_already_only_loses_its_literal(
    tmp_path: Path, source: str, shown: str
) -> None:
    text = json.loads(task_json(("DB_PASSWORD", PASSWORD), ("LOG_LEVEL", "info")))
    text["containerDefinitions"][0]["secrets"] = [{"name": "DB_PASSWORD", "valueFrom": source}]
    report = looked_at(tmp_path, {"task.json": json.dumps(text, indent=2)})
    container = container_of(report)
    assert container["environment"] == [{"name": "LOG_LEVEL", "value": "info"}]
    assert container["secrets"] == [{"name": "DB_PASSWORD", "valueFrom": source}]
    body = render_proposal(report.proposals[0]).body
    assert f"already comes from {shown}" in body
    assert "create-secret" not in body
    assert "fixbot/web" not in body


def test_a_name_in_no_list_still_moves_beside_one_that_is_listed(tmp_path: Path) -> None:
    text = json.loads(task_json(("DB_PASSWORD", PASSWORD), ("API_TOKEN", "b2f0-not-a-real-token-77aa")))
    text["containerDefinitions"][0]["secrets"] = [{"name": "DB_PASSWORD", "valueFrom": LISTED}]
    container = container_of(looked_at(tmp_path, {"task.json": json.dumps(text, indent=2)}))
    assert "environment" not in container
    listed = container["secrets"]
    assert isinstance(listed, list)
    assert {each["name"] for each in listed} == {"DB_PASSWORD", "API_TOKEN"}


def test_the_secrets_region_is_where_the_task_logs(tmp_path: Path) -> None:
    text = json.loads(task_json(("DB_PASSWORD", PASSWORD)))
    container = text["containerDefinitions"][0]
    container["image"] = ECR.replace("eu-west-1", "us-east-1")
    options = {"awslogs-group": "web", "awslogs-region": "eu-west-1"}
    container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    report = looked_at(tmp_path, {"task.json": json.dumps(text, indent=2)})
    assert "secretsmanager:eu-west-1" in patched(report)


IGNORED = """\
resource "aws_ecs_task_definition" "web" {
  family             = "web"
  execution_role_arn = "arn:aws:iam::111122223333:role/web"
  container_definitions = %s

  lifecycle {
    ignore_changes = %s
  }
}
"""
WRITTEN = f"""jsonencode([{{
    name        = "web"
    image       = "registry.example/web:1"
    environment = [{{ name = "DB_PASSWORD", value = "{PASSWORD}" }}]
  }}])"""
HEREDOC = f"""<<EOF
[{{"name": "web", "image": "registry.example/web:1",
  "environment": [{{"name": "DB_PASSWORD", "value": "{PASSWORD}"}}]}}]
EOF"""


@pytest.mark.parametrize("written", [WRITTEN, HEREDOC, "local.containers"])
@pytest.mark.parametrize(
    "ignored",
    ["[container_definitions]", "[tags, container_definitions]", "all", '["container_definitions"]'],
)
def test_that_terraform_ignores_the_change_is_said_first(tmp_path: Path, written: str, ignored: str) -> None:
    text = IGNORED % (written, ignored)
    if written.startswith("local"):
        text += f"locals {{\n  containers = {WRITTEN}\n}}\n"
    (proposal,) = looked_at(tmp_path, {"main.tf": text}).proposals
    body = render_proposal(proposal).body
    assert 0 <= body.index("Terraform ignores changes to") < body.index("Secrets Manager")


@pytest.mark.parametrize("ignored", ["[tags]", "[]", "[family, tags_all]"])
def test_other_ignored_changes_are_not_spoken_of(tmp_path: Path, ignored: str) -> None:
    (proposal,) = looked_at(tmp_path, {"main.tf": IGNORED % (WRITTEN, ignored)}).proposals
    assert "ignores changes" not in render_proposal(proposal).body


COPIED = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
  - name: app
    image: registry.example/app:3
    env:
    - name: DB_PASSWORD
      value: %s
    %s
"""


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ('args: [sh, -c, "PGPASSWORD=%s psql"]', 'PGPASSWORD="$DB_PASSWORD" psql'),
        ("args: [bash, -ec, 'psql --password %s']", 'psql --password "$DB_PASSWORD"'),
        ("command: [sh, -c]\n    args: ['psql -W%s']", 'psql -W"$DB_PASSWORD"'),
        ("args: [sh, -c, 'psql \"--password=%s\" x']", 'psql "--password=$DB_PASSWORD" x'),
        (
            "livenessProbe: {exec: {command: [sh, -c, 'PGPASSWORD=%s pg_isready']}}",
            'PGPASSWORD="$DB_PASSWORD" pg_isready',
        ),
        ("lifecycle: {postStart: {exec: {command: [/bin/sh, -c, 'init %s']}}}", 'init "$DB_PASSWORD"'),
        ("args: [--password=%s]", "--password=$(DB_PASSWORD)"),
        ("args: [--password, %s]", "$(DB_PASSWORD)"),
        ("command: [app, 'postgres://shop:%s@db/x']", "postgres://shop:$(DB_PASSWORD)@db/x"),
    ],
)
def test_a_copy_in_its_own_command_takes_the_variable(tmp_path: Path, written: str, made: str) -> None:
    report = looked_at(tmp_path, {"pod.yaml": COPIED % (PASSWORD, written % PASSWORD)})
    after = patched(report, "pod.yaml")
    assert PASSWORD not in after
    import_tree = [str(each.value) for root in load_grammar("yaml").parse_text(after, 0, len(after))
                   for each in root.walk_tree()]  # fmt: skip
    assert made in import_tree


@pytest.mark.parametrize(
    "written",
    [
        "args: [sh, -c, \"psql '%s'\"]",
        'args: [sh, -c, "cat <<EOF\\n%s\\nEOF"]',
        "livenessProbe: {exec: {command: [pg_isready, --password=%s]}}",
        "args: [python, -m, app]\n    livenessProbe: {exec: {command: [check, %s]}}",
        'args: [sh, -c, "psql -p%sx"]',
    ],
)
def test_a_copy_that_nothing_would_expand_holds_the_move_back(tmp_path: Path, written: str) -> None:
    finding = one(looked_at(tmp_path, {"pod.yaml": COPIED % (PASSWORD, written % PASSWORD)}))
    assert finding.status is Status.REFUSED
    assert "second time" in str(finding.reason)


@pytest.mark.parametrize(
    ("field", "words", "status"),
    [
        ("healthCheck", ["CMD-SHELL", f"PGPASSWORD={PASSWORD} pg_isready"], Status.FIXED),
        ("healthCheck", ["CMD", "pg_isready", f"--password={PASSWORD}"], Status.REFUSED),
        ("command", ["sh", "-c", f"exec web --password {PASSWORD}"], Status.FIXED),
        ("command", ["web", f"--password={PASSWORD}"], Status.REFUSED),
    ],
)
def test_copies_in_a_task_definition(tmp_path: Path, field: str, words: list[str], status: Status) -> None:
    text = json.loads(task_json(("DB_PASSWORD", PASSWORD)))
    container = text["containerDefinitions"][0]
    container[field] = {"command": words} if field == "healthCheck" else words
    report = looked_at(tmp_path, {"task.json": json.dumps(text, indent=2)})
    assert one(report).status is status
    if status is Status.FIXED:
        assert PASSWORD not in patched(report)


def test_a_copy_in_another_container_holds_the_move_back(tmp_path: Path) -> None:
    text = COPIED % (PASSWORD, "args: [app]")
    text += f"  - name: side\n    image: registry.example/side:1\n    args: [sh, -c, 'use {PASSWORD}']\n"
    assert one(looked_at(tmp_path, {"pod.yaml": text})).status is Status.REFUSED
