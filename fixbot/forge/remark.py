"""One comment in a pull request of somebody else's, kept up to date instead of said again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.forge.errors import Refused, Unclear
from fixbot.forge.gateway import again

if TYPE_CHECKING:
    from fixbot.forge.reading import Reader
    from fixbot.life.pull import Comment


def keep_remark(reader: Reader, number: int, text: str, sign: str, *, needed: bool) -> str:
    """Let the comment that begins with `sign` be `text`; returns why it can't be, or nothing.

    Where none is there yet, one is made only if it is `needed`. What already says so is not touched.
    A comment counts as ours if an app wrote it or somebody who may write to the repository, as GitHub says:
    a stranger who begins one with our sign gets none of our words. Raises Tired.
    """
    path = f"{reader.root}/issues"

    def ours() -> Comment | None:
        said = (each for each in reader.comments_on(number) if each.body.startswith(sign))
        return next((each for each in said if reader.speaks_for_us(each)), None)

    try:
        found = ours()
        if found is None and needed:
            reader.gateway.write("POST", f"{path}/{number}/comments", {"body": text}, look=ours)
        elif found is not None and found.body.replace("\r\n", "\n").strip() != text.strip():
            anew = {"body": text}
            reader.gateway.write("PATCH", f"{path}/comments/{found.id}", anew, look=again)
    except Refused as refused:
        if refused.status in {401, 403, 404}:
            return f"the token may not write comments here ({refused.said or refused.status})"
        return str(refused)
    except Unclear as unclear:
        return str(unclear)
    return ""
