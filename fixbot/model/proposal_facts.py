"""What a proposal's words are made of: plain data, so that title and text can be written late.

Only whoever publishes knows where links must point and how a repository words its titles; and a story must
outlive the process and the files that it came from, in another process or in the next run.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Final

from fixbot.model.foreign_findings import CitedSource
from fixbot.text import command, step
from fixbot.text.command import Command
from fixbot.text.step import Step

_PART: Final = re.compile(r"(`[^`]+`) of (\S.*`)")
"""A container and its workload."""
_KIND: Final = re.compile(r"((?!.* of )[A-Za-z][A-Za-z0-9 ]*[a-z]) (`[^`]+`)")
"""What a thing is, in a noun that gets its plural at the end, and its name."""
_PRONOUN: Final = re.compile(r"\b(it|itself|they|them|these|this|those)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\{([a-z ]{1,40})\|([a-z ]{1,40})\}")
"""Words for one name and for several: `{gives its|give their}`."""


NOTHING: Final = "Nothing: "
NOBODY: Final = "Nobody: "


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """What a fixer says of all its findings.

    Titles with `{subject}`, or `{count}` and `{folder}`; the section of its page on the threat. `topic` is
    what the findings belong together with.
    """

    rule: str
    one: str
    many: str
    threat: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixWords:
    """What the reader of a fix is told.

    All texts are plain Markdown sentences; none may hold a secret's value, length or hash.
    `before` and `after` are the cells of the proposal's table. `gist` says what changes, in one sentence
    with the reader's names; `effect` is what will be noticed at run time, `rollout` when that begins. `why`
    is the attack as it is possible here, in two sentences. In `gist`, `why` and `unknown` stands `{who}`
    for `who`, or for the names of several that are repaired alike: `may` and `can` go with both.
    `unknown` is what could not be known, `commands` how to find out. `steps_before` and `steps_after` are
    what a person does before and after merging.
    `restarts`, `access` and `undo` are the evidence that is computed for each: what is replaced or goes down,
    who can no longer do what they did, how to go back. In them `{who}` stands for `whole`, the thing that is
    deployed: the task, policy or resource. They begin with NOTHING and NOBODY where that is so; a second line
    of `undo` is what a revert does not bring back.
    """

    who: str = ""
    before: str = ""
    after: str = ""
    gist: str = ""
    why: str = ""
    effect: str = ""
    rollout: str = ""
    unknown: str = ""
    commands: tuple[Command, ...] = ()
    steps_before: tuple[Step, ...] = ()
    steps_after: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    whole: str = ""
    restarts: str = ""
    access: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class FixedFinding(FixWords):
    """One finding and what is said of its fix; `line` counts from 1."""

    id: str
    rule: str
    path: str
    line: int
    resource: str
    subject: str
    controls: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """What was checked of the fix: names of `Checks`, or of programs that had nothing to say against it."""


class Checks:
    """What is checked of the fixes in a file; one that had nothing to look at was not made."""

    BYTES: Final = "bytes"
    DATA: Final = "data"
    NEW_FILES: Final = "new files"
    VALID: Final = "valid"
    POLICIES: Final = "policies"
    AGAIN: Final = "again"


@dataclass(frozen=True, slots=True)
class SkippedFinding:
    """A finding of the same rule in the same folder that was left alone."""

    path: str
    line: int
    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """All that a proposal's texts are made of.

    `apart` is the folder or file that sets its title off from others of the same words. `topic` is the
    gravest one of its concerns, or `all`. `cited` are the findings from outside that it resolves, the gravest
    first; a run that was given any adds them at its end.
    """

    concerns: tuple[RuleSummary, ...]
    rows: tuple[FixedFinding, ...]
    nearby: tuple[SkippedFinding, ...] = ()
    apart: str = ""
    topic: str = ""
    cited: tuple[CitedSource, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the findings, in order; an empty string for the top."""
        return tuple(sorted({posixpath.dirname(row.path) for row in self.rows}))


def part_of(story: ProposalFacts, findings: Collection[str]) -> ProposalFacts:
    """What a story says of some of its findings; nothing of what was left alone nearby."""
    rows = tuple(row for row in story.rows if row.id in findings)
    rules = {row.rule for row in rows}
    concerns = tuple(each for each in story.concerns if each.rule in rules)
    return ProposalFacts(concerns, rows, (), story.apart, story.topic)


def merge_sentences(
    rows: Iterable[FixedFinding], texts: Callable[[FixedFinding], Iterable[str]]
) -> list[str]:
    """What is said of the rows, once each: where several differ by `who` alone, with the names of all.

    Names are said once: a sentence about the same as the one before says `it` or `these`.

    `{gives|give}` is the first for one name and the second for several.
    """
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        for said in filter(None, texts(row)):
            names.setdefault(said, {})[row.who] = None
    sentences: list[str] = []
    before: list[str] = []
    for said, every in names.items():
        named = list(every)
        sentences.append(fill_names(said, named, again=named == before))
        before = named
    return sentences


def fill_names(said: str, names: Sequence[str], *, again: bool = False) -> str:
    """The sentence with names; a pronoun where the one before names the same and it can mean nothing else."""
    said = _NUMBER.sub(r"\1" if len(names) < 2 else r"\2", said)
    clear = len(names) < 2 and "of {who}" not in said and _PRONOUN.search(said) is None
    pronoun = again and (said.startswith("{who}") or clear)
    text = said.replace("{who}", ("it" if len(names) < 2 else "these") if pronoun else join_names(names))
    return text[:1].upper() + text[1:] if said.startswith("{who}") else text


def join_names(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, c and 7 more`; parts of one whole, and things of one kind, name these once.

    `app` of Deployment `web` and `proxy` of Deployment `web` are `app` and `proxy` of Deployment `web`; S3
    bucket `a` and S3 bucket `b` are S3 buckets `a` and `b`.
    """
    if len(names) < 2:
        return "".join(names)
    shown, rest = (list(names), 0) if len(names) < 5 else (list(names[:3]), len(names) - 3)
    wholes = {part[2] for name in names if (part := _PART.fullmatch(name))}
    parts = [_PART.fullmatch(_name_part(name) if name in wholes else name) for name in names]
    if len({part and part[2] for part in parts}) == 1 and parts[0] is not None:
        of = f" of {parts[0][2]}"
        return _join_words([part[1] for part in parts[: len(shown)] if part], rest) + of
    kinds = [_KIND.fullmatch(name) for name in names]
    if len({kind and kind[1] for kind in kinds}) == 1 and kinds[0] is not None:
        words = [kind[2] for kind in kinds[: len(shown)] if kind]
        return f"{pluralize(kinds[0][1])} {_join_words(words, rest)}"
    return _join_words(shown, rest)


def _name_part(whole: str) -> str:
    """The container that is called like its workload, with both their names."""
    return f"{whole[whole.index('`') :]} of {whole}"


def _join_words(words: Sequence[str], rest: int) -> str:
    *first, last = [*words, f"{rest} more"] if rest else words
    return f"{', '.join(first)} and {last}"


def pluralize(noun: str) -> str:
    """The plural of a noun of English: `policies`, `Ingresses`, `databases of a cluster`."""
    noun, of, whole = f"{noun} ".partition(" of ")
    noun, rest = noun.rstrip(), f"{of}{whole}".rstrip()
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies{rest}"
    return f"{noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}{rest}"


def pack_facts(story: ProposalFacts) -> list[Any]:
    """The story as what JSON can hold."""
    rows = [[_pack_value(getattr(row, each.name)) for each in fields(row)] for row in story.rows]
    return [
        list(map(astuple, story.concerns)),
        rows,
        list(map(astuple, story.nearby)),
        story.apart,
        story.topic,
    ]


def _pack_value(value: Any) -> Any:
    match value:
        case Command():
            return command.pack_command(value)
        case Step():
            return step.pack_step(value)
        case tuple():
            return [_pack_value(each) for each in value]
    return value


def unpack_facts(value: Sequence[Any]) -> ProposalFacts:
    """The story that was packed. Raises LookupError, TypeError or ValueError for anything else."""
    concerns, rows, nearby, apart, topic = value
    return ProposalFacts(
        tuple(RuleSummary(*each) for each in concerns),
        tuple(_unpack_row(*each) for each in rows),
        tuple(SkippedFinding(*each) for each in nearby),
        apart,
        topic,
    )


def _unpack_row(*values: Any) -> FixedFinding:
    names = (each.name for each in fields(FixedFinding))
    row = FixedFinding(**dict(zip(names, values, strict=True)))
    return replace(
        row,
        controls=tuple(row.controls),
        commands=tuple(map(command.unpack_command, row.commands)),  # type: ignore[arg-type]
        steps_before=tuple(map(step.unpack_step, row.steps_before)),  # type: ignore[arg-type]
        steps_after=tuple(map(step.unpack_step, row.steps_after)),  # type: ignore[arg-type]
        notes=tuple(row.notes),
        checks=tuple(row.checks),
    )
