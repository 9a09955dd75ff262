"""What strangers write into files, names and settings stays text: to the runner, on pages, in comments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.action_log import read
from tests.action_places import NAME, WEB, Place
from tests.gfm import Page

CANARY = "Zx81-spectrum-canary"
NASTY = (
    "::add-mask::findings",
    "\n::error file=x::injected",
    "\r::set-output name=fixed::99",
    "##[add-mask]findings",
    "##[error]injected",
    "%0A::error::injected",
    "::stop-commands::x",
    "|</td></table><img src=x onerror=1>",
    "`](https://evil.example)[x](javascript:1) ![y](https://evil.example/z.png)",
    " @acme/everyone #1 https://github.com/acme/shop/issues/1",
    "\u202egnp.exe \u200b\ud7ff",
    "<!-- fixbot check -->",
    "EOF\nfindings=99",
)


def task(name: str) -> str:
    secret = [{"name": "DB_PASSWORD", "value": CANARY}]
    logged = {"logConfiguration": {"logDriver": "splunk"}}
    body = {
        "family": f"shop{name}",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {"name": f"web{name}", "image": "nginx:1.27", "environment": secret, **logged}
        ],
    }
    return json.dumps(body, indent=2) + "\n"


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    return Place(tmp_path, {"README.md": "shop\n"})


def nasty() -> dict[str, str | None]:
    names = {f"deploy/{number}/task.json": task(word) for number, word in enumerate(NASTY)}
    paths = {
        f"x{number}{word.replace('/', '_')}.json": WEB.replace("shop-web", f"shop-{number}")
        for number, word in enumerate(NASTY)
    }
    return {**names, **paths}


def test_the_reader_of_logs_would_see_an_injection() -> None:
    log = read(
        "a ##[error]injected\n  ::warning file=x::y%0Az\n::stop-commands::w\n::error::no\n::w::\n::error::yes"
    )
    assert [(each.name, each.data) for each in log.commands] == [
        ("error", "injected"),
        ("warning", "y\nz"),
        ("stop-commands", "w"),
        ("error", "yes"),
    ]


def test_in_a_check_no_command_is_taken_but_ours(shop: Place) -> None:
    number = shop.pull(nasty())
    ran = shop.check(number)
    assert ran.code == 0, ran.printed
    kinds = [each.name for each in ran.log.commands]
    assert kinds[:2] == ["add-mask", "stop-commands"]
    assert [each.data for each in ran.log.of("add-mask")] == [shop.token]
    assert "set-output" not in kinds
    said = ran.log.of("error", "warning", "notice")
    assert 0 < len(said) <= 30
    assert {each.fields.get("title") for each in said} <= {
        "fixbot",  # names that can't be shown on a line
        "readonly-root-filesystem",
        "secret-in-environment",
    }
    assert {each.name for each in said if each.fields.get("title") == "fixbot"} == {"error"}
    assert all(each.data != "injected" for each in said)
    shop.content()


def test_outputs_are_the_six_and_say_what_the_report_says(shop: Place) -> None:
    ran = shop.check(shop.pull(nasty()))
    report = json.loads(Path(ran.outputs["report-file"]).read_text())
    assert set(ran.steps["fixbot"]["outputs"]) == set(ran.outputs)
    assert int(ran.outputs["findings"]) == len(report["findings"])
    assert ran.outputs["fixed"] == str(sum(each["status"] == "fixed" for each in report["findings"]))


def test_a_secret_is_in_nothing_that_the_action_leaves(shop: Place) -> None:
    number = shop.pull(nasty())
    ran = shop.check(number)
    files = [Path(ran.outputs[name]).read_text() for name in ("report-file", "sarif-file")]
    for text in (ran.printed, ran.summary, *files, *shop.comments(number), json.dumps(ran.outputs)):
        assert CANARY not in text


@pytest.mark.parametrize("where", ["page", "comment"])
def test_names_make_no_link_picture_call_or_element(shop: Place, where: str) -> None:
    number = shop.pull(nasty())
    ran = shop.check(number)
    text = ran.summary if where == "page" else "\n".join(shop.comments(number))
    page = Page(text)
    ours = {"h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "span"}
    mark = {"<!-- fixbot check -->"} if where == "comment" else set[str]()
    assert set(page.elements) <= {*ours, *mark, "details", "summary", "ul", "li"}
    assert page.links == {}
    assert page.faults == []
    assert set(page.rows) <= {4, 6}
    assert list(page.live()) == []
    assert "acme/everyone" in text


def test_settings_and_inputs_with_commands_in_them_are_quoted(shop: Place) -> None:
    number = shop.pull({".fixbot.yml": '"x ##[add-mask]findings\\n::error::injected": 1\n'})
    ran = shop.check(number)
    assert ran.code == 0
    (said,) = ran.log.of("error", "warning", "notice")
    assert said.data.startswith("Its own settings can't be read: .fixbot.yml:1: ")
    assert [each.data for each in ran.log.of("add-mask")] == [shop.token]
    again = shop.check(
        shop.pull({"x.md": ""}, "more"), path="$(touch injected); `touch injected` ::error::injected"
    )
    assert again.code == 2
    assert "does not exist" in again.log.of("error")[0].data
    assert not list(shop.folder.rglob("injected"))


def test_a_module_of_the_repository_is_never_imported(shop: Place) -> None:
    bad = "raise SystemExit('injected')\n"
    names = ("fixbot/__init__.py", "fixbot/__main__.py", "typer.py", "json.py", "sitecustomize.py", "pip.py")
    number = shop.pull(dict.fromkeys(names, bad))
    ran = shop.check(number)
    assert ran.code == 0
    assert "injected" not in ran.printed


def test_on_a_schedule_no_command_is_taken_but_ours(shop: Place) -> None:
    shop.ann.push("main", {path: text for path, text in nasty().items() if path.startswith("deploy/")})
    ran = shop.scheduled()
    assert [each.data for each in ran.log.of("add-mask")] == [shop.token]
    assert not ran.log.of("set-output", "error")
    assert ran.printed.count(shop.token) == 1
    assert all(f"/{NAME}/pull/" in url for url in json.loads(ran.outputs["pull-requests"]))
