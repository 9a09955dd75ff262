"""How each dialect writes the names of the two vocabularies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from fixbot.edit.tree import Value


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a dialect writes the names of a vocabulary ("ecs" or "k8s").

    `key` writes one canonical name. `top` writes those of a container's own fields where they are
    spelled in another way than what lies deeper (inputs of Terraform modules).
    """

    vocabulary: str
    key: Callable[[str], str] = str
    top: Callable[[str], str] | None = None
    _paths: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was asked for before: rules ask for the same few paths of every container."""

    def spell_field(self, name: str) -> str:
        """The name of one of the container's own fields."""
        return (self.top or self.key)(name)

    def spell_path(self, canonical: str) -> tuple[str, ...]:
        """A dotted canonical path as this dialect writes it."""
        path = self._paths.get(canonical)
        if path is None:
            first, *rest = canonical.split(".")
            path = (self.spell_field(first), *map(self.key, rest)) if canonical else ()
            self._paths[canonical] = path
        return path

    def canonical_name(self, written: str, *, own: bool = False) -> str:
        """The vocabulary's name for what the dialect wrote; `own` for one of the subject's own fields.

        What a module calls otherwise keeps its own name.
        """
        spell = self.top if own and self.top is not None else self.key
        return _BACK[spell](written) if spell in _BACK else written

    def spell_value(self, value: Value) -> Value:
        """A value whose dict keys are canonical names, as this dialect writes it."""
        match value:
            case dict():
                return {self.key(name): self.spell_value(each) for name, each in value.items()}
            case list():
                return [self.spell_value(each) for each in value]
            case _:
                return value


def capitalize_first(name: str) -> str:
    """`mountPoints` as CloudFormation writes it."""
    return name[:1].upper() + name[1:]


def spell_template_field(name: str) -> str:
    """`efsVolumeConfiguration` as CloudFormation names the property of ECS's own types."""
    return _TEMPLATE_FIELDS.get(name) or capitalize_first(name)


_TEMPLATE_FIELDS = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    "iam": "IAM",
}
"""Of `AWS::ECS::*`; those of `AWS::Batch::*` begin with one capital letter."""


def name_template_field(name: str) -> str:
    """`EFSVolumeConfiguration` as the ECS API names the field."""
    return _API_FIELDS.get(name) or uncapitalize_first(name)


_API_FIELDS = {written: canonical for canonical, written in _TEMPLATE_FIELDS.items()}


def to_snake_case(name: str) -> str:
    """`mountPoints` as Terraform writes it."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def to_camel_case(name: str) -> str:
    """`mount_points` as the APIs write it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def uncapitalize_first(name: str) -> str:
    """`MountPoints` as the APIs write it."""
    return name[:1].lower() + name[1:]


def spell_task_argument(name: str) -> str:
    """`volumes` as Terraform's `aws_ecs_task_definition` names the argument or block."""
    return {"volumes": "volume", "inferenceAccelerators": "inference_accelerator"}.get(name) or to_snake_case(
        name
    )


def spell_task_block(name: str) -> str:
    """`mountPoints` as Terraform's ECS resources name the block, where containers are blocks."""
    return _TASK_BLOCKS.get(name) or to_snake_case(name)


_TASK_BLOCKS = {
    "containerDefinitions": "container_definition",
    "devices": "device",
    "environmentFiles": "environment_file",
    "mountPoints": "mount_point",
    "secretOptions": "secret_option",
    "secrets": "secret",
    "systemControls": "system_control",
    "ulimits": "ulimit",
    "volumes": "volume",
}


def name_task_field(name: str) -> str:
    """`mount_point` as the ECS API names the list."""
    return _TASK_LISTS.get(name) or to_camel_case(name)


_TASK_LISTS = {block: canonical for canonical, block in _TASK_BLOCKS.items()}


def spell_block(name: str) -> str:
    """`volumeMounts` as Terraform's `kubernetes_*` resources name the block."""
    return _BLOCKS.get(name) or to_snake_case(name)


_BLOCKS = {
    "containers": "container",
    "initContainers": "init_container",
    "ports": "port",
    "tolerations": "toleration",
    "nodeSelectorTerms": "node_selector_term",
    "volumes": "volume",
    "volumeMounts": "volume_mount",
    "hostPID": "host_pid",
    "hostIPC": "host_ipc",
    "imagePullSecrets": "image_pull_secrets",
}


def name_block_field(name: str) -> str:
    """`volume_mount` as the Kubernetes API names the list."""
    return _POD_LISTS.get(name) or to_camel_case(name)


_POD_LISTS = {block: canonical for canonical, block in _BLOCKS.items()}

ECS = Spelling("ecs")
CLOUDFORMATION = Spelling("ecs", spell_template_field)
CLOUDFORMATION_JOB = Spelling("ecs", capitalize_first)
TERRAFORM_TASK = Spelling("ecs", spell_task_argument)
"""What an `aws_ecs_task_definition` is given; its containers are JSON, in the API's own names."""
TERRAFORM_CONTAINER = Spelling("ecs", spell_task_block)
"""Daemons and Express services, whose containers are blocks."""
TERRAFORM_SERVICE = Spelling("ecs", top=to_snake_case)
"""The inputs of Terraform modules that make a service."""
KUBERNETES = Spelling("k8s")
TERRAFORM_KUBERNETES = Spelling("k8s", spell_block)

_BACK = {
    spell_template_field: name_template_field,
    capitalize_first: uncapitalize_first,
    to_snake_case: to_camel_case,
    spell_block: name_block_field,
    spell_task_argument: to_camel_case,
    spell_task_block: name_task_field,
}
