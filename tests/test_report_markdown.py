"""The summary to paste into a ticket."""

from __future__ import annotations

from dataclasses import replace

from fixbot.report.markdown_report import render_markdown
from fixbot.text.markdown_escape import mark_code
from tests.report_samples import PULLS, SECRET, nothing, sample


def test_it_reads_as_a_page() -> None:
    page = render_markdown(sample())
    assert page.startswith("# 2 proposals for 2 findings in 2 files, 12 left alone")
    assert (
        "## 2. Make the root filesystem of orders read-only (high, review)\n\n"
        "- `deploy/task.json:5` task orders, container app: readonly-root-filesystem (ECS.5)\n\n"
        "`/tmp` stays writable.\n\n"
        "<details><summary>Diff</summary>\n\n```diff\ndiff --git a/deploy/task.json b/deploy/task.json\n"
    ) in page
    assert "\n\n## Left alone\n\n- `k8s/falco-3.yaml:31` privileged-container, DaemonSet falco" in page
    assert "\n\n## Not read yet\n\n- `charts/web/templates/0.yaml`: a Helm template\n" in page
    assert SECRET not in page


def test_what_became_of_pull_requests_comes_first() -> None:
    report = replace(sample(), pulls=PULLS)
    shop = "https://github.com/shop/deploy/pull"
    assert (
        "\n\n## Pull requests\n\n2 done on GitHub, 1 waiting.\n\n"
        f"- opened [#12]({shop}/12) Take DB_PASSWORD of orders out of the file (critical)\n"
        f"- closed [#7]({shop}/7) Pin the image of web: nothing of it is left to repair\n"
        f"- left [#9]({shop}/9) Drop ALL of api: closed by anna, so it is not asked again\n"
        "- waits Make the root filesystem of orders read-only (high): comes with the next run\n"
        "\n## 1. Take"
    ) in render_markdown(report)
    hostile = replace(PULLS[0], title="<b> @team\n# x", url="javascript:alert(1)", why="<i> @me")
    assert "\n- opened #12 &lt;b> `@team` # x (critical): &lt;i> `@me`\n" in render_markdown(
        replace(report, pulls=(hostile,))
    )


def test_what_is_only_planned_and_what_has_only_a_branch_are_said_as_such() -> None:
    would = tuple(replace(each, outcome="would") for each in PULLS[:2])
    page = render_markdown(replace(nothing(), pulls=would))
    assert "Nothing was written; 2 would be done on GitHub.\n\n- would open [#12]" in page
    assert "\n- would close [#7]" in page
    url = "https://github.com/shop/deploy/compare/main...fixbot/x"
    branch = replace(PULLS[0], outcome="branch", number=None, url=url, why="")
    page = render_markdown(replace(nothing(), pulls=(branch,)))
    assert f"\n- branch only [its branch]({url}) Take" in page


def test_names_from_files_do_nothing_in_it() -> None:
    report = sample()
    hostile = replace(
        report.findings[2], path="a`b|c.yaml", resource="<img src=x> @team", reason="`kept <x> @y`"
    )
    page = render_markdown(replace(report, findings=(hostile,)))
    assert "- ``a`b|c.yaml:31`` privileged-container, &lt;img src=x> `@team`: `kept <x> @y`\n" in page


def test_a_diff_with_fences_stays_in_its_own() -> None:
    report = sample()
    proposal = replace(report.proposals[0], diff="+````\n")
    assert "\n`````diff\n+````\n`````\n" in render_markdown(replace(report, proposals=(proposal,)))


def test_code_spans_of_anything() -> None:
    assert mark_code("a") == "`a`"
    assert mark_code("`") == "`` ` ``"
