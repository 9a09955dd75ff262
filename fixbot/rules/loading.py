"""How the installed rules are found: modules of the packages that hold some. Nothing registers itself."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from typing import Final

from fixbot.model.errors import FixbotError
from fixbot.rules.rule import Rule, RuleProblem

API_VERSION: Final = 1
"""Of what `fixbot.rules` and `fixbot.lens` offer to rules; it rises when a rule that was right breaks."""
OWN_PACKAGE: Final = "fixers"
FIRST_VERSION: Final = "0.1"
"""Its rules run where settings were written before there was a profile to name."""
GROUP: Final = "fixbot.fixers"
"""The entry points by which other distributions name their packages of rules."""


class UnusableRules(FixbotError):
    """A package of rules can't be used; the message names the package, and what to do."""

    exit_code = 2


def load_rules() -> tuple[Rule, ...]:
    """Every rule of the package `fixers` and of those that other distributions name, by name.

    A module's rule is its variable `rule`; its name is the module's, with hyphens. Of two of one name the
    first counts, ours before all others. Raises UnusableRules.
    """
    found: dict[str, Rule] = {}
    for package in (OWN_PACKAGE, *sorted(point.value for point in entry_points(group=GROUP))):
        try:
            for rule in _rules_of(package):
                found.setdefault(rule.name, rule)
        except Exception as problem:  # whatever a stranger's module does when it is imported
            said = str(problem).partition("\n")[0] or type(problem).__name__
            where = _locate_problem(problem, package)
            raise UnusableRules(f"the rules of {package} can't be loaded: {where}{said}") from problem
    return tuple(found[name] for name in sorted(found))


def _rules_of(package: str) -> Iterator[Rule]:
    home = import_module(package)
    version = getattr(home, "FIXBOT_RULES_API", API_VERSION)
    if version != API_VERSION:
        raise RuleProblem(f"they are written for version {version} of the rules' API, this is {API_VERSION}")
    for module in pkgutil.iter_modules(home.__path__, f"{package}."):
        rule = getattr(import_module(module.name), "rule", None)
        if isinstance(rule, Rule):
            name = module.name.rpartition(".")[2].replace("_", "-")
            yield replace(rule, name=name, package=package.partition(".")[0])


def _locate_problem(problem: Exception, package: str) -> str:
    """`their_rules/one.py, line 3: `, the innermost place of the package that led there."""
    steps = [(step.filename, step.lineno or 0) for step in extract_tb(problem.__traceback__)]
    if isinstance(problem, SyntaxError) and problem.filename:
        steps.append((problem.filename, problem.lineno or 0))
    for filename, line in reversed(steps):
        path = Path(filename)
        if package.partition(".")[0] in path.parts[-3:-1]:
            return f"{path.parent.name}/{path.name}, line {line}: "
    return ""
