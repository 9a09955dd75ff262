"""What fixbot says on a pull request: seldom, short, and once."""

from __future__ import annotations

from fixbot.publish.pull_requests.decide import BranchAction, BranchState
from fixbot.text.markdown_escape import escape_code_span


def build_comment_sign(topic: str, head: str | None) -> str:
    """The hidden line by which a comment is found again: one for each topic and commit."""
    return f"<!-- fixbot said {topic} {(head or '')[:12]} -->"


def word_closing(action: BranchAction, place: BranchState, base: str, commit: str) -> str:
    """Why a pull request is closed, and what happens next."""
    at = f"{escape_code_span(base)} at {commit[:12]}" if commit else escape_code_span(base)
    match action.closing:
        case "gone":
            return (
                f"What this pull request repairs is no longer there on {at}: all of its files were read "
                "again and none of its findings is left. It is closed for that reason alone; should a "
                "finding come back, so does a pull request."
            )
        case "superseded":
            return f"#{place.superseded_by} holds these changes now, together with others of the same kind."
        case _:
            until = place.wish.until if place.wish is not None else ""
            ends = f"until {until}" if until else "for good"
            return (
                f"Noted: fixbot leaves these findings alone {ends}. Put the same into `.fixbot.yml` under "
                "`ignore` if the reason should stand where others read it."
            )


def word_opening(place: BranchState) -> str:
    """The first line of a pull request that follows another one for the same findings."""
    before = place.pull
    if before is None:
        return ""
    if before.merged:
        return f"This was merged as #{before.number}, and is back."
    return f"#{before.number} was closed by fixbot, and the finding is back."


def word_comment(action: BranchAction) -> str:
    """What is said where fixbot stays away from somebody else's commits."""
    if action.topic == "gone":
        return (
            "What this pull request repairs is no longer there on its base. It holds commits that are not "
            "fixbot's, so it stays open: close it if nobody needs them."
        )
    return (
        "This branch holds commits that are not fixbot's, so fixbot leaves it as it is, although its own "
        "change would be another one by now. To have it made anew, comment `fixbot: recreate`: the commits "
        "that are here now are then kept on a branch beside it."
    )
