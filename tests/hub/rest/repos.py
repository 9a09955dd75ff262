"""Repositories, whom they belong to, and their settings."""

from __future__ import annotations

from tests.hub import shapes
from tests.hub.model import Json, Refused, Repo
from tests.hub.rest import Answer, Call, page, route
from tests.hub.rules import active

REPO = "/repos/{owner}/{repo}"


@route("GET", "/user")
def the_user(call: Call) -> Answer:
    if call.token.installation:
        raise Refused(403, "Resource not accessible by integration")
    account = call.token.actor
    shown = shapes.user(call.base, account) or {}
    empty = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location"))
    return Answer(
        200,
        {
            **shown,
            **empty,
            "name": account.name,
            **dict.fromkeys(("public_gists", "public_repos", "followers", "following"), 0),
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
        },
    )


@route("GET", "/rate_limit")
def rate_limit(call: Call) -> Answer:
    now = call.hub.clock.now()
    headers = call.hub.limits.headers(call.token.key, now, "core")
    core = {
        name: int(headers[f"X-RateLimit-{name.title()}"]) for name in ("limit", "remaining", "reset", "used")
    }
    graphql = call.hub.limits.headers(f"{call.token.key}#graphql", now, "graphql")
    of_graph = {name: int(graphql[f"X-RateLimit-{name.title()}"]) for name in core}
    return Answer(200, {"resources": {"core": core, "search": core, "graphql": of_graph}, "rate": core})


@route("GET", REPO, "metadata:read")
def get_repo(call: Call) -> Answer:
    return Answer(200, shapes.full_repo(call.hub, call.base, call.repo, call.token))


def visible(call: Call) -> list[Repo]:
    """The repositories that the token can see, by name."""
    found = (repo for repo in call.hub.repos.values() if call.hub.level(call.token, repo, "metadata"))
    return sorted(found, key=lambda repo: repo.full_name.lower())


def _of(call: Call, owner: str) -> Answer:
    if owner.lower() not in call.hub.accounts:
        raise Refused(404, "Not Found")
    found = [repo for repo in visible(call) if repo.owner.login.lower() == owner.lower()]
    return page(call, found, lambda repo: shapes.repo(call.hub, call.base, repo, call.token))


@route("GET", "/orgs/{org}/repos")
def org_repos(call: Call) -> Answer:
    return _of(call, call.parameters["org"])


@route("GET", "/users/{username}/repos")
def user_repos(call: Call) -> Answer:
    return _of(call, call.parameters["username"])


@route("GET", "/installation/repositories")
def installation_repos(call: Call) -> Answer:
    if not call.token.installation:
        raise Refused(
            403,
            "You must authenticate with an installation access token in order to list repositories for an "
            "installation.",
        )
    found = [repo for repo in visible(call) if repo.full_name.lower() in (call.token.repos or ())]
    return page(
        call, found, lambda repo: shapes.repo(call.hub, call.base, repo, call.token), wrap="repositories"
    )


def search(words: str, repos: list[Repo]) -> list[Repo]:
    """The repositories that fit `org:`, `user:`, `topic:`, `archived:`, `fork:` and free words."""
    for word in words.split():
        name, colon, value = word.partition(":")
        value = value.lower()
        if not colon:
            repos = [repo for repo in repos if word.lower() in repo.full_name.lower()]
        elif name in ("org", "user"):
            repos = [repo for repo in repos if repo.owner.login.lower() == value]
        elif name == "topic":
            repos = [repo for repo in repos if value in repo.topics]
        elif name == "archived":
            repos = [repo for repo in repos if repo.archived == (value == "true")]
    return repos


@route("GET", "/search/repositories")
def search_repos(call: Call) -> Answer:
    found = search(call.query["q"], visible(call))
    shown = page(
        call,
        found,
        lambda repo: {**shapes.repo(call.hub, call.base, repo, call.token), "score": 1.0},
        wrap="items",
    )
    return Answer(200, {**shown.body, "incomplete_results": False}, shown.headers)


@route("GET", REPO + "/collaborators/{username}/permission", "metadata:read")
def permission(call: Call) -> Answer:
    """An app is no user here, and who isn't there has no permission."""
    account = call.hub.accounts.get(call.parameters["username"].lower())
    if account is None or account.kind != "User":
        raise Refused(404, "Not Found")
    return Answer(200, shapes.collaborator(call.base, call.repo, account))


@route("GET", REPO + "/rules/branches/{branch}", "metadata:read")
def branch_rules(call: Call) -> Answer:
    def shown(item: tuple[int, str, Json]) -> Json:
        number, kind, parameters = item
        found: Json = {
            "type": kind,
            "ruleset_source_type": "Repository",
            "ruleset_source": call.repo.full_name,
            "ruleset_id": number,
        }
        return {**found, "parameters": parameters} if parameters else found

    ref = f"refs/heads/{call.parameters['branch']}"
    rules = [(ruleset.id, kind, dict(parameters)) for ruleset, kind, parameters in active(call.repo, ref)]
    return page(call, rules, shown)


@route("GET", REPO + "/actions/permissions/workflow", "administration:read")
def workflow_permissions(call: Call) -> Answer:
    allowed = call.repo.actions_may_open
    return Answer(200, {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": allowed})
