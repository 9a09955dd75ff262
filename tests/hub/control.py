"""Paths that GitHub doesn't have, for scripts that act as a person: POST /-/person/close {"number": 1}."""

from __future__ import annotations

import json
from typing import Any

from tests.hub.hub import Hub
from tests.hub.people import ACTIONS, Person
from tests.hub.rest import Answer

CONTROL = "/-/"


def control(hub: Hub, path: str, body: bytes) -> Answer:
    """Do what a person does, or say what happened so far."""
    said: dict[str, Any] = json.loads(body or b"{}")
    kind, _, action = path.partition("/")
    if kind == "log":
        return _json([vars(entry) for entry in hub.log])
    if kind == "state":
        return _json({"violations": hub.violations, "defects": hub.defects, "content": hub.content_calls()})
    if kind == "show":
        repo = hub.repos[said.get("repository", next(iter(hub.repos))).lower()]
        issue = repo.issue(int(action))
        return _json({"title": issue.title, "body": issue.body, "branch": issue.the_pull.head_ref})
    if kind == "person" and action in ACTIONS:
        repository = said.pop("repository", next(iter(hub.repos)))
        person = Person(hub, said.pop("login", "pat"), repository)
        result = getattr(person, action)(**said)
        return _json({"done": action, "result": result if isinstance(result, str | int) else None})
    return Answer(404, b'{"message": "no such action"}', {"Content-Type": "application/json"})


def _json(data: Any) -> Answer:
    return Answer(200, json.dumps(data).encode(), {"Content-Type": "application/json"})
