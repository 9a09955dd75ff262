"""One request over the door: https (plain on loopback alone), past no private address that a file names.

A host is resolved once, every address of it is looked at, and the connection goes to one of these, so that a
name can't lead elsewhere a moment later. Each redirect is looked at in the same way, and none but the origin
that was asked gets a header that says who asks. Sizes and times are bounded, proxies are those of the
environment. No credentials of other programs (docker, helm, netrc) are read.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urljoin
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed has no name for it

from fixbot import __version__
from fixbot.network.addresses import Origin, is_for_everyone, is_host, is_loopback, split_address

HOPS: Final = 5
"""Redirects that are followed."""
_MOVED: Final = frozenset((301, 302, 303, 307, 308))
_PIECE: Final = 65_536
_PRIVATE_HEADERS: Final = frozenset(("authorization", "cookie", "proxy-authorization"))
NamedBy = Literal["file", "user"]


class RequestRefused(Exception):
    """A request that was not sent, or whose answer is of no use; says the host, never path or query."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """What is asked for with GET. `named_by` is who says the host: a `file` may name public ones alone.

    `seconds` and `most_bytes` are for the whole of it, redirects included. `digest` (`sha256:…`) is what the
    answer must have.
    """

    address: str = field(repr=False)
    named_by: NamedBy
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    most_bytes: int = 1_000_000
    seconds: float = 20.0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer, whatever its status; `headers` are by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


Resolve = Callable[[str, int], list[str]]


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    return list(
        dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )


@dataclass(frozen=True, slots=True)
class NetworkDoor:
    """Sends requests. `environment` says which proxies there are."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    resolve: Resolve = resolve_host
    clock: Callable[[], float] = time.monotonic

    def send_request(self, request: WebRequest) -> WebAnswer:
        """The answer, redirects followed. Raises RequestRefused."""
        deadline = self.clock() + request.seconds
        for _ in range(HOPS + 1):
            origin, target = parse_target(request.address)
            addresses = self._choose_addresses(origin, request.named_by)
            answer = self._ask_once(request, origin, target, addresses, deadline)
            place = answer.headers.get("location")
            if answer.status not in _MOVED or place is None:
                return _check_digest(answer, request.digest, origin)
            request = _follow_redirect(request, origin, place)
        raise RequestRefused(f"{origin.host} redirects more than {HOPS} times")

    def _choose_addresses(self, origin: Origin, named_by: NamedBy) -> list[str]:
        """Where to connect to. A proxy may know hosts of the user that this machine doesn't."""
        try:
            found = self.resolve(origin.host, origin.port)
        except (OSError, UnicodeError):
            if named_by == "user" and self._find_proxy(origin):
                return []
            raise RequestRefused(f"there is no host {origin.host}") from None
        if named_by == "file" and not all(map(is_for_everyone, found)):
            raise RequestRefused(f"{origin.host} is no public host, and only a file names it")
        if origin.scheme == "http" and not all(map(is_loopback, found)):
            raise RequestRefused(f"{origin.host} is not this machine, and http is plain")
        return found

    def _find_proxy(self, origin: Origin) -> SplitResult | None:
        """The proxy for an origin, if the user names one; what is plain stays on this machine."""
        https, every, no = (self.environment.get(n) or self.environment.get(n.upper(), "") for n in _PROXIES)
        address = https or every
        if origin.scheme == "http" or not address or proxy_bypass_environment(origin.host, {"no": no}):
            return None
        parts = split_address(address if "://" in address else f"http://{address}")
        if parts is None or parts.scheme != "http":
            raise RequestRefused("the proxy (HTTPS_PROXY) is no http address")
        return parts

    def _ask_once(
        self, request: WebRequest, origin: Origin, target: str, addresses: list[str], deadline: float
    ) -> WebAnswer:
        trouble = "no answer"
        for address in addresses[:4] or [origin.host]:
            try:
                left = self._time_left(deadline, origin)
                with closing(self._connect(origin, address, request.named_by, left)) as line:
                    line.request("GET", target, headers=_build_headers(request, origin))
                    answer = line.getresponse()
                    data = self._read_bounded(answer, line, request.most_bytes, deadline, origin)
                    headers = {name.lower(): value for name, value in answer.getheaders()}
                    return WebAnswer(answer.status, headers, data)
            except ssl.SSLError:
                trouble = "its certificate is not one that this machine trusts"
            except (OSError, HTTPException):
                continue
        raise RequestRefused(f"{origin.host}: {trouble}")

    def _connect(self, origin: Origin, address: str, named_by: NamedBy, seconds: float) -> HTTPConnection:
        if origin.scheme == "http":
            return HTTPConnection(address, origin.port, timeout=seconds)
        proxy = self._find_proxy(origin)
        if proxy is None:
            return _NamedConnection(address, origin.port, origin.host, seconds)
        line = _NamedConnection(proxy.hostname or "", proxy.port or 80, origin.host, seconds)
        # Of a host that a file names the proxy gets the address that was looked at: it may know another one.
        line.set_tunnel(address if named_by == "file" else origin.host, origin.port, _log_in(proxy))
        return line

    def _read_bounded(
        self, answer: HTTPResponse, line: HTTPConnection, most: int, deadline: float, origin: Origin
    ) -> bytes:
        pieces, size = [], 0
        while piece := answer.read1(_PIECE):
            size += len(piece)
            if size > most:
                raise RequestRefused(f"{origin.host}: the answer has more than {most:,} bytes")
            pieces.append(piece)
            left = self._time_left(deadline, origin)
            if line.sock is not None:
                line.sock.settimeout(left)
        if answer.length:
            raise RequestRefused(f"{origin.host}: the answer is cut short")
        return b"".join(pieces)

    def _time_left(self, deadline: float, origin: Origin) -> float:
        left = deadline - self.clock()
        if left <= 0:
            raise RequestRefused(f"{origin.host} takes too long")
        return left


_PROXIES: Final = ("https_proxy", "all_proxy", "no_proxy")


class _NamedConnection(HTTPSConnection):
    """TLS with a host by its name, wherever the connection itself goes."""

    def __init__(self, address: str, port: int, server_name: str, seconds: float) -> None:
        self._trust = ssl.create_default_context()
        super().__init__(address, port, timeout=seconds, context=self._trust)
        self._server_name = server_name

    def connect(self) -> None:
        """Connect, through the proxy where there is one, and see that the certificate is the host's."""
        HTTPConnection.connect(self)
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._server_name)


def parse_target(address: str) -> tuple[Origin, str]:
    """Where an address leads, and what is asked for there. Raises RequestRefused."""
    parts = split_address(address)
    host = (parts.hostname or "").lower() if parts is not None else ""
    if parts is None or parts.scheme not in {"http", "https"} or not is_host(host):
        raise RequestRefused("that is no address of a server")
    if "@" in parts.netloc:
        raise RequestRefused(f"the address of {host} holds a name or password")
    if parts.scheme == "http" and not is_loopback(host):
        raise RequestRefused(f"{host} is named with http://; that is for this very machine alone")
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Origin(parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)), target


def _log_in(proxy: SplitResult) -> dict[str, str]:
    """The header for a proxy whose address holds a name and a password."""
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _follow_redirect(request: WebRequest, origin: Origin, place: str) -> WebRequest:
    address = urljoin(request.address, place)
    there, _ = parse_target(address)
    if there.scheme == "http" and origin.scheme == "https":
        raise RequestRefused(f"{origin.host} redirects from https to http")
    headers = request.headers
    if there != origin:
        headers = {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}
    # Whoever answers is no user: where it leads to must be public, but for this machine's own redirects.
    named_by: NamedBy = request.named_by if there.host == origin.host or is_loopback(origin.host) else "file"
    return replace(request, address=address, headers=headers, named_by=named_by)


def _build_headers(request: WebRequest, origin: Origin) -> dict[str, str]:
    usual = origin.port == (443 if origin.scheme == "https" else 80)
    host = origin.host_in_address + ("" if usual else f":{origin.port}")
    own = {
        "Host": host,
        "User-Agent": f"fixbot/{__version__}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    return {**own, **request.headers}


def _check_digest(answer: WebAnswer, digest: str, origin: Origin) -> WebAnswer:
    if digest and answer.status == 200:
        name, _, wanted = digest.partition(":")
        if name != "sha256" or hashlib.sha256(answer.data).hexdigest() != wanted.lower():
            raise RequestRefused(f"{origin.host}: the answer has another digest than was asked for")
    return answer
