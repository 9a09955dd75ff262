"""The page as text: what it says, and that nothing from a file can be more than words in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from fixbot.cli.options import Format
from fixbot.edit.diff import unified_diff
from fixbot.edit.edited_text import replace_whole
from fixbot.model.findings import LeftOutBySettings, Severity, Status
from fixbot.model.proposal_facts import ProposalFacts
from fixbot.report.html import render_html
from fixbot.report.html.markup import escape_text, render_element, render_sentence
from fixbot.report.html.posture import framework_of, name_service
from fixbot.report.html.prose import ProseBlock, ProseRenderer, split_blocks
from fixbot.report.html.sides import render_tables
from tests.hub_runs import NAME, pod, world
from tests.report_samples import PULLS, SECRET, finding, nothing, sample, spoiled

VOID = {"meta", "link", "input", "br", "hr"}
HOSTILE = (
    "<script>alert(1)</script>",
    "</style></script><script>",
    "\"' onmouseover=alert(1) x='",
    "<!-- ",
    "]]>",
    "&lt;b&gt;",
    "\u202egnp.exe\u2066",
    "\x00\x1b[31m\r\n\x7f",
    "a\udcffb",
    "x" * 100_000,
    "<details><summary>x</summary>\n\n<b>\n\n</details>",
)


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    words: str = ""
    inner: list[Element] = field(default_factory=list)

    def all(self, *names: str) -> Iterator[Element]:
        for each in self.inner:
            if each.name in names:
                yield each
            yield from each.all(*names)

    def everything(self) -> Iterator[Element]:
        for each in self.inner:
            yield each
            yield from each.everything()

    @property
    def text(self) -> str:
        return self.words


class Reader(HTMLParser):
    """Reads a page into elements, and fails where one isn't closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inner.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for each in self.open:
            each.words += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")


def read(page: str) -> Element:
    reader = Reader()
    reader.feed(page)
    reader.close()
    (top,) = reader.open
    return top


def with_rows(story: ProposalFacts, **changes: object) -> ProposalFacts:
    return replace(story, rows=tuple(replace(row, **changes) for row in story.rows))  # type: ignore[arg-type]


def test_every_finding_stands_in_it_once_under_its_own_address() -> None:
    report = sample()
    rows = [each for each in read(render_html(report)).all("tr") if "id" in each.attributes]
    assert sorted(each.attributes["id"] for each in rows) == sorted(each.id for each in report.findings)
    by_id = {each.attributes["id"]: each.text for each in rows}
    for each in report.findings:
        assert f"{each.path}:{each.line}" in by_id[each.id]
        assert each.resource in by_id[each.id]


def test_it_says_what_was_left_alone_and_why_what_was_ignored_and_what_was_not_read() -> None:
    page = read(render_html(sample(), "shop"))
    said = {each.attributes["id"]: each.text for each in page.all("section") if "id" in each.attributes}
    assert "Its eBPF mode does not: driver.kind=modern_ebpf." in said["refused"]
    assert said["refused"].count("k8s/falco-") == 12
    assert 'the statement allows "*"; narrow it first' in said["manual"]
    assert "the driver needs it" in said["suppressed"]
    assert "a Helm template30 places" in said["unread"]
    assert "odd\\n\\x1b[31mname.yaml:3" in said["unread"]
    assert next(page.all("title")).text == "fixbot report: shop"


def test_it_names_what_the_settings_left_out() -> None:
    left = LeftOutBySettings(rules=("secret-in-environment",), exclude=("old/<b>",), files=2)
    (header,) = read(render_html(replace(sample(), left_out=left), "shop")).all("header")
    assert "Rules that are off: secret-in-environment." in header.text
    assert "2 files left out by exclude old/<b>." in header.text


def test_it_counts_by_service() -> None:
    page = read(render_html(sample()))
    rows = {each.inner[0].text: each for each in next(page.all("tbody")).all("tr")}
    numbers = {name: [cell.text for cell in row.all("td")] for name, row in rows.items()}
    # Critical, high, medium, low; fix proposed, left alone, for a person, ignored.
    assert numbers["task ordersdeploy"] == ["1", "1", "0", "0", "2", "0", "0", "0"]
    assert numbers["DaemonSet falcok8s"] == ["0", "12", "0", "0", "0", "12", "0", "0"]
    total = [cell.text for cell in next(page.all("tfoot")).all("td")]
    assert total == ["1", "13", "1", "0", "2", "12", "1", "1"]


def test_controls_are_sorted_into_frameworks() -> None:
    said = {
        "ECS.5": "AWS Security Hub",
        "CIS Compute 3.10": "CIS Compute",
        "CIS EKS 4.2.1": "CIS EKS",
        "NIST 800-190 4.4.3": "NIST 800-190",
        "house rule": "Other",
    }
    assert {control: framework_of(control) for control in said} == said
    report = sample()
    some = tuple(
        finding(n, "r", "a.json", n, controls=(control,))
        for n, control in enumerate([*said, "CIS Compute 3.9"])
    )
    page = read(render_html(replace(report, findings=some, proposals=())))
    (controls,) = (each for each in page.all("section") if each.attributes.get("id") == "controls")
    assert [each.text for each in controls.all("h3")] == sorted(set(said.values()))
    assert controls.text.index("3.9") < controls.text.index("3.10")


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("task web, container app", "task web"),
        ("task web, init container app", "task web"),
        ("policy a, b, statement #1", "policy a, b"),
        ("Secret x", "Secret x"),
    ],
)
def test_a_service_is_the_outermost_name(resource: str, said: str) -> None:
    assert name_service(finding(1, "r", "a", 1, resource=resource)) == said


def test_no_secret_is_in_it() -> None:
    page = render_html(sample())
    assert SECRET not in page
    assert "••••••" in page


def test_its_policy_lets_its_own_style_and_script_run_and_nothing_else() -> None:
    page = read(render_html(sample()))
    (policy,) = (each.attributes["content"] for each in page.all("meta") if "http-equiv" in each.attributes)
    for name, words in (("style", "style-src"), ("script", "script-src")):
        (inline,) = page.all(name)
        digest = base64.b64encode(hashlib.sha256(inline.text.encode()).digest()).decode()
        assert f"{words} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in re.sub(r"sha256-\S+", "", policy)


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_file_is_called_its_name_is_only_words(word: str) -> None:
    report = sample()
    findings = tuple(
        replace(
            each,
            path=word,
            resource=word,
            message=word,
            reason=each.reason and word,
            controls=(word,),
            rule=word,
        )
        for each in report.findings
    )
    effect = f"{word}\n\n- {word}\n\n# {word}\n\n**{word}**"
    proposals = tuple(
        replace(each, rule=word, branch=word, diff=unified_diff(replace_whole(word, f"{word}\n",
        f"{word}{word}\n")),
                story=with_rows(spoiled(each.story, word), effect=effect))
        for each in report.proposals
    )  # fmt: skip
    unread = tuple(replace(each, path=word, reason=word) for each in report.unread)
    pulls = tuple(
        replace(each, deed=word, why=word, branch=word, title=title, url=url, severity=word)
        for each in PULLS
        for title, url in ((word, word), ("", f"javascript:{word}"))
    )
    page = render_html(
        replace(report, findings=findings, proposals=proposals, unread=unread, pulls=pulls), word
    )
    page.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2066]", page)
    top = read(page)
    names = {each.name for each in top.everything()}
    assert names <= {each.name for each in read(render_html(sample())).everything()} | {
        "ul",
        "ol",
        "li",
        "pre",
        "strong",
        "em",
        "h5",
        "ins",
        "del",
    }
    assert len(list(top.all("script"))) == 1
    for each in top.everything():
        assert not any(name.startswith("on") or name == "style" for name in each.attributes)
        assert each.attributes.get("href", "#").startswith(("#", "data:,"))


def test_a_proposals_text_is_markdown_and_no_more() -> None:
    prose = ProseRenderer({"iam/a.json#L3": "id9"})
    page = prose.render_blocks(
        split_blocks(
            "**What you will notice.** `a` <b>x</b>\n\n"
            "[out](https://example.org/?a=1&b=2) [in](iam/a.json#L3) [file](other.json#L1) "
            "[bad](javascript:alert(1)) [worse](data:text/html,x) ![pic](https://example.org/x.png)\n\n"
            "### Deep\n\n| | before |\n|---|---|\n| `x` | y |\n\n"
            "<details><summary>More</summary>\n\n- one\n\n</details>\n\n"
            "ECS.5 — <sub>fixbot 0 · rule · key k</sub>"
        )
    )
    top = read(page)
    assert [each.attributes for each in top.all("a")] == [
        {"href": "https://example.org/?a=1&b=2", "rel": "noopener noreferrer"},
        {"href": "#id9"},
        {},
        {"href": "https://example.org/x.png", "rel": "noopener noreferrer"},
    ]
    assert not list(top.all("h3", "img", "b", "sub"))
    assert [each.text for each in top.all("th")] == ["what", "before"]
    assert next(top.all("details")).text == "More\none\n\n"
    assert "<b>x</b>" in top.text
    assert "key k" not in top.text


def test_a_body_is_cut_into_what_stands_by_itself() -> None:
    body = "**A.** one\n\n**B.**\n\n- x\n- y\n\n<details><summary>C</summary>\n\nz\n\n</details>"
    assert split_blocks(body) == (
        ProseBlock("**A.** one"),
        ProseBlock("**B.**\n\n- x\n- y"),
        ProseBlock("z", "C"),
    )


def test_what_no_bold_word_opens_belongs_to_what_is_above_it() -> None:
    code = "```sh\n\n**D.** <details><summary>x</summary>\n\n</details>\n| a |\n|---|\n```"
    table = "| | before |\n|---|---|\n| x | **y** |"
    body = (
        f"One.\n\n**A.** two\n\n- x\n\n{code}\n\n{table}\n\n1. step\n\n   **E.** of it\n\n"
        f"<details><summary>F</summary>\n\n**G.** z\n\n{table}\n\n</details>\n\n*(Cut here.)*\n\n"
        "ECS.5 — <sub>fixbot</sub>"
    )
    assert split_blocks(body) == (
        ProseBlock("One."),
        ProseBlock(f"**A.** two\n\n- x\n\n{code}"),
        ProseBlock(f"{table}\n\n1. step\n\n   **E.** of it", table=True),
        ProseBlock(f"**G.** z\n\n{table}", "F"),
        ProseBlock("*(Cut here.)*"),
    )


def test_the_evidence_stands_above_the_diff_and_the_rest_of_the_text_below() -> None:
    report = sample()
    story = with_rows(report.proposals[1].story, unknown="Who writes there.", notes=("Mind the gap.",))
    page = read(render_html(replace(report, proposals=(replace(report.proposals[1], story=story),))))
    (proposal,) = (each for each in page.all("details") if "proposal" in each.attributes["class"])
    above = ["What changes", "How to undo", "task.json:5", "readonlyRootFilesystem"]
    words = [*above, "besides", "stays writable", "Who writes", "the gap"]
    order = [proposal.text.index(each) for each in words]
    assert order == sorted(order)


def test_what_all_proposals_of_a_rule_say_is_said_once() -> None:
    report = sample()
    first = report.proposals[0]
    story = with_rows(first.story, effect="a thing", unknown="because", notes=("only here",))
    one = replace(first, story=story)
    two = replace(one, key="k9", story=with_rows(story, notes=()), findings=())
    page = read(render_html(replace(report, proposals=(one, two))))
    (section,) = (each for each in page.all("section") if each.attributes.get("id") == "proposals")
    assert section.text.count("because") == 1
    assert section.text.count("a thing") == 1
    assert section.text.count("What changes:") == 2, "the five lines stand in each"
    assert section.text.count("only here") == 1
    common = next(each for each in section.all("div") if each.attributes["class"] == "common").text
    assert "because" in common
    assert "only here" not in common


BEFORE = "a\nb\n  keep: false\nd\ne\nf\ng\nh\ni\nj\nlast"
AFTER = "a\nb\n  keep: true\nnew <b>\nd\ne\nf\ng\nh\ni\nlast\n"


def test_before_and_after_can_be_read_back_from_the_two_sides() -> None:
    rows = [
        each.inner
        for each in next(
            read(render_tables(unified_diff(replace_whole("x.yaml", BEFORE, AFTER)))).all("tbody")
        ).all("tr")
    ]
    whole = [cells for cells in rows if len(cells) == 4]
    for side, lines in ((0, BEFORE.split("\n")), (2, AFTER.split("\n"))):
        numbered = {int(cells[side].text): cells[side + 1].text for cells in whole if cells[side].text}
        assert numbered == {number: lines[number - 1] for number in numbered}
    changed = [cells for cells in whole if "o" in cells[1].attributes.values()]
    assert next(changed[0][1].all("del")).text == "false"
    assert next(changed[0][3].all("ins")).text == "true"
    assert [cells[0].text for cells in rows if "No" in cells[0].text] == ["No newline at end of file"]


def test_a_new_file_says_so_and_a_long_line_is_cut_where_it_differs() -> None:
    table = read(render_tables(unified_diff(replace_whole("n.tf", None, "x\n"))))
    assert next(table.all("caption")).text == "n.tf (a new file)"
    old, new = (f"{'k' * 5000}{each}{'z' * 5000}" for each in ("before", "after"))
    page = render_tables(unified_diff(replace_whole("long.json", f"{old}\n", f"{new}\n")))
    assert len(page) < 2_000
    assert "before" in page
    assert render_tables(unified_diff(replace_whole("empty", None, ""))) != ""


def test_headings_are_in_order_and_every_table_has_a_head() -> None:
    page = read(render_html(sample()))
    levels = [int(each.name[1]) for each in page.all("h1", "h2", "h3", "h4", "h5")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    for table in page.all("table"):
        assert all(each.attributes["scope"] in {"col", "row"} for each in table.all("th"))
        assert list(table.all("thead"))
    ids = [each.attributes["id"] for each in page.everything() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    targets = {
        each.attributes["href"][1:] for each in page.all("a") if each.attributes["href"].startswith("#")
    }
    assert targets <= set(ids)


def test_what_became_of_pull_requests_stands_first() -> None:
    page = read(render_html(replace(sample(), pulls=PULLS)))
    section = next(page.all("section"))
    assert section.attributes["id"] == "pulls"
    assert next(section.all("p")).text == "2 done on GitHub, 1 waiting."
    rows = [[cell.text for cell in each.inner] for each in next(section.all("tbody")).all("tr")]
    assert rows == [
        ["opened", "#12 Take DB_PASSWORD of orders out of the file", "critical", ""],
        ["closed", "#7 Pin the image of web", "", "nothing of it is left to repair"],
        ["left", "#9 Drop ALL of api", "", "closed by anna, so it is not asked again"],
        ["waits", "Make the root filesystem of orders read-only", "high", "comes with the next run"],
    ]
    hrefs = [each.attributes["href"] for each in section.all("a")]
    assert hrefs == [
        "https://github.com/shop/deploy/pull/12", "#proposal-k2",
        "https://github.com/shop/deploy/pull/7", "https://github.com/shop/deploy/pull/9", "#proposal-k1",
    ]  # fmt: skip
    assert next(page.all("nav")).text.startswith("Pull requests 4")


def test_a_run_that_touched_no_pull_request_says_so() -> None:
    section = next(read(render_html(replace(nothing(), pulls=()))).all("section"))
    assert section.text == "Pull requests 0Nothing was to be done on GitHub."


def test_the_page_of_a_repository_on_github_bears_its_name(tmp_path: Path) -> None:
    with world(tmp_path, {"deploy/api.yaml": pod("api")}) as shop:
        file = tmp_path / "report.html"
        assert shop.run(format=Format.HTML, output=file) == 0
        page = read(file.read_text(encoding="utf-8"))
        assert next(page.all("title")).text == f"fixbot report: {NAME}"
        (number,) = (each.number for each in shop.ours())
        (link,) = (each for each in page.all("a") if each.text == f"#{number}")
        assert link.attributes["href"] == f"{shop.server.server_url}/{NAME}/pull/{number}"
        shop.run(format=Format.HTML, output=file, pr=False)
        assert "Pull requests" not in [each.text for each in read(file.read_text(encoding="utf-8")).all("h2")]


def test_a_run_that_found_nothing_is_a_page_as_well() -> None:
    page = read(render_html(nothing(files_listed=3)))
    assert "No service has findings in what was read." in page.text
    assert "There is nothing to propose." in page.text
    assert {each.attributes.get("id") for each in page.all("section")} == {"posture", "proposals", "guide"}


def test_a_fix_that_is_in_no_proposal_is_not_lost() -> None:
    page = read(render_html(replace(sample(), proposals=())))
    assert [each.text for each in page.all("h2")][2] == "Fixed, in no proposal 2"


def test_the_filter_offers_what_is_there() -> None:
    page = read(render_html(sample()))
    choices = {each.attributes["id"]: [one.text for one in each.all("option")] for each in page.all("select")}
    assert choices["filter-severity"] == ["any", "critical", "high", "medium"]
    assert choices["filter-status"] == [
        "any",
        "Fix proposed",
        "Left alone",
        "For a person",
        "Ignored",
        "Not read",
    ]
    assert len(choices["filter-rule"]) == 5


def test_seven_hundred_proposals_make_a_page_that_opens() -> None:
    report = sample()
    one = report.proposals[0]
    many = tuple(
        replace(one, key=f"k{n}", findings=(f"id{n}",), story=with_rows(one.story, subject=f"thing {n}"))
        for n in range(700)
    )
    found = tuple(
        finding(n, "secret-in-environment", f"d{n}/task.json", n, severity=Severity.LOW, status=Status.FIXED)
        for n in range(700)
    )
    page = render_html(replace(report, proposals=many, findings=found))
    assert len(page) < 7_000_000


def test_words_become_markup_only_when_they_are_escaped() -> None:
    assert (
        render_element("p", "<i>", render_element("b", "&"), title='"<')
        == '<p title="&quot;&lt;">&lt;i&gt;<b>&amp;</b></p>'
    )
    assert escape_text("a\u200bb") == "a\\u200bb"
    assert render_sentence("use `a<b` and ``c`d``, not `e") == (
        "use <code>a&lt;b</code> and <code>c`d</code>, not `e"
    )
