"""Who may write to a repository, asked of GitHub: what stands beside a comment is no permission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fixbot.forge.errors import Refused
from fixbot.forge.rows import is_bot, login_of
from fixbot.life.pull import Standing

if TYPE_CHECKING:
    from fixbot.forge.gateway import Gateway

WRITES: Final = frozenset(("admin", "write"))
"""`maintain` counts as write, `triage` as read, an organisation's own role as what it builds on.

Source: GitHub's REST reference, "Get repository permissions for a user".
"""
_GONE: Final = Standing(writes=False, says="whoever it was is no longer on GitHub")
_APP: Final = Standing(writes=False, says="an app may repeat anybody's words")


def ask_standing(gateway: Gateway, root: str, login: str, *, bot: bool) -> Standing:
    """Whether somebody may write. One request for a person, none for an app or who is gone.

    What GitHub doesn't say counts as no. Raises Tired, Unclear.
    """
    if not login:
        return _GONE
    if bot:
        return _APP
    try:
        data = gateway.get(f"{root}/collaborators/{quote(login, safe='')}/permission").data
    except Refused as refused:
        if refused.status == 401:
            raise
        return Standing(writes=False, says=f"GitHub does not tell what {login} may do ({refused.status})")
    return _standing(data if isinstance(data, dict) else {}, login)


def _standing(data: dict[str, Any], login: str) -> Standing:
    user: Any = data.get("user")
    if login_of(user).lower() != login.lower():
        return Standing(writes=False, says=f"GitHub does not tell what {login} may do")
    level, role = str(data.get("permission")), str(data.get("role_name") or data.get("permission"))
    pushes = (user.get("permissions") or {}).get("push")
    if level in WRITES and pushes is not False:
        return Standing(writes=True)
    return Standing(writes=False, says=f"{login} may not write here (role {role})")


def labelled(rows: Iterator[Any], label: str, *, since_close: bool) -> tuple[str, bool] | None:
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
            found = login_of(row.get("actor")), is_bot(row.get("actor"))
        elif event == "unlabeled" and name == label:
            found = None
    return found
