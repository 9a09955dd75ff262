"""What a person reads at a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

from fixbot.model.findings import Unread
from fixbot.report import overview, text
from fixbot.report.style import TerminalStyle
from fixbot.text.characters import escape_hidden
from tests.report_samples import SECRET, nothing, sample

CLOSING = ("Apply them: fixbot run --write",)


def test_a_run_reads_from_the_offers_to_what_comes_next() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING)
    assert out.startswith(
        "Looked through 214 files in 0.4 s: 31 containers, 12 policy statements. "
        "31 files could not be read wholly (shown last).\n\n"
        "1  Take DB_PASSWORD of orders out of the file"
    )
    assert out.endswith(
        "\n2 proposals for 2 findings in 2 files, 12 left alone, 1 for a person to do, 1 ignored as asked, "
        "31 files not read or not wholly.\n"
        "Apply them: fixbot run --write\n"
    )
    headings = [
        "\n2  Make the root",
        "\nLeft alone\n",
        "\nFor a person to do\n",
        "\nIgnored, as asked\n",
        "\nNot read\n",
    ]
    places = [out.index(heading) for heading in headings]
    assert places == sorted(places)


def test_a_proposal_shows_where_what_changes_and_what_to_know() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING)
    _, _, second = out.partition("\n2  ")
    assert second.split("\n\n")[0] == (
        "Make the root filesystem of orders read-only" + " " * 40 + "high · review\n"
        "   deploy/task.json:5  task orders, container app  (ECS.5)\n"
        "     @@ -4,6 +4,7 @@\n"
        "          {\n"
        '            "name": "app",\n'
        '            "image": "orders:1.4",\n'
        '     +      "readonlyRootFilesystem": true,\n'
        '            "environment": [{"name": "DB_PASSWORD", "value": "••••••"}, '
        '{"name": "TZ", "value": "UTC"}]\n'
        "          }\n"
        "        ]\n"
        "   `/tmp` stays writable."
    )


def test_a_proposal_over_several_files_names_each() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING)
    first = out.split("\n2  ")[0]
    assert "     deploy/task.json\n     @@" in first
    assert '     iam/role.tf\n     @@ -0,0 +1,2 @@\n     +resource "aws_iam_role_policy" "read" {\n' in first


def test_an_ignore_that_has_ended_is_said_at_its_finding() -> None:
    assert "     the ignore at .fixbot.yml:9 ended on 2026-01-31\n" in text.render_run(
        sample(), TerminalStyle(), CLOSING
    )


def test_the_same_refusal_is_said_once_for_all() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING)
    assert out.count("modern_ebpf") == 1
    assert out.count("k8s/falco-") == 8
    assert "  and 4 more (all of them: --format json)\n      Falco's kernel driver needs it." in out
    assert out.count("charts/web/templates/") == 8
    assert "  and 22 more (all of them: --format json)\n      a Helm template\n" in out


def test_nothing_in_a_name_steers_the_terminal() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING)
    assert "  odd\\n\\x1b[31mname.yaml:3\n" in out
    assert "\x1b" not in out
    assert escape_hidden("a\u202eb\udcff\x9b") == "a\\u202eb\\xff\\x9b"


def test_colour_changes_no_word() -> None:
    plain = text.render_run(sample(), TerminalStyle(), CLOSING)
    coloured = text.render_run(sample(), TerminalStyle(colour=True), CLOSING)
    assert "\x1b[32m+      " in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_on_a_terminal_long_lists_and_diffs_end_somewhere() -> None:
    unread = (*sample().unread, Unread("b.yaml", None, "it is binary"))
    out = text.render_run(replace(sample(), unread=unread), TerminalStyle(most=1), CLOSING)
    assert "     … 7 more lines; all of it: --format patch --output fixes.patch\n" in out
    assert "  and 1 more, for 1 other reason (all of them: --format json)\n" in out


def test_quiet_is_a_line_for_each() -> None:
    out = text.render_run(sample(), TerminalStyle(), CLOSING, brief=True)
    assert "@@" not in out
    assert "Apply" not in out
    assert out.startswith("1  Take DB_PASSWORD")


def test_a_scan_lists_findings_by_rule() -> None:
    out = text.render_scan(sample(), TerminalStyle())
    assert re.search(r"^privileged-container {30,}high · 12 findings, 0 with a fix$", out, re.MULTILINE)
    assert (
        "  deploy/task.json:5:5  task orders, container app: the root filesystem is writable  (ECS.5)\n"
        in out
    )
    assert "Ignored, as asked\n  k8s/node.yaml:3  privileged-container\n      the driver needs it\n" in out
    assert out.endswith(
        "15 findings in 14 files, 1 ignored as asked, 31 files not read or not wholly.\n"
        "What can be done about them: fixbot run\n"
    )


def test_a_line_of_a_whole_file_is_cut_to_what_differs() -> None:
    report = sample()
    old, new = "x" * 5000 + '"a": 1' + "y" * 5000, "x" * 5000 + '"a": 2' + "y" * 5000
    diff = f"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-{old}\n+{new}\n"
    proposal = replace(report.proposals[0], diff=diff, paths=("f",))
    out = text.render_run(replace(report, proposals=(proposal,)), TerminalStyle())
    assert "     -…" + "x" * 35 + '"a": 1' in out
    assert "     +…" + "x" * 35 + '"a": 2' in out
    assert max(map(len, out.split("\n"))) < 260


def test_nothing_found_says_whether_there_was_anything_to_find() -> None:
    assert text.render_run(nothing(files_listed=3), TerminalStyle()).endswith(
        "\nNo containers and no policies found.\n"
    )
    assert text.render_run(nothing(files_listed=1, containers=2), TerminalStyle()) == (
        "Looked through 1 file in 0.0 s: 2 containers, 0 policy statements.\n"
        "\n"
        "Nothing to repair in what was read.\n"
    )
    assert text.render_scan(nothing(), TerminalStyle()).endswith("No findings in what was read.\n")


def test_no_form_of_text_holds_the_secret() -> None:
    assert SECRET not in text.render_run(sample(), TerminalStyle()) + text.render_scan(
        sample(), TerminalStyle()
    )


def test_many_proposals_are_an_overview_with_the_gravest_in_full() -> None:
    report = sample()
    first, *_ = report.proposals
    many = replace(
        report, proposals=tuple(replace(first, key=f"{n:012x}", topic="secrets") for n in range(25))
    )
    out = overview.render_overview(many, TerminalStyle(), CLOSING)
    assert out.count("     iam/role.tf\n") == 3
    assert re.search(r"\nsecrets +\w+ +25 ", out)
    assert len(re.findall(r"^0{10}\w\w  Take DB_PASSWORD", out, re.MULTILINE)) == 12
    assert "\nand 10 others, 10 of them high or worse (all of them: fixbot run --diffs)\n" in out
    assert out.endswith("".join(f"{line}\n" for line in CLOSING))
    assert text.render_run(many, TerminalStyle()).count("     iam/role.tf\n") == 25
