"""What counts for a run: the command line over the repository's settings over an organisation's."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from fixbot.checkout.git_home import repository_above, stranger_folders
from fixbot.cli.find_checkers import find_checkers, find_renderers
from fixbot.cli.options import Options
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Safety
from fixbot.rules.frameworks import FRAMEWORKS
from fixbot.rules.loading import FIRST_VERSION, OWN_PACKAGE
from fixbot.rules.rule import ESSENTIAL, Rule
from fixbot.settings import Settings
from fixbot.settings.loosened import running_rules
from fixbot.settings.read_settings import NAMES, load_settings, read_settings
from fixbot.settings.rebase_globs import rebase_settings
from fixbot.settings.suppressions import explain_unknown_rule


def read_checkout_settings(options: Options, fixers: tuple[Rule, ...]) -> Settings:
    """What counts in a checkout: the command line over the files over the defaults."""
    home = find_settings_home(options.path)
    settings = rebase_settings(
        load_settings(home.folder, options.config, stranger_folders(options.path)), home.way
    )
    return overlay_options(replace(settings, notes=(*settings.notes, *home.notes)), options, fixers)


def read_organisation(options: Options) -> Settings:
    """The settings of an organisation over the defaults, without any of the repository's."""
    if options.config is None:
        return Settings()
    return read_settings(Settings(), options.config, stranger_folders(options.path))


def overlay_options(settings: Settings, options: Options, fixers: tuple[Rule, ...]) -> Settings:
    """Settings with the command line over them. Raises FixbotError for rules that don't exist."""
    known = {fixer.name for fixer in fixers}
    sources = (
        ("--only", options.only),
        ("--skip", options.skip),
        (_name_with_place(settings, "rules.only"), settings.rules.only),
        (_name_with_place(settings, "rules.skip"), settings.rules.skip),
    )
    for source, names in sources:
        for name in names:
            if name not in known:
                raise FixbotError(f"{source}: {explain_unknown_rule(name, known)}")
    for wish in settings.ignore:
        if wish.rule not in known:
            raise FixbotError(f"{wish.where}: {explain_unknown_rule(wish.rule, known)}")
    profiled = _list_profile(settings, options, fixers)
    essential = _list_profile(replace(settings, profile=ESSENTIAL[0]), options, fixers)
    only = options.only or settings.rules.only
    if options.framework:
        only = narrow_to_framework(only or profiled, options.framework, fixers)
    rules = replace(
        settings.rules,
        only=only,
        skip=tuple(dict.fromkeys((*settings.rules.skip, *options.skip))),
    )
    thorough = options.thorough or settings.thorough
    programs = find_checkers(options, os.environ, settings.limits) if thorough else None
    renderers = find_renderers(options, os.environ, settings.limits) if _may_render(options) else None
    chosen = options.rules_profile.value if options.rules_profile else settings.profile
    return replace(
        settings,
        profile=chosen,
        rules=rules,
        known_rules=tuple(sorted(known)),
        profiled=profiled,
        safety=Safety(options.safety.value) if options.safety else settings.safety,
        thorough=thorough,
        programs=programs,
        renderers=renderers,
        notes=(
            *settings.notes,
            *_name_profile(settings, options, len(profiled), len(essential)),
            *((programs.describe_checkers,) if programs else ()),
        ),
        include=options.include or settings.include,
        exclude=(*settings.exclude, *options.exclude),
    )


def _may_render(options: Options) -> bool:
    """Whether renderers may start: only where the system holds their limits."""
    return options.render and sys.platform in ("linux", "darwin")


def _name_with_place(settings: Settings, key: str) -> str:
    """The key with the file and line that set it."""
    return f"{settings.places[key]}: {key}" if key in settings.places else key


class SettingsHome(NamedTuple):
    """The folder of `.fixbot.yml`, the way down from there, and a line for each file that does not count."""

    folder: Path
    way: str
    notes: tuple[str, ...]


def find_settings_home(path: str) -> SettingsHome:
    """Where `.fixbot.yml` is looked for: upwards to the repository's top.

    Outside of a repository the folders above may be anybody's, as `/tmp` is, and there only files of this
    user count.
    """
    start = Path(path).resolve()
    start = start if start.is_dir() else start.parent
    top = repository_above(str(start))
    notes: list[str] = []
    for folder in (start, *start.parents):
        for file in (folder / name for name in NAMES):
            if not os.path.lexists(file):
                continue
            if top or folder == start or _is_own_file(file):
                way = start.relative_to(folder).as_posix()
                return SettingsHome(folder, "" if way == "." else way, tuple(notes))
            notes.append(f"{file} belongs to another user, so it does not count")
        if str(folder) == top:
            break
    return SettingsHome(start, "", tuple(notes))


def _is_own_file(file: Path) -> bool:
    try:
        return not hasattr(os, "geteuid") or file.lstat().st_uid == os.geteuid()
    except OSError:
        return False


def select_fixers(fixers: tuple[Rule, ...], settings: Settings) -> tuple[Rule, ...]:
    """The fixers that are to run."""
    on = frozenset(running_rules(settings, [each.name for each in fixers]))
    return tuple(each for each in fixers if each.name in on)


def runs_every_rule(chosen: tuple[Rule, ...], settings: Settings) -> bool:
    """Whether these are all the rules of the profile, so that what none of them finds is gone."""
    return {each.name for each in chosen} >= set(settings.profiled or settings.known_rules)


def _list_profile(settings: Settings, options: Options, fixers: tuple[Rule, ...]) -> tuple[str, ...]:
    """The names of the rules that the profile lets run, those of other distributions always among them."""
    profile = options.rules_profile or settings.profile
    if profile is None and not settings.from_file:
        profile = ESSENTIAL[0]
    return tuple(
        each.name
        for each in fixers
        if each.package != OWN_PACKAGE
        or (each.since == FIRST_VERSION if profile is None else profile in each.profiles)
    )


def _name_profile(settings: Settings, options: Options, kept: int, offered: int) -> tuple[str, ...]:
    """A line for settings that were written before there was more to choose from."""
    if options.rules_profile or settings.profile or not settings.from_file or kept >= offered:
        return ()
    if options.only or settings.rules.only:
        return ()
    what = f"the settings name no profile, so only the rules of version {FIRST_VERSION} run"
    return (f"{what}; `profile: essential` in .fixbot.yml turns on {offered - kept} more",)


def narrow_to_framework(names: tuple[str, ...], framework: str, fixers: tuple[Rule, ...]) -> tuple[str, ...]:
    """Those of these rules that have a control there. Raises FixbotError where none has."""
    if not framework:
        return names
    if framework not in FRAMEWORKS:
        raise FixbotError(f"--framework {framework!r} is none of {', '.join(FRAMEWORKS)}")
    found = tuple(each.name for each in fixers if each.name in names and framework in each.controls)
    if not found:
        raise FixbotError(f"--framework {framework}: none of the rules that are on has a control there")
    return found
