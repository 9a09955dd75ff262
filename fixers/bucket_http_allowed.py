"""S3 answers plain HTTP as well, so that whoever stands on the way reads and changes what is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Put
from fixbot.edit.tree import CannotEdit, HclBlock, Value
from fixbot.lens import (
    Module,
    Policy,
    Resource,
    ResourceType,
    build_hosted_text,
    build_reference,
    build_template,
    text_of,
)
from fixbot.model.findings import Fix, Found, Outcome, Refusal, Severity
from fixbot.rules import Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.secret_stores.cloudformation_functions import build_substitution
from fixbot.text.markdown_escape import mark_code

_NOUNS: Final = ("S3 bucket", "S3 buckets")
BUCKET = ResourceType(*_NOUNS, "AWS::S3::Bucket", "aws_s3_bucket", name="BucketName",
                      renamed={"BucketName": "bucket", "WebsiteConfiguration": "website"})  # fmt: skip
MODULE = ResourceType(
    *_NOUNS,
    modules={
        source: Module({"OnlyTls": name}, {"OnlyTls": False})
        for source, name in (
            ("terraform-aws-modules/s3-bucket/aws", "attach_deny_insecure_transport_policy"),
            ("cloudposse/s3-bucket/aws", "allow_ssl_requests_only"),
        )
    },
)  # fmt: skip
POLICY = ResourceType("bucket policy", "bucket policies", "AWS::S3::BucketPolicy", "aws_s3_bucket_policy")
WEBSITE = ResourceType("website", "websites", terraform="aws_s3_bucket_website_configuration")
_DENIES: Final = re.compile(r"\bDeny\b")
_TLS: Final = re.compile(r"aws:SecureTransport|s3:TlsVersion")
_SID: Final = "DenyInsecureTransport"


def find_plain_buckets(bucket: Resource, world: Context) -> Iterator[Found]:
    """A bucket whose policy turns plain HTTP away nowhere."""
    if bucket.type == MODULE:
        yield from _IN_MODULE(bucket, world)
        return
    named = world.resources_naming(bucket, POLICY, "Bucket")
    policies = [policy for each in named for policy in world.policies_of(each)]
    if any(_turns_away(each, world) for each in policies):
        return
    if named and not policies:  # what its policy says is computed
        named[0].unknown["policy"] = named[0].node
        bucket.unknown["policy"] = named[0].node
        return
    yield Found(
        bucket.owner, bucket.title, bucket.address, "HTTP", f"{bucket.title} answers plain HTTP too",
        partial(_choose_outcome, bucket, named, policies, world), subject=bucket.subject,
    )  # fmt: skip


def _turns_away(policy: Policy, world: Context) -> bool:
    text = world.project.documents[policy.node.root_node.source].text
    said = [text[each.node.start : each.node.end] for each in policy.statements]
    return any(_DENIES.search(each) and _TLS.search(each) for each in said)


def _choose_outcome(
    bucket: Resource, named: list[Resource], policies: list[Policy], world: Context
) -> Outcome:
    sites = world.resources_naming(bucket, WEBSITE, "Bucket") if bucket.dialect == "terraform" else ()
    if sites or bucket.slot("WebsiteConfiguration").found is not None:
        return Refusal(f"{bucket.title} serves a website, and these endpoints of S3 know plain HTTP alone.")
    if not bucket.lone:
        return Refusal(f"{bucket.title} is one of several that one block makes, and each needs a policy.")
    if len(named) > 1 or len(policies) > 1:
        return Refusal(f"{bucket.title} has more than one policy here, and S3 keeps the last alone.")
    try:
        changes = _append(bucket, policies[0]) if policies else _make_policy(bucket, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    if isinstance(changes, Refusal):
        return changes
    where = f"the policy {mark_code(policies[0].name)}" if policies else "a policy of its own"
    return Fix(
        changes,
        who=bucket.called,
        before="HTTP and HTTPS",
        after=f"HTTPS alone, by {where}",
        gist="{who} {answers|answer} requests over TLS alone.",
        effect="A request over plain HTTP gets 403. SDKs, the CLI and the console use HTTPS by themselves.",
        why="Someone on the way between a client and {who} reads what is fetched over HTTP, and changes it: "
        "a script, a configuration, an update.",
        unknown="Whether somebody fetches from {who} by `http://` isn't in the files; its server access log "
        "says so."
        + ("" if policies else " A bucket has one policy: if another stack gives it one, the last wins."),
    )


def _append(bucket: Resource, policy: Policy) -> tuple[Change, ...]:
    """One more statement behind the others, as the document is written."""
    if policy.uneditable or policy.others:
        raise CannotEdit(policy.uneditable or policy.others)
    if policy.in_blocks:
        return (Add(policy.node, ("statement",), _block(bucket), last=True),)
    node = policy.node
    hosted = not node.grammar.has_expressions and node.root_node.grammar.has_expressions
    statement = _statement(bucket, json=not node.root_node.grammar.has_tags, hosted=hosted)
    return (Add(node, ("Statement",), statement, last=True),)


def _statement(bucket: Resource, *, json: bool, hosted: bool = False) -> dict[str, Value]:
    return {
        "Sid": _SID, "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": _arns(bucket, json=json, hosted=hosted),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip


def _arns(bucket: Resource, *, json: bool, hosted: bool = False) -> list[Value]:
    if bucket.dialect == "cloudformation":
        arn = f"${{{bucket.address}.Arn}}"
        return [build_substitution(arn, json=json), build_substitution(f"{arn}/*", json=json)]
    reference = build_reference(*bucket.address.split("."), "arn")
    if hosted:
        return [build_hosted_text(reference), build_hosted_text(reference, "/*")]
    return [reference, build_template(reference, "/*")]


def _block(bucket: Resource) -> dict[str, Value]:
    """The same as a block of Terraform's own documents."""
    return {
        "sid": _SID, "effect": "Deny", "actions": ["s3:*"], "resources": _arns(bucket, json=False),
        "principals": {"type": "*", "identifiers": ["*"]},
        "condition": {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
    }  # fmt: skip


def _make_policy(bucket: Resource, world: Context) -> tuple[Change, ...] | Refusal:
    """A policy beside a bucket that has none; not where one here may be its own."""
    for other in world.resources_beside(bucket, POLICY):
        at = other.slot("Bucket")
        text = str(at.found.value) if at.found is not None else ""
        if at.found is None or "var." in text or "each." in text or isinstance(at.value, str):
            return Refusal(f"{other.title} may be the policy of {bucket.title}: whose it is, is open.")
    if bucket.dialect == "cloudformation":
        return _make_in_template(bucket)
    if bucket.node.style != "body":
        return Refusal(f"{bucket.title} is written as JSON; its policy is one more object there.")
    label = f"{bucket.companion_name}_tls"
    if any(f'"{label}"' in text for text in world.texts_beside(bucket)):
        return Refusal(f"The name {label} is taken here, so the policy of {bucket.title} needs another one.")
    root, near = bucket.node.root_node, (bucket.address,)
    document = HclBlock(("aws_iam_policy_document", label), {"statement": [_block(bucket)]})
    policy = HclBlock(("aws_s3_bucket_policy", label), {
        "bucket": build_reference(*bucket.address.split("."), "id"),
        "policy": build_reference("data", "aws_iam_policy_document", label, "json"),
    })  # fmt: skip
    return Add(root, ("data",), document, near), Add(root, ("resource",), policy, near)


def _make_in_template(bucket: Resource) -> tuple[Change, ...]:
    root = bucket.node.root_node
    listed, json = root.find_node("Resources"), not root.grammar.has_tags
    name = f"{bucket.address}Policy"
    if listed is None or listed.find_entry(name) is not None or not bucket.address.isalnum():
        raise CannotEdit(f"the template has a resource {name} already, or takes none of that name")
    condition = text_of(bucket.owner.find_node("Condition"))
    made: dict[str, Value] = {"Type": "AWS::S3::BucketPolicy"}
    if condition is not None:
        made["Condition"] = condition
    made["Properties"] = {
        "Bucket": build_substitution(f"${{{bucket.address}}}", json=json),
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [_statement(bucket, json=json)]},
    }
    return (Put(listed, (name,), made, (bucket.address,)),)


_IN_MODULE = must_be(
    {"OnlyTls": True},
    words=Words(
        problem="answers plain HTTP too",
        change="{who} {answers|answer} requests over TLS alone.",
        effect="A request over plain HTTP gets 403. SDKs, the CLI and the console use HTTPS by themselves.",
        why="Someone on the way between a client and {who} reads what is fetched over HTTP, and changes it.",
        unknown="Whether somebody fetches from {who} by `http://` isn't in the files.",
    ),
)
rule = Rule(
    title="Let {subject} answer over TLS alone",
    topic="storage",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("S3.5",), "cis-aws": ("3.1.1",), "nist-800-190": ("4.3.3",), "pci-dss": ("4.2.1",),
              "nist-800-53": ("AC-17(2)", "AC-4", "IA-5(1)", "SC-12(3)", "SC-13", "SC-23", "SC-23(3)",
                              "SC-7(4)", "SC-8", "SC-8(1)", "SC-8(2)", "SI-7(6)")},
    looks_at=(BUCKET, MODULE),
    beside=(POLICY, WEBSITE),
    check=find_plain_buckets,
    peers={"checkov": ("CKV_AWS_379",)},
)  # fmt: skip
