"""What a reader is told of a policy that is kept to one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbot.iam.pattern import action_matches
from fixbot.iam.policy_document import as_list
from fixbot.iam.tagging import ActionFate, GuardStatement
from fixbot.model.findings import Fix, Refusal
from fixbot.source.own_documents import print_document
from fixbot.text.command import PATH, SERVICE, TAG, Command, build_command, join_commands, join_words
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import Step, StepSubjects, build_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixbot.iam.outcome import ActionGroup, New
    from fixbot.iam.policies.choose_tag import ChosenTag
    from fixbot.iam.policies.decide_statements import Plan, StatementDecision
    from fixbot.lens import Policy

_MOST = 6
_TAG_SETTINGS = {
    "pipes": "for Pipes `EcsTaskParameters.Tags` of the target (Terraform: `ecs_task_parameters`)",
    "states": "for Step Functions `Tags` in the parameters of the state that runs the task",
    "lambda": "for a function `tags` in the call that its code makes",
    "codebuild": "for a build `--tags` in the command that it runs",
    "cloudformation": "for CloudFormation the tags of the stack",
    "batch": "for AWS Batch the job's own tags, with `propagateTags`",
}
"""Where a service that builds the request is told the tags.

Sources: AWS API references, PipeTargetEcsTaskParameters (Tags); Step Functions Developer Guide, run Amazon
ECS tasks (the parameters are those of RunTask); AWS Batch API, JobDefinition (propagateTags).
"""
_OF_TASKS = frozenset({"ecs:ExecuteCommand", "ecs:StopTask", "ecs:UpdateTaskProtection"})
_BY_SESSION = (
    " A pipeline may bring it as a session tag instead: its role's trust then allows `sts:TagSession`."
)
_GENERAL = ("this", "main", "default", "policy", "inline", "root")
_SAID = (ActionFate.UNTOUCHED, ActionFate.WITHOUT, ActionFate.TAGS, ActionFate.NOT_IN_TABLE)


@dataclass(frozen=True, slots=True)
class StatementExplanation:
    """Tells of one statement.

    `untagged` are services in the repository whose tasks carry no tags, `roles` those that have the
    policy, where the files show it.
    """

    decision: StatementDecision
    plan: Plan
    chosen: ChosenTag
    untagged: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    people: str = ""
    """`sso` or `pipeline`: who has the policy, where its tag may come from elsewhere than a role's tags."""

    def build_fix(self) -> Fix:
        """The way out, and all that goes with it."""
        policy = self.decision.statement.policy
        return Fix(
            self.decision.changes,
            who=describe_policy(policy),
            before=f"{format_names(self._granted_actions())} on {self._describe_resource()}",
            after=self._describe_after(),
            gist=self._describe_change(),
            why=self._describe_threat(),
            effect=self._describe_effect(),
            unknown="Whether all that has to be changed carries the tag "
            f"{mark_code(self.chosen.tag.key)} today is not known.",
            commands=self._build_commands(),
            steps_before=tuple(self._steps_before_merging()),
            notes=tuple(self._list_notes()),
            alike=policy.address if self.decision.shared else "",
        )

    @property
    def _limited_actions(self) -> list[str]:
        return self._existing_actions + self._creating_actions

    @property
    def _existing_actions(self) -> list[str]:
        return actions_with_fate(self.plan.groups, ActionFate.EXISTING)

    @property
    def _creating_actions(self) -> list[str]:
        return actions_with_fate(self.plan.groups, ActionFate.CREATING)

    @property
    def _describe_tag(self) -> str:
        """The tag, as a sentence says it."""
        tag = self.chosen.tag
        return (
            f"the caller's own {mark_code(tag.key)} tag"
            if tag.is_variable
            else f"the tag {mark_code(tag.key)} = {mark_code(tag.value)}"
        )

    def _granted_actions(self) -> list[str]:
        """What is limited, as the author wrote it."""
        if not isinstance(self.plan, GuardStatement):
            return self._limited_actions
        written = [each for each in as_list(self.decision.data.get("Action")) if isinstance(each, str)]
        return [each for each in written if any(action_matches(each, name) for name in self._limited_actions)]

    def _describe_resource(self) -> str:
        listed = [each for each in as_list(self.decision.data.get("Resource")) if isinstance(each, str)]
        return ", ".join(map(mark_code, listed[:2])) or "a wildcard"

    def _describe_after(self) -> str:
        if self.decision.shared:
            return "limited by the Deny that another statement brings"
        if isinstance(self.plan, GuardStatement):
            count = len(self._limited_actions)
            return (
                f"the same grant, and a Deny on {count} action{'s' * (count > 1)} without "
                f"{self._describe_tag}"
            )
        return f"only with {self._describe_tag}; all else as before"

    def _describe_effect(self) -> str:
        text = []
        if self._existing_actions:
            text.append(
                f"{format_names(self._existing_actions)} {_verb_fail(self._existing_actions)} with "
                '"AccessDenied" on whatever carries no '
                "such tag, or one with another value."
            )
        if self._creating_actions:
            text.append(
                f"{format_names(self._creating_actions)} {_verb_fail(self._creating_actions)} with "
                '"AccessDenied" where the request '
                "does not set that tag on what it makes."
            )
        return " ".join(text)

    def _describe_change(self) -> str:
        count = len(self._limited_actions)
        some = join_with_and(map(mark_code, self._limited_actions)) if count < 3 else f"{count} actions"
        return f"Through {{who}}, {some} will work only with {self._describe_tag}."

    def _describe_threat(self) -> str:
        return (
            "A captured pipeline, or a colleague with the wrong profile selected, can today change every "
            "other environment through {who} as well. With the condition AWS refuses it."
        )

    def _build_commands(self) -> tuple[Command, ...]:
        key = TAG(self.chosen.tag.key)
        services = sorted({name.partition(":")[0] for name in self._limited_actions})
        if services == ["ecs"]:
            untagged = join_words("services[?!(tags[?key=='", key, "'])].serviceName")
            look = join_commands(
                build_command(
                    "aws", "ecs", "list-services", "--cluster", "CLUSTER", "--query", "serviceArns[]",
                    "--output", "text",
                    note=("the services that have no tag ", key, "; CLUSTER: the name of their cluster"),
                ),
                "|",
                build_command(
                    "xargs", "-n", "10", "aws", "ecs", "describe-services", "--cluster", "CLUSTER",
                    "--include", "TAGS", "--query", untagged, "--services",
                ),
            )  # fmt: skip
        else:
            untagged = join_words("ResourceTagMappingList[?!(Tags[?Key=='", key, "'])].ResourceARN")
            look = build_command(
                "aws", "resourcegroupstaggingapi", "get-resources", "--resource-type-filters",
                *map(SERVICE, services), "--query", untagged,
                note="what has, or had, some tag but not this one",
            )  # fmt: skip
        return (look, *self._analysis_commands())

    def _analysis_commands(self) -> tuple[Command, ...]:
        policy = self.decision.statement.policy
        if policy.dialect != "iam" or not policy.path.endswith(".json"):
            return ()
        path = PATH(policy.path)
        check = join_commands(
            build_command(
                "git", "show", join_words("HEAD~1:", path),
                note="AWS's own proof that nothing new is allowed (on the branch of this change)",
            ),
            ">",
            build_command("before.json"),
            "&&",
            build_command(
                "aws", "accessanalyzer", "check-no-new-access", "--policy-type", "IDENTITY_POLICY",
                "--existing-policy-document", "file://before.json",
                "--new-policy-document", join_words("file://", path),
            ),
        )  # fmt: skip
        return (check,)

    def _steps_before_merging(self) -> Iterator[Step]:
        tag = self.chosen.tag
        if tag.is_variable and self.people == "sso":
            yield build_step(
                f"Give people the attribute {mark_code(tag.key)} in IAM Identity Center (attributes for "
                "access control), with their environment for the value. Who has none can change nothing."
            )
        elif tag.is_variable:
            tags = join_words("Key=", TAG(tag.key), ",Value=VALUE")
            yield build_step(
                "Tag ",
                self._name_holders(),
                " by environment: ",
                build_command("aws", "iam", "tag-role", "--role-name", "ROLE", "--tags", tags),
                " (ROLE is a name, VALUE its environment; `tag-user` for a "
                "user), or where it is defined. Who has no such tag can change nothing."
                + (_BY_SESSION if self.people == "pipeline" else ""),
            )
        yield build_step(
            f"Tag what it has to change with {mark_code(tag.key)}: without the tag it is out of reach "
            "afterwards."
        )
        yield from map(build_step, self._describe_inherited())
        if self._creating_actions:
            yield build_step(
                f"Let whatever calls {format_names(self._creating_actions)} set the tag in its request "
                f"({self._describe_tag_setting()}), with its environment for the value."
            )
        yield from map(_build_grant_step, self.plan.wants)

    def _describe_tag_setting(self) -> str:
        """Where the caller says which tags its request has: of a service its own setting."""
        services = {each.partition(".")[0] for each in self.decision.statement.policy.principals}
        own = [setting for service, setting in _TAG_SETTINGS.items() if service in services]
        return "; ".join(own) or "`--tags`, or `tags`"

    def _describe_inherited(self) -> Iterator[str]:
        if not _OF_TASKS.isdisjoint(self._existing_actions):
            yield "Let services hand their tags to their tasks (`propagateTags`), as these start."
        if any("ContainerInstance" in name for name in self._existing_actions):
            yield "Let container instances take EC2's tags (`ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM`)."

    def _name_holders(self) -> StepSubjects:
        if not self.roles:
            has = "each role or user that has"
            return StepSubjects((describe_policy(self.decision.statement.policy),), has, has)
        return StepSubjects(tuple(map(mark_code, self.roles)), "the role", "each of the roles")

    def _list_notes(self) -> Iterator[str]:
        yield self.chosen.why
        for group in self.plan.groups:
            if group.fate in _SAID:
                several = len(group.actions) > 1
                what = "Left as they were" if several else "Left as it was"
                yield f"{what}: {format_names(group.actions)} ({'each ' * several}{group.explanation})."
        if self.plan.version is not None:
            version = self.plan.version
            yield f"Version becomes {version}: without it AWS takes the tag's variable for plain text."
        if self.plan.also:
            others = [self.decision.statement.policy.statements[at] for at in self.plan.also[:_MOST]]
            named = join_with_and(each.sid or f"#{each.position + 1}" for each in others)
            yield f"The Deny reaches what statement {named} of the same policy allows, too."
        if self.untagged and not _OF_TASKS.isdisjoint(self._existing_actions):
            yield (
                f"No tags reach the tasks of {join_with_and(self.untagged[:_MOST])} (no "
                "`propagateTags`), so those "
                "tasks will be out of reach."
            )


def name_policy(policy: Policy) -> str:
    """What a title calls the policy: its role or name, or where that says nothing, its address."""
    if policy.name in _GENERAL:
        return policy.address.removeprefix("data.")
    return policy.name.partition(" ")[0] if policy.dialect == "cloudformation" else policy.name


def describe_policy(policy: Policy) -> str:
    """The same in a sentence: `deploy`, or for a policy in a template "policy `root` of `DeployRole`"."""
    owner, _, own = policy.name.partition(" ")
    within = policy.dialect == "cloudformation" and own
    return f"policy {mark_code(own)} of {mark_code(owner)}" if within else mark_code(name_policy(policy))


def describe_problem(decision: StatementDecision) -> str:
    """What is wrong with a statement."""
    title = decision.statement.title
    if decision.plan is None:
        return f"{title} may be able to change things of every environment"
    limited = actions_with_fate(decision.plan.groups, ActionFate.EXISTING, ActionFate.CREATING)
    return f"{title} can change things of every environment ({format_names(limited)})"


def build_refusal(decision: StatementDecision) -> Refusal:
    """What is there, why it is left, what a person can do."""
    known = [each for each in as_list(decision.data.get("Action")) if isinstance(each, str)]
    title = decision.statement.title
    there = f"{title} allows {format_names(known) if known else 'actions that are filled in elsewhere'}"
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


def actions_with_fate(groups: Iterable[ActionGroup], *fates: ActionFate) -> list[str]:
    """The actions that meet one of these fates."""
    return [name for group in groups if group.fate in fates for name in group.actions]


def format_names(listed: Iterable[str]) -> str:
    """Some names as code, the first six and how many more there are."""
    every = list(listed)
    shown = ", ".join(map(mark_code, every[:_MOST]))
    return f"{shown} and {len(every) - _MOST} more" if len(every) > _MOST else shown


def _verb_fail(listed: list[str]) -> str:
    return "fails" if len(listed) == 1 else "fail"


def _build_grant_step(wanted: New) -> Step:
    whole = {"Effect": "Allow", "Action": wanted["Action"]} | wanted | {"Resource": "*"}
    return build_step(
        f"Allow {format_names(map(str, as_list(wanted['Action'])))} while something is created, if no "
        "other policy of "
        "theirs does (fixbot never grants):",
        document=print_document(whole, "json"),
    )
