"""Random orders of runs, faults and people: whatever happens, nobody's work is lost and a no stays a no."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.model.errors import FixbotError
from tests.hub import invariants
from tests.hub.model import Issue, Refused
from tests.hub_runs import HubClock, World, fixed, pod, world

EXAMPLES = int(os.environ.get("FIXBOT_EXAMPLES", "25"))
STEPS = int(os.environ.get("FIXBOT_STEPS", "14"))
SERVICES = ("api", "web", "job")
SURE = ("403", "429", "500", "502-before", "502-after", "reset-before", "reset-after", "cut", "stale")


def path_of(service: str) -> str:
    return f"{'apps' if service != 'job' else 'jobs'}/{service}.yaml"


@dataclass(frozen=True)
class Turns(HubClock):
    """A clock that is asked before every request, and then gives the turn to another run."""

    wait: Callable[[], None] = lambda: None

    def current_time(self) -> float:
        self.wait()
        return super().current_time()


class Life(RuleBasedStateMachine):
    """A repository, fixbot, and one person who does as she likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.files = {path_of(each): pod(each, privileged=each == "job") for each in SERVICES}
        self.world: World = self.stack.enter_context(world(self.folder, self.files))
        self.refused: dict[str, int] = {}
        """Findings to which somebody said no, and where."""
        self.known: dict[int, frozenset[str]] = {}
        """What each pull request repairs, also where somebody took the mark out since."""
        self.noes: set[int] = set()
        """What a person closed and nobody opened since."""
        self.words: dict[int, str] = {}
        """How each title reads that a person wrote while no run went on."""
        self.running = False
        self.bots = [self.world.token, self.world.hub.user_token("robot")]
        self.world.repo.collaborators["robot"] = "write"

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, run: Callable[[], int] | None = None) -> int:
        lost_before = set(invariants.off_branches(self.world.repo))
        newest = max((each.number for each in self.world.repo.pull_requests()), default=0)
        self.running = True
        try:
            code = (run or self.world.run)()
        finally:
            self.running = False
        self._learn()
        assert code in (0, 1, 2), "a bug of ours"
        assert set(invariants.off_branches(self.world.repo)) <= lost_before, "a commit of a person is lost"
        for issue in self.world.ours():
            if issue.number > newest:
                again = self.world.findings(issue) & self.refused.keys()
                assert not again, f"#{issue.number} asks again after a no"
        for number in self.noes:
            assert not self.world.repo.issue(number).open, f"#{number} was opened again"
        for number, title in self.words.items():
            assert self.world.repo.issue(number).title == title, f"#{number}: a person's title is gone"
        return code

    def _learn(self) -> None:
        for issue in self.world.repo.pull_requests():
            if findings := self.world.findings(issue):
                self.known[issue.number] = findings

    def _refuse(self, issue: Issue) -> None:
        self._learn()
        self.noes.add(issue.number)
        self.refused |= dict.fromkeys(self.known.get(issue.number, ()), issue.number)

    @initialize()
    def first(self) -> None:
        self._run()

    @rule()
    def runs(self) -> None:
        self._run()

    @rule()
    def runs_until_nothing_is_left_to_do(self) -> None:
        self._run()
        calls = self.world.hub.content_calls()
        code = self._run()
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
            self._run()
        finally:
            faults.random = None

    @rule(after=st.integers(1, 30))
    def dies(self, after: int) -> None:
        """From some request on nothing gets through any more: for GitHub that is a run that was killed."""
        start = self.world.asked
        self.world.hub.faults.plan = {start + at: "reset-before" for at in range(after, after + 400)}
        try:
            self._run()
        finally:
            self.world.hub.faults.plan = {}

    @rule(at=st.integers(1, 40), what=st.integers(0, 10), which=st.integers(0, 3))
    def somebody_acts_during_a_run(self, at: int, what: int, which: int) -> None:
        start = self.world.asked
        deeds = (
            self.closes, self.pushes, self.merges, self.deletes_the_branch, self.edits, self.comments,
            self.reopens, self.amends, self.takes_the_mark_out, self.restores_a_branch, self.unlabels,
        )  # fmt: skip

        def act(request: object) -> None:
            if getattr(request, "number", 0) == start + at:
                self.world.hub.before = None
                deeds[what](which)

        self.world.hub.before = act
        try:
            self._run()
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
            self._refuse(issue)

    @rule(which=st.integers(0, 3))
    def deletes_the_branch(self, which: int) -> None:
        if issue := self._one(which):
            self._refuse(issue)
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
            if not self.running:
                self.words[issue.number] = words

    @rule(which=st.integers(0, 3))
    def takes_the_mark_out(self, which: int) -> None:
        if issue := self._one(which):
            self._learn()
            self.world.person.edit(issue.number, body="All mine")

    @rule(which=st.integers(0, 3))
    def toggles_draft(self, which: int) -> None:
        if issue := self._one(which):
            self.world.person.set_draft(issue.number, draft=not issue.the_pull.draft)

    @rule(which=st.integers(0, 3))
    def unlabels(self, which: int) -> None:
        if issue := self._one(which):
            self.world.person.unlabel(issue.number, "fixbot")

    @rule(which=st.integers(0, 3))
    def labels(self, which: int) -> None:
        if issue := self._one(which):
            self.world.person.label(issue.number, ("fixbot: rebase", "fixbot: recreate")[which % 2])

    @rule(which=st.integers(0, 3))
    def asks_to_ignore(self, which: int) -> None:
        if issue := self._one(which):
            self._learn()
            self.world.person.comment(issue.number, "fixbot: ignore it is on purpose")

    @rule(which=st.integers(0, 3))
    def amends(self, which: int) -> None:
        """She replaces the last commit, which may be her own: that one is lost by her own hand."""
        if issue := self._one(which):
            branch = issue.the_pull.head_ref
            tip = self.world.repo.refs[f"refs/heads/{branch}"]
            self.world.person.amend(branch, {"amended.md": f"{len(self.world.repo.pushes)}\n"})
            self.world.repo.pushes[:] = [each for each in self.world.repo.pushes if each[2] != tip]

    @rule(which=st.integers(0, 3))
    def restores_a_branch(self, which: int) -> None:
        gone = [
            each
            for each in self.world.repo.pull_requests()
            if not each.open and f"refs/heads/{each.the_pull.head_ref}" not in self.world.repo.refs
        ]
        if gone:
            issue = gone[which % len(gone)]
            self.world.person.restore_branch(issue.number)
            self.world.repo.pushes.pop()  # what it restores is fixbot's, or counted when she pushed it

    @rule(which=st.integers(0, 3))
    def opens_one_by_hand(self, which: int) -> None:
        used = {issue.the_pull.head_ref for issue in self.world.open()}
        free = sorted(each for each in self.world.branches() if each not in used and "kept" not in each)
        if free:
            with suppress(Refused):
                number = self.world.person.open_pull(free[which % len(free)], "By hand")
                self.words[number] = "By hand"

    @rule(which=st.integers(0, 3))
    def makes_a_branch_of_our_name(self, which: int) -> None:
        gone = [
            each.the_pull.head_ref
            for each in self.world.repo.pull_requests()
            if not each.open and f"refs/heads/{each.the_pull.head_ref}" not in self.world.repo.refs
        ]
        if gone:
            base = self.world.repo.refs[f"refs/heads/{self.world.repo.default_branch}"]
            self.world.person.push(gone[which % len(gone)], {"hers.md": "hers\n"}, start=base)

    @rule()
    def reverts_a_merge(self) -> None:
        merged = [each.the_pull for each in self.world.repo.pull_requests() if each.the_pull.merged]
        commits = [pull.merge_sha for pull in merged if pull.merge_sha]
        if commits:
            with suppress(Refused, KeyError):
                self.world.person.revert(commits[-1])

    @rule()
    def renames_the_default_branch(self) -> None:
        old = self.world.repo.default_branch
        new = "trunk" if old == "main" else "main"
        with suppress(Refused):
            self.world.person.rename_branch(old, new)
            self.world.repo.pushes[:] = [
                (who, f"refs/heads/{new}" if ref == f"refs/heads/{old}" else ref, sha)
                for who, ref, sha in self.world.repo.pushes
            ]

    @rule(
        group=st.sampled_from(("topic", "folder", "file", "rule", "all")),
        most=st.sampled_from((1, 10)),
        rebase=st.sampled_from(("conflict", "behind", "never")),
    )
    def changes_the_settings(self, group: str, most: int, rebase: str) -> None:
        text = f"pull_requests: {{group: {group}, most_open: {most}, rebase: {rebase}}}\n"
        self.world.person.push(self.world.repo.default_branch, {".fixbot.yml": text}, "Settings")

    @rule(which=st.integers(0, 1))
    def another_token_is_used(self, which: int) -> None:
        self.world.token = self.bots[which]

    @rule(
        options=st.sampled_from(
            (
                {"only": ("readonly-root-filesystem",)},
                {"exclude": ("apps/",)},
                {"include": ("jobs/",)},
                {"dry_run": True},
                {"cache": False},
            )
        )
    )
    def runs_over_a_part(self, options: dict[str, Any]) -> None:
        calls = self.world.hub.content_calls()
        self._run(lambda: self.world.run(**options))
        assert "dry_run" not in options or self.world.hub.content_calls() == calls

    @rule(back=st.integers(0, 2))
    def runs_in_a_checkout(self, back: int) -> None:
        repo = self.world.repo
        place = self.folder / f"clone-{self.world.asked}-{len(repo.pushes)}-{back}"
        bare = self.world.hub.path(*repo.full_name.split("/"))
        subprocess.run(["git", "clone", "-q", str(bare), str(place)], check=True, capture_output=True)
        subprocess.run(["git", "checkout", "-q", f"HEAD~{back}"], cwd=place, check=False, capture_output=True)
        environment = {**self.world.environment, "GITHUB_REPOSITORY": repo.full_name}
        made = Options(
            "run", str(place), pr=True, quiet=True, jobs=1, cache=False, config=self.world.organisation
        )

        def run() -> int:
            try:
                return run_pull_requests(made, environment, HubClock(self.world.hub.clock))
            except FixbotError as error:
                return error.exit_code

        self._run(run)
        shutil.rmtree(place)

    @rule(seed=st.integers(0, 2**16))
    def two_run_at_once(self, seed: int) -> None:
        """Their requests come in an order that is drawn, one at a time."""
        order = Random(seed)  # noqa: S311 - an order, not a secret; drawn here, since threads can't draw
        turns = threading.Condition()
        waiting: set[int] = set()
        alive = {0, 1}
        turn = [0]

        def pick() -> None:
            ready = sorted(waiting)
            if ready and waiting >= alive:
                turn[0] = order.choice(ready)
                turns.notify_all()

        def pause(me: int) -> None:
            with turns:
                waiting.add(me)
                turn[0] = -1
                pick()
                while turn[0] != me:
                    assert turns.wait(60), "it hangs"
                waiting.discard(me)

        def one(me: int) -> int:
            made = Options(
                "run",
                ".",
                pr=True,
                repositories=(self.world.repo.full_name,),
                quiet=True,
                jobs=1,
                cache=False,
                config=self.world.organisation,
            )
            environment = {**self.world.environment, "GITHUB_TOKEN": self.bots[me]}
            try:
                return run_pull_requests(made, environment, Turns(self.world.hub.clock, lambda: pause(me)))
            except FixbotError as error:
                return error.exit_code
            finally:
                with turns:
                    alive.discard(me)
                    pick()

        def run() -> int:
            codes: list[int] = []
            threads = [threading.Thread(target=lambda me=me: codes.append(one(me))) for me in (0, 1)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            self.world.hub.clock.advance(1)
            assert len(codes) == 2, "a run ended with a bug of ours"
            return max(codes)

        self._run(run)

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
        repo, branch = self.world.repo, self.world.repo.default_branch
        there = repo.store.at(repo.store.tree_of(repo.refs[f"refs/heads/{branch}"]), path_of(service))
        if text is not None or there is not None:
            self.world.person.push(branch, {path_of(service): text}, f"{how} {service}")
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
            self.noes.discard(issue.number)
            for finding in self.known.get(issue.number, ()):
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
        for login in ("github-actions[bot]", "robot"):
            assert invariants.written_outside(self.world.repo, "refs/heads/fixbot/", login) == []

    @invariant()
    def no_commit_of_a_person_is_lost(self) -> None:
        assert invariants.unreachable(self.world.repo) == []

    @invariant()
    def every_request_is_as_github_describes_it(self) -> None:
        assert (self.world.hub.violations, self.world.hub.defects) == ([], [])


Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    # A gate says the same twice. To look further: FIXBOT_EXAMPLES=300, with any --hypothesis-seed.
    derandomize=os.environ.get("CI") == "true",
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase
