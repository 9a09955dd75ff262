"""Terraform: folders of files that know of each other, and the JSON files that they read."""

from __future__ import annotations

from functools import partial

from fixbot.dialects.terraform import (
    container_blocks,
    container_modules,
    handed_inputs,
    kubernetes_workloads,
    leftovers,
    policy_texts,
    resources,
    shared_containers,
    task_definitions,
    tf_json,
)
from fixbot.dialects.terraform.folder_index import index_folders
from fixbot.source.project import Inventory, Project


def read_terraform(project: Project, reading: Inventory) -> None:
    """Every task and policy that Terraform files hold or read; the files read are then claimed."""
    drafts = []
    folders = index_folders(project)
    for index in folders:
        before = len(reading.tasks)
        found = task_definitions.draft_tasks(project, index, reading)
        shared_containers.set_shared_apart(found, index, reading)
        container_modules.read_modules(project, index, found, reading)
        kubernetes_workloads.read_workloads(project, index, reading)
        container_blocks.read_container_blocks(index, reading)
        policy_texts.read_policies(project, index, reading)
        resources.read_folder_resources(project, index, reading)
        drafts += found
        for task in (*(draft.task for draft in found), *reading.tasks[before:]):
            task.follower = partial(resources.follow_value, index)
    shared_containers.assign_containers(project, drafts, reading)
    handed_inputs.read_handed_inputs(folders, reading)
    leftovers.report_leftovers(folders, reading)
    tf_json.report_json_blocks(project, reading)
    resources.read_json_resources(project, reading)
