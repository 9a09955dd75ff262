"""Expressions of HCL that are written into files: references by name, and templates around them.

Names and literals are checked and quoted here; anything else in an expression is a piece of the repository's
own source. Nothing outside of this module makes an expression out of a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fixbot.syntax.hcl.values import quote
from fixbot.tree import CannotEdit, Code, Hosted

_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_INDEXED: Final = re.compile(r"\[\d+\]")
_SIMPLE: Final = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*")
_TEMPLATE: Final = re.compile(rf'"((?:[^"\\$%{{}}\n]|\$\{{{_SIMPLE.pattern}\}})*)"')


def refer(*names: str) -> Code:
    """`a.b.c`, each an identifier of HCL or an index such as `[0]`. Raises CannotEdit for any other name."""
    for name in names:
        if not (_NAME.fullmatch(name) or _INDEXED.fullmatch(name)):
            raise CannotEdit("a name on the way to it is none that Terraform takes")
    return Code("".join(name if name[0] == "[" else f".{name}" for name in names).removeprefix("."))


def attribute_of(source: str, name: str) -> Code:
    """An attribute of an address that the repository itself writes in an expression."""
    return Code(f"{source}.{name}")


def fill(*parts: str | Code) -> Code:
    """A template: texts as they are, whatever stands in them, and what expressions come to.

    Raises CannotEdit where a text ends so that the expression behind it would be read as a text.
    """
    _check_ends(parts)
    inner = "".join(f"${{{part.text}}}" if isinstance(part, Code) else quote(part)[1:-1] for part in parts)
    return Code(f'"{inner}"')


def hosted(*parts: str | Code) -> Hosted:
    """The same for a text in JSON or YAML that itself stands in a template of HCL.

    Raises CannotEdit where a text would be read as an expression there.
    """
    _check_ends(parts)
    if any(isinstance(part, str) and ("${" in part or "%{" in part) for part in parts):
        raise CannotEdit("a text in it would become an expression of Terraform")
    return Hosted("".join(f"${{{part.text}}}" if isinstance(part, Code) else part for part in parts))


def _check_ends(parts: Sequence[str | Code]) -> None:
    """Refuse `$` in front of `${x}`: the two together are no expression, but a text."""
    if any(isinstance(one, str) and one.endswith(("$", "%")) for one in parts[:-1]):
        raise CannotEdit("a text in it ends in a sign that would change the meaning of what follows")


def parts_of(source: str) -> tuple[str | Code, ...] | None:
    """The texts and references that a source consists of, where it is a plain template or a reference."""
    if _SIMPLE.fullmatch(source):
        return (Code(source),)
    found = _TEMPLATE.fullmatch(source)
    if found is None:
        return None
    pieces = re.split(r"\$\{([^{}]*)\}", found[1])
    return tuple(Code(each) if at % 2 else each for at, each in enumerate(pieces) if each)
