"""GitHub's published description of its REST API, held against every request and every answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.hub.model import Json

# GitHub takes a bare list here, as its description said until 2026 and as PyGithub sends it.
BARE_LISTS = ("POST /repos/{owner}/{repo}/issues/{issue_number}/labels",)
# The repository of a fork that was deleted is null, which the description of REST does not say. Source: the
# GraphQL schema, where headRepository may be null.
MAY_BE_GONE = ("pull-request", "pull-request-simple")
DATA = Path(__file__).resolve().parent.parent / "data"


@cache
def description() -> Json:
    with gzip.open(DATA / "github_rest.json.gz") as file:
        said: Json = json.load(file)
    for name in MAY_BE_GONE:
        head = said["$defs"][name]["properties"]["head"]["properties"]
        head["repo"] = {"anyOf": [head["repo"], {"type": "null"}]}
    return said


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "$defs": description()["$defs"]}
    return jsonschema_rs.validator_for(whole)


@cache
def _parts(operation: str) -> tuple[Mapping[str, Json], Any, Mapping[str, Any]]:
    """The query's parameters by name, the body's validator, and the answers' by status."""
    said = description()["operations"][operation]
    query = {each["name"]: each for each in said["parameters"] if each["in"] == "query"}
    body = None if said["body"] is None else _validator(json.dumps(said["body"]))
    answers = {
        status: None if schema is None else _validator(json.dumps(schema))
        for status, schema in said["answers"].items()
    }
    return query, body, answers


def _typed(text: str, schema: Json) -> Any:
    """What a text in a query means where a number or a switch is expected."""
    kinds = schema.get("type", [])
    if "integer" in kinds and text.lstrip("-").isdigit():
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


def wrong_query(operation: str, query: Mapping[str, str]) -> list[str]:
    """What the description doesn't know or doesn't allow in a query."""
    known, _, _ = _parts(operation)
    said = [f"query parameter {name!r} is not described" for name in query if name not in known]
    for name, each in known.items():
        if name in query:
            problems = _validator(json.dumps(each["schema"])).iter_errors(_typed(query[name], each["schema"]))
            said.extend(f"query parameter {name!r}: {problem.message}" for problem in problems)
        elif each["required"]:
            said.append(f"query parameter {name!r} is missing")
    return said


def wrong_body(operation: str, body: Any) -> list[str]:
    """What the description doesn't allow in a body."""
    _, validator, _ = _parts(operation)
    if operation in BARE_LISTS and isinstance(body, list):
        body = {"labels": body}
    if validator is None:
        return [] if body in (None, {}) else ["a body is not described"]
    if body is None:
        return ["a body is missing"] if description()["operations"][operation]["body_required"] else []
    return [
        f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(body)
    ]


def unknown_fields(operation: str, body: Any) -> list[str]:
    """Names at the top of a body that the description doesn't have. GitHub overlooks them."""
    known = (description()["operations"][operation]["body"] or {}).get("properties")
    if known is None or not isinstance(body, dict):
        return []
    return [f"field {name!r} is not described" for name in body if name not in known]


def wrong_answer(operation: str, status: int, body: Any) -> list[str]:
    """Where an answer of ours isn't what GitHub describes. Errors are described once for all operations."""
    _, _, answers = _parts(operation)
    validator = answers.get(str(status))
    if str(status) not in answers:
        return (
            []
            if status in (301, 307, 401, 403, 404, 409, 410, 422, 429) or status >= 500
            else [f"status {status}"]
        )
    if validator is None or (body is None and status == 304):
        return []
    return [
        f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(body)
    ]
