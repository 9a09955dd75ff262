"""A file that was read: its path, its text and its trees."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from fixbot.edit.tree import Node, SyntaxProblem
from fixbot.syntax import load_grammar, syntax_of

Relevant = Callable[[str], bool]


def _accept_any(_text: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a text that is read by itself: one YAML document, or all of any other text."""

    text: str
    roots: tuple[Node, ...]
    problem: SyntaxProblem | None = None
    """Why it has no roots, where it can't be read."""


@dataclass(frozen=True)
class Document:
    """One text in one syntax; `roots` are its documents (YAML may hold several)."""

    path: str
    text: str
    syntax: str
    roots: tuple[Node, ...]
    sections: tuple[Section, ...] = ()

    @property
    def problems(self) -> tuple[SyntaxProblem, ...]:
        """Why parts of the text could not be read."""
        return tuple(each.problem for each in self.sections if each.problem is not None)

    @cached_property
    def _line_starts(self) -> list[int]:
        lengths = map(len, self.text.split("\n")[:-1])
        return [0, *(end + number for number, end in enumerate(accumulate(lengths), 1))]

    def locate_offset(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, columns in characters."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def parse_document(
    path: str, text: str, relevant: Relevant = _accept_any, before: Document | None = None
) -> Document:
    """Read `text` in the syntax that its path (or its beginning) says. Raises SyntaxProblem.

    YAML documents of the text that aren't `relevant` are passed by. Those that stand unchanged in
    `before` are taken from there: their offsets are then those of the old text, and what couldn't be
    read then can't now.
    """
    document = parse_document_sections(path, text, relevant, before)
    old = before.sections if before is not None else ()
    for section in document.sections:
        if section.problem is not None and section not in old:
            raise section.problem
    return document


def parse_document_sections(
    path: str, text: str, relevant: Relevant = _accept_any, before: Document | None = None
) -> Document:
    """The same, where a YAML document that can't be read costs nothing but itself: see `problems`.

    Raises SyntaxProblem where the text is in no syntax.
    """
    syntax = syntax_of(path, text[:4096])
    if syntax is None:
        raise SyntaxProblem("no syntax that fixbot reads")
    reader = load_grammar(syntax)
    sections: list[Section] = []
    old = before.sections if before is not None else ()
    cuts = _find_cuts(text) if syntax == "yaml" else (0, len(text))
    for number, (start, end) in enumerate(pairwise(cuts)):
        part = text[start:end]
        same = old[number] if len(old) == len(cuts) - 1 and old[number].text == part else None
        if same is not None:
            sections.append(same)
        elif len(cuts) > 2 and not relevant(part):
            sections.append(Section(part, ()))
        else:
            try:
                sections.append(Section(part, reader.parse_text(text, start, end)))
            except SyntaxProblem as problem:
                sections.append(Section(part, (), problem))
    roots = tuple(root for section in sections for root in section.roots)
    for root in roots:
        root.source = path
    return Document(path, text, syntax, roots, tuple(sections))


def find_comments(path: str, text: str) -> list[tuple[int, int]]:
    """Where the comments of a text stand, by its syntax; in a YAML document that can't be read are none."""
    syntax = syntax_of(path, text[:4096])
    if syntax is None:
        return []
    found: list[tuple[int, int]] = []
    for start, end in pairwise(_find_cuts(text) if syntax == "yaml" else (0, len(text))):
        with suppress(SyntaxProblem):
            found += load_grammar(syntax).find_comments(text, start, end)
    return found


def _find_cuts(text: str) -> list[int]:
    """Where the documents of a YAML text begin, and its end; a line that begins with `---` is always one."""
    if text.startswith("%") or "\n%" in text:
        return [0, len(text)]
    return [0, *_find_marks(text), len(text)]


def _find_marks(text: str) -> Iterator[int]:
    at = text.find("\n---")
    while at >= 0:
        if text[at + 4 : at + 5] in {"", " ", "\t", "\r", "\n"}:
            yield at + 1
        at = text.find("\n---", at + 1)


def parse_embedded(host: Node, text: str, syntax: str, start: int, end: int) -> Node:
    """Read `text[start:end]`, which stands inside the scalar `host`, in another syntax, once.

    What came of it is remembered: a section that is taken over from an older text has that text's offsets.
    Raises SyntaxProblem.
    """
    if host.embedded_problem is not None:
        raise host.embedded_problem
    if host.embedded is None:
        try:
            (root,) = load_grammar(syntax).parse_text(text, start, end)
        except (SyntaxProblem, ValueError) as why:
            problem = why if isinstance(why, SyntaxProblem) else SyntaxProblem("it is no single document")
            host.embedded_problem = problem
            raise problem from None
        root.parent = host
        host.embedded = root
    return host.embedded


def parse_embedded_scalar(host: Node, text: str, syntax: str) -> Node | None:
    """The same for a block or a single-quoted text of YAML; None for a text that is written otherwise.

    Raises SyntaxProblem.
    """
    sign = "\n" if host.style in ("|", ">") else "'" if host.style == "'" else ""
    if not sign:
        return None
    start = text.find(sign, host.start) + 1
    if start == 0 and host.embedded is None and host.embedded_problem is None:
        raise SyntaxProblem("it is not where it was")
    return parse_embedded(host, text, syntax, start, host.end - (sign == "'"))
