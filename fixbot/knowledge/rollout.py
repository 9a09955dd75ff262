"""When a changed file begins to count, by the kind of task."""

from __future__ import annotations

from typing import Final

ROLLOUT: Final = {
    "ecs": "The next deployment registers a new task revision and rolls it out; until then nothing changes.",
    "batch": "Jobs that start with the next revision of the definition are affected.",
    "k8s": "Applying it replaces the pods, as every change of their template does.",
}
