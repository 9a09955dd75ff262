"""Hides known secrets, and others that it recognises, in any text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fixbot.knowledge.secret_shapes import shaped_spans
from fixbot.knowledge.secrets import certain_spans, query_spans
from fixbot.masking.pairs import named_spans
from fixbot.masking.spans import Span, without
from fixbot.masking.values import Values

_ROUNDS = 8


class Masker:
    """Knows some secrets and hides them, and others it recognises, in any text."""

    def __init__(self, secrets: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        self.values = Values(secrets, words)

    def line(self, text: str) -> str:
        """One line, or a piece of one, without its secrets."""
        return self.text(text)

    def text(self, text: str) -> str:
        """The text without its secrets, line ends kept. What is masked once stays as it is."""
        for _ in range(_ROUNDS):  # a mask may complete a secret that itself holds dots
            masked = without(text, self.spans(text))
            if masked == text:
                break
            text = masked
        return text

    def spans(self, text: str) -> Iterator[Span]:
        """Where secrets stand in a text, known ones and others."""
        yield from self.values.spans(text)
        yield from recognised(text)


def recognised(text: str) -> Iterator[Span]:
    """Where a text holds what is taken for a secret by its form, its name, its option or its header."""
    yield from ((start, end) for start, end, _ in certain_spans(text))
    yield from query_spans(text)
    yield from shaped_spans(text)
    yield from named_spans(text)
