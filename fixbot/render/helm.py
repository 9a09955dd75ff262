"""Charts rendered with the library of Helm, in a process of its own that knows no network and no cluster."""

from __future__ import annotations

import base64
import json
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
_LIFE: Final = 600
"""Seconds of processor time for all that one process renders."""
_MEMORY: Final = 1_200_000_000
_OUTPUT: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class RenderFailure:
    """Why a chart has no rendering, in words of Helm's or ours."""

    why: str


@dataclass(slots=True)
class ChartRenderer:
    """Renders one chart after the other; what ends it is said, and it starts anew for the next."""

    programs: Programs
    _session: ProgramSession | None = None
    _chart: Chart | None = None
    _given: int = 0
    known: dict[tuple[object, ...], dict[str, str] | RenderFailure] = field(default_factory=dict, repr=False)

    def render_chart(
        self, chart: Chart, use: ValueSet, files: Mapping[str, str] | None = None
    ) -> dict[str, str] | RenderFailure:
        """What each template renders to, by its path within the chart; `files` are other texts for some."""
        session = self._open_session()
        if self._chart is not chart or session.starts != self._given:
            taken = self._ask({"chart": _pack_files(chart)})
            if isinstance(taken, RenderFailure):
                return taken
            self._chart, self._given = chart, session.starts
        question = {
            "files": {path: _settle(path, text) for path, text in (files or {}).items()},
            "values": [each.text for each in use.texts],
            "name": use.release,
            "namespace": use.namespace,
        }
        answer = self._ask({"render": question})
        if isinstance(answer, RenderFailure):
            return answer
        if "rendered" not in answer:
            return RenderFailure(_shorten(str(answer.get("error", "it gave no answer"))))
        rendered = answer["rendered"]
        return (
            {path.partition("/")[2]: text for path, text in rendered.items()}
            if isinstance(rendered, dict)
            else {}
        )

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
                variables={"GOMAXPROCS": "1", "GOTRACEBACK": "none"},
                limits=ProgramLimits(_LIFE, _MEMORY, _OUTPUT),
                offline=True,
            )
            self._session = ProgramSession(task, self.programs)
        self._session.begin()
        return self._session

    def _ask(self, question: Mapping[str, object]) -> dict[str, object] | RenderFailure:
        answer = self._open_session().ask(json.dumps(question).encode(), SECONDS)
        if isinstance(answer, UnfinishedProgram):
            return RenderFailure(answer.why)
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
