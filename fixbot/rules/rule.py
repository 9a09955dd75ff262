"""What a rule is: facts that are written once, what it looks at, and how it finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fixbot.lens import Container, Resource, ResourceType, Subject, Task
from fixbot.model.findings import Found, Safety, Severity
from fixbot.rules.context import Context
from fixbot.rules.frameworks import FRAMEWORKS
from fixbot.rules.topics import TOPICS, Topic, choose_topic, names_of

Check = Callable[[Any, Context], Iterator[Found]]
"""Gets one thing that the rule looks at, and what other files and the settings say."""
Selector = type | ResourceType
"""A class of what there is to see (Container, Task, Policy), or a type of resource."""

ESSENTIAL: Final = ("essential", "recommended", "all")
"""The profiles of a rule that nearly everybody wants."""
RECOMMENDED: Final = ("recommended", "all")
"""The profiles of a rule that is right for most."""
EXPLAINED: Final = ("all",)
"""The profile of a rule that fires nearly everywhere and only explains."""


class RuleProblem(ValueError):
    """A rule's facts contradict what rules are made of; the message names the rule and the fact."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One concern: what it looks at, how bad what it finds is, and the check that says the way out.

    `title` is what a pull request does, with `{subject}` in the place of what it is done to: "Drop
    privileged mode from {subject}". For several that is "3 containers in deploy", unless `many` says it
    with `{count}` and `{folder}`. `controls` has the ids of each framework as the framework writes them.
    `beside` are types that it only reads, by `Context.resources_beside`.
    `off_without` is the setting without which the rule reports nothing. `discloses` says that what it
    finds is of use to an attacker who reads a public pull request. `since` is the version that brought it.
    `peers` has what other tools (`checkov`, `trivy`, `kube-linter`, `polaris`, `cfn-nag` …) call the same
    concern: what these were told to leave alone is left alone.
    `left_by` names rules whose fix leaves less than there was, and that may be what this one reports.
    `default_safety` is how bold the fixes of a check that is a plain function usually are.
    `name` and `package` come from where the module lies; why, threat and references from the rule's page.
    """

    title: str
    topic: Topic
    severity: Severity
    controls: Mapping[str, tuple[str, ...]]
    looks_at: Selector | tuple[Selector, ...]
    check: Check
    profiles: tuple[str, ...] = RECOMMENDED
    beside: tuple[ResourceType, ...] = ()
    off_without: str = ""
    discloses: bool = False
    since: str = "0.2"
    many: str = ""
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_by: tuple[str, ...] = ()
    default_safety: Safety = Safety.REVIEW
    name: str = ""
    package: str = "fixers"
    selectors: tuple[Selector, ...] = field(init=False)
    """All that it looks at."""

    def __post_init__(self) -> None:
        chosen = self.looks_at if isinstance(self.looks_at, tuple) else (self.looks_at,)
        object.__setattr__(self, "selectors", chosen)
        for problem in self._find_contradictions():
            raise RuleProblem(f"rule {self.name or self.title!r}: {problem}")

    def _find_contradictions(self) -> Iterator[str]:
        if "{subject}" not in self.title:
            yield "its title has no {subject}"
        if self.many and not ("{count}" in self.many and "{folder}" in self.many):
            yield "its title for many has no {count} or no {folder}"
        if not self.many and " its " in self.title:
            yield "its title says `its`, which is wrong of several: `many` is their title"
        yield from (f"there is no topic {each}" for each in names_of(self.topic) if each not in TOPICS)
        yield from (f"there is no framework {each}" for each in self.controls if each not in FRAMEWORKS)
        yield from (f"there is no profile {each}" for each in self.profiles if each not in ESSENTIAL)

    def topic_of(self, edited: str = "") -> str:
        """What a fix shares a pull request with, by the CloudFormation type that it edits."""
        return choose_topic(self.topic, edited)

    @property
    def title_for_many(self) -> str:
        """The title where it speaks of several, with `{count}` and `{folder}`."""
        return self.title_for(())

    def title_for(self, plurals: Iterable[str]) -> str:
        """The same where the plural of what was found may say more than that of all that it looks at."""
        found, every = set(plurals), {_plural_of(each) for each in self.selectors}
        one = found if len(every) > 1 and len(found) == 1 else every
        noun = one.pop() if len(one) == 1 else "resources"
        return self.many or self.title.replace("{subject}", f"{{count}} {noun} in {{folder}}")

    @property
    def dialects(self) -> tuple[str, ...]:
        """What it is read from, of `ecs`, `cloudformation`, `terraform`, `kubernetes` and `iam`."""
        served = {
            dialect
            for selector in self.selectors
            for dialect in (
                selector.dialects
                if isinstance(selector, ResourceType)
                else DIALECTS.get(selector.__name__, ())
            )
        }
        return tuple(
            each for each in ("ecs", "cloudformation", "terraform", "kubernetes", "iam") if each in served
        )

    @property
    def safety(self) -> Safety:
        """How bold its fixes usually are; a single one may be marked otherwise."""
        safety: Safety = getattr(self.check, "safety", self.default_safety)
        return safety

    @cached_property
    def control_ids(self) -> tuple[str, ...]:
        """Every control as a reader knows it: `ECS.4`, `CIS Compute 3.4`."""
        return self._format_controls("")

    def controls_for(self, subject: Subject) -> tuple[str, ...]:
        """The controls that speak of a subject: of a pod, none of those for AWS's own tasks.

        Of a resource that is neither, where the rule is one for containers, only those of no platform; and
        none of Security Hub's for other services that the rule looks at.
        """
        if not isinstance(subject, Resource):
            return self._format_controls(platform_of(subject))
        of_workloads = not {Container, Task}.isdisjoint(self.selectors)
        controls = self._format_controls("other" if of_workloads else "")
        own = service_of(subject.type)
        services = {service_of(each) for each in self.selectors if isinstance(each, ResourceType)}
        others = services - {own, ""} if own else set()
        hub = self.controls.get("fsbp", ())
        return tuple(c for c in controls if c not in hub or c.partition(".")[0].lower() not in others)

    def _format_controls(self, platform: str) -> tuple[str, ...]:
        return tuple(
            framework.prefix + control
            for name, framework in FRAMEWORKS.items()
            if platform in ("", framework.platform) or not framework.platform
            for control in self.controls.get(name, ())
        )

    @cached_property
    def page(self) -> str:
        """The rule's page as Markdown; an empty string where the package ships none."""
        for folder in (_pages_of(self.package), Path(__file__).parents[2] / "docs" / "fixers"):
            page = folder / f"{self.name}.md"
            if page.is_file():
                return page.read_text(encoding="utf-8")
        return ""

    @property
    def heading(self) -> str:
        """What it does, in a few words: the title of its page."""
        first = self.page.partition("\n")[0].removeprefix("# ").strip()
        return first or self.title.replace(" {subject}", "").replace("{subject}", "it")

    def section(self, heading: str) -> str:
        """The text below `## heading` of the page."""
        _, found, rest = f"\n{self.page}".partition(f"\n## {heading}\n")
        return rest.split("\n## ")[0].strip() if found else ""


PLURALS: Final = {"Container": "containers", "Task": "workloads", "Policy": "policies"}
"""How several of a class that rules look at are called."""


def _plural_of(selector: Selector) -> str:
    return selector.plural if isinstance(selector, ResourceType) else PLURALS.get(selector.__name__, "places")


SERVICES: Final = {
    "docdb": "documentdb", "elasticloadbalancingv2": "elb", "elasticloadbalancing": "elb", "lb": "elb",
    "alb": "elb", "db": "rds", "instance": "ec2", "launch": "ec2", "spot": "ec2", "ebs": "ec2",
}  # fmt: skip
"""How Security Hub's ids call services that types call otherwise."""


def service_of(kind: ResourceType) -> str:
    """The service of a type as Security Hub's ids name it, in lower case; empty for what AWS doesn't have."""
    written = kind.cloudformation.lower().split("::") if kind.cloudformation else kind.terraform.split("_")
    name = written[1] if len(written) > 1 else ""
    return SERVICES.get(name, name)


WORKLOADS: Final = ("ecs", "cloudformation", "terraform", "kubernetes")
DIALECTS: Final = {
    "Container": WORKLOADS,
    "Task": WORKLOADS,
    "Policy": ("cloudformation", "terraform", "iam"),
}
"""Where things of a class stand."""


def platform_of(subject: Subject) -> str:
    """`kubernetes` or `aws` for what can run on either, else an empty string."""
    if isinstance(subject, Container | Task):
        return "kubernetes" if subject.spelling.vocabulary == "k8s" else "aws"
    return ""


def _pages_of(package: str) -> Path:
    return Path(str(resources.files(package))) / "pages"


@lru_cache(maxsize=16)
def resource_types(rules: tuple[Rule, ...]) -> tuple[ResourceType, ...]:
    """The types of resources that these look at, each once."""
    every = (selector for rule in rules for selector in (*rule.selectors, *rule.beside))
    return tuple(dict.fromkeys(each for each in every if isinstance(each, ResourceType)))
