"""What a rule of a common shape may say of one subject: that it is spared, refused, worse, or safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixbot.edit.tree import Node, Scalar, UnsetValue
from fixbot.lens import Subject
from fixbot.model.findings import Fix, Manual, Refusal, Severity
from fixbot.rules.context import Context

Good = Callable[[Scalar | UnsetValue], bool]
Unless = Callable[[Any, Context], Refusal | Manual | None]
"""Why a fix would break something at this subject, if it would."""


Among = Callable[[Any, str, Node], bool]
"""Whether a check speaks of one entry of the list of that name."""
Spares = Callable[[Any, Context], bool]
"""Whether the rule doesn't speak of a subject at all: Windows, what another resource has settled."""
Finish = Callable[[Fix, Any, Context], Fix]
"""What a fix says of this one subject: whether it is safe, how to try it, when it begins to count."""


Weigh = Callable[[Any, Context], Severity | None]
"""How bad it is at this one subject; None: as bad as the rule says."""


def keep_severity(_subject: Subject, _world: Context) -> None:
    """As bad as the rule says."""


def every_entry(_subject: Subject, _at: str, _entry: Node) -> bool:
    """The check speaks of all entries."""
    return True


def never(_subject: Subject, _world: Context) -> None:
    """No reason against a fix."""


def spare_none(_subject: Subject, _world: Context) -> bool:
    """The rule speaks of all of them."""
    return False


def keep_fix(fix: Fix, _subject: Subject, _world: Context) -> Fix:
    """The same can be said of all fixes."""
    return fix
