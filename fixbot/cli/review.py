"""`fixbot run --review`: the proposals one by one; each is taken, left, or never asked about again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from fixbot.characters import shown
from fixbot.cli.deeds import branches, written
from fixbot.cli.keys import Keys
from fixbot.cli.pages import plainly
from fixbot.cli.show import closing
from fixbot.cli.verdicts import Verdict, Word, ignore, taken
from fixbot.report import text
from fixbot.report.diffs import painted
from fixbot.report.style import count
from fixbot.wording import headline, word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fixbot.checkout import Checkout
    from fixbot.cli.deeds import Deeds
    from fixbot.cli.show import Shown
    from fixbot.cli.terminal import Terminal
    from fixbot.cli.verdicts import Again
    from fixbot.model import Proposal, Report
    from fixbot.rules.rule import Rule

HELP = {
    "y": "take it",
    "n": "leave it; the next run offers it again",
    "i": "never: ignore it from now on, with a reason, in .fixbot.yml",
    "a": "take it, and all that is not decided yet",
    "q": "stop here; what is not decided is left",
    "b": "go back to the one before",
    "d": "show the whole diff",
    "t": "show the whole text, as a pull request has it",
    "e": "explain: show the rule's page",
    "?": "show this help",
}
WORDS = {
    "yes": "y", "take": "y", "no": "n", "leave": "n", "never": "i", "ignore": "i", "all": "a", "quit": "q",
    "back": "b", "k": "b", "diff": "d", "text": "t", "explain": "e", "help": "?", "h": "?",
}  # fmt: skip
_HTML = re.compile(r"</?(?:details|summary|sub)>")


@dataclass(slots=True)
class Review:
    """A walk through the proposals; `decided` are the verdicts so far, by the proposal's place."""

    report: Report
    fixers: Mapping[str, Rule]
    terminal: Terminal
    keys: Keys
    decided: dict[int, Verdict] = field(default_factory=dict)

    def verdicts(self) -> dict[int, Verdict]:
        """Ask about every proposal. Raises KeyboardInterrupt where nothing is to be done."""
        self._say(text.summary(self.report), "")
        try:
            self._walk()
        except EOFError:
            self._confirm(KeyboardInterrupt())
        except KeyboardInterrupt as end:
            if end.args:  # a signal that ends the program, whatever anyone says
                raise
            self._confirm(end)
        return self.decided

    def _walk(self) -> None:
        proposals = self.report.proposals
        at = 0
        while at < len(proposals):
            self._say(*self._page(at))
            at = self._step(at)

    def _step(self, at: int) -> int:
        """Ask about one proposal until there is an answer; returns the place of the next."""
        last = len(self.report.proposals)
        while True:
            match self._answer(at):
                case "y" | "n" as key:
                    self.decided[at] = Verdict(Word.TAKE if key == "y" else Word.LEAVE)
                    return at + 1
                case "i" if (never := self._never()) is not None:
                    self.decided[at] = never
                    return at + 1
                case "a":
                    self.decided[at] = Verdict(Word.TAKE)
                    self.decided = dict.fromkeys(range(last), Verdict(Word.TAKE)) | self.decided
                    return last
                case "q":
                    return last
                case "b":
                    return max(at - 1, 0)
                case key:
                    self._say(*self._shown(key, self.report.proposals[at]))

    def _shown(self, key: str, proposal: Proposal) -> Iterator[str]:
        """What a key asks to see."""
        style = self.terminal.style
        match key:
            case "d":
                whole = replace(style, most=None)
                yield from painted(proposal.diff, whole, "     ", len(proposal.paths))
            case "t":
                words = word(proposal)
                page = "\n".join(map(shown, _HTML.sub("", words.body).split("\n")))
                yield from plainly(f"# {shown(words.title)}\n\n{page}", style)
            case "e":
                for concern in proposal.story.concerns:
                    fixer = self.fixers[concern.rule]
                    yield from plainly(fixer.page or f"# {fixer.heading}\n\nThis rule has no page.", style)
            case "?":
                yield from (f"  {letter}  {says}" for letter, says in HELP.items())

    def _answer(self, at: int) -> str:
        """A key of HELP."""
        style = self.terminal.style
        before = f" ({self.decided[at].word.value} so far)" if at in self.decided else ""
        question = f"({at + 1} of {len(self.report.proposals)}) Take it?{before} [{','.join(HELP)}]"
        while True:
            self.terminal.out(f"{style.bold(question)} ")
            given = self.keys.key()
            if self.keys.single:
                self._say(given)
            key = WORDS.get(given.lower(), given) if not self.keys.single or given == "k" else given
            if key in HELP:
                return key
            if given:
                self._say(f"{shown(given)!r} is none of the keys; ? lists them")

    def _never(self) -> Verdict | None:
        """The reason, and until when; None where no reason was given."""
        self.terminal.out("Why not? The reason goes into .fixbot.yml (Enter alone: decide again): ")
        reason = self.keys.line()
        while reason:
            self.terminal.out("Until which day, as YYYY-MM-DD? (Enter alone: for good): ")
            given = self.keys.line()
            try:
                return Verdict(Word.NEVER, reason, date.fromisoformat(given) if given else None)
            except ValueError:
                self._say(f"{shown(given)!r} is no date")
        return None

    def _confirm(self, end: KeyboardInterrupt) -> None:
        """After Ctrl-C or Ctrl-D: what was decided counts only if that is said. Raises `end` otherwise."""
        words = [each.word for each in self.decided.values()]
        taken, never = words.count(Word.TAKE), words.count(Word.NEVER)
        self._say("")
        if taken or never:
            question = f"Stopped. Write what is decided so far ({taken} taken, {never} never)? [y,n] "
            try:
                self.terminal.out(question)
                given = self.keys.key()
            except (EOFError, KeyboardInterrupt) as again:
                if again.args:
                    raise
                given = ""
            self._say(given)
            if given in {"y", "yes"}:
                return
        self._say("Nothing was written.")
        raise end

    def _page(self, at: int) -> Iterator[str]:
        """What a decision needs: where, the diff, what changes at run time, steps, why."""
        proposal, style = self.report.proposals[at], self.terminal.style
        by_id = {finding.id: finding for finding in self.report.findings}
        yield from list(text.proposed(at + 1, proposal, by_id, style, more="d shows all of it"))[:-1]
        for concern in proposal.story.concerns:
            fixer = self.fixers[concern.rule]
            why = fixer.section("Why").partition("\n\n")[0] or fixer.heading
            yield from style.wrapped(f"Why: {why}", "   ")
        yield ""

    def _say(self, *lines: str) -> None:
        self.terminal.out("".join(f"{line}\n" for line in lines))


@dataclass(frozen=True, slots=True)
class Desk:
    """What a review works with. `home` is where the settings file is, or would be looked for."""

    checkout: Checkout
    home: Path
    terminal: Terminal
    environment: Mapping[str, str]
    again: Again


def reviewed(all_of_it: Shown, desk: Desk) -> Deeds:
    """Ask about every proposal, do what was said, and say what was done."""
    report, terminal = all_of_it.report, desk.terminal
    fixers = {fixer.name: fixer for fixer in all_of_it.fixers}
    with Keys(desk.environment) as keys:
        decided = Review(report, fixers, terminal, keys).verdicts()
    chosen = [at for at, verdict in decided.items() if verdict.word is Word.TAKE]
    branch = all_of_it.options.branch
    narrowed, problems = taken(report, chosen, None if branch else desk.again)
    terminal.clear()
    done = branches(desk.checkout, narrowed) if branch else written(desk.checkout, narrowed)
    added = ignore(desk.checkout, desk.home, report, decided)
    failures = (*problems, *done.failures, *added.failures)
    options = replace(all_of_it.options, write=not branch)
    lines = [*told(report, decided), *added.said]
    if chosen:
        lines += closing(replace(all_of_it, report=narrowed, options=options, deeds=done))
    terminal.out("".join(f"{line}\n" for line in lines))
    return replace(done, failures=failures)


def told(report: Report, decided: Mapping[int, Verdict]) -> Iterator[str]:
    """The verdicts in words, the proposals that were left only as a number."""
    for said in (Word.TAKE, Word.NEVER):
        for at, verdict in sorted(decided.items()):
            if verdict.word is said:
                until = f" (until {verdict.until})" if verdict.until else ""
                reason = f": {shown(verdict.reason)}{until}" if verdict.reason else ""
                title = shown(headline(report.proposals[at].story))
                yield f"  {said.value}  {at + 1}  {title}{reason}"
    left = len(report.proposals) - sum(each.word is not Word.LEAVE for each in decided.values())
    if left:
        yield f"  left   {count(left, 'proposal')}, offered again by the next run"
