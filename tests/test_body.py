"""What a reviewer reads: short first, true, whole, and with nothing in it that a name could make happen."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Proposal
from fixbot.model.proposal_facts import FixedFinding, ProposalFacts, RuleSummary, SkippedFinding
from fixbot.proposal.body import LONGEST, render_body
from fixbot.proposal.commit_style import PLAIN, CommitStyle, learn_style
from fixbot.proposal.evidence import LONGEST_LINE, collect_evidence
from fixbot.proposal.pull_request_text import LONGEST_TITLE, TextTarget, render_proposal
from fixbot.settings import Settings
from fixbot.settings.pull_request_settings import PullRequestSettings
from fixbot.settings.read_settings import parse_settings
from fixbot.settings.suppressions import Ignore, Suppressions
from fixbot.text import command
from fixbot.text.characters import escape_hidden
from fixbot.text.command import PATH, build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.step import (
    PrintedDocument,
    Step,
    StepSubjects,
    build_step,
    pack_step,
    unpack_step,
)
from tests.first_rules import first_rules
from tests.gfm import Page
from tests.test_prose import NASTY

GOLDEN = Path(__file__).parent / "data" / "evidence.md"
EXAMPLES = Path(__file__).parent.parent / "examples"
LINKS = "https://github.example/shop/infra/blob/0123456789012345678901234567890123456789/"
MARKER = '<!-- fixbot: {"key": "0123456789ab"} -->'
_IN_PATHS = st.characters(codec="utf-8", exclude_characters="/\0") | st.just("\udcff")
THERE = TextTarget(
    links=LINKS, habit=learn_style(["fix: a", "feat: b"]), marker=MARKER, opening="Back again."
)


@pytest.fixture(scope="module")
def proposals() -> tuple[Proposal, ...]:
    by_rule = Settings(pull_requests=PullRequestSettings(group="folder"))
    return run_pipeline(Checkout.open_checkout(str(EXAMPLES)), first_rules(), by_rule).proposals


def test_a_text_answers_a_reviewer_in_order(proposals: tuple[Proposal, ...]) -> None:
    found = next(each for each in proposals if each.paths == ("kubernetes/mailer.yaml",))
    text = render_proposal(found).body
    assert text.startswith("- **What changes:** Deployment `mailer` can no longer write to the root filesys")
    summaries = [
        "What you will notice", "Why here", "Try it first", "Before and after", "Saying no",
        "What was checked", "The threat",
    ]  # fmt: skip
    assert re.findall("<summary>(.*)</summary>", text) == summaries
    assert "Someone who gets code to run in Deployment `mailer`" in text
    assert text.endswith(f"the program fixbot 0.1.0 · readonly-root-filesystem · key `{found.key}`</sub>")


def test_every_text_says_what_changes_what_can_break_why_and_how_to_try(
    proposals: tuple[Proposal, ...],
) -> None:
    for proposal in proposals:
        text = render_proposal(proposal).body
        first = text.split("\n\n")[0].split("\n")
        assert [each.partition(":** ")[0] for each in first] == [
            "- **What changes", "- **What restarts", "- **Who loses access", "- **What was proven",
            "- **How to undo",
        ]  # fmt: skip
        for heading in ("What you will notice", "Why here", "Try it first"):
            assert f"<summary>{heading}</summary>" in text, (proposal.rule, heading)


def test_the_five_lines_say_just_this(proposals: tuple[Proposal, ...]) -> None:
    """Golden: where the words are to change, the page changes with them."""
    said = [
        f"## {render_proposal(each).title}\n\n{collect_evidence(each.story).render_lines()}\n"
        for each in proposals
    ]
    assert "\n".join(said) == GOLDEN.read_text(encoding="utf-8")


def test_what_has_no_room_in_a_line_stands_below_in_full() -> None:
    rows = tuple(
        replace(
            story("web").rows[0], whole=f"task `{'x' * 40}{number}`", access=f"{{who}}: call {number} fails.",
            restarts="{who}: tasks are replaced.",
        )
        for number in range(9)
    )  # fmt: skip
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k")
    assert "<summary>The lines above in full</summary>" in text
    assert f"task `{'x' * 40}8`: call 8 fails." in text.replace("Task", "task")
    assert all(len(each) <= LONGEST_LINE for each in text.split("\n")[:5])


@given(NASTY, st.integers(1, 4))
def test_no_name_makes_two_lines_of_one(name: str, count: int) -> None:
    rows = tuple(
        replace(
            row, whole=mark_code(name), access=f"{{who}}: {name} fails.", undo=f"Revert {name}.", gist=name
        )
        for row in story(name, count=count).rows
    )
    text = collect_evidence(ProposalFacts(story("web").concerns, rows)).render_lines()
    assert len(text.split("\n")) == 5
    assert all(each.startswith("- **") and len(each) <= LONGEST_LINE for each in text.split("\n"))


def test_what_stands_open_is_short(proposals: tuple[Proposal, ...]) -> None:
    sizes = []
    for proposal in proposals:
        lines = [
            each for each in render_proposal(proposal).body.partition("<details>")[0].split("\n") if each
        ]
        assert all(len(each) <= LONGEST_LINE for each in lines)
        sizes.append(len(lines))
    assert median(sizes) <= 20


def test_what_was_checked_is_what_there_was_to_check(proposals: tuple[Proposal, ...]) -> None:
    for proposal in proposals:
        text = render_proposal(proposal).body
        assert "- The files parse, and as data they differ in nothing but the fix.\n" in text
        assert re.search(r"- Scanned again after the change: \d+ findings? fewer, none new\.\n", text)
        policies = {row.rule for row in proposal.story.rows} == {"tag-condition-missing"}
        assert ("No policy that changed allows anything that it did not allow before." in text) is policies
        assert "was asked about the files" not in text


def test_a_program_that_was_asked_is_named(proposals: tuple[Proposal, ...]) -> None:
    story = proposals[0].story
    rows = tuple(replace(row, checks=("bytes", "cfn-lint")) for row in story.rows)
    text = render_proposal(replace(proposals[0], story=replace(story, rows=rows))).body
    assert "- `cfn-lint` was asked about the files before and after: it finds nothing new.\n" in text
    assert "Scanned again" not in text


def test_no_command_holds_a_placeholder_that_nothing_explains(proposals: tuple[Proposal, ...]) -> None:
    found = set()
    for proposal in proposals:
        text = render_proposal(proposal).body
        names = " ".join([row.after for row in proposal.story.rows])
        commands = [each for each in Page(text).codes if " " in each and not each.lstrip().startswith("{")]
        for each in re.findall(r"(?<![\w./])[A-Z]{2,}(?![\w.-])", re.sub("#.*", "", "\n".join(commands))):
            if (
                each not in names
                and not re.search(rf"\b{each}(?::| is\b)", text)
                and f"{each} its" not in text
            ):
                found.add(each)
    # the tools' own words: a commit, a group of fields, the line of what was left writable
    assert found <= {"HEAD", "TAGS"}


def above(text: str) -> str:
    """The text without what is folded."""
    return re.sub(r"[ ]*<details>.*?</details>\n*", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(("count", "lines"), [(1, 16), (5, 33), (6, 33), (60, 33)])
def test_what_stands_open_does_not_grow_with_the_findings(count: int, lines: int) -> None:
    rows = tuple(
        replace(
            story("web").rows[0], line=number, why=f"Why {number}.", gist=f"Gist {number}.",
            effect=f"Effect {number}.", unknown=f"Not known {number}.",
            commands=(command.build_command("run", PATH(f"n{number}")), command.build_command("look",
            PATH(f"n{number}"))),
            notes=(f"Note {number}.",),
            steps_before=(build_step("Do it:", document=PrintedDocument("json", f"{number}\n")),),
        )
        for number in range(count)
    )  # fmt: skip
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k", links=LINKS)
    assert not Page(text).faults
    assert above(text).count("\n") <= lines


def test_what_several_steps_say_first_is_said_once_and_long_code_is_folded() -> None:
    rows = tuple(
        replace(
            story("web").rows[0],
            steps_before=(build_step("Type this:", document=PrintedDocument("yaml", lines)),),
        )
        for lines in ("a: ...\n" * 5, "b: ...\n" * 6)
    )
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k")
    assert text.count("Type this:") == 1
    assert "a: ..." in text
    assert "b: ..." in text
    assert "a: ..." not in above(text)
    page = Page(text)
    assert not page.faults
    assert page.elements.count("ol") == 2


@pytest.mark.parametrize(
    ("subject", "folder", "habit", "title"),
    [
        ("web", "deploy", PLAIN, "Mend 2 things in deploy"),
        ("web", "a/" * 30 + "deploy/api", PLAIN, "Mend 2 things in …/" + "a/" * 21 + "deploy/api"),
        ("web", "x" * 90, PLAIN, "Mend 2 things in " + "x" * 54 + "…"),
        ("web", "a/" * 30 + "deploy", learn_style(["fix(infra): a", "fix(infra): b"]), None),
    ],
)
def test_a_title_fits_where_github_cuts(
    subject: str, folder: str, habit: CommitStyle, title: str | None
) -> None:
    one = story(subject, f"{folder}/b.yaml").rows[0]
    told = ProposalFacts(story("web").concerns, (one, replace(one, subject="other")))
    found = render_proposal(proposal(told), TextTarget(habit=habit)).title
    assert len(found) <= LONGEST_TITLE == 72
    assert found == title or (title is None and found.endswith("/deploy"))


def test_a_long_name_leaves_room_for_what_is_done() -> None:
    long = ProposalFacts(
        (replace(story("web").concerns[0], one="Make {subject} safe"),), story("web" * 40).rows, (), "dev"
    )
    title = render_proposal(proposal(long)).title
    assert title.endswith("… safe in dev")
    assert len(title) == LONGEST_TITLE


@pytest.mark.parametrize("ends", [("canary", "simple"), ("gateway", "gateway-transparent-proxy")])
def test_two_long_titles_are_still_told_apart(ends: tuple[str, str]) -> None:
    concern = replace(story("web").concerns[0], one="Make the root filesystem of {subject} read-only")
    rows = story("a-service-of-many-words").rows
    titles = {
        render_proposal(proposal(ProposalFacts((concern,), rows, apart=f"service-discovery/{end}"))).title
        for end in ends
    }
    assert len(titles) == 2
    assert all(len(each) <= LONGEST_TITLE for each in titles)


def test_what_tells_titles_apart_is_whole_where_there_is_room() -> None:
    concern = replace(story("web").concerns[0], one="Harden {subject}")
    told = ProposalFacts((concern,), story("web").rows, apart="overlays/single-shared-session")
    assert render_proposal(proposal(told)).title == "Harden web in overlays/single-shared-session"


def test_every_text_is_the_markdown_that_was_meant(proposals: tuple[Proposal, ...]) -> None:
    assert len(proposals) > 5
    for proposal in proposals:
        words = render_proposal(proposal, THERE)
        page = Page(words.body)
        assert not page.faults
        assert list(page.live()) == []
        assert page.elements.count("table") == 1
        assert set(page.rows) == {3}
        assert page.elements[-1] == MARKER == words.body.splitlines()[-1]
        assert "\n\nBack again.\n\n" in words.body
        assert words.title.startswith("fix: ")


def test_links_lead_to_the_lines_at_the_base_commit(proposals: tuple[Proposal, ...]) -> None:
    for proposal in proposals:
        links = Page(render_proposal(proposal, THERE).body).links
        for row in proposal.story.rows:
            assert links[f"{LINKS}{row.path}#L{row.line}"] == row.resource
        assert all(link.startswith(LINKS) for link in links)


def test_a_commit_says_what_its_reader_must_know(proposals: tuple[Proposal, ...]) -> None:
    found = next(each for each in proposals if each.paths == ("kubernetes/mailer.yaml",))
    title, first, *_, trailers = render_proposal(found, THERE).commit_message.split("\n\n")
    assert title == "fix: make the root filesystem of mailer read-only"
    assert first.startswith("Deployment `mailer` can no longer write to the root filesystem")
    assert trailers == f"Rule: readonly-root-filesystem\nFixbot-Key: {found.key}\n"


def story(name: str, path: str = "a/b.yaml", count: int = 1) -> ProposalFacts:
    concern = RuleSummary("a-rule", "Mend {subject}", "Mend {count} things in {folder}", "**Who.** Someone.")
    rows = tuple(
        FixedFinding(
            id=f"{number:016x}", rule="a-rule", path=path, line=number + 1, resource=f"task {name}{number}",
            subject=name, controls=("ECS.5",), before=f"{name} is open", after=f"`{number}` {name}",
            gist=f"{name} is closed.", why=f"Who gets into {name} is in.", effect=f"{name} fails {number}.",
            rollout="At once.", unknown=f"What {name} does is not known.",
            commands=(command.build_command("run", PATH(name)),), steps_before=(described(name),),
            steps_after=(build_step(name),), notes=(name,),
        )
        for number in range(count)
    )  # fmt: skip
    return ProposalFacts((concern,), rows, (SkippedFinding(path, 3, name, f"{name} needs it."),))


def described(name: str) -> Step:
    return build_step(
        f"Do {name}: ", command.build_command("look", PATH(name)), document=PrintedDocument("json", "{}\n")
    )


def proposal(told: ProposalFacts) -> Proposal:
    return Proposal("0123456789ab", "a-rule", "fixbot/a-rule/0123456789ab", ("a",), ("b",), told)


@given(NASTY, st.text(_IN_PATHS, min_size=1, max_size=20), st.integers(1, 3))
def test_no_name_takes_effect_in_a_pull_request(name: str, path: str, count: int) -> None:
    words = render_proposal(proposal(story(name, f"a/{path}", count)), THERE)
    page = Page(words.body)
    assert not page.faults
    assert list(page.live()) == []
    assert page.elements.count("table") == 1
    assert page.rows == [3] * (count + 1)
    assert 5 <= page.elements.count("details") == words.body.count("<details>") <= 11
    assert page.elements[-1] == MARKER
    for link in page.links:
        assert link.startswith(LINKS)
        assert re.fullmatch(r"[\w%./~-]+#L\d+", link.removeprefix(LINKS), re.ASCII)
    whole = f"{words.title}\n{words.commit_message}"
    assert "\n" not in words.title
    assert len(words.title) <= LONGEST_TITLE
    assert not re.search(r"(?<!\w)@\w|#\d|\bGH-\d|://\S+/(?:issues|pull)/\d", whole, re.IGNORECASE)


@pytest.mark.parametrize("path", ["a b/c.yaml", "ä/ü.tf", "a/(b)#1?.json", "caf\udce9.yaml"])
def test_a_link_to_an_odd_path_leads_there(path: str) -> None:
    page = Page(render_body(story("web", path), "a-rule", "k", links=LINKS))
    found = next(iter(page.links)).removeprefix(LINKS).removesuffix("#L1")
    assert unquote(found, errors="surrogateescape") == path


@pytest.mark.parametrize(("name", "count"), [("x" * 3_000, 8), ("web", 5_000), ("y" * 400, 300)])
def test_a_text_is_cut_between_sections_and_says_so(name: str, count: int) -> None:
    text = render_body(story(name, "p" * 200 + "/b.yaml", count), "a-rule", "k", links=LINKS, marker=MARKER)
    page = Page(text)
    assert len(text) <= LONGEST
    assert not page.faults
    assert text.endswith(MARKER)
    if count == 5_000:
        assert f"and {count - 40} more" in page.cells


def test_what_was_cut_is_said_at_both_ends() -> None:
    told = story("web")
    long = PrintedDocument("yaml", "".join(f"key{n}: {'w' * 60}\n" for n in range(150)))
    steps = tuple(build_step(f"Do {number}:", document=long) for number in range(8))
    rows = (FixedFinding("i", "a-rule", "a", 1, "r", "s", gist="It is closed.", steps_before=steps),)
    text = render_body(ProposalFacts(told.concerns, rows), "a-rule", "k", marker=MARKER)
    assert len(text) <= LONGEST
    assert "\n\n*(This text is cut below" in text
    assert "It is closed." in text
    assert "`fixbot run` shows all of it" in text
    assert "<sub>" in text


def no_of(text: str) -> tuple[Ignore, ...]:
    """What the block that a body gives for saying no comes to when it is pasted."""
    block = text.partition("To say no for good")[2].partition("```yaml\n")[2].partition("  ```")[0]
    return parse_settings(Settings(), textwrap.dedent(block), ".fixbot.yml").ignore


def test_how_to_say_no_names_the_rule_the_file_and_the_resource() -> None:
    text = render_body(story("web", "a/b c.yaml"), "a-rule", "k")
    for line in ("ignore:", "  - rule: a-rule", "    path: a/b c.yaml", "    resource: task web0"):
        assert f"  {line}\n" in text
    assert "which covers" not in text


def test_how_to_say_no_to_many_says_what_that_covers() -> None:
    text = render_body(story("web", count=9), "a-rule", "k")
    assert "put this into `.fixbot.yml`, which covers all that these rules find in these files:" in text
    assert [(each.path, each.resource) for each in no_of(text)] == [("a/b.yaml", "")]
    rows = tuple(row for path in "abcdef" for row in story("web", f"deploy [x]/{path}.yaml").rows)
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k")
    assert "which covers all that these rules find below these folders, later too:" in text
    (wish,) = no_of(text)
    found = Suppressions((wish,), frozenset({"a-rule"}), date(2026, 1, 1))
    assert found.find_ignore("a-rule", "deploy [x]/z.yaml", 1, "any")
    assert not found.find_ignore("a-rule", "deploy x/z.yaml", 1, "any")
    rows = tuple(row for path in "abcdefgh" for row in story("web", f"{path}/x.yaml").rows)
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k")
    assert "later too (3 more folders are left out):" in text


ODD = st.text(st.sampled_from("ab/ .-_*?[]!\\#:'\"`|>&%@{}~,\u00e9\u202e\u200b$<"), min_size=1, max_size=12)
PATHS = ODD.filter(lambda path: not {"", ".", ".."} & set(path.split("/")))
NAMES = ODD | st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(PATHS, NAMES, PATHS, NAMES)
def test_what_a_body_says_no_to_is_that_one_thing(path: str, name: str, other: str, else_name: str) -> None:
    rows = tuple(replace(row, path=path, resource=name) for row in story("x").rows)
    text = render_body(ProposalFacts(story("x").concerns, rows), "a-rule", "k")
    wishes = no_of(text)
    if not wishes:
        assert "answer `i` in `fixbot run --review`" in text
        assert escape_hidden(path + name) != path + name or "\t" in path + name
        return
    found = Suppressions(wishes, frozenset({"a-rule"}), date(2026, 1, 1))
    assert found.find_ignore("a-rule", path, 1, name)
    assert (found.find_ignore("a-rule", path, 1, else_name) is not None) == (else_name == name)
    assert (
        found.find_ignore("a-rule", other, 1, name) is None or other == path or other.startswith(f"{path}/")
    )


def test_steps_that_differ_in_names_alone_are_one_for_all_of_these() -> None:
    def tag(*roles: str) -> Step:
        subjects = StepSubjects(tuple(map(mark_code, roles)), "the role", "the roles")
        return build_step("Tag ", subjects, " with ", build_command("aws", "iam", "tag-role"), ".")

    steps = tag("one"), build_step("Wait."), tag("two", "one"), tag("{names}")
    rows = (replace(story("web").rows[0], steps_before=steps),)
    text = render_body(ProposalFacts(story("web").concerns, rows), "a-rule", "k")
    told = "1. Tag the roles `one`, `two` and `{names}` with `aws iam tag-role`.\n2. Wait.\n"
    assert told in text
    assert [unpack_step(pack_step(each)) for each in steps] == list(steps)
