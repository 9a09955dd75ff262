"""Which Kubernetes objects are workloads, and what only holds what looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from tests.first_rules import first_rules

SPEC: dict[str, Any] = {
    "containers": [{"name": "web", "image": "nginx:1", "securityContext": {"privileged": True}}]
}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": SPEC}
TEMPLATE = {"template": {"spec": SPEC}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": TEMPLATE}


def look(folder: Path, value: object, name: str = "a.json") -> Report:
    text = json.dumps(value, indent=1) if name.endswith("json") else yaml.safe_dump(value)
    (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def event(**more: object) -> dict[str, object]:
    return {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", **more}


def resource(version: str, kind: str, spec: object) -> dict[str, object]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}


NO_WORKLOAD = {
    "a list as kind": {**POD, "kind": ["Pod"]},
    "a map as kind": {**POD, "kind": {"Pod": 1}},
    "a number as kind": {**POD, "kind": 1},
    "no kind": {**POD, "kind": None},
    "a list as version": {**POD, "apiVersion": ["v1"]},
    "no version": {**POD, "apiVersion": None},
    "a kind that there isn't": {**POD, "kind": "pod"},
    "an audit log": event(responseObject=POD),
    "an audit log's request": event(requestObject=DEPLOYMENT),
    "an audit log with a template": event(responseObject={"spec": TEMPLATE}),
    "audit logs": {
        "kind": "EventList",
        "apiVersion": "audit.k8s.io/v1",
        "items": [event(responseObject=POD)],
    },
    "a list of audit logs": {"kind": "List", "apiVersion": "v1", "items": [event(responseObject=POD)]},
    "a review": {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {"object": POD}},
    "an event": {"kind": "Event", "apiVersion": "v1", "involvedObject": POD},
    "a revision": {"kind": "ControllerRevision", "apiVersion": "apps/v1", "data": {"spec": TEMPLATE}},
    "a table": {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "rows": [{"object": POD}]},
    "items of an answer": {"kind": "PodList", "apiVersion": "v1", "items": [{"spec": SPEC}]},
    "the state of a custom resource": {**resource("example.org/v1", "Flow", {}), "status": {"pod": SPEC}},
    "an audit log in a custom resource": resource(
        "example.org/v1", "Flow", {"seen": [event(responseObject=POD)]}
    ),
    "a patch": resource("example.org/v1", "Flow", {"podPatch": {"spec": SPEC}}),
    "a policy": resource("policies.kyverno.io/v1", "MutatingPolicy", {"spec": SPEC}),
}


@pytest.mark.parametrize("how", NO_WORKLOAD)
@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_what_holds_something_like_a_pod_is_no_workload(tmp_path: Path, how: str, name: str) -> None:
    report = look(tmp_path, NO_WORKLOAD[how], name)
    assert report.findings == ()
    assert report.patches == ()


@pytest.mark.parametrize("how", sorted(set(NO_WORKLOAD) - {"a patch", "an audit log in a custom resource",
                                                          "the state of a custom resource"}))  # fmt: skip
def test_it_is_named_once(tmp_path: Path, how: str) -> None:
    (unread,) = look(tmp_path, NO_WORKLOAD[how]).unread
    assert unread.cause == "unserved"


WORKLOADS = {
    "a pod": POD,
    "a deployment": DEPLOYMENT,
    "an old deployment": {**DEPLOYMENT, "apiVersion": "extensions/v1beta1"},
    "what kubectl prints": {"apiVersion": "v1", "kind": "List", "items": [{**POD, "status": {"pod": SPEC}}]},
    "a list in a list": {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "v1", "kind": "List", "items": [POD]}],
    },
    "a list of pods": {"apiVersion": "v1", "kind": "PodList", "items": [POD]},
    "an OpenShift template": {"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": [POD]},
    "an Argo Rollout": resource("argoproj.io/v1alpha1", "Rollout", TEMPLATE),
    "an OpenKruise CloneSet": resource("apps.kruise.io/v1alpha1", "CloneSet", TEMPLATE),
    "an OpenKruise StatefulSet": resource("apps.kruise.io/v1beta1", "StatefulSet", TEMPLATE),
    "a Knative Service": resource("serving.knative.dev/v1", "Service", TEMPLATE),
    "a Volcano Job": resource("batch.volcano.sh/v1alpha1", "Job", {"tasks": [TEMPLATE]}),
    "a JobSet": resource(
        "jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": [{"template": {"spec": TEMPLATE}}]}
    ),
    "a Prometheus": resource("monitoring.coreos.com/v1", "Prometheus", SPEC),
    "a Crossplane Object": resource(
        "kubernetes.crossplane.io/v1", "Object", {"forProvider": {"manifest": POD}}
    ),
    "a ManifestWork": resource(
        "work.open-cluster-management.io/v1", "ManifestWork", {"workload": {"manifests": [DEPLOYMENT]}}
    ),
}


@pytest.mark.parametrize("how", WORKLOADS)
def test_workloads_and_custom_resources_are_read(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, WORKLOADS[how])
    assert sum(each.rule == "privileged-container" for each in report.findings) == 1
    assert report.unread == ()


@pytest.mark.parametrize("tag", ["{{ .Values.x }}", "[{{ .Values.x }}]"])
def test_containers_that_a_template_fills_in_are_named(tmp_path: Path, tag: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers: {tag}\n"
    (tmp_path / "a.yaml").write_text(text)
    (unread,) = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings()).unread
    assert (unread.line, unread.cause) == (5, "unserved")
