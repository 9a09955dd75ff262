"""The proof that a changed file's policy allows nothing that it didn't allow before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.iam.policies.policy_data import read_document_data
from fixbot.iam.tagging import prove_no_new_access

if TYPE_CHECKING:
    from fixbot.lens import Policy


def find_policy_problem(before: Policy, after: Policy) -> str | None:
    """What isn't proven of a policy as it was read before a fix and after it; None where all is.

    Both are read from their files, so this also sees what was written and not only what was meant.
    """
    return prove_no_new_access(read_document_data(before), read_document_data(after))
