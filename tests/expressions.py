"""Steps of a regular expression: a plain backtracking matcher that counts, and texts made to be hard for it.

Python's own matcher tells nobody how much it does, and a clock depends on the machine. This one walks the
tree that Python parses a pattern to and counts each node that it looks at, with Python's own way of trying:
so what grows faster than a text here does so there.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

PARSER: Any = import_module("re._parser")
NAMES: Any = import_module("re._constants")
MOST = 400_000
"""Steps after which a match is given up: far more than any that is linear takes."""
LONG = 16
"""A repeat that may happen so often counts as endless."""


class TooMany(Exception):
    """The matcher took more than MOST steps."""


Then = Callable[[int], int]
"""Matches the rest from a position; -1 where it can't."""


class Counting:
    """A pattern, and how many steps a text takes."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.tree = PARSER.parse(pattern, flags)
        self.flags = flags | self.tree.state.flags
        self.text, self.steps = "", 0
        self.groups: dict[int, tuple[int, int]] = {}

    def begin(self, text: str) -> None:
        self.text, self.steps, self.groups = text, 0, {}

    def match(self, at: int, *, whole: bool) -> int:
        """Where a match from `at` ends, -1 for none."""
        size = len(self.text)
        return self.items(list(self.tree), 0, at, lambda end: end if not whole or end == size else -1)

    def everywhere(self) -> None:
        """All matches one after another, as `finditer` finds them."""
        at = 0
        while at <= len(self.text):
            end = self.match(at, whole=False)
            at = end if end > at else at + 1

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST:
            raise TooMany

    def items(self, items: Sequence[Any], number: int, at: int, then: Then) -> int:
        if number == len(items):
            return then(at)
        return self.one(items[number], at, lambda end: self.items(items, number + 1, end, then))

    def one(self, item: Any, at: int, then: Then) -> int:  # noqa: C901, PLR0912 - one case a kind of node
        self.step()
        kind, value = item
        match str(kind):
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                held = at < len(self.text) and self.holds(kind, value, self.text[at])
                return then(at + 1) if held else -1
            case "BRANCH":
                for branch in value[1]:
                    if (end := self.items(list(branch), 0, at, then)) >= 0:
                        return end
                return -1
            case "SUBPATTERN":
                group, _, _, body = value

                def closed(end: int) -> int:
                    if group is not None:
                        self.groups[group] = at, end
                    return then(end)

                return self.items(list(body), 0, at, closed)
            case "MAX_REPEAT":
                return self.repeat(value, at, then)
            case "MIN_REPEAT":
                least, most, body = value
                return self.lazily(list(body), least, most, 0, at, then)
            case "POSSESSIVE_REPEAT":
                end = self.repeat(value, at, lambda here: here)
                return then(end) if end >= 0 else -1
            case "ATOMIC_GROUP":
                end = self.items(list(value), 0, at, lambda here: here)
                return then(end) if end >= 0 else -1
            case "AT":
                return then(at) if self.stands(str(value), at) else -1
            case "ASSERT" | "ASSERT_NOT":
                direction, body = value
                begin = at if direction > 0 else at - body.getwidth()[0]
                held = begin >= 0 and self.items(list(body), 0, begin, lambda here: here) >= 0
                return then(at) if held is (str(kind) == "ASSERT") else -1
            case "GROUPREF":
                first, last = self.groups.get(value, (0, -1))
                word = self.text[first:last]
                return then(at + len(word)) if last >= 0 and self.text.startswith(word, at) else -1
            case _:
                raise NotImplementedError(kind)

    def repeat(self, value: Any, at: int, then: Then) -> int:
        least, most, body = value
        body = list(body)
        if len(body) == 1 and str(body[0][0]) in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            return self.run(body[0], (least, most), at, then)
        return self.greedily(body, least, most, 0, at, then)

    def run(self, item: Any, bounds: tuple[int, int], at: int, then: Then) -> int:
        """A repeat of single characters: as many as there are, then fewer and fewer."""
        least, most = bounds
        end = at
        while end < len(self.text) and end - at < most and self.holds(item[0], item[1], self.text[end]):
            self.step()
            end += 1
        while end - at >= least:
            if (found := then(end)) >= 0:
                return found
            end -= 1
            self.step()
        return -1

    def greedily(self, body: list[Any], least: int, most: int, count: int, at: int, then: Then) -> int:
        def again(end: int) -> int:
            if end == at and count >= least:
                return -1
            return self.greedily(body, least, most, count + 1, end, then)

        if count < most and (found := self.items(body, 0, at, again)) >= 0:
            return found
        return then(at) if count >= least else -1

    def lazily(self, body: list[Any], least: int, most: int, count: int, at: int, then: Then) -> int:
        if count >= least and (found := then(at)) >= 0:
            return found
        if count >= most:
            return -1

        def again(end: int) -> int:
            if end == at and count >= least:
                return -1
            return self.lazily(body, least, most, count + 1, end, then)

        return self.items(body, 0, at, again)

    def holds(self, kind: Any, value: Any, char: str) -> bool:
        """Whether a node for one character holds it; Python itself says so."""
        key = int(self.flags), str(kind), str(value), char
        if key not in _HELD:
            _HELD[key] = self.asked(str(kind), value, char)
        return _HELD[key]

    def asked(self, kind: str, value: Any, char: str) -> bool:
        fold = bool(self.flags & re.IGNORECASE)
        if kind == "ANY":
            return char != "\n" or bool(self.flags & re.DOTALL)
        if kind in {"LITERAL", "NOT_LITERAL"}:
            same = ord(char) == value or (fold and char.lower() == chr(value).lower())
            return same is (kind == "LITERAL")
        negated = bool(value) and str(value[0][0]) == "NEGATE"
        chars = {char, char.lower(), char.upper()} if fold else {char}
        found = any(self.among(each, one) for each in value for one in chars if len(one) == 1)
        return found is not negated

    def among(self, item: Any, char: str) -> bool:
        kind, value = str(item[0]), item[1]
        if kind == "LITERAL":
            return bool(ord(char) == value)
        if kind == "RANGE":
            return bool(value[0] <= ord(char) <= value[1])
        if kind == "CATEGORY":
            return re.match(_CATEGORIES[str(value)], char, self.flags & re.ASCII) is not None
        return False

    def stands(self, where: str, at: int) -> bool:
        text, size = self.text, len(self.text)
        match where:
            case "AT_BEGINNING" | "AT_BEGINNING_STRING":
                return at == 0 or (
                    where == "AT_BEGINNING" and bool(self.flags & re.MULTILINE) and text[at - 1] == "\n"
                )
            case "AT_END":
                return at == size or (
                    text[at] == "\n" and (at == size - 1 or bool(self.flags & re.MULTILINE))
                )
            case "AT_END_STRING":
                return at == size
        words = [bool(re.match(r"\w", text[n])) if 0 <= n < size else False for n in (at - 1, at)]
        return (words[0] != words[1]) is (where == "AT_BOUNDARY")


_HELD: dict[tuple[int, str, str, str], bool] = {}
_CATEGORIES = {
    "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
_USUAL = " a0\n\t\"'#:,=-_./\\<>()[]{}$`@*|Aé\r"
_ODD = "\x01"


class Maker:
    """Makes texts that a pattern nearly holds, in which one of its repeats goes on for long."""

    def __init__(self, counting: Counting, seed: int) -> None:
        self.counting, self.random = counting, random.Random(seed)  # noqa: S311 - the same texts each time

    def repeats(self, items: Any) -> Iterator[Any]:
        """Every endless repeat of a tree."""
        for kind, value in items:
            match str(kind):
                case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                    if value[1] is NAMES.MAXREPEAT or value[1] >= LONG:
                        yield value
                    yield from self.repeats(value[2])
                case "SUBPATTERN":
                    yield from self.repeats(value[3])
                case "BRANCH":
                    for branch in value[1]:
                        yield from self.repeats(branch)
                case "ASSERT" | "ASSERT_NOT":
                    yield from self.repeats(value[1])
                case "ATOMIC_GROUP":
                    yield from self.repeats(value)

    def text(self, items: Any, pumped: Any, times: int) -> str:
        return "".join(self.piece(item, pumped, times) for item in items)

    def piece(self, item: Any, pumped: Any, times: int) -> str:
        kind, value = item
        match str(kind):
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL" | "IN" | "ANY":
                held = [char for char in self.letters() if self.counting.holds(kind, value, char)]
                return self.random.choice(held) if held else ""
            case "BRANCH":
                inside = [b for b in value[1] if any(each is pumped for each in self.repeats(b))]
                return self.text(self.random.choice(inside or value[1]), pumped, times)
            case "SUBPATTERN":
                return self.text(value[3], pumped, times)
            case "ATOMIC_GROUP":
                return self.text(value, pumped, times)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                if value is pumped:
                    return self.pump(value[2], pumped, times)
                around = any(each is pumped for each in self.repeats(value[2]))
                count = max(1, value[0]) if around else value[0] + self.random.randint(0, 1)
                return "".join(self.text(value[2], pumped, times) for _ in range(min(count, 50)))
            case "ASSERT":
                return self.text(value[1], pumped, times) if value[0] > 0 else ""
            case "GROUPREF":
                return "`"
        return ""

    def pump(self, body: Any, pumped: Any, times: int) -> str:
        """The same piece many times, since that is what is hardest; a nested repeat goes on a little."""
        state = self.random.getstate()
        piece = self.text(body, None, times) or self.text(body, None, times)
        self.random.setstate(state)
        self.random.random()
        return piece * times

    def letters(self) -> str:
        own = "".join(chr(value) for kind, value in _literals(self.counting.tree))
        return own + _USUAL


def _literals(items: Any) -> Iterator[tuple[str, int]]:
    for kind, value in items:
        if str(kind) in {"LITERAL", "NOT_LITERAL"}:
            yield str(kind), value
        elif str(kind) == "IN":
            yield from ((str(k), v) for k, v in value if str(k) == "LITERAL")
        elif str(kind) == "SUBPATTERN":
            yield from _literals(value[3])
        elif "REPEAT" in str(kind):
            yield from _literals(value[2])
        elif str(kind) == "BRANCH":
            for branch in value[1]:
                yield from _literals(branch)


def attacks(counting: Counting, times: int, seeds: int = 3) -> Iterator[str]:
    """Texts for a pattern, the same for the same `times` but for how long they go on."""
    for seed in range(seeds):
        for number, pumped in enumerate(Maker(counting, seed).repeats(counting.tree)):
            maker = Maker(counting, seed * 1000 + number)
            text = maker.text(counting.tree, pumped, times)
            piece = Maker(counting, seed * 1000 + number).text(pumped[2], None, 0) or " "
            yield from (text, text + _ODD, text[:-1] + _ODD, piece * times + _ODD, piece * times)
        whole = Maker(counting, seed).text(counting.tree, None, 0)
        yield from (whole * times + _ODD, whole[:-1] * times + _ODD, (whole[:-1] + "\n") * times + _ODD)


def cost(counting: Counting, text: str, way: str) -> int:
    """Steps that a text takes by `match`, `fullmatch`, or anything that looks everywhere."""
    sys.setrecursionlimit(50_000)
    counting.begin(text)
    try:
        if way in {"match", "fullmatch"}:
            counting.match(0, whole=way == "fullmatch")
        else:
            counting.everywhere()
    except TooMany:
        return MOST
    return counting.steps


def grows(pattern: str, flags: int, way: str) -> str:
    """A text on which the steps grow faster than the text does; an empty string where none was found.

    A repeat with a bound looks at short texts as if it had none, so what is suspicious is asked again.
    """
    counting = Counting(pattern, flags)
    longer: tuple[list[str], list[str]] | None = None
    for number, texts in enumerate(zip(attacks(counting, 30), attacks(counting, 120), strict=True)):
        if _faster(counting, way, *texts):
            longer = longer or (list(attacks(counting, 300)), list(attacks(counting, 900)))
            if _faster(counting, way, longer[0][number], longer[1][number]):
                return texts[0]
    return ""


def _faster(counting: Counting, way: str, one: str, other: str) -> bool:
    steps = cost(counting, other, way)
    if steps >= MOST:
        return True
    ratio = (len(other) + 1) / (len(one) + 1)
    return steps > 300 and steps > 1.7 * ratio * cost(counting, one, way) + 300
