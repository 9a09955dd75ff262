"""All that a fixer can see: tasks, containers, policies, resources, whatever they are written in.

There are two vocabularies for a container, the ECS API's and the Kubernetes API's; a Spelling writes
either of them in a dialect's own way. Fixers say canonical names (`readonlyRootFilesystem`,
`securityContext.privileged`) and never meet a syntax.
"""

from __future__ import annotations

from fixbot.edit.change import Drop
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, CodeExpression, TaggedValue
from fixbot.lens.container import Container, Mount, Task, Variable, Volume
from fixbot.lens.follow_path import FollowedValue, is_function, is_no_value
from fixbot.lens.policy import Policy, Statement
from fixbot.lens.resource import Companion, Module, Resource, ResourceType, group_types
from fixbot.lens.scalar_values import condition_branches, list_alternatives, text_of, truth_of, value_of
from fixbot.lens.slot import Slot, Update
from fixbot.lens.spelling import (
    CLOUDFORMATION,
    CLOUDFORMATION_JOB,
    ECS,
    KUBERNETES,
    TERRAFORM_CONTAINER,
    TERRAFORM_KUBERNETES,
    TERRAFORM_SERVICE,
    TERRAFORM_TASK,
    Spelling,
    capitalize_first,
    spell_block,
    to_camel_case,
    to_snake_case,
)
from fixbot.lens.subject import Label, Labelled, Subject
from fixbot.syntax.hcl.expressions import build_hosted_text, build_reference, build_template

__all__ = [
    "ABSENT",
    "CLOUDFORMATION",
    "CLOUDFORMATION_JOB",
    "ECS",
    "KUBERNETES",
    "TERRAFORM_CONTAINER",
    "TERRAFORM_KUBERNETES",
    "TERRAFORM_SERVICE",
    "TERRAFORM_TASK",
    "UNKNOWN",
    "CannotEdit",
    "CodeExpression",
    "Companion",
    "Container",
    "Drop",
    "FollowedValue",
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
    "TaggedValue",
    "Task",
    "Update",
    "Variable",
    "Volume",
    "build_hosted_text",
    "build_reference",
    "build_template",
    "capitalize_first",
    "condition_branches",
    "group_types",
    "is_function",
    "is_no_value",
    "list_alternatives",
    "spell_block",
    "text_of",
    "to_camel_case",
    "to_snake_case",
    "truth_of",
    "value_of",
]
