"""Containers of operators' objects are read where their schemas have them; the rest is left to a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fixbot.checkout import Checkout
from fixbot.dialects.pod_places import find_places
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from tests.first_rules import first_rules

BAD: dict[str, Any] = {"image": "registry.example/web:1", "securityContext": {"privileged": True}}
NAMED = {"name": "web", **BAD}
SCRIPT = {**BAD, "source": "ls"}
POD = {"containers": [NAMED]}
TEMPLATE = {"template": {"spec": POD}}


def resource(version: str, kind: str, spec: object) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def look(folder: Path, *values: object, name: str = "a.yaml") -> Report:
    (folder / name).write_text(yaml.safe_dump_all(values))
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def privileged(report: Report) -> list[str]:
    return [each.status.value for each in report.findings if each.rule == "privileged-container"]


READ = {
    "an Argo Workflow": resource("argoproj.io/v1alpha1", "Workflow", {"templates": [{"container": BAD}]}),
    "its script": resource("argoproj.io/v1alpha1", "Workflow", {"templates": [{"script": SCRIPT}]}),
    "its sidecar": resource("argoproj.io/v1", "WorkflowTemplate", {"templates": [{"sidecars": [NAMED]}]}),
    "its set": resource(
        "argoproj.io/v1alpha1", "ClusterWorkflowTemplate", {"templates": [{"containerSet": POD}]}
    ),
    "its default": resource("argoproj.io/v1alpha1", "Workflow", {"templateDefaults": {"container": BAD}}),
    "a CronWorkflow": resource(
        "argoproj.io/v1alpha1", "CronWorkflow", {"workflowSpec": {"templates": [{"container": BAD}]}}
    ),
    "a Sensor": resource("argoproj.io/v1alpha1", "Sensor", {"template": {"container": BAD}}),
    "a Tekton Task": resource("tekton.dev/v1", "Task", {"steps": [BAD]}),
    "its sidecar of Tekton": resource("tekton.dev/v1beta1", "Task", {"sidecars": [BAD]}),
    "a Tekton Pipeline": resource("tekton.dev/v1", "Pipeline", {"tasks": [{"taskSpec": {"steps": [BAD]}}]}),
    "its end": resource("tekton.dev/v1", "Pipeline", {"finally": [{"taskSpec": {"steps": [BAD]}}]}),
    "a PipelineRun": resource(
        "tekton.dev/v1", "PipelineRun", {"pipelineSpec": {"tasks": [{"taskSpec": {"steps": [BAD]}}]}}
    ),
    "a StepAction": resource("tekton.dev/v1beta1", "StepAction", BAD),
    "a Knative Service without names": resource(
        "serving.knative.dev/v1", "Service", {"template": {"spec": {"containers": [BAD]}}}
    ),
    "a Spark driver": resource("sparkoperator.k8s.io/v1beta2", "SparkApplication", {"driver": BAD}),
    "an InferenceService": resource(
        "serving.kserve.io/v1beta1", "InferenceService", {"predictor": {"model": BAD}}
    ),
    "an OpenTelemetry sidecar": resource(
        "opentelemetry.io/v1beta1", "OpenTelemetryCollector", {"additionalContainers": [NAMED]}
    ),
    "a SidecarSet": resource("apps.kruise.io/v1alpha1", "SidecarSet", POD),
    "a TFJob": resource("kubeflow.org/v1", "TFJob", {"tfReplicaSpecs": {"Worker": TEMPLATE}}),
    "a RayCluster": resource("ray.io/v1", "RayCluster", {"workerGroupSpecs": [TEMPLATE]}),
    "an Agones Fleet": resource("agones.dev/v1", "Fleet", {"template": {"spec": TEMPLATE}}),
    "a Jenkins": resource("jenkins.io/v1alpha2", "Jenkins", {"master": POD}),
    "a ScaledJob": resource("keda.sh/v1alpha1", "ScaledJob", {"jobTargetRef": TEMPLATE}),
    "runners of GitHub": resource("actions.github.com/v1alpha1", "AutoscalingRunnerSet", TEMPLATE),
    "an Elasticsearch": resource(
        "elasticsearch.k8s.elastic.co/v1", "Elasticsearch", {"nodeSets": [{"podTemplate": {"spec": POD}}]}
    ),
    "a Percona sidecar": resource(
        "psmdb.percona.com/v1", "PerconaServerMongoDB", {"replsets": [{"sidecars": [NAMED]}]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", READ)
def test_they_are_read_where_their_schemas_have_them(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, READ[how])
    assert len(privileged(report)) == 1
    assert privileged(report) != ["manual"]
    assert report.unread == ()


LEFT = {
    "an override of Strimzi's": resource(
        "kafka.strimzi.io/v1beta2", "Kafka",
        {"kafka": {"template": {"kafkaContainer": {"securityContext": {"privileged": True}}}}},
    ),
    "an operator that nobody knows": resource("example.org/v1", "Thing", {"agent": {"privileged": True}}),
    "a patch of a Deployment": {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [
            {"name": "web", "securityContext": {"privileged": True}, "env": [{"name": "A", "value": "b"}]}
        ]}}},
    },
    "what a step has by default": resource(
        "tekton.dev/v1", "Task", {"stepTemplate": {"securityContext": {"privileged": True}}, "steps": []}
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", LEFT)
def test_what_is_known_in_part_is_left_to_a_person(tmp_path: Path, how: str) -> None:
    report = look(tmp_path, LEFT[how])
    assert privileged(report) == ["manual"]
    assert report.patches == ()
    assert not any(each.rule == "readonly-root-filesystem" for each in report.findings)


UNTOLD = {
    "an unknown object": resource("example.org/v1", "Thing", {"initContainers": [{**NAMED, "name": "a"}]}),
    "one that is kept to some nodes": resource(
        "dragonflydb.io/v1alpha1", "Dragonfly", {"initContainers": [NAMED], "affinity": {}, "tolerations": []}
    ),
    "an operator's list of sidecars": resource(
        "pxc.percona.com/v1", "PerconaXtraDBCluster", {"pxc": {"sidecars": [NAMED], "affinity": {}}}
    ),
    "values of a chart": resource(
        "helm.toolkit.fluxcd.io/v2", "HelmRelease", {"values": {"initContainers": [NAMED], "affinity": {}}}
    ),
}


@pytest.mark.parametrize("how", UNTOLD)
def test_nothing_is_added_beside_containers_where_no_schema_has_it(tmp_path: Path, how: str) -> None:
    for patch in look(tmp_path, UNTOLD[how]).patches:
        after = yaml.safe_load(str(patch.after))
        assert "volumes" not in yaml.safe_dump(after).replace("volumeMounts", "")


@pytest.mark.parametrize(
    ("version", "kind"),
    [("app.azure.com/v1", "ContainerApp"), ("sagemaker.services.k8s.aws/v1alpha1", "Model")],
)
def test_what_is_only_called_containers_is_none(tmp_path: Path, version: str, kind: str) -> None:
    (place, *_) = find_places(version.partition("/")[0], kind)
    spec: Any = {"containers": [NAMED]}
    for key in reversed(place.way.split(".")[1:]):
        spec = {key: spec}
    assert look(tmp_path, resource(version, kind, spec)).patches == ()


def test_an_environment_of_an_unknown_object_is_looked_at(tmp_path: Path) -> None:
    secret = {"name": "DB_PASSWORD", "value": "plum-Tr4ctor9"}
    thing = resource("example.org/v1", "Thing", {"agent": {"env": [secret]}, "adminPassword": {"key": "a"}})
    found = [each for each in look(tmp_path, thing).findings if each.rule == "secret-in-environment"]
    assert [(each.status.value, each.line) for each in found] == [("manual", 11)]


def test_every_row_of_the_table_names_its_source() -> None:
    table = Path(__file__).parent.parent / "fixbot" / "data" / "pod_places.tsv"
    head, *rows = table.read_text().splitlines()
    assert head.split("\t") == ["group", "kind", "place", "containers", "volumes", "source"]
    assert rows == sorted(set(rows))
    for row in rows:
        group, kind, place, containers, volumes, source = row.split("\t")
        assert all((group, place, containers))
        assert kind == kind.lower()
        assert volumes in ("volumes", "-")
        assert source.partition("@")[2].partition("/")[2], row
    assert len({row.split("\t")[1] for row in rows}) >= 50


POLICY_TEXT = "'{\"Statement\": [}'"
UNREADABLE = {
    "a block of values": "spec:\n  source:\n    helm:\n      values: |\n        db: {{password: %x\n",
    "a policy between quotes": f"spec:\n  policyDocument: {POLICY_TEXT}\n",
    "a policy in a block": 'spec:\n  policyDocument: |\n    {"Statement": [}\n',
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_text_inside_that_is_none_leaves_what_stands_above_be(tmp_path: Path, what: str) -> None:
    """What is cut out above moves all that stands below."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
    pod += "  - name: web\n    image: a:1\n"
    pod += "    securityContext:\n      # no reason is known\n      privileged: true\n"
    kind = "Policy\napiVersion: iam.services.k8s.aws/v1alpha1" if "policy" in what else "Application"
    api = "" if "policy" in what else "apiVersion: argoproj.io/v1alpha1\n"
    (tmp_path / "a.yaml").write_text(
        f"{pod}---\n{api}kind: {kind}\nmetadata: {{name: a}}\n{UNREADABLE[what]}"
    )
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert report.failures == ()
    assert privileged(report) == ["fixed"]
