"""Values as HCL text: on one line where that is short, else one entry or item a line."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace

from fixbot.edit.tree import CannotEdit, CodeExpression, HclBlock, TaggedValue, Value
from fixbot.syntax.hcl.strings import quote_string

WIDTH = 100
SHORT = 25
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class HclStyle:
    """How the neighbours write: what stands between key and value, quotes, commas, indentation."""

    equals: str = " = "
    quoted: bool = False
    commas: bool = False
    unit: str = "  "
    newline: str = "\n"


def render_key(key: str, style: HclStyle) -> str:
    """An object's key."""
    bare = not style.quoted and _IDENTIFIER.fullmatch(key) and key != "for"
    return key if bare else quote_string(key)


def render_name(name: str) -> str:
    """An attribute's name or a block's type. Raises CannotEdit for what can't be one."""
    if not _IDENTIFIER.fullmatch(name):
        raise CannotEdit(f"{name!r} can't be the name of an argument in HCL")
    return name


def render_one_line(value: Value, style: HclStyle) -> str:
    """The value without line breaks of its own."""
    match value:
        case None | bool():
            return json.dumps(value)
        case int():
            return str(value)
        case float():
            return _render_float(value)
        case str():
            return quote_string(value)
        case CodeExpression():
            return value.text
        case list():
            return f"[{', '.join(render_one_line(item, style) for item in value)}]"
        case dict():
            pairs = (
                f"{render_key(key, style)}{style.equals}{render_one_line(v, style)}"
                for key, v in value.items()
            )
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case HclBlock():
            raise CannotEdit("a block can't stand within an expression")
        case TaggedValue():
            raise CannotEdit(f"{value.tag} has no meaning in HCL")


def _render_float(value: float) -> str:
    if not math.isfinite(value):
        raise CannotEdit(f"{value} can't be written in HCL")
    text = repr(value)
    # "1e+16" would do for Terraform, but not every reader takes an exponent without a point.
    return text if "." in text or "e" not in text else text.replace("e", ".0e")


def fits_line(text: str, used: int) -> bool:
    """Whether a value may stay on its line; the shortest may even where the line is too long already."""
    return "\n" not in text and (used + len(text) <= WIDTH or len(text) <= SHORT)


def render_fitting(value: Value, indent: str, used: int, style: HclStyle) -> str:
    """The value as it best stands on a line indented by `indent`, of which `used` columns are taken."""
    text = render_one_line(value, style)
    if not isinstance(value, dict | list) or not value or fits_line(text, used):
        return text
    inner = indent + style.unit
    lines = []
    if isinstance(value, dict):
        for key, each in value.items():
            start = f"{inner}{render_key(key, style)}{style.equals}"
            lines.append(
                start + render_fitting(each, inner, len(start), style) + ("," if style.commas else "")
            )
    else:
        lines = [inner + render_fitting(each, inner, len(inner), style) + "," for each in value]
        lines[-1] = lines[-1].removesuffix(",")
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return style.newline.join([opening, *lines, indent + closing])


def are_blocks(value: Value) -> bool:
    """Whether a body holds the value as blocks rather than as an argument."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) for each in value)
    return isinstance(value, dict | HclBlock)


def list_blocks(value: Value) -> list[HclBlock]:
    """The blocks, one or several, that a body holds `value` as."""
    match value:
        case HclBlock():
            return [value]
        case dict():
            return [HclBlock((), value)]
        case list():
            return [HclBlock((), each) for each in value if isinstance(each, dict)]
        case _:
            return []


def render_argument(name: str, value: Value, indent: str, style: HclStyle) -> str:
    """`name = value`, indented, without a line end."""
    start = f"{indent}{render_name(name)} = "
    return start + render_fitting(value, indent, len(start), replace(style, equals=" = "))


def render_block(name: str, content: HclBlock, indent: str, style: HclStyle, short: bool = False) -> str:
    """A block, indented, without a line end; on one line if `short` and it holds one argument at most."""
    header = " ".join([indent + render_name(name), *map(quote_string, content.labels), "{"])
    if not content.content:
        return header + "}"
    items = list(content.content.items())
    if short and len(items) == 1 and not are_blocks(items[0][1]):
        line = f"{header} {render_argument(items[0][0], items[0][1], '', style)} }}"
        if "\n" not in line and len(line) <= WIDTH:
            return line
    inner = indent + style.unit
    lines = [header]
    lines += [render_argument(key, value, inner, style) for key, value in items if not are_blocks(value)]
    for key, value in items:
        for each in list_blocks(value):
            lines += [""] * (len(lines) > 1) + [render_block(key, each, inner, style)]
    return style.newline.join([*lines, indent + "}"])
