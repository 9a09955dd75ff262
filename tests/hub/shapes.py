"""How accounts, repositories, issues and pull requests look in JSON."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tests.hub.model import LEVELS, Account, Json, Repo, Token, stamp

if TYPE_CHECKING:
    from tests.hub.hub import Hub

USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPO_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def node_id(kind: str, number: int | str) -> str:
    """An opaque name for GraphQL that tells the kind."""
    return f"{kind}_{b64encode(str(number).encode()).decode().rstrip('=')}"


def site(base: str) -> str:
    """The address for people that goes with an API's address."""
    return base.removesuffix("/api/v3")


def user(base: str, account: Account | None) -> Json | None:
    if account is None:
        return None
    own = f"{base}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.login),
        "avatar_url": f"{site(base)}/avatars/{account.id}",
        "gravatar_id": "",
        "url": own,
        "html_url": f"{site(base)}/{account.login}",
        **{name: own + rest for name, rest in USER_URLS.items()},
        "type": account.kind,
        "site_admin": False,
    }


def repo(hub: Hub, base: str, item: Repo, token: Token | None = None) -> Json:
    own, page = f"{base}/repos/{item.full_name}", f"{site(base)}/{item.full_name}"
    shown = {
        "id": item.id,
        "node_id": node_id("R", item.id),
        "name": item.name,
        "full_name": item.full_name,
        "private": item.private,
        "visibility": "private" if item.private else "public",
        "owner": user(base, item.owner),
        "html_url": page,
        "url": own,
        **{name: own + rest for name, rest in REPO_URLS.items()},
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@{page.partition('//')[2]}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "description": item.description,
        "language": None,
        "license": None,
        "fork": item.fork,
        "archived": item.archived,
        "disabled": item.disabled,
        "default_branch": item.default_branch,
        "topics": list(item.topics),
        "has_issues": item.has_issues,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "size": 1,
        **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0),
        "open_issues": sum(issue.open for issue in item.issues.values()),
        "open_issues_count": sum(issue.open for issue in item.issues.values()),
        "created_at": stamp(item.created),
        "updated_at": stamp(item.pushed or item.created),
        "pushed_at": stamp(item.pushed or item.created),
    }
    if token is not None:
        level = hub.level(token, item, "contents")
        admin = hub.level(token, item, "administration") >= LEVELS["write"]
        shown["permissions"] = {
            "admin": admin,
            "maintain": admin,
            "push": level >= 2,
            "triage": level >= 2,
            "pull": level >= 1,
        }
    return shown


def full_repo(hub: Hub, base: str, item: Repo, token: Token) -> Json:
    return {
        **repo(hub, base, item, token),
        "network_count": 0,
        "subscribers_count": 0,
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
    }


def collaborator(base: str, item: Repo, account: Account) -> Json:
    """What an account may do: the old words know four levels, the role's own name any."""
    role = item.role(account.login)
    old = {"maintain": "write", "triage": "read"}.get(role, role)
    may = {
        name: item.may(account.login, needs)
        for name, needs in (
            ("pull", "read"), ("triage", "triage"), ("push", "write"), ("maintain", "maintain"),
            ("admin", "admin"),
        )
    }  # fmt: skip
    name = item.role_name(account.login)
    shown = {**(user(base, account) or {}), "permissions": may, "role_name": name}
    return {"permission": old, "role_name": name, "user": shown}


def association(item: Repo, account: Account) -> str:
    if account.login == item.owner.login:
        return "OWNER"
    if account.login in item.collaborators:
        return "MEMBER" if item.owner.kind == "Organization" else "COLLABORATOR"
    return "CONTRIBUTOR" if account.kind == "Bot" else "NONE"


def label(base: str, item: Repo, name: str) -> Json:
    return {
        "id": sum(map(ord, name)) + item.id * 10000,
        "node_id": node_id("LA", f"{item.id}/{name}"),
        "url": f"{base}/repos/{item.full_name}/labels/{name}",
        "name": name,
        "color": item.labels.get(name, "ededed"),
        "default": False,
        "description": "",
    }


def milestone(base: str, item: Repo, number: int | None) -> Json | None:
    if number is None:
        return None
    own = f"{base}/repos/{item.full_name}/milestones/{number}"
    return {
        "url": own,
        "html_url": f"{site(base)}/{item.full_name}/milestone/{number}",
        "labels_url": f"{own}/labels",
        "id": item.id * 1000 + number,
        "node_id": node_id("MI", f"{item.id}/{number}"),
        "number": number,
        "title": item.milestones[number],
        "description": None,
        "creator": user(base, item.owner),
        "open_issues": 0,
        "closed_issues": 0,
        "state": "open",
        "created_at": stamp(item.created),
        "updated_at": stamp(item.created),
        "due_on": None,
        "closed_at": None,
    }
