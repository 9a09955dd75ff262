"""Where a container must still be able to write once its root filesystem is read-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fixbot.knowledge.databases import find_database_paths
from fixbot.knowledge.given import read_given
from fixbot.knowledge.image_tables import (
    RecognizedBy,
    WritePaths,
    find_sensor,
    find_sensor_launcher,
    find_write_paths,
    is_published,
    is_rootless_runtime,
    why_needs_privileged,
)
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.mounted import is_inside, is_read_only, is_writable
from fixbot.knowledge.named_folders import find_named_folders
from fixbot.knowledge.needs import find_inner_runtime
from fixbot.knowledge.ownership import runs_as_root, settle_owners
from fixbot.knowledge.startup import read_startup
from fixbot.knowledge.static_images import BY_DOCKERFILE, BY_SCAFFOLD, find_static_paths
from fixbot.knowledge.switches import Settled, settle_paths
from fixbot.knowledge.trial import docker_run
from fixbot.knowledge.volume_names import choose_spaces
from fixbot.knowledge.writable_needs import WritableNeeds
from fixbot.knowledge.writes import UNTOLD, find_writes
from fixbot.knowledge.written_by_default import EVERYWHERE
from fixbot.lens import Container, text_of
from fixbot.model.findings import Refusal
from fixbot.rules.context import Context
from fixbot.text.command import MOUNT, Command, build_command, join_commands
from fixbot.text.globs import compile_word
from fixbot.text.markdown_escape import mark_code

_MOST_DOUBTS = 3


def find_writable_paths(container: Container, world: Context) -> WritableNeeds | Refusal:
    """The volumes that keep the program alive, or why that can't be said."""
    configured = _find_configured_paths(container, world)
    if configured is None and (refusal := _refuse_sensor(container)) is not None:
        return refusal
    if container.task.exec_enabled:
        return Refusal(
            f"ECS Exec is on for a service of {container.task.name}; its agent writes into the container, "
            "and AWS documents a read-only root as unsupported with it. Turn ECS Exec off, or keep this as "
            "it is."
        )
    image = ImageReference.parse_reference(container.image_with_holes)
    row = (
        configured
        or find_write_paths(image)
        or find_static_paths(container, image, world)
        or find_database_paths(container, image)
    )
    if row is not None and row.paths is None and container.role == "init" and container.words("command"):
        row = None  # what is known is about what the image itself starts
    if row is not None and row.paths is None and (started := _paths_as_started(container, row)) is not None:
        row = replace(row, paths=started, note="")
    if row is not None and row.paths is None:
        return Refusal(f"{container.name} can't simply get a read-only root: {row.note or row.evidence}.")
    if row is not None and (hidden := _find_hidden_path(container, row)):
        return Refusal(
            f"{container.name} may not be the public {image.name}, which writes {hidden}: an empty volume "
            "there would hide what an image of your own brings along. Put the paths that it writes under "
            "`write_paths` in `.fixbot.yml`, and run again."
        )
    if row is not None and (refusal := _refuse_namesake(container, image, row)) is not None:
        return refusal
    if row is None and (inner := _find_inner_system(container, image, world)):
        return Refusal(
            f"{container.name} runs containers, machines or a whole system of its own ({inner}), which it "
            "keeps on its root and below /run. Put the paths that it writes under `write_paths` in "
            "`.fixbot.yml`, and run again."
        )
    settled = _settle_paths(container, row)
    if (refusal := _refuse_other_writes(container, settled.paths, world)) is not None:
        return refusal
    return _build_needs(container, image, row, settled)


def _find_inner_system(container: Container, image: ImageReference, world: Context) -> str:
    """What shows that it is a host itself: its image, its name, or a program that it starts."""
    need = why_needs_privileged(image, container.name)
    if need is not None and need.inside:
        return need.why
    if is_rootless_runtime(image):
        return "without root"
    program = find_inner_runtime(each.script for each in read_startup(container, world).scripts)
    return f"it starts {mark_code(program)}" if program else ""


def _paths_as_started(container: Container, row: WritePaths) -> tuple[str, ...] | None:
    """The paths of an image that mounts help only where it is started in one way, if it is started so."""
    started = row.rules.get("started_with", {})
    words = read_given(container).every_word
    return tuple(started["paths"]) if started and started["argument"] in words else None


def _settle_paths(container: Container, row: WritePaths | None) -> Settled:
    if row is None:
        # without a place for a volume the flag alone is offered, and what is not known is said
        usual = ("/tmp",) if _can_add_volumes(container) or container.task.shared_by else ()  # noqa: S108
        named = find_named_folders(container) if usual else ()
        return Settled((*usual, *(each for each in named if not _is_in_any(each, usual))))
    paths = row.paths or ()
    if row.by is RecognizedBy.NAME and not _keeps_content(container):
        paths = tuple(path for path in paths if path not in row.ships)
    if container.role == "container" and _can_add_volumes(container):
        named = find_named_folders(container)
        paths = (*paths, *(each for each in named if not _is_in_any(each, (*paths, *row.ships))))
    return settle_paths(paths, row.rules, container, row.workdir)


def _is_in_any(path: str, folders: Iterable[str]) -> bool:
    return any(is_inside(path, each) for each in folders)


def _find_hidden_path(container: Container, row: WritePaths) -> str:
    """The path that somebody's own image must be able to write, and where it may keep what it ships."""
    if row.by is RecognizedBy.REPOSITORY or _keeps_content(container):
        return ""
    return next(
        (path for path in row.paths or () if path in row.ships and not is_writable(container, path)), ""
    )


def _refuse_namesake(container: Container, image: ImageReference, row: WritePaths) -> Refusal | None:
    """Somebody else's image of a known name on a registry of many publishers: it may be built on that one."""
    if row.by is not RecognizedBy.NAME or not is_published(image) or _keeps_content(container):
        return None
    if image.name not in row.rules.get("last", ()):
        return None
    missing = [path for path in row.paths or () if not is_inside("/tmp", path)]  # noqa: S108
    missing = [path for path in missing if not is_writable(container, path)]
    if not missing:
        return None
    return Refusal(
        f"The image of {container.name} has the name of the public {image.name}, which writes "
        f"{', '.join(missing)}, and is somebody else's: whether it writes there, or elsewhere too, is not "
        "known. Put the paths that it writes under `write_paths` in `.fixbot.yml`, and run again."
    )


def _keeps_content(container: Container) -> bool:
    """Whether a new volume starts with what the image has at its path: Docker fills it, on ECS with EC2."""
    return container.task.kind == "ecs" and container.task.fargate is False


def _refuse_sensor(container: Container) -> Refusal | None:
    launcher = find_sensor_launcher(container.words("entryPoint") + container.words("command")[:1])
    sources = {
        source
        for item in container.node.list_items(container.spelling.spell_field("volumesFrom"))
        if (source := text_of(item.find_node(container.spelling.key("sourceContainer"))))
    }
    beside = [
        each.name
        for each in (container.task.containers if sources else ())
        if each.name in sources and find_sensor(each.image_with_holes or each.name)
    ]
    if launcher is None and not beside:
        return None
    what = (
        f"starts through the runtime sensor of {launcher.name}"
        if launcher
        else f"takes its volumes from the runtime sensor {beside[0]}"
    )
    return Refusal(
        f"{container.name} {what}, and where that sensor writes is not known. Ask its vendor for the paths, "
        f"put them under `write_paths` in `.fixbot.yml`, and run again."
    )


def _refuse_other_writes(container: Container, writable: tuple[str, ...], world: Context) -> Refusal | None:
    """What the container's scripts write outside of every place that will be writable."""
    startup = read_startup(container, world)
    if startup.unread:
        return Refusal(
            f"{container.name} starts a script of which {startup.unread} was not understood, so what it "
            "writes is not known. Make the script simpler, or set the flag by hand once you know."
        )
    free = ("/tmp", "/dev", "/proc", *writable)  # noqa: S108
    for started in startup.scripts:
        for found in find_writes(started.script):
            path = found.path
            if not any(is_inside(path, each) for each in free) and not is_writable(container, path):
                what = "installs packages" if path == EVERYWHERE else f"writes {_place_in_sentence(path)}"
                by = f" ({mark_code(found.program)})" if found.program else ""
                return Refusal(
                    f"The {started.where} of {container.name} {what} when it runs{by}, which a read-only "
                    "root forbids. Do that when the image is built, or mount a volume there, and run again."
                )
    return None


def _place_in_sentence(path: str) -> str:
    """A path for a sentence: where nobody knows the folder that it is seen from, that is said."""
    if path == ".":
        return "to its working directory"
    if path == UNTOLD:
        return "to a place that is filled in"
    return path if path.startswith(("/", "~")) else f"{path} in its working directory"


def _find_configured_paths(container: Container, world: Context) -> WritePaths | None:
    reference = container.image_with_holes
    for glob, paths in world.settings.write_paths.items():
        if reference and compile_word(glob).holds_text(reference):
            return WritePaths(tuple(paths), verified=False, evidence="`write_paths` in .fixbot.yml")
    return None


def _can_add_volumes(container: Container) -> bool:
    return container.task.node is not None and container.task.volumes is not None


def _build_needs(
    container: Container, image: ImageReference, row: WritePaths | None, settled: Settled
) -> WritableNeeds:
    enough = row.enough if row is not None else {}
    wanted = tuple(
        path
        for path in settled.paths
        if not any(is_writable(container, each) for each in (path, *enough.get(path, ())))
    )
    kept = tuple(path for path in wanted if is_read_only(container, path))
    new = tuple(path for path in wanted if path not in kept)
    owned = settle_owners(container, row, new)
    spaces = choose_spaces(container, tuple(path for path in new if path not in owned.tmpfs))
    given = {variable.name for variable in container.environment}
    variables = tuple((name, value) for name, value in _read_variables(container, row) if name not in given)
    overridden = bool(container.words("command") or container.words("entryPoint"))
    certain = owned.certain and not settled.doubts and not settled.moved and not variables
    verified = row is not None and row.verified and not overridden and certain
    return WritableNeeds(
        volumes=spaces,
        writable=tuple(path for path in settled.paths if path in new),
        verified=verified,
        evidence=_describe_evidence(image, row, settled),
        unknown="" if verified else _describe_unknown(image, row, new, settled),
        commands=() if verified else _build_trial_commands(container, settled.paths),
        notes=(*_image_notes(container, image, row, variables), *_read_only_notes(kept), *owned.notes),
        tmpfs=owned.tmpfs,
        tmpfs_size=owned.size,
        variables=variables,
    )


def _read_variables(container: Container, row: WritePaths | None) -> Iterator[tuple[str, str]]:
    if row is not None:
        yield from row.needs.items()
        yield from row.needs_as_user.items() if runs_as_root(container, row) is False else ()


def _image_notes(
    container: Container,
    image: ImageReference,
    row: WritePaths | None,
    variables: tuple[tuple[str, str], ...],
) -> tuple[str, ...]:
    notes = (
        [f"{mark_code(_name_image(image, container))}: {row.note}"] if row is not None and row.note else []
    )
    notes += [
        f"{mark_code(name)} comes with it: without it {{who}} {{does|do}} not start on a read-only root."
        for name, _ in variables
    ]
    return tuple(notes)


def _read_only_notes(paths: tuple[str, ...]) -> tuple[str, ...]:
    if not paths:
        return ()
    where = ", ".join(paths)
    return (
        f"A read-only mount stands at {where} in {{who}}, where it may want to write; it can't today either.",
    )


def _name_image(image: ImageReference, container: Container) -> str:
    return image.name or container.name


def _describe_evidence(image: ImageReference, row: WritePaths | None, settled: Settled) -> str:
    if row is None or settled.paths:
        return ""
    known = row.verified and row.by is RecognizedBy.REPOSITORY
    return f"{image.name or 'it'} is {'known' if known else 'expected'} to run so"


def _describe_unknown(
    image: ImageReference, row: WritePaths | None, new: tuple[str, ...], settled: Settled
) -> str:
    if not image.segments:
        return "The files don't show the image of {who}, so which paths are written at run time is not known."
    if settled.doubts:
        return " ".join(settled.doubts[:_MOST_DOUBTS])
    if row is None:
        where = ", ".join(new)
        guess = (
            f" What is mounted at {where} is a guess: most programs that write do so there." if where else ""
        )
        return (
            f"Whether {{who}} must write{f' outside {where}' if where else ' anywhere'} is not known.{guess}"
        )
    if row.surveyed:
        mounts = "with these mounts" if settled.paths else "without any mount"
        return (
            f"Of the public repositories that were looked through, {row.surveyed} run the image of {{who}} "
            f"read-only {mounts}; whether yours writes elsewhere is not known."
        )
    if row.evidence == BY_SCAFFOLD:
        return (
            "{who} {is|are} started like a controller of kubebuilder's scaffold, whose own manifest runs it "
            "read-only without any mount; does this one write files?"
        )
    if row.evidence == BY_DOCKERFILE:
        return "The image of {who} is one static program without a folder of its own; does it write files?"
    if row.by is RecognizedBy.REPOSITORY:
        return (
            "For {who}, what the public image is known to write is covered; whether yours, with its "
            "configuration, writes elsewhere is not known."
        )
    return (
        "{who} {is|are} taken for an image built on the public one of that name, which is not known: "
        "whether it writes elsewhere has to be tried."
    )


def _build_trial_commands(container: Container, paths: tuple[str, ...]) -> tuple[Command, ...]:
    mounts = [word for path in paths for word in ("--tmpfs", MOUNT(path))]
    return (
        docker_run(container, "-d", "--read-only", *mounts, "--name", "try"),
        join_commands(
            build_command("sleep", "60"), ";", build_command("docker", "logs", "try"), ";",
            build_command("docker", "diff", "try"), ";",
            build_command("docker", "rm", "-f", "try"),
        ),
    )  # fmt: skip
