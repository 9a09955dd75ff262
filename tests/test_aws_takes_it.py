"""What comes out of the pages' examples, registered with an ECS that answers as the real one does (moto)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.pages import read_page

PAGES = Path(__file__).parent.parent / "docs" / "fixers"


def definitions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every whole task definition that an example leaves behind as plain JSON."""
    for path in sorted(PAGES.glob("*.md")):
        for example in read_page(path).examples:
            for name, text in example.after.items():
                if name.endswith(".json") and '"containerDefinitions"' in text and "AWSEB" not in text:
                    try:
                        yield f"{path.stem}: {example.title}", json.loads(text)
                    except ValueError:
                        continue  # a template with holes, which nobody registers as it is


DEFINITIONS = dict(definitions())


def test_there_are_definitions_to_register() -> None:
    assert len(DEFINITIONS) >= 8


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("title", DEFINITIONS)
def test_it_can_be_registered(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    given = {key: value for key, value in DEFINITIONS[title].items() if key != "taskDefinition"}
    for container in given["containerDefinitions"]:
        container.setdefault("memory", 128)  # ECS asks for it, on the container or the task
    with mock_aws():
        client = boto3.client("ecs", region_name="eu-west-1")
        answer = client.register_task_definition(**given)["taskDefinition"]
    names = [container["name"] for container in answer["containerDefinitions"]]
    assert names == [container["name"] for container in given["containerDefinitions"]]
