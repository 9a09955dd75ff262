"""Where a container must still be able to write once its root filesystem is read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fixbot.command import MOUNT, Command, piped, run
from fixbot.globs import word
from fixbot.knowledge.claims import claimed_names
from fixbot.knowledge.images import Image
from fixbot.knowledge.mounted import is_inside, is_read_only, is_writable
from fixbot.knowledge.ownership import runs_as_root, settle_owners
from fixbot.knowledge.startup import read_startup
from fixbot.knowledge.switches import Settled, settle_paths
from fixbot.knowledge.tables import By, WritePaths, is_published, is_sensor, sensor_launcher, write_paths
from fixbot.knowledge.trial import docker_run
from fixbot.knowledge.writes import EVERYWHERE, find_writes
from fixbot.lens import Container, Volume, text_of
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.world import World

_DATABASES = (
    ("5432", ("POSTGRES_", "PGDATA"), "postgres"),
    ("3306", ("MYSQL_", "MARIADB_"), "mysql"),
    ("27017", ("MONGO_INITDB_",), "mongo"),
)
_EMPTY = ("emptyDir", "bind", "empty_dir", "host_empty")
_MOST_DOUBTS = 3


@dataclass(frozen=True, slots=True)
class Space:
    """A writable place: a volume, new or already there, and the path that it is mounted on."""

    name: str
    path: str
    reused: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """What a container needs to live with a read-only root, and how far that is known."""

    volumes: tuple[Space, ...]
    writable: tuple[str, ...]
    """Every path that will be writable and empty, in the reader's order."""
    verified: bool
    evidence: str
    unknown: str
    commands: tuple[Command, ...]
    notes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    """Paths that get a tmpfs, since a volume would belong to another user than the container's."""
    tmpfs_size: int = 0
    """MiB of each."""
    variables: tuple[tuple[str, str], ...] = ()
    """Names and values of variables that it needs to start."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that get a volume."""
        return tuple(space.path for space in self.volumes)


def writable_paths(container: Container, world: World) -> Needs | Refusal:
    """The volumes that keep the program alive, or why that can't be said."""
    configured = _configured(container, world)
    if configured is None and (refusal := _sensor(container)) is not None:
        return refusal
    if container.task.exec_enabled:
        return Refusal(
            f"ECS Exec is on for a service of {container.task.name}; its agent writes into the container, "
            "and AWS documents a read-only root as unsupported with it. Turn ECS Exec off, or keep this as "
            "it is."
        )
    image = Image.parse(container.image or "")
    row = configured or write_paths(image) or _static(container) or _database(container, image)
    if row is not None and row.paths is None and container.role == "init" and container.words("command"):
        row = None  # what is known is about what the image itself starts
    if row is not None and row.paths is None:
        return Refusal(f"{container.name} can't simply get a read-only root: {row.note or row.evidence}.")
    if row is not None and (hidden := _hidden(container, row)):
        return Refusal(
            f"{container.name} may not be the public {image.name}, which writes {hidden}: an empty volume "
            "there would hide what an image of your own brings along. Put the paths that it writes under "
            "`write_paths` in `.fixbot.yml`, and run again."
        )
    settled = _settle(container, row)
    if (refusal := _writes(container, settled.paths, world)) is not None:
        return refusal
    return _needs(container, image, row, settled)


def _settle(container: Container, row: WritePaths | None) -> Settled:
    if row is None:
        # without a place for a volume the flag alone is offered, and what is not known is said
        usual = ("/tmp",) if _can_add(container) or container.task.shared_by else ()  # noqa: S108
        return Settled(usual)
    paths = row.paths or ()
    if row.by is By.NAME and not _keeps_content(container):
        paths = tuple(path for path in paths if path not in row.ships)
    return settle_paths(paths, row.rules, container, row.workdir)


def _hidden(container: Container, row: WritePaths) -> str:
    """The path that somebody's own image must be able to write, and where it may keep what it ships."""
    if row.by is By.REPOSITORY or _keeps_content(container):
        return ""
    return next(
        (path for path in row.paths or () if path in row.ships and not is_writable(container, path)), ""
    )


def _keeps_content(container: Container) -> bool:
    """Whether a new volume starts with what the image has at its path: Docker fills it, on ECS with EC2."""
    return container.task.kind == "ecs" and container.task.fargate is False


def _static(container: Container) -> WritePaths | None:
    """An image that `ko` builds: one Go program on a base that holds nothing else."""
    if not (container.image or "").startswith("ko://"):
        return None
    return WritePaths(
        (),
        verified=False,
        evidence="ko-build/ko, pkg/commands/options/build.go: the base is a static image without a shell",
        note="",
        by=By.REPOSITORY,
        user="65532",
    )


def _sensor(container: Container) -> Refusal | None:
    launcher = sensor_launcher(container.words("entryPoint") + container.words("command")[:1])
    sources = {
        source
        for item in container.node.many(container.spelling.field("volumesFrom"))
        if (source := text_of(item.get(container.spelling.key("sourceContainer"))))
    }
    beside = [
        each.name
        for each in (container.task.containers if sources else ())
        if each.name in sources and is_sensor(each.image or each.name)
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


def _writes(container: Container, writable: tuple[str, ...], world: World) -> Refusal | None:
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
                what = "installs packages" if path == EVERYWHERE else f"writes {_placed(path)}"
                by = f" ({code(found.program)})" if found.program else ""
                return Refusal(
                    f"The {started.where} of {container.name} {what} when it runs{by}, which a read-only "
                    "root forbids. Do that when the image is built, or mount a volume there, and run again."
                )
    return None


def _placed(path: str) -> str:
    """A path for a sentence: where nobody knows the folder that it is seen from, that is said."""
    if path == ".":
        return "to its working directory"
    return path if path.startswith(("/", "~")) else f"{path} in its working directory"


def _configured(container: Container, world: World) -> WritePaths | None:
    reference = container.image or ""
    for glob, paths in world.settings.write_paths.items():
        if reference and word(glob).holds(reference):
            return WritePaths(tuple(paths), verified=False, evidence="`write_paths` in .fixbot.yml")
    return None


def _database(container: Container, image: Image) -> WritePaths | None:
    """The paths of the database that an image is built on, told from its port and variables."""
    if is_published(image) and image.known:
        return None  # its publisher's own image, of which nothing is known
    names = {variable.name for variable in container.environment}
    names |= {
        text_of(each.get(container.spelling.key("name"))) or ""
        for each in container.node.many(container.spelling.field("secrets"))
    }
    ports = {
        text_of(each.get(container.spelling.key("containerPort")))
        for field in ("ports", "portMappings")
        for each in container.node.many(container.spelling.field(field))
    }
    for port, prefixes, called in _DATABASES:
        if port in ports and any(name.startswith(prefixes) for name in names):
            row = write_paths(Image.parse(called))
            return None if row is None else replace(row, by=By.NAME, verified=False)
    return None


def _can_add(container: Container) -> bool:
    return container.task.node is not None and container.task.volumes is not None


def _needs(container: Container, image: Image, row: WritePaths | None, settled: Settled) -> Needs:
    enough = row.enough if row is not None else {}
    wanted = tuple(
        path
        for path in settled.paths
        if not any(is_writable(container, each) for each in (path, *enough.get(path, ())))
    )
    kept = tuple(path for path in wanted if is_read_only(container, path))
    new = tuple(path for path in wanted if path not in kept)
    owned = settle_owners(container, row, new)
    spaces = _spaces(container, tuple(path for path in new if path not in owned.tmpfs))
    given = {variable.name for variable in container.environment}
    variables = tuple((name, value) for name, value in _variables(container, row) if name not in given)
    overridden = bool(container.words("command") or container.words("entryPoint"))
    certain = owned.certain and not settled.doubts and not settled.moved and not variables
    verified = row is not None and row.verified and not overridden and certain
    return Needs(
        volumes=spaces,
        writable=tuple(path for path in settled.paths if path in new),
        verified=verified,
        evidence=_evidence(image, row, settled),
        unknown="" if verified else _unknown(container, row, spaces, settled),
        commands=() if verified else _commands(container, settled.paths),
        notes=(*_image_notes(container, image, row, variables), *_read_only_notes(kept), *owned.notes),
        tmpfs=owned.tmpfs,
        tmpfs_size=owned.size,
        variables=variables,
    )


def _variables(container: Container, row: WritePaths | None) -> Iterator[tuple[str, str]]:
    if row is not None:
        yield from row.needs.items()
        yield from row.needs_as_user.items() if runs_as_root(container, row) is False else ()


def _image_notes(
    container: Container, image: Image, row: WritePaths | None, variables: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    notes = [f"{code(_called(image, container))}: {row.note}"] if row is not None and row.note else []
    notes += [
        f"{code(name)} comes with it: without it {{who}} does not start on a read-only root."
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


def _spaces(container: Container, paths: tuple[str, ...]) -> tuple[Space, ...]:
    found: list[Space] = []
    for path in paths:
        found.append(_space(container, path, {space.name for space in found}))
    return tuple(found)


def _space(container: Container, path: str, given: set[str]) -> Space:
    wanted = _slug(container.name, path)
    claimed = claimed_names(container.task)
    for volume in container.task.volumes or ():
        fits = volume.name in (wanted, path.strip("/").replace("/", "-")) and volume.kind in _EMPTY
        if fits and volume.name not in claimed and not _mounted(container, volume):
            return Space(volume.name, path, reused=True)
    taken = {volume.name for volume in container.task.volumes or ()} | claimed | given
    return Space(_free(wanted, taken), path, reused=False)


def _mounted(container: Container, volume: Volume) -> bool:
    """Whether any container of the task sees that volume already."""
    return any(mount.volume == volume.name for each in container.task.containers for mount in each.mounts)


def _slug(name: str, path: str) -> str:
    """A name that both APIs take: at most 63 lower-case letters, digits and hyphens."""
    short = re.sub(r"^/(?:var|usr/local|opt)/", "/", path).strip("/").replace("/", "-") or "root"
    base = re.sub(r"[^a-z0-9-]+", "-", (short if name.startswith("#") else f"{name}-{short}").lower()).strip(
        "-"
    )
    return base if len(base) <= 63 else (base[:40] + "-" + short[-20:]).strip("-")


def _free(wanted: str, taken: set[str]) -> str:
    return next(
        name for n in range(1, len(taken) + 2) if (name := wanted if n == 1 else f"{wanted}-{n}") not in taken
    )


def _called(image: Image, container: Container) -> str:
    return image.name or container.name


def _evidence(image: Image, row: WritePaths | None, settled: Settled) -> str:
    if row is None or settled.paths:
        return ""
    known = row.verified and row.by is By.REPOSITORY
    return f"{image.name or 'it'} is {'known' if known else 'expected'} to run so"


def _unknown(
    container: Container, row: WritePaths | None, spaces: tuple[Space, ...], settled: Settled
) -> str:
    if container.image is None:
        return "The files don't show the image of {who}, so which paths are written at run time is not known."
    if settled.doubts:
        return " ".join(settled.doubts[:_MOST_DOUBTS])
    if row is None:
        where = ", ".join(space.path for space in spaces)
        guess = f" The volume at {where} is a guess: most programs that write do so there." if where else ""
        return (
            f"Whether {{who}} must write{f' outside {where}' if where else ' anywhere'} is not known.{guess}"
        )
    if row.by is By.REPOSITORY:
        return (
            "For {who}, what the public image is known to write is covered; whether yours, with its "
            "configuration, writes elsewhere is not known."
        )
    return (
        "{who} is taken for an image built on the public one of that name, which is not known: whether it "
        "writes elsewhere has to be tried."
    )


def _commands(container: Container, paths: tuple[str, ...]) -> tuple[Command, ...]:
    mounts = [word for path in paths for word in ("--tmpfs", MOUNT(path))]
    return (
        docker_run(container, "-d", "--read-only", *mounts, "--name", "try"),
        piped(
            run("sleep", "60"), ";", run("docker", "logs", "try"), ";", run("docker", "diff", "try"), ";",
            run("docker", "rm", "-f", "try"),
        ),
    )  # fmt: skip
