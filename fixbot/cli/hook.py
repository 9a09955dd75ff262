"""`fixbot hook`: what pre-commit calls, with options first, then the names of files, and nothing in between.

A name may look like an option, and then whoever adds the file would give fixbot orders. So a word that is a
file here is a file; one that may be either ends the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fixbot.model.errors import FixbotError

_HOOKS: Final[Mapping[str, tuple[str, ...]]] = {"scan": ("scan", "."), "fix": ("run", "--write", ".")}


def expand_hook_words(words: list[str], commands: Mapping[str, Any]) -> list[str]:
    """The command line that a hook stands for. `commands` are the program's own, as typer has them.

    Raises FixbotError.
    """
    if not words or words[0] not in _HOOKS:
        raise FixbotError(f"`fixbot hook` is for pre-commit: one of {', '.join(_HOOKS)}, options, files")
    begin = _HOOKS[words[0]]
    takes = {
        name: not option.is_flag
        for option in commands[begin[0]].params
        if option.param_type_name == "option"
        for name in (*option.opts, *option.secondary_opts)
    }
    given: list[str] = []
    files: list[str] = []
    rest = iter(words[1:])
    for word in rest:
        if word == "--":
            files += rest
        elif not word.startswith("-"):
            files.append(word)
        elif os.path.lexists(word):
            if word.partition("=")[0] in takes:
                raise ambiguous_word(word)
            files.append(word)
        else:
            given.append(word)
            if takes.get(word):
                given += [value for value in (next(rest, None),) if value is not None]
    return [*begin, *given, "--", *files]


def check_words(words: Iterable[str]) -> None:
    """Raises FixbotError where a word of a command line with files is an option, and a file here as well."""
    for word in words:
        if word == "--":
            return
        if word.startswith("-") and os.path.lexists(word):
            raise ambiguous_word(word)


def ambiguous_word(word: str) -> FixbotError:
    """That a word can't be told from the other thing that it may be."""
    return FixbotError(
        f"a file here is called {word!r}, which can't be told from an option; rename it, "
        "or put `--` before the names of files"
    )
