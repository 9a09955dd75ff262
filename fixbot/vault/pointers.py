"""Terraform values that are read from a store, only to be written into the task in clear."""

from __future__ import annotations

import re

from fixbot.expression import attribute_of, fill, hosted
from fixbot.knowledge.secrets import classify
from fixbot.lens import Container, Variable, text_of, truth
from fixbot.model import Manual, Refusal
from fixbot.prose import code
from fixbot.tree import Value
from fixbot.vault.folder import Folder
from fixbot.vault.leak import literal_part
from fixbot.vault.reference import key_of
from fixbot.vault.source import SSM, Source

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


def judged(container: Container, variable: Variable, folder: Folder) -> Source | Refusal | Manual | None:
    """What a computed value of Terraform is, None where nothing says that it is a secret."""
    if variable.value is None:
        return None
    text = folder.expression(variable.value)
    json = container.node.grammar.name != "hcl"
    if json and container.node.root.grammar.name == "json":
        text = text if literal_part(variable.name, text) else ""
    if (found := _STRING.fullmatch(text)) is not None:
        return _source(found[1], "", json=json)
    if (found := _KEY.fullmatch(text)) is not None:
        return _source(found[1], found[2] or found[3], json=json)
    if (found := _PARAMETER.fullmatch(text)) is not None:
        return _source(found[1], "", json=json)
    return _by_hand(variable.name, text, folder)


def _source(address: str, key: str, *, json: bool) -> Source:
    arn = attribute_of(address, "arn")
    parts = (arn, key_of("", key)) if key else (arn,)
    value: Value = hosted(*parts) if json else fill(*parts) if key else arn
    parameter = "aws_ssm_parameter." in address
    says = code(address) + (f", key {code(key)}" if key else "")
    return Source(value, says, arn, f"<{arn.text}>", SSM if parameter else "secretsmanager")


def _by_hand(name: str, text: str, folder: Folder) -> Refusal | Manual | None:
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
    for match in _VARIABLE.finditer(text):
        part = text != match[0] and not classify(name, _ANY).secret
        if not part and (told := _given(name, match[1], folder)) is not None:
            return told
    quoted = text[1:-1] if text.startswith('"') and text.endswith('"') else ""
    if literal_part(name, quoted):
        return Refusal(
            f"{name} is put together from parts, and a secret is written out in one of them. Store the "
            "whole value as one "
            "secret, or give the application the secret part in a variable of its own; then run again."
        )
    if quoted and "${" not in quoted and classify(name, quoted).secret:
        return Refusal(
            f"{name} gets a local whose value, a secret, is written out. Move the value to a secret store "
            "by hand, "
            "since other expressions may take the local too."
        )
    return None


def _given(name: str, variable: str, folder: Folder) -> Manual | None:
    block = folder.block(f"variable.{variable}")
    if block is None:
        return None
    default = text_of(block.node.get("default"))
    if truth(block.node.get("sensitive")) is True:
        what = (
            f"the sensitive variable {variable}, hidden in Terraform's output, but not in the task definition"
        )
    elif default is not None and classify(name, default).secret:
        what = f"the variable {variable}, whose default is a secret in clear ({folder.line(block.node)})"
    else:
        return None
    return Manual(
        f"{name} gets {what}. Store the value in Secrets Manager, let the variable hold the secret's ARN, "
        "and refer to it under "
        "`secrets`."
    )
