"""Terraform: folders of files that know of each other, and the JSON files that they read."""

from __future__ import annotations

from functools import partial

from fixbot.dialects.terraform import (
    blocks,
    ecs,
    iam,
    kubernetes,
    leftover,
    modules,
    resources,
    sharing,
    tfjson,
)
from fixbot.dialects.terraform.index import indices
from fixbot.project import Project, Reading


def read(project: Project, reading: Reading) -> None:
    """Every task and policy that Terraform files hold or read; the files read are then claimed."""
    drafts = []
    folders = indices(project)
    for index in folders:
        before = len(reading.tasks)
        found = ecs.drafts(project, index, reading)
        sharing.apart(found, index, reading)
        modules.read(project, index, found, reading)
        kubernetes.read(project, index, reading)
        blocks.read(index, reading)
        iam.read(project, index, reading)
        resources.read_resources(index, project.resource_types, reading)
        drafts += found
        for task in (*(draft.task for draft in found), *reading.tasks[before:]):
            task.follower = partial(resources.follow, index)
    sharing.finish(project, drafts, reading)
    leftover.say(folders, reading)
    tfjson.read(project, reading)
    resources.read_json_resources(project, project.resource_types, reading)
