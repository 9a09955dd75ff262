"""Where a container must still be able to write once its root filesystem is read-only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fixbot.command import IMAGE, MOUNT, Command, piped, run
from fixbot.globs import word
from fixbot.knowledge.images import Image
from fixbot.knowledge.startup import read_startup
from fixbot.knowledge.tables import WritePaths, is_sensor, sensor_launcher, write_paths
from fixbot.knowledge.writes import EVERYWHERE, find_writes
from fixbot.lens import Container, Mount, Volume, text_of
from fixbot.model import Refusal
from fixbot.prose import code
from fixbot.world import World

_DATABASES = (
    ("5432", ("POSTGRES_", "PGDATA"), "postgres"),
    ("3306", ("MYSQL_", "MARIADB_"), "mysql"),
    ("27017", ("MONGO_INITDB_",), "mongo"),
)
_EMPTY = ("emptyDir", "bind", "empty_dir", "host_empty")


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
    row = configured or write_paths(image) or _database(container)
    if row is not None and row.paths is None and container.role == "init" and container.words("command"):
        row = None  # what is known is about what the image itself starts
    if row is not None and row.paths is None:
        return Refusal(f"{container.name} can't simply get a read-only root: {row.note or row.evidence}.")
    if (refusal := _writes(container, row, world)) is not None:
        return refusal
    if row is None:
        # without a place for a volume the flag alone is offered, and what is not known is said
        return _needs(container, image, None, ("/tmp",) if _can_add(container) else ())  # noqa: S108
    return _needs(container, image, row, row.paths or ())


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


def _writes(container: Container, row: WritePaths | None, world: World) -> Refusal | None:
    """What the container's scripts write outside of every place that will be writable."""
    startup = read_startup(container, world)
    if startup.unread:
        return Refusal(
            f"{container.name} starts a script of which {startup.unread} was not understood, so what it "
            "writes is not known. Make the script simpler, or set the flag by hand once you know."
        )
    free = ("/tmp", "/dev", "/proc", *((row.paths or ()) if row is not None else ()))  # noqa: S108
    for each in startup.scripts:
        for found in find_writes(each.script):
            path = found.path
            inside = any(path == place or path.startswith(f"{place}/") for place in free)
            if not inside and not _covered(container.mounts, path):
                what = "installs packages" if path == EVERYWHERE else f"writes {_placed(path)}"
                by = f" ({code(found.program)})" if found.program else ""
                return Refusal(
                    f"The {each.where} of {container.name} {what} when it runs{by}, which a read-only root "
                    "forbids. Do that when the image is built, or mount a volume there, and run again."
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


def _database(container: Container) -> WritePaths | None:
    """The paths of the database that an image is built on, told from its port and variables."""
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
    for port, prefixes, image in _DATABASES:
        if port in ports and any(name.startswith(prefixes) for name in names):
            return write_paths(Image.parse(image))
    return None


def _can_add(container: Container) -> bool:
    return container.task.node is not None and container.task.volumes is not None


def _needs(container: Container, image: Image, row: WritePaths | None, paths: tuple[str, ...]) -> Needs:
    enough = row.enough if row is not None else {}
    spaces = tuple(
        _space(container, path)
        for path in paths
        if not any(_covered(container.mounts, each) for each in (path, *enough.get(path, ())))
    )
    overridden = bool(container.words("command") or container.words("entryPoint"))
    verified = row is not None and row.verified and not overridden
    notes = (f"{code(_called(image, container))}: {row.note}",) if row is not None and row.note else ()
    return Needs(
        volumes=spaces,
        writable=tuple(path for path in paths if path in {s.path for s in spaces}),
        verified=verified,
        evidence=_evidence(image, row),
        unknown="" if verified else _unknown(container, row, spaces),
        commands=() if verified else _commands(container, paths),
        notes=notes + _ownership(container, spaces),
    )


def _covered(mounts: tuple[Mount, ...], path: str) -> bool:
    """Whether a mount that can be written holds `path` already."""
    return any(
        mount.path is not None
        and not mount.read_only
        and (path == mount.path.rstrip("/") or path.startswith(mount.path.rstrip("/") + "/"))
        for mount in mounts
    )


def _space(container: Container, path: str) -> Space:
    wanted = _slug(container.name, path)
    for volume in container.task.volumes or ():
        fits = volume.name in (wanted, path.strip("/").replace("/", "-")) and volume.kind in _EMPTY
        if fits and not _mounted(container, volume):
            return Space(volume.name, path, reused=True)
    return Space(_free(wanted, container.task.volumes or ()), path, reused=False)


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


def _free(wanted: str, volumes: tuple[Volume, ...]) -> str:
    taken = {volume.name for volume in volumes}
    return next(
        name for n in range(1, len(taken) + 2) if (name := wanted if n == 1 else f"{wanted}-{n}") not in taken
    )


def _called(image: Image, container: Container) -> str:
    return image.name or container.name


def _evidence(image: Image, row: WritePaths | None) -> str:
    if row is None:
        return ""
    if not row.paths:
        return f"{image.name} is {'known' if row.verified else 'expected'} to run so"
    return ""


def _unknown(container: Container, row: WritePaths | None, spaces: tuple[Space, ...]) -> str:
    if container.image is None:
        return "The files don't show the image of {who}, so which paths are written at run time is not known."
    if row is None:
        where = " outside " + ", ".join(space.path for space in spaces) if spaces else ""
        return f"Whether {{who}} must write{where or ' anywhere'} is not known."
    return (
        "For {who}, what the public image is known to write is covered; whether yours writes elsewhere is "
        "not known."
    )


def _commands(container: Container, paths: tuple[str, ...]) -> tuple[Command, ...]:
    mounts = [word for path in paths for word in ("--tmpfs", MOUNT(path))]
    image = IMAGE(container.image)
    return (
        run("docker", "run", "-d", "--read-only", *mounts, "--name", "try", image),
        piped(
            run("sleep", "60"), ";", run("docker", "logs", "try"), ";", run("docker", "diff", "try"), ";",
            run("docker", "rm", "-f", "try"),
        ),
    )  # fmt: skip


def _ownership(container: Container, spaces: tuple[Space, ...]) -> tuple[str, ...]:
    """On Fargate a bind volume is root's, mode 0755, unless the image declares that very path a VOLUME.

    Source: Amazon ECS developer guide, bind mounts; aws/containers-roadmap 938.
    """
    user = container.value("user")
    root = user in ("", "0", "root", 0) or not isinstance(user, str | int)
    if not spaces or root or container.task.fargate is False or container.spelling.vocabulary == "k8s":
        return ()
    where = ", ".join(space.path for space in spaces)
    return (
        (
            f"On Fargate, a `user` other than root, as in {{who}}, can write to {where} only if the image's "
            "Dockerfile prepares that path for that user and declares it as a VOLUME."
        ),
    )
