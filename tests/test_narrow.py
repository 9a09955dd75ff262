"""`fixbot scan . FILE…`: the whole checkout is read, and some files of it are spoken of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fixbot.__main__ import main

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def found(capsys: pytest.CaptureFixture[str], *words: str) -> set[str]:
    """The paths that a report has findings in."""
    main(["scan", "--format", "json", *words])
    return {each["path"] for each in json.loads(capsys.readouterr().out)["findings"]}


def test_only_the_files_named_are_spoken_of(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = found(capsys, ".")
    assert len(everything) > 3
    assert found(capsys, ".", "ecs/orders.json", "cloudformation/api.yaml") == {
        "ecs/orders.json",
        "cloudformation/api.yaml",
    }


def test_a_file_is_named_from_where_the_user_stands(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop / "ecs")
    assert found(capsys, "..", "orders.json") == {"ecs/orders.json"}
    assert found(capsys, str(shop), str(shop / "ecs" / "orders.json")) == {"ecs/orders.json"}


def test_the_others_are_read_for_what_they_say(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret of worker.tf needs a permission in iam.tf: both change, or neither does."""
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    assert main(["run", "--write", "--quiet", ".", "terraform/worker.tf"]) == 0
    changed = {path.relative_to(shop).as_posix() for path, old in before.items() if path.read_bytes() != old}
    assert changed == {"terraform/worker.tf", "terraform/iam.tf"}


def test_what_was_remembered_of_the_whole_is_not_taken_for_a_part(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = found(capsys, ".", "ecs/orders.json")
    assert found(capsys, ".") > part
    assert found(capsys, ".", "ecs/orders.json") == part


def test_the_exit_code_is_about_the_files_named(shop: Path) -> None:
    assert main(["scan", ".", "ecs/orders.json"]) == 1
    assert main(["scan", ".", "terraform/variables.tf"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pr", ".", "ecs/orders.json"), "--pr and --repo are about a whole repository"),
        ((".", "missing.json"), "'missing.json' does not exist"),
        (("ecs", "terraform/iam.tf"), "'terraform/iam.tf' does not lie below 'ecs'"),
        (("ecs/orders.json", "terraform/iam.tf"), "`fixbot run . ecs/orders.json terraform/iam.tf`"),
    ],
)
def test_a_wrong_name_is_said_in_one_line(
    shop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["run", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_link_is_named_as_a_link(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "ecs" / "link.json").symlink_to("orders.json")
    assert found(capsys, ".", "ecs/link.json") == set()
