"""Commands that start a container as the file does, for a reader who wants to see a change work first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fixbot.knowledge.given import Given, is_open, read_given
from fixbot.knowledge.ownership import user_of
from fixbot.knowledge.secret_names import is_likely_name
from fixbot.lens import Container
from fixbot.text.command import IMAGE, PROGRAM_WORD, USER, VARIABLE, Command, Piece, build_command, join_words

_MOST_WORDS: Final = 40
_MOST_VARIABLES: Final = 20
_OPTION: Final = re.compile(r"--?([A-Za-z][\w.-]*)")


def docker_run(container: Container, *options: str | Piece, note: str = "") -> Command:
    """`docker run` with the file's user, names of variables, entry point and arguments.

    Values of variables stay out, and so does `--env NAME` alone: it would hand the image what the reader's
    own shell has under that name.
    """
    given = read_given(container)
    words: list[str | Piece] = []
    if (user := user_of(container)) is not None:
        words += ["--user", USER(user)]
    for name in [each for each in given.variables if VARIABLE.is_fitting(each)][:_MOST_VARIABLES]:
        words += ["--env", join_words(VARIABLE(name), "=VALUE")]
    entry, rest = _split_entry_point(container, given)
    if entry:
        # One word, so that a program called like an option is none to who reads on from here.
        words.append(join_words("--entrypoint=", PROGRAM_WORD(entry)))
    return build_command(
        "docker",
        "run",
        *options,
        *words,
        IMAGE(container.image),
        *_list_arguments(rest),
        note=_note_variables(note, given),
    )


def _note_variables(note: str, given: Given) -> str:
    if not any(map(VARIABLE.is_fitting, given.variables)):
        return note
    more = "VALUE is what you give each variable"
    return f"{note}; {more}" if note else more


def _split_entry_point(container: Container, given: Given) -> tuple[str, tuple[str | None, ...]]:
    """The entry point's program, and every word behind it."""
    first = "command" if container.spelling.vocabulary == "k8s" else "entryPoint"
    node = container.get(first)
    if node is None or node.is_nothing or not given.words:
        return "", given.words
    return given.words[0] or "", given.words[1:]


def _list_arguments(words: Sequence[str | None]) -> list[Piece]:
    """The words, or one placeholder where one of them can't be shown in a command."""
    plain = [
        word for word in words if word is not None and PROGRAM_WORD.is_fitting(word) and not is_open(word)
    ]
    if len(plain) < len(words) or len(words) > _MOST_WORDS or any(map(_may_tell, words)):
        return [PROGRAM_WORD(None)] if words else []
    return [PROGRAM_WORD(word) for word in plain]


def _may_tell(word: str | None) -> bool:
    """Whether a word may hold a secret, or stand in front of one."""
    match = _OPTION.match(word or "")
    return match is not None and is_likely_name(match[1])
