"""Names and ARNs of secrets, made only of what a file says itself (or the settings, where it doesn't).

ECS takes the full ARN of a secret, or a parameter's name in the task's own Region; behind the ARN it
takes `:json-key:version-stage:version-id`, all three colons written (ECS developer guide,
"Pass Secrets Manager secrets through Amazon ECS environment variables").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fixbot.lens import Task
from fixbot.secret_stores.secret_leaks import text_as_written
from fixbot.settings import Settings

_ARN = re.compile(r"arn:(?P<partition>[^:\s]+):(?P<service>[\w-]+):(?P<region>[^:\s]*):(?P<account>[^:\s]*):")
_ECR = re.compile(
    r"(?P<account>[^./\s]+)\.dkr\.ecr(?:-fips)?\.(?P<region>[^.\s]+)\.(?:amazonaws\.com(?P<china>\.cn)?|on\.aws)/"
)
_OF_AWS = frozenset(("840364872350", "906394416424", "602401143452", "763104351884", "709825985650"))
"""Accounts whose registries hold images of AWS: App Mesh's Envoy, Fluent Bit, EKS add-ons, deep learning
containers, the Marketplace (each service's own page names its registry)."""
_REGION_OPTIONS = ("awslogs-region", "region", "aws_region")
_HOLE = re.compile(r"(\$\{[A-Za-z_][\w.-]*\}|\{\{ ?[\w.-]+ ?\}\}|<[A-Za-z_][\w.-]*>)")
"""A placeholder, as templates of task definitions have them."""
_FILLED = r"\$\{[A-Za-z_][\w.:-]*\}|\{\{ ?[\w.-]+ ?\}\}|<[A-Za-z_][\w.-]*>|@{0,2}[A-Z_][A-Z0-9_]{2,63}@{0,2}"
_PLACES = {
    "partition": re.compile(rf"aws(?:-[a-z]+)*|{_FILLED}"),
    "region": re.compile(rf"[a-z]{{2,8}}(?:-[a-z]{{2,16}}){{1,3}}-\d{{1,2}}|{_FILLED}"),
    "account": re.compile(rf"\d{{12}}|{_FILLED}"),
}
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_FULL = re.compile(r"(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::.*)?")


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """Partition, Region and account, each as a file writes it (`${AccountId}` is fine), or None."""

    partition: str | None = None
    region: str | None = None
    account: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether an ARN can be written."""
        return None not in (self.partition, self.region, self.account)

    def build_arn(self, service: str, rest: str) -> str:
        """An ARN; what isn't known is a `*`, which only policies take."""
        return f"arn:{self.partition or 'aws'}:{service}:{self.region or '*'}:{self.account or '*'}:{rest}"


def find_aws_place(task: Task, settings: Settings) -> AwsPlace:
    """What the task's own texts say, the best witness first; the settings last."""
    found = without_invalid(AwsPlace(task.partition, task.region, task.account))
    for witness in (
        *map(without_invalid, _iterate_witnesses(task)),
        AwsPlace(settings.partition, settings.region, settings.account),
    ):
        found = AwsPlace(
            found.partition or witness.partition,
            found.region or witness.region,
            found.account or witness.account,
        )
    if found.partition is None and found.region is not None and found.account is not None:
        return AwsPlace(partition_of(found.region), found.region, found.account)
    return found


def without_invalid(found: AwsPlace) -> AwsPlace:
    """The same without what AWS has no such partition, Region or account for: it is not known then."""
    return AwsPlace(
        *(
            text if text is not None and rule.fullmatch(text) else None
            for text, rule in (
                (found.partition, _PLACES["partition"]),
                (found.region, _PLACES["region"]),
                (found.account, _PLACES["account"]),
            )
        )
    )


def _iterate_witnesses(task: Task) -> Iterator[AwsPlace]:
    for service in ("secretsmanager", "ssm"):
        yield from (_place_from_arn(text) for text in _iterate_references(task) if f":{service}:" in text)
    role = text_as_written(task.execution_role)
    if role is not None:
        yield _place_from_arn(role)
    if (text := text_as_written(task.get("taskRoleArn"))) is not None:
        yield _place_from_arn(text)
    for container in task.containers:  # a task logs where it runs; its image may come from anywhere
        options = container.get("logConfiguration.options")
        for name in _REGION_OPTIONS:
            region = text_as_written(options.find_node(name)) if options is not None else None
            if region:
                yield AwsPlace(None, region, None)
    yield _place_from_images(task)


def _iterate_references(task: Task) -> Iterator[str]:
    for container in task.containers:
        node = container.node.find_node(container.spelling.key("secrets"))
        for each in node.walk_tree() if node is not None else ():
            if (text := text_as_written(each)) is not None:
                yield text


def _place_from_arn(text: str) -> AwsPlace:
    match = _ARN.match(text)
    if match is None:
        return AwsPlace()
    return AwsPlace(match["partition"], match["region"] or None, match["account"] or None)


def _place_from_images(task: Task) -> AwsPlace:
    """What the images' registries agree upon; those of AWS itself tell nothing of whose account this is."""
    hosts = [
        found for each in task.containers if (found := _ECR.match(text_as_written(each.get("image")) or ""))
    ]
    accounts = {host["account"] for host in hosts} - _OF_AWS
    regions = {host["region"] for host in hosts}
    return AwsPlace(
        "aws-cn" if any(host["china"] for host in hosts) else None,
        regions.pop() if len(regions) == 1 else None,
        accounts.pop() if len(accounts) == 1 else None,
    )


def partition_of(region: str) -> str:
    """The partition of a Region; its name begins with the partition's own mark outside `aws`."""
    known = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
    return next((name for mark, name in known.items() if region.startswith(mark)), "aws")


def build_store_name(prefix: str, family: str, *, holes: bool = False) -> str:
    """A secret's name. One that ends in a hyphen and six characters can't be found by a partial ARN.

    `holes`: whether the family may have placeholders, which the file's own templating fills in.
    """
    parts = _HOLE.split(family) if holes else [family]
    kept = (each if at % 2 else build_store_part(each) for at, each in enumerate(parts))
    name = build_store_part(prefix) + "".join(kept)
    return f"{name}-secrets" if _SUFFIX.search(name) else name


def build_store_part(text: str) -> str:
    """A part of a secret's name: what Secrets Manager does not take is a hyphen."""
    return re.sub(r"[^A-Za-z0-9/_+=.@-]", "-", text)


def build_parameter_name(name: str) -> str:
    """A secret's name as Parameter Store takes it, which knows fewer characters."""
    parts = _HOLE.split(name)
    return "".join(each if at % 2 else re.sub(r"[+=@]", "-", each) for at, each in enumerate(parts))


def secret_arn_of(arn: str) -> str:
    """The ARN of the secret that a `valueFrom` names, without key, stage and version."""
    match = _FULL.fullmatch(arn)
    return match[1] if match else arn


def build_key_reference(arn: str, key: str) -> str:
    """`valueFrom` for one key of a secret that holds JSON."""
    return f"{arn}:{key}::"
