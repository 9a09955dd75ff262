"""The REST API: its routes, which the modules beside this one fill, and what they share."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.hub.model import Refused, Repo, Token

if TYPE_CHECKING:
    from tests.hub.hub import App, Hub, Request

LONG = {"ref", "path", "branch", "basehead", "tree_sha", "name"}


@dataclass(frozen=True)
class Answer:
    """A status, what goes out as JSON (or as it is, where it is bytes), and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """What a handler is given. `repo` is the one named in the path, or a snapshot of it for a stale read."""

    hub: Hub
    request: Request
    token: Token
    parameters: dict[str, str]
    the_repo: Repo | None
    app: App | None = None

    @property
    def repo(self) -> Repo:
        if self.the_repo is None:
            raise Refused(404, "Not Found")
        return self.the_repo

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    @property
    def body(self) -> dict[str, Any]:
        return self.request.body or {}

    @property
    def base(self) -> str:
        return self.request.base

    def number(self, name: str) -> int:
        text = self.parameters[name]
        if not text.isdigit():
            raise Refused(404, "Not Found")
        return int(text)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation; `needs` is `permission:level`, or nothing for what any token may ask."""

    verb: str
    path: str
    needs: str
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(verb: str, path: str, needs: str = "") -> Callable[[Handler], Handler]:
    """Register the handler of an operation, by the path as GitHub's description writes it."""
    parts = re.split(r"\{(\w+)\}", path)
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{'.+' if part in LONG else '[^/]+'})"
        for index, part in enumerate(parts)
    )

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(verb, path, needs, handler, re.compile(pattern)))
        return handler

    return register


def find(verb: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The operation for a path. A route without long parameters goes first."""
    for candidate in _sorted():
        if candidate.verb == verb and (match := candidate.pattern.fullmatch(path)):
            return candidate, {name: unquote(text) for name, text in match.groupdict().items()}
    return None


@cache
def _sorted() -> list[Route]:
    return sorted(
        ROUTES, key=lambda each: (".+" in each.pattern.pattern, -each.path.count("/"), each.path.count("{"))
    )


def page(call: Call, items: Sequence[Any], show: Callable[[Any], Any], wrap: str | None = None) -> Answer:
    """One page of a list, with the links to the others; `wrap` names the list where it comes in an object."""
    size = min(100, max(1, int(call.query.get("per_page", "30"))))
    number = max(1, int(call.query.get("page", "1")))
    last = max(1, -(-len(items) // size))
    links = []
    for name, to, there in (
        ("prev", number - 1, number > 1),
        ("next", number + 1, number < last),
        ("last", last, number < last),
        ("first", 1, number > 1),
    ):
        if there:
            query = urlencode({**call.query, "page": str(to)})
            links.append(f'<{call.base}{call.request.path}?{query}>; rel="{name}"')
    shown = [show(item) for item in items[(number - 1) * size : number * size]]
    body = shown if wrap is None else {"total_count": len(items), wrap: shown}
    return Answer(200, body, {"Link": ", ".join(links)} if links else {})


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
