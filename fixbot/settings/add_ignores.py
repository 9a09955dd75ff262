"""One more `ignore` in the text of a settings file: every byte that was there stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from fixbot.edit.change import Add, plan_rewrites, render_edits
from fixbot.edit.splice import splice_edits
from fixbot.edit.tree import CannotEdit, SyntaxProblem, Value
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Finding
from fixbot.settings import Settings
from fixbot.settings.read_settings import NAMES, is_null_node, parse_settings
from fixbot.settings.suppressions import Ignore, escape_name
from fixbot.syntax import load_grammar
from fixbot.text.globs import pattern_below

_LONGEST_SIMPLE = 200
_SPECIAL = re.compile(r"[*?[]")


def ignore_for_finding(finding: Finding, folder: str, reason: str, until: date | None = None) -> Ignore:
    """The wish to leave this finding alone; `folder` is where its path begins, seen from the settings."""
    path, resource = glob_for_path(f"{folder}{finding.path}"), escape_name(finding.resource)
    return Ignore(finding.rule, reason, path, resource, until)


def glob_for_path(path: str) -> str:
    """The glob that matches this path and no other."""
    plain = _SPECIAL.sub(r"[\g<0>]", path.replace("\\", "\\\\"))
    return plain if "/" in plain and not plain.startswith("!") else f"/{plain}"


def glob_below(folder: str) -> str:
    """The glob that matches all below this folder and nothing else; an empty one is the top."""
    return pattern_below(folder) if folder else "/**"


_SIMPLE = {
    "rule": re.compile(r"\A[a-z]+(-[a-z0-9]+)+"),
    "path": re.compile(r"\A(?=[^/]*/)[A-Za-z0-9_/][A-Za-z0-9_./-]*"),
    "resource": re.compile(r"\A[A-Za-z]+( [A-Za-z0-9][A-Za-z0-9_.-]*,?)+"),
    "reason": re.compile(r"\A[a-z]+( [a-z]+)+"),
}
"""Texts that YAML can take for nothing but themselves, wherever they stand for a whole value."""


def render_ignore_block(wishes: Iterable[Ignore]) -> str:
    """The text of a settings file that holds these wishes alone, read back unless it is beyond doubt.

    Raises CannotEdit as `add_ignores` does. Most names are plain words, for which no parser is loaded: a
    test holds that both ways write the same.
    """
    wanted = tuple(dict.fromkeys(wishes))
    entries = [_ignore_to_entry(each) for each in wanted]
    if all(_is_simple(name, text) for entry in entries for name, text in entry.items()):
        rows = [f"{name}: {text}" for entry in entries for name, text in entry.items()]
        return "".join(["ignore:\n", *(f"  {'- ' if row[:5] == 'rule:' else '  '}{row}\n" for row in rows)])
    return add_ignores("", wanted, NAMES[0])


def _is_simple(name: str, text: str) -> bool:
    return name in _SIMPLE and len(text) <= _LONGEST_SIMPLE and _SIMPLE[name].fullmatch(text) is not None


def add_ignores(text: str, wishes: Iterable[Ignore], name: str) -> str:
    """The text of the settings file `name` with these wishes as well, read back before it is handed out.

    Raises CannotEdit where that can't be done by adding bytes.
    """
    wanted = tuple(dict.fromkeys(wishes))
    try:
        after = _add_entries(text, wanted)
        read = {replace(each, where="") for each in parse_settings(Settings(), after, name).ignore}
    except SyntaxProblem as problem:
        raise CannotEdit(f"it can't be read ({problem.reason})") from None
    except FixbotError as error:
        raise CannotEdit(f"it would no longer be read ({error})") from None
    if not read.issuperset(wanted):
        raise CannotEdit("it would not say the same when it is read again")
    return after


def _add_entries(text: str, wishes: Iterable[Ignore]) -> str:
    roots = load_grammar("yaml").parse_text(text)
    if not roots or is_null_node(roots[0]):
        text += ("" if not text or text.endswith("\n") else "\n") + "ignore:\n"
        roots = load_grammar("yaml").parse_text(text)
    changes = [
        Add(roots[0], ("ignore",), dict[str, Value](_ignore_to_entry(each)), last=True) for each in wishes
    ]
    return splice_edits(text, render_edits(text, plan_rewrites(changes)))


def _ignore_to_entry(wanted: Ignore) -> dict[str, str]:
    until = wanted.until.isoformat() if wanted.until else ""
    words = {"rule": wanted.rule, "path": wanted.path, "resource": wanted.resource, "reason": wanted.reason}
    return {name: text for name, text in {**words, "until": until}.items() if text}
