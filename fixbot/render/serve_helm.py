"""Renders charts for whoever started it, over its standard input and output. Run by path, alone.

It imports nothing of fixbot's. A line of JSON is a question and a line the answer:
`{"chart": {PATH: BASE64}}` puts a chart in the place of the last one; `{"render": {"files": {PATH: TEXT},
"values": [YAML], "name": NAME, "namespace": NAME}}` renders it with some of its files as given there, and
values laid over its own in that order. The answer is `{"rendered": {TEMPLATE: TEXT}}` or `{"error": WORDS}`.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_LONGEST = 20_000_000
"""Characters that all that comes of a chart may have."""


class _ChartFolder:
    """A chart's files in a folder of its own, written anew where a question has other texts for some."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.changed: set[str] = set()
        self.number = 0

    @property
    def root(self) -> Path:
        return self.folder / str(self.number)

    def take_chart(self, files: dict[str, str]) -> None:
        self.number += 1
        self.files = {path: base64.b64decode(data) for path, data in files.items()}
        self.changed = set()
        for path, data in self.files.items():
            self._write(path, data)

    def lay_over(self, texts: dict[str, str]) -> None:
        for path in self.changed.difference(texts):
            if path in self.files:
                self._write(path, self.files[path])
            else:
                (self.root / path).unlink()
        for path, text in texts.items():
            self._write(path, text.encode())
        self.changed = set(texts)

    def _write(self, path: str, data: bytes) -> None:
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError("a path leads out of the chart")
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def _lay_values(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Values over others, as Helm lays its files of values: maps are merged, anything else is replaced."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        out[key] = _lay_values(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def _answer(line: str, chart: _ChartFolder) -> dict[str, Any]:
    from helm_python import HelmError  # noqa: PLC0415 - it costs a quarter of a second
    from helm_python.chart import Chart, values_from_yaml  # noqa: PLC0415 - as above

    question = json.loads(line)
    if "chart" in question:
        chart.take_chart(question["chart"])
        return {}
    asked = question["render"]
    chart.lay_over(asked["files"])
    try:
        values: dict[str, Any] = {}
        for text in asked["values"]:
            values = _lay_values(values, values_from_yaml(text))
        # Rendering takes subcharts that are switched off out of a chart: it is loaded anew each time.
        with Chart.load(chart.root) as loaded:
            rendered = loaded.render(values, name=asked["name"], namespace=asked["namespace"])
    except HelmError as error:
        return {"error": str(error)[:2000]}
    if sum(map(len, rendered.values())) > _LONGEST:
        return {"error": f"it renders more than {_LONGEST:,} characters"}
    return {"rendered": rendered}


def main() -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what a library prints is no answer
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        chart = _ChartFolder(Path(folder))
        for line in sys.stdin:
            answers.write(json.dumps(_answer(line, chart)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
