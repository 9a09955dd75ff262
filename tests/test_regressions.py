"""Defects that were found on real files, each with the least text that showed it."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.report.sarif import render_sarif
from fixbot.settings import Settings
from tests.first_rules import first_rules


def report(folder: Path, **files: str) -> Report:
    """What a run says of files whose names are given with `__` for the dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(textwrap.dedent(text).lstrip("\n"))
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def test_pods_inside_a_custom_resource_are_pods(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        set__yaml="""
        apiVersion: core.strimzi.io/v1
        kind: StrimziPodSet
        metadata: {name: brokers}
        spec:
          pods:
            - apiVersion: v1
              kind: Pod
              spec:
                containers:
                  - name: broker
                    image: registry.example/broker:1
        """,
    )
    assert [each.status.value for each in found.findings] == ["fixed"]
    assert "readOnlyRootFilesystem: true" in found.patches[0].after


def test_a_template_of_init_containers_only_is_one(tmp_path: Path) -> None:
    """An operator puts its own containers beside them."""
    found = report(
        tmp_path,
        db__yaml="""
        apiVersion: mongodbcommunity.mongodb.com/v1
        kind: MongoDBCommunity
        metadata: {name: db}
        spec:
          statefulSet:
            spec:
              template:
                spec:
                  initContainers:
                  - image: busybox
                    command: [chown, -R, "2000", /data]
                    volumeMounts: [{mountPath: /data, name: data}]
                    name: own
        """,
    )
    assert [each.resource for each in found.findings] == [
        "MongoDBCommunity db (spec.statefulSet.spec.template), init container own"
    ]


def test_a_value_is_hidden_by_a_name_that_stands_on_another_line(tmp_path: Path) -> None:
    """`env` is no word of ECS, so nothing but the two lines says that this is a secret."""
    found = report(
        tmp_path,
        task__yaml="""
        family: web
        containerDefinitions:
          - name: web
            image: nginx:1
            env:
              - name: JWT_SECRET
                value: q7KJhkjh32kjhASkjhkjASDh22
            memory: 100
            mountPoints: []
            essential: true
        """,
    )
    assert "value: ••••••" in found.patches[0].diff
    assert (
        "q7KJhkjh"
        not in found.patches[0].diff + found.proposals[0].diff + render_proposal(found.proposals[0]).body
    )


def test_the_fix_of_a_large_proposal_stands_once_in_sarif(tmp_path: Path) -> None:
    """Repeated at each finding it grew by the square: 2.7 GB for a thousand Deployments in one folder."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d}\nspec:\n  containers: [{name: a, image: a:1}]\n"
    found = report(tmp_path, **{f"p{number}__yaml": pod % number for number in range(25)})
    (run_,) = json.loads(render_sarif(found, first_rules()))["runs"]
    (fix,) = [fix for each in run_["results"] for fix in each.get("fixes", [])]
    assert len(fix["artifactChanges"]) == len(run_["results"]) == 25


def test_a_refusal_in_sarif_is_a_sentence_of_its_own(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        a__json='[{"name": "dind", "image": "docker:dind", "privileged": true, "essential": true}]',
    )
    (run_,) = json.loads(render_sarif(found, first_rules()))["runs"]
    text = next(each["message"]["text"] for each in run_["results"] if "privileged" in each["ruleId"])
    assert "root on its host. dind" in text


def test_a_container_that_a_module_puts_together_is_listed_as_unread(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        main__tf="""
        locals {
          container_definition = {
            name                   = var.name
            image                  = var.image
            essential              = true
            readonlyRootFilesystem = var.readonly
          }
        }

        output "json" {
          value = jsonencode({ for k, v in local.container_definition : k => v if v != null })
        }
        """,
    )
    assert not found.findings
    (unread,) = found.unread
    assert (unread.path, unread.line) == ("main.tf", 2)
    assert "local.container_definition" in unread.reason
