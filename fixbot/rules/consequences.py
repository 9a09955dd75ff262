"""What a fix comes to where it is deployed: what restarts, who loses access, how to go back. For any rule.

A rule that knows better says so in its fix; this is what follows from the thing itself, from the schemas'
word on whether a property can be changed in place, and from what the policies beside it reach.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from fixbot.lens import Container, Policy, Resource, Subject, Task, Update
from fixbot.model.findings import Fix, Safety
from fixbot.model.proposal_facts import NOTHING, join_names
from fixbot.rules.context import Context
from fixbot.rules.words import SAME_CALLERS
from fixbot.text.markdown_escape import mark_code

_TASKS: Final = {
    "ecs": "{who}: tasks are replaced at the next deployment, by a new revision.",
    "batch": "{who}: jobs from the next revision on; those that run go on.",
}
_REPLACED: Final = "{who}: pods are replaced as soon as it is applied."
_STAY: Final = "{who}: new pods only; those that run stay until they are deleted."
_WORKLOADS: Final = {
    "Deployment": _REPLACED,
    "StatefulSet": _REPLACED,
    "DaemonSet": _REPLACED,
    "Pod": "{who} {goes|go} down: a Pod's spec can't be changed, so it is deleted and made anew.",
    "Job": "{who} {goes|go} down: a Job's spec can't be changed, so it is deleted and made anew.",
    "CronJob": "{who}: from the next run on; what runs goes on.",
    "ReplicaSet": _STAY,
    "ReplicationController": _STAY,
}
"""What a changed pod template does. Source: Kubernetes documentation, the page of each workload."""
_LATER: Final = "{who}: only new instances; those that run keep what they have until they are replaced."
_RUNNING: Final = {
    "AWS::AutoScaling::LaunchConfiguration": _LATER,
    "AWS::EC2::LaunchTemplate": _LATER,
    "AWS::EKS::Nodegroup": "{who}: nodes are replaced one after another, and their pods move.",
}
"""Where a change in place reaches what runs later or not at all. Source: CloudFormation's reference."""
_MAKE_AGAIN: Final = {
    "ecs": "Revert the merge and register the file again: {who} {gets|get} a revision as before.",
    "cloudformation": "Revert the merge and update the stack: {who} {is|are} as before.",
    "terraform": "Revert the merge and run `terraform apply`: {who} {is|are} as before.",
    "kubernetes": "Revert the merge and apply the file again: {who} {is|are} as before.",
}
_PUT_AGAIN: Final = "Revert the merge and put the document again: {who} {is|are} as before."
_NAMED: Final = re.compile(
    r"arn:aws[\w-]*:s3:::(?P<bucket>[\w.*-]+)|arn:aws[\w-]*:secretsmanager:[^:\"\s]*:[^:\"\s]*:secret:"
    r"(?P<secret>[\w/*-]+)|\baws_(?P<kind>s3_bucket|secretsmanager_secret)\.(?P<name>[\w-]+)"
)
"""Buckets and secrets that a policy names, by ARN or as Terraform's resources."""
_MOST_NAMES: Final = 3


def add_consequences(subject: Subject, fix: Fix, world: Context) -> Fix:
    """The fix with its evidence: what the rule left open is filled in."""
    whole = subject.task if isinstance(subject, Container) else subject
    return replace(
        fix,
        whole=whole.called,
        restarts=fix.restarts or _describe_restart(whole),
        access=fix.access or _describe_access(subject, fix, world),
        undo=fix.undo or _describe_undo(whole, fix),
    )


def describe_update(resource: Resource, update: Update, name: str) -> str:
    """What a change of a resource's properties does to it, by the schema; `name` is the worst of them."""
    if resource.type.cloudformation in _RUNNING:
        return _RUNNING[resource.type.cloudformation]
    match update:
        case Update.REPLACEMENT:
            return f"{{who}} {{is|are}} made anew, for {mark_code(name)} can't be changed in place."
        case Update.UNKNOWN:
            return f"Whether {{who}} {{is|are}} made anew for {mark_code(name)}, `terraform plan` says."
        case _:
            return f"{NOTHING}{{who}} {{is|are}} changed in place, without a replacement."


def _describe_restart(whole: Subject) -> str:
    match whole:
        case Task():
            return _TASKS.get(whole.kind) or _WORKLOADS.get(
                whole.workload, "{who}: pods that start after it is applied."
            )
        case Policy():
            return f"{NOTHING}the next call through {{who}} is judged by what it then says."
        case Resource() if whole.dialect == "kubernetes":
            return f"{NOTHING}{{who}} {{is|are}} changed in place when the file is applied."
        case Resource() if whole.dialect == "terraform":
            return "Whether {who} {is|are} made anew, `terraform plan` says."
        case Resource():
            return describe_update(whole, Update.NONE, "")
    return "Whether {who} {restarts|restart} is not known."


def _describe_access(subject: Subject, fix: Fix, world: Context) -> str:
    if fix.stores:
        return (
            "Who reads the file, or what was deployed of it, no longer sees the value; {who} {gets|get} it "
            "at the start."
        )
    reach = _describe_reach(subject, world)
    if fix.safety is Safety.SAFE or not fix.effect:
        return f"{SAME_CALLERS.removesuffix('.')}{reach}."
    effect = fix.effect.replace("{who}", fix.who)
    lower = effect[1:2].islower() or effect[:2] == "A "
    return f"{{who}}{reach}: {effect[:1].lower() if lower else effect[:1]}{effect[1:]}"


def _describe_reach(subject: Subject, world: Context) -> str:
    """Who has a policy and what it names; or whose policies name a resource: as far as the files show it."""
    if isinstance(subject, Policy):
        roles = [each for kind, each in subject.carriers if kind in ("role", "trust")] or subject.roles
        had = f"of {_list_names(roles)}" if roles else ""
        named = _list_names(_find_named(subject, world))
        said = " ".join(filter(None, (had, f"reaches {named}" if named else "")))
        return f" ({said})" if said else ""
    if isinstance(subject, Resource):
        by_name = world.compute_once(_index_policies, lambda: _index_policies(world))
        folder, address = posixpath.dirname(subject.path), subject.address.rpartition("/")[2]
        names = _list_names(
            each.name for each in by_name.get(address, ()) if posixpath.dirname(each.path) == folder
        )
        return f" ({names} reach{'es' if names.count('`') == 2 else ''} it)" if names else ""
    return ""


def _find_named(policy: Policy, world: Context) -> Iterator[str]:
    text = world.project.documents[policy.node.root_node.source].text[policy.node.start : policy.node.end]
    for found in _NAMED.finditer(text):
        yield found["bucket"] or found["secret"] or found["name"]


def _index_policies(world: Context) -> dict[str, list[Policy]]:
    """What identities may do, by all that its text names: addresses and logical names among it."""
    found: dict[str, list[Policy]] = defaultdict(list)
    for policy in world.policies:
        for name in world.names_in(policy.node) if policy.kind != "trust" else ():
            found[name].append(policy)
    return found


def _list_names(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return join_names([mark_code(each) for each in unique]) if unique else ""


def _describe_undo(whole: Subject, fix: Fix) -> str:
    dialect = getattr(whole, "dialect", "")
    text = _PUT_AGAIN if isinstance(whole, Policy) and dialect not in _MAKE_AGAIN else _MAKE_AGAIN.get(
        dialect, _PUT_AGAIN
    )  # fmt: skip
    if fix.stores:
        return (
            f"{text}\nThe value stands in the file again then, and works until it is changed at its issuer."
        )
    if fix.files:
        made = mark_code(fix.files[0].path.rpartition("/")[2])
        return f"{text}\nWhat {made} made is deleted by hand."
    return text
