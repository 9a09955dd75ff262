"""Who owns files, by a CODEOWNERS file as GitHub reads it.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

LONGEST = 3_000_000
"""Bytes of a file; GitHub uses none that is larger."""
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_LOGIN = re.compile(r"@([A-Za-z0-9][\w-]*(?:/[\w.-]+)?)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Rule = tuple[re.Pattern[str], tuple[str, ...]]


def owners(text: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The logins and teams (`org/team`) that own `paths`, who owns most of them first.

    The last rule that matches a path counts, one without owners too. Owners by e-mail are left out:
    nobody can be asked by one. A line that GitHub would not read is skipped.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return ()
    rules = list(_rules(text))
    counts: Counter[str] = Counter()
    for path in paths:
        owned = next((found for pattern, found in reversed(rules) if pattern.fullmatch(path)), ())
        counts.update(dict.fromkeys(owned, 1))
    return tuple(name for name, _ in counts.most_common())


def _rules(text: str) -> Iterator[Rule]:
    for line in text.removeprefix("\ufeff").splitlines():
        pattern, *names = _WORD.findall(line) or [""]
        names = names[: next((at for at, name in enumerate(names) if name.startswith("#")), len(names))]
        if not pattern or pattern.startswith(("#", "!", "\\#")) or "[" in pattern or "]" in pattern:
            continue
        logins = [_LOGIN.fullmatch(name) for name in names]
        if all(login or _EMAIL.fullmatch(name) for login, name in zip(logins, names, strict=True)):
            yield _pattern(pattern), tuple(dict.fromkeys(login[1] for login in logins if login))


def _pattern(written: str) -> re.Pattern[str]:
    """The paths that a pattern means: as in .gitignore, where what matches a folder matches all in it."""
    anchored = "/" in written.rstrip("/")
    folder = written.endswith("/")
    steps = [step for step in written.split("/") if step]
    source = "" if anchored else "(?:.*/)?"
    for number, step in enumerate(steps, 1):
        last = number == len(steps)
        if step == "**":
            source += ".+" if last else "(?:.*/)?"
        else:
            source += _step(step) + ("" if last else "/")
    if folder:
        source += "/.+"
    elif not (steps and steps[-1] == "*" and len(steps) > 1):
        source += "(?:/.*)?"
    return re.compile(source, re.DOTALL)


def _step(step: str) -> str:
    parts = re.findall(r"\\.|\*+|\?|[^\\*?]+|\\", step)
    return "".join(
        "[^/]*"
        if part.startswith("*")
        else "[^/]"
        if part == "?"
        else re.escape(part[1:] if part.startswith("\\") and len(part) == 2 else part)
        for part in parts
    )
