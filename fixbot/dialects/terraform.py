"""Terraform: written next."""

from __future__ import annotations

from fixbot.project import Project, Reading


def read(project: Project, reading: Reading) -> None:
    """Nothing yet."""
