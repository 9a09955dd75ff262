"""A tag is a name that can be given away: what was reviewed as `latest` is another image tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fixbot.knowledge.images import ImageReference
from fixbot.lens import Container
from fixbot.model.findings import Found, Manual, Severity
from fixbot.rules import EXPLAINED, Rule
from fixbot.rules.context import Context

_PIN: Final = Manual(
    "Ask a registry for the digest (`crane digest`, `aws ecr describe-images`) and write it behind the "
    "version, as `name:1.4@sha256:…`: that of the index, not of one architecture. Renovate and "
    "digestabot keep "
    "it fresh."
)
MOVING: Final = frozenset(("latest", "stable", "main", "master", "edge", "nightly", "dev"))


def find_moving_images(container: Container, world: Context) -> Iterator[Found]:
    """An image without a tag, with one that moves, or where the settings want it without a digest."""
    node, written = container.get("image"), container.image
    if node is None or written is None:
        return
    image = ImageReference.parse_reference(written)
    if image.name is None or "@" in written:
        return
    digest_wanted = world.settings.pin_images == "digest"
    tag = image.tag if isinstance(image.tag, str) else ""
    if tag and tag not in MOVING and not digest_wanted:
        return
    what = f"the tag {tag}" if tag else "no tag, which is latest"
    yield Found(
        node, container.title, container.address, tag or "no tag",
        f"{container.title} names its image by {what}: it can be another one tomorrow",
        _PIN,
        subject=container.task.name,
    )  # fmt: skip


rule = Rule(
    title="Pin the image of {subject}",
    topic="images",
    severity=Severity.MEDIUM,
    controls={"cis-compute": ("3.13",), "nist-800-190": ("4.1.5", "4.2.2")},
    looks_at=Container,
    check=find_moving_images,
    profiles=EXPLAINED,
    peers={"checkov": ("CKV_K8S_14", "CKV_K8S_43"), "trivy": ("KSV-0013",), "kube-linter": ("latest-tag",),
           "polaris": ("tagNotSpecified",), "kubescape": ("C-0075", "C-0306")},
)  # fmt: skip
