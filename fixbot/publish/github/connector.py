"""A gateway for one repository, from the environment: a token, or one that an app has made for just this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fixbot.publish.github.credentials import Client, GitHubApp, Token, find_credentials, sign_app_token
from fixbot.publish.github.gateway import AnswerStore, Clock, Gateway, WallClock, may_send_twice
from fixbot.publish.github.github_errors import NoConnection, OutcomeUnknown, RequestRejected
from fixbot.publish.github.hosts import GitHubHost, choose_host
from fixbot.publish.github.request_pace import RequestPace

SECONDS: Final = 30
"""How long one request may take."""


@dataclass
class Connector:
    """Makes gateways that share one pace, since limits count for the actor and not for the repository."""

    environment: Mapping[str, str] = field(repr=False)
    patience: float = 900
    store: AnswerStore | None = None
    waiting: Callable[[str], None] = lambda _: None
    clock: Clock = field(default_factory=WallClock)
    pace: RequestPace = field(default_factory=RequestPace)
    chosen: str = ""
    """The host that the command line names."""
    remote: str = ""
    """The host that a checkout's remote names: believed for the hosts that GitHub runs for everyone only."""
    _by_token: dict[str, Gateway] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> GitHubHost:
        """Where GitHub is. Raises WrongHost for no address, and for a host that the user didn't name."""
        return choose_host(self.environment, self.chosen, self.remote)

    @property
    def is_in_actions(self) -> bool:
        """Whether this is GitHub Actions with its own token."""
        return self.environment.get("GITHUB_ACTIONS") == "true"

    def find_credentials(self) -> Token | GitHubApp:
        """Whoever the environment says asks. Raises NoConnection."""
        return find_credentials(self.environment, self.host)

    def token_for(self, name: str) -> Token:
        """Whoever asks for OWNER/NAME. Raises NoConnection."""
        known = self.find_credentials()
        if isinstance(known, Token):
            return known
        return self.request_installation_token(known, name, {"repositories": [name.partition("/")[2]]})

    def gateway_for(self, name: str) -> Gateway:
        """The gateway for OWNER/NAME. The first one says which host this run talks to."""
        token = self.token_for(name)
        if token.secret not in self._by_token:
            if not self._by_token:
                self.waiting(
                    f"talking to {token.host.host_name} ({token.host.origin.host}), with {token.source}"
                )
            self._by_token[token.secret] = self._open_gateway(token)
        return self._by_token[token.secret]

    def _open_gateway(self, token: Token, *, keeps: bool = True) -> Gateway:
        at = token.host
        address, _, last = at.graphql.rpartition("/")
        return Gateway(
            at.api, open_client(at.api, token), _FixedPathClient(open_client(address, token), f"/{last}"),
            self.patience, self.store if keeps else None, self.clock, self.waiting, self.pace,
        )  # fmt: skip

    def request_installation_token(self, app: GitHubApp, name: str, body: object) -> Token:
        """A token of the app's installation on a repository, for an hour; `body` says what it is good for.

        Source: GitHub's REST reference, "Create an installation access token for an app".
        """
        asking = self._open_gateway(sign_app_token(app), keeps=False)
        try:
            found = asking.read_path(f"/repos/{name}/installation").data
            made = asking.send_write(
                "POST", f"/app/installations/{int(found['id'])}/access_tokens", body, look=may_send_twice
            )
            return Token(str(made["token"]), app.host, f"a token of the GitHub App {app.id}")
        except (RequestRejected, OutcomeUnknown) as error:
            why = error.said if isinstance(error, RequestRejected) else str(error)
            raise NoConnection(
                f"the GitHub App {app.id} can't act on {name}: {why}; install it there"
            ) from None


@dataclass(frozen=True, slots=True)
class _FixedPathClient:
    """A client whose requests all go to one path."""

    client: Client
    path: str

    def __call__(
        self, verb: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: object
    ) -> tuple[int, Mapping[str, str], str]:
        del path
        return self.client(verb, self.path, query, headers, body)


def open_client(address: str, token: Token) -> Client:
    """What sends requests below one address, for a token whose host that is. Raises WrongHost."""
    from fixbot.publish.github.bound_client import build_client  # noqa: PLC0415 - PyGithub costs 300 ms

    return build_client(address, token.host.origins, f"{token.word} {token.secret}", SECONDS)
