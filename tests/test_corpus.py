"""Every promise, on every file of real repositories, judged by a reader that shares nothing with fixbot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus_files import EXAMPLES, ROOT, repositories
from tests.oracle.promises import all_on, nothing_on
from tests.oracle.runs import RULES, Repository
from tests.pages import read_page

REPOSITORIES = [
    pytest.param(EXAMPLES, id="examples"),
    *(pytest.param(path, id=path.name, marks=pytest.mark.corpus) for path in repositories()),
]


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


@pytest.mark.parametrize("page", [ROOT / "docs" / "fixers" / f"{rule}.md" for rule in RULES], ids=RULES)
def test_every_promise_holds_for_the_examples_of_a_page(page: Path, tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    for number, example in enumerate(read_page(page).examples):
        for name, text in example.before.items():
            file = repository.folder / str(number) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    repository.commit()
    trial = all_on(repository)
    assert trial.statuses
    assert not trial.defects, "\n" + "\n".join(str(each) for each in trial.defects)
