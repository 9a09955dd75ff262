"""A no is a no: what people asked to be left alone, in the file or in `.fixbot.yml`, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property

from fixbot.model.errors import FixbotError
from fixbot.text.globs import NOTHING, NamePatterns, PathPatterns, compile_path_glob, tokenize_starred
from fixbot.text.text_shape import GLOB, REASON, RESOURCE, RULE, quote_plain_word

NO_REASON = "no reason given"
_UNTIL = ("until=", "until:")
_SHOWN = 80
"""Characters of somebody's word that a complaint repeats."""
_OVERRULED = "does not count, since --config enforces ignore"


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
    overruled: bool = False
    """Whether it doesn't count since whoever runs fixbot enforces what is ignored."""

    def has_ended(self, today: date) -> bool:
        """Whether it no longer counts: its last day is over, or it is overruled."""
        return self.overruled or (self.until is not None and self.until < today)


def parse_comment_ignores(rest: str, own_line: int, target: int) -> Iterable[Ignore]:
    """The wishes of one comment, given what stands behind its `fixbot:ignore`."""
    names, *words = ",".join(each.strip() for each in rest.strip(" \t:").split(",")).split() or [""]
    until, problem = None, "" if names.strip(",:") else "it names no rule"
    for word in words:
        if word.startswith(_UNTIL):
            try:
                until = date.fromisoformat(word[6:])
            except ValueError:
                said = f"'{word}'" if quote_plain_word(word[6:], "") else "its last day"
                problem = f"{said} is no date; write until=YYYY-MM-DD"
    reason = " ".join(word for word in words if not word.startswith(_UNTIL)).strip(" -:") or NO_REASON
    for name in dict.fromkeys(names.strip(",:").split(",")):
        if name or problem:
            yield Ignore(name, reason, until=until, line=target, where=str(own_line), problem=problem)


def explain_unknown_rule(name: str, rules: Collection[str]) -> str:
    """The words for a rule name that doesn't exist, with the nearest that does."""
    near = get_close_matches(name[:_SHOWN], rules, n=1, cutoff=0.5)
    which = f"did you mean {near[0]}?" if near else "`fixbot rules` lists them"
    return f"unknown rule {quote_plain_word(name, 'name')}; {which}"


@dataclass(frozen=True)
class Suppressions:
    """All wishes of a run. `inline` are those of each file, as `fixbot.source.inline_ignores` read them."""

    configured: tuple[Ignore, ...]
    rules: frozenset[str]
    today: date
    inline: Mapping[str, tuple[Ignore, ...]] = field(default_factory=dict)

    @cached_property
    def _configured_by_rule(self) -> Mapping[str, RuleIgnores]:
        """Those of the settings, by rule."""
        found: dict[str, list[Ignore]] = {}
        for each in self.configured:
            found.setdefault(each.rule, []).append(each)
        return {rule: RuleIgnores(wishes) for rule, wishes in found.items()}

    @cached_property
    def _inline_by_place(self) -> Mapping[tuple[str, str, int | None], Sequence[Ignore]]:
        """Those of files, by path, rule and line."""
        found: dict[tuple[str, str, int | None], list[Ignore]] = {}
        for path, wishes in self.inline.items():
            for each in wishes:
                found.setdefault((path, each.rule, each.line), []).append(each)
        return found

    def with_inline(self, wishes: Mapping[str, tuple[Ignore, ...]]) -> Suppressions:
        """The same, and what the comments of some files ask for."""
        if not wishes:
            return self
        made = replace(self, inline=wishes)
        made.__dict__["_configured"] = self._configured_by_rule  # made once, however many parts there are
        return made

    def check_all(self) -> None:
        """Raises FixbotError for the first wish that names no known rule or no real date."""
        if complaints := self.list_complaints():
            raise FixbotError(complaints[0])

    def list_complaints(self) -> list[str]:
        """What is wrong with the wishes of files, or with those of the settings where files have none."""
        found = [
            self._complain_of(wish, f"{path}:{wish.where}")
            for path, wishes in self.inline.items()
            for wish in wishes
        ]
        if not self.inline:
            found = [self._complain_of(wish, wish.where) for wish in self.configured]
        return [each for each in found if each]

    def _complain_of(self, wish: Ignore, where: str) -> str:
        if wish.problem:
            return f"{where}: fixbot:ignore: {wish.problem}"
        return "" if wish.rule in self.rules else f"{where}: {explain_unknown_rule(wish.rule, self.rules)}"

    def find_ignore(
        self, rule: str, path: str, line: int, resource: str, first_line: int | None = None
    ) -> Ignore | None:
        """The wish that counts for a finding at `line` in a resource that begins at `first_line`."""
        matching = self._find_matching(rule, path, (line, first_line or line), resource)
        return next((wish for wish in matching if not wish.has_ended(self.today)), None)

    def find_lapsed(
        self, rule: str, path: str, line: int, resource: str, first_line: int | None = None
    ) -> Ignore | None:
        """The wish that would count if it hadn't ended; None where another one still counts."""
        first: Ignore | None = None
        for wish in self._find_matching(rule, path, (line, first_line or line), resource):
            if not wish.has_ended(self.today):
                return None
            first = first or wish
        return first

    def _find_matching(self, rule: str, path: str, lines: tuple[int, int], resource: str) -> Iterator[Ignore]:
        for line in sorted(set(lines)):
            for wish in self._inline_by_place.get((path, rule, line), ()):
                yield _with_path(wish, path)
        if (configured := self._configured_by_rule.get(rule)) is not None:
            yield from configured.find_for_resource(path, resource)


class RuleIgnores:
    """Wishes of one rule from the settings; all their globs are tried at once."""

    def __init__(self, wishes: Sequence[Ignore]) -> None:
        self._wishes = wishes
        self._anywhere = frozenset(at for at, each in enumerate(wishes) if not each.path)
        self._anything = frozenset(at for at, each in enumerate(wishes) if not each.resource)
        paths = (each.path for each in wishes)
        self._paths = PathPatterns(
            NOTHING if path[:1] in ("", "!") else compile_path_glob(path) for path in paths
        )
        self._resources = NamePatterns(tokenize_starred(each.resource) for each in wishes)
        self._last: tuple[str, frozenset[int]] | None = None
        self._known: dict[str, tuple[Ignore, ...]] = {}

    def find_for_resource(self, path: str, resource: str) -> tuple[Ignore, ...]:
        """Those that count for a resource of a file, in their order."""
        if self._last is None or path != self._last[0]:  # findings come file by file
            self._last, self._known = (path, self._anywhere.union(self._paths.holding_patterns(path))), {}
        if resource not in self._known:
            named = self._anything.union(self._resources.holding_patterns(resource))
            self._known[resource] = tuple(self._wishes[at] for at in sorted(self._last[1] & named))
        return self._known[resource]


def escape_name(name: str) -> str:
    """The pattern for a resource that holds this name and no other."""
    return "".join(f"\\{char}" if char in "\\*" else char for char in name)


def _with_path(wish: Ignore, path: str) -> Ignore:
    return replace(wish, where=f"{path}:{wish.where}")


def describe_lapse(wish: Ignore) -> str:
    """That the wish to ignore something has ended, or does not count."""
    return f"the ignore at {wish.where} {_OVERRULED if wish.overruled else f'ended on {wish.until}'}"
