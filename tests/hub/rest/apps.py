"""GitHub Apps, their installations, and code scanning."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from gzip import BadGzipFile, decompress

from tests.hub import shapes
from tests.hub.hub import App
from tests.hub.model import LEVELS, Json, Refused, stamp
from tests.hub.rest import Answer, Call, route

REPO = "/repos/{owner}/{repo}"


def the_app(call: Call) -> App:
    if call.app is None:
        raise Refused(401, "A JSON web token could not be decoded")
    return call.app


def _permissions(app: App) -> dict[str, str]:
    return {"metadata": "read", **app.permissions}


@route("GET", "/app")
def get_app(call: Call) -> Answer:
    app = the_app(call)
    return Answer(
        200,
        {
            "id": app.id,
            "slug": app.slug,
            "node_id": shapes.node_id("A", app.id),
            "client_id": f"Iv1.{app.id:016d}",
            "owner": shapes.user(call.base, app.owner),
            "name": app.slug,
            "description": None,
            "external_url": "https://example.com",
            "html_url": f"{shapes.site(call.base)}/apps/{app.slug}",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "permissions": _permissions(app),
            "events": [],
        },
    )


def _installation(call: Call, app: App) -> Json:
    own = f"{call.base}/app/installations/{app.id + 1}"
    return {
        "id": app.id + 1,
        "account": shapes.user(call.base, app.owner),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": app.owner.id,
        "target_type": app.owner.kind,
        "single_file_name": None,
        "repository_selection": "selected",
        "access_tokens_url": f"{own}/access_tokens",
        "repositories_url": f"{call.base}/installation/repositories",
        "html_url": f"{shapes.site(call.base)}/settings/installations/{app.id + 1}",
        "events": [],
        "permissions": _permissions(app),
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "suspended_by": None,
        "suspended_at": None,
    }


@route("GET", REPO + "/installation")
def repo_installation(call: Call) -> Answer:
    app = the_app(call)
    if call.repo.full_name.lower() not in app.repos:
        raise Refused(404, "Not Found")
    return Answer(200, _installation(call, app))


@route("GET", "/app/installations/{installation_id}")
def get_installation(call: Call) -> Answer:
    app = the_app(call)
    if call.number("installation_id") != app.id + 1:
        raise Refused(404, "Not Found")
    return Answer(200, _installation(call, app))


@route("POST", "/app/installations/{installation_id}/access_tokens")
def access_token(call: Call) -> Answer:
    app, body = the_app(call), call.body
    if call.number("installation_id") != app.id + 1:
        raise Refused(404, "Not Found")
    wanted = body.get("permissions") or dict(app.permissions)
    for name, level in wanted.items():
        if LEVELS[level] > LEVELS[_permissions(app).get(name, "none")]:
            raise Refused(422, "The permissions requested are not granted to this installation.")
    names = {name.lower() for name in body.get("repositories", ())}
    repos = frozenset(full for full in app.repos if not names or full.partition("/")[2] in names)
    if names and len(repos) < len(names):
        raise Refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent "
            "installation.",
        )
    expires = call.hub.clock.now() + 3600
    text = call.hub.installation_token(app.slug, wanted, repos, expires)
    return Answer(
        201,
        {
            "token": text,
            "expires_at": stamp(expires),
            "permissions": wanted,
            "repository_selection": "selected",
        },
    )


@route("POST", REPO + "/code-scanning/sarifs", "security_events:write")
def upload_sarif(call: Call) -> Answer:
    body = call.body
    try:
        text = decompress(b64decode(body["sarif"]))
    except (BadGzipFile, ValueError, EOFError) as error:
        raise Refused(400, "Invalid SARIF: not a base64-encoded gzip file") from error
    if call.repo.store.resolve(body["commit_sha"]) is None:
        raise Refused(422, "commit not found")
    name = f"{len(call.repo.sarifs) + 1:08x}-0000-4000-8000-000000000000"
    when = datetime.fromtimestamp(call.hub.clock.now(), UTC).isoformat()
    call.repo.sarifs.append(
        {"id": name, "ref": body["ref"], "commit": body["commit_sha"], "text": text, "at": when}
    )
    return Answer(
        202, {"id": name, "url": f"{call.base}/repos/{call.repo.full_name}/code-scanning/sarifs/{name}"}
    )
