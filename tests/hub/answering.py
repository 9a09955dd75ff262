"""From a request to an answer: who asks, whether they may, what is done, and whether it is as described."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jwt

from tests.hub import rest, schema
from tests.hub.faults import REFUSALS
from tests.hub.graph.execute import execute, is_mutation
from tests.hub.hub import App, Entry, Hub, Request, error_body
from tests.hub.limits import SECONDARY
from tests.hub.model import Refused, Repo, Token
from tests.hub.rest import Answer, Call, Route

if TYPE_CHECKING:
    from tests.hub.model import Account

READING = ("GET", "HEAD")
GRAPHQL = "/graphql"
BEFORE = {"500": 500, "502-before": 502, "reset-before": 502}


def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
    """Answer one request and log it; the second part is the fault that the connection has to act out."""
    graph = request.path == GRAPHQL
    operation = _operation(request)
    writes = is_mutation(request.body) if graph else request.verb not in READING
    content = writes and not request.path.endswith("/access_tokens")
    with hub.lock:
        fault = hub.faults.pick(request.number, writes=writes)
        token = hub.token_of(request.headers) or hub.nobody
        try:
            token, app = _authenticate(hub, request)
            _refuse_by_fault(hub, fault)
            hub.limits.count(token.key, hub.clock.now(), writes=writes, content=content, graph=graph)
            if writes and hub.faults.on:
                hub.previous = hub.snapshot()
            stale = fault == "stale" and not writes and hub.previous
            done = _do(hub, request, token, app, hub.previous if stale else hub.repos)
        except Refused as refused:
            done = _refusal(refused, graph=graph)
        if fault == "502-after":
            done = Answer(502, {"message": "Server Error"})
        done = _finish(hub, request, token, done, graph=graph)
        made = (token.actor.login, done.status, writes, content, operation, fault)
        hub.log.append(Entry(request.number, request.verb, request.path, *made))
    return done, fault


def _do(hub: Hub, request: Request, token: Token, app: App | None, repos: dict[str, Repo]) -> Answer:
    """Carry it out, on the repositories as they are, or as they were for a stale read."""
    try:
        if request.path == GRAPHQL:
            return execute(hub, token, request, repos)
        return _rest(hub, request, token, app, repos)
    except Refused:
        raise
    except Exception as error:
        hub.defects.append(
            f"#{request.number} {request.verb} {request.path}: {type(error).__name__}: {error}"
        )
        raise Refused(500, f"A defect of the stand-in: {error}") from error


def _refusal(refused: Refused, *, graph: bool) -> Answer:
    """A refusal as REST says it; GraphQL tells of a limit that is used up in an answer that looks well."""
    if graph and refused.kind == "PRIMARY_LIMIT":
        return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": refused.message}]})
    return Answer(refused.status, error_body(refused), dict(refused.headers))


def _operation(request: Request) -> str:
    """The operation's name in the description, or a mutation's own name."""
    if request.path == GRAPHQL:
        return (
            str((request.body or {}).get("operationName") or "graphql")
            if isinstance(request.body, dict)
            else "graphql"
        )
    found = rest.find(request.verb, request.path)
    return f"{found[0].verb} {found[0].path}" if found else f"{request.verb} {request.path}"


def _refuse_by_fault(hub: Hub, fault: str | None) -> None:
    if fault is None:
        return
    if fault in REFUSALS:
        status, said = REFUSALS[fault]
        raise Refused(
            status,
            SECONDARY,
            headers={"Retry-After": str(hub.faults.retry_after)} if said else {},
            kind="RATE_LIMITED",
        )
    if fault in BEFORE:
        raise Refused(BEFORE[fault], "Server Error")


def _authenticate(hub: Hub, request: Request) -> tuple[Token, App | None]:
    if not request.headers.get("user-agent"):
        raise Refused(
            403,
            "Request forbidden by administrative rules. A request needs a User-Agent header.",
        )
    header = request.headers.get("authorization", "")
    text = header.partition(" ")[2].strip()
    if not text:
        raise Refused(401, "Requires authentication")
    token = hub.token_of(request.headers)
    if token is not None:
        if token.expires is not None and token.expires <= hub.clock.now():
            raise Refused(401, "Bad credentials")
        return token, None
    if text.count(".") == 2 and not text.startswith("ghs_"):
        return _app(hub, text)
    raise Refused(401, "Bad credentials")


def _app(hub: Hub, text: str) -> tuple[Token, App]:
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
        app = hub.apps[int(claims["iss"])]
        jwt.decode(
            text, app.public_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise Refused(401, "A JSON web token could not be decoded") from error
    now = hub.clock.now()
    if claims.get("exp", 0) <= now:
        raise Refused(
            401, "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        )
    if claims["exp"] - now > 600 or claims.get("iat", now + 999) > now + 60:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    bot: Account = hub.account(f"{app.slug}[bot]", "Bot")
    return Token(text, bot, {}, app.repos, app=app.slug), app


def _rest(hub: Hub, request: Request, token: Token, app: App | None, repos: dict[str, Repo]) -> Answer:
    found = rest.find(request.verb, request.path)
    if found is None:
        hub.violations.append(f"#{request.number} {request.verb} {request.path}: not described or not served")
        raise Refused(404, "Not Found")
    route, parameters = found
    operation = f"{route.verb} {route.path}"
    repo = _repo(hub, request, parameters, repos) if "{repo}" in route.path else None
    call = Call(hub, request, token, parameters, repo, app)
    if repo is not None and app is None:
        hub.demand(token, repo, "metadata", "read")
        _demand(hub, token, repo, route)
        if request.verb not in READING and repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")
    _validate(hub, request, operation)
    done = route.handler(call)
    if not isinstance(done.body, bytes):
        wrong = schema.wrong_answer(operation, done.status, done.body)
        if wrong:
            hub.defects.extend(f"#{request.number} {operation}: our answer: {each}" for each in wrong)
            raise Refused(500, f"The stand-in's answer isn't what GitHub describes: {wrong[0]}")
    return done


def _demand(hub: Hub, token: Token, repo: Repo, route: Route) -> None:
    if not route.needs:
        return
    names, _, level = route.needs.partition(":")
    if not any(hub.allows(token, repo, name, level) for name in names.split("|")):
        hub.demand(token, repo, names.split("|")[0], level)


def _repo(hub: Hub, request: Request, parameters: dict[str, str], repos: dict[str, Repo]) -> Repo:
    name = f"{parameters['owner']}/{parameters['repo']}".lower()
    if name in repos:
        return repos[name]
    if name in hub.renamed_repos:
        there = hub.repos[hub.renamed_repos[name]]
        rest_of_path = request.path.split("/", 4)[4:]
        to = "/".join([f"{request.base}/repositories/{there.id}", *rest_of_path])
        if request.query:
            to += "?" + "&".join(f"{key}={quote(value)}" for key, value in request.query.items())
        status, word = (301, "Moved Permanently") if request.verb in READING else (307, "Temporary Redirect")
        raise Refused(status, word, headers={"Location": to})
    raise Refused(404, "Not Found")


def _validate(hub: Hub, request: Request, operation: str) -> None:
    said = schema.wrong_query(operation, request.query)
    wrong = schema.wrong_body(operation, request.body)
    unknown = schema.unknown_fields(operation, request.body)
    hub.violations.extend(f"#{request.number} {operation}: {each}" for each in (*said, *wrong, *unknown))
    if request.body is Ellipsis:
        raise Refused(400, "Problems parsing JSON")
    if wrong:
        raise Refused(422, "Invalid request.\n\n" + "\n".join(wrong))
    if any("not described" not in each for each in said):
        raise Refused(422, "Invalid request.\n\n" + "\n".join(said))


def _finish(hub: Hub, request: Request, token: Token, done: Answer, *, graph: bool) -> Answer:
    """Bytes, an ETag, "not modified" where the asker has it already, and how much may still be asked."""
    now = hub.clock.now()
    raw = isinstance(done.body, bytes)
    data: Any = done.body if raw else b"" if done.status in (204, 304) else json.dumps(done.body).encode()
    headers = dict(done.headers)
    headers["Content-Type"] = "application/vnd.github.raw" if raw else "application/json; charset=utf-8"
    status = done.status
    if request.verb == "GET" and status == 200:
        headers["ETag"] = f'W/"{sha256(data).hexdigest()}"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            status, data = 304, b""
            hub.limits.give_back(token.key, now)
    if token.key != "-":
        resource = "graphql" if graph else "core"
        headers.update(hub.limits.headers(token.key + ("#graphql" if graph else ""), now, resource))
    headers["X-GitHub-Request-Id"] = f"HUB:{request.number}"
    return replace(done, status=status, body=data, headers=headers)
