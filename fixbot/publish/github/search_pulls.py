"""Where a repository has many pull requests: which of them may be ours, by a search that decides nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fixbot.publish.github.github_errors import ApiAnswer, OutcomeUnknown, RequestRejected

if TYPE_CHECKING:
    from fixbot.publish.github.gateway import Gateway

FEW_PAGES: Final = 3
"""So many pages of a hundred pull requests are read whole: a search and what it finds would cost more."""
_LAST = re.compile(r"[?&]page=(\d{1,6})[^>]{0,500}>; rel=\"last\"")
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


def find_last_page(page: ApiAnswer) -> int:
    """How many pages a list has; 1 where an answer doesn't say."""
    found = _LAST.search(page.headers.get("link", ""))
    return int(found[1]) if found else 1


def search_pulls(gateway: Gateway, name: str, prefix: str) -> list[int] | None:
    """The numbers of pull requests whose branches, in whatever repository, begin with the prefix.

    None where the server can't search so, or doesn't tell all. A search lags behind, but not behind a hundred
    newer pull requests. Source: GitHub's REST reference, "Search issues and pull requests".
    """
    if not _PLAIN.fullmatch(prefix):
        return None
    query = {"q": f"repo:{name} is:pr head:{prefix}"}
    numbers: list[int] = []
    total = 0
    try:
        for page in gateway.read_pages("/search/issues", query, most=10):
            if page.data.get("incomplete_results"):
                return None
            total = int(page.data["total_count"])
            numbers += [int(row["number"]) for row in page.data["items"]]
    except (RequestRejected, OutcomeUnknown, LookupError, TypeError, AttributeError, ValueError):
        return None
    return sorted(set(numbers)) if len(numbers) >= total else None
