"""A Helm chart as it stands in a repository: its files, whose they are, and with what values it is used."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

TEMPLATES: Final = (".yaml", ".yml", ".tpl", ".txt", ".json")


@dataclass(frozen=True, slots=True)
class ValuesText:
    """Values that are laid over a chart's own: their YAML, and the file of the repository that it is."""

    text: str = field(repr=False)
    path: str = ""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One way in which a chart is used: what a reader calls it, the values in order, and the release."""

    title: str
    texts: tuple[ValuesText, ...] = ()
    release: str = "release-name"
    namespace: str = "default"
    made_up: bool = False
    """Whether it only shows what a switch would do: nothing is reported of it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the subcharts in it.

    `files` are by the path within it, `places` says where of these those stand in the repository that may be
    changed there. `missing` are the subcharts that it names and that are not there.
    """

    root: str
    name: str
    files: Mapping[str, bytes] = field(repr=False)
    places: Mapping[str, str] = field(repr=False)
    missing: tuple[str, ...] = ()
    uses: tuple[ValueSet, ...] = (ValueSet("default values"),)

    def list_templates(self) -> dict[str, str]:
        """The texts of all templates by their paths within the chart, those of subcharts included."""
        found = {}
        for path, data in self.files.items():
            folder, _, _ = path.rpartition("/")
            if "templates" in folder.split("/") and path.endswith(TEMPLATES):
                try:
                    found[path] = data.decode()
                except UnicodeDecodeError:
                    continue
        return found

    def place_of(self, path: str) -> str:
        """Where a file of the chart stands, or would stand, in the repository."""
        return self.places.get(path) or posixpath.join(self.root, path)

    def with_texts(self, texts: Mapping[str, str]) -> Chart:
        """The chart with other values where these files of the repository hold them."""
        uses = tuple(
            replace(
                use, texts=tuple(replace(each, text=texts.get(each.path, each.text)) for each in use.texts)
            )
            for use in self.uses
        )
        return replace(self, uses=uses)


_LOCAL: Final = ("$ref", "$dynamicRef", "$recursiveRef")


def without_remote_schemas(data: bytes) -> bytes:
    """A schema of values that refers to nothing outside of itself: Helm would fetch that.

    What it refers to there is then allowed to be anything. A schema that can't be read is left out.
    """
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        return b"{}"
    stack = [schema]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            for key in _LOCAL:
                if not str(each.get(key, "#")).startswith("#"):
                    del each[key]
            for key in ("$schema", "$id", "id"):
                if isinstance(each.get(key), str):
                    del each[key]
            stack += each.values()
        elif isinstance(each, list):
            stack += each
    return json.dumps(schema).encode()
