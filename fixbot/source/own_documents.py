"""Documents of our own, made from data: written by the writer of their syntax, read back, and compared."""

from __future__ import annotations

from typing import Final

from fixbot.edit.data import find_difference, to_data, value_to_data
from fixbot.edit.tree import CannotEdit, SyntaxProblem, Value
from fixbot.syntax import load_grammar
from fixbot.text.step import PrintedDocument

WITHHELD: Final = "The text is left out here: {}."


def write_document(data: Value, syntax: str) -> str:
    """The text of one document that holds exactly this data. Raises CannotEdit where none can be written."""
    written = load_grammar(syntax).write_document(data)
    check_document(written, data, syntax)
    return written


def check_document(text: str, data: Value, syntax: str) -> None:
    """Raises CannotEdit unless the text is one document of that syntax and holds just this data."""
    try:
        roots = load_grammar(syntax).parse_text(text)
    except SyntaxProblem as problem:
        raise CannotEdit(f"the new text would not parse ({problem.reason})") from None
    if len(roots) != 1:
        raise CannotEdit("the new text would not be one document")
    if (place := find_difference(value_to_data(data), to_data(roots[0]))) is not None:
        raise CannotEdit(f"the new text would say something else ({place})")


def print_document(data: Value, syntax: str) -> PrintedDocument:
    """The same for a reader to type or to copy; where it can't be written, why."""
    try:
        return PrintedDocument(syntax, write_document(data, syntax))
    except CannotEdit as reason:
        return PrintedDocument(syntax, "", WITHHELD.format(reason))
