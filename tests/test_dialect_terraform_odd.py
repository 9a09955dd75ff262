"""Anything that parses is read without a crash, and no place twice."""

# ruff: noqa: E501 (the texts are as wide as people write them)
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixbot import dialects
from fixbot.edit.tree import SyntaxProblem
from fixbot.source.document import parse_document
from fixbot.source.project import Project, RepositoryFacts
from tests.terraform_texts import (
    aloud,
    containers,
    read_files,
    tf,
)

# JSON syntax, and anything at all


def test_json_syntax_is_said_aloud() -> None:
    text = '{"resource": {"aws_ecs_task_definition": {"web": {"container_definitions": "[{\\"image\\": \\"x\\"}]"}}}}'
    reading = read_files({"main.tf.json": text})
    assert aloud(reading) == [
        "aws_ecs_task_definition.web stands in a .tf.json file, which fixbot doesn't change yet"
    ]


_PIECES = st.sampled_from(
    ['resource "aws_ecs_task_definition" "a" {\n', 'module "m" {\n', "locals {\n", "}\n", "container_definitions = ",
     'source = "terraform-aws-modules/ecs/aws"\n', "services = ", "jsonencode(", ")", "[", "]\n", "{", "image = 1\n",
     "local.a\n", "a = local.b\n", "b = local.a\n", '<<EOF\n[{"image": ${x}}]\nEOF\n', "volume {\n", "Statement = [",
     'data "aws_iam_policy_document" "d" {\n', "statement {\n", "var.x ? ", " : ", "policy = ", 'file("main.tf")', "\n",
     'resource "kubernetes_pod" "p" {\n', "spec {\n", "container {\n", "manifest = ", 'dynamic "volume" {\n', '"x"', "merge("]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=25))
def test_whatever_parses_is_read_without_a_crash(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        parse_document("main.tf", text)
    except SyntaxProblem:
        return
    tf(text)


_ODD = st.recursive(
    st.sampled_from(
        [
            "1",
            "null",
            "var.x",
            "local.a",
            "module.m.json_map_encoded",
            '"${file("x.json")}"',
            "<<EOF\n{}\nEOF\n",
            '""',
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(i for i in items if '<<' not in i)}]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{\n" + "".join(f"k{n} = {i}\n" for n, i in enumerate(items)) + "}"
        ),
        inner.map(lambda i: f"jsonencode({i})" if "<<" not in i else i),
    ),
    max_leaves=6,
)
_PLACES = [
    ('resource "aws_ecs_task_definition" "a"', "container_definitions"), ('resource "aws_ecs_task_definition" "a"', "volume"),
    ('resource "aws_batch_job_definition" "a"', "container_properties"), ('resource "kubernetes_deployment" "a"', "spec"),
    ('resource "kubernetes_manifest" "a"', "manifest"), ('resource "aws_iam_role" "a"', "inline_policy"),
    ('resource "aws_iam_policy" "a"', "policy"), ('data "aws_iam_policy_document" "a"', "statement"), ("locals", "a"),
]  # fmt: skip


@settings(max_examples=200)
@given(st.sampled_from(_PLACES), _ODD)
def test_odd_values_in_the_places_that_matter(place: tuple[str, str], value: str) -> None:
    block, key = place
    for source in ("", 'module "m" {\n  source = "cloudposse/ecs-container-definition/aws"\n}\n'):
        text = f"{block} {{\n  {key} = {value}\n}}\n{source}"
        try:
            parse_document("main.tf", text)
        except SyntaxProblem:
            continue
        tf(text)


@given(_ODD)
@settings(max_examples=150)
def test_odd_values_in_modules(value: str) -> None:
    for key in (
        "services",
        "container_definitions",
        "volume",
        "runtime_platform",
        "requires_compatibilities",
    ):
        head = 'source = "terraform-aws-modules/ecs/aws//modules/service"\n'
        rest = "" if key == "container_definitions" else "container_definitions = { a = { image = 1 } }\n"
        text = f'module "m" {{\n{head}{rest}{key} = {value}\n}}\n'
        try:
            parse_document("main.tf", text)
        except SyntaxProblem:
            continue
        tf(text)


# The corpus


@pytest.mark.corpus
def test_no_place_of_the_corpus_is_read_twice() -> None:
    corpus = Path(os.environ.get("FIXBOT_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
    if not corpus.is_dir():
        pytest.skip("no corpus beside this clone")
    read_any = 0
    folders = sorted({path.parent for path in corpus.rglob("*.tf") if b"container" in path.read_bytes()})
    for folder in folders:
        texts = {path.name: path.read_bytes().decode() for path in folder.glob("*.tf")}
        documents = {}
        for name, text in texts.items():
            try:
                documents[name] = parse_document(name, text)
            except SyntaxProblem:
                continue
        reading = dialects.read_dialects(Project(documents, RepositoryFacts(frozenset(texts))))
        places = [(c.node.root_node.source, c.node.start) for c in containers(reading)]
        places += [(p.node.root_node.source, p.node.start) for p in reading.policies]
        assert len(places) == len(set(places)), folder
        read_any += len(places)
    assert read_any > 0
