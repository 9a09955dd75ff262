"""A key that a template makes works until somebody deletes it, for whoever has read it."""

from __future__ import annotations

from fixbot.edit.tree import Node
from fixbot.lens import ABSENT, Resource, ResourceType
from fixbot.model.findings import Severity
from fixbot.rules import Rule, Words, report
from fixbot.rules.context import Context

KEY = ResourceType(
    "access key", "access keys", "AWS::IAM::AccessKey", "aws_iam_access_key", renamed={"UserName": "user"}
)


def find_key(key: Resource, _world: Context) -> Node | None:
    """The key itself, unless it is switched off."""
    return None if key.slot("Status").value == "Inactive" else key.owner


def weigh_key(key: Resource, world: Context) -> Severity:
    """Worst where its secret can be read: in Terraform's state, or in what a stack puts out."""
    if key.dialect == "terraform":
        return Severity.CRITICAL if key.slot("PgpKey").value is ABSENT else Severity.HIGH
    outputs = key.owner.root_node.find_node("Outputs")
    secret = f"{key.address}.SecretAccessKey"
    shown = outputs is not None and (
        world.mentions(outputs, secret)
        or (world.mentions(outputs, key.address) and world.mentions(outputs, "SecretAccessKey"))
    )
    return Severity.CRITICAL if shown else Severity.HIGH


rule = Rule(
    title="Replace {subject} by a role",
    topic="iam-scope",
    severity=Severity.HIGH,
    controls={"cis-aws": ("2.12", "2.16"), "nist-800-190": ("4.3.1",)},
    looks_at=KEY,
    check=report(
        find_key,
        words=Words(problem="never expires", change="", effect="", why=""),
        instead="Whoever uses the key must change, and no file shows who that is (`aws iam "
        "get-access-key-last-used`). A pipeline takes a role with a token (a trust in "
        "`token.actions.githubusercontent.com` that asks for `sub`), what runs in AWS has a role already, "
        "servers elsewhere use IAM Roles Anywhere, people IAM Identity Center. Where a key must stay, give "
        "Terraform a `pgp_key`, or write the secret to a secret store and into no output.",
        weigh=weigh_key,
    ),
    discloses=True,
    peers={"checkov": ("CKV_AWS_273",), "trivy": ("AWS-0146",)},
)
