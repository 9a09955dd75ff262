"""Documents of our own, made from data: written by the writer of their syntax, read back, and compared."""

from __future__ import annotations

from typing import Final

from fixbot.plain import as_plain, difference, plain
from fixbot.step import PrintedDocument
from fixbot.syntax import grammar
from fixbot.tree import CannotEdit, SyntaxProblem, Value

WITHHELD: Final = "The text is left out here: {}."


def write_document(data: Value, syntax: str) -> str:
    """The text of one document that holds exactly this data. Raises CannotEdit where none can be written."""
    written = grammar(syntax).write(data)
    check_document(written, data, syntax)
    return written


def check_document(text: str, data: Value, syntax: str) -> None:
    """Raises CannotEdit unless the text is one document of that syntax and holds just this data."""
    try:
        roots = grammar(syntax).parse(text)
    except SyntaxProblem as problem:
        raise CannotEdit(f"the new text would not parse ({problem.reason})") from None
    if len(roots) != 1:
        raise CannotEdit("the new text would not be one document")
    if (place := difference(as_plain(data), plain(roots[0]))) is not None:
        raise CannotEdit(f"the new text would say something else ({place})")


def print_document(data: Value, syntax: str) -> PrintedDocument:
    """The same for a reader to type or to copy; where it can't be written, why."""
    try:
        return PrintedDocument(syntax, write_document(data, syntax))
    except CannotEdit as reason:
        return PrintedDocument(syntax, "", WITHHELD.format(reason))
