"""What is asked of the analysis of a partition, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixbot.layers.find_layerings import RenderInputs
from fixbot.model.findings import Failure, Finding, Patch, Proposal, Unread
from fixbot.model.inventory_item import InventoryItem
from fixbot.model.run_stats import NO_COUNTS
from fixbot.render.chart import Chart
from fixbot.render.helm import ChartRenderer
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.suppressions import Suppressions
from fixbot.source.project import RepositoryFacts


@dataclass(slots=True)
class PartitionResult:
    """What came out; picklable, so that a worker can hand it over."""

    findings: list[Finding] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What is wrong with wishes in comments; the whole run is refused for it."""
    items: list[InventoryItem] = field(default_factory=list)
    """What was read, where it was asked for."""
    parsed: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict(NO_COUNTS))
    """How much was looked at, by kind."""
    hidden: int = 0
    """Findings of less weight than the settings ask for."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that no text about any file may show. Never kept longer than a run."""
    alone: bool = True
    """Whether the same comes out whatever other files hold; only then it may be taken from an earlier run."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """What is to be looked for, and how."""

    fixers: tuple[Rule, ...]
    settings: Settings
    suppressions: Suppressions
    surroundings: RepositoryFacts
    charts: frozenset[str] = frozenset()
    rendered: Mapping[str, Chart] = field(default_factory=dict, repr=False)
    """Charts that are rendered, by the path of their description."""
    renderer: ChartRenderer | None = field(default=None, repr=False)
    inputs: RenderInputs = field(default_factory=RenderInputs, repr=False)
    """What is rendered of the repository."""
