"""Where GitHub is and who asks: addresses and tokens from the environment, and PyGithub's client for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from fixbot import __version__
from fixbot.forge.errors import NoConnection

if TYPE_CHECKING:
    from github.Requester import Requester

API: Final = "https://api.github.com"
SECONDS: Final = 30
"""How long one request may take."""
_SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)?(?P<host>[\w.-]+)(?::\d+)?[:/](?P<path>[^:]+)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class Client(Protocol):
    """What sends a request: verb, path below the API's address, query, headers, body."""

    def __call__(
        self, verb: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: object
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers in lower case, and text of the answer. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Host:
    """The addresses of one GitHub, without a slash at the end. `web` is where people look."""

    api: str = API
    graphql: str = f"{API}/graphql"
    web: str = "https://github.com"


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks. A token's kind shows in its first letters; what is not known counts as a user's.

    Source: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    """

    secret: str = field(repr=False)

    @property
    def installation(self) -> bool:
        """Whether it is an app's, GitHub Actions' own among them: GitHub then signs commits made by REST."""
        return self.secret.startswith("ghs_")

    @property
    def user(self) -> bool:
        """Whether it is known to be a person's: commits made by REST are then not signed."""
        return self.secret.startswith(("ghp_", "github_pat_", "gho_", "ghu_"))


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App: its id (or client id) and its private key as PEM text."""

    id: str
    key: str = field(repr=False)


def host(environment: Mapping[str, str], web: str = "") -> Host:
    """The addresses that the environment names, as Actions sets them, or those of the server `web`.

    GitHub Enterprise Server has its API below /api; data-residency hosts (SUBDOMAIN.ghe.com) have
    a host of their own for it. Source: GitHub's REST and GraphQL documentation, "Getting started".
    """
    web = (environment.get("GITHUB_SERVER_URL") or web or "https://github.com").rstrip("/")
    api = (environment.get("GITHUB_API_URL") or _api_of(web)).rstrip("/")
    graphql = environment.get("GITHUB_GRAPHQL_URL") or (
        api.removesuffix("/v3") + "/graphql" if api.endswith("/api/v3") else f"{api}/graphql"
    )
    for name, address in (("GITHUB_API_URL", api), ("GITHUB_GRAPHQL_URL", graphql)):
        if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
            raise NoConnection(f"{name} is no address of a server: {address!r}; it begins with https://")
    return Host(api, graphql.rstrip("/"), web)


def _api_of(web: str) -> str:
    parts = urlsplit(web)
    name = parts.hostname or ""
    if name in {"github.com", "www.github.com"}:
        return API
    if name.endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{web}/api/v3"


def credentials(environment: Mapping[str, str]) -> Token | App:
    """Who asks. Raises NoConnection where nothing says so."""
    key, app = environment.get("FIXBOT_APP_PRIVATE_KEY", ""), environment.get("FIXBOT_APP_ID", "")
    if app and key:
        return App(app, key.replace("\\n", "\n"))
    if app or key:
        missing = "FIXBOT_APP_PRIVATE_KEY" if app else "FIXBOT_APP_ID"
        raise NoConnection(f"{missing} is not set; a GitHub App needs its id and its private key")
    token = (environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or "").strip()
    if not token:
        raise NoConnection(
            "no token: set GITHUB_TOKEN (contents: write, pull requests: write), "
            "or FIXBOT_APP_ID and FIXBOT_APP_PRIVATE_KEY"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NoConnection("GITHUB_TOKEN holds characters that no token has")
    return Token(token)


def repository_of(remote: str) -> tuple[str, str] | None:
    """The server's address and OWNER/NAME that a Git remote's URL names, None where it is no such URL."""
    parts = urlsplit(remote)
    if parts.scheme in {"http", "https"} and parts.hostname:
        server = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        path = parts.path
    elif (found := _SSH.fullmatch(remote)) and "://" not in remote.removeprefix("ssh://"):
        server, path = f"https://{found['host'].removeprefix('ssh.')}", found["path"]
    else:
        return None
    name = path.strip("/").removesuffix(".git")
    return (server, name) if is_repository(name) else None


def is_repository(name: str) -> bool:
    """Whether that is OWNER/NAME."""
    return _NAME.fullmatch(name) is not None


def client(address: str, token: str, kind: str = "token") -> Client:
    """PyGithub's client for one address, with its own waiting and trying again taken away.

    That is the gateway's: PyGithub does neither for PATCH, repeats a POST that may have happened, and its
    pauses don't hold between threads (measured with 2.10). `kind` is `token` or `jwt`.
    """
    from github import Auth  # noqa: PLC0415 - costs 300 ms
    from github.Requester import Requester as Asks  # noqa: PLC0415

    auth = Auth.AppAuthToken(token) if kind == "jwt" else Auth.Token(token)
    asks = Asks(
        auth=auth, base_url=address, timeout=SECONDS, user_agent=f"fixbot/{__version__}",
        per_page=100, verify=True, retry=None, pool_size=None,
        seconds_between_requests=0, seconds_between_writes=0,
    )  # fmt: skip
    return _Asking(asks)


def app_token(app: App) -> str:
    """The signed word (JWT) by which an app says who it is; good for some minutes."""
    from github import Auth  # noqa: PLC0415 - costs 300 ms
    from jwt import PyJWTError  # noqa: PLC0415 - PyGithub's own way to sign

    try:
        return Auth.AppAuth(app.id, app.key).create_jwt()
    except (ValueError, TypeError, AssertionError, PyJWTError) as error:
        raise NoConnection(
            f"FIXBOT_APP_PRIVATE_KEY is no private key in PEM ({type(error).__name__})"
        ) from None


@dataclass(frozen=True, slots=True)
class _Asking:
    requester: Requester

    def __call__(
        self, verb: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: object
    ) -> tuple[int, Mapping[str, str], str]:
        try:
            return self.requester.requestJson(verb, path, dict(query), dict(headers), body)
        except RuntimeError as error:  # PyGithub's word for a redirect to another server
            raise OSError("GitHub redirects to another server") from error
