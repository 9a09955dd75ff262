"""`fixbot secrets plan` and `create`: from the proposals of a checkout to secrets in AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.aws.plan_secrets import SecretPlan, plan_secrets
from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.effective_settings import select_fixers
from fixbot.cli.exit_status import describe_loss
from fixbot.cli.options import Options
from fixbot.cli.scan_checkout import ScannedCheckout, scan_checkout
from fixbot.cli.terminal import Terminal
from fixbot.engine.collect_moved import collect_moved_secrets
from fixbot.model.errors import FixbotError
from fixbot.model.moved_secrets import GOOD_OUTCOMES, SecretRow, SecretsReport
from fixbot.publish.github.hosts import is_repository_name, split_remote
from fixbot.report.secrets_report import render_secrets_json, render_secrets_text
from fixbot.report.style import format_count

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.aws.write_secrets import SecretMaker


@dataclass(frozen=True, slots=True)
class SecretsWish:
    """What one of the commands was asked for; `only` are secrets' names."""

    options: Options
    only: tuple[str, ...] = ()
    as_json: bool = False
    profile: str = ""
    region: str = ""
    asks: bool = False
    kms_key: str = ""
    dry: bool = False


def list_planned(wish: SecretsWish, environment: Mapping[str, str]) -> int:
    """Show what would be moved; 1 where something that was asked could not be found out."""
    terminal = Terminal(environment, quiet=wish.options.quiet)
    looked, plans = _plan_all(wish, environment, terminal)
    report = ask_all(plans, _build_maker(wish, looked, environment)) if wish.asks else _list_rows(plans)
    _show_rows(report, wish, terminal)
    return _say_losses(looked, terminal)


def create_planned(wish: SecretsWish, environment: Mapping[str, str]) -> int:
    """Make and complete; 1 where any secret is not as the proposals need it."""
    terminal = Terminal(environment, quiet=wish.options.quiet)
    looked, plans = _plan_all(wish, environment, terminal)
    maker = _build_maker(wish, looked, environment)
    report = ask_all(plans, maker, roles=False) if wish.dry else SecretsReport(tuple(maker.create_all(plans)))
    _show_rows(report, wish, terminal)
    bad = any(row.outcome not in GOOD_OUTCOMES for row in report.secrets)
    unasked = wish.dry and bool(report.remarks)
    return max(_say_losses(looked, terminal), int(bad or unasked))


def open_aws(profile: str, region: str, environment: Mapping[str, str]) -> AwsGateway:
    """The gateway for whoever was named. Raises FixbotError."""
    from fixbot.aws.aws_gateway import AwsChoice, open_gateway  # noqa: PLC0415 - boto3 costs 200 ms

    region = region or environment.get("AWS_REGION", "") or environment.get("AWS_DEFAULT_REGION", "")
    return open_gateway(AwsChoice(profile, region))


def _plan_all(
    wish: SecretsWish, environment: Mapping[str, str], terminal: Terminal
) -> tuple[ScannedCheckout, list[SecretPlan]]:
    looked = scan_checkout(wish.options, environment, terminal, contents=False)
    fixers = select_fixers(looked.fixers, looked.settings)
    moved = collect_moved_secrets(looked.checkout, fixers, looked.settings, looked.report.findings)
    plans = plan_secrets(moved, wish.only)
    missing = [name for name in wish.only if name not in {plan.row.name for plan in plans}]
    if missing:
        raise FixbotError(
            f"--only {missing[0]}: no proposal moves a value there; `fixbot secrets plan` lists all names"
        )
    return looked, plans


def _build_maker(wish: SecretsWish, looked: ScannedCheckout, environment: Mapping[str, str]) -> SecretMaker:
    gateway = open_aws(wish.profile, wish.region, environment)
    from fixbot.aws.write_secrets import SecretMaker  # noqa: PLC0415 - boto3 costs 200 ms

    git = looked.checkout.git
    remote = split_remote(git.configuration.get("remote.origin.url", "")) if git is not None else None
    name = "/".join(remote[1].split("/")[-2:]) if remote is not None else ""
    if not is_repository_name(name):
        name = Path(looked.checkout.root).name
    kms_key = wish.kms_key or looked.settings.secrets.kms_key or ""
    return SecretMaker(gateway, name, kms_key, trusted_key=bool(wish.kms_key))


def ask_all(plans: Sequence[SecretPlan], maker: SecretMaker, *, roles: bool = True) -> SecretsReport:
    """The rows with what AWS knows of them, and a remark for each call that failed."""
    from fixbot.aws.aws_failures import AwsCallFailed  # noqa: PLC0415 - as above
    from fixbot.aws.write_secrets import may_role_read  # noqa: PLC0415 - as above

    rows: list[SecretRow] = []
    remarks: dict[str, None] = {}
    for plan in plans:
        row = plan.row
        try:
            row = maker.inspect_plan(plan)[0].row
            if roles:
                row = replace(row, role_may_read=may_role_read(maker.gateway, row))
        except AwsCallFailed as failed:
            role = (row.role or "").rpartition("/")[2]
            missing = failed.code == "NoSuchEntity"
            said = f"the role {role} is not in this account" if missing else str(failed)
            remarks[f"{row.name}: {said}"] = None
        rows.append(row)
    return SecretsReport(tuple(rows), tuple(remarks))


def _list_rows(plans: Sequence[SecretPlan]) -> SecretsReport:
    return SecretsReport(tuple(plan.row for plan in plans))


def _show_rows(report: SecretsReport, wish: SecretsWish, terminal: Terminal) -> None:
    shown = render_secrets_json(report) if wish.as_json else render_secrets_text(report, asked=wish.asks)
    print_shown(shown, wish, terminal)
    if wish.as_json:
        for remark in report.remarks:
            terminal.print_note(f"note: {remark}")


def print_shown(shown: str, wish: SecretsWish, terminal: Terminal) -> None:
    """Print or write what a command says. Raises CannotWrite."""
    options = wish.options
    if options.output is None or str(options.output) == "-":
        terminal.print_out(shown)
    else:
        terminal.write_file(options.output, shown, within=stranger_folders(options.path))


def _say_losses(looked: ScannedCheckout, terminal: Terminal) -> int:
    """Say what could not be looked at; 1 where that was a bug of ours."""
    if unread := [each for each in looked.report.unread if each.cause == "damaged"]:
        count = format_count(len(unread), "place")
        terminal.print_note(f"note: {count} can't be read; `fixbot run` lists them")
    for lost in looked.report.failures:
        for line in describe_loss(lost, debug=False):
            terminal.print_trouble(line)
    return 1 if looked.report.failures else 0
