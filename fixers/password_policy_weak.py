"""Short passwords are guessed and old ones are known; an account says once what people's must be."""

from __future__ import annotations

from fixbot.edit.tree import Scalar, UnsetValue
from fixbot.lens import ABSENT, Module, ResourceType, to_snake_case
from fixbot.model.findings import Severity
from fixbot.rules import Rule, Words, each_of, must_be

LENGTH, REUSE = 14, 24
_REQUIRED = ("RequireLowercaseCharacters", "RequireNumbers", "RequireSymbols", "RequireUppercaseCharacters")
_ALL = ("MinimumPasswordLength", "PasswordReusePrevention", *_REQUIRED)
POLICY = ResourceType(
    "password policy", "password policies", terraform="aws_iam_account_password_policy",
    modules={
        "terraform-aws-modules/iam/aws//modules/iam-account": Module(
            {name: to_snake_case(name) for name in _ALL},
            {"MinimumPasswordLength": 8, "PasswordReusePrevention": ABSENT, **dict.fromkeys(_REQUIRED, True)},
        )
    },
)  # fmt: skip
_OTHERS = "Whether another file or a person sets the policy of the same account, which has one, is not known."
_EFFECT = "Who changes a password has to choose one that fits; those of today go on working."


def at_least(least: int, value: Scalar | UnsetValue) -> bool:
    """Whether a number, in quotes or not, is that large."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    return isinstance(number, int) and number >= least


rule = Rule(
    title="Ask for better passwords in {subject}",
    topic="iam-scope",
    severity=Severity.MEDIUM,
    controls={
        "fsbp": ("IAM.7",), "cis-aws": ("2.8", "2.9"),
        "pci-dss": ("8.3.6", "8.3.7", "8.3.9", "8.3.10.1", "8.6.3"),
        "nist-800-53": ("AC-2(1)", "AC-2(3)", "AC-3(15)", "IA-5(1)"),
    },
    looks_at=POLICY,
    check=each_of(
        must_be(
            {"MinimumPasswordLength": LENGTH},
            good=lambda value: at_least(LENGTH, value),
            words=Words(
                problem="lets people have short passwords",
                change=f"Passwords have at least {LENGTH} characters.",
                effect=_EFFECT,
                why="Short passwords are tried one by one, and people use the same one elsewhere.",
                unknown=_OTHERS,
            ),
        ),
        must_be(
            {"PasswordReusePrevention": REUSE},
            good=lambda value: at_least(REUSE, value),
            words=Words(
                problem="lets people use an old password again",
                change=f"None of the last {REUSE} passwords can be used again.",
                effect=_EFFECT,
                why="Passwords that were stolen once are tried for years.",
                unknown=_OTHERS,
            ),
        ),
        must_be(
            dict.fromkeys(_REQUIRED, True),
            unwritten=True,
            words=Words(
                problem="lets passwords be of one kind of characters",
                change="Passwords have characters of each kind.",
                effect=_EFFECT,
                why="A word in small letters is the first that is tried.",
                unknown=_OTHERS,
            ),
        ),
    ),
    peers={
        "checkov": ("CKV_AWS_9", "CKV_AWS_10", "CKV_AWS_11", "CKV_AWS_12", "CKV_AWS_13", "CKV_AWS_14",
                    "CKV_AWS_15"),
        "trivy": ("AWS-0056", "AWS-0058", "AWS-0059", "AWS-0060", "AWS-0061", "AWS-0062", "AWS-0063"),
    },
)  # fmt: skip
