"""What was not read, and why: what is damaged, and what fixbot only names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.checkout import Checkout, Scope
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from fixbot.settings.setting_groups import LimitSettings
from fixbot.source.discover import is_candidate
from tests.first_rules import first_rules

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  containers:
    - name: web
      image: nginx
      securityContext:
        privileged: true
"""


def look(folder: Path, **files: str | bytes) -> Report:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def causes(report: Report) -> list[tuple[str, int | None, str]]:
    return [(each.path, each.line, each.cause) for each in report.unread]


def resources(report: Report) -> set[str]:
    return {each.resource for each in report.findings if each.rule == "privileged-container"}


BRACKETS = POD.format(name="a") + "  x: " + "[" * 500 + "]" * 500 + "\n"
DAMAGED: dict[str, str | bytes] = {
    "no text": b"\x00\x01" + POD.encode(),
    "UTF-16": POD.encode("utf-16"),
    "Latin-1": POD.encode() + b"# caf\xe9\n",
    "no syntax": POD + "  : : [\n",
    "too deep": BRACKETS,
    "too deep, with a tag in a comment": "# {{ .Values.x }}\n" + BRACKETS,
    "too deep, beside a tag": BRACKETS.replace("x: ", '"{{ .Values.x }}": '),
    "broken far from a tag in a comment": "# {{ include }}\n" + POD + "  : : [\n",
    "broken beside a tag in a comment": POD + "  # {{ include }}\n  : : [ # {{ .Values }}\n",
    "broken beside a tag in quotes": POD + '  x: "{{ .Values.x }}" : : [\n',
    "broken beside a tag in a quoted key": POD + "  '{% if x %}': : [\n",
    "too large": POD + "#" * 5_100_000,
    "bare": b"kind: Pod\ncontainers: [\n",
}


@pytest.mark.parametrize("how", DAMAGED)
@pytest.mark.parametrize("beside", [True, False])
def test_what_cannot_be_read_is_damaged_whatever_lies_beside_it(
    tmp_path: Path, how: str, beside: bool
) -> None:
    chart = {"Chart_yaml": "name: x\n"} if beside else {}
    report = look(tmp_path, templates__a_yaml=DAMAGED[how], **chart)
    assert {(path, cause) for path, _, cause in causes(report)} == {("templates/a.yaml", "damaged")}


TEMPLATES = {
    "Helm": POD.format(name="{{ .Values.name }}").replace("spec:", "{{- if .Values.on }}\nspec:"),
    "Helm in quotes of its own": POD.format(name='"{{ .a }}-{{ include "x" . }}"'),
    "Jinja": "{% if on %}\n" + POD.format(name="a") + "{% endif %}\n",
    "Terraform": "%{ if on }\n" + POD.format(name="a") + "%{ endif }\n",
    "ERB": POD.format(name="a") + "  x: <%= y %>\n  <% z %>\n",
}


@pytest.mark.parametrize("language", TEMPLATES)
def test_templates_are_named(tmp_path: Path, language: str) -> None:
    report = look(tmp_path, a_yaml=TEMPLATES[language])
    assert {cause for _, _, cause in causes(report)} == {"unserved"}


@pytest.mark.parametrize("path", ["templates__a_yaml", "charts__b__templates__a_yaml", "values_yaml"])
def test_a_file_that_parses_is_judged_as_it_stands_whatever_lies_beside_it(tmp_path: Path, path: str) -> None:
    files = {path: "# {{- if .Values.on }}\n" + POD.format(name="a"), "Chart_yaml": "name: x\n"}
    report = look(tmp_path, **files)
    assert resources(report) == {"Pod a, container web"}
    assert causes(report) == []


def test_values_of_a_chart_are_named(tmp_path: Path) -> None:
    values = "image: x\ncontainer:\n  securityContext:\n    privileged: true\n"
    report = look(tmp_path, Chart_yaml="name: x\n", values_yaml=values)
    assert causes(report) == [("values.yaml", None, "unserved")]


def test_a_document_that_cannot_be_read_costs_none_of_the_others(tmp_path: Path) -> None:
    one, two = POD.format(name="one"), POD.format(name="two")
    damaged = POD.format(name="three") + "  : : [\n"
    template = POD.format(name="four") + "{{- if .Values.x }}\n"
    report = look(tmp_path, a_yaml=f"{one}---\n{damaged}---\n{two}---\n{template}")
    assert resources(report) == {"Pod one, container web", "Pod two, container web"}
    assert [(cause, line) for _, line, cause in causes(report)] == [("damaged", 23), ("unserved", 46)]
    assert {patch.path for patch in report.patches} == {"a.yaml"}


def test_a_tag_in_the_place_of_a_map_is_no_map(tmp_path: Path) -> None:
    tag = "{{ .Values.context }}"
    text = POD.format(name="a").split("      securityContext")[0] + f"      securityContext: {tag}\n"
    report = look(tmp_path, a_yaml=text)
    assert [each.status.value for each in report.findings] == ["refused"]


def test_a_policy_that_is_no_json_is_damaged(tmp_path: Path) -> None:
    text = """\
Resources:
  Role:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: a
      PolicyDocument: |
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": }]}
"""
    assert {cause for _, _, cause in causes(look(tmp_path, a_yaml=text))} == {"damaged"}


CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {container: 1}\n"
BODY = POD.format(name="a")
FLOW = (
    "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: "
    "[{name: web, image: x, securityContext: {privileged: true}}]}}"
)
INDENTED = "".join(f" {line}\n" for line in BODY.splitlines())
STACK = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: a, ContainerDefinitions: [{Name: a, Image: x, Privileged: true}]}
"""
DISGUISES = {
    "a first line like a script's": ("a.yaml", f"#!/bin/sh\n{BODY}"),
    "a key with an escape": ("a.yaml", BODY.replace("containers:", '"cont\\x61iners":')),
    "another escape": ("a.yaml", BODY.replace("containers:", '"cont\\U00000061iners":')),
    "a key over two lines": ("a.yaml", BODY.replace("containers:", '? "cont\\\n     ainers"\n  :')),
    "JSON with an escape": ("a.json", """{"apiVersion": "v1", "kind": "P\\u006fd", "metadata": {"name": "a"},
        "spec": {"cont\\u0061iners": [{"name": "web", "im\\u0061ge": "nginx",
        "securityContext": {"privileged": true}}]}}"""),
    "a definition behind": ("a.yaml", f"{BODY}---\n{CRD}"),
    "a definition's name in a comment": ("a.yaml", f"# kind: CustomResourceDefinition\n{BODY}"),
    "a definition behind braces": ("a.yaml", f"{FLOW}\n---\n{CRD}"),
    "a definition's kind in quotes": (
        "a.yaml", 'x: "\nkind: CustomResourceDefinition\ny: "\n' + BODY.replace("kind:", '"kind":')
    ),
    "an explicit key": ("a.yaml", BODY.replace("kind: Pod", "? kind\n: Pod") + "---\n" + CRD),
    "other line ends": ("a.yaml", BODY.replace("\n", "\r") + "\n---\n" + CRD),
    "a definition, then a document indented": ("a.yaml", CRD + "---\n" + INDENTED),
    "a definition, then one behind a comment": ("a.yaml", CRD + "--- # x\n\n# y\n" + INDENTED),
    "an indented one in front": ("a.yaml", INDENTED + "---\n" + CRD),
    "a definition, then one on the mark's line": ("a.yaml", f"{CRD}--- {FLOW}\n"),
    "a template with a script's first line": ("a.yaml.tpl", f"#!x\n{BODY}"),
    "a stack with a script's first line": ("a.template", f"#!/bin/sh\n{STACK}"),
    "a broken stack with a script's first line": ("a.template", f"#!/bin/sh\n{STACK}...\n{STACK}"),
    "another tool's name": ("package.json", FLOW),
    "another tool's name, and an escape": ("tsconfig.json", FLOW.replace("kind", '"k\\u0069nd"')),
    "a merged kind": ("a.yaml", "<<: {kind: Pod}\n" + BODY.replace("kind: Pod\n", "") + "---\n" + CRD),
}  # fmt: skip


@pytest.mark.parametrize("how", DISGUISES)
def test_no_disguise_keeps_a_file_from_being_read(tmp_path: Path, how: str) -> None:
    name, text = DISGUISES[how]
    (tmp_path / name).write_bytes(text.encode())
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert resources(report) or report.unread, how


def test_a_script_stays_one(tmp_path: Path) -> None:
    (tmp_path / "data.sh.tpl").write_text(f"#!/bin/sh\ncat > pod.yaml <<EOF\n{BODY}EOF\n")
    (tmp_path / "data.tpl").write_text(f"#!/bin/sh\ncat > pod.yaml <<EOF\n{BODY}EOF\n")
    (tmp_path / "package.json").write_text('{"name": "container", "scripts": {"image": "docker build ."}}\n')
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), first_rules(), Settings())
    assert [(each.path, each.cause) for each in report.unread] == [("data.tpl", "unserved")]
    assert report.findings == ()


SLOW = {
    "a store's name far below": ("e.yaml", "x: external-secrets.io/v1\napiVersion: external-secrets.io/v1\n"
        "secretStoreRef:" + "\n" * 40_000 + "x"),
    "a tag's value far below": ("e.yaml", "Tags:\n- Key: environment" + "\n" * 40_000 + "x"),
    "a map of blank lines": ("e.tf", "tags = {" + "\n" * 40_000 + "environment }"),
}  # fmt: skip


@pytest.mark.parametrize("how", SLOW)
def test_a_file_that_is_slow_to_look_at_costs_no_other(tmp_path: Path, how: str) -> None:
    name, text = SLOW[how]
    (tmp_path / name).write_text(text)
    (tmp_path / "pod.yaml").write_text(BODY)
    report = run_pipeline(
        Checkout.open_checkout(str(tmp_path)),
        first_rules(),
        replace(Settings(), limits=LimitSettings(seconds=1)),
    )
    assert {each.path for each in report.findings} == {"pod.yaml"}
    assert report.unread == ()


def test_definitions_alone_are_not_read(tmp_path: Path) -> None:
    assert look(tmp_path, a_yaml=f"{CRD}---\n{CRD}").stats.files_parsed == 0


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize(
    "entry", ["resources:\n  - {}\n", "patches:\n- path: {}\n", 'resources: ["a.yaml", "{}"]\n']
)
def test_a_file_that_a_kustomization_names_is_read_whatever_it_is_called(
    tmp_path: Path, name: str, entry: str
) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "over").mkdir()
    (tmp_path / "over" / name).write_text(entry.format("../base/pod.k8s"))
    (tmp_path / "base" / "pod.k8s").write_text(POD_ODD)
    report = run_pipeline(
        Checkout.open_checkout(str(tmp_path), Scope(wanted=is_candidate)), first_rules(), Settings()
    )
    assert [each.path for each in report.findings] == ["base/pod.k8s"]


POD_ODD = """\
# a pod
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: web, image: nginx, securityContext: {privileged: true, readOnlyRootFilesystem: true}}
"""


JOINED = """\
Resources:
  Store:
    Type: AWS::MediaStore::Container
    Properties:
      ContainerName: store
      Policy: !Join
        - ''
        - - !Sub '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",'
          - '"Action": "mediastore:*", "Resource": "*"}]}'
"""


def test_a_policy_in_pieces_of_text_is_named(tmp_path: Path) -> None:
    (unread,) = look(tmp_path, t_yaml=JOINED).unread
    assert (unread.path, unread.line) == ("t.yaml", 8)
    assert "a policy stands here as a part of a text" in unread.reason
