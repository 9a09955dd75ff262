"""Whether a value is a secret, by what it looks like and by what it is called.

In this order: an obvious placeholder; a token whose form is certain; a reference or plain setting;
a name that only describes a secret; a name that holds one; a random-looking text. Departures from the
table this was written from: documentation's own example keys are placeholders; numbers of four digits
and more are passwords under a password's name; a webhook's URL under its name is no plain URL;
`{cipher}`, `ENC[`, `vault:` and the like are references; Rails', Laravel's, licence, account and basic-
auth keys are known by name; `sk-` needs the form of a real key; a password in a URL or connection
string that is itself a placeholder doesn't count. Every pattern is anchored by a literal and bounded,
so that time grows with the length of the text only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from fixbot.knowledge.secret_forms import FoundForm, SecretForm, find_forms
from fixbot.knowledge.secret_names import (
    is_header_name,
    is_likely_name,
    names_address,
    names_password,
    names_published_key,
    only_describes,
)
from fixbot.knowledge.token_forms import PEM


class SecretKind(Enum):
    """How sure it is that a value is a secret."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    PLACEHOLDER = "placeholder"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SecretVerdict:
    """What a value is taken for. `reason` says why and never holds any of the value."""

    kind: SecretKind
    reason: str

    @property
    def is_secret(self) -> bool:
        """Whether the value should move to a secret store."""
        return self.kind in (SecretKind.CERTAIN, SecretKind.LIKELY)


class SecretSpan(NamedTuple):
    """A certain secret's place in a text, in characters, and what it is."""

    start: int
    end: int
    what: str


_LONGEST: Final = 65_536
_AWS_PAIR: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_PLACEHOLDER: Final = re.compile(
    r"""change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this|with)|to[-_ ]?be[-_ ]|todo|tbd|fixme|dummy|example
    |sample|placeholder|redacted|undefined|your[-_ ]|insert[-_ ]|enter[-_ ]|fake[-_ ]|xxx|\*{3}|\.{3}|•••""",
    re.IGNORECASE | re.VERBOSE,
)
_PLACEHOLDER_WHOLE: Final = re.compile(
    r"""(?i:change[-_ ]?(?:me|this)(?:[-_ !.].*)?|replace[-_ ]?(?:me|this|with).*|to[-_ ]?be[-_ ].*
    |(?:todo|tbd|fixme).*|(?:dummy|example|placeholder).{0,12}|sample|redacted|undefined
    |(?:your|insert|enter|fake)[-_ ].*|.*should[-_ ]be[-_ ]here.*|x{3,}|\*{3,}|•{3,}|\.{3,}|-{3,}|_{3,}|.)
    |%[A-Za-z_]+%?|%\w+%|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+""",
    re.VERBOSE | re.DOTALL,
)
_DOCUMENTED: Final = re.compile(r"(?:EXAMPLE|EXAMPLEKEY)\Z")
_HOLE: Final = (
    r"(?:\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|<[^>]*>|%\([^)]*\)s|%\{[^}]*\}|__\w+__"
    r"|\#\{[^}]*\}\#?|@@?\w+@@?|\{[\w.]+\}|\[[A-Z_]+\])"
)
_REFERENCE: Final = re.compile(
    rf"[/:.,_-]*+(?>{_HOLE})(?>{_HOLE}|[/:.,_-])*+|arn:aws[\w-]*:.*|!(?:Ref|Sub|GetAtt)\s.*"
    r"|(?:vault|ssm|awssm|secretsmanager|kms|op|secret|env|file|ref\+\w+|sops|keyvault|gcpsecret):[\w./{#].*"
    r"|\{cipher\}.*|ENC[\[(].*|AQICAH.*|AgA[A-Za-z0-9+/=]{300,}",
    re.DOTALL,
)
_SETTING: Final = re.compile(
    r"(?i:true|false|yes|no|on|off|null|none|nil|n/a|enabled|disabled|default|required|optional|prefer|always|never)"
    r"|[+-]?\d+(?:\.\d+)?(?:ms|s|m|h|d|[kKmMgG]i?[bB]?)?"
)
_WAY_IN: Final = re.compile(
    r"(?i:basic|digest|bearer|ntlm|kerberos|negotiate|oauth\d?|oidc|ldap|saml|jwt|token|plain|login|cram-md5|trust|md5|pam)"
)
"""How somebody is let in, which names that end in `auth` say too."""
_SCHEME: Final = re.compile(
    r"(?:bearer|basic|token|digest|apikey|geniekey|splunk|ssws)[ \t]{1,9}(?=\S)", re.IGNORECASE
)
"""The schemes in front of what lets somebody in, in the header for that."""
_PUBLIC: Final = re.compile(
    r"https?://[0-9a-f]{32}@[\w.-]{1,253}(?:/[\w-]{1,60}){1,4}/?|pk_(?:live|test)_[\w=$-]+"
    r"|pub[0-9a-f]{32}|phc_\w{32,60}|pk\.eyJ[\w-]{10,400}\.[\w-]{10,200}|6L[\w-]{38}|0x4A{4,}[\w-]{8,40}"
)
"""What its maker publishes by design: a Sentry DSN without its secret half, Stripe's and Clerk's publishable
keys, Datadog's client tokens, PostHog's project keys, Mapbox' public tokens, site keys of captchas.

Sources: docs.sentry.io/concepts/key-terms/dsn-explainer, docs.stripe.com/keys, clerk.com/docs (publishable
key), docs.datadoghq.com/account_management/api-app-keys (client tokens), posthog.com/docs/privacy,
docs.mapbox.com/help (access tokens), developers.google.com/recaptcha, developers.cloudflare.com/turnstile.
"""
_MAY_BE_PUBLIC: Final = ("a Google API key", "a JSON web token")
"""Forms that keys for browsers have too."""
_PATH: Final = re.compile(r"(?:\.{0,2}/|[A-Za-z]:\\)[\w./\\~-]*")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://\S*")
_QUERY: Final = re.compile(
    r"[?&](?P<name>[\w.-]{0,40}?(?:sig|signature|token|key|password|passwd|pwd|pass|secret|auth|credential|code))="
    r"(?P<query>[^&\s#\"'<>]{8,}+)",
    re.IGNORECASE,
)
_QUERY_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{0,20}(?:[-_.][a-z]{1,20}){0,5}")
_NAME_OF_SECRET: Final = re.compile(
    r"(?:kube|k8s|operator|tls|ssl|ca|cert(?:ificate)?|state|(?:image_?)?pull)_?secret$", re.IGNORECASE
)
_OBJECT: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_NAMES_A_SECRET: Final = re.compile(r"[a-z0-9_.-]+(?:/[a-z0-9_.-]+)+")
_NOT_RANDOM: Final = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?:sha\d{3}:)?[0-9a-f]{40,128}|.*[\s,;:@(){}\[\]].*",
    re.DOTALL,
)


_UNITS_OF_TIME: Final = frozenset(("seconds", "minutes", "hours", "days", "weeks"))
"""What Cognito's `token_validity_units` hold, whose keys are named like tokens."""


def classify_value(name: str, value: str) -> SecretVerdict:
    """Judge the value of a variable, option or key called `name`; the first 65,536 characters count."""
    text = value[:_LONGEST].strip()
    if not text:
        return SecretVerdict(SecretKind.NONE, "it is empty")
    if text.lower() in _UNITS_OF_TIME:
        return SecretVerdict(SecretKind.NONE, "it is a unit of time")
    likely = is_likely_name(name) or (is_header_name(name) and _SCHEME.match(text) is not None)
    if likely and (scheme := _SCHEME.match(text)) is not None:
        text = text[scheme.end() :].lstrip() or text
    if text not in ("0", "1") and not is_reference(text) and _is_placeholder(name, text):
        return SecretVerdict(SecretKind.PLACEHOLDER, "it reads like a placeholder") if likely else _PLAIN
    published = names_published_key(name)
    certain = next(find_certain_spans(text), None)
    if certain is not None and not (published and certain.what in _MAY_BE_PUBLIC):
        return SecretVerdict(SecretKind.CERTAIN, f"it holds {certain.what}")
    if name.upper().endswith(_AWS_PAIR[1]) and re.fullmatch(r"[A-Za-z0-9/+=]{40}", text):
        return SecretVerdict(SecretKind.CERTAIN, "it has the form of an AWS secret access key")
    verdict = _classify_by_name(name, text, likely=likely)
    if published and (certain is not None or verdict.is_secret):
        return SecretVerdict(
            SecretKind.POSSIBLE, "such keys are made for browsers, which show them to everybody"
        )
    return verdict


def find_aws_key_pairs(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The (access key id, secret access key) pairs among names, prefixes such as `S3_` allowed.

    Where a container has one, a task role that needs no key is the better fix.
    """
    known = set(names)
    firsts = (name for name in known if name.upper().endswith(_AWS_PAIR[0]))
    pairs = ((name, name[: -len(_AWS_PAIR[0])] + _AWS_PAIR[1]) for name in firsts)
    return tuple(sorted(pair for pair in pairs if pair[1] in known))


def holds_certain_secret(text: str) -> bool:
    """Whether any text, whatever its length, holds a secret whose form alone gives it away."""
    return next(find_certain_spans(text), None) is not None


def find_certain_spans(text: str) -> Iterator[SecretSpan]:
    """Every certain secret in a text. Of URLs and connection strings only the password is meant."""
    for found in find_forms(text):
        value = text[found.start : found.end]
        if found.kind is SecretForm.BARE:
            if not _DOCUMENTED.search(value):
                yield SecretSpan(found.start, found.end, found.what)
        elif not _is_hole_or_placeholder(value) and (
            found.kind is not SecretForm.PAIR or _is_in_connection_string(text, found)
        ):
            yield SecretSpan(found.start, found.end, found.what)


_LINE_END: Final = r"(?:[ \t\r]*\n|(?:\\{1,3}[rn]){1,2})[ \t]*"
_PUTTY: Final = re.compile(
    rf"Private-Lines:[ \t]{{0,4}}\d{{1,3}}(?P<value>(?:{_LINE_END}[A-Za-z0-9+/=]{{8,80}})+"
    rf"(?:{_LINE_END}Private-MAC:[ \t]{{0,4}}\w{{1,80}})?)"
)
"""A key as PuTTY keeps it."""


def find_key_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where private keys stand in a text; they go over many lines."""
    if "PRIVATE KEY" in text:
        yield from (match.span() for match in re.finditer(PEM, text))
    if "Private-Lines" in text:
        yield from (match.span("value") for match in _PUTTY.finditer(text))


def find_query_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where tokens stand in the query strings of a text's URLs."""
    for match in _QUERY.finditer(text) if "=" in text and "://" in text else ():
        if _is_query_secret(match):
            yield match.span("query")


def _is_query_secret(match: re.Match[str]) -> bool:
    plain = _QUERY_WORD.fullmatch(match["query"]) is not None
    return not _is_hole_or_placeholder(match["query"]) and not (
        plain and match["name"].lower().endswith(("key", "code"))
    )


def is_reference(value: str) -> bool:
    """Whether a value says where the secret is instead of what it is."""
    return _REFERENCE.fullmatch(value.strip()[:_LONGEST]) is not None


_PLAIN: Final = SecretVerdict(SecretKind.NONE, "nothing about it looks secret")


def _classify_by_name(name: str, text: str, *, likely: bool) -> SecretVerdict:
    query = _QUERY.search(text)
    if query is not None and _URL.match(text) and _is_query_secret(query):
        return SecretVerdict(SecretKind.LIKELY, "its query string holds a token")
    if is_reference(text):
        return SecretVerdict(SecretKind.NONE, "it is a reference")
    if is_setting(name, text):
        return _PLAIN
    if only_describes(name):
        return SecretVerdict(SecretKind.NONE, "the name says that it only describes a secret")
    if not likely:
        return SecretVerdict(SecretKind.POSSIBLE, "it looks random") if _looks_random(name, text) else _PLAIN
    named = _NAME_OF_SECRET.search(name) and _OBJECT.fullmatch(text)
    if named or (_NAMES_A_SECRET.fullmatch(text) and not names_password(name)):
        return SecretVerdict(SecretKind.POSSIBLE, "it may be the name of a secret, not the secret")
    return SecretVerdict(SecretKind.LIKELY, "the name says that it is a secret")


def _is_placeholder(name: str, text: str) -> bool:
    if len(text) > 200:
        return False
    if name.isupper() and re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text):
        return True
    return _DOCUMENTED.search(text) is not None or _PLACEHOLDER_WHOLE.fullmatch(text) is not None


def _is_hole_or_placeholder(text: str) -> bool:
    return (
        re.match(_HOLE, text) is not None
        or text.startswith(("%", "*", "$"))
        or _PLACEHOLDER.match(text) is not None
    )


def _is_in_connection_string(text: str, found: FoundForm) -> bool:
    """Whether a `password=` stands in a connection string: beside another pair, or all by itself."""
    around = text[max(0, found.begin - 200) : found.begin] + ";" + text[found.end : found.end + 200]
    return re.search(r"[A-Za-z ]{2,40}=[^;&\s]{1,200}[;&]|[;&][A-Za-z ]{2,40}=", around) is not None


def is_setting(name: str, text: str) -> bool:
    """Whether it is a plain setting, a path, an address or what its maker publishes by design."""
    if _PUBLIC.fullmatch(text):
        return True
    if name.lower().endswith("auth") and _WAY_IN.fullmatch(text):
        return True
    if _SETTING.fullmatch(text):
        return not (text.isdigit() and len(text) >= 4 and names_password(name))
    if _PATH.fullmatch(text):
        return True
    if _URL.fullmatch(text):
        return not (names_address(name) and re.search(r"[\w-]{16,}", text.partition("://")[2]))
    return False


def _looks_random(name: str, text: str) -> bool:
    if not 20 <= len(text) <= 512 or _NOT_RANDOM.fullmatch(text):
        return False
    if re.search(r"commit|sha|digest|hash|checksum|fingerprint", name, re.IGNORECASE):
        return False
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    digits = any(c.isdigit() for c in text)
    hexadecimal = re.fullmatch(r"[0-9a-fA-F]+", text) is not None
    return digits and entropy >= (3.2 if hexadecimal else 4.2)
