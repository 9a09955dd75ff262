"""Every promise, on every file of real repositories, judged by a reader that shares nothing with fixbot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus_files import repositories
from tests.oracle.promises import all_on, nothing_on
from tests.oracle.runs import Repository

REPOSITORIES = [pytest.param(path, id=path.name) for path in repositories()]


@pytest.fixture
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    copied = Repository(tmp_path, request.param)
    copied.commit()
    return copied


@pytest.mark.parametrize("repository", REPOSITORIES, indirect=True)
def test_every_promise_holds(repository: Repository) -> None:
    defects = nothing_on(repository)
    defects += all_on(repository).defects
    assert not defects, "\n" + "\n".join(str(each) for each in defects)
