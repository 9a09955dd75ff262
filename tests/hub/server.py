"""The stand-in on a port of this machine: HTTP/1.1, one thread a connection, one lock over the state."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.hub.answering import answer
from tests.hub.control import CONTROL, control
from tests.hub.hub import Hub, Request
from tests.hub.rest import Answer

ENTERPRISE = "/api/v3"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def _serve(self) -> None:
        hub = self.server.hub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(CONTROL):
            self._send(control(hub, self.path.removeprefix(CONTROL), body), None)
            return
        request = self._request(body)
        if hub.before is not None:
            hub.before(request)
        done, fault = answer(hub, request)
        if hub.after is not None:
            hub.after(request)
        self._send(done, fault)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the library's names

    def _request(self, body: bytes) -> Request:
        hub, parts = self.server.hub, urlsplit(self.path)
        path, base = parts.path, f"http://{self.headers.get('Host', '')}"
        if path.startswith(f"{ENTERPRISE}/"):
            path, base = path.removeprefix(ENTERPRISE), base + ENTERPRISE
        elif path == "/api/graphql":
            path, base = "/graphql", base + ENTERPRISE
        if path.startswith("/repositories/"):
            number, _, rest = path.removeprefix("/repositories/").partition("/")
            name = next((repo.full_name for repo in hub.repos.values() if str(repo.id) == number), number)
            path = f"/repos/{name}/{rest}".rstrip("/")
        said: Any = None
        if body:
            try:
                said = json.loads(body)
            except ValueError:
                said = ...
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(next(self.server.numbers), self.command, path, query, headers, said, base)

    def _send(self, done: Answer, fault: str | None) -> None:
        if fault == "slow":
            time.sleep(self.server.hub.faults.delay)
        if fault in ("reset-before", "reset-after"):
            self._reset()
            return
        data: bytes = done.body
        lines = [f"HTTP/1.1 {done.status} {HTTPStatus(done.status).phrase}", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in done.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        cut = fault == "cut" and len(data) > 1
        self.wfile.write(head + (data[: len(data) // 2] if cut else data))
        if cut:
            self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep quiet; the log is `hub.log`."""


class Listener(ThreadingHTTPServer):
    """The port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, hub: Hub, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.hub = hub
        self.numbers = itertools.count(1)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no concern; anything else is a defect of ours."""
        import sys  # noqa: PLC0415

        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            self.hub.defects.append(f"{type(error).__name__}: {error}")


class Server:
    """`with Server(hub) as server:` serves until the block ends. `enterprise` adds the prefixes of GHES."""

    def __init__(self, hub: Hub, port: int = 0, *, enterprise: bool = False) -> None:
        self.hub = hub
        self._listener = Listener(hub, port)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.server_url = f"http://127.0.0.1:{self._listener.server_address[1]}"
        self.api_url = self.server_url + (ENTERPRISE if enterprise else "")
        self.graphql_url = self.server_url + ("/api/graphql" if enterprise else "/graphql")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown()
        self._listener.server_close()
        self.hub.close()

    def environment(self, token: str, repository: str) -> dict[str, str]:
        """The variables as a workflow of GitHub Actions has them."""
        return {
            "GITHUB_API_URL": self.api_url,
            "GITHUB_GRAPHQL_URL": self.graphql_url,
            "GITHUB_SERVER_URL": self.server_url,
            "GITHUB_REPOSITORY": repository,
            "GITHUB_TOKEN": token,
        }
