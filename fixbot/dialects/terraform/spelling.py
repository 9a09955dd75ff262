"""How Terraform modules name the fields of a container. What lies deeper is named as the ECS API does."""

from __future__ import annotations

from typing import Final

from fixbot.lens import Spelling, snake

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


def _cloudposse(name: str) -> str:
    return _CLOUDPOSSE.get(name) or snake(name)


def _five(name: str) -> str:
    return "entrypoint" if name == "entryPoint" else snake(name)


def _six(name: str) -> str:
    return "entrypoint" if name == "entryPoint" else name


CLOUDPOSSE: Final = Spelling("ecs", top=_cloudposse)
"""cloudposse/terraform-aws-ecs-container-definition, variables.tf."""
FIVE: Final = Spelling("ecs", top=_five)
"""terraform-aws-modules/terraform-aws-ecs up to version 5, modules/container-definition/variables.tf."""
SIX: Final = Spelling("ecs", top=_six)
"""The same since version 6: the API's names, but for `entrypoint`."""
