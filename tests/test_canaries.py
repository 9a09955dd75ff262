"""Secrets are planted into real files, and appear nowhere: no output, no cache, no branch, no message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.corpus_files import EXAMPLES, repositories
from tests.oracle.canaries import Canaries, leaks, plant
from tests.oracle.runs import Repository

SHARDS = 12
FORMATS = ("text", "json", "sarif", "markdown", "html")


@pytest.fixture
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Repository, Canaries]:
    """A repository made of the examples, or of every twelfth one of the corpus, with canaries in it."""
    repository = Repository(tmp_path)
    for source in request.param:
        repository.copy_in(source)
    canaries = plant(repository.folder)
    repository.commit()
    return repository, canaries


PLACES = [
    pytest.param([EXAMPLES], id="examples"),
    *(
        pytest.param(some, id=str(number), marks=pytest.mark.corpus)
        for number in range(SHARDS)
        if (some := repositories()[number::SHARDS])
    ),
]


@pytest.mark.parametrize("planted", PLACES, indirect=True)
def test_no_canary_is_ever_seen(planted: tuple[Repository, Canaries]) -> None:
    repository, canaries = planted
    assert canaries.planted
    for form in FORMATS:
        answer = repository.fixbot("run", "--format", form, "--debug")
        assert answer.code == 0
        assert leaks(canaries, answer.all) == [], form
    answer = repository.fixbot("scan", "--only", "secret-in-environment")
    assert answer.code == 1, "canaries in environments are findings"
    assert leaks(canaries, answer.all) == []

    answer = repository.fixbot("run", "--branch", "--only", "secret-in-environment")
    assert answer.code == 0, answer.all[-500:]
    assert leaks(canaries, answer.all) == []
    refs = repository.git("for-each-ref", "--format=%(refname) %(contents)").decode()
    assert leaks(canaries, refs) == []
    assert leaks(canaries, everything_in(repository.home)) == []

    known = repository.files()
    assert still_in_files(repository, canaries, known) == []
    strangers = {path: data.decode() for path, data in repository.files().items() if path not in known}
    assert leaks(canaries, "".join((*strangers, *strangers.values()))) == []


def still_in_files(repository: Repository, canaries: Canaries, before: dict[str, bytes]) -> list[str]:
    """Planted values that were reported as taken out, and stand in a file all the same."""
    report = repository.report("run", "--only", "secret-in-environment")
    lines = {path: data.decode(errors="replace").splitlines() for path, data in before.items()}
    taken = {
        value
        for each in report["findings"]
        if each["status"] == "fixed"
        for value in canaries.planted
        if value in lines[each["path"]][each["line"] - 1]
    }
    assert taken
    repository.fixbot("run", "--write")
    now = "".join(data.decode(errors="replace") for data in repository.files().values())
    return sorted(canaries.planted[value] for value in taken if value in now)


def everything_in(folder: Path) -> str:
    """Names and bytes of all files below a folder."""
    texts = [os.fsdecode(each.name) for each in folder.rglob("*")]
    texts += [each.read_bytes().decode("latin-1") for each in folder.rglob("*") if each.is_file()]
    return "\n".join(texts)
