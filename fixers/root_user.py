"""A program that is root in its container has half the way out behind it; most need no more than a user."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.edit.change import Change
from fixbot.knowledge.hardening import spare_windows
from fixbot.knowledge.image_tables import find_write_paths
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.kept_capabilities import has_low_port
from fixbot.knowledge.rollout import describe_rollout
from fixbot.knowledge.trial import docker_run
from fixbot.lens import ABSENT, UNKNOWN, Container
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety, Severity
from fixbot.rules import RECOMMENDED, Rule
from fixbot.rules.context import Context
from fixbot.text.globs import compile_word
from fixbot.text.markdown_escape import mark_code

_ASK = (
    "`docker image inspect` shows it under Config.User: where it isn't root's, write it down, here or as "
    "`run_as` in the settings."
)
INSISTS, NUMBER = "securityContext.runAsNonRoot", "securityContext.runAsUser"


def find_root_users(container: Container, world: Context) -> Iterator[Found]:
    """A container that runs as root, or of which the file doesn't say that it doesn't."""
    k8s = container.spelling.vocabulary == "k8s"
    if not container.offers(NUMBER if k8s else "user") or (k8s and spare_windows(container)):
        return
    if k8s and _find_first(container, INSISTS) is True:
        return
    said = _find_first(container, NUMBER) if k8s else container.value("user")
    if not k8s and said not in (ABSENT, None, "") and not _is_root(said) and said is not UNKNOWN:
        return
    slot = container.slot(NUMBER if k8s else "user")
    yield Found(
        slot.node, container.title, container.address, "root",
        f"{container.title} {'runs' if _is_root(said) else 'may run'} as root",
        lambda: _choose_outcome(container, world, said), subject=container.task.name,
    )  # fmt: skip


def _choose_outcome(container: Container, world: Context, said: object) -> Outcome:
    k8s, name = container.spelling.vocabulary == "k8s", mark_code(container.name)
    if container.role == "values":
        return Manual(container.task.partial)
    if said is UNKNOWN or (k8s and _find_first(container, INSISTS) is UNKNOWN):
        return Refusal(f"The user of {name} is filled in elsewhere. Give it a number there, not 0.")
    if spare_windows(container):
        return Manual(f"ECS sets no user on Windows. The Dockerfile of {name} can: ContainerUser.")
    if k8s and str(said).isdigit() and not _is_root(said):
        return _make_fix(container, str(said), (container.put(INSISTS, value=True),), Safety.SAFE)
    user, source = _find_user(container, world)
    if _is_root(user):
        return Manual(
            f"The image of {name} starts as root ({source}). Take one that doesn't, or give it a user that "
            "may read what it needs."
        )
    if not user or (k8s and not user.partition(":")[0].isdigit()):
        return Manual(f"Which user the image of {name} has is not known as a number. {_ASK}")
    if _is_root(said) and (has_low_port(container) or _holds_data(container)):
        return Refusal(
            f"{name} asks for root itself, and listens on a low port or keeps data that root owns. The user "
            f"of the image is {mark_code(user)}: try it with a copy of the data."
        )
    number = user.partition(":")[0]
    changes = (
        (container.put(INSISTS, value=True), container.put(NUMBER, int(number)))
        if k8s
        else (container.put("user", user),)
    )
    return _make_fix(container, user, changes, Safety.REVIEW, source)


def _find_user(container: Container, world: Context) -> tuple[str, str]:
    """The user of the container's image, and who says so: a Dockerfile here, or the publisher's."""
    image = ImageReference.parse_reference(container.image or "")
    for glob, user in world.settings.run_as.items():
        if container.image and compile_word(glob).holds_text(container.image):
            return user, "`run_as` in the settings"
    if image is None:
        return "", ""
    own = {user for name, user in world.surroundings.image_users if name == (image.name or "").lower()}
    if "/" in (container.image or "") and len(own) == 1 and "" not in own:
        return own.pop(), "its Dockerfile in this repository"
    row = find_write_paths(image)
    return (row.user, "its publisher's Dockerfile") if row is not None and row.user else ("", "")


def _make_fix(
    container: Container, user: str, changes: tuple[Change, ...], safety: Safety, source: str = "the file"
) -> Fix:
    tried = docker_run(container, "--rm", note="it has to start as before") if container.image else None
    return Fix(
        changes,
        safety=safety,
        who=container.called,
        before="root, as far as the file says",
        after=mark_code(f"user {user}"),
        gist=f"{{who}} can run as user {mark_code(user)} alone; {source} says that this is its user.",
        why="Most ways out of a container begin as root inside of it. Code that breaks into {who} may be "
        "root there today, and nothing would object.",
        effect='If it is root after all, it isn\'t started any more ("CreateContainerConfigError").'
        if container.spelling.vocabulary == "k8s"
        else "What root owns in the image or a volume can't be written any more.",
        rollout=describe_rollout(container.task),
        unknown=""
        if safety is Safety.SAFE
        else "Whether {who} {starts|start} as another user today is not known.",
        commands=(tried,) if tried is not None else (),
    )


def _find_first(container: Container, field: str) -> object:
    """What the container says, else the pod."""
    own = container.value(field)
    return container.task.value(field) if own is ABSENT or own is None else own


def _is_root(user: object) -> bool:
    return str(user).partition(":")[0] in ("0", "root") and user is not ABSENT


def _holds_data(container: Container) -> bool:
    """Whether a volume that outlives the pod is mounted."""
    kept = {each.name for each in container.task.volumes or () if each.kind != "emptyDir"}
    return any(mount.volume in kept for mount in container.mounts)


rule = Rule(
    title="Run {subject} as its own user",
    many="Run {count} containers in {folder} as users of their own",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ECS.20", "ECS.21"), "cis-k8s": ("5.2.7",), "pss-restricted": ("runAsNonRoot",),
              "nist-800-190": ("4.1.2", "4.4.3")},
    looks_at=Container,
    check=find_root_users,
    peers={"checkov": ("CKV_K8S_23", "CKV_K8S_40"), "trivy": ("KSV-0012", "KSV-0105"),
           "kube-linter": ("run-as-non-root",), "polaris": ("runAsRootAllowed",), "kubescape": ("C-0013",)},
    profiles=RECOMMENDED,
)  # fmt: skip
