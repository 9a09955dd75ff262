"""What a rule says of itself, and rules that other distributions bring along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.lens import Container, Policy, ResourceType
from fixbot.model.findings import Severity
from fixbot.model.proposal_facts import pluralize
from fixbot.rules import Rule, each_of, load_rules, must_be
from fixbot.rules.frameworks import join_controls
from fixbot.rules.rule import RuleProblem
from fixbot.rules.topics import choose_topic
from fixbot.settings import Settings
from tests.sample_rules import BUCKET, ESCALATION, PUBLIC, SAMPLES, WORDS

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - {name: a, image: b:1}\n"
TASK = (
    '{"family": "a", "containerDefinitions": [{"name": "a", "image": "b:1", '
    '"logConfiguration": {"logDriver": "splunk"}}]}'
)
SHIPPED = {rule.name: rule for rule in load_rules()}


@pytest.mark.parametrize("rule", SHIPPED.values(), ids=lambda rule: rule.name)
def test_what_a_rule_looks_at_has_the_plural_that_texts_make_of_it(rule: Rule) -> None:
    selectors = rule.looks_at if isinstance(rule.looks_at, tuple) else (rule.looks_at,)
    for each in (*selectors, *rule.beside):
        assert not isinstance(each, ResourceType) or pluralize(each.noun) == each.plural


@pytest.mark.parametrize("rule", [*SHIPPED.values(), *SAMPLES], ids=lambda rule: rule.name)
def test_a_rule_says_all_that_a_list_of_rules_shows(rule: Rule) -> None:
    assert rule.topic_of()
    assert rule.dialects
    assert "all" in rule.profiles
    assert "{count}" in rule.title_for_many
    assert rule.since


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ({"title": "Repair it"}, "its title has no {subject}"),
        ({"many": "Repair all"}, "its title for many has no {count} or no {folder}"),
        ({"title": "Keep {subject} to its own"}, "its title says `its`, which is wrong of several"),
        ({"topic": "buckets"}, "there is no topic buckets"),
        ({"controls": {"cis": ("1",)}}, "there is no framework cis"),
        ({"profiles": ("most",)}, "there is no profile most"),
    ],
)
def test_a_fact_that_cannot_be_is_named_when_the_rule_is_made(fact: dict[str, object], says: str) -> None:
    with pytest.raises(RuleProblem, match=says):
        replace(SAMPLES[0], **fact)  # type: ignore[arg-type]


def test_the_title_for_several_follows_from_what_is_looked_at() -> None:
    rule = Rule("Close {subject}", "storage", Severity.HIGH, {}, BUCKET, PUBLIC)
    assert rule.title_for_many == "Close {count} S3 buckets in {folder}"
    assert replace(rule, looks_at=Policy).title_for_many == "Close {count} policies in {folder}"
    assert replace(rule, looks_at=(BUCKET, Policy)).title_for_many == "Close {count} resources in {folder}"


def test_where_one_kind_was_found_alone_the_title_says_which() -> None:
    rule = Rule("Close {subject}", "storage", Severity.HIGH, {}, (BUCKET, Policy), PUBLIC)
    assert rule.title_for(["S3 buckets", "S3 buckets"]) == "Close {count} S3 buckets in {folder}"
    assert rule.title_for(["S3 buckets", "policies"]) == "Close {count} resources in {folder}"


def test_controls_name_their_framework_once() -> None:
    controls = ["S3.14", "NIST 800-53 CP-9", "NIST 800-53 CP-10", "PCI DSS 1.4.4"]
    assert join_controls(controls) == "S3.14, NIST 800-53 CP-9, CP-10, PCI DSS 1.4.4"
    assert join_controls(controls, 2) == "S3.14, NIST 800-53 CP-9 and 2 more"


def test_a_resource_has_the_controls_of_its_own_service(tmp_path: Path) -> None:
    template = (
        "Resources:\n"
        "  Orders: {Type: AWS::RDS::DBInstance, Properties: {AutoMinorVersionUpgrade: false}}\n"
        "  Moving: {Type: AWS::DMS::ReplicationInstance, Properties: {AutoMinorVersionUpgrade: false}}\n"
        "  People: {Type: AWS::Neptune::DBInstance, Properties: {AutoMinorVersionUpgrade: false}}\n"
    )
    rule = replace(SHIPPED["database-minor-upgrades-off"], controls={"fsbp": ("RDS.13", "DMS.6")})
    (tmp_path / "template.yaml").write_text(template)
    found = run_pipeline(Checkout.open_checkout(str(tmp_path)), (rule,), Settings()).findings
    assert {each.resource: each.controls for each in found} == {
        "database Orders": ("RDS.13",), "replication instance Moving": ("DMS.6",),
        "graph database People": (),
    }  # fmt: skip


def test_a_finding_counts_for_the_frameworks_that_speak_of_where_it_runs(tmp_path: Path) -> None:
    controls = {
        "fsbp": ("ECS.5",),
        "cis-k8s": ("5.2.6",),
        "nist-800-190": ("4.4.3",),
        "pss-restricted": ("escalation",),
    }
    check = each_of(ESCALATION, must_be({"readonlyRootFilesystem": True}, words=ESCALATION.words))
    rule = Rule("Repair {subject}", "storage", Severity.HIGH, controls, Container, check, name="a-rule")
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "task.json").write_text(TASK)
    found = run_pipeline(Checkout.open_checkout(str(tmp_path)), (rule,), Settings()).findings
    assert {each.path: each.controls for each in found} == {
        "pod.yaml": ("CIS Kubernetes 5.2.6", "PSS restricted escalation", "NIST 800-190 4.4.3"),
        "task.json": ("ECS.5", "NIST 800-190 4.4.3"),
    }


def test_a_topic_may_depend_on_the_type_that_is_edited() -> None:
    topics = {"AWS::EFS::*": "file-system", "default": "database"}
    assert choose_topic(topics, "AWS::EFS::FileSystem") == "file-system"
    assert choose_topic(topics, "AWS::RDS::DBInstance") == "database"
    assert choose_topic("keys", "AWS::RDS::DBInstance") == "keys"


def test_one_rule_may_look_at_several_kinds(tmp_path: Path) -> None:
    check = must_be({"Absent": True}, words=WORDS)
    rule = Rule("Repair {subject}", "storage", Severity.HIGH, {}, (BUCKET, Container), check, name="a-rule")
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "stack.yaml").write_text("Resources:\n  Logs:\n    Type: AWS::S3::Bucket\n")
    found = run_pipeline(Checkout.open_checkout(str(tmp_path)), (rule,), Settings()).findings
    assert sorted(each.resource for each in found) == ["Pod a, container a", "S3 bucket Logs"]


THEIRS = """\
    from fixbot.lens import Container
    from fixbot.model.findings import Severity
    from fixbot.rules import Rule, Words, must_be

    rule = Rule(
        title="Keep {subject} from gaining privileges",
        topic="workload-hardening",
        severity=Severity.MEDIUM,
        controls={"cis-k8s": ("5.2.6",)},
        looks_at=Container,
        check=must_be(
            {"securityContext.allowPrivilegeEscalation": False},
            unwritten=True,
            words=Words("may gain privileges", "{who} may gain none.", "sudo fails.", "Setuid helps."),
        ),
    )
    """


def installed(folder: Path, **modules: str) -> dict[str, str]:
    """An environment in which a distribution with those modules of rules is installed."""
    (folder / "their_rules").mkdir()
    for name, text in {"__init__": "", **modules}.items():
        (folder / "their_rules" / f"{name}.py").write_text(dedent(text))
    (folder / "their_rules-1.dist-info").mkdir()
    (folder / "their_rules-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: their-rules\nVersion: 1\n"
    )
    (folder / "their_rules-1.dist-info" / "entry_points.txt").write_text(
        "[fixbot.fixers]\ntheirs = their_rules\n"
    )
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


def fixbot(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fixbot", *words], env=environment, capture_output=True, text=True, check=False
    )


def test_rules_of_another_distribution_run_beside_ours(tmp_path: Path) -> None:
    environment = installed(tmp_path, no_escalation=THEIRS)
    rows = {
        row["name"]: row
        for row in json.loads(fixbot(environment, "rules", "--format", "json").stdout)["rules"]
    }
    assert set(rows) == {*SHIPPED, "no-escalation"}
    assert rows["no-escalation"]["controls"] == {"cis-k8s": ["5.2.6"]}
    (tmp_path / "repository").mkdir()
    pod = POD.replace("{name: a, image: b:1}", "name: a\n      image: b:1")
    (tmp_path / "repository" / "pod.yaml").write_text(pod)
    done = fixbot(environment, "run", "--only", "no-escalation", str(tmp_path / "repository"))
    assert "+        allowPrivilegeEscalation: false" in done.stdout
    assert "Keep a from gaining privileges" in done.stdout


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        ({"__init__": "FIXBOT_RULES_API = 9"}, "they are written for version 9 of the rules' API, this is 1"),
        ({"broken": "import not_there_at_all"}, "their_rules/broken.py, line 1: No module named 'not_there_"),
        ({"broken": "rule = (\n"}, "their_rules/broken.py, line 1: '(' was never closed"),
        ({"wrong": THEIRS.replace("workload-hardening", "pods")}, "there is no topic pods"),
        ({"typed": THEIRS.replace("severity=", "grade=")}, "grade"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_used_are_one_clear_line(
    tmp_path: Path, modules: dict[str, str], says: str
) -> None:
    done = fixbot(installed(tmp_path, **modules), "rules")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("fixbot: the rules of their_rules can't be loaded: ")
    assert says in line
