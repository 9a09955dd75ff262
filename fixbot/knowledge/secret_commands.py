"""Reads commands in a text: the words behind a program's name, and which of them are secrets.

What stands in a script, between the quotes of a `sh -c`, or as a list of words in JSON or YAML is read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from fixbot.knowledge.secret_names import is_likely_name
from fixbot.knowledge.secret_programs import SECRET_PLACES, SecretPlace
from fixbot.knowledge.secret_words import QUOTE, Place, is_hole, is_name_like

_REACH: Final = 400
"""Characters behind a program's name that are read."""


def _by_program() -> dict[str, tuple[SecretPlace, ...]]:
    found: dict[str, list[SecretPlace]] = {}
    for place in SECRET_PLACES:
        for program in place.programs.split():
            found.setdefault(program, []).append(place)
    return {program: tuple(places) for program, places in found.items()}


_PLACES: Final = _by_program()
PROGRAMS: Final = frozenset(_PLACES)
_PROGRAM: Final = re.compile(
    rf"(?<![\w.-])(?P<program>[\w.-]++)(?:(?P<closed>{QUOTE})|(?=[ \t]))(?![ \t]{{0,4}}[:=])"
)
"""What may be a program's name; looking it up takes less than two hundred names in a pattern."""
_GAP: Final = re.compile(r"(?:[ \t]|\\\r?\n)+")
_LIST_GAP: Final = re.compile(rf"[ \t]{{0,4}},[ \t\r\n]{{0,200}}(?={QUOTE})")
_QUOTED: Final = r"\\{1,3}\"[^\"\\\n]*+\\{1,3}\"|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'"
_WORD: Final = re.compile(
    rf"(?:{_QUOTED}|\$\([^()\n]*+\)|\$\{{[^{{}}\n]*+\}}|[^\s\"'\\;|&()])(?:{_QUOTED}"
    r"|\$\([^()\n]*+\)|\$\{[^{}\n]*+\}|\\(?![\r\n\"])|[^\s\"'\\;|&()])*+"
)
_ITEM: Final = re.compile(_QUOTED)
_OPEN: Final = re.compile(rf"^{QUOTE}")
_CLOSE: Final = re.compile(rf"{QUOTE}$")


class Word(NamedTuple):
    """A word of a command without its quotes, and where it stands."""

    text: str
    start: int


def has_program(text: str) -> bool:
    """Whether the name of one of the programs may stand in a text as a word of its own."""
    if " " not in text and "," not in text:
        return False
    return not PROGRAMS.isdisjoint(text.translate(_APART).split())


_APART: Final = str.maketrans(dict.fromkeys("\"'/,;|&()[]{}`\\", " "))


def command_secrets(text: str) -> Iterator[Place]:
    """Where secrets stand in the commands of a text, by the program that is called."""
    for found in _PROGRAM.finditer(text) if has_program(text) else ():
        words: Sequence[Word] | None = None
        for place in _PLACES.get(found["program"], ()):
            if words is None:
                words = list(_split_words(text, found))
            for start, end in _find_secrets(place, words):
                if not is_hole(text[start:end]):
                    yield start, end


def _split_words(text: str, program: re.Match[str]) -> Iterator[Word]:
    """The words behind a program's name, up to the end of its command."""
    at, end = program.end(), min(len(text), program.end() + _REACH)
    listed = program["closed"] is not None
    gap, one = (_LIST_GAP, _ITEM) if listed else (_GAP, _WORD)
    closing = "" if listed else _quote_around(text, program.start())
    while (between := gap.match(text, at)) is not None and between.end() < end:
        found = one.match(text, between.end())
        if found is None:
            return
        whole, start = found[0], found.start()
        if closing and (stop := whole.find(closing)) >= 0:
            if whole[:stop]:
                yield Word(whole[:stop].rstrip("\\"), start)
            return
        at = found.end()
        yield _without_quotes(whole, start)


def _quote_around(text: str, at: int) -> str:
    """The quote that a command stands between, if there is one: it ends the command."""
    line = text[max(text.rfind("\n", 0, at) + 1, at - _REACH) : at]
    for quote in "\"'":
        if line.count(quote) % 2:
            return quote
    return ""


def _without_quotes(whole: str, start: int) -> Word:
    opened = _OPEN.match(whole)
    if opened is not None and (closed := _CLOSE.search(whole, opened.end())) is not None:
        return Word(whole[opened.end() : closed.start()], start + opened.end())
    return Word(whole, start)


def _find_secrets(place: SecretPlace, words: Sequence[Word]) -> Iterator[Place]:
    at = _behind_words(place.words.split(), words)
    if at is None or (place.needs and not any(re.search(place.needs, each.text) for each in words)):
        return
    plain: list[Word] = []
    taken = -1
    for number, word in enumerate(words):
        if number == taken:
            continue
        if word.text in place.valued.split():
            taken = number + 1
        elif word.text in place.options.split():
            taken = number + 1
            yield from _secret_part(place, words[taken]) if taken < len(words) else ()
        elif (cut := _find_joined_value(place, word.text)) is not None:
            yield from _secret_part(place, _cut_word(word, cut))
        elif number >= at and (word.text[:1] != "-" or len(word.text) == 1):
            plain.append(word)
    yield from _in_places(place, plain)


def _in_places(place: SecretPlace, plain: Sequence[Word]) -> Iterator[Place]:
    """The secrets among the words that are no options."""
    for word in plain if place.pairs else ():
        if "=" in word.text:
            yield from _secret_part(place, _cut_word(word, word.text.index("=") + 1))
    if place.at is not None and -len(plain) <= place.at < len(plain):
        word = plain[place.at]
        if not word.text.startswith(("/", "http:", "https:", ">", "<", "*", "#")):
            yield from _secret_part(place, word)


def _behind_words(wanted: Sequence[str], words: Sequence[Word]) -> int | None:
    """Where the words behind a subcommand begin; options may stand between."""
    at = 0
    for number, word in enumerate(words):
        if at == len(wanted):
            break
        if word.text == wanted[at] or (wanted[at].endswith("/") and word.text.startswith(wanted[at])):
            at += 1
            if at == len(wanted):
                return number + 1
    return 0 if not wanted else None


def _find_joined_value(place: SecretPlace, text: str) -> int | None:
    """Where a value begins that is written to its option."""
    for option in place.options.split():
        if text.startswith((f"{option}=", f"{option}:")):
            return len(option) + 1
    for option in place.glued.split():
        if text.startswith(option) and len(text) > len(option):
            return len(option) + (text[len(option)] == "=")
    return None


def _cut_word(word: Word, cut: int) -> Word:
    return _without_quotes(word.text[cut:], word.start + cut)


def _secret_part(place: SecretPlace, word: Word) -> Iterator[Place]:
    """What of a word is secret."""
    text, start = word
    if place.behind:
        user, sign, secret = text.partition(place.behind)
        if not sign or not user:
            return
        if not secret and not is_name_like(user):
            yield start, start + len(user)  # a token in the place of a user, with no password
        start, text = start + len(user) + 1, secret
    if place.until and place.until in text:
        text = text[: text.rindex(place.until)]
    if text and not (place.made_up and is_name_like(text)):
        yield start, start + len(text)


def option_name(option: str, beside: Iterable[str]) -> str:
    """The name under which the next word of a list is a secret, if this is an option for one; else nothing.

    Options of one letter mean a password beside some programs only: `beside` are the words around.
    """
    name = option.lstrip("-")
    if len(name) > 1 and is_likely_name(name) and "=" not in name:
        return name
    words = [word for each in beside for word in each.replace("/", " ").split()]
    for number, word in enumerate(words):
        for place in _PLACES.get(word, ()):
            if option in place.options.split() and not place.behind and not place.made_up:
                rest = [Word(each, 0) for each in words[number + 1 :]]
                if _behind_words(place.words.split(), rest) is not None:
                    return "password"
    return ""
