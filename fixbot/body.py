"""A proposal's text, for a tired reviewer: what changes, what to try, why; the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fixbot import __version__
from fixbot.story import Concern, Nearby, Row, Story

LONGEST = 58_000
"""Characters. GitHub refuses longer bodies than 65,536, and has been seen to refuse shorter ones."""
_SENTENCE = re.compile(r"(?:[^.`]|\.(?! [A-Z(])|`[^`]*`)+\.?")
_MOST_ROWS = 40
_MOST_LINES = 8


def notes(story: Story) -> tuple[str, ...]:
    """The essentials for a terminal: effect, what is not known, commands, steps."""
    fixes = story.rows
    lines = [*_some(fix.effect for fix in fixes), *_some(fix.unknown for fix in fixes)]
    lines += [f"  {command}" for command in _some((c for fix in fixes for c in fix.commands), most=2)]
    lines += [
        f"Before merging: {step}" for step in _some(_first(s) for fix in fixes for s in fix.steps_before)
    ]
    lines += [f"After merging: {step}" for step in _some(_first(s) for fix in fixes for s in fix.steps_after)]
    return tuple(lines)


def _first(step: str) -> str:
    """The first sentence of a step; the pull request has all of it."""
    line = step.partition("\n")[0]
    found = _SENTENCE.match(line)
    return found[0] if found else line


def body(story: Story, rule: str, key: str, *, links: str = "", marker: str = "", opening: str = "") -> str:
    """The Markdown text of a pull request, at most LONGEST characters, cut at a heading with a note."""
    fixes = story.rows
    sections = [
        opening,
        _notice(fixes),
        "\n\n".join(filter(None, map(_why, story.concerns))),
        _try(fixes),
        _table(story.rows, links),
        _worth_knowing(fixes),
        _steps("Before merging", (step for fix in fixes for step in fix.steps_before)),
        _steps("After merging", (step for fix in fixes for step in fix.steps_after)),
        _folded("What was checked", _checked(len(story.rows))),
        _folded("Left alone nearby", _nearby(story.nearby)),
        _folded("The threat", "\n\n".join(each.threat for each in story.concerns if each.threat)),
        _folded("Saying no", _no(story)),
        _footer(story.rows, rule, key),
    ]
    return _cut([section for section in sections if section], marker)


def _notice(fixes: Sequence[Row]) -> str:
    """One effect in a sentence behind the heading, several in a list."""
    effects, rollout = _some(fix.effect for fix in fixes), " ".join(_some(fix.rollout for fix in fixes))
    if len(effects) < 2:
        return " ".join(["**What you will notice.**", *effects, *([rollout] if rollout else [])])
    listed = "\n".join(f"- {effect}" for effect in effects)
    return f"**What you will notice.** {rollout}".rstrip() + f"\n\n{listed}"


def _why(concern: Concern) -> str:
    why = concern.why.split("\n\n")[0].replace("\n", " ")
    return f"**Why.** {why}" if why else ""


def _some(texts: Iterable[str], most: int = _MOST_LINES) -> list[str]:
    """Each text once, the first `most`, and how many more there are."""
    unique = list(dict.fromkeys(text for text in texts if text))
    rest = len(unique) - most
    return unique[:most] + ([f"({rest} more of this kind, in the table or the files.)"] if rest > 0 else [])


def _try(fixes: Sequence[Row]) -> str:
    unknown = _some(fix.unknown for fix in fixes)
    several = list(dict.fromkeys(fix.commands for fix in fixes if fix.commands))[:4]
    commands = list(dict.fromkeys(command for commands in several for command in commands))
    text = "**Not known.** " + " ".join(unknown) if unknown else ""
    if commands:
        text += "\n\n```sh\n" + "\n".join(commands) + "\n```"
    return text.strip()


def _worth_knowing(fixes: Sequence[Row]) -> str:
    listed = _some(note for fix in fixes for note in fix.notes)
    return "**Worth knowing.**\n\n" + "\n".join(f"- {note}" for note in listed) if listed else ""


def _table(rows: Sequence[Row], links: str) -> str:
    lines = ["| | before | after |", "|---|---|---|"]
    for row in rows[:_MOST_ROWS]:
        place = f"[{code(row.resource)}]({links}{link(row.path, row.line)})"
        lines.append(f"| {place} | {_cell(row.before)} | {_cell(row.after)} |")
    if len(rows) > _MOST_ROWS:
        lines.append(f"| {len(rows) - _MOST_ROWS} more | | |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """A text from a file as a code span: neither Markdown nor a mention in it counts."""
    line = " ".join(text.replace("|", "\\|").split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def link(path: str, line: int) -> str:
    """A place in a file as a link relative to the repository's root."""
    return f"{quote(path, errors='surrogateescape')}#L{line}"


def _steps(heading: str, steps: Iterable[str]) -> str:
    listed = _some(steps)
    return (
        f"**{heading}.**\n\n" + "\n".join(f"{n}. {step}" for n, step in enumerate(listed, 1))
        if listed
        else ""
    )


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>" if text else ""


def _checked(count: int) -> str:
    found = "1 finding fewer" if count == 1 else f"{count} findings fewer"
    return (
        "- Only the lines of the diff changed; everything else is the same byte for byte.\n"
        "- The files parse, and as data they differ in nothing but the fix.\n"
        "- What the result says is valid wherever it was valid before.\n"
        f"- Scanned again after the change: {found}, none new. A second run changes nothing."
    )


def _nearby(findings: Sequence[Nearby]) -> str:
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        reasons.setdefault(finding.reason, []).append(finding.resource)
    lines = []
    for reason, resources in list(reasons.items())[:10]:
        names = ", ".join(code(name) for name in resources[:5]) + (" …" if len(resources) > 5 else "")
        lines.append(f"- {names}: {reason}")
    return "\n".join(lines)


def _no(story: Story) -> str:
    path = story.rows[0].path
    return (
        "Close this pull request and it will not be asked again for these findings. To say no for good, with "
        "a reason that others can read, put into `.fixbot.yml`:\n\n"
        f"```yaml\nignore:\n  - rule: {story.rows[0].rule}\n    path: {path}\n    reason: why not\n```\n\n"
        "Your own commits on this branch are safe: fixbot stops touching it."
    )


def _footer(rows: Sequence[Row], rule: str, key: str) -> str:
    controls = " · ".join(dict.fromkeys(c for row in rows for c in row.controls))
    mark = f"<sub>fixbot {__version__} · {rule} · key {key}</sub>"
    return f"{controls} — {mark}" if controls else mark


def _cut(sections: Sequence[str], marker: str) -> str:
    note = (
        "\n\n*(Cut here: the rest would be longer than a pull request may be. `fixbot run` shows all of it.)*"
    )
    end = f"\n\n{marker}" if marker else ""
    text = "\n\n".join(sections) + end
    kept = list(sections)
    while len(text) > LONGEST and len(kept) > 1:
        kept.pop()
        text = "\n\n".join(kept) + note + end
    return text if len(text) <= LONGEST else text[: LONGEST - len(note + end)] + note + end
