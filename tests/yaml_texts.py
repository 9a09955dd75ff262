"""Random YAML in every way of writing it down that people have, and changes said by path."""

from __future__ import annotations

import random
from itertools import count
from typing import TYPE_CHECKING

from fixbot.edit.change import Add, Change, Drop, Put, Replace, plan_rewrites, render_edits
from fixbot.edit.data import find_difference, to_data
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import Node, Value
from fixbot.syntax.yaml import GRAMMAR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCALARS = [
    *(
        "x",
        "'q'",
        '"d"',
        "1",
        "true",
        "~",
        "two words",
        "http://a/b",
        "'it''s'",
        '"a\\nb"',
        "0777",
        "a#b",
        "!Ref x",
    ),
    *("!Sub '${a}'", "!!str 1", "- 1"[2:], "&k v", "x y: z"[:3]),
]


class Writer:
    """One document's habits, drawn once, and its choices, drawn as it goes."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.step = dice.choice([2, 2, 4, 3])
        self.dash = dice.choice([0, 2, 2, 4])
        self.gap = dice.choice([" ", " ", "   "])
        self.number = count(1)
        self.anchors: list[str] = []

    def maybe(self, text: str, odds: float = 0.15) -> str:
        return text if self.dice.random() < odds else ""

    def comment(self, lead: str = "  ") -> str:
        return self.maybe(f"{lead}#:{next(self.number)}: no-te")

    def between(self, column: int) -> list[str]:
        """Blank lines and comments at some indentation."""
        if self.dice.random() > 0.15:
            return []
        blank = self.dice.choice(["", "  ", "      "])
        return self.dice.choice([[blank], [blank, ""], [" " * column + f"#:{next(self.number)}: above - it"]])

    def scalar(self) -> str:
        if self.anchors and self.dice.random() < 0.1:
            return f"*{self.dice.choice(self.anchors)}"
        if self.dice.random() < 0.05:
            name = f"n{next(self.number)}"
            self.anchors.append(name)
            return f"&{name} v"
        return self.dice.choice(SCALARS)

    def flow(self, depth: int) -> str:
        """A flow collection on one line or many."""
        several = self.dice.random() < 0.3
        pad = "\n" + " " * self.dice.choice([10, 12]) if several else self.dice.choice(["", "", " "])
        quoted = self.dice.random() < 0.4
        parts = []
        is_map = self.dice.random() < 0.5
        for index in range(self.dice.randint(0, 3)):
            value = self.flow(depth - 1) if depth and self.dice.random() < 0.3 else self.scalar()
            key = f'"k{index}": ' if quoted else f"k{index}: "
            parts.append(key + value if is_map else value)
        comma = "," + (pad if several else " ")
        if several and self.dice.random() < 0.5:
            comma = f", #:{next(self.number)}: in flow" + pad
        inner = comma.join(parts)
        tail = ("," if parts and self.dice.random() < 0.2 else "") + (self.comment() if several else "")
        left, right = "{}" if is_map else "[]"
        return (
            f"{left}{pad}{inner}{tail}{pad}{right}" if parts else left + self.dice.choice(["", " "]) + right
        )

    def block_scalar(self, column: int) -> list[str]:
        sign = self.dice.choice(["|", "|-", "|+", ">", ">-", "|2"])
        column += 2 if sign == "|2" else self.dice.choice([1, 2, 4])
        if sign == "|2":
            sign = "|"
        lines = [" " * column + word for word in self.dice.sample(["a", "b  ", "  c", "# d", "- e"], 2)]
        lines[0] = " " * column + "first"
        if self.dice.random() < 0.3:
            lines.insert(1, "")
        if self.dice.random() < 0.2:
            lines += self.dice.choice([[""], ["", ""], [" " * (column + 2)]])
        return [f" {sign}{self.comment(' ')}", *lines]

    def value(self, column: int, depth: int, *, key: bool) -> list[str]:
        """What follows a key or dash at `column`: the rest of its line, then lines of their own."""
        roll = self.dice.random()
        if depth and roll < 0.5:
            mark = self.maybe(f" &a{next(self.number)}", 0.05) + self.maybe(" !Tag", 0.08)
            if self.dice.random() < 0.5:
                return [
                    mark + self.comment(),
                    *self.between(column),
                    *self.map(column + self.step, depth - 1),
                ]
            by = self.dash if key else max(self.dash, 1)
            return [mark + self.comment(), *self.between(column), *self.items(column + by, depth - 1)]
        if roll < 0.6:
            return self.block_scalar(column)
        if roll < 0.7:
            return [self.comment()]
        if roll < 0.8:
            return [*f" {self.flow(1)}{self.comment()}".split("\n")]
        if roll < 0.83:
            return [" plain", " " * (column + 1) + "folded" + self.comment()]
        return [f" {self.scalar()}{self.comment()}"]

    def map(self, column: int, depth: int) -> list[str]:
        out: list[str] = []
        quote = self.dice.choice(["", "", "", '"'])
        for index in range(self.dice.randint(1, 4)):
            out += self.between(column) if out else []
            first, *rest = self.value(column, depth, key=True)
            if self.dice.random() < 0.04:
                out += [" " * column + f"? k{index}", " " * column + f": v{self.comment()}"]
            else:
                out += [" " * column + f"{quote}k{index}{quote}:{first}", *rest]
        return out

    def items(self, column: int, depth: int) -> list[str]:
        out: list[str] = []
        for _ in range(self.dice.randint(1, 3)):
            out += self.between(column) if out else []
            inner = column + 1 + len(self.gap)
            if depth and self.dice.random() < 0.6:
                lines = (self.map if self.dice.random() < 0.5 else self.items)(inner, depth - 1)
                out += [" " * column + "-" + self.gap + lines[0][inner:], *lines[1:]]
            else:
                first, *rest = self.value(column, depth, key=False)
                out += [" " * column + "-" + first, *rest]
        return out

    def document(self) -> list[str]:
        roll = self.dice.random()
        column = self.dice.choice([0, 0, 0, 2])
        if roll < 0.6:
            return self.map(column, 3)
        return self.items(column, 3) if roll < 0.9 else self.flow(2).split("\n")

    def text(self) -> str:
        lines: list[str] = []
        for index in range(self.dice.choice([1, 1, 1, 2])):
            lines += [f"---{self.comment()}"] if index or self.dice.random() < 0.2 else []
            self.anchors.clear()
            lines += [*self.between(0), *self.document(), *self.between(0)]
            lines += ["..."] if self.dice.random() < 0.1 else []
        end = self.dice.choice(["\n", "\n", "\r\n"])
        return self.maybe("\ufeff", 0.1) + end.join(lines) + self.dice.choice([end, end, "", end + end])


def yaml_text(dice: random.Random) -> str:
    """A text that is YAML, nearly always."""
    return Writer(dice).text()


def changed(text: str, *changes: Callable[[Node], Change]) -> str:
    root = GRAMMAR.parse_text(text)[0]
    wanted = plan_rewrites([change(root) for change in changes])
    after = splice_edits(text, render_edits(text, wanted))
    assert find_difference(to_data(GRAMMAR.parse_text(after)[0]), to_data(root, wanted)) is None
    return after


def at(root: Node, *way: str | int) -> Node:
    for step in way:
        if isinstance(step, int):
            root = root.items[step]
        elif (entry := root.find_entry(step)) is not None:  # a null too, which `get` takes for nothing
            root = entry.value
        else:
            found = root.find_node(step)
            assert found is not None
            root = found
    return root


def put(way: Sequence[str | int], path: str, value: Value, *near: str) -> Callable[[Node], Change]:
    return lambda root: Put(at(root, *way), tuple(path.split(".")), value, near)


def add(way: Sequence[str | int], item: Value) -> Callable[[Node], Change]:
    return lambda root: Add(at(root, *way), (), item)


def drop(*way: str | int) -> Callable[[Node], Change]:
    return lambda root: Drop(at(root, *way))


def instead(way: Sequence[str | int], value: Value) -> Callable[[Node], Change]:
    return lambda root: Replace(at(root, *way), value)
