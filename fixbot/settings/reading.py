"""`.fixbot.yml` into Settings, by the types of the fields; every complaint names file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fixbot.checkout.door import read_given, read_own
from fixbot.checkout.reading import TooLarge, Unreadable
from fixbot.errors import FixbotError
from fixbot.model import Safety, Severity, Unread
from fixbot.settings import Settings
from fixbot.suppress import Ignore
from fixbot.syntax import grammar
from fixbot.tree import Kind, Node, SyntaxProblem

MOST_BYTES = 1_000_000
NAMES = (".fixbot.yml", ".fixbot.yaml")


def load(root: Path, organisation: Path | None = None, within: Sequence[str] = ()) -> Settings:
    """The repository's file over the organisation's over the defaults, as `read` and `parse` have them."""
    settings = Settings()
    if organisation is not None:
        settings = read(settings, organisation, within)
    found = {name: own for name in NAMES if (own := read_own(str(root), name, MOST_BYTES)) is not None}
    if len(found) > 1:
        raise FixbotError(f"{' and '.join(found)} both exist; keep one")
    for name, own in found.items():
        if isinstance(own, Unread):
            raise FixbotError(f"{name}: {own.reason}")
        settings = parse(settings, own.text, name)
    return settings


def read(settings: Settings, file: Path, within: Sequence[str] = ()) -> Settings:
    """Lay a file that whoever runs this has named over the settings; it may set what is the operator's.

    `within` are the folders whose links are not followed out of them. Raises FixbotError.
    """
    try:
        text = read_given(str(file), MOST_BYTES, within).decode()
    except OSError as error:
        raise FixbotError(f"{file}: cannot be read: {error.strerror}") from None
    except TooLarge as why:
        raise FixbotError(f"{file}: {why}; that is no settings file") from None
    except Unreadable as why:
        raise FixbotError(f"{file}: cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise FixbotError(f"{file}: not UTF-8") from None
    return parse(settings, text, str(file), operator=True)


def parse(settings: Settings, text: str, name: str, *, operator: bool = False) -> Settings:
    """Lay the text of a settings file over the settings. Raises FixbotError.

    `operator` says that the file is one that whoever runs this has named (`--config`). In any other, which
    may be a stranger's, keys that are the operator's don't count, and `notes` has a line for each.
    """
    try:
        roots = grammar("yaml").parse(text)
    except SyntaxProblem as problem:
        line = "" if problem.offset is None else f":{_line(text, problem.offset)}"
        raise FixbotError(f"{name}{line}: {problem.reason}") from None
    if len(roots) > 1:
        raise FixbotError(f"{name}:{_line(text, roots[1].start)}: a second document; keep one")
    if not roots or _is_null(roots[0]):
        return settings
    file = _File(name, text, operator)
    new: Settings = file.laid_over(settings, roots[0], ())
    written = tuple(sorted({*settings.written, *file.written}))
    return replace(new, written=written, notes=(*settings.notes, *file.notes))


def readable(kind: type) -> dict[str, Field[Any]]:
    """The fields of a dataclass that a file may set."""
    return {each.name: each for each in fields(kind) if "says" in each.metadata}


def words(kind: type[Enum]) -> dict[str, Enum]:
    """The words that stand for an enumeration's members in a file."""
    if kind is Safety:
        return {each.value: each for each in (Safety.SAFE, Safety.REVIEW)}
    return {each.label if isinstance(each, Severity) else str(each.value): each for each in kind}


def near(name: str, allowed: list[str]) -> str:
    """`; did you mean x? Allowed: …`."""
    close = get_close_matches(name, allowed, n=1)
    return (f"; did you mean {close[0]}?" if close else ".") + f" Allowed: {', '.join(allowed)}"


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _is_null(node: Node) -> bool:
    return node.known and node.kind is Kind.SCALAR and node.value is None


@dataclass(slots=True)
class _File:
    """One file being read, by the operator's rights or not; `written` collects the names of what it sets."""

    name: str
    text: str
    operator: bool
    written: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, offset: int, path: tuple[str, ...], what: str) -> FixbotError:
        """The complaint about that place."""
        key = f"{'.'.join(path)} " if path else ""
        return FixbotError(f"{self.name}:{_line(self.text, offset)}: {key}{what}")

    def laid_over(self, old: Any, node: Node, path: tuple[str, ...]) -> Any:
        """The dataclass `old` with what the map `node` says."""
        return replace(old, **self.values(type(old), old, node, path))

    def values(self, kind: type, old: Any, node: Node, path: tuple[str, ...]) -> dict[str, Any]:
        """The fields of `kind` that the map `node` sets."""
        allowed, hints = readable(kind), get_type_hints(kind)
        found: dict[str, Any] = {}
        for key, at, child in self.pairs(node, path):
            if key not in allowed:
                what = f"{key!r} is no setting{near(key, list(allowed))}"
                raise self.wrong(at, (), f"{'.'.join(path)}: {what}" if path else what)
            here, meta = (*path, key), allowed[key].metadata
            if meta.get("operator") and not self.operator:
                self.leave_out(getattr(old, key), hints[key], child, meta, here, at)
                continue
            before = getattr(old, key, None)
            if is_dataclass(before):
                found[key] = self.laid_over(before, child, here)
                continue
            self.written.append(".".join(here))
            value = self.value(child, hints[key], meta, here)
            if isinstance(before, Mapping):
                value = {**before, **value}
            found[key] = (*before, *value) if meta.get("adds") and before is not None else value
        return found

    def leave_out(
        self, old: Any, hint: Any, node: Node, meta: Mapping[str, Any], path: tuple[str, ...], at: int
    ) -> None:
        """Note that the key at `at` does not count here; what it says must be right all the same."""
        aside = replace(self, written=[], notes=[], operator=True)
        _ = aside.laid_over(old, node, path) if is_dataclass(old) else aside.value(node, hint, meta, path)
        ways = " or ".join(filter(None, [meta.get("option"), "in a file named by --config"]))
        self.notes.append(
            f"{self.name}:{_line(self.text, at)}: {'.'.join(path)} is not for a repository to set, "
            f"so it does not count; whoever runs fixbot may set it {ways}"
        )

    def pairs(self, node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, int, Node]]:
        """Key, its offset and value of each entry of what must be a map."""
        node = node.alias or node
        if not node.known or node.kind is not Kind.MAP:
            raise self.wrong(
                node.start, path, "must be a map (`key: value`)" if path else "no map of settings"
            )
        seen: set[str] = set()
        for entry in node.entries:
            if entry.key in seen:
                raise self.wrong(entry.key_start, (*path, entry.key), "is written twice")
            seen.add(entry.key)
            yield entry.key, entry.key_start, entry.value

    def value(self, node: Node, hint: Any, meta: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        """The value of `node` as the type `hint` wants it."""
        node = node.alias or node
        origin, arguments = get_origin(hint), get_args(hint)
        if NoneType in arguments:
            inner = next(each for each in arguments if each is not NoneType)
            return None if _is_null(node) else self.value(node, inner, meta, path)
        if origin is tuple:
            if not node.known or node.kind is not Kind.LIST:
                raise self.wrong(node.start, path, "must be a list (`- one` or [one, two])")
            items = enumerate(node.items)
            return tuple(self.value(each, arguments[0], meta, (*path, str(n + 1))) for n, each in items)
        if origin is Mapping:
            pairs = self.pairs(node, path)
            return {key: self.value(child, arguments[1], meta, (*path, key)) for key, _, child in pairs}
        if hint is Ignore:
            return self.ignore(node, path)
        return self.scalar(node, hint, meta, path)

    def ignore(self, node: Node, path: tuple[str, ...]) -> Ignore:
        """One wish to be left alone, with the line where it stands."""
        found = self.values(Ignore, None, node, path)
        for name, each in readable(Ignore).items():
            if name not in found and each.default is MISSING:
                raise self.wrong(node.start, path, f"needs a {name}")
        return Ignore(**found, where=f"{self.name}:{_line(self.text, node.start)}")

    def scalar(self, node: Node, hint: Any, meta: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        """A word, a choice, a date, or yes or no."""
        if hint is bool:
            if not isinstance(node.scalar, bool):
                raise self.wrong(node.start, path, "must be true or false")
            return node.scalar
        if hint is int:
            return self.number(node, meta["least"], path)
        text = self.words_of(node, path)
        if hint is date:
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise self.wrong(node.start, path, f"must be a date (YYYY-MM-DD), not {text!r}") from None
        choices = {each: each for each in get_args(hint)} if get_origin(hint) is Literal else None
        if isinstance(hint, type) and issubclass(hint, Enum):
            choices = words(hint)
        if choices is not None:
            if text not in choices:
                raise self.wrong(node.start, path, f"cannot be {text!r}{near(text, list(choices))}")
            return choices[text]
        if "pattern" in meta and re.fullmatch(meta["pattern"], text) is None:
            raise self.wrong(node.start, path, f"must be {meta['shape']}")
        return text

    def number(self, node: Node, least: int, path: tuple[str, ...]) -> int:
        """A whole number from `least` on."""
        value = node.scalar
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(node.start, path, f"must be a whole number from {least} on")
        return value

    def words_of(self, node: Node, path: tuple[str, ...]) -> str:
        """The text of a scalar; a number as it is written, so that an account keeps its zeros."""
        value = node.scalar
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.text[node.start : node.end]
        kind = "a bare yes/no word; put it into quotes" if isinstance(value, bool) else "empty"
        raise self.wrong(node.start, path, f"must be text, not {kind if node.known else 'a tag'}")
