"""`fixbot run --aws`: what AWS knows makes proposals shorter, and is told beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, refuse
from tests.test_cli import Done, fixbot
from tests.test_secrets_create import CANARY, Shop, assert_hidden, documented, make, open_shop

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fixbot/orders-api"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "orders-repo", DB_PASSWORD=CANARY) as found:
        found.aws.client("iam").create_role(RoleName="orders-exec", AssumeRolePolicyDocument="{}")
        yield found


def run(shop: Shop, *words: str, **more: str) -> Done:
    only = ("--only", "secret-in-environment")
    return fixbot("run", *only, *words, at=shop.folder, **{**shop.aws.variables, **more})


def proposal(shop: Shop, *words: str) -> dict[str, Any]:
    done = run(shop, *words, "--format", "json")
    assert done.code == 0, done.err
    assert_hidden(shop, done)
    assert shop.writes() == []
    (found,) = json.loads(done.out)["proposals"]
    return dict(found)


def allow(shop: Shop, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    shop.aws.client("iam").put_role_policy(RoleName="orders-exec", PolicyName="r", PolicyDocument=document)


def test_without_the_option_nobody_is_asked_and_there_are_no_facts(shop: Shop) -> None:
    found = proposal(shop)
    assert found["facts"] == []
    assert f"{ARN}:DB_PASSWORD::" in found["body"] or "create-secret" in found["body"]
    assert shop.aws.calls == []


def test_what_is_not_there_yet_is_said_and_asked_for_as_before(shop: Shop) -> None:
    found = proposal(shop, "--aws")
    (fact,) = found["facts"]
    assert fact["kind"] == "secret"
    assert fact["data"] == {"name": "fixbot/orders-api", "exists": False, "role_may_read": False}
    assert fact["text"] == "fixbot/orders-api does not exist yet; its role may not read it."
    assert "create-secret" in found["body"]
    assert "AWS says that not all of it is stored yet" in found["body"]


def test_after_create_nothing_but_the_permission_is_left_to_do(shop: Shop) -> None:
    assert shop.row("create")["outcome"] == "created"
    shop.aws.calls.clear()
    found = proposal(shop, "--aws")
    assert found["facts"][0]["data"] == {
        "name": "fixbot/orders-api",
        "exists": True,
        "role_may_read": False,
    }
    assert "create-secret" not in found["body"]
    assert "Allow the execution role" in found["body"]
    assert "AWS says that the execution role may not read it yet" in found["body"]
    assert "is not known" not in found["body"]


def test_where_the_role_may_read_it_too_nothing_is_left_before_merging(shop: Shop) -> None:
    arn = make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    allow(shop, arn)
    before = proposal(shop)
    found = proposal(shop, "--aws")
    assert "Before merging" in before["body"]
    assert "Before merging" not in found["body"]
    assert "is not known" not in found["body"]
    assert (found["key"], found["branch"]) == (before["key"], before["branch"])
    done = run(shop, "--aws", "--write")
    assert done.code == 0
    written = json.loads((shop.folder / "deploy" / "orders.json").read_text())
    assert written["containerDefinitions"][0]["secrets"] == [
        {"name": "DB_PASSWORD", "valueFrom": f"{arn}:DB_PASSWORD::"}
    ]


def test_another_value_there_is_never_taken_for_this_one(shop: Shop) -> None:
    make(shop, '{"DB_PASSWORD": "another"}')
    found = proposal(shop, "--aws")
    assert "create-secret" in found["body"]
    assert "is not what this needs" in found["facts"][0]["text"]


def test_a_refused_call_is_a_remark_and_the_proposal_is_as_without(shop: Shop) -> None:
    shop.aws.before.append(
        lambda call: refuse("AccessDeniedException") if call.action.startswith("secretsmanager:") else None
    )
    done = run(shop, "--aws", "--format", "json")
    report = json.loads(done.out)
    assert done.code == 0
    assert report["proposals"][0]["facts"] == []
    (remark,) = report["remarks"]
    assert remark.startswith(
        "fixbot/orders-api: secretsmanager:DescribeSecret in eu-west-1: these credentials"
    )
    assert "is not known" in report["proposals"][0]["body"]


def test_the_documented_policy_has_what_is_called_and_no_more(shop: Shop) -> None:
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    proposal(shop, "--aws")
    shop.write("secrets:\n  store: ssm\n", ".fixbot.yml")
    run(shop, "--aws")
    called = {*shop.aws.actions} - {"sts:GetCallerIdentity"}
    assert called == documented("fixbot secrets plan --aws")
    assert called < documented("fixbot run --aws")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--aws", "--pr"), "--aws is for the proposals of a checkout"),
        (("--aws-region", "eu-west-1"), "add --aws"),
    ],
)
def test_options_that_make_no_sense_are_one_line(words: tuple[str, ...], said: str, shop: Shop) -> None:
    done = run(shop, *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_without_credentials_it_is_one_line(shop: Shop) -> None:
    done = run(shop, "--aws", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (done.code, done.out) == (2, "")
    assert "AWS: no credentials" in done.err
