"""Hides known secrets, and others that it recognises, in any text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fixbot.edit.edited_text import split_lines
from fixbot.knowledge.classify_secrets import find_certain_spans, find_key_spans, find_query_spans
from fixbot.knowledge.secret_commands import command_secrets, has_program
from fixbot.knowledge.secret_lines import find_line_spans
from fixbot.knowledge.secret_names import LIKELY_STEMS
from fixbot.knowledge.secret_shapes import find_login_spans, find_shaped_spans
from fixbot.knowledge.token_forms import TOKEN_LETTERS
from fixbot.masking.mask_spans import Span, mask_line_spans, mask_spans
from fixbot.masking.named_pairs import find_named_spans
from fixbot.masking.secret_values import SecretValues
from fixbot.text.word_search import holds_any

_ROUNDS = 8
_WORDS = "-user splunk ssws geniekey identified :// @ <<< | send"
_OPTIONS = tuple(f"{before}-{letter}" for before in " \"'[," for letter in "apwu")
_STEMS = (*LIKELY_STEMS, *_WORDS.split(), "basic ", *_OPTIONS, *map(str.lower, TOKEN_LETTERS))
"""One of these is in every text that holds anything to be recognised, in small letters."""


class SecretMasker:
    """Knows some secrets and hides them, and others it recognises, in any text."""

    def __init__(self, secrets: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        self.values = SecretValues(secrets, words)
        self._told: dict[str, str] = {}  # a report says the same of many things
        self._seen: dict[str, tuple[Span, ...]] = {}  # and several diffs show the same lines

    def mask_text(self, text: str) -> str:
        """The text without its secrets, line ends kept. What is masked once stays as it is."""
        for _ in range(_ROUNDS):  # a mask may complete a secret that itself holds dots
            masked = mask_spans(text, self.find_spans(text))
            if masked == text:
                break
            text = masked
        return text

    def mask_sentence(self, text: str) -> str:
        """A sentence of a report: what is known, and what is certain by its form, is hidden in it."""
        if text not in self._told:
            found = [*self.values.find_spans(text), *find_certain_in_sentence(text)]
            self._told[text] = mask_spans(text, found) if found else text
        return self._told[text]

    def mask_masked_diff(self, diff: str) -> str:
        """A diff that was masked before, without what is known here as well; its lines stay lines."""
        found = list(self.values.find_spans(diff))  # by line: hiding never joins two
        return "".join(mask_line_spans(split_lines(diff), found)) if found else diff

    def find_spans(self, text: str) -> Sequence[Span]:
        """Where secrets stand in a text, known ones and others."""
        if text not in self._seen:
            self._seen[text] = (*self.values.find_spans(text), *find_recognised_spans(text))
        return self._seen[text]


class KnownValuesMasker(SecretMasker):
    """Hides known values and nothing else, in texts that were masked before."""

    def mask_sentence(self, text: str) -> str:
        """A sentence without the values."""
        if text not in self._told:
            found = list(self.values.find_spans(text))
            self._told[text] = mask_spans(text, found) if found else text
        return self._told[text]

    def mask_masked_diff(self, diff: str) -> str:
        """A diff without the values, which are looked for line by line."""
        return "".join(map(self.mask_sentence, split_lines(diff)))


def may_tell(text: str) -> bool:
    """Whether a text holds any of the words by which something is recognised in it."""
    return holds_any(text.lower(), _STEMS) or any(find_line_spans(text)) or has_program(text)


def find_recognised_spans(text: str) -> Iterator[Span]:
    """Where a text holds what is taken for a secret by its form, its name, its option or its header."""
    yield from find_line_spans(text)
    yield from find_key_spans(text)
    if not holds_any(text.lower(), _STEMS):
        yield from command_secrets(text)
        return
    yield from ((start, end) for start, end, _ in find_certain_spans(text))
    yield from find_query_spans(text)
    yield from find_shaped_spans(text)
    yield from find_named_spans(text)


def find_certain_in_sentence(text: str) -> Iterator[Span]:
    """Where a sentence holds what is a secret by its form alone, whatever the words around it say."""
    yield from ((start, end) for start, end, _ in find_certain_spans(text))
    yield from find_query_spans(text)
    yield from find_login_spans(text)
