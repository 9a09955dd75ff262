"""Parts of a repository examined in several processes; one that dies loses its part and no other."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from fixbot.examine import Examined, Order
from fixbot.model import Failure
from fixbot.survive import Texts, lost, survive

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, ForkProcess

_BATCH = 150_000
"""Characters of text a worker gets at once."""
Parts = Sequence[Sequence[str]]


def spread(parts: Parts, texts: Texts, order: Order, jobs: int) -> Iterator[tuple[int, Examined]]:
    """What came out of each part, by its number, as it gets ready. Never raises for what a part holds."""
    crew = _Crew(parts, texts, order)
    try:
        yield from crew.work(jobs)
    finally:
        crew.dismiss()


def can_fork() -> bool:
    """Whether this system can start processes that inherit all that was read."""
    return "fork" in multiprocessing.get_all_start_methods()


@dataclass(slots=True)
class _Crew:
    """Processes that inherit the texts by forking and get numbers of parts; results are sent back."""

    parts: Parts
    texts: Texts
    order: Order
    waiting: deque[list[int]] = field(default_factory=deque)
    busy: dict[Connection, tuple[ForkProcess, list[int]]] = field(default_factory=dict)

    def work(self, jobs: int) -> Iterator[tuple[int, Examined]]:
        context = multiprocessing.get_context("fork")
        self.waiting.extend(_batches(self.parts, self.texts))
        while self.waiting or self.busy:
            while self.waiting and len(self.busy) < jobs:
                self._hire(context)
            for ready in wait(list(self.busy)):
                if isinstance(ready, Connection):
                    yield from self._results(ready)

    def _hire(self, context: ForkContext) -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=self._serve, args=(theirs, ours), daemon=True)
        process.start()
        theirs.close()
        self._assign(ours, process)

    def _assign(self, connection: Connection, process: ForkProcess) -> None:
        """Give the next batch, or the sack."""
        if self.waiting:
            batch = self.waiting.popleft()
            self.busy[connection] = process, batch
            connection.send(batch)
        else:
            self.busy.pop(connection, None)
            connection.close()
            process.join()

    def _results(self, connection: Connection) -> Iterator[tuple[int, Examined]]:
        process, _ = self.busy[connection]
        try:
            found: list[tuple[int, Examined]] = connection.recv()
        except (EOFError, OSError):
            found = self._buried(connection)
        else:
            self._assign(connection, process)
        yield from found

    def _buried(self, connection: Connection) -> list[tuple[int, Examined]]:
        """A process died. Its parts are tried again one at a time; one that kills by itself is given up."""
        process, batch = self.busy.pop(connection)
        connection.close()
        process.join()
        if len(batch) > 1:
            self.waiting.extendleft([number] for number in batch)
            return []
        code = process.exitcode or 0
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        failure = Failure(tuple(sorted(self.parts[batch[0]])), f"the process that read it died ({why})")
        return [(batch[0], lost(Examined(), [failure]))]

    def _serve(self, connection: Connection, others_end: Connection) -> None:
        """A worker's life: it ends when nobody is at the other end."""
        # Ctrl-C reaches every process of the terminal; the one that started us ends us in good order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        others_end.close()
        for each in self.busy:
            each.close()
        while True:
            try:
                batch: list[int] = connection.recv()
            except (EOFError, OSError):
                return
            connection.send([(number, self._part(number)) for number in batch])

    def _part(self, number: int) -> Examined:
        return survive({path: self.texts[path] for path in self.parts[number]}, self.order)

    def dismiss(self) -> None:
        """End every process that is still there."""
        for connection, (process, _) in self.busy.items():
            process.terminate()
            process.join()
            connection.close()
        self.busy.clear()


def _batches(parts: Parts, texts: Texts) -> Iterator[list[int]]:
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
