"""A part of a repository examined so that a bug of ours loses that part alone, and is said aloud."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path

from fixbot.engine.analyze import Watch, analyze_partition, ignore_path
from fixbot.engine.chart_parts import analyze_chart_part, is_chart_part
from fixbot.engine.crash_trace import format_trace
from fixbot.engine.partition_result import AnalysisRequest, PartitionResult
from fixbot.model.findings import Failure, Unread

_HOME = Path(__file__).resolve().parent.parent.parent

Texts = Mapping[str, str]


def analyze_isolated(texts: Texts, order: AnalysisRequest, watch: Watch = ignore_path) -> PartitionResult:
    """Examine a part. Files that make it fail are left out, if the others then succeed.

    `watch` is told which file is being read, an empty string when all are. Raises MemoryError.
    """
    try:
        if is_chart_part(texts, order):
            return analyze_chart_part(texts, order, watch)
        return analyze_partition(texts, order, watch)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other files must not suffer
        failure = _describe_failure(error, texts)
    alone = (
        {path: _try_partition({path: text}, order) for path, text in texts.items()} if len(texts) > 1 else {}
    )
    culprits = {path: found for path, found in alone.items() if found is not None}
    rest = {path: text for path, text in texts.items() if path not in culprits}
    if culprits and rest:
        try:
            done = analyze_partition(rest, order)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            failure = _describe_failure(error, texts)
        else:
            return add_failures(done, culprits.values())
    return add_failures(PartitionResult(), [failure])


def _try_partition(texts: Texts, order: AnalysisRequest) -> Failure | None:
    try:
        analyze_partition(texts, order)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return _describe_failure(error, texts)
    return None


def _describe_failure(error: Exception, texts: Texts) -> Failure:
    """What happened, in words that hold nothing of the files: a type, and a place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOME)]
    where = f" in {Path(ours[-1].filename).relative_to(_HOME).as_posix()}:{ours[-1].lineno}" if ours else ""
    trace = format_trace(error)
    return Failure(tuple(sorted(texts)), f"a bug of ours ({type(error).__name__}{where})", trace)


def add_failures(done: PartitionResult, failures: Iterable[Failure]) -> PartitionResult:
    """What came out, with failures added and their files listed as unread."""
    for failure in failures:
        done.failures.append(failure)
        done.unread += [Unread(path, None, f"not examined: {failure.reason}") for path in failure.paths]
    return done
