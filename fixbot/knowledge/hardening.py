"""What the file says of a container's rights before any single one of them is taken away."""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import ABSENT, UNKNOWN
from fixbot.knowledge.host_signals import find_host_access, rule_ending_access
from fixbot.knowledge.image_tables import is_rootless_runtime, why_needs_privileged
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.ownership import user_of
from fixbot.lens import Container, Task
from fixbot.model.findings import Refusal
from fixbot.text.name_lists import join_with_and

PRIVILEGED: Final = {"ecs": "privileged", "k8s": "securityContext.privileged"}
"""The field that gives a container every right, by the vocabulary that it is written in."""
PRIVILEGED_RULE: Final = "privileged-container"
"""The rule that takes it away: what a privileged container gains by other means waits for that."""
CAPABILITIES: Final = {"ecs": "linuxParameters.capabilities", "k8s": "securityContext.capabilities"}
"""The field of what is added and dropped, likewise."""


def spare_windows(subject: Container | Task, _world: object = None) -> bool:
    """Whether the file says that it runs on Windows, which has none of Linux's switches."""
    task = subject.task if isinstance(subject, Container) else subject
    return task.windows is True


def added_capabilities(container: Container) -> frozenset[str]:
    """The capabilities that the file adds, without `CAP_`."""
    words = container.words(f"{CAPABILITIES[container.spelling.vocabulary]}.add")
    return frozenset(each.upper().removeprefix("CAP_") for each in words)


def is_privileged(container: Container) -> bool:
    """Whether it has all rights anyway, or nobody can say that it hasn't."""
    return container.flag(PRIVILEGED[container.spelling.vocabulary]) in (True, UNKNOWN)


def refuse_host_work(container: Container, _world: object = None) -> Refusal | None:
    """What speaks for rights that the container needs: its mode, its image, and what it has of its host."""
    name = container.name
    if "SYS_ADMIN" in added_capabilities(container):
        said = f"{name} has SYS_ADMIN, which is nearly everything. Take that away first."
        return Refusal(said, until="dangerous-capabilities")
    image = ImageReference.parse_reference(container.image_with_holes)
    if (need := why_needs_privileged(image, name)) is not None:
        return Refusal(f"{name} is known to need more than others: {need.why}.")
    if is_rootless_runtime(image):
        return Refusal(
            f"{name} runs containers without root: its `newuidmap` is a setuid program, and its calls are "
            "more than filters allow."
        )
    if signals := find_host_access(container):
        return Refusal(
            f"{name} works on its host ({join_with_and(signals)}), and which rights that takes is not known.",
            until=rule_ending_access(container.task, signals),
            in_task=True,
        )
    if container.task.windows is None:
        return Refusal(f"Whether {name} runs on Windows, which has no such switch, is filled in elsewhere.")
    if is_privileged(container):
        said = f"{name} is privileged, or may be: that counts for more. Take the mode away first."
        return Refusal(said, until=PRIVILEGED_RULE)
    return None


def gains_nothing(container: Container) -> bool:
    """Whether it runs as a user that isn't root, by number, and has no capabilities to lose."""
    return insists_on_user(container) and drops_everything(container)


def insists_on_user(container: Container) -> bool:
    """Whether the pod or the container says `runAsNonRoot`, and a number that isn't root's."""
    user = user_of(container) or ""
    insists = (holder.flag("securityContext.runAsNonRoot") for holder in (container, container.task))
    said = next((each for each in insists if each is not ABSENT), False)
    return said is True and user.isdigit() and int(user) > 0


def drops_everything(container: Container) -> bool:
    """Whether it drops all capabilities and gets none back."""
    dropped = container.words(f"{CAPABILITIES[container.spelling.vocabulary]}.drop")
    return "ALL" in {each.upper() for each in dropped} and not added_capabilities(container)
