"""How a repository words the subjects of its commits, so that ours look like them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

Style = Literal["auto", "conventional", "gitmoji", "plain"]
LOCK_CODE, LOCK = ":lock:", "\N{LOCK}"
"""What gitmoji.dev has for security, as a code and as a character, without the selector that nobody sees."""
OWN = "Fixbot-Key:"
"""The trailer by which commits of ours are known."""

_TYPES = "build|chore|ci|docs?|feat|feature|fix|hotfix|perf|refactor|sec|security|style|tests?|wip"
_CONVENTIONAL = re.compile(rf"(?P<kind>{_TYPES})(?:\((?P<scope>[^()]+)\))?!?: +(?P<rest>\S.*)", re.IGNORECASE)
_AREA = re.compile(r"(?P<scope>[\w./*{},-]+(?:, [\w./*{},-]+)*): (?P<rest>\S.*)")
_BRACKET = re.compile(r"\[(?P<scope>[^\]]+)\]:? +(?P<rest>\S.*)")
_EMOJI = re.compile(
    r"(?P<emoji>:[a-z0-9_+-]+:|[\u2190-\u2bff\u3030\U0001f000-\U0001faff][\u200d\ufe0f\u2190-\u2bff\U0001f000-\U0001faff]*)"
    r"\s*(?P<rest>\S.*)"
)
_TICKET = re.compile(r"(?:\[[A-Z][A-Z0-9]*-\d+\]:?|[A-Z][A-Z0-9]*-\d+:?|\[?#\d+\]?:?)\s+(?=\S)")
_NUMBER = re.compile(r"(?<!\s)\s*+\(#\d+\)$")
_NOT_OURS = re.compile(
    r"""merge\b|revert\b|fixup!|squash!|initial\ commit$|v?\d+\.\d+(?:\.\d+)?\S*$|\[pre-commit\.ci\]
    |(?:\w+\([^)]*deps[^)]*\)|deps)!?:
    |(?:[^:]*:[ ]*)?(?:bump|pin)\b.*\b(?:from|to|version)\b
    |(?:[^:]*:[ ]*)?update[ ](?:dependency|module|all)\b
    |(?:[^:]*:[ ]*)?update[ ]\S+[ ](?:(?:docker|orb|action)[ ])?(?:tag|digest|to[ ]v?\d)
    |(?:[^:]*:[ ]*)?lock[ ]file[ ]maintenance""",
    re.IGNORECASE | re.VERBOSE,
)
_GUARD = re.compile(r"secur|vulnerab|\bcve\b|harden|secret|privileg|least|permission", re.IGNORECASE)
_SCOPE = re.compile(r"[\w.-]{1,40}")
_KNOWN = re.compile(r"[\w./*{},-]+")
"""A scope of one word, which in brackets or behind a type means nothing to anyone else."""


@dataclass(frozen=True, slots=True)
class CommitStyle:
    """How a title is worded: `emoji` first, then a type or an area as `form` has it, then the sentence.

    `scopes` are those that the history names; `always` says that most subjects have one.
    """

    form: Literal["plain", "conventional", "area", "bracket"] = "plain"
    emoji: str = ""
    kind: str = "fix"
    scopes: tuple[str, ...] = ()
    always: bool = False
    capital: bool = True
    period: bool = False

    def format_title(self, text: str, scope: str = "") -> str:
        """A title for `text`, a sentence without its period. `scope` is the folder that it is about."""
        head = self._title_head(scope)
        first = text[:1].upper() if self.capital or text[1:2].isupper() else text[:1].lower()
        words = f"{head}{first}{text[1:]}" + ("." if self.period and not text.endswith((".", "…")) else "")
        return f"{self.emoji} {words}" if self.emoji else words

    def _title_head(self, folder: str) -> str:
        scope = self._choose_scope(folder)
        match self.form:
            case "conventional":
                return f"{self.kind}({scope}): " if scope else f"{self.kind}: "
            case "area":
                return f"{scope}: " if scope else ""
            case "bracket":
                return f"[{scope}] " if scope in self.scopes else ""
            case _:
                return ""

    def _choose_scope(self, folder: str) -> str:
        """The name that the history has for the folder or for one above it; else the folder's own."""
        steps = folder.split("/") if folder else []
        spans = ("/".join(steps[a:b]) for b in range(len(steps), 0, -1) for a in range(b))
        known = next((span for span in spans if span in self.scopes and _KNOWN.fullmatch(span)), "")
        last = steps[-1] if steps and _SCOPE.fullmatch(steps[-1]) else ""
        return known or (last if self.always else "")


PLAIN = CommitStyle()


@dataclass(frozen=True, slots=True)
class _Subject:
    form: Literal["plain", "conventional", "area", "bracket"]
    emoji: str
    kind: str
    scope: str
    rest: str


def learn_style(messages: Sequence[str], style: Style = "auto") -> CommitStyle:
    """The habit that the last hundred or so commit messages show, or their subjects; the newest first.

    Merges, reverts, releases and updates by bots are left out, and so are commits of ours where a
    message is there whole. `style` overrules the history; how that style is written is still learnt.
    """
    if style == "plain":
        return PLAIN
    found = [_parse_subject(text) for text in map(_first_line, messages) if text]
    forms = Counter(each.form for each in found)
    form = "conventional" if style == "conventional" else _find_majority(forms, len(found)) or "plain"
    emoji = (
        _choose_emoji(found)
        if style != "conventional" or _is_mostly_true(bool(e.emoji) for e in found)
        else ""
    )
    if style == "gitmoji":
        emoji = emoji or _choose_lock(found)
    alike = [each for each in found if each.form == form]
    capital = form != "conventional" if not alike else _starts_with_capital(alike)
    scoped = form != "plain" and _is_mostly_true(bool(each.scope) for each in alike)
    habit = CommitStyle(
        form, emoji, capital=capital, period=_is_mostly_true(e.rest.endswith(".") for e in alike)
    )
    scopes = dict.fromkeys(each.scope for each in alike if each.scope)
    return replace(habit, kind=_choose_type(alike), scopes=tuple(scopes), always=scoped)


def _first_line(message: str) -> str:
    """The subject as far as it shows a habit, an empty string where it shows none of the people's."""
    line = _NUMBER.sub("", message.strip().partition("\n")[0].strip())
    line = line[found.end() :] if (found := _TICKET.match(line)) else line
    bare = found["rest"] if (found := _EMOJI.match(line)) else line
    return "" if OWN in message or _NOT_OURS.match(bare) else line


def _parse_subject(line: str) -> _Subject:
    emoji = ""
    if found := _EMOJI.fullmatch(line):
        emoji, line = found["emoji"], found["rest"]
    if found := _CONVENTIONAL.fullmatch(line):
        return _Subject("conventional", emoji, found["kind"], found["scope"] or "", found["rest"])
    if found := _BRACKET.fullmatch(line):
        return _Subject("bracket", emoji, "", found["scope"], found["rest"])
    if found := _AREA.fullmatch(line):
        return _Subject("area", emoji, "", found["scope"], found["rest"])
    return _Subject("plain", emoji, "", "", line)


def _find_majority(
    forms: Counter[Literal["plain", "conventional", "area", "bracket"]], total: int
) -> Literal["plain", "conventional", "area", "bracket"] | None:
    """The form of more than half, if there is one and it stands on more than one commit."""
    return next((form for form, count in forms.most_common(1) if count > 1 and count * 2 > total), None)


def _is_mostly_true(truths: Iterable[bool]) -> bool:
    listed = list(truths)
    return len(listed) > 1 and sum(listed) * 2 > len(listed)


def _choose_emoji(found: Sequence[_Subject]) -> str:
    return _choose_lock(found) if _is_mostly_true(bool(each.emoji) for each in found) else ""


def _choose_lock(found: Sequence[_Subject]) -> str:
    """The lock, as the history writes it or would write it."""
    used = [each.emoji for each in found if each.emoji]
    written = next((each for each in (e.rstrip("\ufe0f") for e in used) if each in (LOCK, LOCK_CODE)), "")
    codes = sum(each.startswith(":") for each in used)
    return written or (LOCK if codes * 2 < len(used) else LOCK_CODE)


def _choose_type(alike: Sequence[_Subject]) -> str:
    """The type for a repair of security: the one that says so, or that such commits had, or `fix`."""
    kinds = [each.kind for each in alike if each.kind]
    guarding = [each.kind for each in alike if each.kind and _GUARD.search(f"{each.scope} {each.rest}")]
    wanted = ("security", "sec")
    named = (kind for kind in kinds if kind.lower() in wanted)
    repairs = (kind for kind, _ in Counter(k for k in kinds if k.lower() == "fix").most_common())
    common = (kind for kind, _ in Counter(guarding).most_common())
    cased = ("Fix" if kinds and all(kind[:1].isupper() for kind in kinds) else "fix",)
    return next(chain(named, repairs, common, cased))


def _starts_with_capital(alike: Sequence[_Subject]) -> bool:
    letters = [each.rest[0] for each in alike if each.rest[:1].isalpha()]
    return sum(letter.isupper() for letter in letters) * 2 >= len(letters)
