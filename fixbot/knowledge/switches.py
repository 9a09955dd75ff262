"""Where one container of a known image writes: the image's usual paths, as its settings move and add to them.

A switch is an argument or a variable that names a path; a condition is something in the file (a mount, a
variable, an argument) that makes the program write somewhere more. What moves a path to where it can't be
seen is a doubt: with one of these nothing is safe, and the reader is told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from fixbot.knowledge.given import Given, is_open, read_given
from fixbot.knowledge.mounted import is_inside, list_mounts, real_path
from fixbot.lens import Container, text_of
from fixbot.text.markdown_escape import mark_code

_READS: Final = re.compile(
    r"(?i)(?:\A|[-_./])(?:config|conf|kubeconfig|cert|crt|key|ca|cacert|token|password|rules?|bundle|certificate)"
    r"(?:s|[-_.]?(?:file|path|map|location))?\Z|(?:\A|[-_])(?:sysfs|procfs|rootfs|kubelet-certificate-authority)\Z"
)
"""Names of options and variables that say where something is read."""
_ROUTE: Final = re.compile(
    r"(?i)(?:\A|[-_./])(?:path[-_]prefix|(?:route|telemetry|metrics?|health|ready|listen|base|url)[-_./]?(?:path|prefix|url)?|prefix|url|endpoint|socket|address)\Z"
)
"""Names of options whose path is one of a URL, or a socket that something else makes."""


_SHORT: Final = len("-D")


@dataclass(frozen=True, slots=True)
class Settled:
    """Where one container writes, and what about that isn't certain, in sentences with `{who}`."""

    paths: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    """Paths that a setting names in the place of the image's own."""


def settle_paths(
    paths: Sequence[str], rules: Mapping[str, Any], container: Container, workdir: str = ""
) -> Settled:
    """Apply a table row's `switches` and `conditions` to its paths.

    `rules` is the row; a relative path counts from `workingDir`, or from the image's `workdir`.
    """
    given = read_given(container)
    folder = text_of(
        container.get("workingDir" if container.spelling.vocabulary == "k8s" else "workingDirectory")
    )
    start = folder or workdir
    found = list(paths)
    doubts: list[str] = []
    moved: list[str] = []
    for switch in rules.get("switches", ()):
        named = tuple(_read_values(switch, given))
        places = [place for _, value in named for place in _folder_of_value(switch, value, start)]
        if len(places) < len(named) or _may_be_elsewhere(switch, given):
            doubts.append(_describe_unseen(switch))
        usual = switch.get("path", "")
        if places and usual in found:
            outside = [place for place in places if not is_inside(place, usual)]
            found = [each for each in found if each != usual or len(outside) < len(places)] + outside
            moved += outside
        elif places:
            found += places
            moved += places
    for condition in rules.get("conditions", ()):
        _apply_condition(condition, container, given, found, doubts)
    doubts += _strange_paths(given, found, container)
    return Settled(_without_nested(found), tuple(dict.fromkeys(doubts)), tuple(moved))


def _read_values(switch: Mapping[str, Any], given: Given) -> Iterator[tuple[str, str | None]]:
    """What the file gives for a switch, by the name it is given under; None where that can't be known."""
    for name in switch.get("variables", ()):
        if name in given.variables:
            yield name, given.variables[name]
    words = [*given.words, *(w for w in given.every_word if w not in given.words)]
    for name in switch.get("arguments", ()):
        yield from _option_values(name, words)
    yield from _list_operands(str(switch["behind"]), words) if "behind" in switch else ()


def _option_values(name: str, words: Sequence[str | None]) -> Iterator[tuple[str, str | None]]:
    for at, word in enumerate(words):
        if word == name:
            yield name, words[at + 1] if at + 1 < len(words) else None
        elif word is not None and word.startswith(
            (f"{name}=", f"{name}/") if len(name) == _SHORT else f"{name}="
        ):
            yield name, word[len(name) :].removeprefix("=")


def _list_operands(behind: str, words: Sequence[str | None]) -> Iterator[tuple[str, str | None]]:
    for word in words[words.index(behind) + 1 :] if behind in words else ():
        if word is None or ("/" in word and not word.startswith("-")) or is_open(word):
            yield behind, word


def _folder_of_value(switch: Mapping[str, Any], value: str | None, start: str) -> Iterator[str]:
    """The folder that a value names; nothing where it can't be known."""
    if value is None or is_open(value) or "{" in value or not value.strip():
        return
    text = urlsplit(value).path if "://" in value else value
    text = text.partition(switch["until"])[0] if "until" in switch else text
    if not text.startswith("/"):
        if not start.startswith("/") or switch.get("absolute"):
            return
        text = posixpath.join(start, text)
    path = real_path(posixpath.normpath(text))
    yield (posixpath.dirname(path) or "/") if switch.get("file") else path


def _may_be_elsewhere(switch: Mapping[str, Any], given: Given) -> bool:
    """Whether the switch may be set in a place that isn't read."""
    if given.open_words and (switch.get("arguments") or switch.get("behind")):
        return True
    if any(word is None or (is_open(word) and not word.startswith("-")) for word in given.words):
        return bool(switch.get("arguments") or switch.get("behind"))
    return given.open_variables and bool(switch.get("variables"))


def _describe_unseen(switch: Mapping[str, Any]) -> str:
    names = [*switch.get("arguments", ()), *switch.get("variables", ())]
    names += [f"{switch['behind']} …"] if "behind" in switch else []
    listed = " or ".join(mark_code(name) for name in names[:2])
    return (
        f"{listed} says where {{who}} {{writes|write}}, and what it is set to can't be seen here: that place "
        "needs a volume."
    )


def _apply_condition(
    condition: Mapping[str, Any], container: Container, given: Given, found: list[str], doubts: list[str]
) -> None:
    holds = _is_condition_met(condition, container, given)
    if holds is False:
        return
    if holds is None:
        if condition.get("paths"):
            where = ", ".join(condition["paths"])
            doubts.append(
                f"{_name_condition(condition)} would make {{who}} write {where}; whether it is set "
                "can't be seen here."
            )
        return
    found += [path for path in condition.get("paths", ()) if path not in found]
    if "doubt" in condition:
        doubts.append(condition["doubt"])


def _is_condition_met(condition: Mapping[str, Any], container: Container, given: Given) -> bool | None:
    """Whether what a condition asks for is there; None where that can't be known."""
    answers: list[bool | None] = []
    if "mounted" in condition:
        where = condition["mounted"]
        answers.append(
            any(is_inside(m.path, where) or is_inside(where, m.path) for m in list_mounts(container))
        )
    if "variable" in condition:
        there = any(re.fullmatch(condition["variable"], name) for name in given.variables)
        answers.append(True if there else None if given.open_variables else False)
    if "argument" in condition:
        there = any(
            word == condition["argument"] or word.startswith(f"{condition['argument']}=")
            for word in (*filter(None, given.words), *given.every_word)
        )
        unseen = given.open_words or any(word is None for word in given.words)
        answers.append(True if there else None if unseen else False)
    if condition.get("absent"):
        answers = [None if each is None else not each for each in answers]
    if False in answers:
        return False
    return None if None in answers else True


def _name_condition(condition: Mapping[str, Any]) -> str:
    return mark_code(str(condition.get("called") or condition.get("argument") or condition.get("variable")))


def _strange_paths(given: Given, found: Sequence[str], container: Container) -> Iterator[str]:
    """Arguments and variables that name a folder which nothing here knows: the program may write there."""
    mounts = [mount.path for mount in list_mounts(container)]
    for name, value in _named_values(given):
        if value is None or is_open(value) or not value.startswith("/") or len(value) < 2:
            continue
        if _READS.search(name.strip("-")) or _ROUTE.search(name.strip("-")):
            continue
        if any(is_inside(value, each) for each in (*found, *mounts, "/dev", "/proc", "/sys")):
            continue
        yield (
            f"{mark_code(name)} names a place of its own; whether {{who}} {{writes|write}} there is not "
            "known."
        )


def _named_values(given: Given) -> Iterator[tuple[str, str | None]]:
    yield from given.variables.items()
    for at, word in enumerate(given.words):
        if word is not None and word.startswith("-"):
            name, equals, value = word.partition("=")
            following = given.words[at + 1] if at + 1 < len(given.words) else None
            yield name, value if equals else following


def _without_nested(paths: Sequence[str]) -> tuple[str, ...]:
    """Each path once, and none that lies in another: one volume does for both."""
    once = tuple(dict.fromkeys(paths))
    return tuple(path for path in once if not any(path != other and is_inside(path, other) for other in once))
