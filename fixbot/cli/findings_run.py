"""`fixbot run --findings`: from findings of others to the proposals for just these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import read_given_file
from fixbot.cli.findings_options import HUBS, parse_filters
from fixbot.cli.options import Options
from fixbot.cli.secrets_job import open_aws
from fixbot.engine.collect_places import SurveyedPlaces, collect_applications, collect_places
from fixbot.intake.deployed_names import DeployedNames, parse_stacks, parse_state
from fixbot.intake.judge_findings import (
    ControlIndex,
    FindingJudge,
    cite_sources,
    keep_filtered,
    list_asked,
)
from fixbot.intake.map_findings import FindingMapper
from fixbot.intake.read_findings import MOST_BYTES, parse_file
from fixbot.masking.secret_masker import SecretMasker
from fixbot.model.errors import FixbotError
from fixbot.model.foreign_findings import ForeignFinding, SourceRow, UnreadFinding, rank_cited
from fixbot.rules.loading import load_rules

if TYPE_CHECKING:
    from fixbot.aws.aws_gateway import AwsGateway
    from fixbot.checkout import RepositoryFiles
    from fixbot.model.findings import Report
    from fixbot.rules.rule import Rule
    from fixbot.settings import Settings

_NOT_ASKED: Final = "not asked about: --findings names others"
_GITOPS_LABELS: Final = ("argoproj.io/", "fluxcd.io/")


@dataclass(slots=True)
class FindingsRun:
    """What was brought, and what became of it. `remarks` are calls that failed; then it is not `whole`."""

    options: Options
    environment: Mapping[str, str]
    entries: list[ForeignFinding | UnreadFinding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    whole: bool = True
    rows: list[SourceRow] = field(default_factory=list)
    asked: frozenset[str] = frozenset()
    stacks: DeployedNames = field(default_factory=DeployedNames)
    states: DeployedNames = field(default_factory=DeployedNames)
    _survey: SurveyedPlaces | None = None
    _gateway: AwsGateway | None = None

    def read_sources(self) -> None:
        """Read all that the user names. Raises FixbotError."""
        filters = parse_filters(self.options.filters)
        for source in self.options.findings:
            if source in HUBS:
                from fixbot.aws.security_hub import read_hub_findings  # noqa: PLC0415 - boto3 costs 200 ms

                answer = read_hub_findings(self.open_gateway(), source, filters)  # type: ignore[arg-type]
                found = list(answer.findings)
                if answer.remark:
                    self.add_failure(answer.remark)
            else:
                found = parse_file(self._read_file(source, "--findings"), source)
            self.entries += keep_filtered(found, filters)
        for path in self.options.states:
            for key, name in parse_state(self._read_file(path, "--state"), path):
                self.states.add_name(key, name)
        for path in self.options.stacks:
            for key, name in parse_stacks(self._read_file(path, "--stacks"), path):
                self.stacks.add_name(key, name)
        if self.options.aws:
            self._ask_where_they_come_from()

    def open_gateway(self) -> AwsGateway:
        """The gateway, opened once. Raises FixbotError."""
        if self._gateway is None:
            self._gateway = open_aws(self.options.aws_profile, self.options.aws_region, self.environment)
        return self._gateway

    def add_failure(self, remark: str) -> None:
        """Remember that something which was asked for could not be done."""
        self.remarks.append(remark)
        self.whole = False

    def begin_repository(self) -> FindingsRun:
        """The same findings, for another repository."""
        return replace(self, rows=[], remarks=list(self.remarks), asked=frozenset(), _survey=None)

    def _read_file(self, path: str, option: str) -> bytes:
        try:
            return read_given_file(path, MOST_BYTES, stranger_folders(self.options.path))
        except Unreadable as why:
            raise FixbotError(f"{option} {path}: {why}") from None
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else "it can't be read"
            raise FixbotError(f"{option} {path}: {said.lower()}") from None

    def _ask_where_they_come_from(self) -> None:
        from fixbot.aws.look_up_stacks import StackLookup  # noqa: PLC0415 - as above

        lookup = StackLookup(self.open_gateway())
        found = [each for each in self.entries if isinstance(each, ForeignFinding)]
        tagged = iter(lookup.add_tags(found))
        self.entries = [next(tagged) if isinstance(each, ForeignFinding) else each for each in self.entries]
        for key, name in lookup.find_stacks(
            each for each in self.entries if isinstance(each, ForeignFinding)
        ):
            self.stacks.add_name(key, name)
        self.remarks += lookup.remarks

    def learn_findings(
        self, files: RepositoryFiles, chosen: tuple[Rule, ...], settings: Settings, report: Report,
        held: Iterable[Collection[str]] = (),
    ) -> Settings:  # fmt: skip
        """The settings by which nothing is offered but what the findings are about. Raises OutOfTime.

        `held` are the findings of each open pull request: one that holds any that is asked for stays whole.
        """
        judge = self._build_judge(files, chosen, settings, report)
        self.rows = judge.judge_all(self.entries)
        asked = set(list_asked(self.rows))
        groups = [frozenset(each) for each in held]
        while more := set().union(*(each for each in groups if not asked.isdisjoint(each))) - asked:
            asked |= more
        self.asked = frozenset(asked)
        others = (each.id for each in report.findings if each.id not in self.asked)
        return replace(settings, declined={**dict.fromkeys(others, _NOT_ASKED), **settings.declined})

    def _build_judge(
        self, files: RepositoryFiles, chosen: tuple[Rule, ...], settings: Settings, report: Report
    ) -> FindingJudge:
        index = ControlIndex(load_rules())
        found = [each for each in self.entries if isinstance(each, ForeignFinding)]
        names = {name for each in found for name in index.find_rules(each.control)}
        asked = tuple(rule for name, rule in index.rules.items() if name in names)
        if self._survey is None:
            every = tuple(dict.fromkeys((*chosen, *asked)))
            self._survey = collect_places(files, every, asked, settings)
        labelled = any(mark in key for each in found for key in each.tags for mark in _GITOPS_LABELS)
        mapper = FindingMapper(
            self._survey.places, self._survey.modules, self.stacks, self.states, files.repository,
            getattr(files, "prefix", ""), collect_applications(files) if labelled else {},
        )  # fmt: skip
        idle = {rule.name: rule.off_without for rule in asked if _is_idle(rule, settings)}
        return FindingJudge(
            index, mapper, {each.id: each for each in report.findings}, report.unread,
            frozenset(rule.name for rule in chosen), idle, SecretMasker().mask_sentence,
        )  # fmt: skip

    def attach_sources(self, report: Report) -> Report:
        """The report on what was asked about, the weightiest first, with what became of each finding."""
        sources: dict[str, str] = {}
        for row in self.rows:
            sources |= {name: row.id for name in row.findings if name not in sources}
        proposals = [
            replace(each, story=replace(each.story, cited=cite_sources(self.rows, each.findings)))
            for each in report.proposals
            if not self.asked.isdisjoint(each.findings)
        ]
        kept = frozenset(name for each in proposals for name in each.findings) | self.asked
        return replace(
            report,
            findings=tuple(
                replace(each, source=sources.get(each.id)) for each in report.findings if each.id in kept
            ),
            patches=tuple(each for each in report.patches if not kept.isdisjoint(each.fixed)),
            proposals=tuple(sorted(proposals, key=lambda each: rank_cited(each.story.cited))),
            sources=tuple(self.rows),
            asked=self.asked,
            remarks=(*report.remarks, *self.remarks),
        )


def read_findings(options: Options, environment: Mapping[str, str]) -> FindingsRun | None:
    """The findings from outside that a run is for, if it is. Raises FixbotError."""
    if not options.findings:
        return None
    found = FindingsRun(options, environment)
    found.read_sources()
    return found


def _is_idle(rule: Rule, settings: Settings) -> bool:
    """Whether a rule finds nothing for lack of its setting."""
    return bool(rule.off_without) and not getattr(settings, rule.off_without.partition(".")[0], None)
