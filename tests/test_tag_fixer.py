"""Tag conditions in files, beyond the page's examples: which tag, whose policy, odd shapes, what is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot import dialects
from fixbot.checkout import Checkout
from fixbot.edit.change import plan_rewrites, render_edits
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit
from fixbot.engine.pipeline import run_pipeline
from fixbot.iam.policies.decide_statements import decide_statements
from fixbot.iam.policies.policy_data import read_document_data
from fixbot.iam.policies.policy_proof import find_policy_problem
from fixbot.iam.tagging import EnvironmentTag, PolicyFacts
from fixbot.lens import Policy
from fixbot.model.findings import Report, Status
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.rules.loading import load_rules
from fixbot.settings import Settings, TagSettings
from fixbot.source.document import parse_document
from fixbot.source.project import Project
from fixbot.source.tag_survey import find_own_tags

FIXER = next(rule for rule in load_rules() if rule.name == "tag-condition-missing")
DEV = Settings(tag=TagSettings("env", "dev"), written=("tag.key", "tag.value"))
STOP = {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}
OWN = "${aws:PrincipalTag/%s, 'none'}"


def looked_at(folder: Path, files: Mapping[str, str], wishes: Settings = DEV) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return run_pipeline(Checkout.open_checkout(str(folder)), (FIXER,), wishes)


def policy(*statements: Mapping[str, object], version: str | None = "2012-10-17") -> str:
    head = {"Version": version} if version else {}
    return json.dumps({**head, "Statement": list(statements)}, indent=2)


def allow(*actions: str, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def patched(report: Report, path: str = "p.json") -> str:
    assert [f.reason for f in report.findings if f.reason] == []
    return next(patch.after for patch in report.patches if patch.path == path)


def statements(report: Report) -> list[dict[str, Any]]:
    found = json.loads(patched(report))["Statement"]
    assert isinstance(found, list)
    return found


def refused(report: Report) -> str:
    (finding,) = report.findings
    assert finding.status is Status.REFUSED
    assert finding.reason is not None
    return finding.reason


def said(report: Report) -> str:
    (proposal,) = report.proposals
    return render_proposal(proposal).body


# Which tag


def condition_with(folder: Path, wishes: Settings, **files: str) -> tuple[object, str]:
    others = {name.replace("_", "."): text for name, text in files.items()}
    report = looked_at(folder, {"p.json": policy(STOP), **others}, wishes)
    return statements(report)[0]["Condition"], said(report)


def test_the_configured_tag_comes_first(tmp_path: Path) -> None:
    found, text = condition_with(tmp_path, DEV, main_tf='x = { tags = { stage = "a" } }')
    assert found == {"StringEquals": {"aws:ResourceTag/env": "dev"}}
    assert "The tag `env` is the one that the settings name." in text


def test_a_configured_key_alone_is_compared_with_the_callers_own_tag(tmp_path: Path) -> None:
    found, _ = condition_with(tmp_path, Settings(tag=TagSettings(key="team"), written=("tag.key",)))
    assert found == {"StringEquals": {"aws:ResourceTag/team": OWN % "team"}}


def test_a_tag_that_always_says_the_same_is_taken_with_its_value(tmp_path: Path) -> None:
    found, text = condition_with(tmp_path, Settings(), main_tf='locals {\n  tags = { stage = "live" }\n}\n')
    assert found == {"StringEquals": {"aws:ResourceTag/stage": "live"}}
    assert "what this repository puts on its own resources (once, always `live`)" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'tags = { env = "dev" }\n}\nlocals {\n  more_tags = { env = "prod" }',
            "2 times, with `dev`, `prod`",
        ),
        ("tags = merge(var.tags, { env = var.env })", "once, with values of variables"),
        ('tags = { env = "x-${var.env}" }', "once, with values of variables"),
    ],
)
def test_a_tag_whose_value_differs_is_compared_with_the_callers_own(
    tmp_path: Path, text: str, shown: str
) -> None:
    found, body = condition_with(tmp_path, Settings(), main_tf=f"locals {{\n  {text}\n}}\n")
    assert found == {"StringEquals": {"aws:ResourceTag/env": OWN % "env"}}
    assert shown in body


def test_without_any_sign_the_default_is_used_and_called_that(tmp_path: Path) -> None:
    found, text = condition_with(tmp_path, Settings())
    assert found == {"StringEquals": {"aws:ResourceTag/Environment": OWN % "Environment"}}
    assert "fixbot's default, since no resource in this repository shows one" in text
    assert "aws iam tag-role --role-name ROLE --tags Key=Environment,Value=VALUE" in text


def test_a_tag_that_cannot_be_one_is_a_refusal(tmp_path: Path) -> None:
    wishes = Settings(tag=TagSettings("env", "${nothing}"), written=("tag.key", "tag.value"))
    assert "The settings name a tag that can't be one" in refused(
        looked_at(tmp_path, {"p.json": policy(STOP)}, wishes)
    )


@pytest.mark.parametrize(
    ("path", "text", "tags"),
    [
        ("a.tf", 'tags = {\n  Name = "x"\n  Environment = "prod" # why\n}', [("Environment", "")]),
        ("a.tf", 'tags = {\n  Environment = "prod"\n}', [("Environment", "prod")]),
        ("a.tf", 'default_tags {\n  tags = { "env" : "prod", x = 1 }\n}', [("env", "prod")]),
        ("a.tf", "tags = merge(local.tags, { env = local.env })", [("env", "")]),
        ("a.tf", 'tags = { Name = "${var.env}-x", env = "${var.env}" }', [("env", "")]),
        ("examples/a.tf", 'tags = { env = "prod" }', [("env", "")]),
        ("a.tf", 'environment = "prod"\ntags = {}', []),
        ("a.tf", 'variables = { environment = "prod" }\ntags = { Name = "x" }', []),
        ("a.yaml", "Tags:\n  - Key: Env\n    Value: prod\n", [("Env", "prod")]),
        ("a.yaml", "Tags:\n  - Key: Env\n    Value: !Ref Env\n", [("Env", "")]),
        ("a.yaml", "Tags: [{Key: aws-stage-name, Value: 'x'}]", [("aws-stage-name", "x")]),
        ("a.json", '"Tags": [{"Key": "env", "Value": {"Ref": "Env"}}]', [("env", "")]),
        ("a.json", '"tags": [{"key": "env", "value": "prod"}]', [("env", "prod")]),
        ("a.yaml", "Tags:\n  - Key: Environmental\n    Value: prod\n", []),
        ("a.yaml", "env:\n  - name: ENV\n    value: prod\ntags: {}\n", []),
    ],
)
def test_tags_of_a_repository(path: str, text: str, tags: list[tuple[str, str]]) -> None:
    assert find_own_tags(path, text.encode()) == tags


# Whose policy


TRUST = """
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: %s}, Action: "sts:AssumeRole"}]
"""
MANAGED = "AWS::IAM::ManagedPolicy"
GRANT = (
    'PolicyDocument: {Version: "2012-10-17", Statement: '
    '[{Effect: Allow, Action: "ecs:StopTask", Resource: "*"}]}'
)


@pytest.mark.parametrize(
    ("service", "findings"),
    [("application-autoscaling.amazonaws.com", 0), ("events.amazonaws.com", 0), ("lambda.amazonaws.com", 1)],
)
@pytest.mark.parametrize(
    "rest",
    [
        f"      Policies: [{{PolicyName: x, {GRANT}}}]\n",
        f"  X:\n    Type: AWS::IAM::Policy\n    Properties: {{Roles: [!Ref Worker], {GRANT}}}\n",
        f"      ManagedPolicyArns: [!Ref X]\n  X:\n    Type: {MANAGED}\n    Properties: {{{GRANT}}}\n",
    ],
    ids=["inline", "attached by the policy", "attached by the role"],
)
def test_roles_of_services_are_left_alone(tmp_path: Path, service: str, findings: int, rest: str) -> None:
    head = "Resources:\n  Worker:\n    Type: AWS::IAM::Role\n    Properties:"
    report = looked_at(tmp_path, {"t.yaml": head + TRUST % service + rest})
    assert len(report.findings) == findings


def test_the_role_that_must_be_tagged_is_named(tmp_path: Path) -> None:
    head = "Resources:\n  Worker:\n    Type: AWS::IAM::Role\n    Properties:"
    text = head + TRUST % "lambda.amazonaws.com"
    text += f"      Policies: [{{PolicyName: x, {GRANT}}}]\n"
    told = said(looked_at(tmp_path, {"t.yaml": text}, Settings()))
    assert "Tag the role `Worker` by environment:" in told


def test_a_policy_whose_name_says_that_it_is_a_services_is_left_alone(tmp_path: Path) -> None:
    terraform = (
        f'resource "aws_iam_role_policy" "ecs_instance_role" {{\n  policy = <<E\n{policy(STOP)}\nE\n}}\n'
    )
    assert not looked_at(tmp_path, {"a.tf": terraform}).findings


def test_trust_and_resource_policies_are_left_alone(tmp_path: Path) -> None:
    files = {"p.json": policy({**STOP, "Principal": {"AWS": "*"}})}
    assert not looked_at(tmp_path, files).findings


def test_other_services_are_looked_at_only_where_they_are_named(tmp_path: Path) -> None:
    files = {"p.json": policy(allow("ec2:DeleteSecurityGroup", "ec2:DescribeInstances"))}
    assert not looked_at(tmp_path, files).findings
    wishes = Settings(tag=DEV.tag, written=DEV.written, tag_services=("ec2",))
    report = looked_at(tmp_path, files, wishes)
    assert [each["Action"] for each in statements(report)] == [
        ["ec2:DescribeInstances"],
        ["ec2:DeleteSecurityGroup"],
    ]
    assert "--resource-type-filters ec2" in said(report)


@pytest.mark.parametrize(
    "action",
    ["StartInstances", "StopInstances", "RebootInstances", "TerminateInstances", "AttachVolume",
     "DetachVolume", "DeleteVolume", "ModifyVolume", "DeleteSnapshot", "ModifySnapshotAttribute"],
)  # fmt: skip
def test_instances_volumes_and_snapshots_are_looked_at_by_themselves(tmp_path: Path, action: str) -> None:
    files = {"p.json": policy(allow(f"ec2:{action}", "ec2:DescribeInstances", "ec2:RunInstances"))}
    kept, limited = statements(looked_at(tmp_path, files))
    assert kept["Action"] == ["ec2:DescribeInstances", "ec2:RunInstances"]
    assert limited["Action"] == [f"ec2:{action}"]


def test_a_wildcard_over_ec2_keeps_all_but_those_free(tmp_path: Path) -> None:
    deny, *_ = statements(looked_at(tmp_path, {"p.json": policy(allow("ec2:*"))}))
    assert deny["Effect"] == "Deny"
    assert "ec2:TerminateInstances" in deny["Action"]
    assert not any("SecurityGroup" in each or "RunInstances" in each for each in deny["Action"])


@pytest.mark.parametrize("name", ["ebs-csi-driver", "karpenter-controller", "external-dns", "velero"])
def test_controllers_of_a_cluster_are_left_alone(tmp_path: Path, name: str) -> None:
    grants: dict[str, dict[str, object]] = {"ec2": allow("ec2:AttachVolume"), "ecs": {**STOP}}
    found = {}
    for service, statement in grants.items():
        head = f'resource "aws_iam_policy" "p" {{\n  name = "{name}"\n'
        text = f"{head}  policy = <<E\n{policy(statement)}\nE\n}}\n"
        found[service] = len(looked_at(tmp_path, {"a.tf": text}).findings)
    assert found == {"ec2": 0, "ecs": 1}


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("pipes", "`EcsTaskParameters.Tags`"),
        ("states", "Step Functions"),
        ("cloudformation", "the tags of the stack"),
    ],
)
def test_services_that_can_set_a_tag_are_told_where(tmp_path: Path, service: str, told: str) -> None:
    head = (
        "Resources:\n  Worker:\n    Type: AWS::IAM::Role\n    Properties:"
        + TRUST % f"{service}.amazonaws.com"
    )
    grant = GRANT.replace("ecs:StopTask", "ecs:RunTask")
    report = looked_at(tmp_path, {"t.yaml": f"{head}      Policies: [{{PolicyName: x, {grant}}}]\n"})
    assert told in said(report)


@pytest.mark.parametrize("service", ["dlm", "backup", "imagebuilder", "elasticmapreduce"])
def test_services_that_keep_what_they_made_are_left_alone(tmp_path: Path, service: str) -> None:
    head = "Resources:\n  Worker:\n    Type: AWS::IAM::Role\n    Properties:"
    head += TRUST % f"{service}.amazonaws.com"
    grant = GRANT.replace("ecs:StopTask", "ec2:DeleteSnapshot")
    text = f"{head}      Policies: [{{PolicyName: x, {grant}}}]\n"
    assert looked_at(tmp_path, {"t.yaml": text}).findings == ()


def test_people_by_single_sign_on_get_attributes(tmp_path: Path) -> None:
    head = 'resource "aws_ssoadmin_permission_set_inline_policy" "p" {\n'
    text = f"{head}  inline_policy = <<E\n{policy(STOP)}\nE\n}}\n"
    told = said(looked_at(tmp_path, {"a.tf": text}, Settings()))
    assert "attributes for access control" in told
    assert "tag-role" not in told


def test_pipelines_may_bring_session_tags(tmp_path: Path) -> None:
    head = "Resources:\n  Ci:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n"
    trust = (
        "        Statement: [{Effect: Allow, Action: 'sts:AssumeRoleWithWebIdentity', Principal: "
        "{Federated: 'arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com'}}]\n"
    )
    text = f"{head}{trust}      Policies: [{{PolicyName: x, {GRANT}}}]\n"
    told = said(looked_at(tmp_path, {"t.yaml": text}, Settings()))
    assert "`sts:TagSession`" in told
    assert "tag-role" in told


# Odd shapes


def test_variables_of_the_policy_survive_in_every_spelling(tmp_path: Path) -> None:
    blocks = (
        'data "aws_iam_policy_document" "d" {\n  statement {\n'
        '    actions   = ["ecs:ListTasks", "ecs:StopTask"]\n'
        '    resources = ["arn:aws:ecs:*:*:task/&{aws:username}/*", "arn:aws:ecs:*:*:task/${var.x}/*"]\n'
        "  }\n}\n"
    )
    heredoc = (
        'resource "aws_iam_policy" "p" {\n  policy = <<E\n{"Version": "2012-10-17", "Statement": [\n'
        '{"Effect": "Allow", "Action": ["ecs:ListTasks", "ecs:StopTask"],\n'
        ' "Resource": "arn:aws:ecs:${var.r}:*:task/$${aws:username}/*"}]}\nE\n}\n'
    )
    report = looked_at(tmp_path, {"a.tf": blocks, "b.tf": heredoc})
    assert patched(report, "a.tf").count('"arn:aws:ecs:*:*:task/&{aws:username}/*"') == 2
    assert patched(report, "a.tf").count('"arn:aws:ecs:*:*:task/${var.x}/*"') == 2
    assert patched(report, "b.tf").count('"arn:aws:ecs:${var.r}:*:task/$${aws:username}/*"') == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("concat([local.a], var.more)", None),
        ('[{ Effect = "Allow", Action = ["ecs:List*", "ecs:StopTask"], Resource = concat(["*"], var.x) }]',
         "concat(…) would have to be written a second time"),
        ("[local.stop]", "the statement is written elsewhere, for other policies too"),
    ],
)  # fmt: skip
def test_what_is_put_together_is_refused(tmp_path: Path, body: str, reason: str | None) -> None:
    stop = 'locals {\n  stop = {\n    Effect = "Allow"\n    Action = ["ecs:ListTasks", "ecs:StopTask"]\n'
    text = stop + '    Resource = "*"\n  }\n}\nresource "aws_iam_policy" "p" {\n  policy = jsonencode({\n'
    text += f'    Version = "2012-10-17"\n    Statement = {body}\n  }})\n}}\n'
    report = looked_at(tmp_path, {"a.tf": text})
    if reason is None:
        assert not report.findings
        assert report.unread
    else:
        assert reason in refused(report)


def test_a_guard_may_stand_beside_a_statement_of_a_local(tmp_path: Path) -> None:
    text = (
        'locals {\n  stop = {\n    Effect = "Allow"\n    Action = "ecs:Stop*"\n    Resource = "*"\n  }\n}\n'
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({\n    Version = "2012-10-17"\n'
        "    Statement = [\n      local.stop,\n    ]\n  })\n}\n"
    )
    assert '"Deny"' in patched(looked_at(tmp_path, {"a.tf": text}), "a.tf")


def test_a_template_of_terraform_is_written_as_one_even_where_none_is_seen_to_read_it(tmp_path: Path) -> None:
    files = {"policies/p.json.tpl": policy(STOP), "main.tf": 'x = file("${var.dir}/${var.name}.json.tpl")\n'}
    report = looked_at(tmp_path, files, Settings())
    assert "\"$${aws:PrincipalTag/Environment, 'none'}\"" in patched(report, "policies/p.json.tpl")


def test_a_file_that_terraform_reads_as_it_is_and_one_that_it_fills_in(tmp_path: Path) -> None:
    single = policy(STOP).replace("[", "").replace("]", "")
    reads = 'resource "aws_iam_policy" "%s" {\n  policy = %s("${path.module}/%s.json"%s)\n}\n'
    files = {
        "main.tf": reads % ("a", "file", "a", "") + reads % ("b", "templatefile", "b", ", {}"),
        "a.json": single,
        "b.json": single,
    }
    report = looked_at(tmp_path, files, Settings())
    assert "\"${aws:PrincipalTag/Environment, 'none'}\"" in patched(report, "a.json")
    assert "\"$${aws:PrincipalTag/Environment, 'none'}\"" in patched(report, "b.json")


def test_a_lone_statement_with_a_comment_is_refused(tmp_path: Path) -> None:
    text = (
        "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n"
        "        Statement:\n          Effect: Allow\n          Action: [ecs:ListTasks, ecs:StopTask]\n"
        '          Resource: "*"  # all of them\n'
    )
    assert "a comment inside it would be lost" in refused(looked_at(tmp_path, {"t.yaml": text}))


def test_statements_that_open_on_their_neighbours_line_stay_in_that_shape(tmp_path: Path) -> None:
    hugging = '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Allow",\n'
    hugging += '    "Action": "ecs:Stop*",\n    "Resource": "*"\n  }]\n}\n'
    terraform = (
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({\n    Statement = [{\n'
        '      Effect   = "Allow"\n      Action   = "ecs:Stop*"\n      Resource = "*"\n    }]\n  })\n}\n'
    )
    report = looked_at(tmp_path, {"p.json": hugging, "a.tf": terraform})
    assert '  "Statement": [{\n    "Effect": "Deny",\n' in patched(report)
    assert '  }, {\n    "Effect": "Allow",\n' in patched(report)
    assert '    Statement = [{\n      Effect    = "Deny"\n' in patched(report, "a.tf")
    assert '      }, {\n      Effect   = "Allow"\n' in patched(report, "a.tf")


@pytest.mark.parametrize(
    "resource",
    [
        "aws_ecs_service.web.id",
        "module.web.service_arn",
        "var.service_arn",
        '"arn:aws:ecs:${var.r}:1:service/a/b"',
    ],
)
def test_a_reference_to_one_thing_is_no_finding(tmp_path: Path, resource: str) -> None:
    text = (
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["ecs:UpdateService"]\n'
        f"    resources = [{resource}]\n  }}\n}}\n"
    )
    assert not looked_at(tmp_path, {"a.tf": text}).findings


def test_a_dynamic_condition_is_not_known(tmp_path: Path) -> None:
    text = (
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["ecs:StopTask"]\n'
        '    resources = ["*"]\n    dynamic "condition" {\n      for_each = var.c\n      content {}\n'
        "    }\n  }\n}\n"
    )
    assert "its Condition is computed" in refused(looked_at(tmp_path, {"a.tf": text}))


# What is said


def test_what_the_reader_is_told_of_tasks_and_of_tags_while_creating(tmp_path: Path) -> None:
    template = (
        "Resources:\n  Web:\n    Type: AWS::ECS::Service\n    Properties: {TaskDefinition: web}\n  P:\n"
        f"    Type: {MANAGED}\n    Properties:\n      PolicyDocument:\n        Version: '2012-10-17'\n"
        "        Statement:\n          - Effect: Allow\n            Action: [ecs:StopTask, ecs:RunTask]\n"
        "            Resource: '*'\n"
    )
    text = said(looked_at(tmp_path, {"t.yaml": template}))
    assert "`ecs:StopTask` and `ecs:RunTask` will work only with the tag `env` = `dev`" in text
    assert '`ecs:StopTask` fails with "AccessDenied" on whatever carries no such tag' in text
    assert '`ecs:RunTask` fails with "AccessDenied" where the request does not set that tag' in text
    assert "No tags reach the tasks of Web (no `propagateTags`)" in text
    assert "Allow `ecs:TagResource` while something is created" in text
    assert "(fixbot never grants)" in text


def test_a_raw_file_is_shown_with_the_command_by_which_aws_proves_it(tmp_path: Path) -> None:
    text = said(looked_at(tmp_path, {"iam/o'neil.json": policy(STOP)}))
    assert (
        "git show 'HEAD~1:iam/o'\"'\"'neil.json' > before.json && aws accessanalyzer check-no-new-access"
        in text
    )


def test_a_findings_identity_survives_new_neighbours_and_changes_with_the_action(tmp_path: Path) -> None:
    def found(number: int, *written: Mapping[str, object]) -> set[str]:
        report = looked_at(tmp_path / str(number), {"p.json": policy(*written)})
        return {finding.id for finding in report.findings}

    one = found(1, STOP)
    assert len(one) == 1
    assert one < found(2, allow("ecs:UpdateService"), STOP)
    assert one.isdisjoint(found(3, {**STOP, "Action": "ecs:UpdateService"}))
    assert found(4, {**STOP, "Sid": "A"}) == found(5, {**allow("ecs:RunTask"), "Sid": "A"})


# Several statements of one policy


def test_two_wildcards_get_a_deny_each_and_each_stands_alone() -> None:
    text = policy({**allow("ecs:Stop*"), "Sid": "A"}, {**allow("ecs:Update*", "ecs:TagResource"), "Sid": "B"})
    before, made = decided(text)
    assert len(made) == 2
    for chosen in (made[:1], made[1:], made):
        after = carried_out(text, [change for each in chosen for change in each])
        assert find_policy_problem(before, read(after)) is None
    sids = [each["Sid"] for each in json.loads(carried_out(text, [*made[0], *made[1]]))["Statement"]]
    assert sids == ["OwnEnvironmentOnly", "TagStays", "OwnEnvironmentOnly2", "A", "B"]


def test_what_two_statements_both_need_is_written_once(tmp_path: Path) -> None:
    report = looked_at(tmp_path, {"p.json": policy(allow("ecs:Stop*"), allow("ecs:Stop*", "s3:Get*"))})
    assert [each["Effect"] for each in statements(report)] == ["Deny", "Allow", "Allow"]


def test_what_a_guard_limits_is_not_split_as_well(tmp_path: Path) -> None:
    report = looked_at(
        tmp_path, {"p.json": policy(allow("ecs:ListTasks", "ecs:StopTask"), allow("ecs:Stop*"))}
    )
    assert [each["Effect"] for each in statements(report)] == ["Deny", "Allow", "Allow"]
    assert [finding.status for finding in report.findings] == [Status.FIXED] * 2


def test_all_splits_of_a_policy_are_carried_out_together(tmp_path: Path) -> None:
    written = [
        {**allow("ecs:ListTasks", action), "Sid": action[4:]} for action in ("ecs:StopTask", "ecs:RunTask")
    ]
    found = statements(looked_at(tmp_path, {"p.json": policy(*written)}))
    assert [each["Sid"] for each in found] == ["StopTask", "RunTask", "StopTaskWithTag", "RunTaskOnCreate"]


# The proof


def read(text: str) -> Policy:
    reading = dialects.read_dialects(Project({"p.json": parse_document("p.json", text)}))
    (found,) = reading.policies
    return found


def decided(text: str, tag: EnvironmentTag | None = None) -> tuple[Policy, list[tuple[Any, ...]]]:
    before = read(text)
    version = read_document_data(before).get("Version")
    about = PolicyFacts(version=version if isinstance(version, str) else None)
    made = decide_statements(before, text, tag or EnvironmentTag("env", "dev"), about)
    return before, [each.changes for each in made if each.changes]


def carried_out(text: str, changes: list[Any]) -> str:
    return splice_edits(text, render_edits(text, plan_rewrites(changes)))


def test_the_proof_sees_what_was_written_and_not_what_was_meant() -> None:
    before = read(policy(allow("ecs:StopTask", "ecs:DeregisterTaskDefinition")))
    assert find_policy_problem(before, read(policy(allow("ecs:StopTask")))) is None
    assert "allows something that no single old statement allows" in str(
        find_policy_problem(before, read(policy(allow("ecs:Stop*"))))
    )
    test = {"StringEquals": {"aws:ResourceTag/env": "dev"}}
    limited = allow("ecs:DeregisterTaskDefinition", Condition=test)
    assert find_policy_problem(before, read(policy(limited))) == (
        "ecs:DeregisterTaskDefinition doesn't know aws:resourcetag/env"
    )


ACTIONS = st.sampled_from(
    ["ecs:*", "ecs:Stop*", "ecs:StopTask", "ecs:RunTask", "ecs:ListTasks", "ecs:DeregisterTaskDefinition",
     "ecs:TagResource", "ecs:Create?luster", "s3:*", "iam:PassRole", "ecs:${x}", "", "*", "ecs:Poll",
     "ecs:Nothing"]
)  # fmt: skip
RESOURCES = st.sampled_from(
    ["*", "arn:aws:ecs:*:*:task/*", "arn:aws:ecs:eu:1:task/x", "${aws:username}", "é\n\"'"]
)
TESTS = st.dictionaries(
    st.sampled_from(["StringEquals", "Bool", "ForAnyValue:StringEquals", "Null"]),
    st.dictionaries(
        st.sampled_from(
            ["aws:ResourceTag/env", "aws:TagKeys", "aws:SourceIp", "aws:RequestTag/x", "ecs:cluster"]
        ),
        st.one_of(st.text(max_size=5), st.booleans(), st.lists(st.text(max_size=5), max_size=2)),
        max_size=2,
    ),
    max_size=2,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Allow", "Deny", "Sometimes"])},
    optional={
        "Sid": st.sampled_from(["A", "B", "TagStays", "AWithTag", ""]),
        "Action": st.one_of(ACTIONS, st.lists(ACTIONS, max_size=4)),
        "NotAction": ACTIONS,
        "Resource": st.one_of(RESOURCES, st.lists(RESOURCES, max_size=2)),
        "Condition": TESTS,
        "Other": st.integers(),
    },
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(STATEMENTS, st.lists(STATEMENTS, min_size=1, max_size=4)),
    st.sampled_from(["2012-10-17", "2008-10-17", None]),
    st.sampled_from([None, 1, "\t"]),
    st.sampled_from(["dev", "${aws:PrincipalTag/env}"]),
)
def test_whatever_the_policy_no_fix_allows_more(
    written: object, version: str | None, indent: int | str | None, value: str
) -> None:
    head = {"Version": version} if version else {}
    text = json.dumps({**head, "Statement": written}, indent=indent)
    tag = EnvironmentTag("env", value)
    before, made = decided(text, tag)
    for chosen in [[each] for each in made] + [made]:
        try:
            after = carried_out(text, [change for each in chosen for change in each])
        except CannotEdit:
            continue
        json.loads(after)
        assert find_policy_problem(before, read(after)) is None
        if chosen is made:
            assert not decided(after, tag)[1]


def test_actions_that_are_put_together_count_only_where_they_may_be_of_a_service_looked_at(
    tmp_path: Path,
) -> None:
    def joined(start: str) -> str:
        return policy({**STOP, "Action": [{"Fn::Join": ["", [start, "*"]]}]})

    assert not looked_at(tmp_path / "1", {"p.json": joined("rds:Describe")}).findings
    assert "its actions are computed" in refused(looked_at(tmp_path / "2", {"p.json": joined("ecs:Stop")}))


def test_policies_without_names_of_their_own_are_proven_one_by_one(tmp_path: Path) -> None:
    head = "        - Statement:\n            - Effect: Allow\n"
    inline = head + "              Action: {}\n              Resource: '*'\n"
    text = (
        "Resources:\n  Run:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n"
        + inline.format("[ecs:StopTask, ecs:ListTasks]")
        + inline.format("ecs:UpdateService")
    )
    (tmp_path / "template.yaml").write_text(text)
    rule = tuple(fixer for fixer in load_rules() if fixer.name == "tag-condition-missing")
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), rule, Settings())
    assert [(finding.status.value, finding.reason) for finding in report.findings] == [("fixed", None)] * 2
