"""`fixbot init`: from what a repository shows to two files and what is said of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from fixbot import dialects
from fixbot.checkout import Checkout, Content
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.write_files import FileChange
from fixbot.cli.options import Options
from fixbot.cli.scan_checkout import scan_checkout
from fixbot.cli.terminal import CannotWrite, Terminal
from fixbot.model.errors import FixbotError
from fixbot.onboarding.init_summary import InitSummary, render_init_summary
from fixbot.onboarding.settings_file import render_settings_file
from fixbot.onboarding.survey import (
    RepositorySurvey,
    find_codeowners,
    find_foreign_folders,
    find_own_workflow,
    guess_secret_store,
    parse_remote,
    uses_code_scanning,
)
from fixbot.onboarding.workflow_file import PATH, render_workflow
from fixbot.settings.read_settings import NAMES
from fixbot.source.discover import is_candidate, is_relevant
from fixbot.source.file_facts import gather_surroundings, read_facts
from fixbot.text.characters import escape_hidden

WORKFLOWS = ".github/workflows/"


def write_init_files(path: str, environment: Mapping[str, str], *, dry: bool) -> int:
    """Write `.fixbot.yml` and the workflow; returns the exit code. Raises FixbotError where one is there."""
    terminal = Terminal(environment)
    if not Path(path).is_dir():
        raise FixbotError(f"{path!r} is no folder; name the repository, or a folder of it")
    here = Checkout.open_checkout(path)
    top = Path(here.top)
    folder = here.prefix.rstrip("/")
    whole = Checkout.open_checkout(str(top)) if folder else here
    ground = _survey_repository(whole, here, folder)
    files = {NAMES[0]: render_settings_file(ground, _read_default_settings())}
    if ground.remote is None or ground.remote.is_github:
        files[PATH] = render_workflow(ground)
    _refuse_existing(top, folder, files, ground)
    looked = scan_checkout(Options("run", path=path, cache=False), environment, terminal, contents=False)
    spoken, tag = _survey_contents(here)
    seen = InitSummary(ground, looked.report, looked.settings, spoken, tag, tuple(files))
    if not dry:
        new = (FileChange(name, None, text.encode()) for name, text in files.items())
        if (refusal := whole.write_files(new)) is not None:
            raise CannotWrite(refusal.reason)
    if dry:
        for name, text in files.items():
            terminal.print_out(f"{terminal.style.paint_bold(name)}\n{text}\n")
    terminal.print_out(render_init_summary(seen, terminal.style, dry=dry))
    return 0


def _refuse_existing(top: Path, folder: str, files: Mapping[str, str], ground: RepositorySurvey) -> None:
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
        raise FixbotError(f"{escape_hidden(ground.runs)} runs fixbot already; nothing was written")


def _survey_repository(whole: Checkout, here: Checkout, folder: str) -> RepositorySurvey:
    paths = [entry.path for entry in whole.entries]
    flows = {
        path: content.data
        for path in paths
        if path.startswith(WORKFLOWS) and isinstance(content := whole.read_file(path), Content)
    }
    ours = [entry for entry in here.entries if is_candidate(entry.path)]
    texts = (content.data for entry in ours if isinstance(content := here.read_file(entry), Content))
    return RepositorySurvey(
        remote=parse_remote(_remote_url(whole.git), paths) if whole.git is not None else None,
        branch=_default_branch(whole.git),
        folder=folder,
        in_git=whole.git is not None,
        owners=find_codeowners(paths),
        runs=find_own_workflow(flows),
        scanning=uses_code_scanning(flows),
        store=guess_secret_store(texts),
        foreign=find_foreign_folders(entry.path for entry in ours),
    )


def _remote_url(git: Git) -> str:
    """The address of `origin`, else of the first remote there is."""
    urls = {key: value for key, value in git.configuration.items() if key.endswith(".url")}
    remotes = {key: value for key, value in urls.items() if key.startswith("remote.")}
    return remotes.get("remote.origin.url") or next(iter(remotes.values()), "")


def _default_branch(git: Git | None) -> str:
    """The default branch: the remote's as it was known last, else the one that is checked out."""
    for ref in ("refs/remotes/origin/HEAD", "HEAD"):
        try:
            if git is not None:
                return git.run_for_line("symbolic-ref", "--short", ref).removeprefix("origin/")
        except GitFailed:
            continue
    return "main"


def _survey_contents(here: Checkout) -> tuple[dict[str, int], str]:
    """Files by the dialect that they are written in, the most frequent first; and the tag that they use."""
    files = {
        entry.path: content
        for entry in here.entries
        if is_candidate(entry.path) and isinstance(content := here.read_file(entry), Content)
    }
    facts = {path: read_facts(path, content.data) for path, content in files.items()}
    tags: Counter[str] = Counter()
    for key, _, many in gather_surroundings(facts, facts, ()).tags:
        tags[key] += many
    spoken = Counter(
        name
        for path, content in files.items()
        if is_relevant(content.data) and (name := dialects.name_dialect(path, content.text))
    )
    return dict(spoken.most_common()), next((key for key, _ in tags.most_common(1)), "")


def _read_default_settings() -> str:
    """The commented file of all settings, as the wheel or a checkout of fixbot has it."""
    shipped = resources.files("fixbot") / "data" / "default.yml"
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return (Path(__file__).parent.parent.parent / "config" / "default.yml").read_text(encoding="utf-8")
