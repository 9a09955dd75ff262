"""A fix that is void while another finding stands comes in the same run, and never without the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Finding, Report, Status
from fixbot.rules import load_rules
from fixbot.settings import Settings

GIVEN = {"privileged-container", "privilege-escalation-allowed", "seccomp-profile-missing"}
RULES = {each.name: each for each in load_rules() if each.name in GIVEN}

KEPT = "  # fixbot:ignore privileged-container it loads modules"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      image: registry.example.com/shop/app:1
      securityContext:
        privileged: true
"""
HARDENED = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: app
      image: registry.example.com/shop/app:1
      securityContext:
        allowPrivilegeEscalation: false
  securityContext:
    seccompProfile:
      type: RuntimeDefault
"""


def run(folder: Path, text: str, *rules: str) -> Report:
    (folder / "pod.yaml").write_text(text)
    chosen = tuple(RULES[each] for each in rules or sorted(RULES))
    return run_pipeline(Checkout.open_checkout(str(folder)), chosen, Settings())


def finding(report: Report, rule: str) -> Finding:
    (found,) = (each for each in report.findings if each.rule == rule)
    return found


def test_one_run_hardens_a_privileged_container_as_far_as_a_second_one_would(tmp_path: Path) -> None:
    report = run(tmp_path, POD)
    assert [each.after for each in report.patches] == [HARDENED]
    assert {each.status for each in report.findings} == {Status.FIXED}
    again = run(tmp_path, HARDENED)
    assert again.findings == ()


def test_what_waits_shares_the_commit_of_what_it_waits_for(tmp_path: Path) -> None:
    (proposal,) = run(tmp_path, POD).proposals
    assert [set(each.rules) for each in proposal.commits] == [GIVEN]


@pytest.mark.parametrize("rule", sorted(GIVEN - {"privileged-container"}))
def test_without_the_other_rule_it_is_refused(tmp_path: Path, rule: str) -> None:
    found = finding(run(tmp_path, POD, rule), rule)
    assert found.status is Status.REFUSED
    assert "Take the mode away first." in str(found.reason)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("privileged: true", f"privileged: true{KEPT}"),
        ("registry.example.com/shop/app:1", "docker:27-dind"),
    ],
    ids=["ignored", "refused"],
)
def test_where_the_mode_stays_nothing_that_it_voids_is_offered(tmp_path: Path, was: str, now: str) -> None:
    report = run(tmp_path, POD.replace(was, now))
    assert {each.status for each in report.findings} <= {Status.SUPPRESSED, Status.REFUSED}
    assert report.patches == ()


def test_what_does_not_hold_with_it_never_costs_the_graver_fix(tmp_path: Path) -> None:
    """The program mounts, so SYS_ADMIN comes back, beside which the API takes no `false`."""
    text = POD.replace("/shop/app:1", "/shop/app:1\n      command: [mount, -t, tmpfs, tmpfs, /mnt]")
    report = run(tmp_path, text)
    assert finding(report, "privileged-container").status is Status.FIXED
    assert finding(report, "privilege-escalation-allowed").status is Status.REFUSED
    assert finding(report, "seccomp-profile-missing").status is Status.FIXED
    (patch,) = report.patches
    assert "SYS_ADMIN" in patch.after
    assert "allowPrivilegeEscalation" not in patch.after


def test_each_container_waits_for_its_own(tmp_path: Path) -> None:
    """The second one's mode stays, and with it what it voids; the pod's filter counts for the first."""
    second = "    - {name: agent, image: registry.example.com/agent:1, securityContext: {privileged: true}}"
    text = f"{POD}{second}{KEPT}\n"
    report = run(tmp_path, text)
    status = {(each.rule, each.resource.rpartition(" ")[2]): each.status for each in report.findings}
    assert status["privilege-escalation-allowed", "app"] is Status.FIXED
    assert status["privilege-escalation-allowed", "agent"] is Status.REFUSED
    assert status["seccomp-profile-missing", "web"] is Status.FIXED
