"""What a fixer is, and how the installed ones are found. Nothing registers itself."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from fixbot.lens import ResourceType
from fixbot.model import Found, Safety, Severity
from fixbot.world import World

Check = Callable[[Any, World], Iterator[Found]]
_F = TypeVar("_F", bound=Callable[..., Iterator[Found]])


@dataclass(frozen=True)
class Fixer:
    """One concern: what is wrong, how bad, and the function that finds it and says the way out.

    `one` and `many` are titles of proposals, with `{subject}`, `{count}` and `{folder}`.
    `looks_at` is the class of what the function wants to see (Container, Task, Policy) or a type of resource.
    `topic` names what its fixes share a pull request with; a map has one for each type of what is edited, and
    under the empty string one for all others. Without a topic a rule shares with no other.
    """

    name: str
    title: str
    one: str
    many: str
    severity: Severity
    safety: Safety
    controls: tuple[str, ...]
    references: tuple[str, ...]
    looks_at: type | ResourceType
    check: Check
    package: str = "fixers"
    topic: str | Mapping[str, str] = ""

    @cached_property
    def page(self) -> str:
        """The fixer's page as Markdown; an empty string where the package ships none."""
        for folder in (_pages(self.package), Path(__file__).parent.parent / "docs" / "fixers"):
            page = folder / f"{self.name}.md"
            if page.is_file():
                return page.read_text(encoding="utf-8")
        return ""

    def topic_of(self, edited: str = "") -> str:
        """What a fix shares a pull request with, by the type of what it edits: `iam-scope`."""
        if isinstance(self.topic, str):
            return self.topic or self.name
        return self.topic.get(edited) or self.topic.get("") or self.name

    def section(self, heading: str) -> str:
        """The text below `## heading` of the page."""
        _, found, rest = f"\n{self.page}".partition(f"\n## {heading}\n")
        return rest.split("\n## ")[0].strip() if found else ""


def _pages(package: str) -> Path:
    return Path(str(resources.files(package))) / "pages"


def fixer(  # noqa: PLR0913 - all by name
    *,
    title: str,
    one: str,
    many: str,
    severity: Severity,
    safety: Safety = Safety.REVIEW,
    controls: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    topic: str | Mapping[str, str] = "",
) -> Callable[[_F], _F]:
    """Mark a module's function as its fixer. The rule's name is the module's, with hyphens."""

    def mark(check: _F) -> _F:
        name = check.__module__.rpartition(".")[2].replace("_", "-")
        hints = list(get_type_hints(check).values())
        check.fixer = Fixer(  # type: ignore[attr-defined]
            name, title, one, many, severity, safety, controls, references, hints[0], check,
            check.__module__.partition(".")[0], topic,
        )  # fmt: skip
        return check

    return mark


def resource_types(fixers: Iterable[Fixer]) -> tuple[ResourceType, ...]:
    """The types of resources that these look at, each once."""
    return tuple(dict.fromkeys(each.looks_at for each in fixers if isinstance(each.looks_at, ResourceType)))


def load() -> tuple[Fixer, ...]:
    """Every fixer of the package `fixers` and of those that other distributions name as entry points."""
    packages = ["fixers", *(point.value for point in entry_points(group="fixbot.fixers"))]
    found: dict[str, Fixer] = {}
    for package in packages:
        for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
            for each in vars(import_module(module.name)).values():
                made = each if isinstance(each, Fixer) else getattr(each, "fixer", None)
                if isinstance(made, Fixer):
                    found.setdefault(made.name, made)
    return tuple(found[name] for name in sorted(found))
