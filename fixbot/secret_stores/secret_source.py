"""What one value will be taken from, and all that moving a task's values takes together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fixbot.edit.change import Change
from fixbot.edit.tree import Value
from fixbot.model.findings import NewFile, Refusal
from fixbot.model.moved_secrets import StoreFact, StorePlace
from fixbot.text.command import Command
from fixbot.text.step import Step

SECRETS_MANAGER: Final = "secretsmanager"
SSM: Final = "ssm"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where one value comes from after the fix.

    `value` is what the entry says; `resource` what the execution role must be allowed to read, as the
    file's syntax writes it, and `shown` the same as text. `says` is the reader's name for the place.
    """

    value: Value
    says: str
    resource: Value = None
    shown: str = ""
    service: str = SECRETS_MANAGER
    changes: tuple[Change, ...] = ()
    nameless: bool = False
    """Whether it is a parameter only since no ARN could be written."""
    place: StorePlace | None = None
    """The same for whoever stores the value; None where it isn't for fixbot to store."""
    fact: StoreFact | None = None
    """What AWS said of the place, where it was asked."""

    @property
    def is_stored(self) -> bool:
        """Whether AWS has the value there."""
        return self.fact is not None and self.place is not None and self.place.key in self.fact.keys

    @property
    def is_readable(self) -> bool:
        """Whether AWS lets the role read it."""
        return self.fact is not None and self.place is not None and self.place.role in self.fact.readers


@dataclass(frozen=True, slots=True)
class SecretMove:
    """What all moved values of a task share; `sources` says by a leak's id where each one goes.

    Every text holds for the whole task, so that each finding says the same and it is shown once.
    """

    sources: Mapping[int, SecretSource | Refusal]
    changes: tuple[Change, ...] = ()
    files: tuple[NewFile, ...] = ()
    gist: str = ""
    effect: str = "The program finds the same variables as before."
    rollout: str = ""
    unknown: str = ""
    commands: tuple[Command, ...] = ()
    """What shows whether the value is there already."""
    notes: tuple[str, ...] = ()
    steps_before: tuple[Step, ...] = ()
    steps_after: tuple[Step, ...] = ()
    alike: str = ""
