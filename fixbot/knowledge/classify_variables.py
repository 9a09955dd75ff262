"""Whether a variable of a container is a secret: by its name and form, and by what is written inside of it.

A variable may hold options (`-Dx.password=…`), pairs (`user=shop password=…`), a login (`neo4j/…`) or a small
file. Names that masking knows count here as well, where the value looks made up: that is a question only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from fixbot.knowledge.classify_secrets import (
    SecretKind,
    SecretVerdict,
    classify_value,
    find_aws_key_pairs,
    is_reference,
    is_setting,
)
from fixbot.knowledge.secret_inside import find_inner_secrets
from fixbot.knowledge.secret_names import (
    holds_logins,
    leads_with_password,
    may_name_secret,
    only_describes,
    says_how,
)
from fixbot.knowledge.secret_shapes import is_made_up, is_plain_word
from fixbot.knowledge.secret_words import is_hole, looks_random

_LOGIN: Final = re.compile(
    r"(?P<user>[\w.@+-]{1,64})(?P<sign>[:/])(?P<password>[^\s/:,;|]{4,128})(?:[,;|:\s].*)?", re.DOTALL
)
_REMEMBERED: Final = 4096
"""Variables whose verdicts are kept: each proof of a fix in their file asks for them again."""
_USUAL: Final = frozenset(("admin", "root", "neo4j", "postgres", "user", "guest", "elastic", "shop", "app"))


@lru_cache(maxsize=_REMEMBERED)
def classify_variable(name: str, value: str) -> SecretVerdict:
    """Judge a variable's value as a whole, then what is written inside of it."""
    verdict = classify_value(name, value)
    if verdict.kind not in (SecretKind.NONE, SecretKind.POSSIBLE):
        return verdict
    text = value.strip()
    if len(text) < 4 or is_reference(text):
        return verdict
    inside = next(find_inner_secrets(text), None)
    if inside is not None:
        return SecretVerdict(SecretKind.LIKELY, f"{inside.what} is written out in it")
    if verdict.kind is not SecretKind.NONE:
        return verdict
    if only_describes(name) or is_setting(name, text):
        return verdict
    return _classify_login(name, text) or _classify_perhaps(name, text) or verdict


def classify_variables(pairs: Iterable[tuple[str, str]]) -> dict[str, SecretVerdict]:
    """Judge variables that stand together: one half of an AWS key pair gives the other away."""
    values = dict(pairs)
    verdicts = {name: classify_variable(name, value) for name, value in values.items()}
    for first, second in find_aws_key_pairs(values):
        if (
            verdicts[second].is_secret
            and verdicts[first].kind is SecretKind.NONE
            and not is_reference(values[first])
        ):
            verdicts[first] = SecretVerdict(SecretKind.LIKELY, "it is the other half of an AWS key pair")
    return verdicts


def _classify_login(name: str, text: str) -> SecretVerdict | None:
    """A user and a password in one value, under a name for such: `NEO4J_AUTH=neo4j/…`, `SFTP_USERS=a:…`."""
    found = _LOGIN.fullmatch(text) if holds_logins(name) else None
    if found is None or is_hole(found["password"]) or found["password"].isdigit():
        return None
    if is_made_up(found["password"]) or looks_random(found["password"]):
        return SecretVerdict(SecretKind.LIKELY, "it is a user with a password")
    if found["user"].lower() in _USUAL:
        return SecretVerdict(SecretKind.POSSIBLE, "it reads like a user with a password")
    return None


def _classify_perhaps(name: str, text: str) -> SecretVerdict | None:
    """A question, where the name may tell and the value looks made up."""
    if "://" in text or " " in text:
        return None
    if says_how(name):
        return None
    if leads_with_password(name):
        if not is_plain_word(text) and any(char.isdigit() for char in text):
            return SecretVerdict(SecretKind.POSSIBLE, "the name begins like a password's")
        return None
    if may_name_secret(name) and (looks_random(text) or (is_made_up(text) and not is_plain_word(text))):
        return SecretVerdict(SecretKind.POSSIBLE, "its name and its form are those of a secret")
    return None
