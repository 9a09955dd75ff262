"""What the gateway sends again, when, and how long it waits in all: its policy row by row."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fixbot.cli import crash_report
from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.publish.github.connector import Connector
from fixbot.publish.github.gateway import TRIES, UNTOLD, Gateway
from fixbot.publish.github.github_errors import (
    NoConnection,
    OutcomeUnknown,
    RateLimitExceeded,
    RequestRejected,
)
from tests.hub import answering, server
from tests.hub.hub import Hub, Request
from tests.hub.model import Clock
from tests.hub.rest import Answer
from tests.hub_runs import NAME, World, pod, world

ROOT = f"/repos/{NAME}"
TITLE = {"title": "Other"}


@dataclass
class Slept:
    """The stand-in's time, which remembers every pause."""

    clock: Clock
    pauses: list[float] = field(default_factory=list)

    def current_time(self) -> float:
        return self.clock.now()

    def sleep_for(self, seconds: float, /) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)


@dataclass
class Kept:
    """A store in memory."""

    rows: dict[str, Any] = field(default_factory=dict)

    def read_value(self, key: str, /) -> Any:
        return self.rows.get(key)

    def write_value(self, key: str, value: Any, /) -> None:
        self.rows[key] = value


@dataclass
class Talk:
    """A gateway to a repository with one pull request, #1, and what it waited."""

    shop: World
    gateway: Gateway
    slept: Slept
    store: Kept

    def fails(self, *kinds: str) -> None:
        """The next requests meet these faults, one each."""
        start = self.shop.asked
        self.shop.hub.faults.plan = {start + at: kind for at, kind in enumerate(kinds, 1)}

    def sent(self, since: int) -> list[str]:
        return [f"{each.verb} {each.status}" for each in self.shop.hub.log if each.number > since]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, {"deploy/api.yaml": pod("api")}) as made:
        made.run()
        yield made


@pytest.fixture
def talk(shop: World) -> Talk:
    slept, store = Slept(shop.hub.clock), Kept()
    connector = Connector(shop.environment, patience=900, store=store, clock=slept)
    return Talk(shop, connector.gateway_for(NAME), slept, store)


# Servers in trouble, and connections that break


@pytest.mark.parametrize("kind", ["500", "502-before", "reset-before", "reset-after", "cut"])
def test_a_read_is_sent_again_after_trouble(talk: Talk, kind: str) -> None:
    talk.fails(kind, kind)
    assert talk.gateway.read_path(ROOT).data["full_name"] == NAME
    assert len(talk.slept.pauses) == 2
    assert sum(talk.slept.pauses) <= 0.2 + 0.4


def test_after_six_tries_and_seven_seconds_it_gives_up(talk: Talk) -> None:
    talk.fails(*["502-before"] * 50)
    start = talk.shop.asked
    with pytest.raises(OutcomeUnknown, match=f"GET {ROOT}: GitHub answered 502"):
        talk.gateway.read_path(ROOT)
    assert talk.sent(start) == ["GET 502"] * TRIES
    assert sum(talk.slept.pauses) <= 7


def test_a_server_that_is_down_costs_the_whole_run_seven_seconds(talk: Talk) -> None:
    talk.fails(*["reset-before"] * 50)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE, lambda: talk.gateway.read_path(ROOT))
    assert sum(talk.slept.pauses) <= 7
    talk.shop.hub.faults.plan = {}
    talk.gateway.read_path(ROOT)
    talk.fails("502-before", "502-before")
    assert talk.gateway.read_path(ROOT), "it is tried again as before"


@pytest.mark.parametrize(
    ("status", "tries"), [(503, TRIES), (504, TRIES), (520, TRIES), (501, 1), (404, 1), (422, 1), (307, 1)]
)
def test_only_trouble_is_tried_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, status: int, tries: int
) -> None:
    asked: list[str] = []

    def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
        del hub
        asked.append(request.path)
        return Answer(status if status != 520 else 599 - 79, b'{"message": "Odd"}', {}), None

    monkeypatch.setattr(server, "answer", answer)
    monkeypatch.setattr(server, "HTTPStatus", _Status)
    with pytest.raises((OutcomeUnknown, RequestRejected)):
        talk.gateway.read_path(ROOT)
    assert len(asked) == tries


class _Status:
    def __init__(self, _: int) -> None:
        self.phrase = "Odd"


@pytest.mark.parametrize("kind", ["502-after", "reset-after", "cut"])
def test_a_write_that_may_have_happened_is_looked_up_and_not_sent_again(talk: Talk, kind: str) -> None:
    talk.fails(kind)
    start, looked = talk.shop.asked, []

    def look() -> object:
        looked.append(1)
        return {"found": True}

    assert talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE, look) == {"found": True}
    assert (len(talk.sent(start)), looked) == (1, [1])
    assert talk.shop.repo.issue(1).title == "Other"


def test_a_write_that_has_not_happened_is_sent_again(talk: Talk) -> None:
    talk.fails("502-before")
    made = talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE, lambda: None)
    assert made["title"] == "Other"


def test_the_last_try_is_looked_up_too(talk: Talk) -> None:
    talk.fails(*["502-before"] * (TRIES - 1), "502-after")

    def look() -> object:
        title = talk.shop.repo.issue(1).title
        return title if title == "Other" else None

    assert talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE, look) == "Other"


def test_a_write_that_nobody_can_look_up_is_sent_once(talk: Talk) -> None:
    talk.fails("502-after", "502-after")
    start = talk.shop.asked
    with pytest.raises(OutcomeUnknown):
        talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE)
    assert len(talk.sent(start)) == 1


# Limits


@pytest.mark.parametrize("kind", ["403", "429"])
@pytest.mark.parametrize("verb", ["GET", "PATCH"])
def test_a_limit_is_waited_for_as_long_as_github_asks(talk: Talk, kind: str, verb: str) -> None:
    talk.shop.hub.faults.retry_after = 37
    talk.fails(kind)
    if verb == "GET":
        talk.gateway.read_path(ROOT)
    else:
        talk.gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE)
        assert talk.shop.repo.issue(1).title == "Other"
    assert talk.slept.pauses == [37]
    assert talk.gateway.patience == 900 - 37


def test_a_limit_that_does_not_say_how_long_is_waited_for_a_minute_and_then_two(talk: Talk) -> None:
    talk.fails("403-silent", "429-silent")
    talk.gateway.read_path(ROOT)
    assert talk.slept.pauses == [UNTOLD, 2 * UNTOLD]


def test_a_limit_that_is_used_up_is_waited_for_until_it_is_reset(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(talk.slept.current_time()) + 120)}
    tries: list[int] = []

    def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
        tries.append(request.number)
        if len(tries) == 1:
            return Answer(403, b'{"message": "API rate limit exceeded"}', headers), None
        return answering.answer(hub, request)

    monkeypatch.setattr(server, "answer", answer)
    talk.gateway.read_path(ROOT)
    assert talk.slept.pauses == [121]


def test_graphql_tells_of_a_limit_in_an_answer_that_looks_well(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
        tries.append(request.number)
        if len(tries) == 1:
            return Answer(200, b'{"errors": [{"type": "RATE_LIMITED", "message": "wait"}]}', {}), None
        return answering.answer(hub, request)

    monkeypatch.setattr(server, "answer", answer)
    assert talk.gateway.send_query("query { viewer { login } }", {})["viewer"]
    assert talk.slept.pauses == [UNTOLD]


def test_a_limit_that_lasts_longer_than_the_patience_ends_it_without_a_wait(talk: Talk) -> None:
    talk.gateway.patience = 100
    talk.shop.hub.faults.retry_after = 60
    talk.fails("429", "403")
    with pytest.raises(
        RateLimitExceeded, match="ask for 60 seconds more, and the settings allow 40"
    ) as caught:
        talk.gateway.read_path(ROOT)
    assert (caught.value.seconds, talk.slept.pauses) == (60, [60])


def test_a_limit_that_is_never_lifted_ends_it(talk: Talk) -> None:
    talk.shop.hub.faults.retry_after = 0
    talk.fails(*["429"] * 100)
    start = talk.shop.asked
    with pytest.raises(RateLimitExceeded):
        talk.gateway.read_path(ROOT)
    assert len(talk.sent(start)) <= 20


def test_a_plain_no_is_no_limit(talk: Talk) -> None:
    talk.shop.token = talk.shop.hub.actions_token(NAME, metadata="read")
    gateway = Connector(talk.shop.environment, clock=talk.slept).gateway_for(NAME)
    with pytest.raises(RequestRejected, match="Resource not accessible"):
        gateway.send_write("PATCH", f"{ROOT}/pulls/1", TITLE)
    assert talk.slept.pauses == []


# Reads that need no answer


def test_what_did_not_change_is_not_sent_again_also_by_another_run(talk: Talk) -> None:
    first = talk.gateway.read_path(ROOT).data
    other = Connector(talk.shop.environment, store=talk.store, clock=talk.slept).gateway_for(NAME)
    start = talk.shop.asked
    assert talk.gateway.read_path(ROOT).data == first
    assert other.read_path(ROOT).data == first
    assert talk.sent(start) == ["GET 304"] * 2


def test_what_never_changes_is_asked_for_once(talk: Talk) -> None:
    path = f"{ROOT}/git/commits/{talk.shop.repo.refs['refs/heads/main']}"
    first = talk.gateway.read_path(path, forever=True).data
    start = talk.shop.asked
    other = Connector(talk.shop.environment, store=talk.store, clock=talk.slept).gateway_for(NAME)
    assert other.read_path(path, forever=True).data == first
    assert talk.sent(start) == []


# The token


def test_the_token_is_in_no_log_no_exception_no_output_and_no_crash_report(
    shop: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    for name in ("github", "github.Requester", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    slept = Slept(shop.hub.clock)
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    made = Options("run", pr=True, repositories=(NAME,), jobs=1, cache=False, arguments=("--debug",))
    assert run_pull_requests(made, shop.environment, slept) == 0
    connector = Connector(shop.environment, clock=slept)
    gateway = connector.gateway_for(NAME)
    told = [repr(each) for each in (connector, connector.token_for(NAME), shop.environment["HOME"])]
    for kind in ("reset-before", "500", "403", "cut"):
        shop.hub.faults.plan = {shop.asked + at: kind for at in range(1, 99)}
        gateway.patience = 0
        with pytest.raises((OutcomeUnknown, RateLimitExceeded)) as caught:
            gateway.read_path(ROOT)
        told += [repr(caught.value), str(caught.value), crash_report.render_crash_report(caught.value)]
        told += [repr(caught.value.__cause__), str(caught.value.__cause__)]
    shop.hub.faults.plan = {}
    out, err = capfd.readouterr()
    assert "api.github" in seen.getvalue() or "/repos/" in seen.getvalue(), "something was logged"
    for text in (out, err, seen.getvalue(), *told):
        assert shop.token not in text


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no token: set GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "two words"}, "holds characters that no token has"),
        ({"GITHUB_TOKEN": "x", "GITHUB_API_URL": "github.com"}, "GITHUB_API_URL is no address of a server"),
        ({"FIXBOT_APP_ID": "1"}, "FIXBOT_APP_PRIVATE_KEY is not set"),
        ({"FIXBOT_APP_ID": "1", "FIXBOT_APP_PRIVATE_KEY": "no key"}, "is no private key in PEM"),
    ],
)
def test_without_a_token_or_an_address_one_line_says_what_to_set(
    environment: Mapping[str, str], said: str
) -> None:
    with pytest.raises(NoConnection, match=said):
        Connector(environment).gateway_for(NAME)
