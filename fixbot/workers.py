"""Parts of a repository examined in several processes, where the system can fork."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence

from fixbot.examine import Examined, Order, examine

_BATCH = 250_000
"""Characters of text a worker gets at once."""


def spread(
    grouped: Sequence[list[str]], texts: Mapping[str, str], order: Order, jobs: int
) -> Iterator[tuple[str, Examined]]:
    """Examine all parts in `jobs` processes. Texts are inherited by forking, results are sent back."""
    if "fork" not in multiprocessing.get_all_start_methods():
        for part in grouped:
            yield part[0], examine({path: texts[path] for path in part}, order)
        return
    batches = list(_batches(grouped, texts))
    context = multiprocessing.get_context("fork")
    with context.Pool(min(jobs, len(batches)), _Worker.prepare, (texts, order)) as pool:
        for found in pool.imap_unordered(_Worker.work, batches):
            yield from found


class _Worker:
    """A process's own copy of what it works on."""

    texts: Mapping[str, str]
    order: Order

    @classmethod
    def prepare(cls, texts: Mapping[str, str], order: Order) -> None:
        cls.texts, cls.order = texts, order

    @classmethod
    def work(cls, batch: Sequence[list[str]]) -> list[tuple[str, Examined]]:
        return [(part[0], examine({p: cls.texts[p] for p in part}, cls.order)) for part in batch]


def _batches(grouped: Sequence[list[str]], texts: Mapping[str, str]) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    size = 0
    for part in sorted(grouped, key=lambda part: -sum(len(texts[path]) for path in part)):
        batch.append(part)
        size += sum(len(texts[path]) for path in part)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
