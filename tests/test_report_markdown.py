"""The summary to paste into a ticket."""

from __future__ import annotations

from dataclasses import replace

from fixbot.prose import code
from fixbot.report.markdown import render
from tests.report_samples import SECRET, sample


def test_it_reads_as_a_page() -> None:
    page = render(sample())
    assert page.startswith("# 2 proposals for 2 findings in 2 files, 12 left alone")
    assert (
        "## 2. Make the root filesystem of orders read-only (high, review)\n\n"
        "- `deploy/task.json:5` task orders, container app (ECS.5)\n\n"
        "`/tmp` stays writable.\n\n"
        "<details><summary>Diff</summary>\n\n```diff\ndiff --git a/deploy/task.json b/deploy/task.json\n"
    ) in page
    assert "\n\n## Left alone\n\n- `k8s/falco-3.yaml:31` privileged-container, DaemonSet falco" in page
    assert "\n\n## Not read\n\n- `charts/web/templates/0.yaml`: a Helm template\n" in page
    assert SECRET not in page


def test_names_from_files_do_nothing_in_it() -> None:
    report = sample()
    hostile = replace(
        report.findings[2], path="a`b|c.yaml", resource="<img src=x> @team", reason="`kept <x> @y`"
    )
    page = render(replace(report, findings=(hostile,)))
    assert "- ``a`b|c.yaml:31`` privileged-container, &lt;img src=x> `@team`: `kept <x> @y`\n" in page


def test_a_diff_with_fences_stays_in_its_own() -> None:
    report = sample()
    proposal = replace(report.proposals[0], diff="+````\n")
    assert "\n`````diff\n+````\n`````\n" in render(replace(report, proposals=(proposal,)))


def test_code_spans_of_anything() -> None:
    assert code("a") == "`a`"
    assert code("`") == "`` ` ``"
