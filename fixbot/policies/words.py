"""What a reader is told of a policy that is kept to one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.command import PATH, SERVICE, TAG, Command, joined, piped, run
from fixbot.iam.pattern import action_matches
from fixbot.iam.policy import many
from fixbot.iam.tagging import Fate, Guard
from fixbot.model import Fix, Refusal
from fixbot.prose import code
from fixbot.step import Step, step
from fixbot.written import print_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixbot.iam.outcome import Group, New
    from fixbot.lens import Policy
    from fixbot.policies.plans import Decision, Plan
    from fixbot.policies.tag import Chosen

_MOST = 6
_OF_TASKS = frozenset({"ecs:ExecuteCommand", "ecs:StopTask", "ecs:UpdateTaskProtection"})
_GENERAL = ("this", "main", "default", "policy", "inline", "root")
_SAID = (Fate.UNTOUCHED, Fate.WITHOUT, Fate.TAGS, Fate.NOT_IN_TABLE)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of one statement.

    `untagged` are services in the repository whose tasks carry no tags, `roles` those that have the
    policy, where the files show it.
    """

    decision: Decision
    plan: Plan
    chosen: Chosen
    untagged: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def fix(self) -> Fix:
        """The way out, and all that goes with it."""
        policy = self.decision.statement.policy
        return Fix(
            self.decision.changes,
            who=called(policy),
            before=f"{names(self._granted())} on {self._resource()}",
            after=self._after(),
            gist=self._gist(),
            why=self._why(),
            effect=self._effect(),
            unknown="Whether all that has to be changed carries the tag "
            f"{code(self.chosen.tag.key)} today is not known.",
            commands=self._commands(),
            steps_before=tuple(self._before_merging()),
            notes=tuple(self._notes()),
            alike=policy.address if self.decision.shared else "",
        )

    @property
    def _limited(self) -> list[str]:
        return self._existing + self._creating

    @property
    def _existing(self) -> list[str]:
        return actions(self.plan.groups, Fate.EXISTING)

    @property
    def _creating(self) -> list[str]:
        return actions(self.plan.groups, Fate.CREATING)

    @property
    def _mark(self) -> str:
        """The tag, as a sentence says it."""
        tag = self.chosen.tag
        return (
            f"the caller's own {code(tag.key)} tag"
            if tag.variable
            else f"the tag {code(tag.key)} = {code(tag.value)}"
        )

    def _granted(self) -> list[str]:
        """What is limited, as the author wrote it."""
        if not isinstance(self.plan, Guard):
            return self._limited
        written = [each for each in many(self.decision.data.get("Action")) if isinstance(each, str)]
        return [each for each in written if any(action_matches(each, name) for name in self._limited)]

    def _resource(self) -> str:
        listed = [each for each in many(self.decision.data.get("Resource")) if isinstance(each, str)]
        return ", ".join(map(code, listed[:2])) or "a wildcard"

    def _after(self) -> str:
        if self.decision.shared:
            return "limited by the Deny that another statement brings"
        if isinstance(self.plan, Guard):
            count = len(self._limited)
            return f"the same grant, and a Deny on {count} action{'s' * (count > 1)} without {self._mark}"
        return f"only with {self._mark}; all else as before"

    def _effect(self) -> str:
        text = []
        if self._existing:
            text.append(
                f'{names(self._existing)} {_fail(self._existing)} with "AccessDenied" on whatever carries no '
                "such tag, or one with another value."
            )
        if self._creating:
            text.append(
                f'{names(self._creating)} {_fail(self._creating)} with "AccessDenied" where the request '
                "does not set that tag on what it makes."
            )
        return " ".join(text)

    def _gist(self) -> str:
        count = len(self._limited)
        some = _listed(map(code, self._limited)) if count < 3 else f"{count} actions"
        return f"Through {{who}}, {some} will work only with {self._mark}."

    def _why(self) -> str:
        return (
            "A captured pipeline, or a colleague with the wrong profile selected, can today change every "
            "other environment through {who} as well. With the condition AWS refuses it."
        )

    def _commands(self) -> tuple[Command, ...]:
        key = TAG(self.chosen.tag.key)
        services = sorted({name.partition(":")[0] for name in self._limited})
        if services == ["ecs"]:
            untagged = joined("services[?!(tags[?key=='", key, "'])].serviceName")
            look = piped(
                run(
                    "aws", "ecs", "list-services", "--cluster", "CLUSTER", "--query", "serviceArns[]",
                    "--output", "text",
                    note=("the services that have no tag ", key, "; CLUSTER: the name of their cluster"),
                ),
                "|",
                run(
                    "xargs", "-n", "10", "aws", "ecs", "describe-services", "--cluster", "CLUSTER",
                    "--include", "TAGS", "--query", untagged, "--services",
                ),
            )  # fmt: skip
        else:
            untagged = joined("ResourceTagMappingList[?!(Tags[?Key=='", key, "'])].ResourceARN")
            look = run(
                "aws", "resourcegroupstaggingapi", "get-resources", "--resource-type-filters",
                *map(SERVICE, services), "--query", untagged,
                note="what has, or had, some tag but not this one",
            )  # fmt: skip
        return (look, *self._analysed())

    def _analysed(self) -> tuple[Command, ...]:
        policy = self.decision.statement.policy
        if policy.dialect != "iam" or not policy.path.endswith(".json"):
            return ()
        path = PATH(policy.path)
        check = piped(
            run(
                "git", "show", joined("HEAD~1:", path),
                note="AWS's own proof that nothing new is allowed (on the branch of this change)",
            ),
            ">",
            run("before.json"),
            "&&",
            run(
                "aws", "accessanalyzer", "check-no-new-access", "--policy-type", "IDENTITY_POLICY",
                "--existing-policy-document", "file://before.json",
                "--new-policy-document", joined("file://", path),
            ),
        )  # fmt: skip
        return (check,)

    def _before_merging(self) -> Iterator[Step]:
        tag = self.chosen.tag
        if tag.variable:
            tags = joined("Key=", TAG(tag.key), ",Value=VALUE")
            yield step(
                f"Tag {self._holders()}: ",
                run("aws", "iam", "tag-role", "--role-name", "ROLE", "--tags", tags),
                " (ROLE is its name, VALUE its environment; `tag-user` for a "
                "user), or where it is defined. Who has no such tag can change nothing.",
            )
        yield step(
            f"Tag what it has to change with {code(tag.key)}: without the tag it is out of reach afterwards."
            + self._inherited()
        )
        if self._creating:
            yield step(
                f"Let whatever calls {names(self._creating)} set the tag in its request (`--tags`, or "
                "`tags`), with its environment for the value."
            )
        yield from map(_grant, self.plan.wants)

    def _inherited(self) -> str:
        text = ""
        if not _OF_TASKS.isdisjoint(self._existing):
            text += " Tasks take theirs from the service (`propagateTags`) when they start."
        if any("ContainerInstance" in name for name in self._existing):
            text += (
                " Container instances take theirs from EC2 (`ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM`)."
            )
        return text

    def _holders(self) -> str:
        if not self.roles:
            return f"each role or user that has {called(self.decision.statement.policy)}"
        return f"the role{'s' * (len(self.roles) > 1)} {_listed(map(code, self.roles))}"

    def _notes(self) -> Iterator[str]:
        yield self.chosen.why
        for group in self.plan.groups:
            if group.fate in _SAID:
                several = len(group.actions) > 1
                what = "Left as they were" if several else "Left as it was"
                yield f"{what}: {names(group.actions)} ({'each ' * several}{group.explanation})."
        if self.plan.version is not None:
            version = self.plan.version
            yield f"Version becomes {version}: without it AWS takes the tag's variable for plain text."
        if self.plan.also:
            others = [self.decision.statement.policy.statements[at] for at in self.plan.also[:_MOST]]
            named = _listed(each.sid or f"#{each.position + 1}" for each in others)
            yield f"The Deny reaches what statement {named} of the same policy allows, too."
        if self.untagged and not _OF_TASKS.isdisjoint(self._existing):
            yield (
                f"No tags reach the tasks of {_listed(self.untagged[:_MOST])} (no `propagateTags`), so those "
                "tasks will be out of reach."
            )


def name_of(policy: Policy) -> str:
    """What a title calls the policy: its role or name, or where that says nothing, its address."""
    if policy.name in _GENERAL:
        return policy.address.removeprefix("data.")
    return policy.name.partition(" ")[0] if policy.dialect == "cloudformation" else policy.name


def called(policy: Policy) -> str:
    """The same in a sentence: `deploy`, or for a policy in a template "policy `root` of `DeployRole`"."""
    owner, _, own = policy.name.partition(" ")
    within = policy.dialect == "cloudformation" and own
    return f"policy {code(own)} of {code(owner)}" if within else code(name_of(policy))


def message(decision: Decision) -> str:
    """What is wrong with a statement."""
    title = decision.statement.title
    if decision.plan is None:
        return f"{title} may be able to change things of every environment"
    limited = actions(decision.plan.groups, Fate.EXISTING, Fate.CREATING)
    return f"{title} can change things of every environment ({names(limited)})"


def refusal(decision: Decision) -> Refusal:
    """What is there, why it is left, what a person can do."""
    known = [each for each in many(decision.data.get("Action")) if isinstance(each, str)]
    title = decision.statement.title
    there = f"{title} allows {names(known) if known else 'actions that are filled in elsewhere'}"
    if decision.unknown:
        return Refusal(
            f"{there}, and {decision.problem}: how far it reaches is not known here. Where that value is "
            "given, name the things it is meant for, or add a condition on `aws:ResourceTag`."
        )
    if decision.plan is None:
        return Refusal(
            f"{there} for every environment. {decision.problem[:1].upper()}{decision.problem[1:]}."
        )
    return Refusal(
        f"{there} for every environment; {decision.problem}. By hand: move the actions that know tags into a "
        "statement of their own, with a condition on `aws:ResourceTag`."
    )


def actions(groups: Iterable[Group], *fates: Fate) -> list[str]:
    """The actions that meet one of these fates."""
    return [name for group in groups if group.fate in fates for name in group.actions]


def names(listed: Iterable[str]) -> str:
    """Some names as code, the first six and how many more there are."""
    every = list(listed)
    shown = ", ".join(map(code, every[:_MOST]))
    return f"{shown} and {len(every) - _MOST} more" if len(every) > _MOST else shown


def _fail(listed: list[str]) -> str:
    return "fails" if len(listed) == 1 else "fail"


def _listed(every: Iterable[str]) -> str:
    *first, last = every
    return f"{', '.join(first)} and {last}" if first else last


def _grant(wanted: New) -> Step:
    whole = {"Effect": "Allow", "Action": wanted["Action"]} | wanted | {"Resource": "*"}
    return step(
        f"Allow {names(map(str, many(wanted['Action'])))} while something is created, if no other policy of "
        "theirs does (fixbot never grants):",
        document=print_document(whole, "json"),
    )
