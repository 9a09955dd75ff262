"""Reads a step's output as GitHub's runner does: commands where a line begins, older ones anywhere in it.

Source: actions/runner, ActionCommand.cs and ActionCommandManager.cs (what they do, not their text).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NEW = re.compile(r"\s*::(?P<name>[^\s:]+)(?:\s+(?P<fields>.*?))?::(?P<data>.*)")
_OLD = re.compile(r"##\[(?P<name>[^\s\]]+)(?:\s+(?P<fields>[^\]]*))?\](?P<data>.*)")
KNOWN = frozenset(("add-mask", "error", "warning", "notice", "debug", "group", "endgroup", "stop-commands",
                   "set-output", "set-env", "add-path", "save-state", "echo", "add-matcher"))  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A command that the runner took."""

    name: str
    fields: dict[str, str]
    data: str


@dataclass
class Log:
    """What the runner makes of the output: the commands that it took, and the text that people see."""

    commands: list[Said] = field(default_factory=list)
    text: str = ""
    leaks: list[str] = field(default_factory=list)
    """Secrets that were printed before they were masked."""

    def of(self, *names: str) -> list[Said]:
        return [each for each in self.commands if each.name in names]


def read(output: str, secrets: tuple[str, ...] = ()) -> Log:
    """`secrets` are looked for in what is shown, line by line."""
    log, masks, stopped = Log(), list[str](), ""
    for line in output.replace("\r\n", "\n").split("\n"):
        if stopped:
            if line.strip() == f"::{stopped}::":
                stopped = ""
                continue
        elif (said := _command(line)) is not None:
            if said.name == "stop-commands":
                stopped = said.data
            elif said.name == "add-mask":
                masks.append(said.data)
            log.commands.append(said)
            continue
        shown = line
        for mask in masks:
            shown = shown.replace(mask, "***")
        log.leaks += [secret for secret in secrets if secret in shown]
        log.text += f"{shown}\n"
    return log


def _command(line: str) -> Said | None:
    for form, more in ((_NEW, ((":", "%3A"), (",", "%2C"))), (_OLD, (("]", "%5D"), (";", "%3B")))):
        found = form.match(line) if form is _NEW else form.search(line)
        if found is not None and found["name"].lower() in KNOWN:
            pairs = (pair.partition("=") for pair in re.split("[,;]", found["fields"] or "") if "=" in pair)
            fields = {name.strip(): _plain(value, more) for name, _, value in pairs}
            return Said(found["name"].lower(), fields, _plain(found["data"]))
    return None


def _plain(text: str, more: tuple[tuple[str, str], ...] = ()) -> str:
    for letter, code in (*more, ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        text = text.replace(code, letter)
    return text
