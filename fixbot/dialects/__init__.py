"""Where the containers and policies are, in each dialect, and what could not be read."""

from __future__ import annotations

from functools import partial

from fixbot.dialects import (
    cloudformation,
    cloudformation_resources,
    ecs,
    iam,
    kubernetes,
    kubernetes_resources,
    others,
    terraform,
)
from fixbot.dialects.overlooked import say_overlooked
from fixbot.document import Document, parse
from fixbot.project import Project, Reading
from fixbot.tree import Node, SyntaxProblem


def read(project: Project) -> Reading:
    """Every task, policy and resource of a project. Terraform goes first: it says what other files are."""
    reading = Reading()
    terraform.read(project, reading)
    for document in project.documents.values():
        if document.path not in project.claimed and document.syntax != "hcl":
            for root in document.roots:
                _read_root(project, document, root, reading)
    say_overlooked(project.documents.values(), reading)
    return reading


def spoken(path: str, text: str) -> str | None:
    """The name of the dialect that a file is written in; None where it is in none, or can't be parsed."""
    if path.endswith((".tf", ".tofu", ".tf.json")):
        return "Terraform"
    try:
        document = parse(path, text)
    except SyntaxProblem:
        return None
    named = ((cloudformation, "CloudFormation"), (kubernetes, "Kubernetes"), (ecs, "ECS"), (iam, "IAM"))
    for root in document.roots:
        for dialect, name in named:
            if dialect.recognises(document, root):
                return name
    return None


def _read_root(project: Project, document: Document, root: Node, reading: Reading) -> None:
    for dialect in (cloudformation, others, kubernetes, ecs, iam):
        if dialect.recognises(document, root):
            before = len(reading.tasks)
            dialect.read(project, document, root, reading)
            if dialect is cloudformation:
                for task in reading.tasks[before:]:
                    task.follower = partial(cloudformation_resources.follow, root)
                cloudformation_resources.read_resources(document, root, project.resource_types, reading)
            elif dialect is kubernetes:
                kubernetes_resources.read_resources(document, root, project.resource_types, reading)
            return
