"""Where the containers and policies are, in each dialect, and what could not be read."""

from __future__ import annotations

from functools import cache, partial

from fixbot.dialects import (
    cloudformation,
    cloudformation_resources,
    ecs,
    iam,
    kubernetes,
    kubernetes_resources,
    kustomize,
    listed_formats,
    terraform,
)
from fixbot.dialects.overlooked import say_overlooked
from fixbot.edit.tree import Node, SyntaxProblem
from fixbot.source.document import Document, parse_document
from fixbot.source.project import Inventory, Project
from fixbot.validity import runs_on_windows
from fixbot.validity.windows import may_speak_of_windows


def read_dialects(project: Project) -> Inventory:
    """Every task, policy and resource of a project. Terraform goes first: it says what other files are."""
    reading = Inventory()
    terraform.read_terraform(project, reading)
    for document in project.documents.values():
        if document.path not in project.claimed and document.syntax != "hcl":
            for root in document.roots:
                _read_with_dialect(project, document, root, reading)
    _mark_windows(project, reading)
    return reading


def _mark_windows(project: Project, reading: Inventory) -> None:
    """Say of each task whether it runs on Windows, by all that it says itself and not by one field."""

    @cache
    def may_tell(path: str) -> bool:
        return path in project.documents and may_speak_of_windows(project.documents[path].text)

    for task in reading.tasks:
        paths = {task.path, *(container.path for container in task.containers)}
        if not task.windows and any(map(may_tell, paths)):
            found = runs_on_windows(task)
            task.windows = task.windows if found is False else found


def survey_dialects(project: Project) -> Inventory:
    """The same, with what was overlooked said aloud: for a first reading, not for the proof of a fix."""
    reading = read_dialects(project)
    say_overlooked(project, reading)
    return reading


def name_dialect(path: str, text: str) -> str | None:
    """The name of the dialect that a file is written in; None where it is in none, or can't be parsed."""
    if path.endswith((".tf", ".tofu", ".tf.json")):
        return "Terraform"
    try:
        document = parse_document(path, text)
    except SyntaxProblem:
        return None
    named = ((cloudformation, "CloudFormation"), (kubernetes, "Kubernetes"), (ecs, "ECS"), (iam, "IAM"))
    for root in document.roots:
        for dialect, name in named:
            if dialect.is_of_dialect(document, root):
                return name
    return None


def _read_with_dialect(project: Project, document: Document, root: Node, reading: Inventory) -> None:
    for dialect in (cloudformation, kustomize, listed_formats, kubernetes, ecs, iam):
        if dialect.is_of_dialect(document, root):
            before = len(reading.tasks)
            dialect.read_root(project, document, root, reading)
            if dialect is cloudformation:
                for task in reading.tasks[before:]:
                    task.follower = partial(cloudformation_resources.follow_value, root)
                cloudformation_resources.read_template_resources(project, document, root, reading)
            elif dialect in (kubernetes, kustomize):
                kubernetes_resources.read_object_resources(project, document, root, reading)
            return
