"""`fixbot drift`: what runs in ECS against the files of a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fixbot.checkout import Checkout, Scope
from fixbot.checkout.git import GitFailed
from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.effective_settings import read_checkout_settings, select_fixers
from fixbot.cli.options import Options
from fixbot.cli.secrets_job import open_aws
from fixbot.cli.terminal import Terminal
from fixbot.engine.collect_tasks import collect_file_tasks, find_by_family
from fixbot.engine.process_limits import MEGABYTE
from fixbot.model.drift import DriftReport, FileTask
from fixbot.report.drift_report import render_drift_json, render_drift_text
from fixbot.rules.loading import load_rules
from fixbot.source.discover import is_candidate
from fixbot.text.command import REGION

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.aws.read_running import RunningDefinition
    from fixbot.model.drift import Verdict


@dataclass(frozen=True, slots=True)
class DriftWish:
    """What the command was asked for."""

    options: Options
    as_json: bool = False
    profile: str = ""
    region: str = ""


def show_drift(wish: DriftWish, environment: Mapping[str, str]) -> int:
    """Show where AWS and files differ; 1 where AWS is weaker, or where not all that runs could be read."""
    options = wish.options
    terminal = Terminal(environment, quiet=options.quiet)
    fixers = load_rules()
    settings = read_checkout_settings(options, fixers)
    scope = Scope(settings.include, settings.exclude, None, is_candidate)
    checkout = Checkout.open_checkout(options.path, scope, settings.limits.file_mb * MEGABYTE)
    tasks = collect_file_tasks(checkout, select_fixers(fixers, settings), settings)
    gateway = open_aws(wish.profile, wish.region, environment)
    report = _Comparison(gateway, checkout, gateway.require_account()).compare_all(tasks)
    shown = render_drift_json(report) if wish.as_json else render_drift_text(report)
    if options.output is None or str(options.output) == "-":
        terminal.print_out(shown)
    else:
        terminal.write_file(options.output, shown, within=stranger_folders(options.path))
    if wish.as_json:
        for remark in report.remarks:
            terminal.print_note(f"note: {remark}")
    return int(bool(report.remarks) or any(row.direction == "weaker" for row in report.drift))


@dataclass(frozen=True, slots=True)
class _Comparison:
    gateway: AwsGateway
    checkout: Checkout
    account: str

    def compare_all(self, tasks: list[FileTask]) -> DriftReport:
        """Every running definition against the one file that has its family."""
        from fixbot.aws.compare_running import compare_definition  # noqa: PLC0415 - boto3 costs 200 ms
        from fixbot.aws.find_authors import AuthorFinder  # noqa: PLC0415 - as above
        from fixbot.aws.live_resources import LiveResources  # noqa: PLC0415 - as above
        from fixbot.aws.read_running import RunningReader  # noqa: PLC0415 - as above

        reader = RunningReader(self.gateway, LiveResources(self.gateway))
        authors = AuthorFinder(self.gateway)
        families = find_by_family(tasks)
        done = DriftReport()
        for region in self._list_regions(tasks):
            for running in reader.read_region(region):
                fitting = [each for each in families.get(running.family, ()) if self._may_be(each, running)]
                if len(fitting) != 1:
                    done = replace(done, unmatched=(*done.unmatched, running.service))
                    continue
                found = compare_definition(fitting[0], running)
                rows = found.drift
                if rows:
                    author = authors.find_author(running)
                    verdict = self._find_verdict(author, running, fitting[0].path)
                    rows = tuple(replace(row, verdict=verdict) for row in rows)
                left = (each for each in found.left_out if each not in done.left_out)
                done = replace(done, drift=(*done.drift, *rows), left_out=(*done.left_out, *left))
        return replace(
            done, unmatched=tuple(dict.fromkeys(done.unmatched)), remarks=(*reader.remarks, *authors.remarks)
        )

    def _list_regions(self, tasks: list[FileTask]) -> list[str]:
        named = (each.region for each in tasks if each.account in {None, self.account})
        fitting = (each for each in named if each is not None and REGION.is_fitting(each))
        return list(dict.fromkeys((self.gateway.region, *fitting)))

    def _may_be(self, task: FileTask, running: RunningDefinition) -> bool:
        account = task.account if task.account is not None and task.account.isdigit() else self.account
        region = task.region if task.region is not None and REGION.is_fitting(task.region) else running.region
        return (account, region) == (self.account, running.region)

    def _find_verdict(self, author: Verdict, running: RunningDefinition, path: str) -> Verdict:
        """By whom it was registered; for a pipeline, and for nobody known, whether the file came later."""
        if author == "by-hand" or running.registered_at is None:
            return author
        changed = self._find_change(path)
        return "file-newer" if changed is not None and changed > running.registered_at else author

    def _find_change(self, path: str) -> datetime | None:
        git = self.checkout.git
        if git is None:
            return None
        try:
            told = git.run_for_line("rev-list", "--max-count=1", "--timestamp", "HEAD", "--", path)
        except GitFailed:
            return None
        seconds = told.partition(" ")[0]
        return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None
