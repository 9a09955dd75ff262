"""Images of one static program that write nowhere, by how they are built or started."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fixbot.knowledge.image_tables import RecognizedBy, WritePaths
from fixbot.knowledge.images import ImageReference
from fixbot.lens import Container
from fixbot.rules.context import Context

_STATIC: Final = WritePaths((), verified=False, evidence="", by=RecognizedBy.REPOSITORY)
_BY_KO: Final = "ko-build/ko, pkg/commands/options/build.go: the base is a static image without a shell"
BY_SCAFFOLD: Final = (
    "kubernetes-sigs/kubebuilder 06e3c2f, testdata/project-v4/config/manager/manager.yaml: one static "
    "program, read-only and without a volume"
)
BY_DOCKERFILE: Final = "the repository's own Dockerfile: one program on a static base, without a VOLUME"


def find_static_paths(container: Container, image: ImageReference, world: Context) -> WritePaths | None:
    """An image of one static program on a base of nothing else, that `ko` or a Dockerfile here builds."""
    if (container.image or "").startswith("ko://"):
        return replace(_STATIC, evidence=_BY_KO, user="65532")
    if image.name is not None and image.name in world.surroundings.static_images:
        return replace(_STATIC, evidence=BY_DOCKERFILE)
    if _is_scaffolded(container):
        return replace(_STATIC, evidence=BY_SCAFFOLD, user="65532")
    return None


def _is_scaffolded(container: Container) -> bool:
    """Whether it is started as kubebuilder's scaffold starts a controller, whose manifest mounts nothing."""
    if container.spelling.vocabulary != "k8s" or container.role != "container":
        return False
    command = container.words("command")
    flags = {word.lstrip("-").partition("=")[0] for word in (*command[1:], *container.words("args"))}
    told = "health-probe-bind-address" in flags and bool(flags & {"leader-elect", "metrics-bind-address"})
    return command == ("/manager",) or (told and not command[1:])
