"""How several processes stay within one actor's limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixbot.publish.github.request_pace import RequestPace


def times(pace: RequestPace, until: float) -> Iterator[float]:
    """When a process that always wants to write is allowed to."""
    now = 0.0
    while True:
        now += pace.compute_wait(now, write=True)
        if now >= until:
            return
        pace.note_sent(now, write=True)
        yield now
        now += 0.1


@pytest.mark.parametrize("sharers", [1, 2, 7, 16, 35])
def test_all_who_share_stay_below_the_limits_in_every_minute_and_hour(sharers: int) -> None:
    sent = sorted(at for _ in range(sharers) for at in times(RequestPace(sharers=sharers), 2 * 3600))
    for length, most in ((60, 80), (3600, 500)):
        busiest = max(sum(at <= each < at + length for each in sent) for at in sent[::7])
        assert busiest <= most
    assert len(sent) >= 2 * 400, "and the budget is used"


def test_the_last_requests_of_an_hour_are_left_to_those_on_their_way() -> None:
    pace = RequestPace(sharers=16)
    pace.learn_limits(
        {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "133", "x-ratelimit-reset": "900"}, "core"
    )
    assert pace.compute_wait(100, write=False) == 0
    pace.learn_limits(
        {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "132", "x-ratelimit-reset": "900"}, "core"
    )
    assert pace.compute_wait(100, write=False) == 801
    assert pace.compute_wait(100, write=False, resource="graphql") == 0
    assert pace.compute_wait(950, write=False) == 0


def test_one_that_shares_with_nobody_uses_the_last_request() -> None:
    pace = RequestPace()
    pace.learn_limits(
        {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "900"}, "core"
    )
    assert pace.compute_wait(100, write=False) == 0
    pace.learn_limits(
        {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, "core"
    )
    assert pace.compute_wait(100, write=False) == 801


def test_a_small_limit_such_as_that_of_searches_is_used_at_least_by_half() -> None:
    pace = RequestPace(sharers=16)
    pace.learn_limits(
        {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "16", "x-ratelimit-reset": "60"}, "search"
    )
    assert pace.compute_wait(1, write=False, resource="search") == 0
    pace.learn_limits(
        {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "15", "x-ratelimit-reset": "60"}, "search"
    )
    assert pace.compute_wait(1, write=False, resource="search") == 60


def test_an_answer_that_tells_no_limits_changes_nothing() -> None:
    pace = RequestPace()
    pace.learn_limits({"x-ratelimit-remaining": "0"}, "core")
    assert pace.compute_wait(0, write=False) == 0


def test_there_is_room_when_enough_writes_are_an_hour_old() -> None:
    pace = RequestPace()
    for at in range(430):
        pace.note_sent(float(at), write=True)
    assert pace.wait_for_room(430, 20) == 0
    assert pace.wait_for_room(430, 50) == 29 + 3600 - 430
    assert RequestPace(sharers=400).wait_for_room(0, 50) == 0
