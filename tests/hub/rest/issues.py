"""Issues, with everything on them that pull requests share: labels, people, milestones, comments, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.hub import issue_shapes, shapes
from tests.hub.model import Comment, Issue, Refused, Repo, invalid
from tests.hub.refs import close, reopen
from tests.hub.rest import Answer, Call, page, route

REPO = "/repos/{owner}/{repo}"
OWN = REPO + "/issues/{issue_number}"
READ, WRITE = "issues|pull_requests:read", "issues|pull_requests:write"
LONGEST_BODY, LONGEST_TITLE = 65_536, 256


def check_text(body: Mapping[str, Any]) -> None:
    """Refuse a title or a text that is too long."""
    if len(body.get("body") or "") > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise Refused(
            422,
            "Validation Failed",
            [{"resource": "Issue", "code": "custom", "field": "body", "message": message}],
        )
    if len(str(body.get("title") or "")) > LONGEST_TITLE:
        message = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        raise Refused(
            422,
            "Validation Failed",
            [{"resource": "Issue", "code": "custom", "field": "title", "message": message}],
        )
    if "title" in body and not str(body["title"] or "").strip():
        raise Refused(
            422, "Validation Failed", [{"resource": "Issue", "code": "missing_field", "field": "title"}]
        )


def find_issue(call: Call) -> Issue:
    found = call.repo.issue(call.number("issue_number"))
    if found.pull is None and not call.repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    return found


@route("GET", OWN, READ)
def get_issue(call: Call) -> Answer:
    return Answer(200, issue_shapes.issue(call.hub, call.base, call.repo, find_issue(call)))


@route("GET", REPO + "/issues", READ)
def list_issues(call: Call) -> Answer:
    """Issues, and pull requests among them; of those without issues only these."""
    repo, wanted = call.repo, call.query.get("state", "open")
    names = {each.strip().lower() for each in call.query.get("labels", "").split(",") if each.strip()}
    found = [
        issue
        for issue in repo.issues.values()
        if (repo.has_issues or issue.pull is not None)
        and wanted in {"all", "open" if issue.open else "closed"}
        and names <= {each.lower() for each in issue.labels}
    ]
    updated = call.query.get("sort", "created") == "updated"
    found.sort(
        key=lambda issue: (issue.updated if updated else issue.created, issue.number),
        reverse=call.query.get("direction", "desc") == "desc",
    )
    return page(call, found, lambda issue: issue_shapes.issue(call.hub, call.base, repo, issue))


@route("POST", REPO + "/issues", "issues:write")
def create_issue(call: Call) -> Answer:
    """A new issue; labels are dropped without a word where who makes it may not set any."""
    hub, repo, body = call.hub, call.repo, call.body
    if not repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    check_text(body)
    number, now = max(repo.issues, default=0) + 1, hub.clock.now()
    made = Issue(number, hub.next_id(), call.token.actor, body["title"], body.get("body"), now, now)
    if hub.allows(call.token, repo, "issues", "write"):
        made = set_labels(call, made, _names(body.get("labels") or []))
    repo.issues[number] = made
    return Answer(201, issue_shapes.issue(hub, call.base, repo, made))


def _names(items: list[Any]) -> tuple[str, ...]:
    return tuple(item if isinstance(item, str) else item["name"] for item in items)


def set_labels(call: Call, issue: Issue, names: tuple[str, ...]) -> Issue:
    """The issue with exactly these labels; ones that the repository doesn't know are made."""
    if any(len(name) > 50 or not name.strip() for name in names):
        raise invalid("Label", "name")
    for name in names:
        call.repo.labels.setdefault(name, "ededed")
    for kind, changed in (
        ("labeled", set(names) - set(issue.labels)),
        ("unlabeled", set(issue.labels) - set(names)),
    ):
        for name in sorted(changed):
            call.hub.event(
                call.repo,
                issue.number,
                call.token.actor,
                kind,
                label={"name": name, "color": call.repo.labels.get(name, "ededed")},
            )
    return replace(issue, labels=tuple(dict.fromkeys(names)), updated=call.hub.clock.now())


@route("PATCH", OWN, WRITE)
def edit_issue(call: Call) -> Answer:
    hub, repo, body, issue = call.hub, call.repo, call.body, find_issue(call)
    check_text(body)
    number = issue.number
    if "labels" in body:
        issue = set_labels(call, issue, _names(body["labels"]))
    if "assignees" in body:
        issue = replace(issue, assignees=tuple(n for n in body["assignees"] if n in repo.collaborators))
    if "milestone" in body:
        if body["milestone"] is not None and body["milestone"] not in repo.milestones:
            raise invalid("Issue", "milestone")
        issue = replace(issue, milestone=body["milestone"])
    if "title" in body and str(body["title"]) != issue.title:
        hub.event(
            repo, number, call.token.actor, "renamed", rename={"from": issue.title, "to": str(body["title"])}
        )
        issue = replace(issue, title=str(body["title"]))
    text = body.get("body", issue.body)
    editor = issue.editor if text == issue.body else call.token.actor
    repo.issues[number] = replace(issue, body=text, updated=hub.clock.now(), editor=editor)
    if body.get("state") == "closed" and issue.open:
        close(hub, repo, call.token.actor, number)
    if body.get("state") == "open" and not issue.open:
        reopen(hub, repo, call.token.actor, number)
    return Answer(200, issue_shapes.issue(hub, call.base, repo, repo.issues[number]))


@route("GET", OWN + "/events", READ)
def issue_events(call: Call) -> Answer:
    number = find_issue(call).number
    found = [event for event in call.repo.events if event.number == number]
    return page(call, found, lambda event: issue_shapes.event(call.base, call.repo, event))


@route("GET", OWN + "/comments", READ)
def issue_comments(call: Call) -> Answer:
    number = find_issue(call).number
    found = [comment for comment in call.repo.comments.values() if comment.number == number]
    found = [comment for comment in found if comment.updated >= since(call)]
    return page(call, found, lambda comment: issue_shapes.comment(call.base, call.repo, comment))


def since(call: Call) -> float:
    return datetime.fromisoformat(call.query["since"]).timestamp() if "since" in call.query else 0.0


@route("POST", OWN + "/comments", WRITE)
def add_comment(call: Call) -> Answer:
    check_text(call.body)
    if not call.body["body"].strip():
        raise Refused(
            422, "Validation Failed", [{"resource": "IssueComment", "code": "missing_field", "field": "body"}]
        )
    now = call.hub.clock.now()
    made = Comment(call.hub.next_id(), find_issue(call).number, call.token.actor, call.body["body"], now, now)
    call.repo.comments[made.id] = made
    call.repo.issues[made.number] = replace(call.repo.issues[made.number], updated=now)
    return Answer(201, issue_shapes.comment(call.base, call.repo, made))


@route("PATCH", REPO + "/issues/comments/{comment_id}", WRITE)
def edit_comment(call: Call) -> Answer:
    check_text(call.body)
    known = call.repo.comments.get(call.number("comment_id"))
    if known is None:
        raise Refused(404, "Not Found")
    now = call.hub.clock.now()
    call.repo.comments[known.id] = made = replace(known, body=call.body["body"], updated=now)
    return Answer(200, issue_shapes.comment(call.base, call.repo, made))


@route("GET", REPO + "/issues/comments", READ)
def all_comments(call: Call) -> Answer:
    sort = call.query.get("sort", "created")
    found = sorted(
        (comment for comment in call.repo.comments.values() if comment.updated >= since(call)),
        key=lambda comment: (comment.updated if sort == "updated" else comment.created, comment.id),
        reverse=call.query.get("direction", "asc") == "desc",
    )
    return page(call, found, lambda comment: issue_shapes.comment(call.base, call.repo, comment))


MOST_FOUND = 1000
"""Source: "Search", docs.github.com: up to a thousand results for each search."""


def _fits(repo: Repo, issue: Issue, word: str) -> bool:
    """Whether an issue fits one qualifier. `head:` knows names of branches alone, whosever they are."""
    name, _, value = word.partition(":")
    match name:
        case "is" if value in {"open", "closed"}:
            return issue.open == (value == "open")
        case "is" if value in {"pr", "issue"}:
            return (issue.pull is not None) == (value == "pr")
        case "is" if value in {"merged", "unmerged"}:
            return issue.pull is not None and (issue.pull.merged is not None) == (value == "merged")
        case "repo":
            return repo.full_name.lower() == value.lower()
        case "head":
            return issue.pull is not None and issue.pull.head_ref.startswith(value)
        case "author":
            return issue.author.login.lower() == value.lower()
    raise Refused(422, f"The search is invalid: the stand-in knows no {word}")


@route("GET", "/search/issues")
def search_issues(call: Call) -> Answer:
    """What is found in all repositories that the token sees, forks' pull requests among it."""
    found = [
        (repo, issue)
        for repo in call.hub.repos.values()
        if call.hub.level(call.token, repo, "metadata")
        for issue in sorted(repo.issues.values(), key=lambda each: -each.number)
        if all(_fits(repo, issue, word) for word in call.query["q"].split())
    ]
    shown = page(
        call,
        found[:MOST_FOUND],
        lambda pair: {**issue_shapes.issue(call.hub, call.base, *pair), "score": 1.0},
        wrap="items",
    )
    body = {**shown.body, "total_count": len(found), "incomplete_results": False, "search_type": "lexical"}
    for item in body["items"]:
        item.pop("closed_by")
    return Answer(200, body, shown.headers)


def _labels(call: Call, issue: Issue) -> list[Any]:
    return [shapes.label(call.base, call.repo, name) for name in issue.labels]


@route("GET", OWN + "/labels", READ)
def get_labels(call: Call) -> Answer:
    issue = find_issue(call)
    return page(call, issue.labels, lambda name: shapes.label(call.base, call.repo, name))


@route("POST", OWN + "/labels", WRITE)
def add_labels(call: Call) -> Answer:
    issue = find_issue(call)
    items = call.body if isinstance(call.body, list) else call.body.get("labels", [])
    changed = set_labels(call, issue, (*issue.labels, *_names(items)))
    call.repo.issues[issue.number] = changed
    return Answer(200, _labels(call, changed))


@route("DELETE", OWN + "/labels/{name}", WRITE)
def remove_label(call: Call) -> Answer:
    issue, name = find_issue(call), call.parameters["name"]
    if name not in issue.labels:
        raise Refused(404, "Label does not exist")
    changed = set_labels(call, issue, tuple(label for label in issue.labels if label != name))
    call.repo.issues[issue.number] = changed
    return Answer(200, _labels(call, changed))


@route("GET", REPO + "/milestones", READ)
def milestones(call: Call) -> Answer:
    return page(
        call, sorted(call.repo.milestones), lambda number: shapes.milestone(call.base, call.repo, number)
    )
