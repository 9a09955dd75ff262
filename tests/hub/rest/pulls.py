"""Pull requests."""

from __future__ import annotations

from dataclasses import replace

from tests.hub import gitshapes, issue_shapes, shapes
from tests.hub.hub import ACTIONS
from tests.hub.model import Issue, Json, Pull, Refused, Repo, custom, invalid
from tests.hub.refs import close, reopen
from tests.hub.rest import Answer, Call, page, route
from tests.hub.rest.issues import check_text
from tests.hub.store import FileChange

OWN = "/repos/{owner}/{repo}/pulls"
READ, WRITE = "pull_requests:read", "pull_requests:write"


def find_pull(call: Call) -> Issue:
    found = call.repo.issue(call.number("pull_number"))
    if found.pull is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", OWN, READ)
def list_pulls(call: Call) -> Answer:
    asked = call.query
    found = call.repo.pull_requests()
    state, base, head = asked.get("state", "open"), asked.get("base"), asked.get("head", "")
    if state != "all":
        found = [issue for issue in found if issue.open == (state == "open")]
    if base:
        found = [issue for issue in found if issue.the_pull.base_ref == base]
    owner, colon, branch = head.partition(":")
    if colon:
        found = [
            issue
            for issue in found
            if issue.the_pull.head_ref == branch
            and (issue.the_pull.head_owner or call.repo.owner.login).lower() == owner.lower()
        ]
    sort = asked.get("sort", "created")
    direction = asked.get("direction", "desc" if sort == "created" else "asc")
    found.sort(
        key=lambda issue: (issue.updated if sort == "updated" else issue.created, issue.number),
        reverse=direction == "desc",
    )
    return page(call, found, lambda issue: issue_shapes.pull(call.hub, call.base, call.repo, issue))


def _head(call: Call, head: str) -> str:
    owner, colon, branch = head.rpartition(":")
    if colon and owner.lower() != call.repo.owner.login.lower():
        raise invalid("PullRequest", "head")
    if f"refs/heads/{branch}" not in call.repo.refs:
        raise invalid("PullRequest", "head")
    return branch


@route("POST", OWN, WRITE)
def create_pull(call: Call) -> Answer:
    hub, repo, body = call.hub, call.repo, call.body
    if call.token.app == ACTIONS and not repo.actions_may_open:
        raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
    if "title" not in body:
        raise Refused(
            422, "Validation Failed", [{"resource": "Issue", "code": "missing_field", "field": "title"}]
        )
    check_text(body)
    branch, base = _head(call, body["head"]), body["base"]
    if f"refs/heads/{base}" not in repo.refs:
        raise invalid("PullRequest", "base")
    head_sha, base_sha = repo.refs[f"refs/heads/{branch}"], repo.refs[f"refs/heads/{base}"]
    for issue in repo.pull_requests():
        pull = issue.the_pull
        if issue.open and (pull.head_ref, pull.base_ref, pull.head_repo) == (branch, base, None):
            raise custom("PullRequest", f"A pull request already exists for {repo.owner.login}:{branch}.")
    if repo.store.is_ancestor(head_sha, base_sha):
        raise custom("PullRequest", f"No commits between {base} and {branch}")
    if repo.store.merge_base(base_sha, head_sha) is None:
        raise custom("PullRequest", f"The {branch} branch has no history in common with {base}")
    if body.get("draft") and not repo.drafts:
        raise Refused(
            422,
            "Draft pull requests are not supported in this repository.",
        )
    number, now = max(repo.issues, default=0) + 1, hub.clock.now()
    made = Pull(branch, head_sha, base, base_sha, bool(body.get("draft")))
    issue = Issue(
        number,
        hub.next_id(),
        call.token.actor,
        body["title"],
        body.get("body"),
        now,
        now,
        pull=made,
        through=call.token.app,
    )
    repo.issues[number] = issue
    repo.refs[f"refs/pull/{number}/head"] = head_sha
    repo.store.set_ref(f"refs/pull/{number}/head", head_sha)
    return Answer(201, _shown(call, issue), {"Location": f"{call.base}{call.request.path}/{number}"})


def mergeable(call: Call, issue: Issue) -> tuple[bool | None, str]:
    """Whether git could merge it, and GitHub's word for the state; unknown when asked for the first time."""
    repo, pull = call.repo, issue.the_pull
    base = repo.refs.get(f"refs/heads/{pull.base_ref}")
    if not issue.open or base is None:
        return None, "unknown"
    if (base, pull.head_sha) not in repo.weighed and call.hub.lazy_mergeable:
        repo.weighed.add((base, pull.head_sha))
        return None, "unknown"
    if repo.store.merge(base, pull.head_sha) is None:
        return False, "dirty"
    if pull.draft:
        return True, "draft"
    return True, "blocked" if pull.base_ref in repo.protections else "clean"


def _shown(call: Call, issue: Issue) -> Json:
    """One pull request with what git says of it."""
    repo, pull = call.repo, issue.the_pull
    base = pull.base_sha if pull.merged else repo.refs.get(f"refs/heads/{pull.base_ref}", pull.base_sha)
    fork_point = repo.store.merge_base(base, pull.head_sha)
    changes = _changes(repo, base, pull.head_sha)
    counts = [repo.store.lines(change) for change in changes]
    can, state = mergeable(call, issue)
    return {
        **issue_shapes.pull(call.hub, call.base, repo, issue),
        "merged": pull.merged is not None,
        "merged_by": shapes.user(call.base, pull.merged_by),
        "mergeable": can,
        "rebaseable": can,
        "mergeable_state": state,
        "comments": sum(comment.number == issue.number for comment in repo.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(repo.store.between(fork_point or base, pull.head_sha)),
        "additions": sum(each[0] for each in counts),
        "deletions": sum(each[1] for each in counts),
        "changed_files": len(changes),
    }


def _changes(repo: Repo, base: str, head: str) -> list[FileChange]:
    point = repo.store.merge_base(base, head)
    return repo.store.diff(repo.store.tree_of(point) if point else None, repo.store.tree_of(head))


@route("GET", OWN + "/{pull_number}", READ)
def get_pull(call: Call) -> Answer:
    return Answer(200, _shown(call, find_pull(call)))


@route("PATCH", OWN + "/{pull_number}", WRITE)
def edit_pull(call: Call) -> Answer:
    hub, repo, body, number = call.hub, call.repo, call.body, find_pull(call).number
    check_text(body)
    issue = repo.issues[number]
    if "base" in body and body["base"] != issue.the_pull.base_ref:
        if f"refs/heads/{body['base']}" not in repo.refs:
            raise invalid("PullRequest", "base")
        pull = replace(
            issue.the_pull, base_ref=body["base"], base_sha=repo.refs[f"refs/heads/{body['base']}"]
        )
        issue = replace(issue, pull=pull)
        hub.event(repo, number, call.token.actor, "base_ref_changed")
    renamed = body.get("title", issue.title) != issue.title
    if renamed:
        hub.event(
            repo, number, call.token.actor, "renamed", rename={"from": issue.title, "to": body["title"]}
        )
    repo.issues[number] = replace(
        issue,
        title=body.get("title", issue.title),
        body=body.get("body", issue.body),
        updated=hub.clock.now(),
    )
    if body.get("state") == "closed" and issue.open:
        close(hub, repo, call.token.actor, number)
    if body.get("state") == "open" and not issue.open:
        reopen(hub, repo, call.token.actor, number)
    return Answer(200, _shown(call, repo.issues[number]))


@route("GET", OWN + "/{pull_number}/commits", READ)
def pull_commits(call: Call) -> Answer:
    pull = find_pull(call).the_pull
    base = pull.base_sha if pull.merged else call.repo.refs.get(f"refs/heads/{pull.base_ref}", pull.base_sha)
    found = call.repo.store.between(base, pull.head_sha)[:250]
    return page(call, found, lambda sha: gitshapes.commit(call.hub, call.base, call.repo, sha))


@route("GET", OWN + "/{pull_number}/files", READ)
def pull_files(call: Call) -> Answer:
    pull = find_pull(call).the_pull
    base = pull.base_sha if pull.merged else call.repo.refs.get(f"refs/heads/{pull.base_ref}", pull.base_sha)
    found = _changes(call.repo, base, pull.head_sha)[:3000]
    return page(call, found, lambda change: gitshapes.file(call.base, call.repo, pull.head_sha, change))


@route("GET", OWN + "/{pull_number}/requested_reviewers", READ)
def get_reviewers(call: Call) -> Answer:
    logins = find_pull(call).the_pull.reviewers
    return Answer(
        200, {"users": [shapes.user(call.base, call.hub.account(name)) for name in logins], "teams": []}
    )


@route("POST", OWN + "/{pull_number}/requested_reviewers", WRITE)
def ask_reviewers(call: Call) -> Answer:
    hub, repo, issue = call.hub, call.repo, find_pull(call)
    wanted = call.body.get("reviewers", [])
    for login in wanted:
        if login.lower() == issue.author.login.lower():
            raise Refused(422, "Review cannot be requested from pull request author.")
        if login not in repo.collaborators and login != repo.owner.login:
            raise Refused(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or teams you "
                "specified is not a collaborator of the " + repo.full_name + " repository.",
            )
    if call.body.get("team_reviewers") and not hub.teams.get(repo.owner.login):
        raise Refused(422, "Could not resolve to a node with the global id of a team.")
    known = issue.the_pull.reviewers
    pull = replace(issue.the_pull, reviewers=(*known, *(name for name in wanted if name not in known)))
    repo.issues[issue.number] = replace(issue, pull=pull, updated=hub.clock.now())
    for login in wanted:
        hub.event(
            repo,
            issue.number,
            call.token.actor,
            "review_requested",
            review_requester=shapes.user(call.base, call.token.actor),
            requested_reviewer=shapes.user(call.base, hub.account(login)),
        )
    return Answer(201, issue_shapes.pull(hub, call.base, repo, repo.issues[issue.number]))


@route("GET", OWN + "/{pull_number}/reviews", READ)
def get_reviews(call: Call) -> Answer:
    issue = find_pull(call)
    return page(
        call,
        call.repo.reviews.get(issue.number, ()),
        lambda review: issue_shapes.review(call.hub, call.base, call.repo, review),
    )
