"""fixbot repairs cloud misconfigurations in Git, by patches that people are glad to merge."""

from __future__ import annotations

__version__ = "0.1.0"
