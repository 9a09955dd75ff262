"""One comment in a pull request of somebody else's, kept up to date instead of said again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.publish.github.gateway import may_send_twice
from fixbot.publish.github.github_errors import OutcomeUnknown, RequestRejected

if TYPE_CHECKING:
    from fixbot.publish.github.repository_reader import RepositoryReader
    from fixbot.publish.pull_requests.pull_request import PullRequestComment


def keep_remark(reader: RepositoryReader, number: int, text: str, sign: str, *, needed: bool) -> str:
    """Let the comment that begins with `sign` be `text`; returns why it can't be, or nothing.

    Where none is there yet, one is made only if it is `needed`. What already says so is not touched.
    A comment counts as ours if an app wrote it or somebody who may write to the repository, as GitHub says:
    a stranger who begins one with our sign gets none of our words. Raises RateLimitExceeded.
    """
    path = f"{reader.api_root}/issues"

    def find_ours() -> PullRequestComment | None:
        said = (each for each in reader.read_comments_on(number) if each.body.startswith(sign))
        return next((each for each in said if reader.speaks_for_us(each)), None)

    try:
        found = find_ours()
        if found is None and needed:
            reader.gateway.send_write("POST", f"{path}/{number}/comments", {"body": text}, look=find_ours)
        elif found is not None and found.body.replace("\r\n", "\n").strip() != text.strip():
            anew = {"body": text}
            reader.gateway.send_write("PATCH", f"{path}/comments/{found.id}", anew, look=may_send_twice)
    except RequestRejected as refused:
        if refused.status in {401, 403, 404}:
            return f"the token may not write comments here ({refused.said or refused.status})"
        return str(refused)
    except OutcomeUnknown as unclear:
        return str(unclear)
    return ""
