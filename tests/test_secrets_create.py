"""Secrets made and completed in an account that is moto's, by the program as people start it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, Answer, AwsCall, AwsEndpoint, refuse, refuse_query, serve_aws
from tests.test_cli import ROOT, Done, environment, fixbot, git, repository
from tests.test_help import examples

CANARY = "canary-Xk93-wren-7Qz"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders-exec"


def task(family: str = "orders-api", account: str = ACCOUNT, **secrets: str) -> str:
    return json.dumps(
        {
            "family": family,
            "executionRoleArn": f"arn:aws:iam::{account}:role/orders-exec",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": f"{account}.dkr.ecr.{REGION}.amazonaws.com/orders:1.2.3",
                    "environment": [{"name": key, "value": value} for key, value in secrets.items()],
                }
            ],
        },
        indent=2,
    )


@dataclass
class Shop:
    """A repository, and the account behind it."""

    folder: Path
    aws: AwsEndpoint

    def write(self, text: str, path: str = "deploy/orders.json") -> None:
        where = self.folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text)

    def __call__(self, *words: str, **more: str) -> Done:
        return fixbot("secrets", *words, at=self.folder, **{**self.aws.variables, **more})

    def rows(self, *words: str, code: int = 0, **more: str) -> list[dict[str, Any]]:
        done = self(*words, "--format", "json", **more)
        assert done.code == code, (done.err, done.out)
        found: list[dict[str, Any]] = json.loads(done.out)["secrets"]
        return found

    def row(self, *words: str, code: int = 0, **more: str) -> dict[str, Any]:
        (found,) = self.rows(*words, code=code, **more)
        return found

    def stored(self, name: str = "fixbot/orders-api") -> Any:
        return self.aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]

    def writes(self) -> list[AwsCall]:
        return [
            call
            for call in self.aws.calls
            if call.action.partition(":")[2].startswith(("Create", "Put", "Update"))
        ]


@contextmanager
def open_shop(folder: Path, **variables: str) -> Iterator[Shop]:
    """A repository whose one task has these variables, and an account with nothing in it."""
    repository(folder)
    for each in (folder / "deploy").iterdir():
        each.unlink()
    with serve_aws() as aws:
        found = Shop(folder, aws)
        found.write(task(**variables))
        yield found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "orders-repo", DB_PASSWORD=CANARY, STAGE="prod") as found:
        yield found


def make(shop: Shop, text: str | bytes, name: str = "fixbot/orders-api") -> str:
    value = {"SecretString": text} if isinstance(text, str) else {"SecretBinary": text}
    made: str = shop.aws.client("secretsmanager").create_secret(Name=name, **value)["ARN"]
    shop.aws.calls.clear()
    shop.aws.raw.clear()
    return made


def assert_hidden(shop: Shop, *done: Done, value: str = CANARY) -> None:
    for each in done:
        assert value not in each.out + each.err
    assert [
        each
        for each in (shop.folder.parent / "cache").rglob("*")
        if each.is_file() and value.encode() in each.read_bytes()
    ] == []


def test_a_plan_asks_nobody_and_has_no_value(shop: Shop) -> None:
    done = shop("plan")
    assert done.code == 0
    assert "planned    fixbot/orders-api  (Secrets Manager, eu-west-1, 123456789012)" in done.out
    assert "DB_PASSWORD from deploy/orders.json" in done.out
    row = shop.row("plan")
    assert row["role"] == ROLE
    assert (row["exists"], row["keys_missing"], row["same_value"], row["role_may_read"]) == (None,) * 4
    assert shop.aws.calls == []
    assert_hidden(shop, done)


def test_a_plan_with_aws_says_what_is_there_and_whether_the_role_may_read_it(shop: Shop) -> None:
    iam = shop.aws.client("iam")
    done = shop("plan", "--aws")
    assert "the role orders-exec is not in this account" in done.out
    iam.create_role(RoleName="orders-exec", AssumeRolePolicyDocument="{}")
    row = shop.row("plan", "--aws")
    assert (row["exists"], row["keys_missing"], row["role_may_read"]) == (False, ["DB_PASSWORD"], False)
    arn = make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    iam.put_role_policy(
        RoleName="orders-exec",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    shop.aws.calls.clear()
    row = shop.row("plan", "--aws")
    assert (row["exists"], row["keys_missing"], row["same_value"]) == (True, [], True)
    assert (row["role_may_read"], row["arn"], row["outcome"]) == (True, arn, "planned")
    assert shop.writes() == []


def test_a_secret_is_made_once_with_its_tags_and_a_second_run_changes_nothing(shop: Shop) -> None:
    git(shop.folder, "remote", "add", "origin", "https://github.com/acme/orders.git")
    done = shop("create", "--format", "json")
    (row,) = json.loads(done.out)["secrets"]
    assert done.code == 0
    assert row["outcome"] == "created"
    assert row["arn"].startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fixbot/orders-api-")
    assert json.loads(shop.stored()) == {"DB_PASSWORD": CANARY}
    seen = shop.aws.client("secretsmanager").describe_secret(SecretId="fixbot/orders-api")
    assert {each["Key"]: each["Value"] for each in seen["Tags"]} == {
        "fixbot:repository": "acme/orders",
        "fixbot:rule": "secret-in-environment",
    }
    shop.aws.calls.clear()
    assert shop.row("create")["outcome"] == "unchanged"
    assert shop.writes() == []
    assert_hidden(shop, done)


def test_the_value_is_in_one_field_of_one_request_and_nowhere_else(shop: Shop) -> None:
    done = [
        shop(*words)
        for words in (("plan",), ("plan", "--aws"), ("create", "--dry-run"), ("create", "--debug"))
    ]
    holding = [raw for raw in shop.aws.raw if CANARY.encode() in raw]
    assert len(holding) == 1
    assert holding[0].count(CANARY.encode()) == 1
    (write,) = shop.writes()
    assert json.loads(write.data["SecretString"]) == {"DB_PASSWORD": CANARY}
    assert_hidden(shop, *done)


def test_a_dry_run_asks_and_writes_nothing(shop: Shop) -> None:
    row = shop.row("create", "--dry-run")
    assert (row["outcome"], row["exists"]) == ("planned", False)
    assert shop.writes() == []


def test_a_missing_key_is_added_and_all_else_stays_byte_for_byte(shop: Shop) -> None:
    before = '{ "OTHER" : "k\\u00e9pt",\n  "n": 1.50 \n}\n'
    make(shop, before)
    row = shop.row("create")
    assert (row["outcome"], row["keys_missing"]) == ("completed", [])
    assert shop.stored() == f'{{ "OTHER" : "k\\u00e9pt",\n  "n": 1.50, "DB_PASSWORD": "{CANARY}" \n}}\n'


def test_an_empty_object_and_a_secret_without_a_value_are_completed(shop: Shop) -> None:
    make(shop, "{}")
    assert shop.row("create")["outcome"] == "completed"
    assert json.loads(shop.stored()) == {"DB_PASSWORD": CANARY}
    shop.write(task("mail-api", DB_PASSWORD=CANARY))
    shop.aws.client("secretsmanager").create_secret(Name="fixbot/mail-api")
    assert shop.row("create")["outcome"] == "completed"
    assert json.loads(shop.stored("fixbot/mail-api")) == {"DB_PASSWORD": CANARY}


def test_another_value_is_never_overwritten(shop: Shop) -> None:
    shop.write(task(DB_PASSWORD=CANARY, API_TOKEN="tok-9f8e7d6c5b4a39"))
    make(shop, '{"DB_PASSWORD": "another"}')
    done = shop("create")
    assert done.code == 1
    assert "differs    fixbot/orders-api" in done.out
    assert "another value for DB_PASSWORD; nothing was written" in done.out
    assert shop.writes() == []
    assert_hidden(shop, done)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("just a text", "no JSON object"),
        ("[1]", "no JSON object"),
        ("[" * 20_000, "no JSON object"),
        ('{"A": "1", "A": "2"}', "a key twice"),
        (b"\x00\x01", "binary"),
    ],
)
def test_what_holds_no_keys_is_left_untouched(text: str | bytes, reason: str, shop: Shop) -> None:
    make(shop, text)
    row = shop.row("create", code=1)
    assert row["outcome"] == "refused"
    assert reason in row["reason"]
    assert shop.writes() == []


def test_what_waits_for_its_deletion_is_left_to_it(shop: Shop) -> None:
    make(shop, "{}")
    shop.aws.client("secretsmanager").delete_secret(SecretId="fixbot/orders-api")
    row = shop.row("create", code=1)
    assert (row["outcome"], shop.writes()) == ("refused", [])
    assert "deletion" in row["reason"]


def test_credentials_of_another_account_make_nothing(shop: Shop) -> None:
    shop.write(task(account="999900001111", DB_PASSWORD=CANARY))
    row = shop.row("create", code=1)
    assert row["outcome"] == "refused"
    assert row["reason"] == f"The files name account 999900001111, and the credentials are of {ACCOUNT}."
    assert shop.aws.actions == ["sts:GetCallerIdentity"]


def test_two_values_for_one_key_are_one_row_that_names_both_files(shop: Shop) -> None:
    shop.write(task(DB_PASSWORD="other-Pq71-robin-2Lm"), "staging/orders.json")
    for words, code in ((("plan",), 0), (("create",), 1)):
        row = shop.row(*words, code=code)
        assert row["outcome"] == "refused"
        assert "deploy/orders.json and staging/orders.json" in row["reason"]
    assert shop.writes() == []


def test_one_value_in_two_files_is_stored_once(shop: Shop) -> None:
    shop.write(task(DB_PASSWORD=CANARY), "staging/orders.json")
    row = shop.row("create")
    assert (row["outcome"], row["paths"]) == ("created", ["deploy/orders.json", "staging/orders.json"])
    assert len(shop.writes()) == 1


def test_parameters_are_secure_strings(shop: Shop) -> None:
    shop.write("secrets:\n  store: ssm\n", ".fixbot.yml")
    row = shop.row("create", "--kms-key", "alias/orders")
    assert (row["name"], row["keys"]) == ("/fixbot/orders-api/DB_PASSWORD", ["DB_PASSWORD"])
    (write,) = shop.writes()
    assert (write.data["Type"], write.data["Overwrite"], write.data["KeyId"]) == (
        "SecureString",
        False,
        "alias/orders",
    )
    ssm = shop.aws.client("ssm")
    assert ssm.get_parameter(Name=row["name"], WithDecryption=True)["Parameter"]["Value"] == CANARY
    assert shop.row("create")["outcome"] == "unchanged"
    ssm.put_parameter(Name=row["name"], Value="another", Type="SecureString", Overwrite=True)
    assert shop.row("create", code=1)["outcome"] == "differs"
    ssm.delete_parameter(Name=row["name"])
    ssm.put_parameter(Name=row["name"], Value=CANARY, Type="String")
    assert "no SecureString" in shop.row("create", code=1)["reason"]


def test_the_key_of_the_settings_is_used_and_one_of_another_account_only_by_option(shop: Shop) -> None:
    shop.write("secrets:\n  kms_key: alias/orders\n", ".fixbot.yml")
    assert shop.row("create")["outcome"] == "created"
    assert shop.writes()[0].data["KmsKeyId"] == "alias/orders"
    foreign = f"arn:aws:kms:{REGION}:999900001111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    shop.write(f"secrets:\n  kms_key: {foreign}\n", ".fixbot.yml")
    shop.write(task("mail-api", DB_PASSWORD=CANARY))
    assert "another account" in shop.row("create", code=1)["reason"]
    assert shop.row("create", "--kms-key", foreign)["outcome"] == "created"


def test_what_a_template_or_a_cluster_holds_is_listed_and_refused(shop: Shop) -> None:
    template = {
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": "orders",
                    "ExecutionRoleArn": ROLE,
                    "ContainerDefinitions": [
                        {
                            "Name": "app",
                            "Image": "a/b:1",
                            "Environment": [{"Name": "DB_PASSWORD", "Value": CANARY}],
                        }
                    ],
                },
            }
        }
    }
    shop.write(json.dumps(template, indent=2), "deploy/orders.json")
    shop.write(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  containers:\n"
        f"  - name: app\n    image: a/b:1\n    env:\n    - name: DB_PASSWORD\n      value: {CANARY}\n",
        "k8s/pod.yaml",
    )
    rows = {row["store"]: row for row in shop.rows("create", code=1)}
    assert rows["secretsmanager"]["outcome"] == rows["kubernetes"]["outcome"] == "refused"
    assert rows["kubernetes"]["name"] == "shop/web-secrets"
    assert shop.writes() == []


def test_a_name_that_a_template_fills_in_is_not_made(shop: Shop) -> None:
    shop.write(task("orders-${STAGE}", DB_PASSWORD=CANARY))
    assert "filled in" in shop.row("create", code=1)["reason"]
    assert shop.writes() == []


def test_only_one_secret_is_made_and_an_unknown_name_is_said(shop: Shop) -> None:
    shop.write(task("mail-api", DB_PASSWORD=CANARY), "deploy/mail.json")
    assert shop.row("create", "--only", "fixbot/mail-api")["name"] == "fixbot/mail-api"
    done = shop("create", "--only", "fixbot/nobody")
    assert done.code == 2
    assert done.err.startswith("fixbot: --only fixbot/nobody: no proposal moves a value there")


# What it takes

GRANTED_BY = {
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    "ssm:PutParameter": "ssm:AddTagsToResource",
}
"""What a call with tags needs beside its own action. Sources: the services' pages on IAM actions."""


def documented(command: str) -> set[str]:
    """The actions of the policy below a heading of docs/aws.md."""
    text = (ROOT / "docs" / "aws.md").read_text().partition(f"### {command}\n")[2]
    policy = json.loads(text.partition("```json\n")[2].partition("\n```")[0])
    listed = [each["Action"] for each in policy["Statement"]]
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


def test_the_documented_policies_have_what_is_called_and_no_more(shop: Shop) -> None:
    shop.write("secrets:\n  store: ssm\n", "params/.fixbot.yml")
    shop.write(task("mail-api", DB_PASSWORD=CANARY), "params/mail.json")
    make(shop, "{}")
    for command in ("fixbot secrets plan --aws", "fixbot secrets create"):
        shop.aws.calls.clear()
        for path in ("deploy", "params"):
            shop(*command.split()[2:], path)
        if "create" in command:
            shop.aws.client("secretsmanager").delete_secret(
                SecretId="fixbot/orders-api", ForceDeleteWithoutRecovery=True
            )
            shop("create", "deploy")
        called = {*shop.aws.actions} - {"sts:GetCallerIdentity"}
        assert called | {GRANTED_BY[each] for each in called if each in GRANTED_BY} == documented(command)


def test_boto3_is_not_loaded_unless_aws_is_asked(shop: Shop) -> None:
    script = (
        "import sys; from fixbot.__main__ import main; main(['secrets', 'plan', '--quiet'])\n"
        "assert not {'boto3', 'botocore', 'tenacity'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], cwd=shop.folder, env=environment(), check=True)


# When AWS says no


def only_for(action: str, answer: Answer) -> Any:
    return lambda call: answer if call.action == action else None


def test_without_credentials_it_is_one_line(shop: Shop) -> None:
    done = shop("create", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("fixbot: AWS: no credentials")
    assert done.err.count("\n") == 1


def test_a_profile_that_is_not_there_is_one_line(shop: Shop) -> None:
    done = shop("create", "--aws-profile", "nobody")
    assert (done.code, done.err) == (2, "fixbot: AWS: there is no profile nobody\n")


def test_without_a_region_it_is_one_line(shop: Shop) -> None:
    done = shop("create", AWS_REGION="")
    assert (done.code, done.err) == (2, "fixbot: AWS: no Region; name one (--aws-region, AWS_REGION)\n")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_expired_credentials_are_one_line(code: str, shop: Shop) -> None:
    shop.aws.before.append(only_for("sts:GetCallerIdentity", refuse_query(code)))
    done = shop("create")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"fixbot: AWS doesn't take these credentials, or no longer ({code})\n"


def test_credentials_that_expire_on_the_way_end_the_rest_and_what_is_made_is_said(shop: Shop) -> None:
    shop.write(task("mail-api", DB_PASSWORD=CANARY), "deploy/mail.json")
    shop.write(task("shop-api", DB_PASSWORD=CANARY), "deploy/shop.json")

    def expire(call: AwsCall) -> Answer | None:
        return refuse("ExpiredTokenException") if len(shop.writes()) > 1 else None

    shop.aws.before.append(expire)
    assert [row["outcome"] for row in shop.rows("create", code=1)] == ["created", "failed", "failed"]
    shop.aws.before.clear()
    assert [row["outcome"] for row in shop.rows("create")] == ["unchanged", "created", "created"]


def test_a_refused_call_is_one_line_and_the_others_go_on(shop: Shop) -> None:
    shop.write(task("mail-api", DB_PASSWORD=CANARY), "deploy/mail.json")

    def refuse_mail(call: AwsCall) -> Answer | None:
        # The service repeats what it was sent.
        mail = call.action == "secretsmanager:CreateSecret" and call.data["Name"].endswith("mail-api")
        return refuse("AccessDeniedException", 400, call.body) if mail else None

    shop.aws.before.append(refuse_mail)
    done = shop("create", "--format", "json")
    rows = {row["name"]: row for row in json.loads(done.out)["secrets"]}
    assert done.code == 1
    assert rows["fixbot/mail-api"]["reason"] == (
        "secretsmanager:CreateSecret in eu-west-1: these credentials may not do that (AccessDeniedException)."
    )
    assert rows["fixbot/orders-api"]["outcome"] == "created"
    assert_hidden(shop, done)


def test_what_a_plan_may_not_ask_is_a_remark_and_no_failure(shop: Shop) -> None:
    shop.aws.before.append(only_for("secretsmanager:DescribeSecret", refuse("AccessDeniedException")))
    done = shop("plan", "--aws", "--format", "json")
    assert done.code == 0
    report = json.loads(done.out)
    assert report["secrets"][0]["exists"] is None
    assert len(report["remarks"]) == 1


def test_a_throttled_call_is_tried_again(shop: Shop) -> None:
    answers: list[Answer] = [refuse("ThrottlingException"), refuse("InternalServiceError", 500)]
    shop.aws.before.append(
        lambda call: answers.pop() if answers and call.action == "secretsmanager:CreateSecret" else None
    )
    assert shop.row("create")["outcome"] == "created"
    tokens = {call.data["ClientRequestToken"] for call in shop.writes()}
    assert (len(shop.writes()), len(tokens)) == (3, 1)


def test_a_write_that_happened_without_an_answer_is_found(shop: Shop) -> None:
    lost: list[Mapping[str, Any]] = []

    def lose_answer(call: AwsCall) -> Answer | None:
        if call.action != "secretsmanager:CreateSecret" or lost or call.data.get("Name") is None:
            return None
        lost.append(call.data)
        shop.aws.client("secretsmanager").create_secret(**call.data)
        return refuse("ServiceUnavailable", 503)

    shop.aws.before.append(lose_answer)
    assert shop.row("create")["outcome"] in {"created", "unchanged"}
    assert json.loads(shop.stored()) == {"DB_PASSWORD": CANARY}


def test_somebody_who_makes_it_at_the_same_time_is_not_overwritten(shop: Shop) -> None:
    def be_quicker(call: AwsCall) -> None:
        if call.action == "secretsmanager:CreateSecret" and shop.aws.before:
            shop.aws.before.clear()
            shop.aws.client("secretsmanager").create_secret(
                Name=call.data["Name"], SecretString='{"DB_PASSWORD": "theirs"}'
            )

    shop.aws.before.append(be_quicker)
    assert shop.row("create", code=1)["outcome"] == "differs"
    assert shop.stored() == '{"DB_PASSWORD": "theirs"}'


@pytest.mark.parametrize("at", [2, 3])
def test_somebody_who_writes_in_between_is_said(at: int, shop: Shop) -> None:
    """Before the second reading nothing is written; after it AWS's own history of versions tells."""
    make(shop, '{"OTHER": "1"}')
    reads: list[AwsCall] = []

    def write_too(call: AwsCall) -> None:
        if call.action == "secretsmanager:GetSecretValue":
            reads.append(call)
        if len(reads) == at or (at == 3 and call.action == "secretsmanager:PutSecretValue"):
            shop.aws.before.clear()
            shop.aws.client("secretsmanager").put_secret_value(
                SecretId="fixbot/orders-api", SecretString='{"THEIRS": "2"}'
            )

    shop.aws.before.append(write_too)
    row = shop.row("create", code=1)
    assert row["outcome"] == "failed"
    assert "Somebody else wrote" in row["reason"]
    assert len([call for call in shop.writes() if "DB_PASSWORD" in call.body]) == at - 2


@pytest.mark.parametrize(
    ("action", "there", "then"),
    [
        ("secretsmanager:CreateSecret", None, "unchanged"),
        ("secretsmanager:PutSecretValue", '{"OTHER": "1"}', "unchanged"),
        ("secretsmanager:PutSecretValue", "{}", "unchanged"),
    ],
)
@pytest.mark.parametrize("after", [True, False])
def test_a_run_that_is_killed_at_a_write_goes_on_where_it_was(
    action: str, there: str | None, then: str, after: bool, shop: Shop
) -> None:
    if there is not None:
        make(shop, there)
    started: list[subprocess.Popen[bytes]] = []

    def kill(call: AwsCall) -> Answer | None:
        if call.action != action:
            return None
        shop.aws.before.clear()
        if after:
            operation = "create_secret" if "Create" in action else "put_secret_value"
            getattr(shop.aws.client("secretsmanager"), operation)(**call.data)
        started[0].kill()
        return refuse("ServiceUnavailable", 503)

    shop.aws.before.append(kill)
    command = [sys.executable, "-m", "fixbot", "secrets", "create"]
    cache = str(shop.folder.parent / "cache")
    env = environment(**shop.aws.variables, XDG_CACHE_HOME=cache)
    with subprocess.Popen(command, cwd=shop.folder, env=env, stdout=subprocess.PIPE) as process:
        started.append(process)
        process.communicate()
    assert process.returncode < 0
    expected = then if after else "created" if there is None else "completed"
    assert shop.row("create")["outcome"] == expected
    assert json.loads(shop.stored()) == {**json.loads(there or "{}"), "DB_PASSWORD": CANARY}


@pytest.mark.parametrize("value", ["${PASS}-Xk93wren7Qz", "a$${b}Xk93wren7Qz", "Xk93wren{{x}}7Qz"])
def test_a_value_that_a_template_would_change_is_not_stored(value: str, shop: Shop) -> None:
    shop.write(task(DB_PASSWORD=value))
    assert [row["outcome"] for row in shop.rows("plan")] in ([], ["refused"])


@pytest.mark.parametrize(
    ("remote", "tag"),
    [
        ("git@git.example.com:acme/orders.git", "acme/orders"),
        ("https://user:tok-9f8e7d@ghe.example.com/acme/orders", "acme/orders"),
        ("ssh://git@gitlab.example.com:2222/group/sub/orders.git", "sub/orders"),
        ("/srv/git/acme/orders", "orders-repo"),
        ("file:///srv/git/acme/orders", "orders-repo"),
    ],
)
def test_the_tag_names_the_repository_and_nothing_else_of_its_address(
    remote: str, tag: str, shop: Shop
) -> None:
    git(shop.folder, "remote", "add", "origin", remote)
    shop("create")
    (write,) = shop.writes()
    assert write.data["Tags"][0] == {"Key": "fixbot:repository", "Value": tag}


def test_a_file_is_planned_as_its_folder_is(shop: Shop) -> None:
    assert shop.row("plan", "deploy/orders.json")["paths"] in (["deploy/orders.json"], ["orders.json"])


def test_plain_http_is_for_this_machine_alone(shop: Shop) -> None:
    done = shop("create", AWS_ENDPOINT_URL="http://aws.example.com")
    assert (done.code, done.out) == (2, "")
    assert "no https address" in done.err


def test_the_examples_of_help_do_what_they_say(shop: Shop) -> None:
    for words in (("secrets",), ("secrets", "plan"), ("secrets", "create")):
        for line in examples(words):
            done = fixbot(*shlex.split(line)[1:], at=shop.folder, **shop.aws.variables)
            assert done.code == 0, done.err
            assert "fixbot/orders-api" in done.out
