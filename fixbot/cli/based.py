"""What counts in a pull request: the settings of its base, never those that it brings itself."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.checkout.commit import CommitFiles
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.touched import resolve, start_of
from fixbot.cli.chosen import organisation_settings, overlaid
from fixbot.errors import FixbotError
from fixbot.settings import Settings
from fixbot.settings.places import seen_from
from fixbot.settings.reading import MOST_BYTES, NAMES, parse

if TYPE_CHECKING:
    from fixbot.checkout import Checkout
    from fixbot.checkout.touched import Blob
    from fixbot.cli.options import Options
    from fixbot.rules.rule import Rule

_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Base:
    """Where a pull request comes from. `git` runs at the repository's top.

    `start` is the commit that its changes are seen from, `tip` the one whose settings count; None where they
    are not here.
    """

    git: Git
    prefix: str
    start: str | None
    tip: str | None

    @property
    def files(self) -> CommitFiles | None:
        """The files that the changes are seen from."""
        return None if self.start is None else CommitFiles(self.git, self.start)


def base_of_ref(checkout: Checkout, ref: str) -> Base:
    """The base that `--since REF` names. Raises FixbotError where it isn't here."""
    if checkout.git is None:
        raise FixbotError("--since needs a git work tree, and this is none")
    git = Git(checkout.top)
    tip = None if ref.startswith("-") else resolve(git, ref)
    if tip is None:
        raise FixbotError(f"--since {ref}: {ref} is not a revision that is here; fetch it first")
    return Base(git, checkout.prefix, start_of(git, tip, ""), tip)


def settings_of_base(base: Base, options: Options, fixers: tuple[Rule, ...]) -> Settings:
    """The command line over the base's settings over an organisation's; those alone where it isn't here.

    Raises FixbotError for settings that can't be read.
    """
    try:
        settings = _organisation(base, options)
        if base.tip is not None:
            settings = _laid_over(settings, CommitFiles(base.git, base.tip), base.prefix.rstrip("/"))
    except GitFailed as failed:
        raise FixbotError(f"the settings of the base can't be read: {failed}") from None
    return overlaid(settings, options, fixers)


def _organisation(base: Base, options: Options) -> Settings:
    """What `--config` says; of a file that belongs to the repository, what it says in the base."""
    path = _within(base, options)
    if path is None or CommitFiles(base.git, "HEAD").blob(path) is None:
        return organisation_settings(options)
    if base.tip is None:
        return Settings()
    files = CommitFiles(base.git, base.tip)
    blob = files.blob(path)
    if blob is None:
        raise FixbotError(f"--config {options.config}: there is no such file in the base")
    where = f"{path} of {files.commit[:_SHORT]}"
    return parse(Settings(), _text(files, blob, where), where, operator=True)


def _within(base: Base, options: Options) -> str | None:
    """The path of `--config` from the repository's top, None where it lies outside."""
    if options.config is None:
        return None
    for file in (options.config.absolute(), options.config.resolve()):
        if file.is_relative_to(base.git.folder):
            return file.relative_to(base.git.folder).as_posix()
    return None


def _laid_over(settings: Settings, files: CommitFiles, folder: str) -> Settings:
    """With the settings that stand nearest to that folder, looked for upwards, seen from there."""
    parts = folder.split("/") if folder else []
    for depth in range(len(parts), -1, -1):
        above = "/".join(parts[:depth])
        own = [(name, blob) for name in NAMES if (blob := files.blob(posixpath.join(above, name)))]
        if len(own) > 1:
            raise FixbotError(f"{NAMES[0]} and {NAMES[1]} both exist in the base; keep one")
        for name, blob in own:
            where = f"{posixpath.join(above, name)} of {files.commit[:_SHORT]}"
            text = _text(files, blob, where)
            return seen_from(parse(settings, text, where), "/".join(parts[depth:]))
    return settings


def _text(files: CommitFiles, blob: Blob, where: str) -> str:
    data = files.data(blob, MOST_BYTES) if blob.is_file else None
    if data is None:
        raise FixbotError(f"{where}: no regular file of up to {MOST_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise FixbotError(f"{where}: not UTF-8") from None


def refuse_links_to(path: str) -> None:
    """Raises FixbotError where the folder to look through is reached by a link of the repository's own."""
    at = Path(path).absolute()
    top = next((folder for folder in (at, *at.parents) if (folder / ".git").exists()), None)
    for folder in (at, *at.parents):
        if folder == top:
            return
        if folder.is_symlink():
            raise FixbotError(f"{path!r} is a symbolic link here, which is not followed; name a folder")
