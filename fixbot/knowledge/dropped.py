"""What a container needs once a list of dropped capabilities counts, which sleeps while it is privileged.

A privileged container has every capability, whatever `drop` says. Without the mode `drop: [ALL]` leaves a
program that starts as root with none: it can't change owners, step down to another user, or bind port 80.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fixbot.knowledge.hardening import CAPABILITIES, added_capabilities
from fixbot.knowledge.image_tables import (
    ImageCapabilities,
    RecognizedBy,
    find_capabilities,
    find_write_paths,
)
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.ownership import runs_as_root
from fixbot.lens import Container, text_of, truth_of
from fixbot.model.findings import Refusal

USUAL_CAPABILITIES: Final = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
     "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)  # fmt: skip
"""What a container runtime gives where nothing is dropped."""


def capabilities_of_image(container: Container) -> ImageCapabilities:
    """What its image's programs need beyond what a runtime gives, with the device that they open."""
    known = find_capabilities(ImageReference.parse_reference(container.image_with_holes), container.name)
    if known is None:
        return ImageCapabilities((), RecognizedBy.NAME, "")
    said = {variable.name: text_of(variable.value) for variable in container.environment}
    opened = all(said.get(name, "") in (value, None) for name, value in known.device_when.items())
    device = known.device if opened else ""
    return replace(
        known, add=tuple(name for name in known.add if name not in USUAL_CAPABILITIES), device=device
    )


def capabilities_after_drop(container: Container) -> tuple[str, ...] | Refusal:
    """The capabilities that the image's programs need and the file drops, or that nobody can say."""
    path = CAPABILITIES[container.spelling.vocabulary]
    dropped = {word.upper().removeprefix("CAP_") for word in container.words(f"{path}.drop")}
    if not dropped:
        return ()
    lost = USUAL_CAPABILITIES if "ALL" in dropped else dropped & USUAL_CAPABILITIES
    lost = lost - added_capabilities(container)
    needed = find_lost_needs(container, lost)
    if needed is not None:
        return needed
    what = "all capabilities" if "ALL" in dropped else ", ".join(sorted(dropped))
    return Refusal(
        f"{container.name} drops {what}, which counts for nothing while it is privileged: without the mode "
        "it would run with none of them, and which of them its image needs is not known. Name those that it "
        "needs under `add`, or set a user other than root, and run again."
    )


def find_lost_needs(container: Container, lost: frozenset[str] | set[str]) -> tuple[str, ...] | None:
    """Of capabilities that a container loses those that its image's programs need; None: nobody can say."""
    if not lost or _as_another_user(container):
        return ()
    image = ImageReference.parse_reference(container.image_with_holes)
    known = find_capabilities(image, container.name)
    if known is not None:
        return tuple(name for name in known.add if name in lost)
    row = find_write_paths(image)
    if row is not None and row.user and runs_as_root(container, row) is False:
        return ()
    return None


def _as_another_user(container: Container) -> bool:
    """Whether the file says that it isn't root who runs it: such a user has no capability to lose."""
    if runs_as_root(container) is False:
        return True
    return container.spelling.vocabulary == "k8s" and any(
        truth_of(holder.get("securityContext.runAsNonRoot")) is True for holder in (container, container.task)
    )
