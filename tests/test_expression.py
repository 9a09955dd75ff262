"""Expressions of Terraform that fixbot writes: texts stay texts, and names are names, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.edit.tree import CannotEdit, CodeExpression, Node, NodeKind, SyntaxProblem
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import SecretSettings, Settings
from fixbot.syntax import load_grammar
from fixbot.syntax.hcl.expressions import build_hosted_text, build_reference, build_template, split_template
from tests.first_rules import first_rules

HCL = load_grammar("hcl")
NASTY = st.text() | st.text("ab$%{}\"'\\\n\t`~()/.", max_size=20)
FILE = '${file("/etc/passwd")}'


def value_of(source: str) -> Node:
    (root,) = HCL.parse_text(f"x = {source}\n")
    assert [entry.key for entry in root.entries] == ["x"]
    return root.entries[0].value


@given(NASTY)
def test_any_text_in_a_template_is_just_that_text(text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        return
    try:
        found = value_of(build_template(text).text)
    except SyntaxProblem:  # three signs in a row are no escape to this reader, and then nothing is offered
        assert "$${" in text or "%%{" in text
        return
    assert (found.kind, found.value) == (NodeKind.SCALAR, text)


@given(NASTY, NASTY)
def test_an_expression_in_a_template_is_the_one_that_was_meant(before: str, behind: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in before + behind):
        return
    try:
        written = build_template(before, build_reference("aws_x", "y", "arn"), behind).text
    except CannotEdit:
        assert before.endswith(("$", "%"))
        return
    try:
        found = value_of(written)
    except SyntaxProblem:
        assert "$${" in before + behind or "%%{" in before + behind
        return
    assert found.kind is NodeKind.CODE
    assert found.value == written
    assert written.replace("$${", "").count("${") == 1 or "$${" in before + behind


@given(NASTY)
def test_a_reference_is_made_of_names_alone(name: str) -> None:
    try:
        found = build_reference("aws_x", name, "arn")
    except CannotEdit:
        return
    assert value_of(found.text).kind is NodeKind.CODE
    assert found.text == (f"aws_x{name}.arn" if name.startswith("[") else f"aws_x.{name}.arn")
    assert not set(found.text) & set("${}()\"' \n")


@given(NASTY)
def test_a_text_in_hosted_json_is_never_an_expression(text: str) -> None:
    try:
        found = build_hosted_text(build_reference("a", "b"), text)
    except CannotEdit:
        assert "${" in text or "%{" in text or text.endswith(("$", "%"))
        return
    assert found == "${a.b}" + text


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("var.name", (CodeExpression("var.name"),)),
        ('"orders-${var.env}"', ("orders-", CodeExpression("var.env"))),
        ('"a" == "b" ? "c" : "d"', None),
        ('"${file("/etc/passwd")}"', None),
        ('"$${x}"', None),
        ('"%{ if x }a%{ endif }"', None),
        ('file("x")', None),
    ],
)
def test_only_plain_templates_are_taken_over(
    source: str, parts: tuple[str | CodeExpression, ...] | None
) -> None:
    assert split_template(source) == parts


TASK = """\
resource "aws_ecs_task_definition" "x" {
  family             = FAMILY
  execution_role_arn = "arn:aws:iam::111122223333:role/x"
  container_definitions = CONTAINERS
}
"""
OBJECT = """\
jsonencode([{ name = "a", image = "b",
  environment = [{ name = "DB_PASSWORD", value = "plum-Tr4ctor-9" }] }])"""
HEREDOC = """<<EOF
[{ "name": "a", "image": "b", "environment": [{ "name": "DB_PASSWORD", "value": "plum-Tr4ctor-9" }] }]
EOF"""


def looked_at(folder: Path, text: str, secrets: SecretSettings) -> Report:
    (folder / "main.tf").write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings(secrets=secrets))


@pytest.mark.parametrize("containers", [OBJECT, HEREDOC], ids=["jsonencode", "heredoc"])
@pytest.mark.parametrize(
    "family", ['"f-${var.env}"', '"f-$${var.env}"', '"f"', "var.family", '"${file(var.x)}"']
)
@pytest.mark.parametrize(
    "secrets",
    [
        SecretSettings(prefix=f"p{FILE}/"),
        SecretSettings(prefix='p"}${file("x")}', store="ssm"),
        SecretSettings(prefix="%{ if true }", store="ssm"),
        SecretSettings(existing={"DB_PASSWORD": f"arn:aws:ssm:eu-west-1:111122223333:parameter/{FILE}"}),
    ],
    ids=["prefix", "ssm", "directive", "existing"],
)
def test_no_setting_becomes_an_expression(
    tmp_path: Path, containers: str, family: str, secrets: SecretSettings
) -> None:
    text = TASK.replace("FAMILY", family).replace("CONTAINERS", containers)
    report = looked_at(tmp_path, text, secrets)
    assert report.failures == ()
    for patch in report.patches:
        added = [line for line in patch.after.splitlines() if line not in text.splitlines()]
        assert [line for line in added if "file(" in line.replace("$${file(", "") and "${file(" in line] == []
        assert "%{" not in patch.after.replace("%%{", "")
        for line in added:
            unescaped = line.replace("$${", "")
            for inner in unescaped.split("${")[1:]:
                assert inner.startswith(("var.env}", "var.family}", "aws_secretsmanager_secret.x.arn}")), line


@pytest.mark.parametrize(
    "label", ["a.arn}${file(1)}", 'a\\"', "a b", "${x}", "1a", "a;touch x", "é"], ids=range(7)
)
def test_a_label_that_is_no_name_is_no_reference(tmp_path: Path, label: str) -> None:
    text = TASK.replace('"x" {', f'"{label}" {{').replace("FAMILY", '"f"').replace("CONTAINERS", OBJECT)
    kept = f'resource "aws_secretsmanager_secret" "{label}" {{\n  name = "db_password"\n}}\n'
    report = looked_at(tmp_path, text + kept, SecretSettings())
    assert report.failures == ()
    for patch in report.patches:
        assert patch.after.count("file(1)") == (text + kept).count("file(1)")
