"""Things that belong together, directly or through another: a union-find."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)


class JoinedGroups(Generic[_K]):
    """Groups of keys: each key begins as one of its own, and two become one when their keys are joined."""

    def __init__(self) -> None:
        self._leaders: dict[_K, _K] = {}

    def find_leader(self, key: _K) -> _K:
        """The key that stands for the group of this one; ways are shortened, so chains stay cheap."""
        while (above := self._leaders.setdefault(key, key)) != key:
            self._leaders[key] = key = self._leaders[above]
        return key

    def join_keys(self, one: _K, two: _K) -> None:
        """Bring the groups of two keys together."""
        self._leaders[self.find_leader(two)] = self.find_leader(one)
