"""The fixers' pages, executed: every example in every way of writing it down, every file left alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.checkout.file_content import Content
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Status
from fixbot.rules.loading import load_rules
from fixbot.rules.rule import Rule
from fixbot.settings import Settings
from fixbot.settings.read_settings import parse_settings
from tests.pages import Example, Page, read_page

PAGES = Path(__file__).parent.parent / "docs" / "fixers"
FIXERS = {fixer.name: fixer for fixer in load_rules()}
VARIANTS: dict[str, Callable[[str], str]] = {
    "as written": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "no newline at the end": lambda text: text.removesuffix("\n"),
    "blank lines at the end": lambda text: text + "\n\n",
}


def examples() -> Iterator[tuple[Page, Example]]:
    for path in sorted(PAGES.glob("*.md")):
        page = read_page(path)
        for example in page.examples:
            yield page, example


def looked_at(folder: Path, fixer: Rule, example: Example) -> Report:
    config = example.before.get(".fixbot.yml")
    settings = parse_settings(Settings(), config, ".fixbot.yml") if config else Settings()
    settings = dataclasses.replace(settings, never_patch=())
    return run_pipeline(Checkout.open_checkout(str(folder)), (fixer,), settings)


def lay_out(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def after(report: Report, before: dict[str, str]) -> dict[str, str]:
    return {**before, **{patch.path: patch.after for patch in report.patches}}


@pytest.mark.parametrize("name", sorted(FIXERS))
def test_every_fixer_has_a_page_with_why_and_threat(name: str) -> None:
    page = read_page(PAGES / f"{name}.md")
    assert page.title == FIXERS[name].heading
    assert {"Why", "Threat", "Examples", "Left alone", "Safety", "References"} <= set(page.headings)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("page", "example"), [pytest.param(p, e, id=f"{p.rule}: {e.title}") for p, e in examples()]
)
def test_example(tmp_path: Path, page: Page, example: Example, variant: str) -> None:
    change = VARIANTS[variant]
    before = {n: t if n == ".fixbot.yml" else change(t) for n, t in example.before.items()}
    lay_out(tmp_path, before)
    report = looked_at(tmp_path, FIXERS[page.rule], example)
    refusals = "\n".join(f"{f.status.value} {f.resource}: {f.reason}" for f in report.findings if f.reason)
    result = after(report, before)
    assert {n: shown(t) for n, t in result.items()} == {
        n: shown(expected(n, example, change)) for n in example.after
    }, refusals
    for words in example.refusals:
        assert words in refusals
    lay_out(tmp_path, result)
    again = looked_at(tmp_path, FIXERS[page.rule], example)
    assert not again.patches
    assert not [f for f in again.findings if f.status is Status.FIXED]


def expected(name: str, example: Example, change: Callable[[str], str]) -> str:
    text = example.after[name]
    if name == ".fixbot.yml" or name not in example.before:
        return text
    return change(text)


def shown(text: str) -> list[str]:
    """Lines with their ends, so that a failure shows which one differs."""
    return text.splitlines(keepends=True)


def test_a_page_reads_back_both_sides_of_a_diff(tmp_path: Path) -> None:
    page = tmp_path / "some-rule.md"
    page.write_text("# T\n\n## Examples\n\n### One\n\n```diff a.json\n {\n- 1\n+ 2\n }\n```\n")
    (example,) = read_page(page).examples
    assert example.before == {"a.json": "{\n 1\n}\n"}
    assert example.after == {"a.json": "{\n 2\n}\n"}


def test_what_is_read_is_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert isinstance(Checkout.open_checkout(str(tmp_path)).read_file("a.json"), Content)
