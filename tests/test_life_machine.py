"""Random orders of runs, faults and people: whatever happens, nobody's work is lost and a no stays a no."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.hub import invariants
from tests.hub.model import Issue, Refused
from tests.hub_runs import World, fixed, pod, world

EXAMPLES = int(os.environ.get("FIXBOT_EXAMPLES", "25"))
STEPS = int(os.environ.get("FIXBOT_STEPS", "14"))
SERVICES = ("api", "web", "job")
SURE = ("403", "429", "500", "502-before", "502-after", "reset-before", "reset-after", "cut", "stale")


def path_of(service: str) -> str:
    return f"{'apps' if service != 'job' else 'jobs'}/{service}.yaml"


class Life(RuleBasedStateMachine):
    """A repository, fixbot, and one person who does as she likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.files = {path_of(each): pod(each, privileged=each == "job") for each in SERVICES}
        self.world: World = self.stack.enter_context(world(self.folder, self.files))
        self.refused: dict[str, int] = {}
        self.before: set[str] = set()

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *, clean: bool) -> int:
        lost_before = set(invariants.off_branches(self.world.repo))
        newest = max((each.number for each in self.world.repo.pull_requests()), default=0)
        code = self.world.run()
        assert set(invariants.off_branches(self.world.repo)) <= lost_before, "a commit of a person is lost"
        for issue in self.world.ours():
            if issue.number > newest:
                again = self.world.findings(issue) & self.refused.keys()
                assert not again, f"#{issue.number} asks again after a no"
        if clean:
            assert code in (0, 1)
        return code

    @initialize()
    def first(self) -> None:
        self._run(clean=True)

    @rule()
    def runs(self) -> None:
        self._run(clean=True)

    @rule()
    def runs_until_nothing_is_left_to_do(self) -> None:
        self._run(clean=True)
        calls = self.world.hub.content_calls()
        code = self._run(clean=True)
        assert self.world.hub.content_calls() == calls, "a second run writes"
        assert code == 0
        theirs = {branch for branch in self.world.branches() if self._touched(branch)}
        left = set(invariants.orphans(self.world.repo, "refs/heads/fixbot/"))
        assert left <= theirs | {branch for branch in left if branch.startswith("fixbot/kept/")}

    @rule(seed=st.integers(0, 2**16), rate=st.sampled_from((0.1, 0.3, 0.6)))
    def runs_while_github_fails(self, seed: int, rate: float) -> None:
        faults = self.world.hub.faults
        faults.random, faults.rate, faults.kinds = Random(seed), rate, SURE  # noqa: S311 - faults, not secrets
        try:
            self._run(clean=False)
        finally:
            faults.random = None

    @rule(after=st.integers(1, 30))
    def dies(self, after: int) -> None:
        """From some request on nothing gets through any more: for GitHub that is a run that was killed."""
        start = self.world.asked
        self.world.hub.faults.plan = {start + at: "reset-before" for at in range(after, after + 400)}
        try:
            self._run(clean=False)
        finally:
            self.world.hub.faults.plan = {}

    @rule(at=st.integers(1, 40), what=st.integers(0, 5), which=st.integers(0, 3))
    def somebody_acts_during_a_run(self, at: int, what: int, which: int) -> None:
        start = self.world.asked
        deeds = (self.closes, self.pushes, self.merges, self.deletes_the_branch, self.edits, self.comments)

        def act(request: object) -> None:
            if getattr(request, "number", 0) == start + at:
                self.world.hub.before = None
                deeds[what](which)

        self.world.hub.before = act
        try:
            self._run(clean=False)
        finally:
            self.world.hub.before = None

    def _one(self, which: int) -> Issue | None:
        ours = self.world.ours()
        return ours[which % len(ours)] if ours else None

    def _touched(self, branch: str) -> bool:
        return any(ref == f"refs/heads/{branch}" for _, ref, _ in self.world.repo.pushes)

    @rule(which=st.integers(0, 3))
    def closes(self, which: int) -> None:
        if issue := self._one(which):
            self.world.person.close(issue.number)
            self.refused |= dict.fromkeys(self.world.findings(issue), issue.number)

    @rule(which=st.integers(0, 3))
    def deletes_the_branch(self, which: int) -> None:
        if issue := self._one(which):
            self.refused |= dict.fromkeys(self.world.findings(issue), issue.number)
            branch = issue.the_pull.head_ref
            self.world.person.delete_branch(branch)
            self.world.repo.pushes[:] = [
                each for each in self.world.repo.pushes if each[1] != f"refs/heads/{branch}"
            ]

    @rule(which=st.integers(0, 3))
    def pushes(self, which: int) -> None:
        if issue := self._one(which):
            name = f"notes-{len(self.world.repo.pushes)}.md"
            self.world.person.push(issue.the_pull.head_ref, {name: "mine\n"})

    @rule(which=st.integers(0, 3))
    def merges(self, which: int) -> None:
        if issue := self._one(which):
            try:
                self.world.person.set_draft(issue.number, draft=False)
                self.world.person.merge(issue.number)
            except Refused:
                return  # it conflicts, or it is a draft

    @rule(which=st.integers(0, 3))
    def edits(self, which: int) -> None:
        if issue := self._one(which):
            words = f"Mine {issue.number}"
            self.world.person.edit(issue.number, title=words, body=f"{words}\n\n{issue.body}")

    @rule(which=st.integers(0, 3))
    def comments(self, which: int) -> None:
        if issue := self._one(which):
            self.world.person.comment(issue.number, ("fixbot: rebase", "nice", "fixbot: recreate")[which % 3])

    @rule(service=st.sampled_from(SERVICES), how=st.sampled_from(("fixed", "broken", "moved", "gone", "odd")))
    def changes_the_base(self, service: str, how: str) -> None:
        text = {
            "fixed": fixed(service),
            "broken": pod(service, privileged=service == "job"),
            "moved": "# moved\n\n" + pod(service, privileged=service == "job"),
            "gone": None,
            "odd": "kind: Deployment\nspec: [unclosed\n  containers: {\n",
        }[how]
        there = self.world.repo.store.at(
            self.world.repo.store.tree_of(self.world.repo.refs["refs/heads/main"]), path_of(service)
        )
        if text is not None or there is not None:
            self.world.person.push("main", {path_of(service): text}, f"{how} {service}")
            # What is changed by hand is another thing: the no was to what stood there.

    @precondition(lambda self: self.world.repo.pull_requests())
    @rule(which=st.integers(0, 5))
    def reopens(self, which: int) -> None:
        closed = [
            each for each in self.world.repo.pull_requests() if not each.open and not each.the_pull.merged
        ]
        if closed:
            issue = closed[which % len(closed)]
            try:
                self.world.person.reopen(issue.number)
            except Refused:
                return
            for finding in self.world.findings(issue):
                self.refused.pop(finding, None)

    @invariant()
    def no_two_for_one(self) -> None:
        assert invariants.doubled(self.world.repo) == []
        seen: dict[str, int] = {}
        for issue in self.world.ours():
            for finding in self.world.findings(issue):
                assert finding not in seen, f"#{seen[finding]} and #{issue.number} offer the same"
                seen[finding] = issue.number

    @invariant()
    def nothing_is_written_elsewhere(self) -> None:
        assert invariants.written_outside(self.world.repo, "refs/heads/fixbot/", "github-actions[bot]") == []

    @invariant()
    def no_commit_of_a_person_is_lost(self) -> None:
        assert invariants.unreachable(self.world.repo) == []

    @invariant()
    def every_request_is_as_github_describes_it(self) -> None:
        assert (self.world.hub.violations, self.world.hub.defects) == ([], [])


Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase
