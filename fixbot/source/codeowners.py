"""Who owns files, by a CODEOWNERS file as GitHub reads it.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from fixbot.text.globs import PathGlob, PathPatterns, tokenize_path

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for the file, in this order."""
LONGEST = 3_000_000
"""Bytes of a file; GitHub uses none that is larger."""
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_LOGIN = re.compile(r"@([A-Za-z0-9][\w-]*(?:/[\w.-]+)?)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

_MOST_PATHS = 1000
"""Files that are asked about; of more the first ones decide."""


Logins = tuple[str, ...]


def find_owners(text: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The logins and teams (`org/team`) that own `paths`, who owns most of them first.

    The last rule that matches a path counts, one without owners too. Owners by e-mail are left out:
    nobody can be asked by one. A line that GitHub would not read is skipped.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return ()
    patterns, logins = _compile_rules(text)
    counts: Counter[str] = Counter()
    for path in paths[:_MOST_PATHS]:
        last = next(patterns.holding_patterns(path), None)
        counts.update(dict.fromkeys(() if last is None else logins[last], 1))
    return tuple(name for name, _ in counts.most_common())


@lru_cache(maxsize=1)
def _compile_rules(text: str) -> tuple[PathPatterns, tuple[Logins, ...]]:
    """The patterns of all lines, and whom each of them asks."""
    rules = list(_read_lines(text))
    return PathPatterns(_compile_pattern(written) for written, _ in rules), tuple(
        logins for _, logins in rules
    )


def _compile_pattern(written: str) -> PathGlob:
    """The paths that a pattern means: as in .gitignore, where what matches a folder matches all in it."""
    steps = [step for step in written.split("/") if step]
    folder = written.endswith("/")
    tokens = tuple(tokenize_path(steps if "/" in written.rstrip("/") else ["**", *steps]))
    return PathGlob(tokens, itself=not folder, below=folder or steps[-1] != "*" or len(steps) == 1)


def _read_lines(text: str) -> Iterator[tuple[str, Logins]]:
    """The pattern and the logins of each line that GitHub would read."""
    for line in text.removeprefix("\ufeff").splitlines():
        pattern, *names = _WORD.findall(line) or [""]
        names = names[: next((at for at, name in enumerate(names) if name.startswith("#")), len(names))]
        odd = not pattern.strip("/") or pattern.startswith(("#", "!", "\\#")) or "[" in pattern
        if odd or "]" in pattern:
            continue
        logins = [_LOGIN.fullmatch(name) for name in names]
        if all(login or _EMAIL.fullmatch(name) for login, name in zip(logins, names, strict=True)):
            yield pattern, tuple(dict.fromkeys(login[1] for login in logins if login))
