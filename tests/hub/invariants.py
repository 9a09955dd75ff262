"""What must be true whatever happened: no person's work lost, one pull request a head, nothing elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.hub.model import Repo


def _reached(repo: Repo, prefix: str) -> set[str]:
    return {
        sha for ref, tip in repo.refs.items() if ref.startswith(prefix) for sha in repo.store.ancestors(tip)
    }


def unreachable(repo: Repo) -> list[tuple[str, str, str]]:
    """Pushes of persons (login, ref, commit) that no ref reaches any more, `refs/pull/N/head` included."""
    there = _reached(repo, "refs/")
    return [push for push in repo.pushes if push[2] not in there]


def off_branches(repo: Repo) -> list[tuple[str, str, str]]:
    """The same, but only branches count: what only a pull request's page still shows is listed."""
    there = _reached(repo, "refs/heads/")
    return [push for push in repo.pushes if push[2] not in there]


def doubled(repo: Repo) -> list[str]:
    """Heads with more than one open pull request of this repository."""
    heads = Counter(
        issue.the_pull.head_ref
        for issue in repo.pull_requests()
        if issue.open and issue.the_pull.head_repo is None
    )
    return sorted(head for head, count in heads.items() if count > 1)


def written_outside(repo: Repo, prefix: str, login: str) -> list[str]:
    """Refs that this account moved and that don't begin with `prefix` (`refs/heads/fixbot/`)."""
    return sorted({ref for who, ref, _ in repo.writes if who == login and not ref.startswith(prefix)})


def orphans(repo: Repo, prefix: str) -> list[str]:
    """Branches below `prefix` without an open pull request."""
    used = {issue.the_pull.head_ref for issue in repo.pull_requests() if issue.open}
    names = (ref.removeprefix("refs/heads/") for ref in repo.refs if ref.startswith(prefix))
    return sorted(name for name in names if name not in used)


def keys(repo: Repo, marker: str) -> Mapping[str, int]:
    """How many open pull requests hold each line of their body that begins with `marker`."""
    return Counter(
        line
        for issue in repo.pull_requests()
        if issue.open
        for line in (issue.body or "").splitlines()
        if line.startswith(marker)
    )
