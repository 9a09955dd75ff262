"""The one matcher for patterns that strangers write: globs of paths, names, images, owners and IAM.

Nothing here backtracks and nothing is handed to a regular expression. Patterns are rows of states, a state is
one bit, and a character moves all states of all patterns at once: a text takes one step a character for each
`A_ROW` of states that its patterns have together.
Source: Baeza-Yates and Gonnet, "A New Approach to Text Searching", 1992 (Shift-And, with loops for `*`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

A_ROW: Final = 2000
"""States that are moved by one number: enough for most settings, and small where every character differs."""


LONGEST: Final = 10_000
"""Characters of a pattern that is looked at. No path is so long, and no policy that IAM takes."""


class Wildcard(Enum):
    """Wildcards; as plain text they are plain characters. In paths `?` and `*` stop at slashes."""

    ONE = "?"
    MANY = "*"
    ANY = "one character, a slash too"
    ALL = "any number of characters, slashes too"
    DEEP = "**/"
    """No folder or any number of them, with the slash behind."""


@dataclass(frozen=True, slots=True)
class CharacterChoice:
    """`[a-z_]`: one character out of `spans`, or out of none of them.

    Each span has the first character and the one behind the last; they come in order and don't touch.
    """

    spans: tuple[tuple[int, int], ...]
    negated: bool = False

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]], *, negated: bool) -> CharacterChoice:
        """From pairs of the first and the last character of each span."""
        spans: list[tuple[int, int]] = []
        for first, last in sorted((ord(first), ord(last) + 1) for first, last in pairs if first <= last):
            if spans and first <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(last, spans[-1][1])
            else:
                spans.append((first, last))
        return cls(tuple(spans), negated)

    def holds_character(self, char: str) -> bool:
        """Whether the character is one of them."""
        at = bisect_right(self.spans, (ord(char), _BEYOND)) - 1
        return (at >= 0 and ord(char) < self.spans[at][1]) is not self.negated


_BEYOND: Final = 0x110000

Token = str | Wildcard | CharacterChoice
"""One character, one wildcard, one choice, or one whole thing that stands for itself alone."""


class PatternRow:
    """Patterns side by side. In a number, bit `lasts[n]` is set where pattern n holds all that was read."""

    def __init__(self, patterns: Iterable[Sequence[Token]], stop: str = "") -> None:
        self.stop = stop
        self.lasts: list[int] = []
        self._begin = self._ends = self._deep = 0
        self._ones = self._anys = self._many = self._all = 0
        self._by: dict[Hashable, int] = {}
        self._choices: list[tuple[int, CharacterChoice]] = []
        self._between: dict[int, int] = {}
        at = 0
        for pattern in patterns:
            self._begin |= 1 << at
            for token in pattern:
                at = self._add_token(token, at)
            self._ends |= 1 << at
            self.lasts.append(at)
            at += 1
        spans = {border for _, choice in self._choices for span in choice.spans for border in span}
        self._borders = sorted(spans)
        self._by = {token: bits | self._states_open_to(token) for token, bits in self._by.items()}
        self._by[Wildcard.ONE], self._by[Wildcard.MANY] = self._ones | self._anys, 0

    def _add_token(self, token: Token, at: int) -> int:
        """Have the token lead on from a state; returns the state that it leads to."""
        bit = 1 << at
        match token:
            case Wildcard.MANY:
                self._many |= bit
                return at
            case Wildcard.ALL:
                self._all |= bit
                return at
            case Wildcard.DEEP:
                self._deep |= bit
                self._all |= bit
            case Wildcard.ONE:
                self._ones |= bit
            case Wildcard.ANY:
                self._anys |= bit
            case CharacterChoice():
                self._choices.append((bit, token))
            case _:
                self._by[token] = self._by.get(token, 0) | bit
        return at + 1

    def _states_open_to(self, token: Hashable) -> int:
        """The states from which a token leads on by wildcards and choices."""
        if not isinstance(token, str) or len(token) != 1:
            return 0
        if token == self.stop:
            return self._anys
        return self._ones | self._anys | (self._choices_holding(token) if self._choices else 0)

    def _choices_holding(self, char: str) -> int:
        """The choices that hold a character: the same ones between any two borders of their spans."""
        place = bisect_right(self._borders, ord(char))
        if place not in self._between:
            self._between[place] = sum(bit for bit, choice in self._choices if choice.holds_character(char))
        return self._between[place]

    def run_through(self, text: str | Sequence[Token]) -> Iterator[int]:
        """Which patterns hold all that stands before each `stop`, and at last all of the text.

        One step a character, less where no pattern can hold the rest. A text may be a pattern itself: its `*`
        is held by `*` alone, its `?` by `?` and `*`; a token of several characters (`${aws:username}`) by
        itself and by `*`, since what it becomes isn't known.
        """
        by, stop, loops = self._by, self.stop, self._many | self._all
        here = self._begin | (self._begin & self._deep) << 1
        for token in text:
            if token == stop:
                yield here & self._ends
            bits = by.get(token)
            if bits is None:
                bits = self._states_open_to(token)
                if len(by) < A_ROW:
                    by[token] = bits
            if token == stop:
                here = (here & bits) << 1 | here & self._all
                here |= (here & self._deep) << 1
            else:
                here = (here & bits) << 1 | here & loops
            if not here:
                break
        yield here & self._ends


class WordPattern:
    """A pattern without parts: whether its tokens hold a whole text.

    One beyond `LONGEST` holds itself alone.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.tokens = tuple(tokens)
        self._plain = _split_simple(self.tokens)
        self._row: PatternRow | None = None

    def holds_text(self, text: str | Sequence[Token]) -> bool:
        """Whether the whole text is held; see `PatternRow.run_through`."""
        if isinstance(text, str) and self._plain is not None:
            head, tail, loose = self._plain
            if not loose:
                return text == head
            return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
        if len(self.tokens) > LONGEST:
            return tuple(text) == self.tokens
        if self._row is None:
            self._row = PatternRow([self.tokens])
        return next(self._row.run_through(text)) != 0


def _split_simple(tokens: Sequence[Token]) -> tuple[str, str, bool] | None:
    """What a text must begin and end with and whether `*` is between, where that is all there is to it."""
    stars = [at for at, token in enumerate(tokens) if token is Wildcard.MANY]
    texts = [token for token in tokens if isinstance(token, str) and len(token) == 1]
    if len(texts) + len(stars) < len(tokens) or (stars and stars[-1] - stars[0] >= len(stars)):
        return None
    head = stars[0] if stars else len(texts)
    return "".join(texts[:head]), "".join(texts[head:]), bool(stars)
