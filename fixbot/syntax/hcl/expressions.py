"""Expressions of HCL that are written into files: references by name, and templates around them.

Names and literals are checked and quoted here; anything else in an expression is a piece of the repository's
own source. Nothing outside of this module makes an expression out of a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fixbot.edit.tree import CannotEdit, CodeExpression, HostedText
from fixbot.syntax.hcl.strings import quote_string

_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_INDEXED: Final = re.compile(r"\[\d+\]")
_SIMPLE: Final = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*")
_TEMPLATE: Final = re.compile(rf'"((?:[^"\\$%{{}}\n]|\$\{{{_SIMPLE.pattern}\}})*)"')


def build_reference(*names: str) -> CodeExpression:
    """`a.b.c`, each an identifier of HCL or an index such as `[0]`. Raises CannotEdit for any other name."""
    for name in names:
        if not (_NAME.fullmatch(name) or _INDEXED.fullmatch(name)):
            raise CannotEdit("a name on the way to it is none that Terraform takes")
    return CodeExpression("".join(name if name[0] == "[" else f".{name}" for name in names).removeprefix("."))


def build_attribute(source: str, name: str) -> CodeExpression:
    """An attribute of an address that the repository itself writes in an expression."""
    return CodeExpression(f"{source}.{name}")


def build_template(*parts: str | CodeExpression) -> CodeExpression:
    """A template: texts as they are, whatever stands in them, and what expressions come to.

    Raises CannotEdit where a text ends so that the expression behind it would be read as a text.
    """
    _check_ends(parts)
    inner = "".join(
        f"${{{part.text}}}" if isinstance(part, CodeExpression) else quote_string(part)[1:-1]
        for part in parts
    )
    return CodeExpression(f'"{inner}"')


def build_hosted_text(*parts: str | CodeExpression) -> HostedText:
    """The same for a text in JSON or YAML that itself stands in a template of HCL.

    Raises CannotEdit where a text would be read as an expression there.
    """
    _check_ends(parts)
    if any(isinstance(part, str) and ("${" in part or "%{" in part) for part in parts):
        raise CannotEdit("a text in it would become an expression of Terraform")
    return HostedText(
        "".join(f"${{{part.text}}}" if isinstance(part, CodeExpression) else part for part in parts)
    )


def _check_ends(parts: Sequence[str | CodeExpression]) -> None:
    """Refuse `$` in front of `${x}`: the two together are no expression, but a text."""
    if any(isinstance(one, str) and one.endswith(("$", "%")) for one in parts[:-1]):
        raise CannotEdit("a text in it ends in a sign that would change the meaning of what follows")


def split_template(source: str) -> tuple[str | CodeExpression, ...] | None:
    """The texts and references that a source consists of, where it is a plain template or a reference."""
    if _SIMPLE.fullmatch(source):
        return (CodeExpression(source),)
    found = _TEMPLATE.fullmatch(source)
    if found is None:
        return None
    pieces = re.split(r"\$\{([^{}]*)\}", found[1])
    return tuple(CodeExpression(each) if at % 2 else each for at, each in enumerate(pieces) if each)
