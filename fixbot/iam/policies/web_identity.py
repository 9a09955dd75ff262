"""Reads a trust in an identity provider's tokens: whose tokens, and which `sub` and `aud` they must carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fixbot.dialects.iam import unwrap_sub
from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Statement, text_of

ACTION: Final = "sts:assumerolewithwebidentity"
GITHUB: Final = "token.actions.githubusercontent.com"
_EKS: Final = re.compile(r"oidc[.-]eks\.[\w-]+\.(?:amazonaws\.com|api\.aws)")
_SHARED: Final = (
    "gitlab.com", "app.terraform.io", "agent.buildkite.com", "oidc.circleci.com", "oidc.vercel.com",
    "api.bitbucket.org", "vstoken.dev.azure.com", "oidc.fly.io", "spacelift.io", "api.pulumi.com",
)  # fmt: skip
"""Hosts whose tokens go to customers of theirs whom nobody here knows."""
_HOLE: Final = re.compile(r"\$\{[^{}]*\}")
_EQUAL: Final = re.compile(r"(?:For(?:Any|All)Values?:)?String(?:Equals|Like|EqualsIgnoreCase)(?:IfExists)?")
_TELLING: Final = ("repository", "repository_id", "job_workflow_ref", "enterprise_id")
"""Claims of GitHub that say whose workflow it is, condition keys of AWS since January 2026.

Source: AWS What's New 2026/01, "AWS STS supports validation of identity provider claims".
"""
_BUILT_IN: Final = (
    "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com",
)  # fmt: skip
"""What IAM knows without a provider of one's own; `aud` names one's own application there."""
_OF_CLUSTER: Final = re.compile(r"(?<![a-z])(?:eks|irsa)(?![a-z])")


class Issuer(Enum):
    """Whose tokens a statement trusts."""

    GITHUB = "GitHub"
    EKS = "EKS"
    SHARED = "shared"
    OWN = "own"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClaimTest:
    """One test of a Condition: `key` is as written, computed parts included; `values` is their node."""

    operator: str
    key: str
    values: Node

    @property
    def claim(self) -> str:
        """The claim's name: what stands behind the key's last colon."""
        return self.key.rpartition(":")[2].strip('"').lower()

    @property
    def host(self) -> str:
        """What stands before the claim: the provider's host and path, or what computes them."""
        return self.key.strip('"').rpartition(":")[0]

    @property
    def is_positive(self) -> bool:
        """Whether it asks for a value, and doesn't only rule some out."""
        return _EQUAL.fullmatch(self.operator) is not None

    @property
    def is_pattern(self) -> bool:
        """Whether `*` in its values is a wildcard."""
        return "Like" in self.operator

    @property
    def texts(self) -> list[str] | None:
        """Its values, computed parts as `${}`; None where they are computed as a whole."""
        node = unwrap_sub(self.values)
        items = node.items if node.kind is NodeKind.LIST and node.tag is None else [node]
        found = [_read_text(unwrap_sub(each)) for each in items]
        return None if None in found else [each for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class WebIdentityTrust:
    """A statement that lets tokens of one provider take a role."""

    statement: Statement
    issuer: Issuer
    host: str
    """What condition keys begin with, computed parts as the file has them; nothing where that isn't known."""
    tests: tuple[ClaimTest, ...] | None
    """None where the Condition is computed."""

    def tests_of(self, claim: str) -> list[ClaimTest]:
        """The tests that ask for values of a claim."""
        return [each for each in self.tests or () if each.claim == claim and each.is_positive]

    @property
    def subjects(self) -> list[ClaimTest]:
        """What is asked of `sub`, and of claims that say as much."""
        return [each for name in ("sub", *_TELLING) for each in self.tests_of(name)]

    @property
    def is_scoped(self) -> bool:
        """Whether one test, all of which must hold, lets only some of the provider's tokens in."""
        return any(not self.is_wide(each) for each in self.subjects)

    @property
    def names_owner(self) -> bool:
        """Whether a pattern of it is at least one owner's, or one namespace's."""
        texts = [text for each in self.tests_of("sub") for text in each.texts or ()]
        return bool(texts) and all(
            re.match(r"repo:[^*?/]+/|system:serviceaccount:[^*?:]+:", each) for each in texts
        )

    def is_wide(self, test: ClaimTest) -> bool:
        """Whether one of the values that a test takes is every tenant's, or every workload's."""
        texts = test.texts
        if texts is None:
            return False
        if self.issuer is Issuer.EKS:
            return test.is_pattern and any(map(_names_any_account, texts))
        wide = names_any_tenant if self.issuer is Issuer.GITHUB else _names_anybody
        return test.is_pattern and any(map(wide, texts))


def read_web_identity(statement: Statement, known: Iterable[tuple[str, str]]) -> WebIdentityTrust | None:
    """The trust that a statement gives to tokens; None for one of another kind.

    `known` are the providers that are declared beside it, by what refers to them, and their URLs.
    """
    node, blocks = statement.node, statement.policy.in_blocks
    actions = node.find_node("actions" if blocks else "Action")
    effect = node.find_node("effect" if blocks else "Effect")
    if effect is not None and text_of(effect) != "Allow":
        return None
    if actions is None or ACTION not in {(text_of(each) or "").lower() for each in actions.walk_tree()}:
        return None
    federated = " ".join(_list_federated(node, blocks=blocks))
    tests = _read_tests(node, blocks=blocks)
    issuer, host = _name_issuer(federated, tests or (), known)
    return WebIdentityTrust(statement, issuer, host, tests) if issuer is not None else None


def _list_federated(node: Node, *, blocks: bool) -> Iterator[str]:
    """All that is written where the provider is named."""
    if not blocks:
        named = node.find_node("Principal", "Federated")
        yield from _all_texts(named) if named is not None else ()
        return
    for block in node.list_items("principals"):
        if text_of(block.find_node("type")) == "Federated" and (listed := block.find_node("identifiers")):
            yield from _all_texts(listed)


def _all_texts(node: Node) -> Iterator[str]:
    yield from (str(each.value) for each in node.walk_tree() if each.value is not None)


def _name_issuer(
    federated: str, tests: Sequence[ClaimTest], known: Iterable[tuple[str, str]]
) -> tuple[Issuer | None, str]:
    """Whose tokens they are, and what condition keys begin with; None for what is no OIDC provider."""
    if not federated or "saml" in federated.lower() or federated in _BUILT_IN:
        return None, ""
    host = next((each.host for each in tests if each.host and not each.host.startswith("aws:")), "")
    if not host and (found := re.fullmatch(r"arn:aws[\w-]*:iam::[^:]*:oidc-provider/([\w./-]+)", federated)):
        host = found[1]
    named = (url for name, url in known if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", federated))
    whole = " ".join((federated, host, *named)).lower()
    asked = [text for each in tests if each.claim == "sub" for text in each.texts or ()]
    if GITHUB in whole or any(each.startswith("repo:") for each in asked):
        return Issuer.GITHUB, host or GITHUB
    accounts = any(each.startswith("system:serviceaccount:") for each in asked)
    if accounts or _EKS.search(whole) or _OF_CLUSTER.search(whole):
        return Issuer.EKS, host
    if any(each in whole for each in _SHARED):
        return Issuer.SHARED, host
    return (Issuer.OWN if host else Issuer.UNKNOWN), host


def _read_tests(node: Node, *, blocks: bool) -> tuple[ClaimTest, ...] | None:
    if blocks:
        return tuple(_read_block_tests(node))
    condition = node.find_node("Condition")
    if condition is None:
        return ()
    if condition.kind is not NodeKind.MAP or condition.tag is not None:
        return None
    groups = [(each.key, each.value) for each in condition.entries]
    if any(value.kind is not NodeKind.MAP or key.startswith("Fn::") for key, value in groups):
        return None
    return tuple(ClaimTest(key, each.key, each.value) for key, value in groups for each in value.entries)


def _read_block_tests(node: Node) -> Iterator[ClaimTest]:
    for each in node.list_items("condition"):
        test, variable, values = (each.find_node(key) for key in ("test", "variable", "values"))
        if test is not None and variable is not None and values is not None:
            yield ClaimTest(text_of(test) or "", str(variable.value).strip('"'), values)


def _read_text(node: Node) -> str | None:
    """A text with `${}` for each part that is filled in; None where nothing of it is written out."""
    if node.tag not in (None, "!Sub") or node.kind not in (NodeKind.SCALAR, NodeKind.CODE):
        return None
    text = str(node.value)
    if node.kind is NodeKind.CODE and not text.startswith('"'):
        return None
    filled = _HOLE.sub("${}", text.strip('"'))
    return None if filled == "${}" else filled


def names_any_tenant(text: str) -> bool:
    """Whether a pattern of GitHub's (or such) stands before an owner's or repository's name ends."""
    before, wild, _ = re.sub(r"\?", "*", text).partition("*")
    return bool(wild) and (before.endswith("/") or ("/" not in before and "${}" not in before))


def _names_anybody(text: str) -> bool:
    """Whether a pattern has nothing but the kind of what it names in front of its wildcard."""
    return re.match(r"(?:\w+:)?[*?]", text) is not None


def _names_any_account(text: str) -> bool:
    """Whether a pattern takes any service account of a namespace, or of any namespace."""
    parts = text.split(":")
    return "*" in text and (len(parts) < 4 or "*" in (parts[2], parts[3]))
