"""Which file a finding is about, way by way, and what is never guessed: one repository, many findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION
from tests.security_hub import ARN, asff, ocsf
from tests.test_cli import fixbot, repository

TRACE = "0b6f3a5e-1f1c-4c7a-9d8e-2f1a3b4c5d6e"
TASK = {"containerDefinitions": [{"name": "app", "image": "nginx:1.25", "essential": True, "memory": 64}]}


def template(logical: str, family: str = "") -> str:
    return (
        f"Resources:\n  {logical}:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
        + (f"      Family: {family}\n" if family else "      Cpu: 256\n")
        + "      ContainerDefinitions:\n        - Name: app\n          Image: nginx:1.25\n"
    )


def terraform(label: str, family: str = "", trace: str = "") -> str:
    return (
        f'resource "aws_ecs_task_definition" "{label}" {{\n'
        f"  family = {json.dumps(family) if family else 'var.family'}\n"
        '  container_definitions = jsonencode([{ name = "app", image = "nginx:1.25", memory = 64 }])\n'
        + (f'  tags = {{ yor_trace = "{trace}" }}\n' if trace else "")
        + "}\n"
    )


def deployment(name: str, namespace: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n"
        "  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.25\n"
    )


FILES = {
    "cfn/orders.yaml": template("OrdersTask", "orders"),
    "cfn/a.yaml": template("Shared", "alpha"),
    "cfn/b.yaml": template("Shared", "beta"),
    "cfn/c.yaml": template("Twin"),
    "cfn/d.yaml": template("Twin"),
    "tf/app/main.tf": 'module "web" {\n  source = "../modules/web"\n}\n' + terraform("app", "shop"),
    "tf/modules/web/main.tf": terraform("this"),
    "tf/modules/api/main.tf": terraform("this"),
    "tf/traced/main.tf": terraform("one", trace=TRACE) + terraform("two"),
    "json/payments.json": json.dumps({"family": "payments", **TASK}),
    "json/prod.json": json.dumps(
        {"family": "split", "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", **TASK}
    ),
    "json/test.json": json.dumps(
        {"family": "split", "executionRoleArn": "arn:aws:iam::999999999999:role/x", **TASK}
    ),
    "json/one.json": json.dumps({"family": "double", **TASK}),
    "json/two.json": json.dumps({"family": "double", **TASK}),
    "json/fixed.json": json.dumps(
        {
            "family": "fixed",
            "containerDefinitions": [{**TASK["containerDefinitions"][0], "readonlyRootFilesystem": True}],
        }
    ),
    "apps/shop/web.yaml": deployment("web", "shop"),
    "apps/blog/web.yaml": deployment("web", "blog"),
    "argo.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: blog\nspec:\n"
    "  source:\n    path: apps/blog\n",
}
STATE = {
    "version": 4, "terraform_version": "1.9.0",
    "resources": [
        {"mode": "managed", "type": "aws_ecs_task_definition", "name": "this", "module": 'module.web["a"]',
         "instances": [{"attributes": {"arn": f"{ARN}/made:3", "id": "made"}}]},
        {"mode": "managed", "type": "aws_ecs_task_definition", "name": "gone",
         "instances": [{"attributes": {"arn": f"{ARN}/payments:3"}}]},
    ],
}  # fmt: skip
STACKS = {"StackResources": [{"StackName": "s", "LogicalResourceId": "OrdersTask",
                              "PhysicalResourceId": f"{ARN}/orders:4"}]}  # fmt: skip


def tagged(logical: str) -> dict[str, str]:
    return {"aws:cloudformation:logical-id": logical, "aws:cloudformation:stack-name": "prod"}


def pod(name: str, namespace: str, **labels: str) -> dict[str, Any]:
    resource = {
        "type": "Other",
        "uid": f"Deployment/{namespace}/{name}",
        "labels": [f"{k}={v}" for k, v in labels.items()],
    }
    return ocsf(name, "readonly-root-filesystem") | {"resources": [resource]}


CASES: dict[str, tuple[dict[str, Any], str, str | None, str | None]] = {
    "stack": (
        asff(resource=f"{ARN}/orders:7", tags=tagged("OrdersTask")),
        "matched",
        "cfn/orders.yaml",
        "stack",
    ),
    "stack ocsf": (
        ocsf(resource=f"{ARN}/orders:7", tags=tagged("OrdersTask")),
        "matched",
        "cfn/orders.yaml",
        "stack",
    ),
    "stacks file": (asff(resource=f"{ARN}/orders:9"), "matched", "cfn/orders.yaml", "stack"),
    "family decides": (
        asff(resource=f"{ARN}/beta:1", tags=tagged("Shared")),
        "matched",
        "cfn/b.yaml",
        "stack",
    ),
    "two templates": (asff(resource=f"{ARN}/x:1", tags=tagged("Twin")), "ambiguous", None, "stack"),
    "another family": (asff(resource=f"{ARN}/mail:1", tags=tagged("OrdersTask")), "no-file", None, None),
    "stack elsewhere": (asff(resource=f"{ARN}/payments:8", tags=tagged("Nowhere")), "no-file", None, None),
    "state module": (asff(resource=f"{ARN}/made:9"), "matched", "tf/modules/web/main.tf", "state"),
    "state elsewhere": (asff(resource=f"{ARN}/payments:1"), "no-file", None, None),
    "git file": (
        asff(resource=f"{ARN}/q:1", tags={"git_file": "tf/app/main.tf"}),
        "matched",
        "tf/app/main.tf",
        "tag",
    ),
    "git file gone": (
        asff(resource=f"{ARN}/double:1", tags={"git_file": "tf/gone.tf"}),
        "no-file",
        None,
        None,
    ),
    "git file out": (
        asff(resource=f"{ARN}/fixed:1", tags={"git_file": "../../etc/passwd"}),
        "no-file",
        None,
        None,
    ),
    "trace": (asff(resource=f"{ARN}/q:1", tags={"yor_trace": TRACE}), "matched", "tf/traced/main.tf", "tag"),
    "two in a file": (
        asff(resource=f"{ARN}/q:1", tags={"git_file": "tf/traced/main.tf"}),
        "ambiguous",
        None,
        "tag",
    ),
    "name tag": (
        asff(resource=f"{ARN}/q:1", tags={"git_file": "tf/traced/main.tf", "yor_name": "two"}),
        "matched",
        "tf/traced/main.tf",
        "tag",
    ),
    "terraform name": (asff(resource=f"{ARN}/shop:2"), "matched", "tf/app/main.tf", "name"),
    "account decides": (asff(resource=f"{ARN}/split:2"), "matched", "json/prod.json", "name"),
    "two names": (asff(resource=f"{ARN}/double:2"), "ambiguous", None, "name"),
    "no name": (asff(resource=f"{ARN}/unheard:2"), "no-file", None, None),
    "prefix is no name": (asff(resource=f"{ARN}/shop-old:2"), "no-file", None, None),
    "another type": (
        asff(control="S3.8", type="AwsS3Bucket", resource="arn:aws:s3:::orders"),
        "no-file",
        None,
        None,
    ),
    "clean": (asff(resource=f"{ARN}/fixed:2"), "clean", "json/fixed.json", "name"),
    "argo": (
        pod("web", "other", **{"argocd.argoproj.io/instance": "blog"}),
        "matched",
        "apps/blog/web.yaml",
        "label",
    ),
    "tracking id": (
        pod("web", "x", **{"argocd.argoproj.io/tracking-id": "blog:apps/Deployment:blog/web"}),
        "matched",
        "apps/blog/web.yaml",
        "label",
    ),
    "namespace": (pod("web", "shop"), "matched", "apps/shop/web.yaml", "name"),
    "another namespace": (pod("web", "none"), "ambiguous", None, "name"),
    "no rule": (asff(control="Config.1"), "no-rule", None, None),
    "archived": (asff(RecordState="ARCHIVED"), "resolved", None, None),
    "passed": (asff(status="PASSED"), "resolved", None, None),
    "suppressed": (asff(workflow="SUPPRESSED"), "suppressed", None, None),
    "resolved v2": (ocsf() | {"status_id": 4}, "resolved", None, None),
    "passed v2": (ocsf() | {"compliance": {"control": "ECS.5", "status": "Pass"}}, "resolved", None, None),
    "foreign arn": (
        asff(resource=f"arn:aws:ecs:{REGION}:999999999999:task-definition/orders:1"),
        "unread",
        None,
        None,
    ),
    "other account": (
        asff(resource=f"arn:aws:ecs:{REGION}:888888888888:task-definition/split:1")
        | {"AwsAccountId": "888888888888"},
        "no-file",
        None,
        None,
    ),
    "no account": (asff() | {"AwsAccountId": "12"}, "unread", None, None),
    "no resource": (asff() | {"Resources": []}, "unread", None, None),
    "resource is text": (asff() | {"Resources": "x"}, "unread", None, None),
    "odd region": (
        asff() | {"Resources": [{"Type": "x", "Id": "y", "Region": "; rm -rf /"}]},
        "unread",
        None,
        None,
    ),
    "hidden id": (asff() | {"Id": "a\u202eb"}, "unread", None, None),
    "long id": (asff() | {"Id": "a" * 5_000}, "unread", None, None),
    "no map": ([], "unread", None, None),  # type: ignore[dict-item]
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("maps")
    repo = repository(home / "repo", **FILES)
    findings = [case[0] for case in CASES.values()]
    for at, finding in enumerate(findings):
        if isinstance(finding, dict) and "metadata" in finding:
            finding["metadata"] = {**finding["metadata"], "uid": f"m{at}"}
    (home / "findings.json").write_text(json.dumps(findings))
    (home / "state.json").write_text(json.dumps(STATE))
    (home / "stacks.json").write_text(json.dumps(STACKS))
    words = ("--findings", "../findings.json", "--state", "../state.json", "--stacks", "../stacks.json")
    done = fixbot("run", *words, "--format", "json", at=repo)
    assert done.code == 0, done.err
    assert "x" not in done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_finding_leads_to_its_file_or_says_why_not(name: str, told: dict[str, Any]) -> None:
    _, outcome, path, by = CASES[name]
    row = told["sources"][list(CASES).index(name)]
    assert row["outcome"] == outcome, row
    assert outcome == "no-rule" or (row["path"], row["by"]) == (path, by), row
    if outcome == "ambiguous":
        assert len(row["candidates"]) >= 2
    if outcome != "matched":
        assert row["reason"]
        assert row["finding"] is None
    assert row["note"] is None


def test_nothing_is_offered_but_what_was_asked_for(told: dict[str, Any]) -> None:
    asked = {name for row in told["sources"] for name in row["findings"]}
    assert {finding["id"] for finding in told["findings"]} == asked
    assert {name for proposal in told["proposals"] for name in proposal["findings"]} <= asked
    assert all(finding["source"] for finding in told["findings"])
    assert not {"json/one.json", "cfn/c.yaml"} & {
        path for each in told["proposals"] for path in each["paths"]
    }


def test_a_role_is_not_clean_while_a_policy_that_several_roles_take_in_is_not(tmp_path: Path) -> None:
    roles = "".join(
        f'resource "aws_iam_role" "{name}" {{\n  name = "{name}"\n  assume_role_policy = "{{}}"\n}}\n'
        f'resource "aws_iam_role_policy" "{name}" {{\n  role = aws_iam_role.{name}.id\n'
        "  policy = data.aws_iam_policy_document.both.json\n}\n"
        for name in ("one", "two")
    )
    document = (
        'data "aws_iam_policy_document" "both" {\n  statement {\n'
        '    actions = ["secretsmanager:GetSecretValue"]\n    resources = ["*"]\n  }\n}\n'
    )
    repo = repository(tmp_path / "repo", **{"main.tf": roles + document})
    finding = asff(
        control="secret-access-unscoped", type="AwsIamRole", resource=f"arn:aws:iam::{ACCOUNT}:role/two"
    )
    (tmp_path / "f.json").write_text(json.dumps([finding]))
    done = fixbot("run", "--findings", "../f.json", "--format", "json", at=repo)
    (row,) = json.loads(done.out)["sources"]
    assert (row["outcome"], row["path"]) == ("matched", "main.tf"), row


def test_what_is_not_found_is_not_gone_where_files_cannot_be_read(tmp_path: Path) -> None:
    repo = repository(
        tmp_path / "repo", **{"deploy/bad.json": '{"family": "mail", "containerDefinitions": ['}
    )
    (tmp_path / "f.json").write_text(json.dumps([asff(resource=f"{ARN}/mail:1")]))
    done = fixbot("run", "--findings", "../f.json", "--format", "json", at=repo)
    (row,) = json.loads(done.out)["sources"]
    assert (row["outcome"], row["reason"].partition("; ")[2]) == ("no-file", "1 file here can't be read")


def test_the_gravest_come_first_and_then_what_resolves_most(tmp_path: Path) -> None:
    names = ("one", "two", "three")
    files = {f"{name}/task.json": json.dumps({"family": name, **TASK}) for name in names}
    repo = repository(tmp_path / "repo", **files, **{".fixbot.yml": "pull_requests:\n  group: file\n"})
    rows = [
        asff("1", resource=f"{ARN}/one:1", label="MEDIUM"),
        asff("2", resource=f"{ARN}/two:1", label="CRITICAL"),
        asff("3", resource=f"{ARN}/three:1", label="MEDIUM"),
        asff("4", resource=f"{ARN}/three:2", label="LOW"),
    ]
    (tmp_path / "f.json").write_text(json.dumps({"Findings": rows}))
    done = fixbot("run", "--findings", "../f.json", "--format", "json", at=repo)
    order = [proposal["paths"][0].partition("/")[0] for proposal in json.loads(done.out)["proposals"]]
    assert order == ["two", "three", "one"]
