"""Who asks: a token or an app, from the environment, and the one host that each may be shown to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fixbot.publish.github.github_errors import NoConnection, WrongHost
from fixbot.publish.github.hosts import GitHubHost, read_actions_host

_COMMON: Final = ("GITHUB_TOKEN", "GH_TOKEN")
_ENTERPRISE: Final = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
"""Source for both: `gh help environment`."""


class Client(Protocol):
    """What sends a request: verb, path below the API's address, query, headers, body."""

    def __call__(
        self, verb: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: object
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers in lower case, and text of the answer. Raises OSError, NoConnection."""


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks, and where: it is sent to that host's API and nowhere else. `source` is where it comes from.

    A token's kind shows in its first letters; what is not known counts as a user's.
    Source: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    """

    secret: str = field(repr=False)
    host: GitHubHost
    source: str = ""
    word: str = "token"
    """What stands before it in the header: `Bearer` for the word by which an app says who it is."""

    @property
    def is_installation(self) -> bool:
        """Whether it is an app's, GitHub Actions' own among them: GitHub then signs commits made by REST."""
        return self.secret.startswith("ghs_")

    @property
    def is_user(self) -> bool:
        """Whether it is known to be a person's: commits made by REST are then not signed."""
        return self.secret.startswith(("ghp_", "github_pat_", "gho_", "ghu_"))


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """A GitHub App on one host: its id (or client id) and its private key as PEM text."""

    id: str
    key: str = field(repr=False)
    host: GitHubHost


def find_credentials(environment: Mapping[str, str], host: GitHubHost) -> Token | GitHubApp:
    """Who asks that host. Raises NoConnection where nothing says so.

    GITHUB_TOKEN and GH_TOKEN are for github.com and data-residency hosts, and for the server whose variables
    Actions sets; any other host has tokens of its own, so that none reaches a server that did not make it.
    """
    key, app = environment.get("FIXBOT_APP_PRIVATE_KEY", ""), environment.get("FIXBOT_APP_ID", "")
    if app and key:
        return GitHubApp(app, key.replace("\\n", "\n"), host)
    if app or key:
        missing = "FIXBOT_APP_PRIVATE_KEY" if app else "FIXBOT_APP_ID"
        raise NoConnection(f"{missing} is not set; a GitHub App needs its id and its private key")
    names = _token_variables(environment, host)
    source = next((name for name in names if environment.get(name, "").strip()), "")
    if not source:
        raise NoConnection(_explain_missing(environment, host, names[0]))
    secret = environment[source].strip()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise NoConnection(f"{source} holds characters that no token has")
    return Token(secret, host, source)


def _token_variables(environment: Mapping[str, str], host: GitHubHost) -> tuple[str, ...]:
    """The variables whose tokens are for that host, the first one first."""
    try:
        of_actions = read_actions_host(environment)
    except WrongHost:
        of_actions = None
    here = of_actions is not None and of_actions.origin == host.origin
    if here:
        return ("GITHUB_TOKEN", *_ENTERPRISE, "GH_TOKEN") if not host.is_public else _COMMON
    if not host.is_public:
        return _ENTERPRISE
    return _COMMON if of_actions is None else ("GH_TOKEN",)


def _explain_missing(environment: Mapping[str, str], host: GitHubHost, first: str) -> str:
    other = next((name for name in _COMMON if environment.get(name, "").strip()), "")
    if other:
        whose = "the server that GITHUB_SERVER_URL names" if host.is_public else "github.com and *.ghe.com"
        return f"no token for {host.host_name}: {other} is for {whose}; set {first}"
    return (
        f"no token: set {first} (contents: write, pull requests: write), "
        "or FIXBOT_APP_ID and FIXBOT_APP_PRIVATE_KEY"
    )


def sign_app_token(app: GitHubApp) -> Token:
    """The signed word (JWT) by which an app says who it is; good for some minutes."""
    from github import Auth  # noqa: PLC0415 - costs 300 ms
    from jwt import PyJWTError  # noqa: PLC0415 - PyGithub's own way to sign

    try:
        return Token(Auth.AppAuth(app.id, app.key).create_jwt(), app.host, word="Bearer")
    except (ValueError, TypeError, AssertionError, PyJWTError) as error:
        raise NoConnection(
            f"FIXBOT_APP_PRIVATE_KEY is no private key in PEM ({type(error).__name__})"
        ) from None
