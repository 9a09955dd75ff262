"""`fixbot init`: from what a repository shows to two files and what is said of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from fixbot import dialects
from fixbot.adopt.file import settings_file
from fixbot.adopt.ground import Ground, foreign_folders, owners_of, remote_of, running, scans, store_of
from fixbot.adopt.told import Seen, told
from fixbot.adopt.workflow import PATH, workflow
from fixbot.characters import shown
from fixbot.checkout import Checkout, Content
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.writing import FileChange
from fixbot.cli.look import look
from fixbot.cli.options import Options
from fixbot.cli.terminal import CannotWrite, Terminal
from fixbot.discover import candidate, facts_of, relevant, surroundings
from fixbot.errors import FixbotError
from fixbot.settings.reading import NAMES

WORKFLOWS = ".github/workflows/"


def init(path: str, environment: Mapping[str, str], *, dry: bool) -> int:
    """Write `.fixbot.yml` and the workflow; returns the exit code. Raises FixbotError where one is there."""
    terminal = Terminal(environment)
    if not Path(path).is_dir():
        raise FixbotError(f"{path!r} is no folder; name the repository, or a folder of it")
    here = Checkout.open(path)
    top = Path(here.top)
    folder = here.prefix.rstrip("/")
    whole = Checkout.open(str(top)) if folder else here
    ground = _ground(whole, here, folder)
    files = {NAMES[0]: settings_file(ground, _defaults())}
    if ground.remote is None or ground.remote.github:
        files[PATH] = workflow(ground)
    _refuse(top, folder, files, ground)
    looked = look(Options("run", path=path, cache=False), environment, terminal, contents=False)
    spoken, tag = _contents(here)
    seen = Seen(ground, looked.report, looked.settings, spoken, tag, tuple(files))
    if not dry:
        new = (FileChange(name, None, text.encode()) for name, text in files.items())
        if (refusal := whole.write_all(new)) is not None:
            raise CannotWrite(refusal.reason)
    if dry:
        for name, text in files.items():
            terminal.out(f"{terminal.style.bold(name)}\n{text}\n")
    terminal.out(told(seen, terminal.style, dry=dry))
    return 0


def _refuse(top: Path, folder: str, files: Mapping[str, str], ground: Ground) -> None:
    """Raises FixbotError where there is something already that would count, or be lost."""
    at = top / folder
    above = [at, *at.parents]
    for place in above[: above.index(top) + 1]:
        for name in NAMES:
            if os.path.lexists(place / name):
                there = (place / name).relative_to(top)
                raise FixbotError(f"{there} is there already; nothing was written. Edit that one")
    for name in files:
        if os.path.lexists(top / name):
            raise FixbotError(f"{name} is there already; nothing was written. Delete it to have a new one")
    if ground.runs:
        raise FixbotError(f"{shown(ground.runs)} runs fixbot already; nothing was written")


def _ground(whole: Checkout, here: Checkout, folder: str) -> Ground:
    paths = [entry.path for entry in whole.entries]
    flows = {
        path: content.data
        for path in paths
        if path.startswith(WORKFLOWS) and isinstance(content := whole.read(path), Content)
    }
    ours = [entry for entry in here.entries if candidate(entry.path)]
    texts = (content.data for entry in ours if isinstance(content := here.read(entry), Content))
    return Ground(
        remote=remote_of(_url(whole.git), paths) if whole.git is not None else None,
        branch=_branch(whole.git),
        folder=folder,
        in_git=whole.git is not None,
        owners=owners_of(paths),
        runs=running(flows),
        scanning=scans(flows),
        store=store_of(texts),
        foreign=foreign_folders(entry.path for entry in ours),
    )


def _url(git: Git) -> str:
    """The address of `origin`, else of the first remote there is."""
    urls = {key: value for key, value in git.configuration.items() if key.endswith(".url")}
    remotes = {key: value for key, value in urls.items() if key.startswith("remote.")}
    return remotes.get("remote.origin.url") or next(iter(remotes.values()), "")


def _branch(git: Git | None) -> str:
    """The default branch: the remote's as it was known last, else the one that is checked out."""
    for ref in ("refs/remotes/origin/HEAD", "HEAD"):
        try:
            if git is not None:
                return git.line("symbolic-ref", "--short", ref).removeprefix("origin/")
        except GitFailed:
            continue
    return "main"


def _contents(here: Checkout) -> tuple[dict[str, int], str]:
    """Files by the dialect that they are written in, the most frequent first; and the tag that they use."""
    files = {
        entry.path: content
        for entry in here.entries
        if candidate(entry.path) and isinstance(content := here.read(entry), Content)
    }
    facts = {path: facts_of(path, content.data) for path, content in files.items()}
    tags: Counter[str] = Counter()
    for key, _, many in surroundings(facts, facts, ()).tags:
        tags[key] += many
    spoken = Counter(
        name
        for path, content in files.items()
        if relevant(content.data) and (name := dialects.spoken(path, content.text))
    )
    return dict(spoken.most_common()), next((key for key, _ in tags.most_common(1)), "")


def _defaults() -> str:
    """The commented file of all settings, as the wheel or a checkout of fixbot has it."""
    shipped = resources.files("fixbot") / "data" / "default.yml"
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return (Path(__file__).parent.parent.parent / "config" / "default.yml").read_text(encoding="utf-8")
