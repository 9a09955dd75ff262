"""How Terraform modules name the fields of a container. What lies deeper is named as the ECS API does."""

from __future__ import annotations

from typing import Final

from fixbot.lens import Spelling, to_snake_case

_CLOUDPOSSE = {
    "name": "container_name",
    "image": "container_image",
    "cpu": "container_cpu",
    "memory": "container_memory",
    "memoryReservation": "container_memory_reservation",
    "dependsOn": "container_depends_on",
    "entryPoint": "entrypoint",
    "healthCheck": "healthcheck",
}


def _spell_cloudposse(name: str) -> str:
    return _CLOUDPOSSE.get(name) or to_snake_case(name)


def _spell_version_5(name: str) -> str:
    return "entrypoint" if name == "entryPoint" else to_snake_case(name)


def _spell_version_6(name: str) -> str:
    return "entrypoint" if name == "entryPoint" else name


CLOUDPOSSE: Final = Spelling("ecs", top=_spell_cloudposse)
"""cloudposse/terraform-aws-ecs-container-definition, variables.tf."""
FIVE: Final = Spelling("ecs", top=_spell_version_5)
"""terraform-aws-modules/terraform-aws-ecs up to version 5, modules/container-definition/variables.tf."""
SIX: Final = Spelling("ecs", top=_spell_version_6)
"""The same since version 6: the API's names, but for `entrypoint`."""
