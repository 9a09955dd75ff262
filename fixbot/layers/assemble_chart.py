"""A chart put together from the files of a repository: what belongs to it, and what may be changed there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixbot.edit.tree import Node, SyntaxProblem
from fixbot.lens import text_of
from fixbot.render.chart import Chart, ValueSet, ValuesText
from fixbot.source.document import parse_document

DESCRIPTION = "Chart.yaml"
_FOLDERS_OF_VALUES = frozenset(("ci", "values", "env", "envs", "environments", "overlays"))
_MOST_USES = 30
"""Sets of values that a chart is rendered with."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A subchart as a chart names it; `key` is where its values stand in those of the chart."""

    name: str
    key: str
    repository: str


def find_roots(paths: Sequence[str]) -> list[str]:
    """The folders of charts that are no subcharts of another one's `charts/`."""
    folders = {posixpath.dirname(path) for path in paths if posixpath.basename(path) == DESCRIPTION}
    return sorted(folder for folder in folders if not _is_subchart(folder, folders))


def _is_subchart(folder: str, folders: set[str]) -> bool:
    above, _, name = f"/{folder}".rpartition("/charts/")
    return bool(name) and "/" not in name and above.lstrip("/") in folders


def read_description(data: bytes) -> Node | None:
    """What a `Chart.yaml` says; None where it can't be read."""
    try:
        document = parse_document("Chart.yaml", data.decode())
    except (SyntaxProblem, UnicodeDecodeError):
        return None
    return document.roots[0] if document.roots else None


def list_dependencies(files: Mapping[str, bytes], folder: str = "") -> Iterator[Dependency]:
    """The subcharts that a chart names, in `Chart.yaml` or, of its first version, in `requirements.yaml`."""
    for name in (DESCRIPTION, "requirements.yaml"):
        data = files.get(posixpath.join(folder, name))
        said = read_description(data) if data is not None else None
        for item in said.list_items("dependencies") if said is not None else ():
            called = text_of(item.find_node("name"))
            if called:
                alias = text_of(item.find_node("alias")) or called
                yield Dependency(called, alias, text_of(item.find_node("repository")) or "")


def assemble_chart(root: str, files: Mapping[str, bytes], uses: Sequence[ValueSet] = ()) -> Chart | None:
    """The chart in a folder; `files` are those of the whole repository that may matter, by path.

    None where its description can't be read.
    """
    within = {path.removeprefix(f"{root}/" if root else ""): data for path, data in _below(root, files)}
    said = read_description(within.get(DESCRIPTION, b""))
    name = text_of(said.find_node("name")) if said is not None else None
    if name is None:
        return None
    places = {path: posixpath.join(root, path) for path in within}
    missing = []
    for each in list_dependencies(within):
        local = each.repository.startswith("file://")
        there = any(path.startswith((f"charts/{each.name}/", f"charts/{each.name}-")) for path in within)
        if there:
            if each.repository and not local:
                places = {
                    path: at for path, at in places.items() if not path.startswith(f"charts/{each.name}")
                }
        elif local:
            folder = posixpath.normpath(posixpath.join(root, each.repository.removeprefix("file://")))
            taken = dict(_below(folder, files)) if not folder.startswith("..") else {}
            if not taken:
                missing.append(f"{each.name} ({each.repository})")
            for path, data in taken.items():
                within[f"charts/{each.name}/{path.removeprefix(folder + '/')}"] = data
        else:
            missing.append(f"{each.name} ({each.repository})" if each.repository else each.name)
    own = ValueSet("default values")
    found = (own, *_list_uses(root, within), *uses)[:_MOST_USES]
    return Chart(root, name, within, places, tuple(missing), found)


def _below(folder: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    start = f"{folder}/" if folder else ""
    return ((path, data) for path, data in files.items() if path.startswith(start))


def _list_uses(root: str, files: Mapping[str, bytes]) -> Iterator[ValueSet]:
    """The chart with each file of values that stands with it."""
    for path in sorted(files):
        folder, name = posixpath.split(path)
        steps = folder.split("/")
        if (
            not name.endswith((".yaml", ".yml"))
            or path == "values.yaml"
            or {"templates", "charts", "crds"} & set(steps)
        ):
            continue
        named = "values" in name or (steps[0] in _FOLDERS_OF_VALUES and folder != "")
        if named and name not in (DESCRIPTION, "requirements.yaml"):
            try:
                text = files[path].decode()
            except UnicodeDecodeError:
                continue
            place = posixpath.join(root, path)
            yield ValueSet(place, (ValuesText(text, place),))
