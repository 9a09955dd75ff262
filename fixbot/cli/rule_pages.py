"""`fixbot rules` and `fixbot explain`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from fixbot.cli.effective_settings import narrow_to_framework, read_checkout_settings
from fixbot.cli.options import Options
from fixbot.cli.terminal import Terminal
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Safety
from fixbot.report.style import TerminalStyle
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.rules.topics import TOPICS
from fixbot.settings.loosened import running_rules
from fixbot.settings.suppressions import explain_unknown_rule
from fixbot.text.characters import write_json

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def list_rules(options: Options, environment: Mapping[str, str], *, as_json: bool) -> int:
    """Print all rules, or those of a framework, and which are on in this folder; returns the exit code."""
    fixers = load_rules()
    settings = read_checkout_settings(replace(options, framework=""), fixers)
    on = frozenset(running_rules(settings, settings.known_rules))
    names = narrow_to_framework(settings.known_rules, options.framework, fixers)
    shown = [each for each in fixers if each.name in names]
    terminal = Terminal(environment)
    terminal.print_out(
        _render_rules_json(shown, on) if as_json else _render_rule_lines(shown, on, terminal.style)
    )
    return 0


def show_page(rule: str, environment: Mapping[str, str]) -> int:
    """Print a rule's page; returns the exit code. Raises FixbotError for a rule that isn't there."""
    known = {fixer.name: fixer for fixer in load_rules()}
    if rule not in known:
        raise FixbotError(explain_unknown_rule(rule, known))
    fixer = known[rule]
    page = fixer.page or f"# {fixer.heading}\n\nThis rule has no page.\n"
    terminal = Terminal(environment)
    lines = render_page_lines(page, terminal.style) if terminal.style.colour else [page.rstrip("\n")]
    terminal.print_out("\n".join(lines) + "\n")
    return 0


def _render_rule_lines(fixers: Iterable[Rule], on: Collection[str], style: TerminalStyle) -> str:
    """A line for each, those of a topic together, in the topics' order."""
    order = list(TOPICS)
    rows = [
        (
            each.name,
            each.severity.label,
            each.safety.value,
            "on" if each.name in on else "off",
            each.topic_of(),
            each.heading,
        )
        for each in sorted(fixers, key=lambda one: (order.index(one.topic_of()), one.name))
    ]
    wide = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
    return "".join(
        f"{style.paint_bold(name.ljust(wide[0]))}  "
        f"{style.paint_severity(severity, severity.ljust(wide[1]))}  "
        f"{safety.ljust(wide[2])}  {runs.ljust(wide[3])}  {topic.ljust(wide[4])}  {title}\n"
        for name, severity, safety, runs, topic, title in rows
    )


def _render_rules_json(fixers: Iterable[Rule], on: Collection[str]) -> str:
    rows = [
        {
            "name": each.name,
            "title": each.heading,
            "topic": each.topic if isinstance(each.topic, str) else dict(each.topic),
            "severity": each.severity.label,
            "safety": each.safety.value,
            "fixes": each.safety is not Safety.MANUAL,
            "dialects": list(each.dialects),
            "profiles": list(each.profiles),
            "on": each.name in on,
            "off_without": each.off_without or None,
            "controls": {name: list(ids) for name, ids in each.controls.items()},
            "since": each.since,
        }
        for each in fixers
    ]
    return write_json({"rules": rows}, indent=2) + "\n"


def render_page_lines(page: str, style: TerminalStyle) -> Iterator[str]:
    """A Markdown page for a terminal: no marks, colour where they were."""
    fence = ""
    for line in page.rstrip("\n").split("\n"):
        if mark := re.match(r"\s*(`{3,}|~{3,})", line):
            if not fence:
                fence = mark[1]
            elif line.strip() == fence:
                fence = ""
            continue
        if fence:
            yield "    " + (style.paint_diff_line(line) if line[:1] in "+-@" else line)
        elif line.startswith("#"):
            yield style.paint_bold(line.lstrip("# "))
        else:
            linked = _LINK.sub(r"\1 (\2)", line)
            yield _BOLD.sub(lambda found: style.paint_bold(found[1]), linked).replace("`", "")
