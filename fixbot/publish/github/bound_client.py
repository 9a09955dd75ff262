"""The one place that shows a token to anybody: it is added to a request right before that leaves.

Whatever made the request (a redirect, a later line of ours, a library), it passes the adapter here, which is
bound to one origin: a scheme, a host and a port. A request to anywhere else is not sent at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urljoin

from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from fixbot import __version__
from fixbot.network.addresses import Origin
from fixbot.publish.github.credentials import Client
from fixbot.publish.github.github_errors import NoConnection, WrongHost
from fixbot.publish.github.hosts import parse_origin

HOPS: Final = 5
"""How many requests one may become: PyGithub follows what has moved, and asks again for what isn't ready."""
_NAMES_A_PLACE = frozenset((301, 302, 303, 307, 308))


class BoundAdapter(HTTPAdapter):
    """Sends requests to one origin, and adds the header that says who asks; refuses all others."""

    def __init__(self, origin: Origin, authorization: str) -> None:
        super().__init__()
        self._origin, self._authorization = origin, authorization
        self.hops = 0

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> Response:
        """Send it. Raises WrongHost for another origin, NoConnection for an answer that leads to one."""
        if _origin_or_none(request.url or "") != self._origin:
            raise WrongHost(f"a request that is not for {self._origin} was not sent")
        self.hops += 1
        if self.hops > HOPS:
            raise OSError("GitHub sends in a circle")
        request.headers["Authorization"] = self._authorization
        # What is plain stays on this machine: a proxy would read it.
        ways = {} if self._origin.scheme == "http" else proxies
        answer = super().send(request, stream, timeout, verify, cert, ways)
        place = answer.headers.get("location")
        if answer.status_code in _NAMES_A_PLACE and place is not None:
            there = urljoin(request.url or "", place)
            if _origin_or_none(there) != self._origin:
                answer.close()
                raise NoConnection(f"{self._origin} redirects to another server; nothing was sent there")
        return answer


def _origin_or_none(address: str) -> Origin | None:
    try:
        return parse_origin(address, "the address")
    except WrongHost:
        return None


def build_client(address: str, allowed: Collection[Origin], authorization: str, seconds: float) -> Client:
    """PyGithub's client for one address, with its own waiting, trying again and logging in taken away.

    The first two are the gateway's: PyGithub does neither for PATCH, repeats a POST that may have happened,
    and its pauses don't hold between threads (measured with 2.10). `seconds` is how long a request may take.
    What it sends stays at the address's origin, which must be one of the `allowed`. Raises WrongHost.
    """
    origin = parse_origin(address, "the API's address")
    if origin not in allowed:
        raise WrongHost(f"{origin} is no server that the token is for")
    kind = HTTPSRequestsConnectionClass if origin.scheme == "https" else HTTPRequestsConnectionClass
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    connection = kind(host, origin.port, timeout=seconds, verify=True)  # type: ignore[arg-type]
    adapter = BoundAdapter(origin, authorization)
    for scheme in ("https://", "http://"):
        connection.session.mount(scheme, adapter)
    asks = Requester(
        auth=None, base_url=address, timeout=int(seconds), user_agent=f"fixbot/{__version__}",
        per_page=100, verify=True, retry=None, pool_size=None,
        seconds_between_requests=0, seconds_between_writes=0,
    )  # fmt: skip

    def send_request(
        verb: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: object
    ) -> tuple[int, Mapping[str, str], str]:
        adapter.hops = 0
        try:
            return asks.requestJson(verb, path, dict(query), dict(headers), body, connection)
        except RuntimeError as error:  # PyGithub's word for a redirect that leads nowhere
            raise OSError("GitHub redirects to where it was asked") from error

    return send_request
