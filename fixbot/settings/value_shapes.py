"""What each text in a settings file may be.

The file may be a stranger's, and its words reach names of secrets, branches, documents and requests: no
pattern lets through what could mean something else in one of those.
"""

from __future__ import annotations

from typing import Final

from fixbot.text.text_shape import TextShape

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_SPOT: Final = r"[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}:[0-9]{12}"
_NAME: Final = "[A-Za-z0-9/_+=.@-]"
_TAG: Final = r"[\w .:/=+@-]"

SECRET_PREFIX: Final = TextShape(
    "at most 200 of the characters that AWS allows in names: letters, digits and /_+=.@-; "
    "no hyphen in front, no // and no ..",
    rf"(?!-)(?!.*//)(?!.*\.\.){_NAME}*",
    200,
)
"""Source: CreateSecret, `Name`: ASCII letters, numbers, and /_+=.@-; at most 512 characters in all."""
PARAMETER_PREFIX: Final = TextShape(
    "made of letters, digits and _.-/ for parameters, at most 12 levels deep, and not begin with aws or ssm",
    r"/?(?!([aA][wW][sS]|[sS][sS][mM]))([A-Za-z0-9_.-]+/){0,11}([A-Za-z0-9_.-]+/?)?",
    200,
)
"""Source: PutParameter, `Name`: a-zA-Z0-9_.- and / between levels; at most 15 of them."""
VARIABLE: Final = TextShape("the name of an environment variable", r"[A-Za-z_][A-Za-z0-9_.-]*", 255)
SECRET_ARN: Final = TextShape(
    "the ARN of a secret or parameter",
    rf"arn:aws(-[a-z]{{1,8}}){{0,3}}:(secretsmanager:{_SPOT}:secret:{_NAME}{{1,512}}(:{_NAME}*:{_NAME}*:{_NAME}*)?"
    rf"|ssm:{_SPOT}:parameter/[A-Za-z0-9_./-]{{1,1011}})",
    2_000,
)  # fmt: skip
KMS_KEY: Final = TextShape(
    "the id, alias or ARN of a KMS key",
    rf"(arn:aws(-[a-z]{{1,8}}){{0,3}}:kms:{_SPOT}:)?(key/|alias/)?[A-Za-z0-9/_-]{{1,256}}",
    600,
)
"""Source: CreateSecret, `KmsKeyId`; CreateAlias, `AliasName`."""
TAG_KEY: Final = TextShape(
    "a tag's key: 1 to 128 letters, digits, blanks and _.:/=+@-, not beginning with aws:",
    rf"(?![aA][wW][sS]:){_TAG}{{1,128}}",
    128,
)
"""Source: "Tagging AWS resources", naming limits. Variables as the tag conditions of `iam` know them."""
TAG_VALUE: Final = TextShape(
    "a tag's value: 1 to 256 letters, digits, blanks and _.:/=+@-, or ${aws:PrincipalTag/KEY, 'none'}",
    rf"{_TAG}{{1,256}}|\$\{{aws:PrincipalTag/{_TAG}{{1,128}}(, '{_TAG}{{0,256}}')?\}}",
    450,
)
SERVICE: Final = TextShape("a service as IAM calls it, such as ecs", r"[a-z][a-z0-9-]*", 63)
ORGANIZATION: Final = TextShape("the id of an AWS organisation, o-exampleorgid", r"o-[a-z0-9]{10,32}", 34)
"""Source: Organizations API, DescribeOrganization, `Id`."""
HOLDER: Final = TextShape(
    "the name of a role or policy, in AWS or in the file", r"[A-Za-z0-9_+=,.@-]{1,128}", 128
)
"""Source: IAM API, CreateRole and CreatePolicy, names."""
ACTION: Final = TextShape(
    "an action such as ecs:UpdateService, or some of a service's such as ecs:Describe*",
    r"[a-z][a-z0-9-]*:[*?]*[A-Za-z0-9][A-Za-z0-9*?]*",
    128,
)
BOUNDARY: Final = TextShape(
    "a policy's ARN, or its name with its path",
    r"(arn:aws(-[a-z]{1,8}){0,3}:iam::([0-9]{12}|aws):policy/)?([A-Za-z0-9_+=,.@-]{1,64}/){0,7}"
    r"[A-Za-z0-9_+=,.@-]{1,128}",
    600,
)
"""Source: IAM API, PutRolePermissionsBoundary, `PermissionsBoundary`; CreatePolicy, `PolicyName`."""
STORE: Final = TextShape(
    "a name that Kubernetes takes: lower-case letters, digits, hyphens and dots (RFC 1123)",
    rf"{_LABEL}(\.{_LABEL})*",
    253,
)
ACCOUNT: Final = TextShape("12 digits", r"[0-9]{12}", 12)
REGION: Final = TextShape("a Region such as eu-central-1", r"[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}", 32)
PARTITION: Final = TextShape("aws, aws-cn, aws-us-gov …", r"aws(-[a-z]{1,8}){0,3}", 32)
REGISTRY: Final = TextShape(
    "the host of a registry such as docker.io or localhost:5000",
    r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?",
    260,
)
MIRROR: Final = TextShape(
    "the host of a registry and perhaps a path, such as registry.example/docker-hub",
    rf"{REGISTRY.pattern}(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
    500,
)
"""Source: the reference grammar of the distribution project."""
BUCKET: Final = TextShape(
    "the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens",
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    63,
)
IMAGE_GLOB: Final = TextShape(
    "an image's name, with * for any text", r"[A-Za-z0-9*?\[][A-Za-z0-9._/:@+*?!^\[\]-]*", 500
)
FOLDER: Final = TextShape(
    "an absolute path such as /var/cache/orders",
    r"(?!.*/\.{1,2}(/|$))(/[A-Za-z0-9_.@+-]+)+",
    255,
)
USER: Final = TextShape(
    "a user's number that is not 0, and perhaps a group's: 1000 or 1000:1000",
    r"[1-9][0-9]{0,9}(:[0-9]{1,10})?",
    21,
)
BRANCH_PREFIX: Final = TextShape(
    "at most 100 letters, digits and ._/-, as Git has it",
    r"(?!.*(\.\.|\.lock(/|$)|\./))[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*/?",
    100,
)
"""Narrower than git-check-ref-format(1): workflows of others put branch names into scripts unquoted."""
BRANCH: Final = TextShape(
    "a branch's name: at most 200 letters, digits and ._/+-, as Git allows them",
    r"(?!.*(\.\.|\.lock(/|$)|\.(/|$)))[\w][\w.+-]*(/[\w][\w.+-]*)*",
    200,
)
LABEL: Final = TextShape("a label: 1 to 50 characters that can be seen", r"\S[^\n]*", 50, emoji=True)
MILESTONE: Final = TextShape("a title: 1 to 200 characters that can be seen", r"\S[^\n]*", 200, emoji=True)
_LOGIN: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
LOGIN: Final = TextShape("a GitHub login", rf"{_LOGIN}(\[bot\])?", 105)
REVIEWER: Final = TextShape(
    "a GitHub login, or org/team", rf"{_LOGIN}(\[bot\]|/[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}})?", 201
)
_DAY: Final = "(mon|tue|wed|thu|fri|sat|sun)"
_TIME: Final = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
WINDOW: Final = TextShape(
    "days and hours such as mon-fri 08:00-18:00",
    rf"{_DAY}(-{_DAY})?( ?{_TIME}-{_TIME})?|{_TIME}-{_TIME}",
    24,
)
ZONE: Final = TextShape(
    "a time zone such as Europe/Berlin", r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", 64
)
_OCTET: Final = r"(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
CIDR: Final = TextShape(
    "a range of addresses such as 203.0.113.0/24, or 2001:db8::/32; not the whole internet, nor a large part",
    rf"{_OCTET}(\.{_OCTET}){{3}}/([89]|[12][0-9]|3[0-2])"
    r"|(?=[^/]*[1-9a-fA-F])[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{0,4}){2,7}/(1[6-9]|[2-9][0-9]|1[01][0-9]|12[0-8])",
    43,
)
KEY: Final = TextShape("a key of the settings, such as rules.skip", r"[a-z_]{1,40}(\.[a-z_]{1,40}){0,3}", 163)
