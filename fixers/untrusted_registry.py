"""An image from a registry that nobody chose is scanned by nobody, and gone when its owner wants it so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fixbot.edit.change import Change, Replace
from fixbot.edit.tree import NodeKind
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import Container
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code


def find_foreign_images(container: Container, world: Context) -> Iterator[Found]:
    """An image whose registry is not among those that the settings allow."""
    allowed = world.settings.registries.allow
    written = container.image
    if not allowed or written is None:
        return
    image = ImageReference.parse_reference(written)
    host = image.registry
    if not isinstance(host, str) or not isinstance(image.repository, str) or host in allowed:
        return
    if image.host in allowed or any(written.startswith(f"{each}/") for each in _mirrors(world)):
        return
    node = container.get("image")
    if node is not None:
        yield Found(
            node, container.title, container.address, host,
            f"{container.title} takes its image from {host}, which is not among the allowed registries",
            partial(_choose_outcome, container, image, host, world), subject=container.task.name,
        )  # fmt: skip


def _mirrors(world: Context) -> tuple[str, ...]:
    return tuple(world.settings.registries.mirrors.values())


def _choose_outcome(container: Container, image: ImageReference, host: str, world: Context) -> Outcome:
    mirror, node = world.settings.registries.mirrors.get(host), container.get("image")
    if mirror is None:
        return Manual(
            f"Copy {mark_code(image.reference)} into a registry that is allowed, or name a mirror of "
            f"{mark_code(host)} under `registries.mirrors` in the settings."
        )
    if node is None or node.kind is not NodeKind.SCALAR or not isinstance(image.repository, str):
        return Refusal(f"The image of {container.name} is put together where the file is used.")
    tag = f":{image.tag}" if isinstance(image.tag, str) else ""
    digest = f"@{image.digest}" if isinstance(image.digest, str) else ""
    taken = f"{mirror}/{image.repository}{tag}{digest}"
    changes: tuple[Change, ...] = (Replace(node, taken),)
    return Fix(
        changes,
        who=container.called,
        before=mark_code(image.reference),
        after=mark_code(taken),
        gist=f"The image of {{who}} comes from {mark_code(mirror)}.",
        effect="Until the mirror has the image and the puller may read it, pods and tasks don't start "
        "(ImagePullBackOff, CannotPullContainerError).",
        why="Whoever owns the public image, or takes its owner's login, decides what {who} runs next.",
        unknown="A pull-through cache of ECR needs its rule first, and the puller "
        "ecr:BatchImportUpstreamImage: "
        "`docker pull` of the new name shows whether both are there.",
        rollout=describe_rollout(container.task),
    )


rule = Rule(
    title="Take the image of {subject} from an allowed registry",
    topic="images",
    severity=Severity.MEDIUM,
    controls={"cis-eks": ("5.1.4",), "nist-800-190": ("4.1.5", "4.2.2")},
    looks_at=Container,
    check=find_foreign_images,
    off_without="registries",
    peers={"trivy": ("KSV-0125",), "kubescape": ("C-0001", "C-0078")},
)  # fmt: skip
