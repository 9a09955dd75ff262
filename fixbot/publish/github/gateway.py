"""The gateway: every request to GitHub goes through here, one at a time, and waits and tries again here only.

What is tried again: answers of servers in trouble (5xx, but not "not implemented") and answers that break
off, five times within about seven seconds of waiting, and no other request more than once until one is
answered; limits (429, and 403 that says so) for as long as GitHub asks, a minute and then twice as long where
it doesn't say, up to the settings' patience in all. A write that may have happened is looked up first, and
sent again only where it has not.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from fixbot.publish.github.github_errors import (
    ApiAnswer,
    OutcomeUnknown,
    RateLimited,
    RateLimitExceeded,
    RequestRejected,
)
from fixbot.publish.github.parse_answers import (
    format_message,
    read_asked_wait,
    repository_of_variables,
    tells_of_limit,
)
from fixbot.publish.github.request_pace import RequestPace

if TYPE_CHECKING:
    from fixbot.publish.github.credentials import Client

TRIES: Final = 6
LIMIT_TRIES: Final = 20
UNTOLD: Final = 60.0
"""Seconds to wait for a limit that doesn't say how long. Source: "Best practices", docs.github.com."""
_NOT_MODIFIED, _NO_CONTENT, _NOT_IMPLEMENTED = 304, 204, 501
_TROUBLED_KINDS = frozenset(("INTERNAL", "SERVICE_UNAVAILABLE"))
_THING = re.compile(r"/(?:\d+|labels/[^/]+)(?=/|$)")
_NEXT = re.compile(r'<([^<>]+)>;\s*+rel="next"')

Look = Callable[[], Any]
"""Says what a write that may have happened has made, or None where it has not happened."""


def may_send_twice() -> None:
    """The look of a write that may be sent twice without harm."""


class AnswerStore(Protocol):
    """Keeps answers between runs."""

    def read_value(self, key: str, /) -> Any:
        """What was kept, or None."""

    def write_value(self, key: str, value: Any, /) -> None:
        """Keep it."""


class Clock(Protocol):
    """Time that a test can hold still."""

    def current_time(self) -> float:
        """Seconds since 1970."""

    def sleep_for(self, seconds: float, /) -> None:
        """Let time pass."""


class WallClock:
    """The machine's own time."""

    def current_time(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep_for(self, seconds: float, /) -> None:
        """Let time pass."""
        time.sleep(seconds)


@dataclass(slots=True)
class Gateway:
    """Requests for one actor on one host, whose API is at `host`.

    `patience` is how many seconds all waits for limits may take together. `counts` has the requests
    sent by kind: `reads`, `writes`. `waiting` is told before a wait of more than a second.
    """

    host: str
    rest: Client
    graph: Client
    patience: float
    store: AnswerStore | None = None
    clock: Clock = field(default_factory=WallClock)
    waiting: Callable[[str], None] = lambda _: None
    pace: RequestPace = field(default_factory=RequestPace)
    counts: Counter[str] = field(default_factory=Counter)
    down: bool = False
    """Whether the server gave no good answer to the end; then each request is tried once until it does."""
    _kept: dict[str, ApiAnswer] = field(default_factory=dict)
    _refused: dict[str, RequestRejected] = field(default_factory=dict)
    """Kinds of writes for which a right is missing: they are not sent a second time."""

    def read_path(
        self, path: str, query: Mapping[str, Any] | None = None, *, media: str = "", forever: bool = False
    ) -> ApiAnswer:
        """Read, conditionally where an earlier answer is known.

        Raises RequestRejected, RateLimitExceeded, OutcomeUnknown.

        `forever` is for what never changes, such as Git's objects: then an earlier answer does.
        """
        key = json.dumps([self.host, path, dict(sorted((query or {}).items())), media])
        known = self._find_known(key)
        if forever and known is not None:
            return known
        headers = {"Accept": media or "application/vnd.github+json"}
        if known is not None and (tag := known.headers.get("etag")):
            headers["If-None-Match"] = tag
        answer: ApiAnswer = self._retry_unclear(
            lambda: self._send_request(self.rest, "GET", path, query or {}, headers, None)
        )
        if answer.status == 304 and known is not None:
            return known
        if answer.status == 304:
            raise OutcomeUnknown(f"GET {path}: not modified, but nothing is known of it")
        self._keep_answer(key, answer, forever=forever)
        return answer

    def read_pages(
        self, path: str, query: Mapping[str, Any] | None = None, most: int = 200
    ) -> Iterator[ApiAnswer]:
        """Each page of a list, up to `most` pages of a hundred. Raises as `get`."""
        page = 1
        while page <= most:
            answer = self.read_path(path, {**(query or {}), "per_page": 100, "page": page})
            yield answer
            if not _NEXT.search(answer.headers.get("link", "")):
                return
            page += 1

    def forget_answers(self) -> None:
        """Let go of earlier answers, for a run over many repositories: they are in the store, if anywhere."""
        self._kept.clear()

    def send_write(self, verb: str, path: str, body: object = None, look: Look | None = None) -> Any:
        """Send a write and return what it made. Raises RequestRejected, RateLimitExceeded, OutcomeUnknown.

        Where it may have happened, `look` is asked for what it made; it is sent again where `look`
        finds nothing, and not at all without one. Where a right is missing, no other one of its kind is sent.
        """
        kind = f"{verb} {_THING.sub('/N', path)}"
        return self._send_if_allowed(
            kind, lambda: self._send_request(self.rest, verb, path, {}, {}, body).data, look
        )

    def send_query(self, text: str, variables: Mapping[str, Any]) -> Any:
        """The data of a GraphQL query. Raises RequestRejected, RateLimitExceeded, OutcomeUnknown."""
        return self._retry_unclear(lambda: self._send_graphql(text, variables, write=False))

    def send_mutation(self, text: str, variables: Mapping[str, Any], look: Look | None = None) -> Any:
        """The data of a GraphQL mutation; `look` as in `write`."""
        return self._send_if_allowed(
            f"{text} {repository_of_variables(variables)}",
            lambda: self._send_graphql(text, variables, write=True),
            look,
        )

    def _send_if_allowed(self, kind: str, send: Callable[[], Any], look: Look | None) -> Any:
        if kind in self._refused:
            raise self._refused[kind].repeat_refusal()
        try:
            return self._send_once(send, look)
        except RequestRejected as refused:
            if refused.is_for_good:
                self._refused[kind] = refused
            raise

    def _send_graphql(self, text: str, variables: Mapping[str, Any], *, write: bool) -> Any:
        body = {"query": text, "variables": dict(variables)}
        answer = self._send_request(self.graph, "POST", "/graphql", {}, {}, body, write=write)
        data = answer.data if isinstance(answer.data, dict) else {}
        if errors := data.get("errors"):
            words = "; ".join(str(each.get("message", "")) for each in errors if isinstance(each, dict))
            kinds = {str(each.get("type", "")) for each in errors if isinstance(each, dict)}
            if "RATE_LIMITED" in kinds or tells_of_limit(words):
                raise RateLimited(read_asked_wait(answer.headers, self.clock.current_time()), words)
            unseen = write and kinds == {"NOT_FOUND"}  # what REST has just made may not be there yet
            if not kinds - _TROUBLED_KINDS or unseen or "Something went wrong" in words:
                raise OutcomeUnknown(f"GraphQL: {words}")
            raise RequestRejected(200, words, "GraphQL")
        return data.get("data") or {}

    def _send_once(self, send: Callable[[], Any], look: Look | None) -> Any:
        failed = False

        def send_or_find() -> Any:
            nonlocal failed
            if failed and look is not None and (found := look()) is not None:
                return found
            try:
                return send()
            except OutcomeUnknown:
                failed = True
                raise

        if look is None:
            return self._wait_for_limits(send_or_find)
        try:
            return self._retry_unclear(send_or_find)
        except (RequestRejected, OutcomeUnknown):
            # An earlier try may have happened after all, which is why a later one was refused.
            if failed and (found := look()) is not None:
                return found
            raise

    def _retry_unclear(self, send: Callable[[], Any]) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(OutcomeUnknown),
            stop=lambda state: self.down or state.attempt_number >= TRIES,
            wait=wait_random_exponential(multiplier=0.2, max=5),
            sleep=self.clock.sleep_for,
            reraise=True,
        )
        try:
            return retrying(self._wait_for_limits, send)
        except OutcomeUnknown:
            self.down = True
            raise

    def _wait_for_limits(self, send: Callable[[], Any]) -> Any:
        """Wait for limits as long as GitHub asks and the settings allow."""
        retrying = Retrying(
            retry=retry_if_exception_type(RateLimited),
            stop=stop_after_attempt(LIMIT_TRIES),
            wait=self._compute_limit_wait,
            sleep=self._sleep_within_patience,
            reraise=True,
        )
        try:
            return retrying(send)
        except RateLimited as limited:
            raise RateLimitExceeded(UNTOLD, f"GitHub's limits are not lifted: {limited.why}") from None

    def _compute_limit_wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.wait if isinstance(error, RateLimited) else None
        return asked if asked is not None else min(UNTOLD * 2 ** (state.attempt_number - 1), 900.0)

    def _sleep_within_patience(self, seconds: float) -> None:
        if seconds > self.patience:
            raise RateLimitExceeded(
                seconds,
                f"GitHub's limits ask for {seconds:.0f} seconds more, and the settings allow "
                f"{self.patience:.0f} (pull_requests.patience); the next run goes on from here",
            )
        self.patience -= seconds
        if seconds > 1:
            self.waiting(f"waiting {seconds:.0f} s for GitHub's limits")
        self.clock.sleep_for(seconds)

    def _send_request(
        self,
        client: Client,
        verb: str,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        body: object,
        *,
        write: bool | None = None,
    ) -> ApiAnswer:
        write = verb != "GET" if write is None else write
        resource = "graphql" if client is self.graph else "search" if path.startswith("/search/") else "core"
        if (wait := self.pace.compute_wait(self.clock.current_time(), write=write, resource=resource)) > 0:
            self._sleep_within_patience(wait)
        self.counts["writes" if write else "reads"] += 1
        self.pace.note_sent(self.clock.current_time(), write=write)
        what = f"{verb} {path}"
        try:
            status, got, text = client(verb, path, query, headers, body)
        except OSError as error:
            raise OutcomeUnknown(f"{what}: no answer ({type(error).__name__})") from None
        self.pace.learn_limits(got, resource)
        if status >= 500 and status != _NOT_IMPLEMENTED:
            raise OutcomeUnknown(f"{what}: GitHub answered {status}")
        self.down = False
        if status in {_NOT_MODIFIED, _NO_CONTENT}:
            return ApiAnswer(status, got, None)
        if status < 300 and "raw" in headers.get("Accept", ""):
            return ApiAnswer(status, got, text)
        try:
            data = json.loads(text)
        except ValueError:
            if status < 300:
                raise OutcomeUnknown(f"{what}: the answer is cut short or no JSON") from None
            data = {"message": "a web page, perhaps of a proxy" if "<" in text else text[:200]}
        if status >= 300:
            raise self._build_refusal(status, got, data, what)
        return ApiAnswer(status, got, data)

    def _build_refusal(self, status: int, headers: Mapping[str, str], data: Any, what: str) -> Exception:
        said = format_message(data)
        limited = (
            headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or tells_of_limit(said)
        )
        if status == 429 or (status == 403 and limited):
            return RateLimited(
                read_asked_wait(headers, self.clock.current_time()), said or f"{what}: {status}"
            )
        return RequestRejected(status, said, what, headers.get("x-accepted-github-permissions", ""))

    def _find_known(self, key: str) -> ApiAnswer | None:
        if key not in self._kept and self.store is not None:
            found = self.store.read_value(key)
            if isinstance(found, dict) and isinstance(found.get("headers"), dict):
                self._kept[key] = ApiAnswer(200, found["headers"], found.get("data"))
        return self._kept.get(key)

    def _keep_answer(self, key: str, answer: ApiAnswer, *, forever: bool) -> None:
        headers = {name: answer.headers[name] for name in ("etag", "link") if name in answer.headers}
        self._kept[key] = kept = ApiAnswer(200, headers, answer.data)
        if ("etag" in headers or forever) and self.store is not None:
            self.store.write_value(key, {"headers": headers, "data": kept.data})
