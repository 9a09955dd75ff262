"""Policies of files as AWS takes them: with what a template or Terraform fills in from the account."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fixbot.edit.tree import CodeExpression, TaggedValue, Value

_HOLE: Final = re.compile(r"\$\{([^{}]*)\}")
_OF_IAM: Final = re.compile(r"\*|\?|\$|[A-Za-z0-9-]+:[\w/+=.@:-]+(?:, ?'[^']*')?")
"""What IAM itself fills in. Source: IAM user guide, "Policy variables and tags"."""
_TERRAFORM: Final = (
    (re.compile(r"data\.aws_caller_identity\.[\w-]+\.account_id"), "account"),
    (re.compile(r"data\.aws_region\.[\w-]+\.(?:name|id|region)"), "region"),
    (re.compile(r"data\.aws_partition\.[\w-]+\.partition"), "partition"),
)
_TEMPLATE: Final = {"AWS::AccountId": "account", "AWS::Region": "region", "AWS::Partition": "partition"}


class FilledInLater(Exception):
    """Something else decides what stands there."""


@dataclass(frozen=True, slots=True)
class LivePlace:
    """Where the credentials are: what a template's pseudo parameters mean there."""

    account: str
    region: str
    partition: str

    def resolve_value(self, value: Value) -> Any:
        """The value as JSON holds it. Raises FilledInLater."""
        match value:
            case TaggedValue():
                return self._resolve_function(value.tag.removeprefix("!"), value.value)
            case CodeExpression():
                return self._resolve_code(value)
            case dict() if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
                ((key, inner),) = value.items()
                return self._resolve_function(key.removeprefix("Fn::"), inner)
            case dict():
                return {key: self.resolve_value(each) for key, each in value.items()}
            case list():
                return [self.resolve_value(each) for each in value]
            case str() | bool() | int() | float() | None:
                return str(value) if isinstance(value, str) else value
        raise FilledInLater

    def _resolve_function(self, name: str, inner: Value) -> str:
        match name, inner:
            case "Ref", str() if inner in _TEMPLATE:
                return str(getattr(self, _TEMPLATE[inner]))
            case "Sub", str():
                return self._substitute(inner, {})
            case "Sub", [str(text), dict(named)]:
                return self._substitute(text, named)
            case "Join", [str(between), list(parts)]:
                found = [self.resolve_value(each) for each in parts]
                if all(isinstance(each, str) for each in found):
                    return between.join(found)
        raise FilledInLater

    def _substitute(self, text: str, named: Mapping[str, Value]) -> str:
        def fill(hole: re.Match[str]) -> str:
            name = hole[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in named:
                return str(self.resolve_value(named[name]))
            if name in _TEMPLATE:
                return str(getattr(self, _TEMPLATE[name]))
            raise FilledInLater

        return _HOLE.sub(fill, text)

    def _resolve_code(self, value: CodeExpression) -> str:
        text = value.text.strip()
        if type(value) is not CodeExpression:
            raise FilledInLater
        if text[:1] != '"' or text[-1:] != '"' or len(text) < 2:
            return self._name_terraform(text)

        def fill(hole: re.Match[str]) -> str:
            return hole[0] if _OF_IAM.fullmatch(hole[1]) else self._name_terraform(hole[1].strip())

        filled = _HOLE.sub(fill, text[1:-1])
        if any(mark in filled for mark in ("{{", "$(", "%{", "#{", "@@", "__", '"', "\\", "$${")):
            raise FilledInLater
        return filled

    def _name_terraform(self, expression: str) -> str:
        for pattern, field in _TERRAFORM:
            if pattern.fullmatch(expression):
                return str(getattr(self, field))
        raise FilledInLater


def write_policy(document: Mapping[str, Value], place: LivePlace) -> str:
    """The document as the text that AWS takes. Raises FilledInLater."""
    return json.dumps(place.resolve_value(dict(document)), separators=(",", ":"))
