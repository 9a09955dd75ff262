"""How a repository words the subjects of its commits, so that ours look like them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """How a title is worded."""

    def title(self, text: str, scope: str = "") -> str:
        """A title for `text`, a sentence without its period. `scope` is the folder that it is about."""
        del scope
        return text


PLAIN = Habit()
