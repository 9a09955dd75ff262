"""New values as YAML: lines of a block, or one line of flow style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixbot.edit.tree import CannotEdit, CodeExpression, HclBlock, TaggedValue, Value
from fixbot.syntax.yaml import quotes

if TYPE_CHECKING:
    from fixbot.syntax.yaml.writing_style import YamlStyle


def is_nested(value: Value) -> bool:
    """Whether a block writes this value on lines of its own."""
    inner = value.value if isinstance(value, TaggedValue) else value
    return isinstance(inner, dict | list) and bool(inner) and not _is_short(value)


def _is_short(value: Value) -> bool:
    """A tagged list without collections, which people write on one line: `!If [a, b, c]`."""
    if not isinstance(value, TaggedValue) or not isinstance(value.value, list):
        return False
    inner = (each.value if isinstance(each, TaggedValue) else each for each in value.value)
    return not any(isinstance(each, dict | list) for each in inner)


def render_inline(value: Value, habits: YamlStyle, *, flow: bool, quote: str | None = None) -> str:
    """The value on one line; collections in flow style."""
    quote = habits.quote if quote is None else quote
    match value:
        case HclBlock():
            raise CannotEdit("YAML has no blocks")
        case CodeExpression():
            return value.text
        case TaggedValue():
            quote = "" if value.tag in ("!Ref", "!GetAtt") else quote  # names are hardly ever quoted there
            return f"{value.tag} {render_inline(value.value, habits, flow=flow, quote=quote)}"
        case dict():
            pairs = [render_pair(key, each, habits) for key, each in value.items()]
            return _wrap_in_brackets("{", habits.comma.join(pairs), "}", habits.pad)
        case list():
            items = [render_inline(each, habits, flow=True) for each in value]
            return _wrap_in_brackets("[", habits.comma.join(items), "]", habits.pad)
    return quotes.render_scalar(value, '"' if habits.json else quote, flow=flow)


def _wrap_in_brackets(left: str, inner: str, right: str, pad: str) -> str:
    return f"{left}{pad}{inner}{pad}{right}" if inner else left + right


def render_pair(key: str, value: Value, habits: YamlStyle) -> str:
    """`key: value` in flow style."""
    written = quotes.render_key(key, '"' if habits.json else habits.key_quote, flow=True)
    colon = habits.colon if written[0] in "\"'" else ": "
    return f"{written}{colon}{render_inline(value, habits, flow=True)}"


def render_below_key(value: Value, column: int, habits: YamlStyle) -> tuple[str, list[str]]:
    """What follows `key:` on its line (with a blank in front), and the lines below, for a key at `column`."""
    inner, tag = (value.value, f" {value.tag}") if isinstance(value, TaggedValue) else (value, "")
    if is_nested(value):
        by = habits.sequence if isinstance(inner, list) else habits.step
        return tag, render_lines(inner, column + by, habits)
    return _render_one(value, column + habits.step, habits)


def render_behind_dash(value: Value, column: int, habits: YamlStyle) -> tuple[str, list[str]]:
    """What follows a dash on its line, without blanks in front, and the lines below.

    `column` is the one at which the value itself starts.
    """
    if is_nested(value):
        if isinstance(value, TaggedValue):
            return value.tag, render_lines(value.value, column, habits)
        first, *rest = render_lines(value, column, habits)
        return first[column:], rest
    head, rest = _render_one(value, column, habits)
    return head[1:], rest


def render_lines(value: Value, column: int, habits: YamlStyle) -> list[str]:
    """A collection that isn't empty, as lines of block style at `column`."""
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in render_entry(key, each, column, habits)]
    out: list[str] = []
    for each in value if isinstance(value, list) else ():
        head, rest = render_behind_dash(each, column + 1 + len(habits.gap), habits)
        out += [f"{' ' * column}-{habits.gap}{head}", *rest]
    return out


def render_entry(key: str, value: Value, column: int, habits: YamlStyle) -> list[str]:
    """The lines of one entry of a block map."""
    head, rest = render_below_key(value, column, habits)
    return [" " * column + quotes.render_key(key, habits.key_quote, flow=False) + ":" + head, *rest]


def _render_one(value: Value, column: int, habits: YamlStyle) -> tuple[str, list[str]]:
    inner, tag = (value.value, f" {value.tag}") if isinstance(value, TaggedValue) else (value, "")
    if isinstance(inner, str) and habits.literal and fits_literal(inner):
        sign = "" if inner.endswith("\n") else "-"
        content = inner.removesuffix("\n").split("\n")
        return f"{tag} |{sign}", [" " * column + line if line else "" for line in content]
    return " " + render_inline(value, habits, flow=False), []


def fits_literal(text: str) -> bool:
    """Whether a literal block scalar can hold this text, and reads better than quotes."""
    content = text.removesuffix("\n")
    return (
        "\n" in content
        and not content.endswith("\n")
        and not content.startswith((" ", "\n"))
        and all(line == line.rstrip() for line in content.split("\n"))
        and quotes.is_printable(content.replace("\n", ""))
    )
