"""One GraphQL request: parsed, held against GitHub's schema and executed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.hub.graph import mutations, queries
from tests.hub.graph.context import Context
from tests.hub.hub import Hub, Request
from tests.hub.model import Json, Refused, Repo, Token
from tests.hub.rest import Answer

DATA = Path(__file__).resolve().parent.parent.parent / "data"


@cache
def schema() -> GraphQLSchema:
    return build_schema((DATA / "github_schema.graphql").read_text(encoding="utf-8"), assume_valid=True)


@dataclass(frozen=True)
class Checked:
    """A document and what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


@lru_cache(maxsize=1000)
def checked(text: str) -> Checked:
    try:
        document = parse(text)
    except GraphQLError as error:
        return Checked(None, (error,))
    return Checked(document, tuple(validate(schema(), document)))


def is_mutation(body: Any) -> bool:
    """Whether a request's body holds a mutation."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return False
    document = checked(body["query"]).document
    return document is not None and any(
        isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
        for node in document.definitions
    )


def execute(hub: Hub, token: Token, request: Request, repos: dict[str, Repo]) -> Answer:
    """The answer; a query that doesn't fit the schema is a violation."""
    body = request.body
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        hub.violations.append(f"#{request.number} graphql: no query")
        raise Refused(400, "A query attribute must be specified and must be a string.")
    found = checked(body["query"])
    if found.document is None or found.errors:
        hub.violations.extend(f"#{request.number} graphql: {error.message}" for error in found.errors)
        return Answer(200, {"errors": [error.formatted for error in found.errors]})
    context = Context(hub, token, request, repos)
    root = mutations.root(context) if is_mutation(body) else queries.root(context)
    result = execute_sync(
        schema(),
        found.document,
        root_value=root,
        context_value=context,
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
    )
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(hub, request, error) for error in result.errors]
        if any("Variable" in error.message for error in result.errors):
            del answer["data"]
    return Answer(200, answer)


def _shown(hub: Hub, request: Request, error: GraphQLError) -> Json:
    shown: Json = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, Refused):
        return {"type": cause.kind, **shown}
    if error.message.startswith("Variable"):
        hub.violations.append(f"#{request.number} graphql: {error.message}")
    else:
        hub.defects.append(f"#{request.number} graphql: {error.message}")
    return shown
