"""The charts of a repository as parts of it: found among its files, rendered where that is possible."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fixbot.engine.analyze import add_inline_ignores, analyze_partition
from fixbot.engine.analyze_chart import analyze_chart
from fixbot.engine.partition_result import PartitionResult
from fixbot.layers.assemble_chart import DESCRIPTION, assemble_chart, find_roots
from fixbot.model.findings import Unread
from fixbot.render.chart import TEMPLATES, Chart

if TYPE_CHECKING:
    from fixbot.engine.partition_result import AnalysisRequest

_MOST_FILES: Final = 3_000
"""Files of a chart beside those that are read in any case."""


def select_chart_files(candidates: Collection[str], others: Collection[str]) -> list[str]:
    """Those of other files that lie in charts: what templates read may be called anything."""
    roots = find_roots([path for path in candidates if path.endswith(DESCRIPTION)])
    starts = tuple(f"{root}/" for root in roots if root)
    return [path for path in others if starts and path.startswith(starts)][:_MOST_FILES]


def find_charts(files: Mapping[str, bytes]) -> dict[str, Chart]:
    """The charts among some files, by the path of their description, those without any template left out."""
    found = {}
    for root in find_roots([path for path in files if path.endswith(DESCRIPTION)]):
        chart = assemble_chart(root, files)
        if chart is not None and (chart.list_templates() or chart.missing):
            found[posixpath.join(root, DESCRIPTION)] = chart
    return found


def select_texts(chart: Chart, texts: Collection[str]) -> list[str]:
    """The files of a part that is a chart: its description first, then all of its files that may matter."""
    own = posixpath.join(chart.root, DESCRIPTION)
    start = f"{chart.root}/" if chart.root else ""
    if not start:  # a chart at the top has its own files only
        below = [path for path in texts if path in chart.places.values()]
    else:
        below = [path for path in texts if path.startswith(start)]
    return [own, *(path for path in below if path != own)]


def is_chart_part(texts: Mapping[str, str], order: AnalysisRequest) -> bool:
    """Whether the texts are those of a chart that is to be rendered."""
    return any(path in order.rendered for path in texts)


def analyze_chart_part(
    texts: Mapping[str, str], order: AnalysisRequest, watch: Callable[[str], None]
) -> PartitionResult:
    """What comes of a chart; where it can't be rendered, of its files as they are."""
    own = next(path for path in texts if path in order.rendered)
    chart = order.rendered[own]
    watch(own)
    rest = {path: text for path, text in texts.items() if path != own}
    done = PartitionResult()
    found: PartitionResult | str = "nothing renders charts here"
    if order.renderer is not None:
        seen = {place: chart.files[path].decode(errors="replace") for path, place in chart.places.items()}
        ordered = add_inline_ignores(seen, order, watch, done)
        if done.complaints:
            return done
        found = analyze_chart(chart, order.renderer, ordered)
    if isinstance(found, str):
        done = analyze_partition(rest, order, watch)
        done.unread.append(Unread(own, None, f"a Helm chart that can't be rendered: {found}", "unserved"))
        return done
    found.unread += _list_missing(chart, own)
    found.unread += _list_packed(chart)
    left = {path: text for path, text in rest.items() if not _is_rendered(path, chart)}
    return _join_results(found, analyze_partition(left, order, watch)) if left else found


def _list_missing(chart: Chart, own: str) -> Iterator[Unread]:
    folder = chart.root or "."
    for each in chart.missing:
        why = (
            f"the subchart {each} is not here, and not looked at; `helm dependency build {folder}` brings it"
        )
        yield Unread(own, None, why, "unserved")


def _list_packed(chart: Chart) -> Iterator[Unread]:
    for path, place in chart.places.items():
        if path.endswith(".tgz") and "charts" in path.split("/"):
            why = "a packed subchart; fixbot doesn't look into it, and never changes it"
            yield Unread(place, None, why, "unserved")


def _is_rendered(path: str, chart: Chart) -> bool:
    """Whether a file of a chart is seen in what the chart renders to: its templates and values."""
    within = path.removeprefix(f"{chart.root}/" if chart.root else "")
    steps = within.split("/")
    if "templates" in steps[:-1] and path.endswith(TEMPLATES):
        return True
    used = {each.path for use in chart.uses for each in use.texts}
    return path in used or steps[-1] in ("values.yaml", "values.yml", DESCRIPTION, "requirements.yaml")


def _join_results(one: PartitionResult, two: PartitionResult) -> PartitionResult:
    """What came of a chart's templates, and of its other files."""
    counts = {key: one.counts.get(key, 0) + two.counts.get(key, 0) for key in {**one.counts, **two.counts}}
    return replace(
        one,
        findings=[*one.findings, *two.findings],
        patches=[*one.patches, *two.patches],
        proposals=[*one.proposals, *two.proposals],
        unread=[*one.unread, *two.unread],
        failures=[*one.failures, *two.failures],
        complaints=[*one.complaints, *two.complaints],
        parsed=one.parsed + two.parsed,
        counts=counts,
        hidden=one.hidden + two.hidden,
        secrets=one.secrets | two.secrets,
        alone=one.alone and two.alone,
    )


def group_charts(charts: Mapping[str, Chart], texts: Collection[str]) -> list[list[str]]:
    """The part of each chart; a chart in another one's folder goes with that only as one of its subcharts."""
    taken: set[str] = set()
    parts: list[Sequence[str]] = []
    for _, chart in sorted(charts.items(), key=lambda each: -each[0].count("/")):
        part = [path for path in select_texts(chart, texts) if path not in taken]
        taken.update(part)
        parts.append(part)
    return [list(part) for part in parts]
