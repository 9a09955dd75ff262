"""A plain client for tests: it sends what it is told, retries nothing and follows nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.hub.server import Server


@dataclass
class Reply:
    """What came back; `body` is None where it isn't JSON."""

    status: int
    headers: dict[str, str]
    text: bytes
    body: Any = field(default=None)


class Ask:
    """Requests with one token, over one kept connection."""

    def __init__(self, server: Server, token: str) -> None:
        self._api, self._graph = urlsplit(server.api_url), urlsplit(server.graphql_url)
        self._connection = HTTPConnection(self._api.netloc, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "test"}

    def __call__(self, verb: str, path: str, body: Any = None, **query: str) -> Reply:
        """One REST request; the path without the API's prefix."""
        address = self._api.path + path + (f"?{urlencode(query)}" if query else "")
        return self.send(verb, address, body)

    def send(self, verb: str, address: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(verb, address, data, {**self._headers, **(headers or {})})
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self._connection.close()
            raise
        found = {name.lower(): value for name, value in answer.headers.items()}
        is_json = "json" in found.get("content-type", "") and text
        return Reply(answer.status, found, text, json.loads(text) if is_json else None)

    def graph(self, query: str, **variables: Any) -> Any:
        """The whole answer of a GraphQL request: `data` and `errors`."""
        return self.send("POST", self._graph.path, {"query": query, "variables": variables}).body

    def update_refs(self, repository_id: str, *moves: tuple[str, str, str | None, bool]) -> Any:
        """Moves of (name, after, before, force)."""
        updates = [
            {"name": name, "afterOid": after, "beforeOid": before, "force": force}
            for name, after, before, force in moves
        ]
        words = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
        return self.graph(words, input={"repositoryId": repository_id, "refUpdates": updates})

    def close(self) -> None:
        self._connection.close()
