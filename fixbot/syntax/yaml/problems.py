"""What is wrong with a YAML text, in sentences of ours: a parser's own words may repeat a password.

The parsers' words choose the sentence and are never passed on; what no row knows gets a sentence that
says nothing but that it isn't YAML.
"""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import SyntaxProblem

UNKNOWN_KIND: Final = "not YAML"
_KINDS: Final = (
    (
        "undefined tag handle",
        "a word that begins with `!` is read as a tag whose handle is unknown; quote it",
    ),
    ("mapping values are not allowed", "mapping values are not allowed in this context"),
    ("mapping keys are not allowed", "a key can't begin here"),
    ("sequence entries are not allowed", "a list item can't begin here"),
    ("':'", "a colon is missing behind a key, or stands where none may be"),
    ("',' or ']'", "a comma or `]` is missing in a list"),
    ("',' or '}'", "a comma or `}` is missing in a map"),
    ("expected '-' indicator", "a list item is missing, or indented otherwise than its neighbours"),
    ("expected key", "a key is missing, or indented otherwise than its neighbours"),
    ("<block end>", "something is indented otherwise than its neighbours"),
    ("cannot start any token", "a character that no value may begin with; quote the value"),
    ("tab character", "a tab stands where only blanks may indent"),
    ("chomping or indentation", "text stands behind a block scalar's `|` or `>`"),
    ("indentation indicator", "a block scalar's header says no indentation that it may have"),
    ("comment or line break", "text stands behind a block scalar's `|` or `>`"),
    ("comment or a line break", "text stands where the line should end"),
    ("unknown escape character", "an escape that YAML doesn't know; use single quotes"),
    ("hexdecimal number", "an escape with a wrong number behind it"),
    ("Unicode character escape", "an escape of a character that doesn't exist"),
    ("unexpected end of stream", "a quote or bracket isn't closed"),
    ("document indicator", "a line of dashes or dots stands inside a quoted text"),
    ("document separator", "a line of dashes or dots stands inside a quoted text"),
    ("node content", "a value is missing"),
    ("document start", "a document can't begin here"),
    ("alphabetic or numeric", "an anchor or alias without a name"),
    ("undefined alias", "an alias without its anchor"),
    ("duplicate anchor", "an anchor that is there twice"),
    ("directive", "a line that begins with `%` is no directive"),
    ("version", "a line that begins with `%` names no version of YAML that is read"),
    ("expected '!'", "a tag that isn't closed"),
    ("expected '>'", "a tag that isn't closed"),
    ("tag URI", "a tag without a name"),
    ("expected URI", "a tag without a name"),
    ("octet", "a tag with an escape that isn't one"),
    ("whitespace", "a blank is missing behind a tag, an anchor or an alias"),
    ("expected ' '", "a blank is missing behind a tag, an anchor or an alias"),
    ("characters are not allowed", "a control character"),
)


def explain_problem(problem: Exception, start: int) -> SyntaxProblem:
    """Our sentence for what a parser raised, and where it stopped; `start` is where its text began."""
    mark = getattr(problem, "problem_mark", None)
    offset = start + mark.index if mark is not None else None
    said = getattr(problem, "problem", None)
    expected = said.partition("but found")[0] if isinstance(said, str) else ""  # what follows is an excerpt
    kind = next((ours for theirs, ours in _KINDS if theirs in expected), None)
    return SyntaxProblem(f"{UNKNOWN_KIND}: {kind}" if kind is not None else UNKNOWN_KIND, offset)


def is_colon_refused(problem: Exception) -> bool:
    """Whether a parser stopped at a colon inside a word, which other parsers take."""
    said = getattr(problem, "problem", None)
    return isinstance(said, str) and "unexpected ':'" in said
