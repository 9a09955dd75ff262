"""What happens when people, other runs and GitHub's faults come between two requests of `fixbot run --pr`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.publish.pull_requests.state_block import read_state_block
from tests.hub import answering, invariants, server
from tests.hub.hub import Hub, Request
from tests.hub.model import Issue, Ruleset
from tests.hub.rest import Answer
from tests.hub.server import Server
from tests.hub_runs import NAME, HubClock, World, fixed, pod, world

PATH = "deploy/api.yaml"
Odd = Callable[[Request, Answer], Answer]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """A repository with one finding in it."""
    with world(tmp_path, {PATH: pod("api"), "README.md": "Hello\n"}) as made:
        yield made


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Callable[[Odd], None]:
    """Lets a server answer in another way than GitHub, after it has done what was asked."""

    def install(change: Odd) -> None:
        real = answering.answer

        def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
            done, fault = real(hub, request)
            return change(request, done), fault

        monkeypatch.setattr(server, "answer", answer)

    return install


def once(shop: World, wanted: Callable[[Request], bool], act: Callable[[], object]) -> None:
    """Somebody acts right before the first such request."""

    def before(request: Request) -> None:
        if wanted(request):
            shop.hub.before = None
            act()

    shop.hub.before = before


def is_(verb: str, part: str) -> Callable[[Request], bool]:
    return lambda request: request.verb == verb and part in f"{request.path}?{request.query}"


def moves_refs(request: Request) -> bool:
    return request.path == "/graphql" and "updateRefs" in str(request.body)


def only(shop: World) -> Issue:
    (issue,) = shop.ours()
    return issue


def said(status: int, message: str = "Not Found") -> Answer:
    return Answer(status, json.dumps({"message": message}).encode(), {"Content-Type": "application/json"})


# A no in the same moment


def test_a_person_who_closes_in_the_moment_in_which_fixbot_does_has_said_no(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {PATH: fixed("api")}, "By hand")
    once(shop, is_("PATCH", f"/pulls/{issue.number}"), lambda: shop.person.close(issue.number))
    shop.run()
    shop.person.push("main", {PATH: pod("api")}, "Back again")
    shop.run()
    assert shop.ours() == []
    assert shop.branches() == {}


def test_one_that_was_opened_and_closed_while_its_answer_was_lost_is_not_opened_again(shop: World) -> None:
    shop.hub.faults.plan = {}

    def lost(request: Request) -> None:
        if is_("POST", "/pulls?")(request):
            shop.hub.faults.plan = {request.number: "502-after"}
            shop.hub.after = closed

    def closed(request: Request) -> None:
        if is_("POST", "/pulls?")(request):
            shop.hub.after = None
            shop.person.close(only(shop).number)

    shop.hub.before = lost
    shop.run()
    assert len(shop.repo.pull_requests()) == 1
    shop.run()
    assert shop.ours() == []
    assert len(shop.repo.pull_requests()) == 1


def test_one_that_another_run_opened_and_somebody_closed_meanwhile_is_not_opened_again(shop: World) -> None:
    def meanwhile() -> None:
        branch = next(iter(shop.branches()))
        number = shop.person.open_pull(branch, "By hand")
        shop.person.close(number)

    def last_look(request: Request) -> bool:
        return bool(shop.branches()) and is_("GET", "'head'")(request)

    once(shop, last_look, meanwhile)
    shop.run()
    assert len(shop.repo.pull_requests()) == 1
    assert shop.ours() == []


def test_what_somebody_opens_again_after_fixbot_closed_it_is_a_no_when_she_closes_it(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {PATH: fixed("api")}, "By hand")
    shop.run()
    shop.person.restore_branch(issue.number)
    shop.person.reopen(issue.number)
    calls = shop.hub.content_calls()
    shop.run()
    assert only(shop).number == issue.number, "fixbot does not close against a person"
    assert shop.hub.content_calls() == calls
    shop.person.push("main", {PATH: pod("api")}, "Back again")
    shop.run()
    shop.person.close(issue.number)
    shop.run()
    shop.run()
    assert shop.ours() == []


def test_one_that_somebody_opens_again_keeps_its_branch(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.close(issue.number)
    once(shop, is_("GET", "'head'"), lambda: shop.person.reopen(issue.number))
    shop.run()
    assert only(shop).number == issue.number


def test_a_no_to_one_whose_mark_somebody_took_out_is_a_no_to_all_that_it_held(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.run()
    shop.person.edit(issue.number, body="All mine")
    shop.person.close(issue.number)
    shop.run()
    shop.run()
    assert shop.ours() == []
    shop.person.push("main", {"jobs/job.yaml": pod("job")}, "Elsewhere")
    shop.run()
    assert only(shop).title == "Make the root filesystem of job read-only"


def test_a_no_to_a_copy_in_a_fork_is_none_to_ours(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.set_draft(issue.number, draft=False)
    merged = shop.person.merge(issue.number, delete=True)
    copy = shop.person.fork_pull(issue.the_pull.head_ref, {PATH: fixed("x")}, "Copy", issue.body or "")
    shop.person.close(copy)
    shop.person.revert(merged)
    shop.run()
    assert only(shop).number > copy


@pytest.mark.parametrize(("before", "after"), [("folder", "all"), ("all", "file"), ("rule", "file")])
def test_findings_that_are_gathered_anew_are_in_one_pull_request_each(
    tmp_path: Path, before: str, after: str
) -> None:
    def settings(group: str) -> str:
        return f"pull_requests: {{group: {group}}}\n"

    files = {f"{name}/app.yaml": pod(name, privileged=name == "job") for name in ("api", "web", "job")}
    with world(tmp_path, {".fixbot.yml": settings(before), **files}) as shop:
        shop.run()
        shop.person.push("main", {".fixbot.yml": settings(after)}, "Gathered in another way")
        first = next(issue.number for issue in shop.ours())

        def refuses(request: Request) -> None:
            if is_("PATCH", f"/pulls/{first}?")(request):
                shop.hub.faults.plan = {request.number + at: "500" for at in range(40)}

        def offered() -> list[str]:
            return sorted(finding for issue in shop.ours() for finding in shop.findings(issue))

        whole = sorted({*offered()})
        shop.hub.before = refuses
        shop.run()
        assert len(offered()) == len({*offered()}), "also where GitHub fails in between"
        shop.hub.before, shop.hub.faults.plan = None, {}
        shop.run()
        assert offered() == whole
        calls = shop.hub.content_calls()
        shop.run()
        assert shop.hub.content_calls() == calls


def test_another_prefix_for_branches_makes_no_second_one_and_forgets_no_no(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {".fixbot.yml": "branch_prefix: bot/\n"}, "Another prefix")
    shop.run()
    assert [each.number for each in shop.open()] == [issue.number]
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.run()
    assert len(shop.findings(only(shop))) == 2
    shop.person.close(issue.number)
    shop.run()
    assert shop.open() == []


# People's commits


@pytest.mark.parametrize("how", ["updated", "updated earlier", "deleted", "opened"])
def test_a_push_in_the_moment_in_which_fixbot_moves_the_branch_stays(shop: World, how: str) -> None:
    shop.run()
    issue = only(shop)
    branch = issue.the_pull.head_ref
    start = None
    if how.startswith("updated"):
        shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    else:
        shop.person.close(issue.number)
    if how == "opened":
        shop.run()
        shop.person.label(issue.number, "fixbot: recreate")
        start = shop.repo.refs["refs/heads/main"]
    hers: list[str] = []
    moment = is_("POST", "/git/commits") if how == "updated earlier" else moves_refs
    once(shop, moment, lambda: hers.append(shop.person.push(branch, {"mine.md": "mine\n"}, start=start)))
    shop.run()
    assert hers == [shop.branches()[branch]]


# People's words


@pytest.mark.parametrize("how", ["closed", "marked"])
def test_what_somebody_wrote_after_the_list_was_read_stays(shop: World, how: str) -> None:
    shop.run()
    issue = only(shop)
    if how == "closed":
        shop.person.push("main", {PATH: fixed("api")}, "By hand")
    else:
        shop.person.edit(issue.number, body="Hers")
    words = f"Mine.\n\n{shop.repo.issue(issue.number).body}"
    act = is_("GET", f"/pulls/{issue.number}?")
    once(shop, act, lambda: shop.person.edit(issue.number, body=words))
    shop.run()
    after = shop.repo.issue(issue.number)
    assert (after.open, (after.body or "").partition("\n")[0]) == (how != "closed", "Mine.")


def test_what_somebody_wrote_between_two_tries_stays(shop: World) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")

    def wrote(_: Request) -> None:
        shop.hub.after = None
        shop.person.edit(issue.number, body=f"Mine.\n\n{shop.repo.issue(issue.number).body}")

    def before(request: Request) -> None:
        if is_("PATCH", f"/pulls/{issue.number}")(request):
            shop.hub.before = None
            shop.hub.faults.plan = {request.number: "502-after"}
            shop.hub.after = wrote

    shop.hub.before = before
    shop.run()
    shop.run()
    assert (only(shop).body or "").startswith("Mine.")
    assert len(shop.findings(only(shop))) == 2


@pytest.mark.parametrize("moment", [("GET", "/pulls/1?"), ("PATCH", "/pulls/1?"), ("POST", "/git/trees")])
def test_a_wish_that_comes_while_fixbot_writes_is_heard_by_the_next_run(
    shop: World, moment: tuple[str, str]
) -> None:
    shop.run()
    issue = only(shop)
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    words = "fixbot: ignore it is on purpose"
    once(shop, is_(*moment), lambda: shop.person.comment(issue.number, words))
    shop.run()
    assert len(shop.ours()) == 1
    shop.run()
    assert shop.ours() == []


def test_a_wish_that_comes_before_the_labels_is_heard_by_the_next_run(shop: World) -> None:
    words = "fixbot: ignore it is on purpose"
    once(shop, is_("PATCH", "/issues/"), lambda: shop.person.comment(only(shop).number, words))
    shop.run()
    shop.run()
    assert shop.ours() == []


def test_a_persons_commit_on_the_branch_beside_is_left_and_said(
    shop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run(dry_run=True)
    shop.run()
    branch = only(shop).the_pull.head_ref
    shop.person.close(only(shop).number)
    shop.run()
    shop.person.label(shop.repo.pull_requests()[0].number, "fixbot: recreate")
    hers = shop.person.push(f"{branch}-next", {"mine.md": "mine\n"}, start=shop.repo.refs["refs/heads/main"])
    shop.repo.rulesets = (Ruleset(1, (("required_signatures", {}),), ("refs/heads/main",)),)
    shop.token = shop.hub.user_token("anna")
    shop.run(quiet=False)
    assert f"{branch}-next holds commits that are not fixbot's" in " ".join(capsys.readouterr().out.split())
    assert shop.branches()[f"{branch}-next"] == hers


def test_a_push_to_the_branch_beside_stays_while_fixbot_uses_it(shop: World) -> None:
    shop.repo.rulesets = (Ruleset(1, (("required_signatures", {}),), ("refs/heads/main",)),)
    shop.token = shop.hub.user_token("robot")
    shop.repo.collaborators["robot"] = "write"
    main = shop.repo.refs["refs/heads/main"]
    hers: list[str] = []

    def signed(request: Request) -> bool:
        beside = next((each for each in shop.branches() if each.endswith("-next")), "")
        return is_("GET", "-next")(request) and shop.branches().get(beside, main) != main

    def pushes() -> None:
        beside = next(each for each in shop.branches() if each.endswith("-next"))
        hers.append(shop.person.push(beside, {"mine.md": "mine\n"}))

    once(shop, signed, pushes)
    shop.run()
    assert hers
    assert hers[0] in shop.branches().values()


# What an error says is not what happened


def test_refs_that_moved_although_an_error_came_back_count_as_moved(
    shop: World, odd: Callable[[Odd], None]
) -> None:
    errors = {"data": {"updateRefs": None}, "errors": [{"message": "An unexpected thing. Ref: 1F2A"}]}
    odd(lambda r, done: Answer(200, json.dumps(errors).encode(), {}) if moves_refs(r) else done)
    assert shop.run() == 0
    assert len(shop.ours()) == 1


def test_a_commit_that_graphql_does_not_see_yet_is_waited_for(shop: World) -> None:
    real = shop.repo.store.get
    tries: list[str] = []

    def unseen(sha: str) -> object:
        if len(tries) < 2 and asked[-1:] == ["updateRefs"]:
            tries.append(sha)
            return None
        return real(sha)

    asked: list[str] = []
    shop.hub.before = lambda request: asked.append("updateRefs" if moves_refs(request) else request.path)
    shop.repo.store.get = unseen  # type: ignore[method-assign,assignment]
    assert shop.run() == 0
    assert len(tries) == 2
    assert len(shop.ours()) == 1


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"a":'], ids=["empty", "page", "cut"])
def test_an_answer_that_is_none_is_asked_for_again(
    shop: World, odd: Callable[[Odd], None], body: bytes
) -> None:
    seen: set[str] = set()

    def broken(request: Request, done: Answer) -> Answer:
        key = f"{request.verb} {request.path} {request.query} {request.body}"
        if done.status not in (200, 201) or key in seen or is_("GET", "/contents/")(request):
            return done
        seen.add(key)
        return Answer(200, body, {})

    odd(broken)
    assert shop.run() == 0
    assert len(shop.ours()) == 1
    assert len(shop.repo.pull_requests()) == 1


# Other servers than GitHub


OPTIONAL = (
    "/rules/", "/events", "/search/", "/milestones", "/matching-refs/", "/issues/comments", "/commits?",
    "/actions/", "/comments",
)  # fmt: skip


def test_a_server_without_what_one_can_do_without_is_served_all_the_same(
    shop: World, odd: Callable[[Odd], None]
) -> None:
    def branches() -> Answer:
        shop.hub.violations.clear()  # the strict one has no such list
        heads = {
            ref.removeprefix("refs/heads/"): sha for ref, sha in shop.repo.refs.items() if "/heads/" in ref
        }
        rows = [{"name": name, "commit": {"sha": sha}} for name, sha in heads.items()]
        return Answer(200, json.dumps(rows).encode(), {})

    def lacks(request: Request, done: Answer) -> Answer:
        there = f"{request.path}?" if request.path.startswith("/repos/") else request.path
        if request.path.endswith("/branches"):
            return branches()
        missing = any(part in there for part in OPTIONAL) and "/git/commits" not in there
        return said(404) if missing else done

    odd(lacks)
    assert shop.run() == 0
    issue = only(shop)
    assert issue.labels == ("fixbot",)
    calls = shop.hub.content_calls()
    assert shop.run() == 0
    assert shop.hub.content_calls() == calls
    shop.person.push("main", {PATH: fixed("api")}, "By hand")
    assert shop.run() == 0
    assert (shop.ours(), shop.branches()) == ([], {})
    shop.person.push("main", {PATH: pod("api")}, "Back again")
    assert shop.run() == 0
    shop.person.close(only(shop).number)
    assert shop.run() == 0
    assert (shop.ours(), shop.branches()) == ([], {})


def test_a_server_that_tells_less_of_a_repository_is_served_all_the_same(
    shop: World, odd: Callable[[Odd], None]
) -> None:
    def less(request: Request, done: Answer) -> Answer:
        if request.path == "/graphql" or not done.body.startswith((b"{", b"[")):
            return done
        data = json.loads(done.body)
        for row in data if isinstance(data, list) else [data]:
            for repository in (row, (row.get("base") or {}).get("repo"), (row.get("head") or {}).get("repo")):
                for name in ("node_id", "permissions", "archived", "disabled"):
                    (repository or {}).pop(name, None)
            if isinstance(row.get("base"), dict):
                row["base"]["repo"] = {"full_name": NAME}
                row["head"].pop("repo")
        return Answer(done.status, json.dumps(data).encode(), done.headers)

    odd(less)
    assert shop.run() == 0
    calls = shop.hub.content_calls()
    assert shop.run() == 0
    assert shop.hub.content_calls() == calls
    assert len(shop.ours()) == 1


def test_labels_and_reviewers_that_are_refused_are_asked_for_once(
    tmp_path: Path, odd: Callable[[Odd], None]
) -> None:
    with world(tmp_path, {PATH: pod("api"), ".github/CODEOWNERS": "* @bert @shop/team\n"}) as shop:

        def refuses(request: Request) -> None:
            if is_("PATCH", "/issues/")(request) or "requested_reviewers" in request.path:
                refused.append(request.number)

        refused: list[int] = []
        real = answering.answer

        def answer(hub: Hub, request: Request) -> tuple[Answer, str | None]:
            refuses(request)
            return (said(403, "No"), None) if request.number in refused else real(hub, request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server, "answer", answer)
            assert shop.run() == 0
            assert refused
            many, calls = len(refused), shop.hub.content_calls()
            assert shop.run() == 0
            assert len(refused) == many
            assert shop.hub.content_calls() == calls


def test_more_than_a_hundred_pull_requests_are_read_without_a_search(
    shop: World, odd: Callable[[Odd], None]
) -> None:
    shop.run()
    issue = only(shop)
    shop.person.close(issue.number)
    for number in range(120):
        shop.person.fork_pull(f"f{number}", {"x.md": f"{number}\n"}, "Theirs")
    odd(lambda request, done: said(404) if request.path.startswith("/search/") else done)
    assert shop.run() == 0
    assert shop.ours() == []
    assert shop.branches() == {}
    assert all("/search/" in each for each in shop.hub.violations)
    shop.hub.violations.clear()


def test_a_read_that_is_forbidden_ends_the_run_with_one_line(
    shop: World, odd: Callable[[Odd], None], capsys: pytest.CaptureFixture[str]
) -> None:
    page = b"<html><body>Blocked by your company</body></html>"
    odd(lambda r, done: Answer(403, page, {}) if "/git/trees/" in r.path and r.verb == "GET" else done)
    assert shop.run() == 1
    err = capsys.readouterr().err
    assert "GitHub answered 403, a web page, perhaps of a proxy" in err
    assert "<html>" not in err


def test_what_is_forbidden_to_read_does_not_count_as_done(shop: World, odd: Callable[[Odd], None]) -> None:
    shop.run()
    issue = only(shop)
    shop.person.close(issue.number)

    def lost(request: Request) -> None:
        if moves_refs(request):
            shop.hub.faults.plan = {request.number: "502-before"}

    shop.hub.before = lost
    odd(lambda r, done: said(403, "No") if "/git/ref/heads/fixbot" in r.path else done)
    assert shop.run() == 1
    assert len(shop.branches()) == 1
    assert invariants.unreachable(shop.repo) == []


def test_names_are_compared_as_github_does_and_graphql_may_be_elsewhere(shop: World) -> None:
    with Server(shop.hub) as other:
        environment = {**shop.environment, "GITHUB_GRAPHQL_URL": other.graphql_url}
        made = Options(
            "run",
            pr=True,
            repositories=("SHOP/Deploy",),
            quiet=True,
            jobs=1,
            cache=False,
            config=shop.organisation,
        )
        assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 0
        calls = shop.hub.content_calls()
        assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 0
        assert shop.hub.content_calls() == calls
        assert len(shop.ours()) == 1


def test_a_token_of_no_known_kind_gets_signed_commits_where_they_are_required(shop: World) -> None:
    shop.repo.rulesets = (Ruleset(1, (("required_signatures", {}),), ("~ALL",)),)
    shop.token = shop.hub.user_token("anna", prefix="company-")
    assert shop.run() == 0
    assert len(shop.ours()) == 1


def test_where_only_a_branch_is_possible_a_second_run_writes_nothing(shop: World) -> None:
    shop.repo.actions_may_open = False
    shop.run()
    before = shop.branches()
    calls = shop.hub.content_calls()
    environment = {**shop.environment, "GITHUB_ACTIONS": "true"}
    made = Options(
        "run", pr=True, repositories=(NAME,), quiet=True, jobs=1, cache=False, config=shop.organisation
    )
    shop.hub.tokens[shop.token] = replace(
        shop.hub.tokens[shop.token],
        permissions={**(shop.hub.tokens[shop.token].permissions or {}), "administration": "read"},
    )
    assert run_pull_requests(made, environment, HubClock(shop.hub.clock)) == 1, "nothing could be opened"
    assert shop.branches() == before
    assert shop.hub.content_calls() == calls


def test_its_mark_names_the_head_of_its_branch_after_any_run(shop: World) -> None:
    shop.run()
    shop.person.push("main", {"deploy/web.yaml": pod("web")}, "A neighbour")
    shop.run()
    mark = read_state_block(only(shop).body or "")
    assert mark is not None
    assert mark.head == shop.branches()[only(shop).the_pull.head_ref]
