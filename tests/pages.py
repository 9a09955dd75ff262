"""Reads a fixer's page: prose for people, whose fenced blocks are the fixer's tests.

Under `## Examples`, each `###` is one example: its ```diff <file> blocks are whole files, with what
goes and what comes. Other blocks with a file's name are files that stay as they are. Under
`## Left alone` each `###` (or each block) is an example that changes nothing; a line `> …` below a
block is part of a refusal's reason that must be given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^(`{3,})(\S+) +(\S+)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    title: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)


@dataclass
class Page:
    rule: str
    title: str
    headings: list[str]
    examples: list[Example]


def read_page(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    plain = re.sub(r"^(`{3,}).*?^\1[ \t]*$", "", text, flags=re.MULTILINE | re.DOTALL)
    title = re.search(r"^# (.+)$", plain, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", plain, re.MULTILINE)
    examples: list[Example] = []
    for heading in ("Examples", "Left alone"):
        for name, part in sections(section(text, heading)):
            example = Example(name or f"{heading} {len(examples) + 1}")
            for _, kind, file, body in _FENCE.findall(part):
                before, after = sides(body) if kind == "diff" else (body, body)
                if before is not None:
                    example.before[file] = before
                example.after[file] = after
            example.refusals = re.findall(r"^> (.+)$", _FENCE.sub("", part), re.MULTILINE)
            if example.after:
                examples.append(example)
    return Page(path.stem, title[1] if title else "", headings, examples)


def section(text: str, heading: str) -> str:
    _, found, rest = text.partition(f"\n## {heading}\n")
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""


def sections(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^### (.+)\n", text, flags=re.MULTILINE)
    return [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]


def sides(diff: str) -> tuple[str | None, str]:
    """Both texts of a whole-file diff; the first is None where every line is new."""
    lines = diff.splitlines(keepends=True)
    old = [line[1:] or "\n" for line in lines if not line.startswith("+")]
    new = [line[1:] or "\n" for line in lines if not line.startswith("-")]
    created = bool(lines) and all(line.startswith("+") for line in lines)
    return None if created else "".join(old), "".join(new)
