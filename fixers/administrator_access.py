"""Who may do everything, or may make themselves able to, is one leaked key away from owning the account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from fixbot.edit.tree import CannotEdit, Node, NodeKind
from fixbot.iam.escalation import allows_by_exclusion, allows_everything, find_escalating
from fixbot.iam.policies.allowed_actions import find_allowed, replace_actions
from fixbot.iam.policies.attack_paths import describe_path, find_entrance, is_for_deploying
from fixbot.iam.policies.explanations import describe_policy, format_names, name_policy
from fixbot.iam.policies.identities import ROLE, find_roles_of
from fixbot.iam.policies.policy_data import Data, read_statement_data
from fixbot.lens import Policy, Resource, ResourceType, Statement, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context

USER = ResourceType(
    "user", "users", "AWS::IAM::User", "aws_iam_user", name="UserName", renamed={"UserName": "name"}
)
GROUP = ResourceType(
    "group", "groups", "AWS::IAM::Group", "aws_iam_group", name="GroupName", renamed={"GroupName": "name"}
)
FUNCTION = ResourceType("function", "functions", "AWS::Serverless::Function")
ATTACHMENTS: Final = tuple(
    ResourceType("attachment", "attachments", terraform=f"aws_iam_{kind}policy_attachment")
    for kind in ("role_", "user_", "group_", "")
)
PERMISSION_SET = ResourceType("permission set", "permission sets", "AWS::SSO::PermissionSet", name="Name")
_ACCOUNTS: Final = "system:serviceaccount"
_RBAC: Final = "rbac.authorization.k8s.io"
BINDINGS: Final = (
    ResourceType("ClusterRoleBinding", "ClusterRoleBindings", kubernetes=f"{_RBAC}/ClusterRoleBinding"),
    ResourceType("RoleBinding", "RoleBindings", kubernetes=f"{_RBAC}/RoleBinding"),
)
CLUSTER_ROLES: Final = (
    ResourceType("ClusterRole", "ClusterRoles", kubernetes=f"{_RBAC}/ClusterRole"),
    ResourceType("Role", "Roles", kubernetes=f"{_RBAC}/Role"),
)
_MANAGED: Final = {
    "AdministratorAccess": Severity.CRITICAL,
    "IAMFullAccess": Severity.CRITICAL,
    "PowerUserAccess": Severity.MEDIUM,
}
"""Policies of AWS by which everything is allowed, or all but IAM."""
_PLACES: Final = {
    **dict.fromkeys(ATTACHMENTS, "PolicyArn"), FUNCTION: "Policies", PERMISSION_SET: "ManagedPolicies",
}  # fmt: skip
"""Where managed policies stand, if not in `ManagedPolicyArns`."""
_NAMED: Final = re.compile(
    r"(?:.*:policy/)?(?:[\w-]+/)*(AdministratorAccess|IAMFullAccess|PowerUserAccess)\"?"
)
_USED: Final = (
    "What it has used IAM says (`aws iam generate-service-last-accessed-details`); allow that, and bound "
    "what it can ever be given by a `permissions_boundary`."
)


def find_administrators(subject: Policy | Resource, world: Context) -> Iterator[Found]:
    """Statements, attachments and bindings through which everything is allowed, or can be."""
    if isinstance(subject, Policy):
        if subject.kind == "identity":
            yield from _find_in_policy(subject, world)
    elif subject.type in BINDINGS:
        yield from _find_in_binding(subject)
    elif subject.type in CLUSTER_ROLES:
        yield from _find_in_cluster_role(subject)
    else:
        yield from _find_managed(subject)


def _find_in_policy(policy: Policy, world: Context) -> Iterator[Found]:
    for statement in policy.statements:
        data = read_statement_data(statement)
        excluded, actions = allows_by_exclusion(data), find_escalating(data)
        if allows_everything(data):
            wrong, problem = "*", "allows everything"
        elif excluded:
            wrong, problem = excluded, f"allows all that it doesn't name ({excluded})"
        elif actions:
            wrong, problem = "escalation", f"lets its holder get more ({_list_some(actions)})"
        else:
            continue
        if is_for_deploying(policy, world):
            problem += ", as the role of what deploys"
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or wrong}", wrong,
            f"{statement.title} {problem}", partial(_choose_outcome, statement, data, actions, world),
            subject=name_policy(policy), policy=policy.address,
            severity=_weigh(policy, data, Severity.CRITICAL if wrong == "*" else Severity.HIGH, world),
        )  # fmt: skip


def _list_some(actions: Sequence[str]) -> str:
    """The first of some actions, and how many more there are."""
    rest = len(actions) - 2
    return ", ".join(actions[:2]) + (f" and {rest} more" if rest > 0 else "")


def _weigh(policy: Policy, data: Data, severity: Severity, world: Context) -> Severity:
    """A boundary caps it, and so may a condition; code of a task, pod or instance makes it worst."""
    if any(role.slot("PermissionsBoundary").found is not None for role in find_roles_of(policy, world)):
        return min(severity, Severity.HIGH)
    if data.get("Condition") is not None:
        return min(severity, Severity.MEDIUM)
    return Severity.CRITICAL if severity is Severity.HIGH and find_entrance(policy, world) else severity


def _choose_outcome(statement: Statement, data: Data, actions: Sequence[str], world: Context) -> Outcome:
    policy = statement.policy
    name, allowed = find_allowed(policy, world)
    if allowed and "NotAction" not in data and "NotResource" not in data:
        everything = allows_everything(data)
        try:
            changes, new = replace_actions(
                statement, data, allowed, lambda e: e in ("*", "*:*") if everything else e.lower() == "iam:*"
            )
        except CannotEdit as why:
            return Refusal(f"There is no exact edit here: {why}.")
        return Fix(
            changes, who=describe_policy(policy), before="everything", after=format_names(new),
            gist=f"{{who}} {{allows|allow}} {format_names(new)}, and no longer everything.",
            effect='Every other call through {who} fails with "AccessDenied".',
            why=f"Whoever gets hold of {{who}} owns the account. {describe_path(policy, actions, world)}",
            unknown=f"Whether `allowed_actions` of {name} names all that is used is not known.",
        )  # fmt: skip
    if "NotResource" in data:
        return Manual(
            f"{statement.title} allows its actions on all that it doesn't name, whatever is made later. "
            f"Name what they are for. {_USED}"
        )
    return Manual(f"The way of an attacker: {describe_path(policy, actions, world)} {_USED}")


def _find_managed(resource: Resource) -> Iterator[Found]:
    for node in _list_policies(resource):
        named = _NAMED.fullmatch(_read_arn(node))
        if named is not None:
            yield Found(
                node, resource.title, f"{resource.address}/{named[1]}", named[1],
                f"{resource.title} has the policy {named[1]} of AWS", Manual(
                    f"Whoever gets hold of its credentials has the rights of {named[1]}. {_USED}"
                ), subject=resource.subject, severity=_MANAGED[named[1]],
            )  # fmt: skip


def _list_policies(resource: Resource) -> Iterator[Node]:
    """Where managed policies are named, by ARN or, in SAM, by name."""
    key = _PLACES.get(resource.type, "ManagedPolicyArns")
    found = resource.node.find_node(*resource.type.path(resource.dialect, key))
    if found is not None:
        yield from found.items if found.kind is NodeKind.LIST else [found]


def _read_arn(node: Node) -> str:
    """An ARN as text, whatever fills its parts in; of what is put together the part that names the policy."""
    parts = [str(each.value).strip('"') for each in node.walk_tree() if isinstance(each.value, str)]
    return next((each for each in parts if "policy/" in each), parts[0] if len(parts) == 1 else "")


def _find_in_binding(binding: Resource) -> Iterator[Found]:
    role = binding.slot("roleRef.name")
    subjects = binding.slot("subjects").items
    names = [text_of(each.find_node("name")) or "" for each in subjects]
    own = [each.startswith("system:") and not each.startswith(_ACCOUNTS) for each in names]
    if role.value != "cluster-admin" or binding.name.startswith("system:") or (own and all(own)):
        return
    accounts = [text_of(each.find_node("kind")) == "ServiceAccount" for each in subjects]
    whole = binding.type is BINDINGS[0]
    where = "the cluster" if whole else "its namespace"
    who = ", ".join(filter(None, names)) or "its subjects"
    yield Found(
        role.node, binding.title, binding.address, "cluster-admin",
        f"{binding.title} makes {who} administrators of {where}", Manual(
            f"Whoever gets into a pod or session of theirs reads every secret of {where} and starts what "
            "they like. Bind a role with the verbs and resources that are used (`kubectl auth can-i "
            "--list`), or `view` or `edit` in the namespaces that are meant."
        ), subject=binding.subject, severity=(
            (Severity.CRITICAL if any(accounts) else Severity.HIGH) if whole else Severity.MEDIUM
        ),
    )  # fmt: skip


def _find_in_cluster_role(role: Resource) -> Iterator[Found]:
    if role.name.startswith("system:"):
        return
    for rule_ in role.slot("rules").items:
        held = {
            key: [each.text for each in rule_.list_items(key)] for key in ("verbs", "resources", "apiGroups")
        }
        if "*" in held["verbs"] and "*" in held["resources"]:
            yield Found(
                rule_, role.title, role.address, "*",
                f"{role.title} allows every verb on every resource", Manual(
                    "It is as good as cluster-admin for whoever is bound to it: secrets, pods and roles "
                    "among them. Name the resources and verbs that are used (`kubectl auth can-i --list`)."
                ), subject=role.subject, severity=Severity.HIGH,
            )  # fmt: skip
            return


rule = Rule(
    title="Let {subject} do what is needed, not everything",
    topic="iam-scope",
    severity=Severity.CRITICAL,
    controls={
        "fsbp": ("IAM.1",), "cis-aws": ("2.14",), "cis-eks": ("4.1.1", "4.1.3"),
        "cis-k8s": ("5.1.1", "5.1.3"), "nist-800-190": ("4.3.1",),
        "nist-800-53": ("AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6", "AC-6(2)",
                        "AC-6(3)", "AC-6(10)"),
    },
    looks_at=(Policy, ROLE, USER, GROUP, FUNCTION, PERMISSION_SET, *ATTACHMENTS, *BINDINGS, *CLUSTER_ROLES),
    check=find_administrators,
    default_safety=Safety.MANUAL,
    peers={
        "checkov": ("CKV_AWS_1", "CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_274", "CKV_AWS_275", "CKV_AWS_110",
                    "CKV_AWS_286", "CKV2_AWS_56", "CKV2_AWS_40", "CKV_K8S_49"),
        "trivy": ("KSV-0044", "KSV-0046", "KSV-0111"),
        "kube-linter": ("cluster-admin-role-binding", "wildcard-in-rules"),
        "polaris": ("clusterrolebindingClusterAdmin",),
    },
)  # fmt: skip
