"""`fixbot run --review`: the proposals one by one; each is taken, left, or never asked about again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from fixbot.cli.apply_patches import commit_branches, write_patches
from fixbot.cli.key_reader import KeyReader
from fixbot.cli.review_decisions import Verdict, VerdictKind, keep_taken, write_ignores
from fixbot.cli.rule_pages import render_page_lines
from fixbot.cli.show_report import closing_lines
from fixbot.proposal.pull_request_text import render_headline, render_proposal
from fixbot.report import text
from fixbot.report.diffs import paint_diff
from fixbot.report.style import format_count
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fixbot.checkout import Checkout
    from fixbot.cli.apply_patches import AppliedChanges
    from fixbot.cli.review_decisions import Again
    from fixbot.cli.show_report import ReportContext
    from fixbot.cli.terminal import Terminal
    from fixbot.model.findings import Proposal, Report
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
    keys: KeyReader
    decided: dict[int, Verdict] = field(default_factory=dict)

    def collect_verdicts(self) -> dict[int, Verdict]:
        """Ask about every proposal. Raises KeyboardInterrupt where nothing is to be done."""
        self._print_lines(text.summarize_run(self.report), "")
        try:
            self._walk_proposals()
        except EOFError:
            self._confirm_end(KeyboardInterrupt())
        except KeyboardInterrupt as end:
            if end.args:  # a signal that ends the program, whatever anyone says
                raise
            self._confirm_end(end)
        return self.decided

    def _walk_proposals(self) -> None:
        proposals = self.report.proposals
        at = 0
        while at < len(proposals):
            self._print_lines(*self._render_proposal_page(at))
            at = self._ask_about(at)

    def _ask_about(self, at: int) -> int:
        """Ask about one proposal until there is an answer; returns the place of the next."""
        last = len(self.report.proposals)
        while True:
            match self._read_answer(at):
                case "y" | "n" as key:
                    self.decided[at] = Verdict(VerdictKind.TAKE if key == "y" else VerdictKind.LEAVE)
                    return at + 1
                case "i" if (never := self._ask_for_reason()) is not None:
                    self.decided[at] = never
                    return at + 1
                case "a":
                    self.decided[at] = Verdict(VerdictKind.TAKE)
                    self.decided = dict.fromkeys(range(last), Verdict(VerdictKind.TAKE)) | self.decided
                    return last
                case "q":
                    return last
                case "b":
                    return max(at - 1, 0)
                case key:
                    self._print_lines(*self._show_detail(key, self.report.proposals[at]))

    def _show_detail(self, key: str, proposal: Proposal) -> Iterator[str]:
        """What a key asks to see."""
        style = self.terminal.style
        match key:
            case "d":
                whole = replace(style, most=None)
                yield from paint_diff(proposal.diff, whole, "     ", len(proposal.paths))
            case "t":
                words = render_proposal(proposal)
                page = "\n".join(map(escape_hidden, _HTML.sub("", words.body).split("\n")))
                yield from render_page_lines(f"# {escape_hidden(words.title)}\n\n{page}", style)
            case "e":
                for concern in proposal.story.concerns:
                    fixer = self.fixers[concern.rule]
                    yield from render_page_lines(
                        fixer.page or f"# {fixer.heading}\n\nThis rule has no page.", style
                    )
            case "?":
                yield from (f"  {letter}  {says}" for letter, says in HELP.items())

    def _read_answer(self, at: int) -> str:
        """A key of HELP."""
        style = self.terminal.style
        before = f" ({self.decided[at].word.value} so far)" if at in self.decided else ""
        question = f"({at + 1} of {len(self.report.proposals)}) Take it?{before} [{','.join(HELP)}]"
        while True:
            self.terminal.print_out(f"{style.paint_bold(question)} ")
            given = self.keys.read_key()
            if self.keys.single:
                self._print_lines(given)
            key = WORDS.get(given.lower(), given) if not self.keys.single or given == "k" else given
            if key in HELP:
                return key
            if given:
                self._print_lines(f"{escape_hidden(given)!r} is none of the keys; ? lists them")

    def _ask_for_reason(self) -> Verdict | None:
        """The reason, and until when; None where no reason was given."""
        self.terminal.print_out("Why not? The reason goes into .fixbot.yml (Enter alone: decide again): ")
        reason = self.keys.read_line()
        while reason:
            self.terminal.print_out("Until which day, as YYYY-MM-DD? (Enter alone: for good): ")
            given = self.keys.read_line()
            try:
                return Verdict(VerdictKind.NEVER, reason, date.fromisoformat(given) if given else None)
            except ValueError:
                self._print_lines(f"{escape_hidden(given)!r} is no date")
        return None

    def _confirm_end(self, end: KeyboardInterrupt) -> None:
        """After Ctrl-C or Ctrl-D: what was decided counts only if that is said. Raises `end` otherwise."""
        words = [each.word for each in self.decided.values()]
        taken, never = words.count(VerdictKind.TAKE), words.count(VerdictKind.NEVER)
        self._print_lines("")
        if taken or never:
            question = f"Stopped. Write what is decided so far ({taken} taken, {never} never)? [y,n] "
            try:
                self.terminal.print_out(question)
                given = self.keys.read_key()
            except (EOFError, KeyboardInterrupt) as again:
                if again.args:
                    raise
                given = ""
            self._print_lines(given)
            if given in {"y", "yes"}:
                return
        self._print_lines("Nothing was written.")
        raise end

    def _render_proposal_page(self, at: int) -> Iterator[str]:
        """What a decision needs: where, the diff, what changes at run time, steps, why."""
        proposal, style = self.report.proposals[at], self.terminal.style
        by_id = {finding.id: finding for finding in self.report.findings}
        yield from list(text.render_proposal(at + 1, proposal, by_id, style, more="d shows all of it"))[:-1]
        for concern in proposal.story.concerns:
            fixer = self.fixers[concern.rule]
            why = fixer.section("Why").partition("\n\n")[0] or fixer.heading
            yield from style.wrap_text(f"Why: {why}", "   ")
        yield ""

    def _print_lines(self, *lines: str) -> None:
        self.terminal.print_out("".join(f"{line}\n" for line in lines))


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """What a review works with. `home` is where the settings file is, or would be looked for."""

    checkout: Checkout
    home: Path
    terminal: Terminal
    environment: Mapping[str, str]
    again: Again


def review_proposals(all_of_it: ReportContext, desk: ReviewDesk) -> AppliedChanges:
    """Ask about every proposal, do what was said, and say what was done."""
    report, terminal = all_of_it.report, desk.terminal
    fixers = {fixer.name: fixer for fixer in all_of_it.fixers}
    with KeyReader(desk.environment) as keys:
        decided = Review(report, fixers, terminal, keys).collect_verdicts()
    chosen = [at for at, verdict in decided.items() if verdict.word is VerdictKind.TAKE]
    branch = all_of_it.options.branch
    narrowed, problems = keep_taken(report, chosen, None if branch else desk.again)
    terminal.clear_progress()
    done = commit_branches(desk.checkout, narrowed) if branch else write_patches(desk.checkout, narrowed)
    added = write_ignores(desk.checkout, desk.home, report, decided)
    failures = (*problems, *done.failures, *added.failures)
    options = replace(all_of_it.options, write=not branch)
    lines = [*describe_verdicts(report, decided), *added.said]
    if chosen:
        lines += closing_lines(replace(all_of_it, report=narrowed, options=options, deeds=done))
    terminal.print_out("".join(f"{line}\n" for line in lines))
    return replace(done, failures=failures)


def describe_verdicts(report: Report, decided: Mapping[int, Verdict]) -> Iterator[str]:
    """The verdicts in words, the proposals that were left only as a number."""
    for said in (VerdictKind.TAKE, VerdictKind.NEVER):
        for at, verdict in sorted(decided.items()):
            if verdict.word is said:
                until = f" (until {verdict.until})" if verdict.until else ""
                reason = f": {escape_hidden(verdict.reason)}{until}" if verdict.reason else ""
                title = escape_hidden(render_headline(report.proposals[at].story))
                yield f"  {said.value}  {at + 1}  {title}{reason}"
    left = len(report.proposals) - sum(each.word is not VerdictKind.LEAVE for each in decided.values())
    if left:
        yield f"  left   {format_count(left, 'proposal')}, offered again by the next run"
