"""A policy for everybody lets every account of AWS in, unless a condition says whom it means."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.tree import CannotEdit, Node, Value
from fixbot.iam.policies.explanations import describe_policy, name_policy
from fixbot.iam.policies.policy_changes import add_tests
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.iam.policies.principals import (
    excludes_principals,
    find_limits,
    lets_everybody_in,
    list_principals,
)
from fixbot.iam.policies.senders import READ_BESIDE, find_sender
from fixbot.iam.policies.snippets import format_condition
from fixbot.lens import Policy, Resource, ResourceType, Statement, Subject
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule, Words, report
from fixbot.rules.context import Context
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code

PERMISSION = ResourceType(
    "permission", "permissions", "AWS::Lambda::Permission", "aws_lambda_permission",
    renamed={"PrincipalOrgID": "principal_org_id"},
)  # fmt: skip
URL = ResourceType(
    "function URL", "function URLs", "AWS::Lambda::Url", "aws_lambda_function_url",
    renamed={"AuthType": "authorization_type"},
)  # fmt: skip
FUNCTION = ResourceType("function", "functions", "AWS::Serverless::Function")
BUCKET_POLICY = ResourceType(
    "bucket policy", "bucket policies", "AWS::S3::BucketPolicy", "aws_s3_bucket_policy"
)
BUCKET = ResourceType("bucket", "buckets", "AWS::S3::Bucket", "aws_s3_bucket")
WEBSITE = ResourceType("website", "websites", terraform="aws_s3_bucket_website_configuration")
_KEYS: Final = frozenset({
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:userid",
    "aws:principalisawsservice", "aws:principalservicename", "aws:sourceaccount", "aws:sourcearn",
    "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce",
    "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:sourceip",
    "aws:vpcsourceip", "kms:calleraccount", "s3:x-amz-*", "s3:dataaccesspointaccount",
    "elasticfilesystem:accessedviamounttarget",
})  # fmt: skip
"""Condition keys by which a policy for everybody means somebody.

Source: IAM user guide, global condition context keys; of KMS, S3 and EFS the service authorization reference.
Tags of a principal aren't among them: everybody can tag roles of their own.
"""
_NORMAL: Final = (
    "AWS::EC2::VPCEndpoint", "aws_vpc_endpoint", "aws_vpc_endpoint_policy", "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Api", "aws_api_gateway_rest_api", "aws_api_gateway_rest_api_policy",
)  # fmt: skip
"""What everybody in front of it is meant to reach: its policy only limits what they do there."""


def find_open_policy(subject: Policy | Resource, world: Context) -> Iterator[Found]:
    """Statements for everybody, and functions that everybody may call."""
    if isinstance(subject, Resource):
        yield from find_open_function(subject, world)
    elif subject.kind in ("trust", "resource") and not set(subject.holders) & set(_NORMAL):
        yield from _find_open_statements(subject, world)


def _find_open_statements(policy: Policy, world: Context) -> Iterator[Found]:
    for statement in policy.statements:
        data = read_statement_data(statement)
        if not lets_everybody_in(statement, data) or find_limits(data, _KEYS):
            continue
        if policy.kind == "resource" and _serves_website(policy, world):
            continue
        whom = "everybody but those it names" if excludes_principals(statement) else "everybody"
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or data.get('Action')!r}",
            "everybody", f"{statement.title} lets {whom} in",
            partial(_choose_outcome, statement, data, world), subject=name_policy(policy),
            policy=policy.address,
        )  # fmt: skip


def _serves_website(policy: Policy, world: Context) -> bool:
    """Whether it is of a bucket that serves a website, which is bucket-public-access's concern."""
    if policy.dialect not in ("cloudformation", "terraform"):
        return False
    holders = [
        each for each in world.resources_beside(policy, BUCKET_POLICY) if policy in world.policies_of(each)
    ]
    served = [
        bucket
        for each in holders
        for bucket in world.resources_beside(each, BUCKET)
        if world.mentions(each.owner, bucket.address)
    ]
    return any(
        bucket.slot("WebsiteConfiguration" if bucket.dialect == "cloudformation" else "Website").found
        is not None
        or world.resources_naming(bucket, WEBSITE, "Bucket")
        for bucket in served
    )


def _choose_outcome(statement: Statement, data: Data, world: Context) -> Outcome:
    title = statement.title
    if find_limits(data, _KEYS) is None:
        return Refusal(f"The Condition of {title} is computed: whom it lets in isn't known here.")
    if excludes_principals(statement):
        return Manual(f"{title} lets everybody in whom it doesn't name (NotPrincipal). {_explain(statement)}")
    named = {each.kind for each in list_principals(statement)} - {"AWS", "*"}
    organization = world.settings.aws_organization
    sender = find_sender(statement.policy, world) if statement.policy.kind == "resource" else None
    try:
        if sender is not None:
            return _keep_to_sender(statement, *sender)
        if organization is None:
            return Manual(_explain(statement))
        if named:
            return Refusal(
                f"{title} names a principal of another kind as well ({', '.join(sorted(named))}), which "
                "belongs to no organisation. Give it a statement of its own first."
            )
        return _keep_to_organization(statement, organization)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")


def _explain(statement: Statement) -> str:
    example = format_condition(statement.policy, "StringEquals", "aws:PrincipalOrgID", ["o-exampleorgid"])
    return (
        "Who is meant, a person has to say: the role or account by its ARN as the principal, an AWS service "
        "with `aws:SourceAccount` or `aws:SourceArn`, a network (`aws:SourceVpce`), or everybody of your "
        f"organisation: {example}. With `aws_organization` in the settings the last is proposed."
    )


def _keep_to_organization(statement: Statement, organization: str) -> Fix:
    others = "Who isn't an identity of that organisation, services of AWS and anonymous readers among them,"
    return _build_fix(
        statement, ("StringEquals", "aws:PrincipalOrgID", organization),
        f"accounts of the organisation {mark_code(organization)}", others,
    )  # fmt: skip


def _keep_to_sender(statement: Statement, sender: Resource, arn: Value) -> Fix:
    others = f"Whatever doesn't come from {sender.called}"
    return _build_fix(
        statement, ("ArnEquals", "aws:SourceArn", arn), f"what {sender.called} sends", others
    )  # fmt: skip


def _build_fix(statement: Statement, test: tuple[str, str, Value], whom: str, others: str) -> Fix:
    operator, key, value = test
    listed = [value] if statement.policy.in_blocks else value
    return Fix(
        tuple(add_tests(statement, [(operator, key, listed)])), who=describe_policy(statement.policy),
        before="everybody", after=whom,
        gist=f"{{who}} {{lets|let}} in {whom}, and nobody else.",
        effect=f'{others} gets "AccessDenied" afterwards.',
        why="Anybody with an AWS account can use what {who} {guards|guard} today, and nobody has to break in "
        "for that.",
        unknown="Who else uses it through this statement, from other accounts, is not known.",
        commands=(_EXTERNAL,),
    )  # fmt: skip


_EXTERNAL: Final = build_command(
    "aws", "accessanalyzer", "list-findings", "--analyzer-arn", "ANALYZER",
    note="who outside can get in today; ANALYZER: the ARN of an analyzer for external access",
)  # fmt: skip


def _find_open_function(subject: Subject, _world: Context) -> Node | None:
    """Where a function is opened: a permission for all, or a URL that asks nobody who they are."""
    if not isinstance(subject, Resource):
        return None
    if subject.type == PERMISSION:
        principal = subject.slot("Principal")
        limited = any(subject.slot(each).found for each in ("PrincipalOrgID", "SourceArn", "SourceAccount"))
        return principal.node if principal.value == "*" and not limited else None
    at = "FunctionUrlConfig.AuthType" if subject.type == FUNCTION else "AuthType"
    slot = subject.slot(at)
    return slot.node if slot.value == "NONE" else None


find_open_function = report(
    _find_open_function,
    words=Words(problem="lets everybody call a function", change="", effect="", why=""),
    instead="Who calls the function, a person has to say. Callers with AWS credentials sign their requests "
    "(`AWS_IAM`), and a permission names their account or organisation; where a web browser or another "
    "company calls it, its code must ask for proof (a signature, a token) before it does anything.",
    weigh=lambda subject, _: Severity.CRITICAL if subject.type == PERMISSION else Severity.HIGH,
)

rule = Rule(
    title="Say whom {subject} lets in",
    many="Say whom {count} policies in {folder} let in",
    topic={
        "AWS::S3::*": "storage", "aws_s3_*": "storage", "AWS::ECR::*": "registry", "aws_ecr*": "registry",
        "AWS::KMS::*": "keys", "aws_kms_*": "keys", "AWS::EFS::*": "file-system", "aws_efs_*": "file-system",
        "default": "trust",
    },
    severity=Severity.CRITICAL,
    controls={
        "fsbp": ("KMS.5", "SNS.4", "Lambda.1", "S3.2", "S3.3"), "cis-aws": ("2.21",), "cis-eks": ("5.1.2",),
        "nist-800-190": ("4.2.3", "4.3.2"),
    },
    looks_at=(Policy, PERMISSION, URL, FUNCTION),
    beside=(BUCKET_POLICY, BUCKET, WEBSITE, *READ_BESIDE),
    check=find_open_policy,
    discloses=True,
    peers={
        "checkov": ("CKV_AWS_32", "CKV_AWS_33", "CKV_AWS_60", "CKV_AWS_61", "CKV_AWS_70", "CKV_AWS_168",
                    "CKV_AWS_169", "CKV_AWS_258", "CKV_AWS_283", "CKV_AWS_301"),
        "trivy": ("AWS-0032",),
    },
)  # fmt: skip
