"""Terraform values that are read from a store, only to be written into the task in clear."""

from __future__ import annotations

import re

from fixbot.edit.tree import Node, Value
from fixbot.knowledge.classify_secrets import classify_value
from fixbot.lens import Container, Variable, truth_of
from fixbot.model.findings import Manual, Refusal
from fixbot.secret_stores.aws_names import build_key_reference
from fixbot.secret_stores.secret_leaks import holds_literal_secret
from fixbot.secret_stores.secret_source import SSM, SecretSource
from fixbot.secret_stores.terraform_folder import TerraformFolder
from fixbot.secret_stores.terraform_literals import find_written
from fixbot.secret_stores.written_elsewhere import explain_written, find_written_secret
from fixbot.syntax.hcl.expressions import build_attribute, build_hosted_text, build_template
from fixbot.text.markdown_escape import mark_code

_ADDRESS = r"(?:data\.)?{}\.[\w-]+(?:\[[^\[\]]*\])?"
_VERSION = _ADDRESS.format("aws_secretsmanager_secret_version")
_STRING = re.compile(rf"({_VERSION})\.secret_string")
_KEY = re.compile(
    rf'jsondecode\(\s*({_VERSION})\.secret_string\s*\)(?:\[\s*"([^"$\\:]+)"\s*\]|\.([A-Za-z_][\w-]*))'
)
_PARAMETER = re.compile(rf"({_ADDRESS.format('aws_ssm_parameter')})\.(?:value|insecure_value)")
_STORED = re.compile(rf"{_VERSION}\.secret_string|{_ADDRESS.format('aws_ssm_parameter')}\.value")
_RANDOM = re.compile(r"random_password\.[\w-]+(?:\[[^\[\]]*\])?\.result")
_ANY = "any-Value-9"
"""A value that says nothing: whether it counts as a secret is then told by the name alone."""
_VARIABLE = re.compile(r"var\.([\w-]+)")


def judge_terraform_value(
    container: Container, variable: Variable, folder: TerraformFolder
) -> SecretSource | Refusal | Manual | None:
    """What a computed value of Terraform is, None where nothing says that it is a secret."""
    if variable.value is None:
        return None
    text = folder.expression_of(variable.value)
    json = not container.node.grammar.has_expressions
    bare = container.given is None and not container.node.root_node.grammar.has_expressions
    if json and bare:
        text = text if holds_literal_secret(variable.name, text) else ""
    if (found := _STRING.fullmatch(text)) is not None:
        return _source_of_resource(found[1], "", json=json)
    if (found := _KEY.fullmatch(text)) is not None:
        return _source_of_resource(found[1], found[2] or found[3], json=json)
    if (found := _PARAMETER.fullmatch(text)) is not None:
        return _source_of_resource(found[1], "", json=json)
    return _refuse_by_hand(variable.name, text, folder, container.given)


def _source_of_resource(address: str, key: str, *, json: bool) -> SecretSource:
    arn = build_attribute(address, "arn")
    parts = (arn, build_key_reference("", key)) if key else (arn,)
    value: Value = build_hosted_text(*parts) if json else build_template(*parts) if key else arn
    parameter = "aws_ssm_parameter." in address
    says = mark_code(address) + (f", key {mark_code(key)}" if key else "")
    return SecretSource(value, says, arn, f"<{arn.text}>", SSM if parameter else "secretsmanager")


def _refuse_by_hand(
    name: str, text: str, folder: TerraformFolder, given: Node | None
) -> Refusal | Manual | None:
    if _STORED.search(text) is not None:
        return Refusal(
            f"{name} is put together from parts, and Terraform reads a secret into one of them, so that it "
            "stands in clear in "
            "the task definition. Store the whole value as one secret and refer to its ARN."
        )
    if _RANDOM.search(text) is not None:
        return Manual(
            f"{name} gets a password that Terraform makes, in clear in the task definition. Store it with "
            "`aws_secretsmanager_secret_version` and refer to the secret's ARN, or let the database keep "
            "its own password."
        )
    holes = text if "${" in text else f"${{{text}}}"
    written = find_written_secret(name, holes, lambda expression: find_written(expression, folder, given))
    if written is not None:
        return explain_written(
            name,
            written,
            folder.world,
            "let the variable hold the secret's ARN, and refer to it under `secrets`.",
        )
    for match in _VARIABLE.finditer(text):
        part = text != match[0] and not classify_value(name, _ANY).is_secret
        if not part and (told := _manual_for_variable(name, match[1], folder)) is not None:
            return told
    quoted = text[1:-1] if text.startswith('"') and text.endswith('"') else ""
    if holds_literal_secret(name, quoted):
        return Refusal(
            f"{name} is put together from parts, and a secret is written out in one of them. Store the "
            "whole value as one "
            "secret, or give the application the secret part in a variable of its own; then run again."
        )
    if quoted and "${" not in quoted and classify_value(name, quoted).is_secret:
        return Refusal(
            f"{name} gets a local whose value, a secret, is written out. Move the value to a secret store "
            "by hand, "
            "since other expressions may take the local too."
        )
    return None


def _manual_for_variable(name: str, variable: str, folder: TerraformFolder) -> Manual | None:
    block = folder.find_block(f"variable.{variable}")
    if block is None or truth_of(block.node.find_node("sensitive")) is not True:
        return None
    return Manual(
        f"{name} gets the sensitive variable {variable}, hidden in Terraform's output, but not in the task "
        "definition. Store the value in Secrets Manager, let the variable hold the secret's ARN, "
        "and refer to it under `secrets`."
    )
