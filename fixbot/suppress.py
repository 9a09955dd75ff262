"""A no is a no: what people asked to be left alone, in the file or in `.fixbot.yml`, and until when."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from fixbot.checkout.globs import Globs
from fixbot.errors import FixbotError
from fixbot.textshape import GLOB, REASON, RESOURCE, RULE, quote_word

NO_REASON = "no reason given"
_UNTIL = re.compile(r"until[=:](\S*)")
_STEP = re.compile(r"\\(?P<plain>.)|\[\*\]|.", re.DOTALL)
_LAPSE = re.compile(r" \((the ignore at .+:\d+ ended on \d{4}-\d\d-\d\d)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ignore:
    """One wish to be left alone.

    `path` and `resource` are globs, empty for any. `line` is where an inline one counts (1-based),
    None for one from the configuration. `where` is `file:line` of the wish itself; an inline one's
    file is not known to it and added by Suppressions.
    """

    rule: str = field(metadata={"says": "The rule's name.", "shape": RULE})
    reason: str = field(
        metadata={
            "says": "Why, for whoever reads it later.",
            "shape": REASON,
        }
    )
    path: str = field(default="", metadata={"says": "Only in these files; a glob.", "shape": GLOB})
    resource: str = field(
        default="",
        metadata={
            "says": "Only for resources of this name, as reports write it; `*` is any text, `[*]` a star.",
            "shape": RESOURCE,
        },
    )
    until: date | None = field(default=None, metadata={"says": "The last day on which this counts."})
    line: int | None = None
    where: str = ""
    problem: str = ""
    """What is wrong with an inline one, e.g. a date that is none."""

    def ended(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today


def wishes_of(rest: str, own_line: int, target: int) -> Iterable[Ignore]:
    """The wishes of one comment, given what stands behind its `fixbot:ignore`."""
    names, *words = re.sub(r"\s*,\s*", ",", rest.strip(" \t:")).split() or [""]
    until, problem = None, "" if names.strip(",:") else "it names no rule"
    for word in [word for word in words if (_UNTIL.fullmatch(word))]:
        words.remove(word)
        try:
            until = date.fromisoformat(word[6:])
        except ValueError:
            problem = f"{word!r} is no date; write until=YYYY-MM-DD"
    reason = " ".join(words).strip(" -:") or NO_REASON
    for name in names.strip(",:").split(","):
        if name or problem:
            yield Ignore(name, reason, until=until, line=target, where=str(own_line), problem=problem)


def unknown_rule(name: str, rules: Collection[str]) -> str:
    """The words for a rule name that doesn't exist, with the nearest that does."""
    near = get_close_matches(name[:100], rules, n=1, cutoff=0.5)
    which = f"did you mean {near[0]}?" if near else "`fixbot rules` lists them"
    return f"unknown rule {quote_word(name, 'name')}; {which}"


@dataclass(frozen=True, slots=True)
class Suppressions:
    """All wishes of a run. `inline` are those of each file, as `fixbot.inline` read them."""

    configured: tuple[Ignore, ...]
    rules: frozenset[str]
    today: date
    inline: Mapping[str, tuple[Ignore, ...]] = field(default_factory=dict)

    def check(self) -> None:
        """Raises FixbotError for the first wish that names no known rule or no real date."""
        for path, wishes in self.inline.items():
            for wish in wishes:
                self._check(wish, f"{path}:{wish.where}")
        for wish in self.configured:
            self._check(wish, wish.where)

    def _check(self, wish: Ignore, where: str) -> None:
        if wish.problem:
            raise FixbotError(f"{where}: fixbot:ignore: {wish.problem}")
        if wish.rule not in self.rules:
            raise FixbotError(f"{where}: {unknown_rule(wish.rule, self.rules)}")

    def find(
        self, rule: str, path: str, line: int, resource: str, first_line: int | None = None
    ) -> Ignore | None:
        """The wish that counts for a finding at `line` in a resource that begins at `first_line`."""
        matching = self._matching(rule, path, (line, first_line or line), resource)
        return next((wish for wish in matching if not wish.ended(self.today)), None)

    def lapsed(
        self, rule: str, path: str, line: int, resource: str, first_line: int | None = None
    ) -> Ignore | None:
        """The wish that would count if it hadn't ended; None where another one still counts."""
        matching = self._matching(rule, path, (line, first_line or line), resource)
        alive = any(not wish.ended(self.today) for wish in matching)
        return None if alive or not matching else matching[0]

    def _matching(self, rule: str, path: str, lines: tuple[int, int], resource: str) -> list[Ignore]:
        here = [
            _placed(wish, path)
            for wish in self.inline.get(path, ())
            if wish.rule == rule and wish.line in lines
        ]
        return here + [
            wish
            for wish in self.configured
            if wish.rule == rule
            and (not wish.path or Globs((wish.path,)).match(path))
            and (not wish.resource or _named(wish.resource, resource))
        ]


def _named(pattern: str, name: str) -> bool:
    r"""Whether a resource's pattern holds the whole name: `*` is any text; `\*` and `[*]` are a star."""
    pieces = [""]
    for found in _STEP.finditer(pattern):
        if found[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += "*" if found[0] == "[*]" else found["plain"] or found[0]
    first, *rest = pieces
    if not rest:
        return name == first
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        begin = name.find(piece, at, end)
        if begin < 0:
            return False
        at = begin + len(piece)
    return at <= end


def plain_name(name: str) -> str:
    """The pattern for a resource that holds this name and no other."""
    return re.sub(r"[\\*]", r"\\\g<0>", name)


def _placed(wish: Ignore, path: str) -> Ignore:
    return Ignore(wish.rule, wish.reason, until=wish.until, line=wish.line, where=f"{path}:{wish.where}")


def with_lapse(message: str, wish: Ignore) -> str:
    """A finding's message that says that the wish to ignore it has ended."""
    return f"{message} (the ignore at {wish.where} ended on {wish.until})"


def lapse_of(message: str) -> str | None:
    """What `with_lapse` added to a message, without the brackets."""
    found = _LAPSE.search(message)
    return found[1] if found else None
