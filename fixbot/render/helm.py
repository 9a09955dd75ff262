"""Charts rendered with the library of Helm, in a process of its own that knows no network and no cluster."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.programs.session import ProgramSession
from fixbot.programs.start import ProgramLimits, ProgramTask, UnfinishedProgram
from fixbot.render.chart import without_remote_schemas
from fixbot.render.settle_chance import settle_chance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixbot.programs import Programs
    from fixbot.render.chart import Chart, ValueSet

_SERVER: Final = str(Path(__file__).with_name("serve_helm.py"))
SECONDS: Final = 10
"""On the clock, for one rendering."""
ALTOGETHER: Final = 90
"""Seconds on the clock for all renderings of one chart."""
_MOST_KEPT: Final = 300
"""Renderings of a chart that are remembered while it is looked at."""
_LIFE: Final = 600
"""Seconds of processor time for all that one process renders."""
_MEMORY: Final = 2_000_000_000
"""Bytes of address space: half of it is what Go and the library reserve and never touch."""
_OUTPUT: Final = 60_000_000


_VARIABLES: Final = {
    "GOMAXPROCS": "1",
    "GOMEMLIMIT": "600MiB",
    "GOTRACEBACK": "none",
    "MALLOC_ARENA_MAX": "1",
    "KUBECONFIG": "/nonexistent",
}


@dataclass(frozen=True, slots=True)
class RenderFailure:
    """Why a chart has no rendering, in words of Helm's or ours. `over` says that it met a limit."""

    why: str
    over: bool = False


@dataclass(slots=True)
class ChartRenderer:
    """Renders one chart after the other; what ends it is said, and it starts anew for the next."""

    programs: Programs
    _session: ProgramSession | None = None
    _chart: Chart | None = None
    _given: int = 0
    _left: float = 0.0
    """Seconds that the chart may still take, by the clock."""
    _known: dict[int, dict[str, str] | RenderFailure] = field(default_factory=dict, repr=False)

    def render_chart(
        self, chart: Chart, use: ValueSet, files: Mapping[str, str] | None = None
    ) -> dict[str, str] | RenderFailure:
        """What each template renders to, by its path within the chart; `files` are other texts for some."""
        if self._chart is not chart:
            self._chart, self._given, self._left = chart, -1, ALTOGETHER
            self._known.clear()
        texts = tuple(each.text for each in use.texts)
        name = hash((texts, use.release, use.namespace, tuple(sorted((files or {}).items()))))
        if name not in self._known:
            found = self._render_anew(chart, use, files or {})
            if isinstance(found, RenderFailure) and found.over and self._left > 0 and not files:
                found = self._render_anew(chart, use, files or {})  # what ended it may be another's fault
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[name] = found
        return self._known[name]

    def _render_anew(
        self, chart: Chart, use: ValueSet, files: Mapping[str, str]
    ) -> dict[str, str] | RenderFailure:
        session = self._open_session()
        if session.starts != self._given:
            taken = self._ask({"chart": _pack_files(chart)})
            if isinstance(taken, RenderFailure):
                return taken
            self._given = session.starts
        question = {
            "files": {path: _settle(path, text) for path, text in files.items()},
            "values": [each.text for each in use.texts],
            "name": use.release,
            "namespace": use.namespace,
        }
        answer = self._ask({"render": question})
        if isinstance(answer, RenderFailure):
            return answer
        rendered = answer.get("rendered")
        if not isinstance(rendered, dict):
            return RenderFailure(_shorten(str(answer.get("error", "it gave no answer"))))
        return {path.partition("/")[2]: text for path, text in rendered.items()}

    def close(self) -> None:
        """End the process."""
        if self._session is not None:
            self._session.close()
        self._session = self._chart = None

    def _open_session(self) -> ProgramSession:
        if self._session is None:
            task = ProgramTask(
                self.programs.python,
                ("-I", _SERVER),
                variables=_VARIABLES,
                limits=ProgramLimits(_LIFE, _MEMORY, _OUTPUT),
                offline=True,
            )
            self._session = ProgramSession(task, self.programs)
        self._session.begin()
        return self._session

    def _ask(self, question: Mapping[str, object]) -> dict[str, object] | RenderFailure:
        if self._left <= 0:
            return RenderFailure(f"all its renderings take more than {ALTOGETHER} seconds", over=True)
        began = time.monotonic()
        answer = self._open_session().ask(json.dumps(question).encode(), min(SECONDS, self._left))
        self._left -= time.monotonic() - began
        if isinstance(answer, UnfinishedProgram):
            return RenderFailure(answer.why, over=True)
        found = json.loads(answer)
        return found if isinstance(found, dict) else RenderFailure("it gave no answer")


def _pack_files(chart: Chart) -> dict[str, str]:
    packed, templates = {}, chart.list_templates()
    for path, data in chart.files.items():
        safe = without_remote_schemas(data) if path.endswith("values.schema.json") else data
        if path in templates:
            safe = _settle(path, templates[path]).encode()
        packed[path] = base64.b64encode(safe).decode()
    return packed


def _settle(path: str, text: str) -> str:
    return settle_chance(text) if "/templates/" in f"/{path}" else text


def _shorten(words: str) -> str:
    """Helm's words on one line; the last of them say most."""
    lines = [each.strip() for each in words.splitlines() if each.strip()]
    return " ".join(lines)[:300]
