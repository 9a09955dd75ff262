"""Terraform: folders of files that know of each other, and the JSON files that they read."""

from __future__ import annotations

from fixbot.dialects.terraform import ecs, iam, kubernetes, modules, sharing, tfjson
from fixbot.dialects.terraform.index import indices
from fixbot.project import Project, Reading


def read(project: Project, reading: Reading) -> None:
    """Every task and policy that Terraform files hold or read; the files read are then claimed."""
    drafts = []
    for index in indices(project):
        found = ecs.drafts(project, index, reading)
        sharing.apart(found, index, reading)
        modules.read(project, index, found, reading)
        kubernetes.read(project, index, reading)
        iam.read(project, index, reading)
        drafts += found
    sharing.finish(project, drafts, reading)
    tfjson.read(project, reading)
