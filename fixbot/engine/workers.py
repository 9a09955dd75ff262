"""Parts of a repository examined in processes of their own; one that dies, hangs or swells loses its part."""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
import signal
import struct
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Final

from fixbot.engine.isolate import Texts, add_failures, analyze_isolated
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.engine.process_limits import OUT_OF_MEMORY, OVER, ProcessLimits, explain_exit
from fixbot.model.findings import Failure

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, ForkProcess

_BATCH = 150_000
"""Characters of text a worker gets at once."""
_TRIES: Final = 3
"""How often a part is begun; before each further time the file that ended the last one is left out."""
_PATIENCE: Final = 6
"""How many times the limit may be used up in vain before the parts that are left get a second each."""
_WALL: Final = 30
"""Seconds by the clock for one of processor time, before a worker that does nothing is given up."""
_YOUNG: Final = 200_000
"""Objects that are made before those among them that nobody holds are looked for: a tree's nodes hold each
other and live as long as their part, so looking after every 700, as Python does, is a tenth of the work."""
_PLACE: Final = struct.Struct("qq")
Parts = Sequence[Sequence[str]]


def analyze_in_processes(
    parts: Parts, texts: Texts, order: AnalysisRequest, jobs: int, deadline: float | None = None
) -> Iterator[tuple[int, PartitionResult]]:
    """What came out of each part, by its number, as it gets ready. Never raises for what a part holds.

    `deadline` is when everything must be over, by `time.monotonic`.
    """
    crew = _WorkerPool(parts, texts, order, deadline)
    try:
        yield from crew.run_all(jobs)
    finally:
        crew.kill_all()


def can_fork() -> bool:
    """Whether this system can start processes that inherit all that was read."""
    return "fork" in multiprocessing.get_all_start_methods()


@dataclass(slots=True)
class _Worker:
    """A process, what it is to do in how many seconds, and where it says what it is at.

    `place` holds two numbers: of the part, and of the file in it that is being read; -1 for none.
    """

    process: ForkProcess
    place: mmap.mmap
    batch: list[int] = field(default_factory=list)
    seconds: int = 0
    since: float = 0.0
    seen: tuple[int, int] = (-1, -1)
    hangs: bool = False

    @property
    def at(self) -> tuple[int, int]:
        """Where it is."""
        part, file = _PLACE.unpack_from(self.place)
        return part, file


@dataclass(slots=True)
class _WorkerPool:
    """Processes that inherit the texts by forking and get numbers of parts; results are sent back."""

    parts: Parts
    texts: Texts
    order: AnalysisRequest
    deadline: float | None = None
    waiting: deque[list[int]] = field(default_factory=deque)
    busy: dict[Connection, _Worker] = field(default_factory=dict)
    left_out: dict[int, list[Failure]] = field(default_factory=dict)
    """What was given up of each part: a file that ended the process each."""
    wasted: int = 0

    def run_all(self, jobs: int) -> Iterator[tuple[int, PartitionResult]]:
        context = multiprocessing.get_context("fork")
        self.waiting.extend(_split_batches(self.parts, self.texts))
        while self.waiting or self.busy:
            if self._is_over():
                yield from self._give_up_rest()
                return
            while self.waiting and len(self.busy) < jobs:
                self._start_worker(context)
            for ready in wait(list(self.busy), self._seconds_to_wait()):
                if isinstance(ready, Connection):
                    yield from self._receive_results(ready)
            self._kill_hanging()

    def _is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _seconds_to_wait(self) -> float:
        """Seconds until somebody must be looked after."""
        return 1.0 if self.deadline is None else max(0.01, min(1.0, self.deadline - time.monotonic()))

    def _give_up_rest(self) -> Iterator[tuple[int, PartitionResult]]:
        """All that is not done when the time for the whole is over."""
        numbers = [number for worker in self.busy.values() for number in worker.batch]
        numbers += [number for batch in self.waiting for number in batch]
        self.waiting.clear()
        self.kill_all()
        for number in numbers:
            paths = tuple(sorted(self.parts[number]))
            failure = Failure(paths, OVER)
            yield number, add_failures(PartitionResult(), [failure])

    def _kill_hanging(self) -> None:
        """Kill those that have been at one place for long without using up their processor time."""
        for worker in self.busy.values():
            if worker.at != worker.seen:
                worker.seen, worker.since = worker.at, time.monotonic()
            elif time.monotonic() - worker.since > worker.seconds * _WALL:
                worker.hangs = True
                worker.process.kill()

    def _start_worker(self, context: ForkContext) -> None:
        ours, theirs = context.Pipe()
        place = mmap.mmap(-1, _PLACE.size)
        process = context.Process(target=self._serve_batches, args=(theirs, ours, place), daemon=True)
        process.start()
        theirs.close()
        self._assign_batch(ours, _Worker(process, place))

    def _assign_batch(self, connection: Connection, worker: _Worker) -> None:
        """Give the next batch, or the sack."""
        if self.waiting:
            worker.batch = self.waiting.popleft()
            limit = self.order.settings.limits.seconds
            worker.seconds = max(1, min(limit, limit * _PATIENCE - self.wasted))
            worker.since, worker.seen = time.monotonic(), worker.at
            self.busy[connection] = worker
            without = {
                number: self._left_out_paths(number) for number in worker.batch if number in self.left_out
            }
            connection.send((worker.batch, worker.seconds, without))
        else:
            self.busy.pop(connection, None)
            connection.close()
            worker.process.join()

    def _left_out_paths(self, number: int) -> list[str]:
        return [path for failure in self.left_out[number] for path in failure.paths]

    def _receive_results(self, connection: Connection) -> Iterator[tuple[int, PartitionResult]]:
        worker = self.busy[connection]
        try:
            found: list[tuple[int, PartitionResult]] = connection.recv()
        except (EOFError, OSError):
            found = self._handle_death(connection)
        else:
            self._assign_batch(connection, worker)
        for number, examined in found:
            yield number, add_failures(examined, self.left_out.get(number, ()))

    def _handle_death(self, connection: Connection) -> list[tuple[int, PartitionResult]]:
        """A process ended. The part that it was at is tried without the file that it read, or given up."""
        worker = self.busy.pop(connection)
        connection.close()
        worker.process.join()
        self.wasted += worker.seconds
        at, file = worker.at
        number = at if at in worker.batch else worker.batch[0]
        if others := [each for each in worker.batch if each != number]:
            self.waiting.appendleft(others)
        code, limits = worker.process.exitcode or 0, self.order.settings.limits
        why = "it hung" if worker.hangs else explain_exit(code, worker.seconds, limits)
        part, gone = self.parts[number], self.left_out.get(number, [])
        if len(gone) < _TRIES - 1 and len(part) > len(gone) + 1:
            self.left_out[number] = [*gone, Failure((self._choose_suspect(number, file),), why)]
            self.waiting.appendleft([number])
            return []
        rest = tuple(sorted(set(part).difference(path for each in gone for path in each.paths)))
        return [(number, add_failures(PartitionResult(), [Failure(rest, why)]))]

    def _choose_suspect(self, number: int, file: int) -> str:
        """The file that is left out next: what was being read, or the largest where all of them were."""
        part = self.parts[number]
        if 0 <= file < len(part):
            return part[file]
        without = self._left_out_paths(number) if number in self.left_out else []
        return max((path for path in part if path not in without), key=lambda path: len(self.texts[path]))

    def _serve_batches(self, connection: Connection, others_end: Connection, place: mmap.mmap) -> None:
        """A worker's life: it ends when nobody is at the other end."""
        # Ctrl-C reaches every process of the terminal; the one that started us ends us in good order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        others_end.close()
        for each in self.busy:
            each.close()
        gc.freeze()
        gc.set_threshold(_YOUNG)
        bounds = ProcessLimits()
        while True:
            _PLACE.pack_into(place, 0, -1, -1)
            try:
                batch, seconds, without = connection.recv()
            except (EOFError, OSError):
                if self.order.renderer is not None:
                    self.order.renderer.close()
                return
            try:
                found: list[tuple[int, PartitionResult]] = []
                for number in batch:
                    bounds.renew_limits(seconds, self.order.settings.limits.memory_mb)
                    found.append((number, self._analyze_part(number, without.get(number, ()), place)))
                connection.send(found)
            except MemoryError:
                os._exit(OUT_OF_MEMORY)

    def _analyze_part(self, number: int, without: Sequence[str], place: mmap.mmap) -> PartitionResult:
        part = self.parts[number]
        numbers = {path: at for at, path in enumerate(part)}

        def note_file(path: str) -> None:
            _PLACE.pack_into(place, 0, number, numbers.get(path, -1))

        note_file("")
        texts: Mapping[str, str] = {path: self.texts[path] for path in part if path not in without}
        return analyze_isolated(texts, self.order, note_file)

    def kill_all(self) -> None:
        """End every process that is still there."""
        for connection, worker in self.busy.items():
            worker.process.kill()
            worker.process.join()
            connection.close()
        self.busy.clear()


def _split_batches(parts: Parts, texts: Texts) -> Iterator[list[int]]:
    """Numbers of parts, the largest first, several small ones together."""
    sizes = [sum(len(texts[path]) for path in part) for part in parts]
    batch: list[int] = []
    held = 0
    for number in sorted(range(len(parts)), key=lambda number: -sizes[number]):
        batch.append(number)
        held += sizes[number]
        if held >= _BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
