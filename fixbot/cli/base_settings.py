"""What counts in a pull request: the settings of its base, never those that it brings itself."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fixbot.checkout.changed_lines import find_start, resolve_revision
from fixbot.checkout.commit_files import CommitFiles
from fixbot.checkout.git import Git, GitFailed
from fixbot.cli.effective_settings import overlay_options, read_organisation
from fixbot.model.errors import FixbotError
from fixbot.settings import Settings
from fixbot.settings.read_settings import MOST_BYTES, NAMES, parse_settings
from fixbot.settings.rebase_globs import rebase_settings

if TYPE_CHECKING:
    from fixbot.checkout import Checkout
    from fixbot.checkout.changed_lines import GitBlob
    from fixbot.cli.options import Options
    from fixbot.rules.rule import Rule

_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class PullRequestBase:
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


def find_base(checkout: Checkout, ref: str) -> PullRequestBase:
    """The base that `--since REF` names. Raises FixbotError where it isn't here."""
    if checkout.git is None:
        raise FixbotError("--since needs a git work tree, and this is none")
    git = Git(checkout.top)
    tip = None if ref.startswith("-") else resolve_revision(git, ref)
    if tip is None:
        raise FixbotError(f"--since {ref}: {ref} is not a revision that is here; fetch it first")
    return PullRequestBase(git, checkout.prefix, find_start(git, tip, ""), tip)


def read_base_settings(base: PullRequestBase, options: Options, fixers: tuple[Rule, ...]) -> Settings:
    """The command line over the base's settings over an organisation's; those alone where it isn't here.

    Raises FixbotError for settings that can't be read.
    """
    try:
        settings = _read_organisation_settings(base, options)
        if base.tip is not None:
            settings = _overlay_settings(settings, CommitFiles(base.git, base.tip), base.prefix.rstrip("/"))
    except GitFailed as failed:
        raise FixbotError(f"the settings of the base can't be read: {failed}") from None
    return overlay_options(settings, options, fixers)


def _read_organisation_settings(base: PullRequestBase, options: Options) -> Settings:
    """What `--config` says; of a file that belongs to the repository, what it says in the base."""
    path = None if options.config is None else _path_in_repository(base, options.config)
    if path is None or CommitFiles(base.git, "HEAD").find_blob(path) is None:
        return read_organisation(options)
    if base.tip is None:
        return Settings()
    files = CommitFiles(base.git, base.tip)
    blob = files.find_blob(path)
    if blob is None:
        raise FixbotError(f"--config {options.config}: there is no such file in the base")
    where = f"{path} of {files.commit[:_SHORT]}"
    return parse_settings(Settings(), _read_settings_text(files, blob, where), where, operator=True)


def is_in_repository(base: PullRequestBase, path: Path) -> bool:
    """Whether a file that the user names lies in the repository of the pull request."""
    return _path_in_repository(base, path) is not None


def read_from_base(base: PullRequestBase, path: Path, most: int) -> bytes | None:
    """What a file of the repository held in the base; None where there was none of up to `most` bytes."""
    inside = _path_in_repository(base, path)
    files = None if base.tip is None else CommitFiles(base.git, base.tip)
    blob = None if files is None or inside is None else files.find_blob(inside)
    return None if files is None or blob is None or not blob.is_file else files.read_blob(blob, most)


def _path_in_repository(base: PullRequestBase, path: Path) -> str | None:
    """The path of a file from the repository's top, None where it lies outside."""
    for file in (path.absolute(), path.resolve()):
        if file.is_relative_to(base.git.folder):
            return file.relative_to(base.git.folder).as_posix()
    return None


def _overlay_settings(settings: Settings, files: CommitFiles, folder: str) -> Settings:
    """With the settings that stand nearest to that folder, looked for upwards, seen from there."""
    parts = folder.split("/") if folder else []
    for depth in range(len(parts), -1, -1):
        above = "/".join(parts[:depth])
        own = [(name, blob) for name in NAMES if (blob := files.find_blob(posixpath.join(above, name)))]
        if len(own) > 1:
            raise FixbotError(f"{NAMES[0]} and {NAMES[1]} both exist in the base; keep one")
        for name, blob in own:
            where = f"{posixpath.join(above, name)} of {files.commit[:_SHORT]}"
            text = _read_settings_text(files, blob, where)
            return rebase_settings(parse_settings(settings, text, where), "/".join(parts[depth:]))
    return settings


def _read_settings_text(files: CommitFiles, blob: GitBlob, where: str) -> str:
    data = files.read_blob(blob, MOST_BYTES) if blob.is_file else None
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
