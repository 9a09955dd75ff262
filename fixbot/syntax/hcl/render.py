"""Values as HCL text: on one line where that is short, else one entry or item a line."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace

from fixbot.syntax.hcl.values import quote
from fixbot.tree import Block, CannotEdit, Code, Tagged, Value

WIDTH = 100
SHORT = 25
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class Style:
    """How the neighbours write: what stands between key and value, quotes, commas, indentation."""

    equals: str = " = "
    quoted: bool = False
    commas: bool = False
    unit: str = "  "
    newline: str = "\n"


def key_text(key: str, style: Style) -> str:
    """An object's key."""
    bare = not style.quoted and _IDENTIFIER.fullmatch(key) and key != "for"
    return key if bare else quote(key)


def name_text(name: str) -> str:
    """An attribute's name or a block's type. Raises CannotEdit for what can't be one."""
    if not _IDENTIFIER.fullmatch(name):
        raise CannotEdit(f"{name!r} can't be the name of an argument in HCL")
    return name


def one_line(value: Value, style: Style) -> str:
    """The value without line breaks of its own."""
    match value:
        case None | bool():
            return json.dumps(value)
        case int():
            return str(value)
        case float():
            return _float(value)
        case str():
            return quote(value)
        case Code():
            return value.text
        case list():
            return f"[{', '.join(one_line(item, style) for item in value)}]"
        case dict():
            pairs = (f"{key_text(key, style)}{style.equals}{one_line(v, style)}" for key, v in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case Block():
            raise CannotEdit("a block can't stand within an expression")
        case Tagged():
            raise CannotEdit(f"{value.tag} has no meaning in HCL")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise CannotEdit(f"{value} can't be written in HCL")
    text = repr(value)
    # "1e+16" would do for Terraform, but not every reader takes an exponent without a point.
    return text if "." in text or "e" not in text else text.replace("e", ".0e")


def fits(text: str, used: int) -> bool:
    """Whether a value may stay on its line; the shortest may even where the line is too long already."""
    return "\n" not in text and (used + len(text) <= WIDTH or len(text) <= SHORT)


def fitting(value: Value, indent: str, used: int, style: Style) -> str:
    """The value as it best stands on a line indented by `indent`, of which `used` columns are taken."""
    text = one_line(value, style)
    if not isinstance(value, dict | list) or not value or fits(text, used):
        return text
    inner = indent + style.unit
    lines = []
    if isinstance(value, dict):
        for key, each in value.items():
            start = f"{inner}{key_text(key, style)}{style.equals}"
            lines.append(start + fitting(each, inner, len(start), style) + ("," if style.commas else ""))
    else:
        lines = [inner + fitting(each, inner, len(inner), style) + "," for each in value]
        lines[-1] = lines[-1].removesuffix(",")
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return style.newline.join([opening, *lines, indent + closing])


def are_blocks(value: Value) -> bool:
    """Whether a body holds the value as blocks rather than as an argument."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) for each in value)
    return isinstance(value, dict | Block)


def as_blocks(value: Value) -> list[Block]:
    """The blocks, one or several, that a body holds `value` as."""
    match value:
        case Block():
            return [value]
        case dict():
            return [Block((), value)]
        case list():
            return [Block((), each) for each in value if isinstance(each, dict)]
        case _:
            return []


def argument(name: str, value: Value, indent: str, style: Style) -> str:
    """`name = value`, indented, without a line end."""
    start = f"{indent}{name_text(name)} = "
    return start + fitting(value, indent, len(start), replace(style, equals=" = "))


def block(name: str, content: Block, indent: str, style: Style, short: bool = False) -> str:
    """A block, indented, without a line end; on one line if `short` and it holds one argument at most."""
    header = " ".join([indent + name_text(name), *map(quote, content.labels), "{"])
    if not content.content:
        return header + "}"
    items = list(content.content.items())
    if short and len(items) == 1 and not are_blocks(items[0][1]):
        line = f"{header} {argument(items[0][0], items[0][1], '', style)} }}"
        if "\n" not in line and len(line) <= WIDTH:
            return line
    inner = indent + style.unit
    lines = [header]
    lines += [argument(key, value, inner, style) for key, value in items if not are_blocks(value)]
    for key, value in items:
        for each in as_blocks(value):
            lines += [""] * (len(lines) > 1) + [block(key, each, inner, style)]
    return style.newline.join([*lines, indent + "}"])
