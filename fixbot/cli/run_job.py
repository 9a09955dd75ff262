"""`fixbot run` and `fixbot scan`: from options to a report, an exit code, and files or branches."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.checkout import Checkout, Scope
from fixbot.checkout.named_files import is_stream
from fixbot.cli.apply_patches import AppliedChanges, commit_branches, write_patches
from fixbot.cli.audit_log import append_audit
from fixbot.cli.base_settings import PullRequestBase, find_base
from fixbot.cli.baseline_options import compare_with_baseline, write_baseline
from fixbot.cli.check_changes import check_changes, find_brought
from fixbot.cli.effective_settings import find_settings_home
from fixbot.cli.exit_status import describe_loss, reaches_severity
from fixbot.cli.findings_options import check_findings_options, widen_profile
from fixbot.cli.hook import check_words
from fixbot.cli.options import FailOn, Format, Options
from fixbot.cli.scan_checkout import ScannedCheckout, scan_checkout
from fixbot.cli.show_report import ReportContext, show_report
from fixbot.cli.terminal import Terminal
from fixbot.engine.brought_findings import Brought
from fixbot.engine.restrict import restrict_report, select_proposal
from fixbot.model.errors import FixbotError
from fixbot.text.characters import escape_hidden

if TYPE_CHECKING:
    from fixbot.cli.findings_run import FindingsRun
    from fixbot.model.findings import Report
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings


def run_job(options: Options, environment: Mapping[str, str]) -> int:
    """Do it all; returns the exit code. Raises FixbotError for options that make no sense together."""
    _check_options(options)
    options = widen_profile(options)
    if options.pr or options.repositories:
        from fixbot.cli.pull_request_runs import run_pull_requests  # noqa: PLC0415 - PyGithub costs 300 ms

        return run_pull_requests(options, environment)
    terminal = Terminal(environment, quiet=options.quiet)
    contents = options.writes_anything or options.format in (Format.PATCH, Format.SARIF, Format.RDJSON)
    base = _find_gate_base(options)
    findings = _read_findings(options, environment)
    looked = scan_with_facts(options, environment, terminal, contents, base, findings)
    looked, brought = _narrow_report(options, looked, base)
    looked = looked._replace(report=compare_with_baseline(options, looked.report, base, terminal))
    if options.show:
        looked = looked._replace(report=select_proposal(looked.report, options.show))
    settings, checkout, report = looked.settings, looked.checkout, looked.report
    shown = ReportContext(
        report, looked.fixers, settings, options, AppliedChanges(), checkout.git is not None,
        pager=checkout.git.user_pager if checkout.git else "",
    )  # fmt: skip
    if options.review:
        from fixbot.cli.review import ReviewDesk, review_proposals  # noqa: PLC0415 - only this option needs it

        def rerun_without(no: Mapping[str, str]) -> Report:
            others = {each.id for each in looked.whole.findings} - {each.id for each in report.findings}
            declined = {**dict.fromkeys(others, "not asked about"), **no}
            return looked.again(replace(settings, declined=declined))

        home = find_settings_home(options.path).folder
        deeds = review_proposals(shown, ReviewDesk(checkout, home, terminal, environment, rerun_without))
    else:
        deeds = write_patches(checkout, report) if options.write else AppliedChanges()
        deeds = commit_branches(checkout, report) if options.branch else deeds
        show_report(replace(shown, deeds=deeds), terminal)
    append_audit(options, environment, report)
    for failure in deeds.failures:
        terminal.print_trouble(failure)
    for lost in report.failures:
        for line in describe_loss(lost, debug="--debug" in options.arguments):
            terminal.print_trouble(line)
    if options.write_baseline is not None:
        write_baseline(options.write_baseline, options, report, terminal)
        return 1 if report.failures else 0
    shut = _apply_gate(options, looked, base if _is_gate(options) else None, brought, terminal)
    failed = deeds.failures or report.failures or (findings is not None and not findings.whole)
    return 1 if shut or failed or reaches_severity(report, options.fail_on) else 0


def _read_findings(options: Options, environment: Mapping[str, str]) -> FindingsRun | None:
    if not options.findings:
        return None
    from fixbot.cli.findings_run import read_findings  # noqa: PLC0415 - only this option needs it

    return read_findings(options, environment)


def scan_with_facts(
    options: Options,
    environment: Mapping[str, str],
    terminal: Terminal,
    contents: bool,
    base: PullRequestBase | None,
    findings: FindingsRun | None,
) -> ScannedCheckout:
    """What is in the checkout, or what findings are about; with `--aws` what AWS knows of it as well.

    Raises FixbotError.
    """
    base = base if _is_gate(options) else None
    if not options.aws and findings is None:
        return scan_checkout(options, environment, terminal, contents=contents, base=base)
    from fixbot.cli.aws_facts import AwsFacts  # noqa: PLC0415 - only this option needs it

    facts = AwsFacts(options, environment) if options.aws else None

    def learn(files: Checkout, chosen: tuple[Rule, ...], settings: Settings, report: Report) -> Settings:
        if findings is not None:
            settings = findings.learn_findings(files, chosen, settings, report)
            report = replace(report, findings=tuple(f for f in report.findings if f.id in findings.asked))
        return settings if facts is None else facts.learn_places(files, chosen, settings, report)

    looked = scan_checkout(options, environment, terminal, contents=contents, base=base, learn=learn)
    report = looked.report if facts is None else facts.attach_facts(looked)
    report = report if findings is None else findings.attach_sources(report)
    for remark in report.remarks:
        terminal.print_note(f"note: {remark}")
    return looked._replace(report=report)


def _find_gate_base(options: Options) -> PullRequestBase | None:
    """Where the changes come from that are asked about."""
    if options.since is None:
        return None
    return find_base(Checkout.open_checkout(options.path, Scope(wanted=lambda _: False)), options.since)


def _is_gate(options: Options) -> bool:
    """Whether changes are judged: then their base's settings count. Else they are what they are here."""
    return options.fail_on is not FailOn.NEVER or options.fail_on_new_ignores


def _narrow_report(
    options: Options, looked: ScannedCheckout, base: PullRequestBase | None
) -> tuple[ScannedCheckout, Brought]:
    """What is to be said with `--since`: of files that changed, and what these changes made elsewhere."""
    if base is None or options.since is None:
        return looked, Brought()
    changed = looked.checkout.changed_since(options.since)
    brought = find_brought(base, looked, changed)
    report = restrict_report(looked.report, changed, brought.findings)
    more = tuple(each for each in brought.unread if each not in report.unread)
    return looked._replace(report=replace(report, unread=(*report.unread, *more))), brought


def _apply_gate(
    options: Options,
    looked: ScannedCheckout,
    base: PullRequestBase | None,
    brought: Brought,
    terminal: Terminal,
) -> bool:
    """Say what a gate can't judge and what is newly left out; whether it fails for that."""
    unread = options.fail_on_unread and options.fail_on is not FailOn.NEVER
    damaged = unread and any(each.cause == "damaged" for each in looked.report.unread)
    if base is None:
        return damaged
    check = check_changes(options, base, looked, brought)
    for each in check.damaged:
        say, word = (terminal.print_trouble, "") if unread else (terminal.print_note, "note: ")
        say(f"{word}{escape_hidden(each.path)} can't be judged: {each.reason}")
    for ignored in check.ignores:
        failing = options.fail_on_new_ignores
        say, word = (terminal.print_trouble, "") if failing else (terminal.print_note, "note: ")
        say(f"{word}new since {options.since}: {escape_hidden(ignored)}")
    for silent in check.silenced:
        terminal.print_note(
            f"note: new since {options.since}, and ignored by the settings: {escape_hidden(silent)}"
        )
    return (
        damaged or (unread and bool(check.damaged)) or (options.fail_on_new_ignores and bool(check.ignores))
    )


def _check_options(options: Options) -> None:
    if options.write_baseline is not None and (options.since is not None or options.files):
        raise FixbotError("--write-baseline keeps what is found in all files; leave --since and FILE out")
    if options.fail_on_new_ignores and options.since is None:
        raise FixbotError("--fail-on-new-ignores compares with a commit; name it with --since REF")
    if options.write and options.branch:
        raise FixbotError("--write changes your files and --branch leaves them as they are; choose one")
    if options.show or options.diffs:
        _check_shown(options)
    check_findings_options(options)
    _check_github(options)
    if options.review:
        _check_review(options)
    if options.format is Format.PATCH:
        where = options.output
        if where is None or str(where) == "-" or is_stream(str(where)) or _is_no_file(where):
            raise FixbotError(
                "--format patch holds removed lines as they are, secrets included, "
                "and goes only into a file: add --output FILE"
            )


def _is_no_file(where: Path) -> bool:
    return where.exists() and not (where.is_file() or where.is_symlink())


def _check_github(options: Options) -> None:
    if options.writes_anything and (options.pr or options.repositories):
        raise FixbotError(
            "--write, --branch and --review change this checkout, "
            "--pr and --repo what is on GitHub; choose one"
        )
    if options.aws and not options.findings and (options.pr or options.repositories):
        raise FixbotError("--aws is for the proposals of a checkout; leave --pr and --repo out")
    if not (options.aws or options.findings) and (options.aws_profile or options.aws_region):
        raise FixbotError("--aws-profile and --aws-region say whom to ask; add --aws")
    if options.files:
        check_words(options.arguments)
    if options.files and (options.pr or options.repositories):
        raise FixbotError("--pr and --repo are about a whole repository; leave the names of files out")
    if options.dry_run and not options.pr:
        raise FixbotError("--dry-run shows what --pr would do; without --pr nothing is written anyway")
    if options.repositories and options.path != ".":
        raise FixbotError("--repo reads from GitHub and PATH from the disk; give one of them")
    if len(options.repositories) > 1 and (options.output is not None or options.format is not Format.TEXT):
        raise FixbotError("--output and --format are for one report; with several --repo run them one by one")
    if options.repositories and options.since is not None:
        raise FixbotError("--since needs a checkout; --repo has none")


def _check_shown(options: Options) -> None:
    if options.show and options.diffs:
        raise FixbotError("--show is for one proposal and --diffs for all of them; choose one")
    if options.writes_anything or options.pr or options.repositories or options.format is not Format.TEXT:
        raise FixbotError(
            "--show and --diffs are for reading; "
            "leave --write, --branch, --review, --pr, --repo and --format out"
        )


def _check_review(options: Options) -> None:
    if options.format is not Format.TEXT or options.output is not None:
        raise FixbotError("--review shows the proposals on the terminal; leave --format and --output out")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise FixbotError("--review asks on a terminal, and there is none; --write and --branch do not ask")
