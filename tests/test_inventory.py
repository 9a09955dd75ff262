"""`fixbot inventory`: what was read, by kind, folder and owner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixbot.cli.list_inventory import list_inventory
from fixbot.cli.options import Format, Options, ProfileChoice
from tests.hub_runs import pod

BUCKET = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Logs:\n    Type: AWS::S3::Bucket\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in {
        "deploy/api.yaml": pod("api"),
        "infra/stack.yaml": BUCKET,
        ".github/CODEOWNERS": "/deploy/ @lena\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def asked(folder: Path, form: Format) -> Options:
    every = ProfileChoice.ALL
    return Options("inventory", str(folder), format=form, cache=False, jobs=1, rules_profile=every)


def test_each_thing_has_its_kind_place_owner_and_findings(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list_inventory(asked(shop, Format.JSON), {}) == 0
    whole: dict[str, Any] = json.loads(capsys.readouterr().out)
    rows = {each["resource"]: each for each in whole["items"]}
    web = rows["Deployment api"]
    assert (web["kind"], web["path"], web["owner"]) == ("workload", "deploy/api.yaml", "lena")
    assert web["line"] >= 1
    assert web["findings"] >= 1
    assert rows["S3 bucket Logs"]["kind"] == "S3 bucket"
    assert rows["S3 bucket Logs"]["owner"] is None
    assert "unread" in whole


def test_people_see_how_much_there_is(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_inventory(asked(shop, Format.TEXT), {})
    said = capsys.readouterr().out
    assert "deploy" in said
    assert "workload  @lena" in said
