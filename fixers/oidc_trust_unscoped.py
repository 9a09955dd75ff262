"""A role that takes any token of GitHub or of a cluster is everybody's who can get one; `sub` says whose."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.edit.change import Change, Replace
from fixbot.edit.tree import CannotEdit, Node, NodeKind
from fixbot.iam.policies.explanations import describe_policy, name_policy
from fixbot.iam.policies.identities import ROLE
from fixbot.iam.policies.policy_changes import add_tests
from fixbot.iam.policies.snippets import format_condition
from fixbot.iam.policies.token_callers import ACCOUNT, PROVIDER, TokenCallers, find_token_callers
from fixbot.iam.policies.web_identity import Issuer, WebIdentityTrust, names_any_tenant, read_web_identity
from fixbot.lens import Module, Policy, Resource, ResourceType, Subject, text_of
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, report
from fixbot.rules.context import Context
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code

AUDIENCE = "sts.amazonaws.com"
_WHO = {
    Issuer.GITHUB: "a workflow of any repository on GitHub",
    Issuer.EKS: "any pod of the cluster",
    Issuer.SHARED: "any customer of the identity provider",
    Issuer.OWN: "everybody with a token of the identity provider",
    Issuer.UNKNOWN: "everybody with a token of the identity provider",
}
_MODULES = "terraform-aws-modules/iam/aws//modules/"
MODULE = ResourceType(
    "role", "roles",
    modules={
        f"{_MODULES}iam-role": Module({"Subjects": "oidc_wildcard_subjects"}),
        f"{_MODULES}iam-github-oidc-role": Module({"Subjects": "subjects"}),
    },
)  # fmt: skip


def _find_wide_subject(module: Subject, _world: Context) -> Node | None:
    items = module.slot("Subjects").items
    return next((each for each in items if names_any_tenant((each.text or "").removeprefix("repo:"))), None)


find_wide_input = report(
    _find_wide_subject,
    words=Words(
        problem="lets a workflow of any repository of an owner take it", change="", effect="", why=""
    ),
    instead="Which repositories may take {who}, a person has to say: name each, as `OWNER/REPOSITORY:*`.",
)
_OWNED = "a workflow of any repository of an owner"
_EXAMPLES = {
    Issuer.GITHUB: "repo:OWNER/REPOSITORY:environment:production",
    Issuer.EKS: "system:serviceaccount:NAMESPACE:NAME",
}
_EVENTS = build_command(
    "aws", "cloudtrail", "lookup-events", "--lookup-attributes",
    "AttributeKey=EventName,AttributeValue=AssumeRoleWithWebIdentity",
    note="who took roles with a token in the last 90 days",
)  # fmt: skip


def find_unscoped_trust(subject: Policy | Resource, world: Context) -> Iterator[Found]:
    """Trust in a provider's tokens whatever their `sub`, or whomever they were made for."""
    if isinstance(subject, Resource):
        yield from find_wide_input(subject, world)
    elif subject.kind == "trust":
        yield from _find_in_policy(subject, world)


def _find_in_policy(policy: Policy, world: Context) -> Iterator[Found]:
    for statement in policy.statements:
        trust = read_web_identity(statement, list(_list_providers(policy, world)))
        wrong = "" if trust is None else _name_fault(trust)
        if trust is None or not wrong:
            continue
        yield Found(
            statement.node, statement.title, f"{policy.address}/{statement.sid or trust.issuer.value}", wrong,
            f"{statement.title} {_describe_problem(trust, wrong)}",
            _choose_outcome(trust, wrong, find_token_callers(policy, world), world),
            subject=name_policy(policy), policy=policy.address, severity=_choose_severity(trust, wrong),
        )  # fmt: skip


def _list_providers(policy: Policy, world: Context) -> Iterator[tuple[str, str]]:
    for each in world.resources_beside(policy, PROVIDER):
        url = each.slot("Url").found
        yield each.address, text_of(url) or "" if url is not None else ""


def _name_fault(trust: WebIdentityTrust) -> str:
    if trust.tests is None or not trust.is_scoped:
        return "sub" if trust.issuer is not Issuer.OWN or not trust.tests_of("aud") else ""
    shared = trust.issuer in (Issuer.GITHUB, Issuer.EKS)
    return "aud" if shared and not trust.tests_of("aud") else ""


def _describe_problem(trust: WebIdentityTrust, wrong: str) -> str:
    if wrong == "aud":
        return "takes tokens that were made for something else than AWS"
    if trust.tests is None:
        return "may take any token of its identity provider"
    owned = trust.issuer is Issuer.GITHUB and trust.names_owner
    return f"lets {_OWNED if owned else _WHO[trust.issuer]} take its role"


def _choose_severity(trust: WebIdentityTrust, wrong: str) -> Severity:
    if wrong == "aud":
        return Severity.LOW
    own = trust.issuer in (Issuer.OWN, Issuer.UNKNOWN) or trust.tests is None or trust.names_owner
    return Severity.MEDIUM if own else Severity.HIGH


def _choose_outcome(trust: WebIdentityTrust, wrong: str, callers: TokenCallers, world: Context) -> Outcome:
    if trust.tests is None:
        return Refusal(
            f"The Condition of {trust.statement.title} is computed: whose tokens it takes is not known here."
        )
    added = [] if trust.tests_of("aud") else [("StringEquals", "aud", AUDIENCE)]
    who = ""
    if wrong == "sub":
        found = _find_subject(trust, callers, world)
        if not isinstance(found, str):
            return found
        who = found
        exact = "StringEquals" if trust.issuer is Issuer.EKS else "StringLike"
        added = [(exact, "sub", who), *added]
    try:
        changes = tuple(_build_changes(trust, added))
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return _build_fix(trust, who, callers, changes)


def _find_subject(trust: WebIdentityTrust, callers: TokenCallers, world: Context) -> str | Manual | Refusal:
    """The `sub` of what takes the role, where this repository names exactly one."""
    if trust.issuer is Issuer.EKS and callers.accounts:
        if len(callers.accounts) > 1 or not callers.accounts[0]:
            return Refusal(
                f"Several service accounts take role {callers.role} "
                f"({', '.join(filter(None, callers.accounts))}), or one whose namespace is filled in later. "
                "Name each in `sub`, or give each a role of its own."
            )
        return f"system:serviceaccount:{callers.accounts[0].replace('/', ':')}"
    if trust.issuer is Issuer.GITHUB and callers.workflows and world.surroundings.repository:
        return f"repo:{world.surroundings.repository}:*"
    return _explain(trust, "", "nothing in this repository does")


def _explain(trust: WebIdentityTrust, who: str, why: str) -> Manual:
    key = f"{trust.host or 'ISSUER'}:sub"
    value = who or _EXAMPLES.get(trust.issuer, "SUBJECT")
    operator = "StringLike" if "*" in value else "StringEquals"
    return Manual(
        f"Who may take the role, a person has to say: {why}. Ask for the token's `sub`: "
        f"{format_condition(trust.statement.policy, operator, key, [value])}."
    )


def _build_changes(trust: WebIdentityTrust, added: list[tuple[str, str, str]]) -> Iterator[Change]:
    """The tests that come; one that takes everybody gets its new value where it stands."""
    for operator, claim, value in added:
        wide = next((each for each in trust.tests_of(claim) if trust.is_wide(each)), None)
        if wide is not None:
            listed = wide.values.kind is NodeKind.LIST and wide.values.tag is None
            yield Replace(wide.values, [value] if listed else value)
        elif not trust.host or ("${" in trust.host and not trust.statement.policy.in_blocks):
            raise CannotEdit(f"what the key of the test on {mark_code(claim)} begins with is computed")
        else:
            yield from add_tests(trust.statement, [(operator, f"{trust.host}:{claim}", value)])


def _build_fix(trust: WebIdentityTrust, who: str, callers: TokenCallers, changes: tuple[Change, ...]) -> Fix:
    policy = trust.statement.policy
    named = describe_policy(policy)
    subject = mark_code(who)
    if not who:
        return Fix(
            changes, who=named, before="tokens for any audience", after=f"`aud` is {mark_code(AUDIENCE)}",
            gist="{who} {takes|take} tokens only that were made for AWS.",
            effect=f"A workflow or pod that asks for another audience than {mark_code(AUDIENCE)} is refused.",
            why="A token that was made for another service, which could keep it, may open {who} too.",
            unknown="Which audience is asked for where {who} {is|are} taken from elsewhere is not known.",
            commands=(_EVENTS,),
        )  # fmt: skip
    if trust.issuer is Issuer.GITHUB:
        where = ", ".join(map(mark_code, callers.workflows))
        effect = f'Workflows of other repositories get "AccessDenied"; {where} goes on working.'
        why = "Whoever has an account on GitHub can write a workflow that takes {who}: a token costs nothing."
    else:
        effect = f'Pods with another service account than {subject} get "AccessDenied".'
        why = "Whoever gets into any pod of the cluster, the least important one too, can take {who}."
    return Fix(
        changes, who=named, before=_OWNED if trust.names_owner else _WHO[trust.issuer],
        after=f"`sub` is {subject}",
        gist=f"{{who}} {{takes|take}} tokens only whose `sub` is {subject}.", effect=effect, why=why,
        unknown="Who else takes {who}, from outside of this repository, is not known.", commands=(_EVENTS,),
    )  # fmt: skip


rule = Rule(
    title="Say whose tokens {subject} takes",
    many="Say whose tokens {count} roles in {folder} take",
    topic="trust",
    severity=Severity.HIGH,
    controls={"cis-eks": ("5.2.1",), "nist-800-190": ("4.3.2",)},
    looks_at=(Policy, MODULE),
    beside=(ROLE, PROVIDER, ACCOUNT),
    check=find_unscoped_trust,
    profiles=ESSENTIAL,
    discloses=True,
    peers={"checkov": ("CKV_AWS_358", "CKV_AWS_393")},
)
