"""What became of a file's lines: which stayed, which went, which came, and whether any was re-formatted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Hunk:
    """A stretch of lines that went (`gone`, from line `at` of the old text) and what stands there now."""

    at: int
    gone: tuple[str, ...]
    come: tuple[str, ...]


def hunks(before: str, after: str) -> list[Hunk]:
    """The differences in lines, line ends included."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    codes = SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes()
    return [
        Hunk(start + a + 1, tuple(middle_old[a:b]), tuple(middle_new[c:d]))
        for kind, a, b, c, d in codes
        if kind != "equal"
    ]


def changed(found: list[Hunk]) -> int:
    """Lines that a reviewer sees as changed: a replaced line counts once."""
    return sum(max(len(hunk.gone), len(hunk.come)) for hunk in found)


def shown(found: list[Hunk]) -> int:
    """Lines with a plus or a minus in a diff."""
    return sum(len(hunk.gone) + len(hunk.come) for hunk in found)


def reformatted(found: list[Hunk], *, hcl: bool) -> Iterator[str]:
    """Lines that say the same in another form."""
    for hunk in found:
        new = list(hunk.come)
        for at, line in enumerate(hunk.gone):
            same = next((each for each in new if _bare(each) == _bare(line)), None)
            if same is None or not re.search(r"\w\w", line):
                continue
            new.remove(same)
            if _comma(line, same) or (hcl and _aligned(line, same)):
                continue
            yield f"line {hunk.at + at}: {line.strip()[:80]!r}"


def _bare(line: str) -> str:
    return re.sub(r"[\s,\"']", "", line)


def _comma(line: str, same: str) -> bool:
    """Whether only a comma at the end, or a missing last line end, is different."""
    one, two = line.rstrip("\r\n"), same.rstrip("\r\n")
    ends = {"\r\n" if each.endswith("\r\n") else "\n" if each.endswith("\n") else "" for each in (line, same)}
    return len(ends - {""}) <= 1 and _without_comma(one) == _without_comma(two)


def _without_comma(line: str) -> str:
    return re.sub(r",(?=\s*(?:(?://|#|/\*).*)?$)", "", line)


def _aligned(line: str, same: str) -> bool:
    """Whether only the blanks around the first `=` or `:`, or before a comment, are others."""
    squeezed = [re.sub(r"[ \t]+(?=[=:#]|//)|(?<=[=:])[ \t]+", " ", each.rstrip()) for each in (line, same)]
    indents = [each[: len(each) - len(each.lstrip())] for each in (line, same)]
    return _without_comma(squeezed[0]) == _without_comma(squeezed[1]) and indents[0] == indents[1]


def line_ends(text: str) -> set[str]:
    """The kinds of line ends of a text."""
    return set(re.findall(r"\r\n|\n|\r", text))
