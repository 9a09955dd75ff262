"""All that a fixer can see: tasks, containers, policies, resources, whatever they are written in.

There are two vocabularies for a container, the ECS API's and the Kubernetes API's; a Spelling writes
either of them in a dialect's own way. Fixers say canonical names (`readonlyRootFilesystem`,
`securityContext.privileged`) and never meet a syntax.
"""

from __future__ import annotations

from fixbot.change import Drop
from fixbot.lens.container import Container, Mount, Variable
from fixbot.lens.followed import Followed
from fixbot.lens.policy import Policy, Statement
from fixbot.lens.resource import Companion, Module, Resource, ResourceType
from fixbot.lens.slot import Slot, Update
from fixbot.lens.spelling import (
    CLOUDFORMATION,
    ECS,
    KUBERNETES,
    TERRAFORM_CONTAINER,
    TERRAFORM_KUBERNETES,
    TERRAFORM_SERVICE,
    TERRAFORM_TASK,
    Spelling,
    blocks,
    camel,
    capitalised,
    snake,
)
from fixbot.lens.subject import Label, Labelled, Subject
from fixbot.lens.task import Task, Volume
from fixbot.lens.values import branches, text_of, truth, value_of
from fixbot.tree import ABSENT, UNKNOWN, CannotEdit, Code, Tagged

__all__ = [
    "ABSENT",
    "CLOUDFORMATION",
    "ECS",
    "KUBERNETES",
    "TERRAFORM_CONTAINER",
    "TERRAFORM_KUBERNETES",
    "TERRAFORM_SERVICE",
    "TERRAFORM_TASK",
    "UNKNOWN",
    "CannotEdit",
    "Code",
    "Companion",
    "Container",
    "Drop",
    "Followed",
    "Label",
    "Labelled",
    "Module",
    "Mount",
    "Policy",
    "Resource",
    "ResourceType",
    "Slot",
    "Spelling",
    "Statement",
    "Subject",
    "Tagged",
    "Task",
    "Update",
    "Variable",
    "Volume",
    "blocks",
    "branches",
    "camel",
    "capitalised",
    "snake",
    "text_of",
    "truth",
    "value_of",
]
