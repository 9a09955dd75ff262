"""What planning a tag condition can come to: a split statement, a guard beside it, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from fixbot.edit.tree import Value

_KEY = re.compile(r"[\w .:/=+\-@]{1,128}")
_LITERAL = re.compile(r"[\w .:/=+\-@]{1,256}")
_PRINCIPAL = re.compile(r"\$\{aws:PrincipalTag/([\w .:/=+\-@]{1,128})(?:, '([\w .:/=+\-@]*)')?\}")


@dataclass(frozen=True, slots=True)
class EnvironmentTag:
    """The tag that tells environments apart: a key, and the value that the policy's user may touch.

    The value is literal, or `${aws:PrincipalTag/Key, 'default'}`: the user's own tag. A default is
    added where none is written, so that a user without the tag is compared with `none` and not with
    nothing. Raises ValueError for what can't be an AWS tag.
    """

    key: str
    value: str

    def __post_init__(self) -> None:
        principal = _PRINCIPAL.fullmatch(self.value)
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} can't be a tag's key")
        if principal is None and not _LITERAL.fullmatch(self.value):
            raise ValueError(
                f"{self.value!r} can't be a tag's value; it is text or ${{aws:PrincipalTag/Key, 'none'}}"
            )
        if principal is not None and principal.group(2) is None:
            object.__setattr__(self, "value", self.value.removesuffix("}") + ", 'none'}")

    @property
    def is_variable(self) -> bool:
        """Whether the value is the user's own tag."""
        return self.value.startswith("${")


class LeaveKind(Enum):
    """Why a statement is left: the first two are no findings, UNKNOWN is unread, REFUSED a refusal."""

    CLEAN = "clean"
    EXEMPT = "exempt"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class ActionFate(Enum):
    """What becomes of an action, and the sentence that tells a reader why."""

    EXISTING = "changes what exists: only where the thing itself carries the tag"
    CREATING = "makes something new, which has no tags yet: only where the request sets the tag"
    UNTOUCHED = "makes something new; what is made without the tag is out of reach afterwards"
    READS = "reads only; AWS keeps such actions free of tag conditions"
    WITHOUT = "knows no tag condition: with one AWS would never grant it"
    TAGS = "sets tags; the tag that decides is kept from being changed, where this policy could"
    AGENT = "is called by the ECS agent of an instance, not by people"
    GUARDED = "is limited by tag already, by a Deny in this policy"
    NOT_IN_TABLE = "isn't in the service reference shipped with fixbot, so nothing is assumed of it"
    ELSEWHERE = "belongs to a service that isn't looked at here, or isn't plain text"


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """Actions that share a fate, as the author wrote them, or as AWS does where a wildcard reached them."""

    fate: ActionFate
    actions: tuple[str, ...]

    @property
    def explanation(self) -> str:
        """One sentence about each of the actions."""
        return self.fate.value


New = dict[str, Value]
"""A statement to be written."""


@dataclass(frozen=True, slots=True)
class SplitStatement:
    """Named actions are taken apart.

    `statement` is what the old one becomes; the same said as edits: the items of its Action list at
    `moved` leave, and each (operator, key, value) of `condition` is put into its Condition. `added`
    are the new statements, to stand behind it in this order. `wants` are statements that a person
    must add if no other policy holds them; a bot never grants. `also` are the places of other Allow
    statements whose actions an added Deny reaches too. `version` is what the document's Version must
    become for the tag's variable to be one; None where it can stay.
    """

    statement: New
    added: tuple[New, ...]
    moved: tuple[int, ...]
    condition: tuple[tuple[str, str, Value], ...]
    groups: tuple[ActionGroup, ...]
    wants: tuple[New, ...] = ()
    also: tuple[int, ...] = ()
    version: str | None = None


@dataclass(frozen=True, slots=True)
class GuardStatement:
    """A wildcard keeps its bytes; the Deny statements `added` stand beside it, anywhere in the document.

    `groups`, `wants`, `also` and `version` as in Split. Guards of several statements of one document
    share equal statements, and their Sids never collide.
    """

    added: tuple[New, ...]
    groups: tuple[ActionGroup, ...]
    wants: tuple[New, ...] = ()
    also: tuple[int, ...] = ()
    version: str | None = None
    kept: str = ""
    """The tag that limits other statements, where all that these do is keep it from being changed."""


@dataclass(frozen=True, slots=True)
class LeaveStatement:
    """Nothing is changed, for that reason."""

    reason: str
    why: LeaveKind = LeaveKind.CLEAN
