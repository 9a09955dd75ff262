"""Secrets on their way out of files: where each goes, what became of it, and its value in a box that is shut.

A place is plain data without a value. The value is read from the file again by whoever stores or compares it,
in the same process; the box can't be printed, kept or handed to another process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

Store = Literal["secretsmanager", "ssm", "kubernetes"]
SecretOutcome = Literal["planned", "created", "completed", "unchanged", "differs", "refused", "failed"]
GOOD_OUTCOMES: Final = frozenset[SecretOutcome](("planned", "created", "completed", "unchanged"))


class SealedText:
    """A secret's value. Whoever wants it calls `reveal`; by no other way does it come out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The value: to be sent or compared, and never to be kept."""
        return self._text

    def __repr__(self) -> str:
        return "SealedText(••••••)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedText) and self._text == other._text

    __hash__ = None  # type: ignore[assignment] # a hash would be something to guess by

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealed text stays in its process")


StoreKey = tuple[str, str, str, str]
"""A place as the files say it: store, name, account and Region; nothing for what they don't say."""


@dataclass(frozen=True, slots=True)
class StoreFact:
    """What AWS said of a place: its full ARN where it exists, and the keys that hold the files' values.

    `readers` are those of the roles that must read it which may.
    """

    arn: str = ""
    keys: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a fix expects a value, as the file names it; what isn't known is None.

    `name` is the secret's or the parameter's, `role` the ARN of the one that must read it. `refusal` says why
    fixbot never makes it.
    """

    store: Store
    name: str
    key: str
    account: str | None = None
    region: str | None = None
    role: str | None = None
    refusal: str = ""

    @property
    def identity(self) -> StoreKey:
        """What tells it apart from other places."""
        return self.store, self.name, self.account or "", self.region or ""


@dataclass(frozen=True, slots=True)
class MovedSecret:
    """One value that a proposal takes out of a file."""

    place: StorePlace
    value: SealedText | None
    """None where fixbot is not to store it."""
    finding: str
    rule: str
    path: str


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One secret and what became of it; what AWS wasn't asked, or didn't say, is None."""

    name: str
    store: Store
    keys: tuple[str, ...]
    account: str | None
    region: str | None
    role: str | None
    paths: tuple[str, ...]
    findings: tuple[str, ...]
    rules: tuple[str, ...] = ()
    exists: bool | None = None
    keys_missing: tuple[str, ...] | None = None
    same_value: bool | None = None
    role_may_read: bool | None = None
    outcome: SecretOutcome = "planned"
    arn: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SecretsReport:
    """The rows of a command, and one line for each call that was refused."""

    secrets: tuple[SecretRow, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreReference:
    """What a task's list of secrets names: `identity` is what AWS knows it by, `key` one of its keys.

    Without a `key` it is the whole secret. `variable` is what the container gets it as.
    """

    store: Store
    identity: str
    name: str
    key: str
    variable: str
    account: str | None
    region: str | None
    path: str


@dataclass(frozen=True, slots=True)
class RotationRow:
    """Whether what is stored is what Git's history shows; None where that isn't known, for the `reason`."""

    name: str
    key: str
    in_history: bool | None
    commit: str | None
    store: Store
    region: str | None
    account: str | None
    path: str
    reason: str | None = None


def join_reasons(reasons: Iterable[str]) -> str:
    """Several reasons as one text, each once."""
    return " ".join(dict.fromkeys(filter(None, reasons)))
