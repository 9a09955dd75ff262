"""The whole bot on one screen: discover, parse, detect, fix, verify, propose."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from fixbot.checkout import READ_ELSEWHERE, Checkout, Content, Globs, RepositoryFiles
from fixbot.engine.build_report import build_report
from fixbot.engine.chart_parts import find_charts, group_charts, select_chart_files
from fixbot.engine.isolate import add_failures, analyze_isolated
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.process_limits import MEGABYTE, OutOfTime, limit_time
from fixbot.engine.result_cache import InputDigests, ResultCache, compute_part_keys
from fixbot.layers.find_layerings import gather_render_inputs
from fixbot.lens import ResourceType
from fixbot.masking.mask_texts import mask_texts
from fixbot.masking.secret_masker import KnownValuesMasker
from fixbot.masking.values_elsewhere import find_values_elsewhere, select_holders, values_kept
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Failure, Report, Unread
from fixbot.render.helm import ChartRenderer
from fixbot.rules.rule import Rule, resource_types
from fixbot.settings import Settings
from fixbot.settings.setting_groups import LimitSettings
from fixbot.settings.suppressions import Suppressions
from fixbot.source.discover import (
    collect_needles,
    declares_only,
    find_companions,
    find_unnamed,
    is_of_other_tool,
    is_relevant,
    is_script,
)
from fixbot.source.dockerfiles import select_dockerfiles
from fixbot.source.file_facts import FileFacts, gather_surroundings, read_facts
from fixbot.source.other_formats import name_format, select_others
from fixbot.source.partition import partition_files
from fixbot.syntax import syntax_of

if TYPE_CHECKING:
    from fixbot.engine.user_cache import Cache
    from fixbot.render.chart import Chart

Progress = Callable[[int, int, str], None]
_WORTH_A_WORKER = 400_000
"""Characters below which starting a second process costs more than it saves."""
_A_FILES_WORTH = 5_000_000
"""Bytes of all files for which looking at them together may take as long as looking at one."""
_MASKING = 6
"""Times of that for which all texts of a report may be masked."""


def run_pipeline(  # noqa: PLR0913 - each has its default
    checkout: RepositoryFiles,
    fixers: tuple[Rule, ...],
    settings: Settings,
    *,
    progress: Progress | None = None,
    jobs: int = 1,
    cache: Cache | None = None,
    contents: bool = True,
    deadline: float | None = None,
    like: RepositoryFiles | None = None,
) -> Report:
    """Everything that is wrong in a checkout, and every proven way out. Writes nothing.

    Without `contents` results may come from the cache; their patches and proposals then have diffs, but no
    texts. With `like`, what the cache knows of those files is taken, and nothing is remembered. What is not
    done by the `deadline` (of `time.monotonic`) is given up. Raises FixbotError for a wish without rule.
    """
    started = time.monotonic()
    today = date.today()  # noqa: DTZ011 - whether a wish has ended is for the user's own day to say
    memory = None if cache is None else ResultCache(cache, like or checkout, today.isoformat(), contents)
    if memory is not None and like is None and (known := memory.load_all()) is not None:
        return build_report(checkout, settings, started, *known)
    read = read_files(checkout, resource_types(fixers), settings.limits, InputDigests() if memory else None)
    patience = read.allowed_seconds
    with limit_time(patience, "finding out what the files of this repository have in common"):
        charts = find_charts(read.bytes | read.chart_files) if _may_render(settings) else {}
        order = build_request(checkout, read, fixers, settings, today, charts)
        grouped = _group_files(read, charts, order)
    _take_secrets(read)
    keys = compute_part_keys(grouped, read.seen, order, today.isoformat()) if read.seen is not None else []
    results: dict[int, PartitionResult] = {}
    if memory is not None:
        results = {at: found for at, key in enumerate(keys) if (found := memory.load_part(key)) is not None}
    files = sum(len(grouped[number]) for number in results)
    for number, examined in _analyze_partitions(grouped, results, read.texts, order, jobs, deadline):
        results[number] = examined
        files += len(grouped[number])
        if progress is not None:
            progress(files, len(read.texts), grouped[number][0])
    in_order = [found for _, found in sorted(results.items())]
    masker = KnownValuesMasker(frozenset(read.secrets).union(*(each.secrets for each in in_order)))
    if complaint := next((words for each in in_order for words in each.complaints), None):
        raise FixbotError(masker.mask_sentence(complaint))
    with limit_time(patience * _MASKING, "masking the secrets of this repository in its report"):
        in_order = [_mask_partition(each, masker) for each in in_order]
        unread = [mask_texts(each, masker) for each in read.unread]
    if memory is not None and like is None and read.seen is not None:
        memory.store_results(read.seen, unread, dict(zip(keys, in_order, strict=True)))
    return build_report(checkout, settings, started, in_order, unread)


def _group_files(read: ReadFiles, charts: Mapping[str, Chart], order: AnalysisRequest) -> list[list[str]]:
    """The paths of the texts by part: those of each chart that is rendered, and all others."""
    apart = group_charts(charts, read.texts)
    taken = {path for part in apart for path in part}
    read.texts |= {path: read.bytes[path].decode() for path in charts}
    others = [path for path in read.texts if path not in taken]
    return [*partition_files(order.inputs.list_reads(read.facts, others)), *apart]


@dataclass(slots=True)
class ReadFiles:
    """What was read of a repository: the texts that can matter, and what each file says of all."""

    texts: dict[str, str]
    unread: list[Unread]
    named: dict[str, bytes]
    """Files that others name, and whose own names don't say that they matter."""
    bytes: dict[str, bytes]
    facts: dict[str, FileFacts]
    """What each file of `bytes` says of the whole repository."""
    chart_files: dict[str, builtins.bytes] = field(default_factory=dict)
    """Other files of charts."""
    seen: InputDigests | None = None
    limits: LimitSettings = field(default_factory=LimitSettings)
    held: int = 0
    """Characters and bytes of all that is kept."""
    secrets: set[str] = field(default_factory=set)
    """Values of files in which nothing else is looked for."""

    @property
    def allowed_seconds(self) -> float:
        """Seconds of work for what is asked of all files at once."""
        return self.limits.seconds * (1 + sum(map(len, self.bytes.values())) / _A_FILES_WORTH)


def read_files(
    checkout: RepositoryFiles,
    types: Sequence[ResourceType],
    limits: LimitSettings,
    seen: InputDigests | None = None,
) -> ReadFiles:
    """Read every candidate, and keep the texts that can matter. `seen` is told of everything."""
    needles = tuple(each.encode() for each in collect_needles(types))
    files = ReadFiles({}, list(checkout.unread), {}, {}, {}, seen=seen, limits=limits)
    for entry in checkout.entries:
        content = checkout.read_file(entry)
        if seen is not None:
            seen.add_entry(entry, content)
        if isinstance(content, Content):
            _keep_content(files, content, needles)
        else:
            files.unread.append(content)
    _read_named(checkout, files, needles)
    if isinstance(checkout, Checkout):
        packed = [path for path in select_chart_files(files.bytes, checkout.others) if path.endswith(".tgz")]
        files.chart_files |= {
            path: data for path in packed if (data := checkout.read_packed(path)) is not None
        }
    with limit_time(files.allowed_seconds, "finding out which files belong together"):
        for path in find_companions(files.bytes, files.facts, files.texts, variables=bool(types)):
            files.texts[path] = files.bytes[path].decode()
    files.unread = [each for each in files.unread if not _read_elsewhere(checkout, each, files)]
    return files


def _read_named(checkout: RepositoryFiles, files: ReadFiles, needles: Sequence[bytes]) -> None:
    """Read what others name, what holds values of secrets, and Dockerfiles."""
    with limit_time(files.allowed_seconds, "finding out which files name others"):
        kept = select_holders(checkout.others)
        images = frozenset(select_dockerfiles(checkout.others))
        others = frozenset(select_others(checkout.others))
        unnamed = frozenset(find_unnamed(files.facts))
        parts = frozenset(select_chart_files(files.bytes, checkout.others))
        names = [*sorted(unnamed), *kept, *sorted(images | others | parts)]
    entries = checkout.find_named(names)
    if files.seen is not None:
        files.seen.named = [entry.path for entry in entries]
        files.seen.missing = len(entries) < len(names)
    for entry in entries:
        content = checkout.read_file(entry)
        if files.seen is not None:
            files.seen.add_entry(entry, content)
        if isinstance(content, Content) and entry.path in unnamed:
            files.named[entry.path] = content.data
        if isinstance(content, Content) and entry.path in parts:
            files.chart_files[entry.path] = content.data
        if isinstance(content, Content) and entry.path in others:
            _name_format(files, content)
        elif isinstance(content, Content) and entry.path in kept:
            files.secrets |= values_kept(content.data)
        elif isinstance(content, Content) and entry.path in images:
            files.facts[entry.path] = read_facts(entry.path, content.data)
        elif isinstance(content, Content) and syntax_of(entry.path, content.text[:4096]):
            _keep_content(files, content, needles)


def _name_format(files: ReadFiles, content: Content) -> bool:
    """Say aloud that a file is of a format that isn't read, if it is."""
    reason = name_format(content.path, content.data)
    if reason is not None:
        files.unread.append(Unread(content.path, None, reason, "unserved"))
    return reason is not None


def _keep_content(files: ReadFiles, content: Content, needles: Sequence[bytes]) -> None:
    size = len(content.data)
    if files.held + size > files.limits.memory_mb * MEGABYTE:
        why = f"all files together need more than {files.limits.memory_mb:,} MB (limits.memory_mb)"
        files.unread.append(Unread(content.path, None, f"not examined: out of memory: {why}"))
        return
    try:
        with limit_time(files.limits.seconds, "looking at it"):
            counts = is_relevant(content.data, needles)
            counts = counts and not declares_only(content.path, content.data)
            counts = counts and not is_script(content.path, content.data)
            counts = counts and not is_of_other_tool(content.path, content.data)
            facts = read_facts(content.path, content.data)
    except OutOfTime as why:
        files.unread.append(Unread(content.path, None, f"not examined: out of time: {why}"))
        return
    files.bytes[content.path], files.facts[content.path] = content.data, facts
    counts = not _name_format(files, content) and counts
    files.held += size * (1 + counts)
    if counts:
        files.texts[content.path] = content.text


def _take_secrets(files: ReadFiles) -> None:
    """The secrets of files in which nothing else is looked for, each in its own time; then let go of all."""
    for path, data in files.bytes.items():
        if path not in files.texts:
            try:
                with limit_time(files.limits.seconds, "looking for secrets in it"):
                    files.secrets |= find_values_elsewhere([data])
            except OutOfTime as why:
                files.unread.append(Unread(path, None, f"not examined: out of time: {why}"))
    files.bytes.clear()
    files.chart_files.clear()


def _read_elsewhere(checkout: RepositoryFiles, unread: Unread, files: ReadFiles) -> bool:
    """Whether a file was not read since it is a symbolic link to one that was."""
    return unread.reason == READ_ELSEWHERE and checkout.resolve_link(unread.path) in files.bytes


def build_request(
    checkout: RepositoryFiles,
    read: ReadFiles,
    fixers: tuple[Rule, ...],
    settings: Settings,
    today: date,
    charts: Mapping[str, Chart] | None = None,
) -> AnalysisRequest:
    """What all parts are to be looked at for. Raises FixbotError for a wish that makes no sense."""
    inputs = gather_render_inputs({**read.named, **read.bytes}, read.facts, read.texts, settings.renderers)
    read.unread += inputs.unread
    paths = [*(entry.path for entry in checkout.entries), *read.bytes]
    never = Globs(settings.never_patch)
    never_patched = filter(never.matches, read.bytes if charts else read.texts)
    facts = gather_surroundings(read.facts, paths, never_patched, checkout.repository, read.texts)
    known = frozenset(settings.known_rules or (f.name for f in fixers))
    suppressions = Suppressions(settings.ignore, known, today)
    suppressions.check_all()
    renderer = ChartRenderer(settings.renderers) if charts and settings.renderers is not None else None
    return AnalysisRequest(
        fixers, settings, suppressions, facts, facts.charts, charts or {}, renderer, inputs
    )


def _may_render(settings: Settings) -> bool:
    """Whether charts are rendered here: there is what does that, and its limits are held by the system."""
    return settings.renderers is not None and settings.renderers.helm_library


def _analyze_partitions(
    grouped: Sequence[list[str]],
    done: Collection[int],
    texts: Mapping[str, str],
    order: AnalysisRequest,
    jobs: int,
    deadline: float | None,
) -> Iterator[tuple[int, PartitionResult]]:
    """What comes out of each part that isn't `done`, by its number, as it gets ready."""
    numbers = [number for number in range(len(grouped)) if number not in done]
    todo = [grouped[number] for number in numbers]
    if not todo:
        return
    from fixbot.engine.workers import analyze_in_processes, can_fork  # noqa: PLC0415 - costs 20 ms

    if can_fork():
        size = sum(len(texts[path]) for part in todo for path in part)
        jobs = jobs if size > _WORTH_A_WORKER else 1
        yield from (
            (numbers[at], found) for at, found in analyze_in_processes(todo, texts, order, jobs, deadline)
        )
        return
    for number, part in zip(numbers, todo, strict=True):
        try:
            yield number, analyze_isolated({path: texts[path] for path in part}, order)
        except MemoryError:
            yield number, add_failures(PartitionResult(), [Failure(tuple(part), "out of memory")])


def _mask_partition(examined: PartitionResult, masker: KnownValuesMasker) -> PartitionResult:
    """A part's results without the secrets of all other files; `told` says whether any stood there."""
    if not masker.values.known - examined.secrets:
        return examined
    patches = [mask_texts(each, masker) for each in examined.patches]
    proposals = [mask_texts(each, masker) for each in examined.proposals]
    findings = [mask_texts(each, masker) for each in examined.findings]
    touched = patches != examined.patches or proposals != examined.proposals or findings != examined.findings
    return replace(
        examined,
        patches=patches,
        proposals=proposals,
        findings=findings,
        items=[mask_texts(each, masker) for each in examined.items],
        unread=[mask_texts(each, masker) for each in examined.unread],
        alone=examined.alone and not touched,
    )
