"""Commands for a reader to paste: lists of words, each of a kind, joined for a POSIX shell at the very end.

A word that holds something from a file is made by its kind (`NAMESPACE`, `IMAGE` …), whose pattern is the
API's own rule. What does not fit never gets into a command: the kind's placeholder stands for it, and the
text that shows the command says so. All else in a command is written out in our own source. So a shell sees
the programs and the operators that stand here, and nothing that a file brings along is more than one word,
or ever an option.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fixbot.text.characters import escape_hidden
from fixbot.text.markdown_escape import is_shown_unchanged

LONGEST: Final = 1_500
"""Characters of a command. A longer one is left out with a word, never shown in part."""
LEFT_OUT: Final = "A command is left out here: it would be longer than anyone reads."
ODD: Final = "A command is left out here: a name in it would mean more than a name to who shows it."
_SHELL: Final = frozenset(("|", "&&", ";", ">", '"$V"'))
_UNQUOTED: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


@dataclass(frozen=True, slots=True)
class WordKind:
    """What one word of a command may be.

    `placeholder` stands where a text does not match `pattern` as a whole; `says` then tells the reader what
    to write in its place, and why it is not there. `relative`: a leading hyphen is answered with `./`.
    `typed`: options are among them; the user's own words, or such as stand behind an image.
    """

    name: str
    placeholder: str
    pattern: str
    says: str
    relative: bool = False
    typed: bool = False

    def is_fitting(self, text: str | None) -> bool:
        """Whether the text is one of this kind, and is shown to every reader as it is."""
        return (
            text is not None
            and re.fullmatch(self.pattern, text) is not None
            and escape_hidden(text) == text
            and text == " ".join(text.split())
        )

    def __call__(self, text: str | None) -> CommandWord:
        """The word that this text is, or its placeholder."""
        return CommandWord(((self.name, text if self.is_fitting(text) else None),))


@dataclass(frozen=True, slots=True)
class CommandWord:
    """One word: parts that are written out here (their kind is empty), and parts that a kind has passed.

    The text of a part is None where its kind's placeholder stands.
    """

    parts: tuple[tuple[str, str | None], ...]

    @property
    def text(self) -> str:
        """The word as the program gets it."""
        if len(self.parts) == 1 and not self.parts[0][0] and self.parts[0][1] is not None:
            return self.parts[0][1]
        whole = "".join(_part_text(kind, text) for kind, text in self.parts)
        first, _ = self.parts[0] if self.parts else ("", "")
        option = first and whole.startswith("-") and not KINDS[first].typed
        return f"./{whole}" if option else whole

    @property
    def missing_kinds(self) -> tuple[WordKind, ...]:
        """The kinds of which the placeholder stands here."""
        return tuple([KINDS[kind] for kind, text in self.parts if kind and text is None])

    @property
    def explain_placeholders(self) -> tuple[str, ...]:
        """What the placeholders stand for, a sentence each: `IMAGE: what is filled in when …`."""
        missing = self.missing_kinds
        return tuple(
            dict.fromkeys([f"{kind.placeholder}: {kind.says}" for kind in missing]) if missing else ()
        )


def _part_text(kind: str, text: str | None) -> str:
    return KINDS[kind].placeholder if text is None else text


@dataclass(frozen=True, slots=True)
class ShellOperator:
    """A piece of the shell's own language, one of few that are known here."""

    text: str

    def __post_init__(self) -> None:
        if self.text not in _SHELL:
            raise ValueError(f"{self.text!r} is no shell that a command may hold")


@dataclass(frozen=True, slots=True)
class Substitution:
    """The standard output of another command, as one word."""

    command: Command


Piece = CommandWord | ShellOperator | Substitution


@dataclass(frozen=True)
class Command:
    """What is pasted into a shell. `note` is the comment above it: words of ours, and of a kind.

    Where `withheld` says why, nothing of the command is shown but that sentence. What is made of the fields
    is made once: each text of a proposal asks for it again.
    """

    pieces: tuple[Piece, ...]
    note: tuple[CommandWord, ...] = ()
    withheld: str = ""

    def __hash__(self) -> int:
        return hash(self.text)

    @cached_property
    def text(self) -> str:
        """The command for a POSIX shell, on one line."""
        return "".join(map(_render_piece, self.pieces)).removeprefix(" ")

    @cached_property
    def why_refused(self) -> str:
        """Why the command is not shown, in a sentence; empty where it is."""
        if self.withheld or (is_shown_unchanged(self.text) and is_shown_unchanged(self.comment)):
            return self.withheld or (LEFT_OUT if len(self.text) > LONGEST else "")
        return ODD

    @cached_property
    def comment(self) -> str:
        """The comment's words, without the sign in front; empty where there is none."""
        return "".join([word.text for word in self.note])

    @cached_property
    def explain_placeholders(self) -> tuple[str, ...]:
        """What the placeholders stand for, a sentence each."""
        return tuple(
            dict.fromkeys([said for word in self.iterate_words() for said in word.explain_placeholders])
        )

    @cached_property
    def filled_texts(self) -> tuple[str, ...]:
        """Every text of a file that stands in the command or above it."""
        parts = (part for word in self.iterate_words() for part in word.parts)
        return tuple(text for kind, text in parts if kind and text is not None)

    def withhold(self, reason: str) -> Command:
        """The same, left out for a reason that is said in its place."""
        return Command((), withheld=reason)

    def iterate_words(self) -> Iterator[CommandWord]:
        """Every word of the comment and of the command, those of its substitutions too."""
        yield from self.note
        for piece in self.pieces:
            if isinstance(piece, CommandWord):
                yield piece
            elif isinstance(piece, Substitution):
                yield from piece.command.iterate_words()


def _render_piece(piece: Piece) -> str:
    """What a piece adds behind those before it: a semicolon has no blank in front."""
    if isinstance(piece, CommandWord):
        text = piece.text
        return f" {text}" if _UNQUOTED.fullmatch(text) else f" {shlex.quote(text)}"
    if isinstance(piece, ShellOperator):
        return ";" if piece.text == ";" else f" {piece.text}"
    return f' "$({piece.command.text})"'


def build_command(*words: str | Piece, note: str | Sequence[str | CommandWord] = "") -> Command:
    """A command from words written out where it is called, and words that their kinds have made.

    Never pass a text that is put together: what comes from elsewhere has a kind, or no place in a command.
    """
    above = (note,) if isinstance(note, str) else note
    return Command(
        tuple(_literal_word(each) if isinstance(each, str) else each for each in words),
        tuple(_literal_word(each) if isinstance(each, str) else each for each in above if each != ""),
    )


def join_commands(*commands: Command | str) -> Command:
    """Commands in a row with the shell's operators, as they are given, between them."""
    pieces: list[Piece] = []
    note: tuple[CommandWord, ...] = ()
    for each in commands:
        pieces += (ShellOperator(each),) if isinstance(each, str) else each.pieces
        note += () if isinstance(each, str) else each.note
    return Command(tuple(pieces), note)


def join_words(*parts: str | CommandWord) -> CommandWord:
    """One word of several parts: `joined("Key=Name,Values=", PARAMETER(name))`."""
    words = [_literal_word(each) if isinstance(each, str) else each for each in parts]
    return CommandWord(tuple(part for word in words for part in word.parts))


def _literal_word(text: str) -> CommandWord:
    return CommandWord((("", text),))


def pack_command(command: Command) -> list[Any]:
    """The command as what JSON can hold."""
    return [[_pack_piece(each) for each in command.pieces], [w.parts for w in command.note], command.withheld]


def _pack_piece(piece: Piece) -> list[Any]:
    match piece:
        case CommandWord(parts):
            return ["word", parts]
        case ShellOperator(text):
            return ["shell", text]
        case Substitution(command):
            return ["output", pack_command(command)]


def unpack_command(value: Sequence[Any]) -> Command:
    """The command that was packed. Raises LookupError, TypeError or ValueError for anything else."""
    pieces, note, withheld = value
    return Command(
        tuple(_unpack_piece(*each) for each in pieces),
        tuple(_unpack_word(parts) for parts in note),
        str(withheld),
    )


def _unpack_piece(shape: str, value: Any) -> Piece:
    match shape:
        case "word":
            return _unpack_word(value)
        case "shell":
            return ShellOperator(value)
        case "output":
            return Substitution(unpack_command(value))
    raise ValueError(f"{shape!r} is no piece of a command")


def _unpack_word(parts: Sequence[Sequence[str | None]]) -> CommandWord:
    found = []
    for kind, text in parts:
        odd = text is None if not kind else text is not None and not KINDS[kind].is_fitting(text)
        if kind is None or odd:
            raise ValueError("no word of its kind")
        found.append((kind, text))
    return CommandWord(tuple(found))


_ELSEWHERE: Final = "what the file says is filled in when it is deployed, or is none that {} would take"
# RFC 1123, as the Kubernetes API asks it of namespaces and of the names of objects.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SUBDOMAIN: Final = rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"
_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::\d{1,5})?"
_STEP: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAGGED: Final = r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9]+:[0-9a-fA-F]{32,128})?"
_CAPABILITIES: Final = (
    "AUDIT_CONTROL|AUDIT_READ|AUDIT_WRITE|BLOCK_SUSPEND|BPF|CHECKPOINT_RESTORE|CHOWN|DAC_OVERRIDE"
    "|DAC_READ_SEARCH|FOWNER|FSETID|IPC_LOCK|IPC_OWNER|KILL|LEASE|LINUX_IMMUTABLE|MAC_ADMIN|MAC_OVERRIDE|MKNOD"
    "|NET_ADMIN|NET_BIND_SERVICE|NET_BROADCAST|NET_RAW|PERFMON|SETFCAP|SETGID|SETPCAP|SETUID|SYSLOG|SYS_ADMIN"
    "|SYS_BOOT|SYS_CHROOT|SYS_MODULE|SYS_NICE|SYS_PACCT|SYS_PTRACE|SYS_RAWIO|SYS_RESOURCE|SYS_TIME"
    "|SYS_TTY_CONFIG|WAKE_ALARM"
)
"""capabilities(7). `ALL`, which Docker takes as well, is none: it would be the mode that is to be left."""

NAMESPACE: Final = WordKind("namespace", "NAMESPACE", _LABEL, _ELSEWHERE.format("Kubernetes"))
OBJECT: Final = WordKind("object", "NAME", _SUBDOMAIN, _ELSEWHERE.format("Kubernetes"))
REGION: Final = WordKind(
    "region", "REGION", r"[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-\d{1,2}", _ELSEWHERE.format("AWS")
)
CAPABILITY: Final = WordKind(
    "capability", "CAPABILITY", rf"(?:CAP_)?(?:{_CAPABILITIES})",
    "what the file says is no single capability; write those that it needs",
)  # fmt: skip
FAMILY: Final = WordKind("family", "FAMILY", r"(?!-)[A-Za-z0-9_-]{1,255}", _ELSEWHERE.format("ECS"))
LOGICAL_ID: Final = WordKind(
    "logical id",
    "LOGICAL_ID",
    r"[A-Za-z0-9]{1,255}",
    "the resource's name in the template, if CloudFormation takes it",
)
SECRET: Final = WordKind(
    "secret", "SECRET", r"(?!-)[A-Za-z0-9/_+=.@-]{1,512}", _ELSEWHERE.format("Secrets Manager")
)
PARAMETER: Final = WordKind(
    "parameter", "PARAMETER", r"(?!-)[A-Za-z0-9/_.-]{1,1011}", _ELSEWHERE.format("Parameter Store")
)
ADDRESS: Final = WordKind(
    "address", "ADDRESS", r"(?:[A-Za-z_][A-Za-z0-9_-]{0,120}\.){1,3}[A-Za-z_][A-Za-z0-9_-]{0,200}",
    "what Terraform calls it, if that is a name to Terraform",
)  # fmt: skip
IMAGE: Final = WordKind(
    "image", "IMAGE", rf"(?=.{{1,500}}\Z)(?:{_HOST}/)?{_STEP}(?:/{_STEP})*{_TAGGED}",
    "what the file says is filled in when this is deployed, or is no image's name",
)  # fmt: skip
MOUNT: Final = WordKind("mount", "/FOLDER", r"/[A-Za-z0-9._/@+-]{0,254}", "a folder whose name Docker takes")
PATH: Final = WordKind(
    "path",
    "FILE",
    r"[^\x00-\x1f\x7f`!<>\[\]]{1,400}",
    "the file, whose path is an odd one",
    relative=True,
)
LOG_GROUP: Final = WordKind(
    "log group", "LOG_GROUP", r"(?!-)[A-Za-z0-9_/.#-]{1,512}", _ELSEWHERE.format("CloudWatch Logs")
)
TAG: Final = WordKind("tag", "TAG", r"(?![ -])[\w .:/=+@-]{1,128}", "the tag's key, if AWS takes it")
SERVICE: Final = WordKind("service", "SERVICE", r"[a-z][a-z0-9-]{0,62}", "the service as IAM calls it")
BRANCH: Final = WordKind(
    "branch", "BRANCH", r"[A-Za-z0-9_][A-Za-z0-9_./+@=,-]{0,254}", "the branch, whose name is an odd one"
)
ARGUMENT: Final = WordKind(
    "argument", "ARGUMENT", r"[^\x00-\x1f\x7f`]{1,400}", "the word as you typed it", typed=True
)
RULE: Final = WordKind("rule", "RULE", r"[a-z0-9][a-z0-9-]{0,99}", "the rule's name")
USER: Final = WordKind(
    "user", "USER", r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?",
    "the user or its number, with the group behind a colon",
)  # fmt: skip
VARIABLE: Final = WordKind("variable", "NAME", r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the variable's name")
PROGRAM_WORD: Final = WordKind(
    "program word", "ARGUMENTS", r"[A-Za-z0-9_@%+=:,./ -]{1,200}",
    "what the file gives the program, which is not shown here: it is filled in elsewhere, is long, or may "
    "tell a secret", typed=True,
)  # fmt: skip
_OF_PLACES: Final = (NAMESPACE, OBJECT, REGION, FAMILY, LOGICAL_ID, SECRET, PARAMETER, ADDRESS, LOG_GROUP)
_OF_WORK: Final = (CAPABILITY, IMAGE, MOUNT, PATH, TAG, SERVICE, BRANCH, ARGUMENT, RULE)
_OF_CONTAINERS: Final = (USER, VARIABLE, PROGRAM_WORD)
KINDS: Final = {each.name: each for each in (*_OF_PLACES, *_OF_WORK, *_OF_CONTAINERS)}
