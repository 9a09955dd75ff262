"""`fixbot secrets rotate-check`: what AWS holds, against all that Git's history shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import Git, GitFailed
from fixbot.checkout.search_history import SoughtValue, search_history
from fixbot.cli.effective_settings import read_checkout_settings, select_fixers
from fixbot.cli.secrets_job import SecretsWish, open_aws, print_shown
from fixbot.cli.terminal import Terminal
from fixbot.engine.collect_moved import collect_references
from fixbot.engine.process_limits import MEGABYTE
from fixbot.model.errors import FixbotError
from fixbot.model.moved_secrets import RotationRow, StoreReference
from fixbot.report.secrets_report import render_rotation_json, render_rotation_text
from fixbot.rules.loading import load_rules
from fixbot.source.discover import is_candidate

if TYPE_CHECKING:
    from fixbot.aws.read_references import ReferredValue


def check_rotation(wish: SecretsWish, environment: Mapping[str, str]) -> int:
    """Show which values must still be changed; 1 where one must, or where that isn't known."""
    terminal = Terminal(environment, quiet=wish.options.quiet)
    git, references = _find_references(wish)
    rows = _compare(git, references, wish, environment) if references else []
    print_shown(render_rotation_json(rows) if wish.as_json else render_rotation_text(rows), wish, terminal)
    return int(any(row.in_history is not False for row in rows))


def _find_references(wish: SecretsWish) -> tuple[Git, list[StoreReference]]:
    """What the files name below the prefix. Raises FixbotError outside of a repository."""
    fixers = load_rules()
    settings = read_checkout_settings(wish.options, fixers)
    scope = Scope(settings.include, settings.exclude, None, is_candidate)
    checkout = Checkout.open_checkout(wish.options.path, scope, settings.limits.file_mb * MEGABYTE)
    if checkout.git is None:
        raise FixbotError(f"{wish.options.path}: rotate-check looks at Git's history, and there is none")
    prefix = settings.secrets.prefix.strip("/")
    found = collect_references(checkout, select_fixers(fixers, settings), settings)
    below = [each for each in found if each.name.strip("/").startswith(prefix)]
    missing = [name for name in wish.only if name not in {each.name for each in below}]
    if missing:
        raise FixbotError(f"--only {missing[0]}: no file names such a secret below {prefix}/")
    return checkout.git, [each for each in below if not wish.only or each.name in wish.only]


def _compare(
    git: Git, references: Sequence[StoreReference], wish: SecretsWish, environment: Mapping[str, str]
) -> list[RotationRow]:
    gateway = open_aws(wish.profile, wish.region, environment)
    from fixbot.aws.read_references import read_references  # noqa: PLC0415 - boto3 costs 200 ms

    values = read_references(gateway, references)
    known = [each for each in values if each.value is not None]
    sought = [SoughtValue(each.reference.variable, each.value) for each in known if each.value is not None]
    try:
        search = search_history(git, sought)
    except GitFailed as failed:
        return [_build_row(each, None, None, f"{failed}.") for each in values]
    shown = {
        id(each): (there or (None if search.cut else False), commit)
        for each, there, commit in zip(known, search.found, search.commits, strict=True)
    }
    return [_build_row(each, *shown.get(id(each), (None, None)), search.cut) for each in values]


def _build_row(each: ReferredValue, there: bool | None, commit: str | None, unknown: str) -> RotationRow:
    reference = each.reference
    return RotationRow(
        reference.name, reference.key, there, commit, reference.store, reference.region,
        reference.account, reference.path, (each.reason or unknown) if there is None else None,
    )  # fmt: skip
