"""The layer of files at which a finding about a rendered object is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LayerKind = Literal["template", "values", "base", "patch", "generator", "component"]


@dataclass(frozen=True, slots=True)
class Layer:
    """What of a chart or kustomization is, or would be, edited, and the root that the object was rendered of.

    Of several roots it is the first; the folder of the kustomization or chart.
    """

    kind: LayerKind
    root: str
