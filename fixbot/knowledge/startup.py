"""All that a container starts: command, hooks, probes, health check, and scripts that lie beside it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.mounted import is_inside
from fixbot.knowledge.needs import entry_point_of
from fixbot.lens import Container, Mount, text_of
from fixbot.lens.templated import text_with_holes
from fixbot.rules.context import Context
from fixbot.syntax.shell import HOLE, Invocation, Script, ShellWord, read_command, read_script
from fixbot.syntax.shell.starting import SHELLS

_HOOKS: Final = (
    ("lifecycle.postStart.exec.command", "postStart hook"),
    ("lifecycle.preStop.exec.command", "preStop hook"),
    ("startupProbe.exec.command", "startup probe"),
    ("readinessProbe.exec.command", "readiness probe"),
    ("livenessProbe.exec.command", "liveness probe"),
)
_VARIABLE: Final = re.compile(r"\$(\$?)\(([A-Za-z_][\w.-]*)\)")
_DEEPEST: Final = 4
_MOST_FILES: Final = 20
Files = Callable[[str], str | None]
"""The text of a file in the container by its path; None where it isn't here."""


@dataclass(frozen=True, slots=True)
class StartedScript:
    """What one place of a container starts. `where` is what a sentence calls it: `postStart hook`."""

    where: str
    script: Script


@dataclass(frozen=True, slots=True)
class Startup:
    """What a container starts, place by place; empty where nothing is written."""

    scripts: tuple[StartedScript, ...]

    @property
    def unread(self) -> str:
        """The first stretch that was not understood, in a reader's words; empty where all was."""
        unread = (f"{e.script.unread[0]} in its {e.where}" for e in self.scripts if e.script.unread)
        return next(unread, "")

    @property
    def starts_unknown(self) -> bool:
        """Whether the container's own program is not known: a variable, a hole of a template."""
        own = (each.script.invocations for each in self.scripts if each.where == "command")
        return any(
            started and (started[0].called.text is None or any(map(_runs_unknown, started)))
            for started in own
        )

    @property
    def names_program(self) -> bool:
        """Whether the file says which program the container starts, and not its image alone."""
        own = (each.script.invocations for each in self.scripts if each.where == "command")
        return any(started and not (started[0].called.text or "-").startswith("-") for started in own)


def _runs_unknown(started: Invocation) -> bool:
    """Whether it runs a text that is filled in: `eval "$SETUP"`, `sh -c "$COMMAND"`."""
    if started.program != "eval" and started.program not in SHELLS:
        return False
    texts = started.arguments if started.program == "eval" else started.arguments[1:2]
    flags = started.program == "eval" or started.words[:1] in (("-c",), ("-ec",), ("-lc",))
    return flags and any(word.text is None and not word.beginning for word in texts)


def read_startup(container: Container, world: Context) -> Startup:
    """Read all that a container starts; arguments without a program go to the image's own, if known."""
    kubernetes = container.spelling.vocabulary == "k8s"
    variables = _read_variables(container)
    folder = text_of(container.get("workingDir" if kubernetes else "workingDirectory"))
    program = _read_words(container, "command" if kubernetes else "entryPoint", variables)
    arguments = _read_words(container, "args" if kubernetes else "command", variables)
    own = _own_program(container.image_with_holes, arguments) if arguments and not program else ()
    words = [*(program or own), *arguments]
    files = _files_of(container, world)
    found = [_follow_scripts("command", read_words(words, variables, folder), files, variables, folder)]
    for where, hook in _read_hooks(container, variables):
        found.append(_follow_scripts(where, _read_hook(hook, variables, folder), files, variables, folder))
    found += _read_bodies(container, variables, folder)
    found += _initial_scripts(container, world, variables)
    kept = tuple(each for each in found if each.script.invocations or not each.script.understood)
    return Startup(kept)


def _own_program(image: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What an image starts with the arguments that it is given; nothing where they are a program themselves.

    `mount` alone is both: Docker's own images start it, others of a name have a program that mounts.
    """
    reference = ImageReference.parse_reference(image)
    if known := entry_point_of(reference.name):
        return known
    official = (reference.public_origin or "").startswith("docker.io/library/")
    return () if official or arguments[0] != "mount" else (reference.name or "an unknown program",)


def read_words(
    words: Sequence[str], variables: Mapping[str, ShellWord] | None = None, folder: str | None = None
) -> Script:
    """Read a command by its words; one word with blanks and operators between words are a shell's."""
    if len(words) == 1 and re.search(r"\s", words[0]):
        return read_script(words[0], variables, folder)
    if any(word in ("&&", "||", ";", "|") for word in words):
        return read_script(" ".join(words), variables, folder)
    return read_command(words, variables, folder) if words else Script()


def _read_variables(container: Container) -> Mapping[str, ShellWord]:
    known = {}
    for variable in container.environment:
        text = text_with_holes(variable.value) if variable.value is not None else HOLE
        known[variable.name] = ShellWord((text,) if HOLE not in text else (None,))
    return known


def _read_words(container: Container, canonical: str, variables: Mapping[str, ShellWord]) -> tuple[str, ...]:
    node = container.get(canonical)
    if node is None:
        return ()
    if node.kind is not NodeKind.LIST or node.tag is not None:
        return (_expand_word(container, text_with_holes(node), variables),)
    return tuple(_expand_word(container, text_with_holes(item), variables) for item in node.items)


def _expand_word(container: Container, text: str, variables: Mapping[str, ShellWord]) -> str:
    """A word as the kubelet hands it on: `$(NAME)` of a variable of the container is its value."""
    if container.spelling.vocabulary != "k8s" or "$" not in text:
        return text

    def fill_variable(found: re.Match[str]) -> str:
        if found[1]:
            return f"$({found[2]})"
        word = variables.get(found[2])
        if word is None:
            return found[0] if container.get("envFrom") is None else HOLE
        return HOLE if word.text is None else word.text

    return _VARIABLE.sub(fill_variable, text)


def _read_hooks(
    container: Container, variables: Mapping[str, ShellWord]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if container.spelling.vocabulary == "k8s":
        for canonical, where in _HOOKS:
            if words := _read_words(container, canonical, variables):
                yield where, words
    elif words := _read_words(container, "healthCheck.command", variables):
        yield "health check", words


def _read_bodies(
    container: Container, variables: Mapping[str, ShellWord], folder: str | None
) -> Iterator[StartedScript]:
    """The script that a step of Tekton, or of Argo Workflows, holds as text; other languages are unread."""
    for key in ("script", "source"):
        node = container.get(key) if container.spelling.vocabulary == "k8s" else None
        text = text_with_holes(node) if node is not None else ""
        first = text.partition("\n")[0]
        shell = first.rpartition("/")[2] if first.startswith("#!") else "sh"
        program = next(iter(container.words("command")), "sh").rpartition("/")[2]
        if text and "sh" in shell and program.endswith("sh"):
            yield StartedScript("script", read_script(text, variables, folder))
        elif text:
            yield StartedScript("script", Script(unread=("what another language says",)))


def _read_hook(words: tuple[str, ...], variables: Mapping[str, ShellWord], folder: str | None) -> Script:
    if words[0] == "CMD-SHELL" or len(words) == 1:
        return read_script(words[-1], variables, folder) if words[0] != "NONE" else Script()
    return read_command(words[1:] if words[0] == "CMD" else words, variables, folder)


def _follow_scripts(
    where: str, script: Script, files: Files, variables: Mapping[str, ShellWord], folder: str | None
) -> StartedScript:
    """A script with those that it starts and whose text is here."""
    invocations, unread = list(script.invocations), dict.fromkeys(script.unread)
    waiting, missing, done = list(script.missing), [], set[str]()
    while waiting:
        path = waiting.pop(0)
        whole = posixpath.normpath(posixpath.join(folder or "/", path))
        text = files(whole) if len(done) < _MOST_FILES and whole not in done else None
        if text is None:
            if whole not in done:
                missing.append(path)
            continue
        done.add(whole)
        inner = read_script(text, variables, folder)
        invocations += inner.invocations
        unread |= dict.fromkeys(inner.unread)
        waiting += inner.missing
    return StartedScript(where, Script(tuple(invocations), tuple(unread), tuple(missing)))


def _files_of(container: Container, world: Context) -> Files:
    """Files that ConfigMaps of the folder put into a container."""

    def find_file(path: str) -> str | None:
        for mount in container.mounts:
            place = (mount.path or "").rstrip("/")
            if place and (path == place or path.startswith(f"{place}/")):
                part = text_of(mount.node.find_node(container.spelling.key("subPath")))
                name = part if part and path == place else path.removeprefix(f"{place}/")
                node = _data_of(container, world, mount).get(name)
                if node is not None:
                    return text_with_holes(node)
        return None

    return find_file


def _data_of(container: Container, world: Context, mount: Mount) -> Mapping[str, Node]:
    """The entries of the ConfigMap that a mount shows, by the name of the file that each becomes."""
    volumes = [each for each in container.task.volumes or () if each.name == mount.volume]
    source = volumes[0].node.find_node("configMap") if volumes else None
    name = text_of(source.find_node("name")) if source is not None else None
    if source is None or name is None:
        return {}
    for root in world.project.objects_of_name(container.path, name):
        data = root.find_node("data") if text_of(root.find_node("kind")) == "ConfigMap" else None
        if data is not None:
            entries = {entry.key: entry.value for entry in data.entries}
            renamed = {
                text_of(item.find_node("path")) or "": entries[key]
                for item in source.list_items("items")
                if (key := text_of(item.find_node("key"))) in entries
            }
            return renamed or entries
    return {}


_INITIAL: Final = (
    "/docker-entrypoint-initdb.d",
    "/docker-entrypoint.d",
    "/always-initdb.d",
    "/etc/cont-init.d",
    "/custom-cont-init.d",
)


def _initial_scripts(
    container: Container, world: Context, variables: Mapping[str, ShellWord]
) -> Iterator[StartedScript]:
    """Scripts that entry points run when they start: of databases, web servers, supervised images."""
    for mount in container.mounts:
        path = (mount.path or "").rstrip("/")
        folder = next((each for each in _INITIAL if is_inside(path, each)), "")
        part = text_of(mount.node.find_node(container.spelling.key("subPath"))) if path != folder else None
        if folder:
            for name, node in _data_of(container, world, mount).items():
                if name.endswith((".sh", ".envsh")) and part in (None, name):
                    yield StartedScript(f"script {name}", read_script(text_with_holes(node), variables, None))
