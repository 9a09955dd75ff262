"""Lists of AWS that come in pages: all of them, or a failure; a failed page is never taken for the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.aws_gateway import AwsGateway, name_action

MOST_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class PagedCall:
    """A call whose answers hold `rows`; where there are more, `sent` takes what was `told`."""

    service: str
    operation: str
    rows: str
    sent: str = "nextToken"
    told: str = "nextToken"


def iterate_rows(
    gateway: AwsGateway, call: PagedCall, parameters: Mapping[str, Any], region: str = ""
) -> Iterator[Any]:
    """The rows of every page. Raises AwsCallFailed, also where the pages do not come to an end."""
    asked = dict(parameters)
    for _ in range(MOST_PAGES):
        answer = gateway.call_service(call.service, call.operation, asked, region)
        yield from answer.get(call.rows) or ()
        following = answer.get(call.told)
        if not following:
            return
        if following == asked.get(call.sent):
            break
        asked[call.sent] = following
    raise AwsCallFailed(name_action(call.service, call.operation), region or gateway.region, "EndlessPages")
