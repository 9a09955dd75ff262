"""Whether a variable of a container is a secret: by its name and form, and by what is written inside of it.

A variable may hold options (`-Dx.password=…`), pairs (`user=shop password=…`), a login (`neo4j/…`) or a small
file. Names that masking knows count here as well, where the value looks made up: that is a question only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fixbot.knowledge.classify_secrets import (
    SecretKind,
    SecretVerdict,
    classify_value,
    find_aws_key_pairs,
    is_reference,
    is_setting,
)
from fixbot.knowledge.secret_commands import command_secrets
from fixbot.knowledge.secret_names import (
    holds_logins,
    is_header_name,
    is_likely_name,
    leads_with_password,
    may_name_secret,
    only_describes,
    says_how,
)
from fixbot.knowledge.secret_shapes import is_made_up, is_plain_word
from fixbot.knowledge.secret_words import VALUE, is_hole, looks_random
from fixbot.text.markdown_escape import mark_code

_LONGEST: Final = 20_000
"""Characters of a value that is looked into."""
_PAIR: Final = re.compile(
    r"(?<![\w.])(?P<quote>(?:\\{0,3}[\"'])?)(?:-D|--?)?(?P<name>[A-Za-z_][\w.-]{1,100})(?P=quote)"
    rf"(?:[ \t]{{0,4}}=[ \t]{{0,4}}|[ \t]{{0,4}}:[ \t]{{0,4}}(?=\\{{0,3}}[\"'])){VALUE}"
)
_OPTION: Final = re.compile(rf"(?<![\w-])--?(?P<name>[A-Za-z][\w.-]{{2,60}})[ \t]{{1,4}}(?!-){VALUE}")
_USER_OPTION: Final = re.compile(
    r"(?<![\w-])-{1,2}u(?:ser)?[ \t=]{1,4}[\w.@-]{1,64}:(?P<password>[^\s\"']{4,128})"
)
_HEADER: Final = re.compile(
    r"(?i:authorization)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
    r"(?i:basic|bearer|token|digest|apikey)[ \t]{1,4}[\w.~+/=-]{8}"
)
_DEFINED: Final = re.compile(
    rf"define\([ \t]{{0,4}}[\"'](?P<name>\w{{2,80}})[\"'][ \t]{{0,4}},[ \t]{{0,4}}{VALUE}"
)
_LINE: Final = re.compile(
    r"(?m:^)[ \t-]*(?P<name>[A-Za-z_][\w.-]{1,100})[ \t]*:[ \t]+(?P<bare>[^\s#][^\n#]*)"
)
_LOGIN: Final = re.compile(
    r"(?P<user>[\w.@+-]{1,64})(?P<sign>[:/])(?P<password>[^\s/:,;|]{4,128})(?:[,;|:\s].*)?", re.DOTALL
)
_USUAL: Final = frozenset(("admin", "root", "neo4j", "postgres", "user", "guest", "elastic", "shop", "app"))
_KNOWN_DEFAULTS: Final = frozenset(("changeit",))
"""The password of Java's own trust store, which everybody has."""
_STEMS: Final = ("pass", "pwd", "pw", "secret", "token", "key", "cred", "auth", "jaas", "dsn", "cookie")


def classify_variable(name: str, value: str) -> SecretVerdict:
    """Judge a variable's value as a whole, then what is written inside of it."""
    verdict = classify_value(name, value)
    if verdict.kind is not SecretKind.NONE or len(value) > _LONGEST:
        return verdict
    text = value.strip()
    if len(text) < 4 or is_reference(text):
        return verdict
    inside = find_inner_secret(text)
    if inside:
        return SecretVerdict(SecretKind.LIKELY, f"{inside} is written out in it")
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


def find_inner_secret(text: str) -> str:
    """What in a text of options or commands is a secret, as a reader calls it; empty where nothing is."""
    if "=" not in text and " " not in text and ":" not in text:
        return ""
    lower = text.lower()
    if "-" not in text and not any(stem in lower for stem in _STEMS):
        return ""
    for pattern in (_PAIR, _OPTION, _LINE, _DEFINED):
        at = 0
        while (found := pattern.search(text, at)) is not None:
            at = found.end("name")
            told = found["name"]
            if not only_describes(told) and is_written_out(told, _value_of(found)):
                return mark_code(told)
    given = (
        *command_secrets(text),
        *(found.span("password") for found in _USER_OPTION.finditer(text)),
    )
    if "uthorization" in text and _HEADER.search(text) is not None:
        return "a header that lets somebody in"
    made_up = any(is_made_up(text[start:end]) for start, end in given)
    return "what a command is given as its password" if made_up else ""


def _value_of(found: re.Match[str]) -> str:
    groups = found.groupdict()
    return next((each for key in ("escaped", "double", "single", "bare") if (each := groups.get(key))), "")


def is_written_out(name: str, value: str) -> bool:
    """Whether the value of an option or key is a secret in clear."""
    if not (is_likely_name(name) or is_header_name(name)) or is_hole(value) or value in _KNOWN_DEFAULTS:
        return False
    return classify_value(name, value.partition(",")[0] or value).is_secret


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
