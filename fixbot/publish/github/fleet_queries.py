"""Many repositories in few requests: what an owner has, a hundred in one query, one token for all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fixbot.fleet.plan import Candidate
from fixbot.fleet.result_rows import RepositoryPulse
from fixbot.publish.github.connector import Connector
from fixbot.publish.github.credentials import Token
from fixbot.publish.github.gateway import Gateway
from fixbot.publish.github.github_errors import NoConnection, RequestRejected

A_BATCH: Final = 100
"""Repositories in one query; GitHub takes at most a hundred ids."""
_RENEW_AFTER: Final = 50 * 60.0
"""Seconds; an installation's token is good for an hour."""
_FACTS: Final = "id nameWithOwner isArchived isDisabled isEmpty isFork"
_TARGET: Final = "name target { oid ... on Commit { tree { oid } } }"
_PULSES: Final = (
    "query($ids: [ID!]!, $prefix: String!%s) { nodes(ids: $ids) { ... on Repository {"
    " id nameWithOwner url isArchived isDisabled viewerPermission"
    f" defaultBranchRef {{ {_TARGET} }}%s"
    ' refs(refPrefix: "refs/heads/", query: $prefix, first: 1) { totalCount }'
    " pullRequests(first: 1, orderBy: { field: UPDATED_AT, direction: DESC })"
    " { totalCount nodes { updatedAt } } } } }"
)


def list_repositories(gateway: Gateway, owner: str, topics: Sequence[str] = ()) -> Iterator[str]:
    """OWNER/NAME of all that an organisation or a user has, with one of the topics where there are any.

    One request a hundred. Raises NoConnection for an owner that isn't there.
    """
    wanted = frozenset(topic.lower() for topic in topics)
    try:
        try:
            yield from _list_names(gateway, f"/orgs/{owner}/repos", wanted)
        except RequestRejected as refused:
            if refused.status != 404:
                raise
            yield from _list_names(gateway, f"/users/{owner}/repos", wanted)
    except RequestRejected as refused:
        if refused.status == 404:
            raise NoConnection(f"GitHub knows no organisation or user {owner}") from None
        raise NoConnection(f"{owner}: {refused.said or refused.status}") from None


def _list_names(gateway: Gateway, path: str, topics: frozenset[str]) -> Iterator[str]:
    for page in gateway.read_pages(path, {"type": "all"}, most=1000):
        for row in page.data or ():
            if not topics or topics & {str(each).lower() for each in row.get("topics") or ()}:
                yield str(row["full_name"])
        gateway.forget_answers()


def query_candidates(gateway: Gateway, names: Sequence[str]) -> Iterator[Candidate]:
    """What there is to know of each repository before it is taken in: one request a hundred."""
    for begin in range(0, len(names), A_BATCH):
        yield from _query_batch(gateway, names[begin : begin + A_BATCH])


def _query_batch(gateway: Gateway, names: Sequence[str]) -> Iterator[Candidate]:
    parts = []
    for at, name in enumerate(names):
        owner, _, own = name.partition("/")
        parts.append(f"r{at}: repository(owner: {json.dumps(owner)}, name: {json.dumps(own)}) {{ {_FACTS} }}")
    try:
        found = gateway.send_query(f"query {{ {' '.join(parts)} }}", {})
    except RequestRejected as refused:
        yield from _ask_in_halves(gateway, names, refused, _query_batch, Candidate(names[0], missing=True))
        return
    for at, name in enumerate(names):
        row = found.get(f"r{at}")
        yield Candidate(name, missing=True) if row is None else Candidate(
            str(row["nameWithOwner"]), str(row["id"]), bool(row["isArchived"]), bool(row["isDisabled"]),
            bool(row["isEmpty"]), bool(row["isFork"]),
        )  # fmt: skip


def query_pulses(
    gateway: Gateway, ids: Sequence[str], prefix: str, base: str = ""
) -> dict[str, RepositoryPulse]:
    """By id: where the base branch is (empty: the default one) and whether pull requests changed.

    One request a hundred. Who isn't there any more is left out. Raises NoConnection, RateLimitExceeded,
    OutcomeUnknown.
    """
    found: dict[str, RepositoryPulse] = {}
    for begin in range(0, len(ids), A_BATCH):
        batch = ids[begin : begin + A_BATCH]
        found |= {
            each.id: each for each in _query_pulse_batch(gateway, batch, prefix, base) if each is not None
        }
    return found


def _query_pulse_batch(
    gateway: Gateway, ids: Sequence[str], prefix: str, base: str
) -> Iterator[RepositoryPulse | None]:
    def ask_half(gateway: Gateway, some: Sequence[str]) -> Iterator[RepositoryPulse | None]:
        return _query_pulse_batch(gateway, some, prefix, base)

    text = _PULSES % (
        (", $base: String!", f" ref(qualifiedName: $base) {{ {_TARGET} }}") if base else ("", "")
    )
    variables = {"ids": list(ids), "prefix": prefix, **({"base": f"refs/heads/{base}"} if base else {})}
    try:
        rows = gateway.send_query(text, variables).get("nodes") or ()
    except RequestRejected as refused:
        yield from _ask_in_halves(gateway, ids, refused, ask_half, None)
        return
    yield from (_parse_pulse(row) for row in rows if row)


def _ask_in_halves(
    gateway: Gateway, things: Sequence[str], refused: RequestRejected, ask: Any, lost: Any
) -> Iterator[Any]:
    """The answer to a refused query, a half at a time: one that isn't there spoils it for all others."""
    if refused.status in {401, 403}:
        raise NoConnection(f"GitHub does not accept the token: {refused.said}") from None
    if len(things) == 1:
        yield lost
        return
    half = len(things) // 2
    yield from ask(gateway, things[:half])
    yield from ask(gateway, things[half:])


def _parse_pulse(row: Any) -> RepositoryPulse:
    branch = row.get("ref") or row.get("defaultBranchRef") or {}
    target = branch.get("target") or {}
    pulls = row["pullRequests"]
    return RepositoryPulse(
        id=str(row["id"]),
        name=str(row["nameWithOwner"]),
        base=str(branch.get("name") or ""),
        head=str(target.get("oid") or ""),
        tree=str((target.get("tree") or {}).get("oid") or ""),
        ours=int(row["refs"]["totalCount"]),
        pulls=int(pulls["totalCount"]),
        moved=str(next((each["updatedAt"] for each in pulls["nodes"]), "")),
        url=str(row.get("url") or ""),
        archived=bool(row["isArchived"]),
        disabled=bool(row["isDisabled"]),
        push=row.get("viewerPermission") in {"WRITE", "MAINTAIN", "ADMIN"},
    )


@dataclass
class OwnersConnector(Connector):
    """Gateways for all repositories of an owner with one token, made anew before it ends."""

    _tokens: dict[str, tuple[float, Token | None]] = field(default_factory=dict, repr=False)

    def token_for(self, name: str) -> Token:
        """Whoever asks for OWNER/NAME. Raises NoConnection."""
        known = self.find_credentials()
        if isinstance(known, Token):
            return known
        owner, now = name.partition("/")[0].lower(), self.clock.current_time()
        made, token = self._tokens.get(owner, (0.0, None))
        if token is None or now - made >= _RENEW_AFTER:
            if token is not None:
                self._by_token.pop(token.secret, None)
            token = self.request_installation_token(known, name, {})
            self._tokens[owner] = now, token
        return token
