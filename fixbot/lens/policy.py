"""IAM policies and their statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fixbot.edit.tree import Node
from fixbot.lens.scalar_values import text_of, value_of
from fixbot.lens.slot import Slot
from fixbot.lens.spelling import to_snake_case
from fixbot.lens.subject import Label, Labelled


@dataclass(eq=False, slots=True)
class Policy(Labelled):
    """An IAM policy document. `node` holds the statements: a JSON-like map, or an HCL body."""

    path: str
    dialect: str
    name: str
    node: Node
    address: str
    kind: str = "identity"
    """`identity`, `trust`, `resource` or `unknown`."""
    principals: tuple[str, ...] = ()
    """The services that assume the role that the policy belongs to, where that is known."""
    owner: Node | None = None
    escape: Callable[[str], str] = str
    """Writes a text that holds `${aws:…}` so that what reads the file leaves it alone."""
    unescape: Callable[[str], str] = str
    """What IAM sees of a text that stands in the file: `&{aws:username}` is `${aws:username}`."""
    roles: tuple[str, ...] = ()
    """Addresses of the roles, written beside it, that it is attached to."""
    carriers: tuple[tuple[str, str], ...] = ()
    """What takes it in, where that is known: (`role`, address) for an inline policy of a role, and so on."""
    holders: tuple[str, ...] = ()
    """Types of the resources that hold it, where that is known: `AWS::SQS::QueuePolicy`, `aws_kms_key`."""
    others: str = ""
    """Why these may not be all of its statements, if they may not."""
    uneditable: str = ""
    """Why nothing in it is changed, where it is only read."""
    statements: list[Statement] = field(default_factory=list)
    unknown: dict[str, Node] = field(default_factory=dict, repr=False)
    """What was asked for and can't be known, as of every subject."""

    @property
    def label(self) -> Label:
        """`policy deploy`."""
        return Label("policy", "policies", self.name)

    @property
    def around(self) -> Sequence[Node]:
        """Its statements' map, and the resource that it stands in."""
        return tuple(filter(None, (self.node, self.owner)))

    def slot(self, canonical: str, near: Sequence[str] = ()) -> Slot:
        """The place of one of the document's own elements (`Version`)."""
        path = (to_snake_case(canonical),) if self.in_blocks else (canonical,)
        found = self.node.find_node(*path)
        shown = self.node if found is None else found
        return Slot(value_of(found), shown, path[0], self.node, path, found, near)

    @property
    def in_blocks(self) -> bool:
        """Whether it is written as `statement { … }` blocks."""
        return self.node.style == "body"


@dataclass(eq=False, slots=True)
class Statement:
    """One statement of a policy."""

    node: Node
    policy: Policy
    position: int

    @property
    def title(self) -> str:
        """`policy deploy, statement Deploy`."""
        return f"policy {self.policy.name}, statement {self.sid or f'#{self.position + 1}'}"

    @property
    def sid(self) -> str | None:
        """The statement's Sid."""
        return text_of(self.node.find_node("sid" if self.policy.in_blocks else "Sid"))
