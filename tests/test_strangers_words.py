"""Any text in any name of any dialect is words and nothing more, wherever fixbot shows it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fixbot.actions.annotations import annotate_findings
from fixbot.actions.comment import MARK, render_comment
from fixbot.actions.pull_request_check import PullRequestCheck
from fixbot.actions.summary import SummaryPage, render_summary
from fixbot.cli.options import Format
from fixbot.fleet.html_page import render_html
from fixbot.fleet.merge import FleetReport, render_json
from fixbot.fleet.render_page import render_markdown, render_text
from fixbot.fleet.result_rows import FleetRow, RowState
from fixbot.model.findings import PullRequestRow, Report
from fixbot.proposal.pull_request_text import TextTarget, render_proposal
from fixbot.publish.pull_requests.state_block import StateBlock, read_state_block
from fixbot.report import html, markdown_report, sarif, text
from fixbot.report import json as for_machines
from fixbot.report.style import TerminalStyle
from fixbot.text.characters import escape_hidden, sanitize_lines
from tests.gfm import Page
from tests.strangers import FIXERS, NAMES, report

OURS = {"h1", "h2", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "span"}
OURS |= {"details", "summary", "ul", "ol", "li", "a", "sub"}
MARK_OF_OURS = StateBlock("0123456789ab", "rule", ("f1",))
_TRAILER = re.compile(r"[\s|*]*(?:[A-Za-z][\w-]*\s?:|BREAKING[ -]CHANGE|#|-{3}|diff -|From )")
_LIVE = (
    r"(?<!\w)@\w", r"\w@[0-9a-f]{7,40}\b", r"#\w", r"\bGH-\d", r"https?://", r"\bwww\.\w", r"ftp://",
    r"\*\*\*", r"\[[\s\w:-]*[^\W\d_][\s\w:-]*\]",
)  # fmt: skip

given_any_name = given(NAMES, st.booleans())
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def hidden(line: str) -> bool:
    return escape_hidden(line) != line


def faults(source: str, links: str, *, comments: tuple[str, ...] = ()) -> list[str]:
    """What is in a page that GitHub makes of Markdown beside words and ours."""
    page = Page(source)
    found = [*page.faults, *page.live()]
    found += [each for each in page.elements if each not in OURS and each not in comments]
    found += [target for target in page.links if not re.fullmatch(links, target)]
    found += [line for line in source.split("\n") if hidden(line)]
    if "<!-- fixbot" in source.replace(comments[0] if comments else "\0", ""):
        found.append("a forged mark")
    return found


def all_of(found: Report) -> PullRequestCheck:
    """A check that has everything to say."""
    return PullRequestCheck(
        found.findings, found.unread, found.unread, tuple(each.resource for each in found.findings)
    )


@few
@given_any_name
@example("a` b @octocat #12 [skip ci] `c", True)
def test_in_a_pull_request(name: str, in_folders: bool) -> None:
    for proposal in report(name, in_folders=in_folders).proposals:
        words = render_proposal(proposal, TextTarget(marker=str(MARK_OF_OURS)))
        assert faults(words.body, r"(?!\w+:)[^\s:]+#L\d+", comments=(str(MARK_OF_OURS),)) == []
        assert read_state_block(words.body) == MARK_OF_OURS
        assert read_state_block(render_proposal(proposal).body) is None
        ours = re.findall(r"(?m)^ *<details>", words.body)  # within a fence a name may say the same
        assert Page(words.body).elements.count("details") == len(ours)
        first, blank, *rest = words.commit_message.split("\n")
        assert (first, blank) == (words.title, "")
        for pattern in _LIVE:
            assert not re.search(pattern, words.title), pattern
            assert not re.search(pattern, "\n".join(line for line in rest if line[:2] != "  ")), pattern
        trailers = words.commit_message[words.commit_message.rindex("\n\n") :].split()
        assert trailers[::2] == ["Rule:"] * (len(trailers) // 2 - 1) + ["Fixbot-Key:"]
        assert not [
            line for line in rest[: -len(trailers) // 2 - 1] if _TRAILER.match(line) and line[:2] != "  "
        ]
        assert not [line for line in (first, *rest) if hidden(line)]
        assert not re.search(r"(?i)\[\s*(?:skip|no|ci|actions)\s+(?:skip|ci|actions)\s*\]", words.body)


@few
@given_any_name
def test_on_a_terminal_and_in_a_log(name: str, in_folders: bool) -> None:
    found = report(name, in_folders=in_folders)
    for out in (text.render_run(found, TerminalStyle()), text.render_scan(found, TerminalStyle())):
        assert not [line for line in out.split("\n") if hidden(line)]
        printed = sanitize_lines(out)
        assert not re.search(r"##\w*\[|^\s*::", printed, re.MULTILINE)
    for line in annotate_findings(all_of(found), (name,)):
        assert re.match(r"::(?:error|warning|notice) ", line)
        assert line.count("\n") == 1
        assert not hidden(line[:-1])


@few
@given_any_name
def test_on_pages_of_github(name: str, in_folders: bool) -> None:
    found = report(name, in_folders=in_folders)
    assert faults(markdown_report.render_markdown(found), "(?!)") == []
    assert (
        faults(render_summary(SummaryPage(found, all_of(found), (name, f"It ran on {name}."))), "(?!)") == []
    )
    said = render_comment(found, all_of(found))
    assert faults(said, "(?!)", comments=(MARK,)) == []
    assert said.startswith(MARK)


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append((f"<!--{data}-->", {}))


def html_faults(page: str) -> list[object]:
    faults: list[object] = [line for line in page.split("\n") if hidden(line)]
    scripts = 0
    for tag, attributes in Elements(page).found:
        scripts += tag in {"script", "style"}
        if tag.startswith("<!--") or tag in {"img", "iframe", "object", "embed", "form" * 2, "base", "svg"}:
            faults.append(tag)
        for key, value in attributes.items():
            if key.startswith("on") or key in {"src", "style", "srcdoc", "action", "formaction"}:
                faults.append((tag, key, value))
            if key == "href" and not re.match(r"#|data:,$|https://", value or ""):
                faults.append((tag, key, value))
    return faults if scripts <= 2 else [*faults, scripts]


@few
@given_any_name
def test_in_a_browser(name: str, in_folders: bool) -> None:
    assert html_faults(html.render_html(report(name, in_folders=in_folders), name)) == []


@few
@given_any_name
def test_for_machines(name: str, in_folders: bool) -> None:
    found = report(name, in_folders=in_folders)
    for out in (for_machines.render_json(found), sarif.render_sarif(found, FIXERS)):
        assert not [line for line in out.split("\n") if hidden(line)]
        assert sanitize_lines(out) == out
    data = json.loads(for_machines.render_json(found))
    assert [each["path"] for each in data["findings"]] == [each.path for each in found.findings]
    assert [each["resource"] for each in data["findings"]] == [each.resource for each in found.findings]
    (run,) = json.loads(sarif.render_sarif(found, FIXERS))["runs"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert [unquote_to_bytes(each).decode() for each in uris] == [each.path for each in found.findings]
    assert all(re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", each) for each in uris)
    assert not [each for each in run["results"] if "](" in each["message"]["text"]]


@given(NAMES)
def test_of_a_fleet(name: str) -> None:
    pull = PullRequestRow("open", "waits", name, name, name, number=1)
    row = FleetRow("acme/shop", "id", RowState.FAILED, trouble=name, severities={"high": 1}, pulls=(pull,))
    whole = FleetReport("2026-11-30", "basis", 1, (row,), (), ("acme/web",), (), (name,))
    assert faults(render_markdown(whole), "(?!)") == []
    assert html_faults(render_html(whole)) == []
    assert not [line for line in render_text(whole).split("\n") if hidden(line)]
    out = render_json(whole)
    assert not [line for line in out.split("\n") if hidden(line)]
    assert json.loads(out)["rows"][0]["trouble"] == name


def test_the_reader_of_these_tests_sees_what_is_live() -> None:
    bad = "a @octocat [x](https://evil.example) <img src=x> <!-- fixbot {} --> \u202e"
    assert len(faults(bad, "(?!)")) >= 5
    assert html_faults('<a href="javascript:1" onclick="x">a</a><img src="x"><!-- a -->')
    assert Format.HTML.value == "html"


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_report_is_a_report(form: str) -> None:
    found: Report = report("web")
    assert "web" in (
        text.render_run(found, TerminalStyle()) if form == "text" else markdown_report.render_markdown(found)
    )
