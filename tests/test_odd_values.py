"""Values of the wrong kind, wherever a rule may look: one clear line, and every other finding is served."""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.pages import read_page

PAGES = Path(__file__).parent.parent / "docs" / "fixers"
RULES = load_rules()
ODD: list[Any] = [
    None, 0, -1, 1.5, 10**30, True, "", "${x}", "{{ .Values }}", "2026-01-01", [], [[]], [None], {},
    {"a": None}, ["a", {"b": [1]}], {"Ref": "Nothing"}, {"Fn::GetAtt": ["X", "Arn"]},
    {"Fn::Transform": {"Name": "Include"}},
    {"Fn::ForEach::X": ["A", ["a"], {}]}, {"Fn::If": ["C", [], {"Ref": "AWS::NoValue"}]},
]  # fmt: skip
SOUND = '{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}}}'


def read_tagged(loader: Any, suffix: str, node: Any) -> Any:
    """A tag as the function that it stands for."""
    if isinstance(node, yaml.ScalarNode):
        return {f"Fn::{suffix}": loader.construct_scalar(node)}
    listed = isinstance(node, yaml.SequenceNode)
    read = loader.construct_sequence if listed else loader.construct_mapping
    return {f"Fn::{suffix}": read(node, deep=True)}


Loader: Any = type("Loader", (yaml.SafeLoader,), {})
Loader.add_multi_constructor("!", read_tagged)


def read_all(text: str) -> list[Any]:
    """The documents of a text; none where only a template language makes it YAML."""
    try:
        return [each for each in yaml.load_all(text, Loader) if each]
    except yaml.YAMLError:
        return []


def documents() -> Iterator[tuple[str, Any]]:
    for path in sorted(PAGES.glob("*.md")):
        for example in read_page(path).examples:
            for file, text in example.before.items():
                if file.endswith((".yaml", ".yml", ".json")) and not file.startswith("."):
                    yield from ((Path(file).name, each) for each in read_all(text))


DOCUMENTS = list(documents())


def list_places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every map or list of the data, with each of its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(inner):
        yield value, key
        yield from list_places(below)


def look_at(files: dict[str, str]) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return run_pipeline(Checkout.open_checkout(folder), RULES, Settings())


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_a_value_of_the_wrong_kind_is_no_bug_of_ours(source: random.Random) -> None:
    files = {"sound/template.json": SOUND}
    for number in range(12):
        name, data = source.choice(DOCUMENTS)
        mutant = copy.deepcopy(data)
        for _ in range(source.choice((1, 1, 2, 4))):
            owner, key = source.choice(list(list_places(mutant)))
            owner[key] = copy.deepcopy(source.choice(ODD))
        files[f"{number}/{name}"] = json.dumps(mutant)
    report = look_at(files)
    assert [each for each in report.unread if "a bug of ours" in each.reason] == []
    assert ("sound/template.json", "key-rotation-off") in {(each.path, each.rule) for each in report.findings}


TWICE = "Resources:\n  Key: {Type: AWS::KMS::Key}\n  Key: {Type: AWS::KMS::Key}\n"
ROUND = (
    "Parameters:\n  A: {Type: String, Default: !Ref B}\n  B: {Type: String, Default: !Ref A}\n"
    "Resources:\n  Key: {Type: AWS::KMS::Key, DependsOn: Other, Properties: {EnableKeyRotation: !Ref A}}\n"
    "  Other: {Type: AWS::KMS::Key, DependsOn: Key}\n"
)
LOOP = (
    "locals {\n  a = local.b\n  b = local.a\n}\n"
    'resource "aws_kms_key" "k" {\n  enable_key_rotation = local.a\n}\n'
)
NONE = 'resource "aws_kms_key" "k" {\n  count = 0\n}\n'
MACRO = (
    "Transform: [Macro]\nResources:\n"
    "  Fn::ForEach::Keys:\n    - N\n    - [A]\n    - ${N}: {Type: AWS::KMS::Key}\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [("t.yaml", TWICE), ("t.yaml", ROUND), ("main.tf", LOOP), ("main.tf", NONE), ("t.yaml", MACRO)],
)
def test_what_is_odd_as_a_whole_is_few_lines_and_harms_no_neighbour(name: str, text: str) -> None:
    report = look_at({f"odd/{name}": text, "sound/template.json": SOUND})
    said = [each for each in report.unread if each.path.startswith("odd/")]
    assert len(said) <= 2
    assert not any("a bug of ours" in each.reason for each in said)
    assert ("sound/template.json", "key-rotation-off") in {(each.path, each.rule) for each in report.findings}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.yaml", MACRO, "the macro Macro may change each resource"),
        ("t.yaml", MACRO, "the resources of Fn::ForEach::Keys are made in a loop"),
        (
            "t.yaml",
            "Resources:\n  Key: {Type: AWS::KMS::Key, Fn::Transform: {Name: M}}\n",
            "a macro makes of Key",
        ),
        ("t.yaml", "Resources:\n  Key: {Type: AWS::KMS::Key}\n  Fn::Transform: {Name: M}\n", "a macro adds"),
        ("t.yaml", "Resources:\n  Key: {Type: AWS::KMS::Key}\n  Text: a\n", "Text is no resource"),
        ("main.tf", NONE, "aws_kms_key.k is made nowhere (count = 0)"),
    ],
)
def test_what_only_a_deployment_makes_is_named(name: str, text: str, says: str) -> None:
    assert [each for each in look_at({name: text}).unread if says in each.reason]
