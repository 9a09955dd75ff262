"""`.fixbot.yml` into Settings, by the types of the fields; every complaint names file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, is_dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from fixbot.checkout.file_content import Content, TooLarge, Unreadable
from fixbot.checkout.named_files import read_given_file, read_own_file
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Unread
from fixbot.settings import Settings
from fixbot.settings.enforced import choose_strictest, is_enforced, is_taken, strictness_of
from fixbot.settings.setting_fields import (
    list_known_keys,
    list_settable_fields,
    list_words,
    read_type_hints,
    suggest_near,
)
from fixbot.settings.suppressions import Ignore
from fixbot.settings.value_shapes import PARAMETER_PREFIX
from fixbot.syntax import load_grammar
from fixbot.text.text_shape import TextShape, quote_plain_word

MOST_BYTES = 1_000_000
MOST_ENTRIES = 1_000
"""Entries of a list or map, unless its field says else."""
NAMES = (".fixbot.yml", ".fixbot.yaml")


def load_settings(root: Path, organisation: Path | None = None, within: Sequence[str] = ()) -> Settings:
    """The repository's file over the organisation's over the defaults; see `read_settings` and below."""
    settings = Settings()
    if organisation is not None:
        settings = read_settings(settings, organisation, within)
    return overlay_own_file(settings, lambda name: read_own_file(str(root), name, MOST_BYTES))


def overlay_own_file(
    settings: Settings, read_file: Callable[[str], Content | Unread | None], place: str = ""
) -> Settings:
    """Lay a repository's own file over the settings; one that is there and can't be read is no absent one.

    `read_file` reads a file by its name, at most MOST_BYTES of it, and gives None where there is none of it.
    `place` is said before its name. Raises FixbotError.
    """
    found = {name: own for name in NAMES if (own := read_file(name)) is not None}
    if len(found) > 1:
        raise FixbotError(f"{place}{' and '.join(found)} both exist; keep one")
    for name, own in found.items():
        if isinstance(own, Unread):
            raise FixbotError(f"{place}{name}: {own.reason}")
        settings = parse_settings(settings, own.text, f"{place}{name}")
    return settings


def read_settings(settings: Settings, file: Path, within: Sequence[str] = ()) -> Settings:
    """Lay a file that whoever runs this has named over the settings; it may set what is the operator's.

    `within` are the folders whose links are not followed out of them. Raises FixbotError.
    """
    try:
        text = read_given_file(str(file), MOST_BYTES, within).decode()
    except OSError as error:
        raise FixbotError(f"{file}: cannot be read: {error.strerror}") from None
    except TooLarge as why:
        raise FixbotError(f"{file}: {why}; that is no settings file") from None
    except Unreadable as why:
        raise FixbotError(f"{file}: cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise FixbotError(f"{file}: not UTF-8") from None
    return parse_settings(settings, text, str(file), operator=True)


def parse_settings(settings: Settings, text: str, name: str, *, operator: bool = False) -> Settings:
    """Lay the text of a settings file over the settings. Raises FixbotError.

    `operator` says that the file is one that whoever runs this has named (`--config`). In any other, which
    may be a stranger's, keys that are the operator's don't count, and `notes` has a line for each.
    """
    try:
        roots = load_grammar("yaml").parse_text(text)
    except SyntaxProblem as problem:
        line = "" if problem.offset is None else f":{_line_number(text, problem.offset)}"
        raise FixbotError(f"{name}{line}: {problem.reason}") from None
    if len(roots) > 1:
        raise FixbotError(f"{name}:{_line_number(text, roots[1].start)}: a second document; keep one")
    settings = replace(settings, from_file=True)
    if not roots or is_null_node(roots[0]):
        return settings
    file = _SettingsFile(name, text, () if operator else settings.enforce, operator)
    new: Settings = file.overlay_map(settings, roots[0], ())
    file.check_combination(new)
    places = {key: f"{name}:{_line_number(text, at)}" for key, at in file.offsets.items()}
    return replace(
        new,
        written=tuple(sorted({*settings.written, *places})),
        places={**settings.places, **places},
        notes=(*settings.notes, *file.notes),
    )


def _line_number(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def is_null_node(node: Node) -> bool:
    """Whether a value is written as nothing, and no tag says otherwise."""
    return node.is_known and node.kind is NodeKind.SCALAR and node.value is None


@dataclass(slots=True)
class _SettingsFile:
    """One file being read, by the operator's rights or not. `enforced` are keys that may only get stricter.

    `offsets` are the dotted keys that it sets, with where they stand.
    """

    name: str
    text: str
    enforced: tuple[str, ...]
    operator: bool
    offsets: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def complain_at(self, offset: int, path: tuple[str, ...], what: str) -> FixbotError:
        """The complaint about that place."""
        key = f"{'.'.join(path)} " if path else ""
        return FixbotError(f"{self.name}:{_line_number(self.text, offset)}: {key}{what}")

    def overlay_map(self, old: Any, node: Node, path: tuple[str, ...]) -> Any:
        """The dataclass `old` with what the map `node` says."""
        return replace(old, **self.read_fields(type(old), old, node, path))

    def read_fields(self, kind: type, old: Any, node: Node, path: tuple[str, ...]) -> dict[str, Any]:
        """The fields of `kind` that the map `node` sets."""
        allowed, hints = list_settable_fields(kind), read_type_hints(kind)
        found: dict[str, Any] = {}
        for key, at, child in self.iterate_pairs(node, path):
            if key not in allowed:
                what = f"{quote_plain_word(key, 'this key')} is no setting{suggest_near(key, list(allowed))}"
                raise self.complain_at(at, (), f"{'.'.join(path)}: {what}" if path else what)
            here, meta = (*path, key), allowed[key].metadata
            if meta.get("operator") and not self.operator:
                self.leave_out_key(getattr(old, key), hints[key], child, meta, here, at)
                continue
            before = getattr(old, key, None)
            if is_dataclass(before):
                found[key] = self.overlay_map(before, child, here)
                continue
            value = self.read_value(child, hints[key], meta, here)
            if old is None:  # an entry of a list, which is enforced as a whole
                found[key] = value
                continue
            self.offsets[".".join(here)] = at
            if isinstance(before, Mapping):
                value = {**before, **value}
            value = (*before, *value) if meta.get("adds") and before is not None else value
            found[key] = self.choose_allowed(before, value, meta, here, at)
        return found

    def choose_allowed(
        self, old: Any, new: Any, meta: Mapping[str, Any], path: tuple[str, ...], at: int
    ) -> Any:
        """The value that counts: what the file says, or the stricter part of it where that is enforced."""
        if not is_enforced(path, self.enforced):
            return new
        way = strictness_of(meta, old)
        counts = choose_strictest(way, old, new)
        if not is_taken(way, new, counts):
            self.add_note(
                at, path, "may only get stricter than in the file named by --config, so not all of it counts"
            )
        return counts

    def add_note(self, at: int, path: tuple[str, ...], what: str) -> None:
        """Note what does not count of the key at an offset."""
        self.notes.append(f"{self.name}:{_line_number(self.text, at)}: {'.'.join(path)} {what}")

    def check_combination(self, new: Settings) -> None:
        """Raises FixbotError for what is right by itself and wrong beside the rest."""
        secrets = new.secrets
        for key in ("secrets.prefix", "secrets.store"):
            if (
                key in self.offsets
                and secrets.store == "ssm"
                and not PARAMETER_PREFIX.is_fitting(secrets.prefix)
            ):
                what = f"does not go together: with `store: ssm` the prefix must be {PARAMETER_PREFIX.says}"
                raise self.complain_at(self.offsets[key], (key,), what)
        known = list(list_known_keys())
        for key in new.enforce if "enforce" in self.offsets else ():
            if key not in known:
                close = get_close_matches(key, known, n=1)
                meant = f"; did you mean {close[0]}?" if close else ""
                what = f"names {quote_plain_word(key, 'what')}, which is no setting{meant}"
                raise self.complain_at(self.offsets["enforce"], ("enforce",), what)

    def leave_out_key(
        self, old: Any, hint: Any, node: Node, meta: Mapping[str, Any], path: tuple[str, ...], at: int
    ) -> None:
        """Note that the key at `at` does not count here; what it says must be right all the same."""
        aside = replace(self, enforced=(), offsets={}, notes=[], operator=True)
        _ = (
            aside.overlay_map(old, node, path)
            if is_dataclass(old)
            else aside.read_value(node, hint, meta, path)
        )
        ways = " or ".join(filter(None, [meta.get("option"), "in a file named by --config"]))
        what = "is not for a repository to set, so it does not count; whoever runs fixbot may set it"
        self.add_note(at, path, f"{what} {ways}")

    def iterate_pairs(self, node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, int, Node]]:
        """Key, its offset and value of each entry of what must be a map."""
        node = node.alias or node
        if not node.is_known or node.kind is not NodeKind.MAP:
            raise self.complain_at(
                node.start, path, "must be a map (`key: value`)" if path else "no map of settings"
            )
        seen: set[str] = set()
        for entry in node.entries:
            if entry.key in seen:
                name = quote_plain_word(entry.key, "this key").strip("'")
                raise self.complain_at(entry.key_start, (*path, name), "is written twice")
            seen.add(entry.key)
            yield entry.key, entry.key_start, entry.value

    def read_value(self, node: Node, hint: Any, meta: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        """The value of `node` as the type `hint` wants it."""
        node = node.alias or node
        origin, arguments = get_origin(hint), get_args(hint)
        if NoneType in arguments:
            inner = next(each for each in arguments if each is not NoneType)
            return None if is_null_node(node) else self.read_value(node, inner, meta, path)
        if origin is tuple:
            if not node.is_known or node.kind is not NodeKind.LIST:
                raise self.complain_at(node.start, path, "must be a list (`- one` or [one, two])")
            self.check_count(node, len(node.items), meta, path)
            items = enumerate(node.items)
            return tuple(self.read_value(each, arguments[0], meta, (*path, str(n + 1))) for n, each in items)
        if origin is Mapping:
            return self.read_mapping(node, arguments[1], meta, path)
        if hint is Ignore:
            return self.read_ignore(node, path)
        return self.read_scalar(node, hint, meta, path)

    def read_mapping(
        self, node: Node, hint: Any, meta: Mapping[str, Any], path: tuple[str, ...]
    ) -> dict[str, Any]:
        """A map whose keys are the user's own words."""
        shape: TextShape = meta["keys"]
        found: dict[str, Any] = {}
        for number, (key, at, child) in enumerate(self.iterate_pairs(node, path), 1):
            if not shape.is_fitting(key):
                raise self.complain_at(at, path, f"has a key (number {number}) that must be {shape.says}")
            name = quote_plain_word(key, f"entry {number}").strip("'")
            found[key] = self.read_value(child, hint, {**meta, "entries": MOST_ENTRIES}, (*path, name))
        self.check_count(node, len(found), meta, path)
        return found

    def check_count(self, node: Node, number: int, meta: Mapping[str, Any], path: tuple[str, ...]) -> None:
        """Raises FixbotError for more entries than there may be."""
        most = meta.get("entries", MOST_ENTRIES)
        if number > most:
            raise self.complain_at(node.start, path, f"has {number:,} entries; there may be at most {most:,}")

    def read_ignore(self, node: Node, path: tuple[str, ...]) -> Ignore:
        """One wish to be left alone, with the line where it stands."""
        found = self.read_fields(Ignore, None, node, path)
        for name, each in list_settable_fields(Ignore).items():
            if name not in found and each.default is MISSING:
                raise self.complain_at(node.start, path, f"needs a {name}")
        return Ignore(**found, where=f"{self.name}:{_line_number(self.text, node.start)}")

    def read_scalar(self, node: Node, hint: Any, meta: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        """A word, a choice, a date, or yes or no."""
        if hint is bool:
            if not isinstance(node.scalar, bool):
                raise self.complain_at(node.start, path, "must be true or false")
            return node.scalar
        if hint is int:
            return self.read_number(node, meta["least"], meta["most"], path)
        text = self.read_words(node, path)
        if hint is date:
            try:
                return date.fromisoformat(text)
            except ValueError:
                said = quote_plain_word(text, "this")
                raise self.complain_at(node.start, path, f"must be a date (YYYY-MM-DD), not {said}") from None
        choices = {each: each for each in get_args(hint)} if get_origin(hint) is Literal else None
        if isinstance(hint, type) and issubclass(hint, Enum):
            choices = list_words(hint)
        if choices is not None:
            if text not in choices:
                said = quote_plain_word(text, "what it is here")
                raise self.complain_at(
                    node.start, path, f"cannot be {said}{suggest_near(text, list(choices))}"
                )
            return choices[text]
        shape: TextShape = meta["shape"]
        if not shape.is_fitting(text):
            raise self.complain_at(node.start, path, f"must be {shape.says}")
        return text

    def read_number(self, node: Node, least: int, most: int, path: tuple[str, ...]) -> int:
        """A whole number from `least` to `most`."""
        value = node.scalar
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.complain_at(node.start, path, f"must be a whole number from {least} to {most:,}")
        return value

    def read_words(self, node: Node, path: tuple[str, ...]) -> str:
        """The text of a scalar; a number as it is written, so that an account keeps its zeros."""
        value = node.scalar
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.text[node.start : node.end]
        kind = "a bare yes/no word; put it into quotes" if isinstance(value, bool) else "empty"
        raise self.complain_at(node.start, path, f"must be text, not {kind if node.is_known else 'a tag'}")
