"""Places that are not for fixbot to fill: what a template, a cluster or the settings hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fixbot.model.moved_secrets import Store, StorePlace
from fixbot.secret_stores.secret_leaks import SecretLeak
from fixbot.secret_stores.secret_source import SSM, SecretSource

_IN_CLUSTER: Final = "It is a Secret of a cluster, and fixbot makes none there; the proposal says how."
_BY_TEMPLATE: Final = "What makes it stands in the same files; the proposal says how its value gets there."
_BY_SETTINGS: Final = "The settings name it (`secrets.existing`), so its value is for you to store."
_ARN_NAME: Final = re.compile(r"arn:[^:]*:(?:secretsmanager|ssm):[^:]*:[^:]*:(?:secret:|parameter)([^:]+)")


def describe_place(leak: SecretLeak, source: SecretSource) -> StorePlace:
    """Where the value of a leak goes that fixbot does not store itself."""
    value = source.value
    if isinstance(value, dict) and isinstance(named := value.get("secretKeyRef"), dict):
        space = leak.container.task.namespace
        name = "/".join(filter(None, (space, str(named.get("name")))))
        return StorePlace("kubernetes", name, str(named.get("key")), refusal=_IN_CLUSTER)
    store: Store = SSM if source.service == SSM else "secretsmanager"
    if isinstance(value, str) and (found := _ARN_NAME.match(value)) is not None and leak.way is None:
        return StorePlace(store, found[1], leak.key, refusal=_BY_SETTINGS)
    return StorePlace(store, source.shown.strip("<>"), leak.key, refusal=_BY_TEMPLATE)


def describe_object_places(name: str, keys: Iterable[str]) -> tuple[StorePlace, ...]:
    """Where the values of an object of a cluster go."""
    return tuple(StorePlace("kubernetes", name, key, refusal=_IN_CLUSTER) for key in keys)
