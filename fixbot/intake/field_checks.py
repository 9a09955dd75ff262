"""What may stand in a stranger's finding, field by field: types, lengths, characters, ARNs and accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fixbot.model.foreign_findings import SEVERITIES
from fixbot.text.characters import fold_to_line
from fixbot.text.command import REGION

LONGEST_ID: Final = 2_048
"""Characters of an id or an ARN. Source: securityhub, `Resource.Id` and ARNs of IAM."""
_LONGEST_TEXT: Final = 300
_MOST_TAGS: Final = 200
_ACCOUNT: Final = re.compile(r"\d{12}")
_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]{0,20}):(?P<service>[a-z0-9-]{1,40}):(?P<region>[a-z0-9-]{0,30}):"
    r"(?P<account>\d{12}|aws|cloudfront)?:(?P<rest>[!-~]{1,1900})"
)
_CONTROL: Final = re.compile(r"[\w][\w .:/+()-]{0,119}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,18}(?:Z|[+-]\d\d:?\d\d)?)?")


class MalformedFinding(ValueError):
    """An entry is no finding; `said` is in our own words, `id` its own where that could be read."""

    def __init__(self, said: str, id: str = "") -> None:  # noqa: A002 - the field's name
        super().__init__(said)
        self.said, self.id = said, id


def read_map(value: Any, what: str) -> Mapping[str, Any]:
    """A map, an absent one as an empty one. Raises MalformedFinding."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MalformedFinding(f"{what} is no map")
    return value


def read_list(value: Any, what: str) -> Sequence[Any]:
    """A list, an absent one as an empty one. Raises MalformedFinding."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise MalformedFinding(f"{what} is no list")
    return value


def read_text(value: Any, what: str, most: int = _LONGEST_TEXT) -> str:
    """A text, an absent one as an empty one. Raises MalformedFinding for another type or one too long."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedFinding(f"{what} is no text")
    if len(value) > most:
        raise MalformedFinding(f"{what} has more than {most:,} characters")
    return value


def read_id(value: Any, what: str) -> str:
    """A text that names something, on one line, with nothing that hides. Raises MalformedFinding."""
    text = read_text(value, what, LONGEST_ID)
    if not text.strip():
        raise MalformedFinding(f"{what} is missing")
    if fold_to_line(text) != text:
        raise MalformedFinding(f"{what} holds characters that no identifier has")
    return text


def read_account(value: Any, what: str) -> str:
    """Twelve digits, or nothing. Raises MalformedFinding."""
    text = read_text(value, what)
    if text and not _ACCOUNT.fullmatch(text):
        raise MalformedFinding(f"{what} is no account of AWS")
    return text


def read_region(value: Any, what: str) -> str:
    """A Region or nothing; `global` is none. Raises MalformedFinding."""
    text = read_text(value, what)
    if text in ("", "global", "aws-global"):
        return ""
    if not REGION.is_fitting(text):
        raise MalformedFinding(f"{what} is no Region of AWS")
    return text


def read_control(value: Any, what: str) -> str:
    """What a tool calls a check, or nothing. Raises MalformedFinding."""
    text = read_text(value, what, 2_000).strip()
    if text and not _CONTROL.fullmatch(text):
        raise MalformedFinding(f"{what} is no name of a check")
    return text


def read_time(value: Any) -> str:
    """A time as its source writes it; nothing for what is none, since nothing hangs on it."""
    return value if isinstance(value, str) and len(value) <= 40 and _TIME.fullmatch(value) else ""


def read_sentence(value: Any) -> str:
    """Advice for a reader, on one line and cut; nothing for what is no text."""
    text = fold_to_line(value[:2_000]) if isinstance(value, str) else ""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def read_tags(value: Any) -> dict[str, str]:
    """Tags: a map of texts, or a list of `Key` and `Value` in any spelling, or of `key=value`."""
    found: dict[str, str] = {}
    rows = list(value.items()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    for row in rows[:_MOST_TAGS]:
        key, text = _read_tag(row)
        if isinstance(key, str) and isinstance(text, str) and 0 < len(key) <= 512 and len(text) <= LONGEST_ID:
            found.setdefault(key, text)
    return found


def _read_tag(row: Any) -> tuple[Any, Any]:
    if isinstance(row, tuple):
        return row
    if isinstance(row, str):
        key, _, text = row.partition("=")
        return key.strip(), text.strip()
    if isinstance(row, Mapping):
        lower = {str(key).lower(): value for key, value in row.items()}
        return lower.get("key", lower.get("name")), lower.get("value")
    return None, None


def read_severity(value: Any) -> str:
    """The word for a severity in small letters; nothing for what is none."""
    word = str(value).strip().lower() if isinstance(value, str) else ""
    word = {"info": "informational", "fatal": "critical", "moderate": "medium"}.get(word, word)
    return word if word in SEVERITIES else ""


def parse_arn(text: str) -> re.Match[str] | None:
    """An ARN in its parts (`service`, `region`, `account`, `rest`), None for anything else."""
    return _ARN.fullmatch(text) if len(text) <= LONGEST_ID else None


def check_ownership(resource: str, account: str) -> None:
    """See that an ARN is of the account that the finding names. Raises MalformedFinding."""
    if resource.startswith("arn:") and parse_arn(resource) is None:
        raise MalformedFinding("its resource is no ARN, though it begins like one")
    arn = parse_arn(resource)
    owner = (arn["account"] or "") if arn is not None else ""
    if account and owner.isdecimal() and owner != account:
        raise MalformedFinding("its resource is of another account than it says")


_OF_SERVICES: Final = {
    "ecs:task-definition": "awsecstaskdefinition", "ecs:service": "awsecsservice",
    "ecs:cluster": "awsecscluster", "ecr:repository": "awsecrrepository", "eks:cluster": "awsekscluster",
    "rds:db": "awsrdsdbinstance", "rds:cluster": "awsrdsdbcluster", "iam:role": "awsiamrole",
    "iam:policy": "awsiampolicy", "kms:key": "awskmskey", "ec2:security-group": "awsec2securitygroup",
    "ec2:instance": "awsec2instance", "ec2:volume": "awsec2volume",
    "ec2:launch-template": "awsec2launchtemplate", "dynamodb:table": "awsdynamodbtable",
    "elasticfilesystem:file-system": "awsefsfilesystem", "logs:log-group": "awslogsloggroup",
    "elasticloadbalancing:loadbalancer": "awselasticloadbalancingv2loadbalancer",
    "elasticloadbalancing:listener": "awselasticloadbalancingv2listener",
    "batch:job-definition": "awsbatchjobdefinition", "secretsmanager:secret": "awssecretsmanagersecret",
    "cloudtrail:trail": "awscloudtrailtrail",
}  # fmt: skip
"""What an ARN is of. Source: the service authorization reference's tables of resource types."""


_OBJECT: Final = re.compile(
    r"(?:(?:^|[/:])(?P<before>[a-z0-9-]{1,63})/|^|[/:])"
    r"(?P<kind>Deployment|StatefulSet|DaemonSet|ReplicaSet|CronJob|Job|Pod|Namespace|Ingress|ServiceAccount)"
    r"/(?:(?P<namespace>[a-z0-9-]{1,63})/)?(?P<name>[a-z0-9][a-z0-9.-]{0,252})$",
    re.IGNORECASE,
)
"""An object of Kubernetes in an id: `Deployment/shop/web`, `shop/Deployment/web`."""


def find_namespace(resource: str) -> str:
    """The namespace that an object's id says; nothing where it says none."""
    found = _OBJECT.search(resource) if parse_arn(resource) is None else None
    return (found["namespace"] or found["before"] or "") if found else ""


def name_resource(resource: str) -> tuple[str, tuple[str, ...]]:
    """The kind and the names of a resource, by its ARN: `orders` of `…:task-definition/orders:7`."""
    arn = parse_arn(resource)
    if arn is None:
        found = _OBJECT.search(resource)
        return (found["kind"].lower(), (found["name"],)) if found else ("", ())
    if arn["service"] == "s3":
        return "awss3bucket", (arn["rest"].partition("/")[0],)
    what, mark, name = _split_rest(arn["rest"])
    kind = _OF_SERVICES.get(f"{arn['service']}:{what}", "")
    if arn["service"] in ("ecs", "batch"):
        name = name.partition(":")[0] if "definition" in what else name
    if kind in ("awsecsservice", "awsiamrole", "awsiampolicy"):
        name = name.rpartition("/")[2]
    if kind.startswith("awselasticloadbalancing"):
        classic = "/" not in name
        kind = "awselasticloadbalancingloadbalancer" if classic else kind
        name = name if classic else name.split("/")[1]
    if kind == "awslogsloggroup":
        name = name.removesuffix(":*")
    if kind == "awssecretsmanagersecret":
        return kind, tuple(dict.fromkeys((re.sub(r"-[A-Za-z0-9]{6}$", "", name), name)))
    return kind, (name,) if mark and name else ()


def _split_rest(rest: str) -> tuple[str, str, str]:
    """`task-definition`, `/` and the name; the mark is whichever comes first."""
    found = re.match(r"([a-z0-9-]{1,60})([/:])(.*)", rest)
    return (found[1], found[2], found[3]) if found else (rest, "", "")
