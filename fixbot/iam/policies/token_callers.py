"""Who takes a role with a token, as far as the repository says: its workflows, and its service accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fixbot.iam.policies.identities import ROLE, is_trust_of
from fixbot.lens import Policy, Resource, ResourceType, text_of
from fixbot.source.role_callers import SERVICE_ACCOUNT

if TYPE_CHECKING:
    from fixbot.rules.context import Context


PROVIDER: Final = ResourceType(
    "identity provider", "identity providers", "AWS::IAM::OIDCProvider", "aws_iam_openid_connect_provider"
)
ACCOUNT: Final = ResourceType("service account", "service accounts", terraform="kubernetes_service_account")
_ANNOTATION: Final = "eks.amazonaws.com/role-arn"


@dataclass(frozen=True, slots=True)
class TokenCallers:
    """What takes a role: workflows by path, service accounts as `namespace/name`, empty where not told."""

    role: str = ""
    """The role's name, where it is written out."""
    workflows: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


def find_token_callers(trust: Policy, world: Context) -> TokenCallers:
    """What the repository says of those who take the role of a trust policy."""
    roles = [role for role in world.resources_beside(trust, ROLE) if is_trust_of(trust, role)]
    if len(roles) != 1:
        return TokenCallers()
    (role,) = roles
    written = role.slot("RoleName").found
    name = text_of(written) if written is not None and written.tag is None else None
    known = [each for each in world.surroundings.role_callers if each[0] == name]
    accounts = [who for _, kind, who in known if kind == SERVICE_ACCOUNT]
    accounts += _find_declared_accounts(role, world)
    return TokenCallers(
        name or "",
        tuple(sorted({who for _, kind, who in known if kind != SERVICE_ACCOUNT})),
        tuple(sorted(set(accounts))),
    )


def _find_declared_accounts(role: Resource, world: Context) -> Iterator[str]:
    """The service accounts of the folder's Terraform whose annotation refers to the role."""
    refers = re.compile(rf"(?<![\w.]){re.escape(role.address)}\.arn(?![\w.])")
    for account in world.resources_beside(role, ACCOUNT):
        metadata = account.node.find_node("metadata")
        noted = metadata.find_node("annotations", _ANNOTATION) if metadata is not None else None
        if metadata is not None and noted is not None and refers.search(str(noted.value)):
            names = [text_of(metadata.find_node(key)) for key in ("namespace", "name")]
            yield "/".join(filter(None, names)) if all(names) and account.lone else ""
