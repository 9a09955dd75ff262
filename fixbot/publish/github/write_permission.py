"""Who may write to a repository, asked of GitHub: what stands beside a comment is no permission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fixbot.publish.github.github_errors import RequestRejected
from fixbot.publish.github.parse_rows import is_bot, parse_login
from fixbot.publish.pull_requests.pull_request import WritePermission

if TYPE_CHECKING:
    from fixbot.publish.github.gateway import Gateway

WRITES: Final = frozenset(("admin", "write"))
"""`maintain` counts as write, `triage` as read, an organisation's own role as what it builds on.

Source: GitHub's REST reference, "Get repository permissions for a user".
"""
_GONE: Final = WritePermission(writes=False, says="whoever it was is no longer on GitHub")
_APP: Final = WritePermission(writes=False, says="an app may repeat anybody's words")


def ask_standing(gateway: Gateway, root: str, login: str, *, bot: bool) -> WritePermission:
    """Whether somebody may write. One request for a person, none for an app or who is gone.

    What GitHub doesn't say counts as no. Raises RateLimitExceeded, OutcomeUnknown.
    """
    if not login:
        return _GONE
    if bot:
        return _APP
    try:
        data = gateway.read_path(f"{root}/collaborators/{quote(login, safe='')}/permission").data
    except RequestRejected as refused:
        if refused.status == 401:
            raise
        return WritePermission(
            writes=False, says=f"GitHub does not tell what {login} may do ({refused.status})"
        )
    return _parse_standing(data if isinstance(data, dict) else {}, login)


def _parse_standing(data: dict[str, Any], login: str) -> WritePermission:
    user: Any = data.get("user")
    if parse_login(user).lower() != login.lower():
        return WritePermission(writes=False, says=f"GitHub does not tell what {login} may do")
    level, role = str(data.get("permission")), str(data.get("role_name") or data.get("permission"))
    pushes = (user.get("permissions") or {}).get("push")
    if level in WRITES and pushes is not False:
        return WritePermission(writes=True)
    return WritePermission(writes=False, says=f"{login} may not write here (role {role})")


def find_last_labeller(rows: Iterator[Any], label: str, *, since_close: bool) -> tuple[str, bool] | None:
    """Who set a label last, as a login and whether it is an app; None where nobody did.

    `rows` are a pull request's events from old to new. `since_close` asks for what came after the last close.
    """
    found: tuple[str, bool] | None = None
    for row in rows:
        event = row.get("event")
        name = str((row.get("label") or {}).get("name")).lower()
        if event == "closed" and since_close:
            found = None
        elif event == "labeled" and name == label:
            found = parse_login(row.get("actor")), is_bot(row.get("actor"))
        elif event == "unlabeled" and name == label:
            found = None
    return found
