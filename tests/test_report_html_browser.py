"""The page in a real browser: read, filtered, walked through by keys, in the dark, on a phone, on paper."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from fixbot.report.html import render_html
from tests.browser import ENTER, ESCAPE, TAB, Browser, browser
from tests.report_samples import PULLS, sample, spoiled

ROOT = Path(__file__).parent.parent
TITLES = ".proposal > summary h4"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a real run on the project's own examples."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    apart = file.with_name("settings.yml")
    apart.write_text("pull_requests: {group: folder}\n")
    words = [
        "run",
        "examples",
        "--no-cache",
        "--config",
        str(apart),
        "--format",
        "html",
        "--output",
        str(file),
    ]
    subprocess.run([sys.executable, "-m", "fixbot", *words], cwd=ROOT, check=True, capture_output=True)
    return file.as_uri()


@pytest.fixture
def page(window: Browser, address: str) -> Iterator[Browser]:
    window.scripts(on=True)
    window.look()
    window.open(address)
    yield window
    assert window.complaints() == []


@pytest.fixture
def odd(window: Browser, tmp_path: Path) -> Browser:
    """A page with every kind of section, and names that want to break it."""
    name = (
        "<script>document.title = 'broken'</script>\"'><img src=x onerror=alert(1)>\u202e\x1b[31m"
        + "x" * 3000
    )
    report = sample()
    findings = tuple(replace(each, resource=name, path=f"{name}/{each.path}") for each in report.findings)
    text = f"{name}\n\n[x](javascript:alert(1))\n\n| | {name} |\n|---|---|\n| a | b |"
    proposals = tuple(replace(each, story=spoiled(each.story, text)) for each in report.proposals)
    pulls = tuple(replace(each, title=name, why=name, url="javascript:alert(1)") for each in PULLS)
    file = tmp_path / "odd.html"
    report = replace(report, findings=findings, proposals=proposals, pulls=pulls)
    file.write_text(render_html(report, name), encoding="utf-8")
    window.scripts(on=True)
    window.look()
    window.open(file.as_uri())
    return window


def background(page: Browser) -> str:
    return str(page.ask("getComputedStyle(document.body).backgroundColor"))


def test_it_opens_without_a_word_on_the_console_and_asks_for_nothing(page: Browser, address: str) -> None:
    page.asked_for()
    page.open(address)
    asked = page.asked_for()
    assert [each for each in asked if not each.startswith(("about:", "data:"))] == [address]
    assert page.driver.title == "fixbot report: examples"
    assert len(page.seen(TITLES)) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_people_out(page: Browser, scheme: str, width: int) -> None:
    page.look(width=width, scheme=scheme)
    page.one("#unfold").click()
    assert page.barriers() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_keep_nobody_out_and_do_nothing(odd: Browser, scheme: str) -> None:
    odd.look(scheme=scheme)
    assert odd.complaints() == []
    assert odd.driver.title.startswith("fixbot report: <script>")
    assert odd.barriers() == []
    assert odd.ask("document.querySelectorAll('main script, main img, [onerror]').length") == 0
    assert "alert" not in str(odd.ask("[...document.links].map((each) => each.getAttribute('href')).join()"))


def test_it_is_dark_where_the_system_is_and_where_it_is_asked_to_be(page: Browser) -> None:
    light = background(page)
    page.look(scheme="dark")
    dark = background(page)
    assert light != dark
    page.one("#colours-light").click()
    assert background(page) == light
    page.look(scheme="light")
    page.one("#colours-dark").click()
    assert background(page) == dark


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_at_the_side(page: Browser, width: int) -> None:
    page.look(width=width)
    page.one("#unfold").click()
    assert page.ask("document.scrollingElement.scrollWidth") <= width


def test_a_long_name_does_not_stick_out_either(odd: Browser) -> None:
    odd.look(width=390)
    assert odd.ask("document.scrollingElement.scrollWidth") <= 390


def test_before_and_after_stand_side_by_side_and_on_a_phone_below_each_other(page: Browser) -> None:
    place = (
        "(() => {{ const r = document.querySelector('{}').getBoundingClientRect(); return [r.x, r.y] }})()"
    )
    old, new = place.format("tr.c > td.o:nth-child(2)"), place.format("tr.c:has(.o) > td.p")
    (x, y), (other_x, other_y) = page.ask(old), page.ask(new)
    assert y == other_y
    assert other_x > x + 300
    page.look(width=390)
    (x, y), (other_x, other_y) = page.ask(old), page.ask(new)
    assert x == other_x
    assert other_y > y


def test_the_filter_keeps_what_is_asked_for(page: Browser) -> None:
    page.one("#filter-rule").send_keys("privileged-container")
    assert len(page.seen(TITLES)) == 1
    assert page.seen("h3 code") == ["privileged-container"] * 2
    page.one("#filter-status").send_keys("Left alone")
    assert page.seen(TITLES) == []
    assert page.one("#shown").text == "1 of 16 places shown"
    page.one("[type=reset]").click()
    assert len(page.seen(TITLES)) == 12
    page.one("#filter-severity").send_keys("critical")
    assert "Not read 2" not in page.seen("h2")
    assert len(page.seen(TITLES)) == 5


def test_the_filter_finds_text_and_says_so_aloud(page: Browser) -> None:
    page.one("#filter-text").send_keys("ORDERS-api")
    assert page.one("#shown").text == "3 of 16 places shown"
    assert all("orders-api" in each for each in page.seen(TITLES))
    page.press(ESCAPE)
    assert len(page.seen(TITLES)) == 12
    page.one("#filter-text").send_keys("no such thing")
    assert page.seen("main h2") == ["Posture by service", "Controls by framework", "How to use this page"]


def test_a_service_and_a_control_are_ways_into_the_filter(page: Browser) -> None:
    seekers = {each.text: each for each in page.all(".seek")}
    seekers["task orders-api"].click()
    assert page.one("#shown").text == "3 of 16 places shown"
    seekers["ECS.8"].click()
    assert page.one("#filter-text").get_attribute("value") == "ECS.8"
    assert len(page.seen(TITLES)) == 3


def test_keys_walk_from_proposal_to_proposal(page: Browser) -> None:
    titles = page.seen(TITLES)
    page.press("j", "j")
    assert titles[1] in page.focused()
    page.press("k")
    assert titles[0] in page.focused()
    assert page.ask("document.activeElement.matches(':focus-visible')")
    before = page.all(".proposal")[0].get_attribute("open")
    page.press(ENTER)
    assert page.all(".proposal")[0].get_attribute("open") != before
    page.press("/")
    assert page.focused() == "filter-text"
    page.press("j")
    assert page.one("#filter-text").get_attribute("value") == "j", "in a field a letter is a letter"


def test_keys_pass_over_what_the_filter_hides(page: Browser) -> None:
    page.one("#filter-text").send_keys("worker")
    (one, two) = page.seen(TITLES)
    page.one("#unfold").click()
    page.press("j", "j", "j")
    assert two in page.focused()
    page.press("k", "k", "k")
    assert one in page.focused()


def test_the_keys_are_explained_and_can_be_turned_off(page: Browser) -> None:
    page.press("?")
    assert "the next proposal" in page.one("dialog").text
    page.press(ESCAPE)
    assert not page.one("dialog").is_displayed()
    page.one("#single").click()
    page.press("j")
    assert page.focused() == "single"


def test_the_first_tab_leads_past_the_head(page: Browser) -> None:
    page.press(TAB)
    assert page.focused() == "Skip to the report"
    assert page.one(".skip").rect["x"] >= 0
    page.press(ENTER)
    assert page.focused() == "report"


def test_a_link_to_a_finding_leads_into_what_is_folded(page: Browser, address: str) -> None:
    page.one("#fold").click()
    target = page.all(".proposal tr[data-severity]")[-1]
    assert not target.is_displayed()
    number = target.get_attribute("id")
    page.open(f"{address}#{number}")
    assert page.one(f"[id='{number}']").is_displayed()
    page.open(address)
    page.one("#filter-text").send_keys("no such thing")
    page.ask(f"void (location.hash = '{number}')")
    page.wait_for(f":target[id='{number}']")
    assert page.one("#filter-text").get_attribute("value") == ""


def test_it_is_whole_without_scripts(page: Browser, address: str) -> None:
    page.scripts(on=False)
    page.open(address)
    assert page.seen("#filter, .scripted, dialog, .seek") == []
    assert len(page.seen(TITLES)) == 12
    folded = page.one(".folded > summary")
    folded.click()
    assert "Whose duty" in page.one(".folded").text
    light = background(page)
    page.one("#colours-dark").click()
    assert background(page) != light


@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_everything_is_unfolded_and_nothing_can_be_clicked(
    page: Browser, address: str, *, scripts: bool
) -> None:
    page.scripts(on=scripts)
    page.look(scheme="dark")
    page.open(address)
    for each in page.all(".proposal > summary")[:3]:
        each.click()
    data = page.tell("Page.printToPDF", {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69})
    pdf = PdfReader(io.BytesIO(base64.b64decode(data["data"])))
    text = unicodedata.normalize("NFKC", " ".join(each.extract_text() for each in pdf.pages))
    words = " ".join(text.split())
    assert "none new." in words
    assert "from the secret that RDS keeps for Db" in words
    for control in ("Show all", "As the system", "Skip to the report"):
        assert control not in words
    assert len(pdf.pages) < 40


def test_seven_hundred_proposals_open_at_once(window: Browser, tmp_path: Path) -> None:
    report = sample()
    one = report.proposals[0]
    (row,) = one.story.rows
    stories = (replace(one.story, rows=(replace(row, subject=f"thing {n}"),)) for n in range(700))
    many = tuple(replace(one, key=f"k{n}", findings=(), story=each) for n, each in enumerate(stories))
    file = tmp_path / "many.html"
    file.write_text(render_html(replace(report, proposals=many)), encoding="utf-8")
    window.look()
    window.open(file.as_uri())
    timing = "performance.getEntriesByType('navigation')[0]"
    assert window.ask(f"{timing}.domComplete - {timing}.responseEnd") < 5_000
    assert window.ask("document.querySelectorAll('.proposal').length") == 700
