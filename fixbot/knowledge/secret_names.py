"""Names under which secrets stand: of variables, keys, options and headers; for finding and for masking.

Words of a name may be joined by `_`, `-`, `.`, a blank or nothing. Every pattern is bounded; the last 200
characters of a name count.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 200
_J: Final = r"[_.\- ]{0,2}"
_BEGIN: Final = r"(?:^|[_.\-/: ])"
_STAGE: Final = (
    r"(?:\d{1,3}|[_.\-](?:prod|production|stg|staging|dev|test|old|new|base64|b64|[a-z]?\d{1,3}))?$"
)
_WORDS: Final = (
    r"pass(?:words?|wd|phrases?|code|wort)|kennwort|wachtwoord|contrasen[ay]|mot{J}de{J}passe|senha"
    r"|secret{J}(?:access{J})?key(?:{J}base)?|(?:api|app|access|account|private|shared|licen[cs]e|master|signing"
    r"|encryption|subscription|functions|storage|service{J}account){J}keys?"
    r"|(?:access|auth|api|refresh|bot|bearer|session|oauth|deploy|registry|personal){J}tokens?|basic{J}auth"
    r"|client{J}secret|webhook{J}(?:url|secret)|(?:store|key|trust|bind|user|root|admin|db|my|pg|sql|mail|smtp"
    r"|redis|require){J}pass|(?:user|root|admin|db|pg|sql|mysql|redis){J}pwd?|master{J}?auth|seed{J}phrase|mnemonic"
    r"|(?:totp|otp|mfa|2fa|wallet){J}(?:seed|secret|key)|recovery{J}codes?|backup{J}codes?|origin{J}verif(?:y|ication)"
    r"|snmp{J}community(?:{J}string)?|r[ow]community|contrase(?:n|ñ)[ay]|lozinka|lösenord|losenord|salasana|parola|heslo"
    r"|has[lł]o|пароль|密码|パスワード|passwor[dt]|psswd|pswd|passwrd|pword|user{J}pass"
    r"|pre{J}shared{J}key|client{J}key{J}data|jaas(?:{J}config)?|secret{J}string|erl(?:ang)?{J}cookie|setcookie"
).replace("{J}", _J)
_ALONE: Final = (
    r"pass|pwd|pw|psk|mdp|jwt|bearer|secret|token|creds?|credentials?|dsn|salt|pepper|pat"
    r"|(?:app|auth|fernet|deploy|session|hmac|cookie|jwt|csrf|aes|rsa|ssh|gpg|pgp|crypto?|cipher|enc|decryption|root|admin|server"
    r"|stripe|sendgrid|mailgun|mailchimp|mandrill|postmark|sparkpost|twilio|nexmo|vonage|openai|anthropic|cohere"
    r"|mistral|gemini|groq|huggingface|hf|datadog|dd|new{J}?relic|nr|github|gh|gitlab|gl|slack|pagerduty|opsgenie"
    r"|rollbar|honeycomb|cloudflare|cf|okta|auth0|shopify|paypal|braintree|plaid|square|azure|telegram|discord"
    r"|grafana|elastic|splunk|snyk|sonar|consumer|webhook){J}key"
    r"|(?:redis|npm|docker|registry|proxy|smtp|http){J}auth"
).replace("{J}", _J)
_NAME: Final = re.compile(f"(?:{_WORDS}|{_BEGIN}(?:{_ALONE})){_STAGE}", re.IGNORECASE)
_CAMEL: Final = re.compile(r"[a-z](?:Secret|Token|Pwd|Pw|Pass|Pat|Salt|Credentials?)$")
_ENDINGS: Final = (
    "password passwords passwd passphrase passphrases passcode passwort kennwort wachtwoord contrasena"
    " contrasenay passe senha key keys base token tokens auth secret url pass pw pwd phrase mnemonic jaas"
    " config string cred creds credential credentials dsn salt pepper pat prod production stg staging dev"
    " seed codes code verify verification community string contraseña contraseñay lozinka lösenord losenord"
    " salasana parola heslo haslo hasło пароль 密码 パスワード passwort psswd pswd passwrd pword mdp jwt"
    " psk bearer key-data key_data keydata cookie test old new base64 b64 0 1 2 3 4 5 6 7 8 9"
)
_ENDS: Final = tuple(_ENDINGS.split())
"""How every name ends that the patterns know; most names are told by this alone."""
_LIKELY: Final = (
    "pass pw secret token key auth cred dsn salt pepper psk jwt mdp bearer jaas cookie seed phrase mnemonic"
    " codes verif community kennwort wachtwoord contrase senha lozinka lösenord losenord salasana parola"
    " heslo haslo hasło пароль 密码 パスワード pswd wrd webhook _pat -pat .pat dpat pat= pat: pat\" pat'"
)
LIKELY_STEMS: Final = tuple(_LIKELY.split())
"""One of these is in every text in which a value stands under a likely name, in small letters."""
_TELLING: Final = (
    "key token secret pass pw auth cred licen pin code seed salt otp user login hook signature nonce cookie"
    " jwt hmac psk pat mfa verif sas referer community bearer dsn pepper mnemonic"
)
TELLING_STEMS: Final = tuple(_TELLING.split())
"""One of these is in every text that may tell of a secret beside its name, in small letters."""
_HEADER: Final = re.compile(r"(?:^|-)(?:authorization|cookie)$", re.IGNORECASE)
_PASSWORD: Final = re.compile(
    rf"(?:password|passwd|passwort|pwd|pw|pass|passphrase|passcode){_STAGE}", re.IGNORECASE
)
_URL: Final = re.compile(rf"(?:webhook{_J}url|dsn){_STAGE}", re.IGNORECASE)
_EXCLUDED: Final = re.compile(
    r"""(?:[_.\-](?:id|arn|name|path|file|dir|host|port|endpoint|region|ttl|expiry|expiration|expires(?:_in)?|length|size
    |count|limit|timeout|interval|algorithm|alg|type|policy|prefix|suffix|header|issuer|audience|version|enabled
    |required|format|mode|provider|manager|store|backend|field|column|attribute|param|regex|pattern|hint|label)$
    |public[_.\-]?key|publishable|site[_.\-]?key|^(?:next_public|react_app|vite|public)_|max_?tokens
    |token_?(?:izer|ization)|passwordless|^aws_access_key_id$)""",
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=16_384)
def is_likely_name(name: str) -> bool:
    """Whether something of that name likely holds a secret."""
    short = name[-LONGEST:]
    if not short.lower().endswith(_ENDS):
        return False
    return _NAME.search(short) is not None or _CAMEL.search(short) is not None


def is_header_name(name: str) -> bool:
    """Whether it is a header of HTTP whose value lets somebody in."""
    return _HEADER.search(name[-LONGEST:]) is not None


def names_password(name: str) -> bool:
    """Whether it is a password's name: then numbers and words of a few letters are secrets too."""
    return _PASSWORD.search(name[-LONGEST:]) is not None


def names_address(name: str) -> bool:
    """Whether it is the name of an address that holds a secret."""
    return _URL.search(name[-LONGEST:]) is not None


_PARTS: Final = re.compile(r"[A-Z]+(?![a-zß-ÿ])|[A-Z]?[a-zß-ÿ]+|\d+")
_LONG_STEMS: Final = re.compile(
    r"passw(?!ay)|passphrase|passcode|pwd|secret|token|credential|apikey|privatekey|webhook|pepper|mnemonic"
    r"|senha|kennwort|contrase|wachtwoord|de_?passe|lozinka|l[oö]senord|salasana|heslo|has[lł]o|пароль|密码",
    re.IGNORECASE,
)
_SHORT_STEMS: Final = frozenset(
    (
        *(
            "pass",
            "pw",
            "psk",
            "pat",
            "pin",
            "key",
            "keys",
            "seed",
            "otp",
            "totp",
            "mfa",
            "salt",
            "auth",
            "cred",
        ),
        *("cred", "creds", "dsn", "jwt", "hmac", "sas", "verify", "verification", "verifier", "referer"),
        *("community", "cookie", "bearer", "hook", "signature", "licence", "license", "nonce", "login"),
    )
)
_OTHER_KEYS: Final = frozenset(
    (
        *(
            "s3",
            "object",
            "kms",
            "bucket",
            "sort",
            "hash",
            "partition",
            "tag",
            "parameter",
            "primary",
            "foreign",
        ),
        *("index", "lookup", "group", "label", "map", "topology", "public", "config", "env"),
    )
)
"""Words by which a key is one of a table, a bucket or a map."""
_NO_SECRETS: Final = frozenset(
    (
        *(
            "arn",
            "checksum",
            "commit",
            "digest",
            "fingerprint",
            "group",
            "hash",
            "host",
            "id",
            "ids",
            "image",
        ),
        *("kid", "name", "names", "namespace", "pattern", "policy", "port", "region", "repo", "repository"),
        *("role", "tag", "thumbprint", "url", "uri", "version", "zone", "algorithm", "alg", "kind", "type"),
        *("class", "path", "file", "dir", "prefix", "suffix", "issuer", "audience", "format"),
    )
)
"""Last words of names under which nothing is kept that lets anybody in."""


@lru_cache(maxsize=16_384)
def may_name_secret(name: str) -> bool:
    """Whether something of that name is a secret if it looks made up: `PIN`, `USER_PASSWORD_HASH`, `SEED2`.

    For hiding only: nothing is found by such a name.
    """
    short = name[-LONGEST:]
    words = [each.lower() for each in _PARTS.findall(short)]
    if not words or only_describes(short):
        return False
    told = _LONG_STEMS.search(short) is not None
    last = words[-1] if len(words) < 2 or not words[-1].isdigit() else words[-2]
    if (
        last in _NO_SECRETS
        and not (last == "hash" and told)
        and not (last in ("url", "uri") and "hook" in short.lower())
    ):
        return False
    if last in ("key", "keys") and (len(words) < 2 or not _OTHER_KEYS.isdisjoint(words)):
        return told
    return told or not _SHORT_STEMS.isdisjoint(words)


_PUBLISHED: Final = re.compile(
    r"^(?:next_public|react_app|vite|vue_app|nuxt_public|expo_public|gatsby|public)_"
    r"|(?:pusher(?:{J}app)?{J}key|mixpanel{J}(?:project{J})?token|segment{J}write{J}key|algolia{J}search(?:{J}only)?(?:{J}api)?{J}key"
    r"|anon(?:{J}public)?{J}key|firebase(?:{J}web)?{J}api{J}key|maps?(?:{J}api)?{J}key|amplitude(?:{J}api)?{J}key"
    r"|posthog(?:{J}(?:api|project))?{J}key|rollbar{J}client{J}token|client{J}side{J}id|(?:dd|datadog){J}client{J}token"
    r"|bugsnag{J}api{J}key|site{J}key|logrocket{J}(?:app{J})?id|tokenization{J}key)$".replace("{J}", _J),
    re.IGNORECASE,
)


@lru_cache(maxsize=16_384)
def names_published_key(name: str) -> bool:
    """Whether it is the name of a key that pages hand to every browser.

    Sources: pusher.com/docs (app key), docs.mixpanel.com (project token), segment.com/docs (write key of a
    browser's source), algolia.com/doc (search-only key), supabase.com/docs (anon key),
    firebase.google.com/docs (API keys), developers.google.com/maps (keys in pages), amplitude.com/docs,
    docs.rollbar.com, docs.bugsnag.com.
    """
    return _PUBLISHED.search(name[-LONGEST:]) is not None


_LOGINS: Final = frozenset(
    (
        "auth",
        "login",
        "logins",
        "users",
        "user",
        "accounts",
        "credentials",
        "creds",
        "cred",
        "credential",
        "userpass",
        "pass",
    )
)


def holds_logins(name: str) -> bool:
    """Whether users stand there with their passwords: `NEO4J_AUTH`, `SFTP_USERS`, `ADMIN_LOGIN`."""
    words = [each.lower() for each in _PARTS.findall(name[-LONGEST:])]
    return bool(words) and words[-1] in _LOGINS


_FIRST_WORDS: Final = frozenset(("password", "passwd", "pwd", "pw", "pass", "passphrase", "passwort"))
_SAYS_HOW: Final = frozenset(
    ("algo", "attempts", "authentication", "characters", "chars", "complexity", "cost", "days", "domain",
     "driver", "encoder", "encoding", "encryption", "engine", "expire", "expires", "factor", "field",
     "flow", "generator", "grace", "grant", "hash", "hasher", "hashing", "history", "hours", "iterations",
     "keyring", "level", "link", "max", "maxlength", "method", "min", "minlength", "minutes", "mount",
     "plugin", "realm", "reset", "rotation", "rounds", "rule", "salt", "samesite", "scheme", "scope",
     "score", "server", "service", "strategy", "strength", "through", "validation", "validator", "words")
)  # fmt: skip
"""Last words of names that say how passwords are dealt with."""


def leads_with_password(name: str) -> bool:
    """Whether a name says first that it is a password, then whose: `PASSWORD_DB`, `pwd-admin`."""
    words = [each.lower() for each in _PARTS.findall(name[-LONGEST:])]
    if len(words) < 2 or words[0] not in _FIRST_WORDS or only_describes(name):
        return False
    return _NO_SECRETS.isdisjoint(words[1:]) and not says_how(name)


def says_how(name: str) -> bool:
    """Whether it is the name of how secrets are dealt with: `PASSWORD_ENCODER`, `TOKEN_ROTATION`."""
    words = [each.lower() for each in _PARTS.findall(name[-LONGEST:])]
    return len(words) > 1 and (words[-1] in _SAYS_HOW or words[-1].removesuffix("s") in _SAYS_HOW)


def names_pin(name: str) -> bool:
    """Whether it is the name of a number that lets somebody in; that of a board's pin is shorter."""
    words = [each.lower() for each in _PARTS.findall(name[-LONGEST:])]
    return "pin" in words or "pincode" in words


@lru_cache(maxsize=16_384)
def only_describes(name: str) -> bool:
    """Whether the name says that it only describes a secret, or that what it holds is public."""
    return _EXCLUDED.search(name[-LONGEST:]) is not None
