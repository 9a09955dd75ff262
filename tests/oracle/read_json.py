"""JSON as people write it: comments, trailing commas, bare `${…}`, `<…>` and `{{…}}` in value position."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from tests.oracle.nodes import Broken, Place, Reading

_BLANK = re.compile(r"[ \t\r\n\ufeff]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\$]|\\.|\$(?!\{)|\$\{(?:[^{}"]|"(?:[^"\\]|\\.)*"|\{[^{}]*\})*\})*"', re.DOTALL)
_PLAIN_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE = re.compile(r"[^\s,\]}\"{\[$<]+")
_HOLE = re.compile(
    r"\$\{(?:[^{}]|\{[^{}]*\})*\}|\{\{.*?\}\}|<%.*?%>|<[^<>\n]*>|%\{[^}]*\}|\$[A-Za-z_]\w*|@\w+@"
)
_DEEPEST = 400


def read(text: str, first_line: int = 1) -> Reading:
    """The one value that the text holds. Raises Broken."""
    parser = _Parser(text, first_line)
    root = parser.value(0)
    parser.blank()
    if parser.at != len(text):
        raise Broken(f"line {parser.line()}: more behind the end")
    return Reading("json", [root], parser.comments, parser.twice)


class _Parser:
    def __init__(self, text: str, first_line: int) -> None:
        self.text, self.at, self.first_line = text, 0, first_line
        self.comments: list[str] = []
        self.twice: list[str] = []
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def line(self, at: int | None = None) -> int:
        return bisect_right(self.starts, self.at if at is None else at) + self.first_line - 1

    def fail(self, what: str) -> Broken:
        return Broken(f"line {self.line()}: {what}")

    def blank(self) -> None:
        while True:
            found = _BLANK.match(self.text, self.at)
            self.at = found.end() if found else self.at
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                return
            self.comments.append(comment[0].strip())
            self.at = comment.end()

    def value(self, depth: int) -> Place:
        self.blank()
        if depth > _DEEPEST:
            raise self.fail("too deep")
        start = self.at
        column = start - self.starts[self.line() - self.first_line] + 1
        if hole := _HOLE.match(self.text, start):
            self.at = hole.end()
            while more := (_HOLE.match(self.text, self.at) or _BARE.match(self.text, self.at)):
                self.at = more.end()
            return Place(
                self.text[start : self.at], self.line(start), self.line(), opaque=True, column=column
            )
        head = self.text[start : start + 1]
        made: Any
        if head == "{":
            made = self.object(depth)
        elif head == "[":
            made = self.array(depth)
        elif head == '"':
            made = self.string()
        else:
            made = self.bare()
        return Place(made, self.line(start), self.line(self.at - 1), column=column)

    def string(self) -> str:
        found = _STRING.match(self.text, self.at) or _PLAIN_STRING.match(self.text, self.at)
        if found is None:
            raise self.fail("an open string")
        self.at = found.end()
        try:
            return str(json.loads(found[0], strict=False))
        except ValueError:
            return found[0][1:-1]

    def bare(self) -> Any:
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise self.fail("a value is missing")
        try:
            made = json.loads(found[0])
        except ValueError:
            raise self.fail(f"{found[0][:20]!r} is no value") from None
        self.at = found.end()
        return made

    def object(self, depth: int) -> dict[str, Place]:
        made: dict[str, Place] = {}
        self.at += 1
        while not self.ends("}"):
            if self.text[self.at : self.at + 1] != '"':
                raise self.fail("a key is missing")
            key = self.string()
            self.blank()
            if self.text[self.at : self.at + 1] != ":":
                raise self.fail("a colon is missing")
            self.at += 1
            if key in made:
                self.twice.append(f"{key} (line {self.line()})")
            made[key] = self.value(depth + 1)
            self.comma("}")
        return made

    def array(self, depth: int) -> list[Place]:
        made: list[Place] = []
        self.at += 1
        while not self.ends("]"):
            made.append(self.value(depth + 1))
            self.comma("]")
        return made

    def ends(self, mark: str) -> bool:
        self.blank()
        if self.text[self.at : self.at + 1] == mark:
            self.at += 1
            return True
        return False

    def comma(self, mark: str) -> None:
        self.blank()
        here = self.text[self.at : self.at + 1]
        if here == ",":
            self.at += 1
        elif here != mark:
            raise self.fail("a comma is missing")
