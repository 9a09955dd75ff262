"""Helm charts: what is wrong with what they render to is mended in the source, and proven by rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.model.findings import Report
from tests import helm_library
from tests.helm_library import apply, look, look_again

if helm_library.missing():
    pytest.skip(helm_library.missing(), allow_module_level=True)

ONE = ("privilege-escalation-allowed",)
CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
"""
LITERAL = (
    HEAD
    + """\
        - name: app
          image: "{{ .Values.image }}:{{ .Values.tag }}"
          {{- if .Values.args }}
          args: {{ toYaml .Values.args | nindent 12 }}
          {{- end }}
"""
)
FROM_VALUES = (
    HEAD
    + """\
        - name: app
          image: registry.example.com/app:1
          securityContext:
            {{- toYaml .Values.securityContext | nindent 12 }}
"""
)


def chart(template: str, values: str, **more: str) -> dict[str, str]:
    return {
        "deploy/Chart.yaml": CHART,
        "deploy/values.yaml": values,
        "deploy/templates/app.yaml": template,
        **{name.replace("__", "/").replace("_dot_", "."): text for name, text in more.items()},
    }


def patched(report: Report) -> dict[str, str]:
    return {each.path: each.after for each in report.patches}


def test_a_literal_container_is_mended_in_its_template(tmp_path: Path) -> None:
    report = look(tmp_path, chart(LITERAL, "image: registry.example.com/app\ntag: 1\nargs: []\n"))
    assert {each.resource for each in report.findings} == {"Deployment release-name-web, container app"}
    assert {each.path for each in report.findings} == {"deploy/templates/app.yaml"}
    assert {(each.layer.kind, each.layer.root) for each in report.findings if each.layer} == {
        ("template", "deploy")
    }
    (after,) = patched(report).values()
    assert "            readOnlyRootFilesystem: true\n" in after
    assert after.replace(
        after[after.index("          securityContext:") : after.index("          {{- if")], ""
    )
    apply(tmp_path, report)
    again = look_again(tmp_path)
    assert [each for each in again.findings if each.status.value == "fixed"] == []


def test_a_key_of_values_is_taken_where_the_template_reads_one(tmp_path: Path) -> None:
    values = "# how it runs\nsecurityContext: {}\n# what it is\nname: web\n"
    report = look(tmp_path, chart(FROM_VALUES, values), ONE)
    assert set(patched(report)) == {"deploy/values.yaml"}
    after = patched(report)["deploy/values.yaml"]
    assert after.startswith("# how it runs\nsecurityContext:\n  ")
    assert after.endswith("\n# what it is\nname: web\n")
    assert {each.layer.kind for each in report.findings if each.layer and each.status.value == "fixed"} == {
        "values"
    }


def test_a_key_that_two_containers_read_mends_both_or_none(tmp_path: Path) -> None:
    both = FROM_VALUES + FROM_VALUES.removeprefix(HEAD).replace("name: app", "name: other")
    report = look(tmp_path, chart(both, "securityContext: {}\n"))
    assert (report.failures, report.unread) == ((), ())
    assert {each.status.value for each in report.findings} == {"fixed"}
    assert len({each.resource for each in report.findings}) == 2
    one_right = both + "            readOnlyRootFilesystem: true\n"
    other = look(tmp_path / "b", chart(one_right, "securityContext:\n  runAsUser: 1000\n"))
    for each in other.findings:
        if each.rule == "readonly-root-filesystem":
            assert each.status.value == "refused"
            assert "by hand" in (each.reason or "")


def test_every_file_of_values_is_rendered(tmp_path: Path) -> None:
    files = chart(
        FROM_VALUES,
        "securityContext: {}\n",
        **{"deploy/values-prod.yaml": "securityContext: {runAsUser: 7}\n"},
    )
    report = look(tmp_path, files, ONE)
    assert {each.status.value for each in report.findings} == {"fixed"}
    assert set(patched(report)) == {"deploy/values.yaml"}
    strict = {"deploy/values-prod.yaml": "securityContext: {readOnlyRootFilesystem: false}\n"}
    refused = look(tmp_path / "b", chart(FROM_VALUES, "securityContext: {}\n", **strict))
    of_root = [each for each in refused.findings if each.rule == "readonly-root-filesystem"]
    assert of_root
    assert "readOnlyRootFilesystem: true" not in patched(refused).get("deploy/templates/app.yaml", "")


def test_a_chart_that_renders_otherwise_each_time_is_mended_all_the_same(tmp_path: Path) -> None:
    random = LITERAL.replace("-web\n", "-web-{{ randAlphaNum 5 | lower }}\n")
    report = look(tmp_path, chart(random, "image: registry.example.com/app\ntag: 1\n"))
    assert {each.status.value for each in report.findings} == {"fixed"}


def test_a_chart_that_needs_values_says_so(tmp_path: Path) -> None:
    needy = LITERAL.replace(".Values.tag", 'fail "a tag is needed"')
    report = look(tmp_path, chart(needy, "image: app\n"))
    (said,) = [each for each in report.unread if each.path == "deploy/Chart.yaml"]
    assert "a tag is needed" in said.reason
    assert said.cause == "unserved"


def test_a_chart_that_asks_for_values_is_given_examples(tmp_path: Path) -> None:
    needy = LITERAL.replace(".Values.tag", 'required "a tag is needed" .Values.release.tag')
    report = look(tmp_path, chart(needy, "image: registry.example.com/app\n"))
    assert report.unread == ()
    assert {each.status.value for each in report.findings} == {"fixed"}


def test_values_of_a_vendored_subchart_are_given_by_the_chart_that_uses_it(tmp_path: Path) -> None:
    files = chart("", "redis: {}\n")
    files["deploy/Chart.yaml"] += (
        "dependencies:\n  - {name: redis, version: 1.0.0, repository: https://charts.example}\n"
    )
    files["deploy/charts/redis/Chart.yaml"] = CHART.replace("web", "redis")
    files["deploy/charts/redis/values.yaml"] = "securityContext: {}\n"
    files["deploy/charts/redis/templates/app.yaml"] = FROM_VALUES
    report = look(tmp_path, files, ONE)
    assert {each.status.value for each in report.findings} == {"fixed"}
    assert patched(report) == {
        "deploy/values.yaml": "redis:\n  securityContext:\n    allowPrivilegeEscalation: false\n"
    }


def test_a_switch_must_not_spoil_what_is_written(tmp_path: Path) -> None:
    optional = (
        HEAD
        + """\
        - name: app
          image: registry.example.com/app:1
          {{- if .Values.strict }}
          securityContext: {runAsNonRoot: true}
          {{- end }}
"""
    )
    report = look(tmp_path, chart(optional, "strict: false\n"), ONE)
    assert {each.status.value for each in report.findings} == {"refused"}
    assert all("by hand" in (each.reason or "") for each in report.findings)


def test_what_a_chart_was_rendered_to_is_not_changed_but_the_chart(tmp_path: Path) -> None:
    files = {f"charts/web/{name[7:]}": text for name, text in chart(LITERAL, "image: x\ntag: 1\n").items()}
    files["out/web.yaml"] = (
        "---\n# Source: web/templates/app.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
        "spec:\n  containers:\n    - {name: app, image: registry.example.com/app:1}\n"
    )
    report = look(tmp_path, files, ONE)
    said = {each.path: (each.status.value, each.reason or "") for each in report.findings}
    assert said["charts/web/templates/app.yaml"][0] == "fixed"
    assert said["out/web.yaml"][0] == "refused"
    assert "`charts/web`" in said["out/web.yaml"][1]


def test_missing_subcharts_are_named_with_the_command(tmp_path: Path) -> None:
    files = chart(LITERAL, "image: app\ntag: 1\n")
    files["deploy/Chart.yaml"] += (
        "dependencies:\n  - {name: redis, version: 1.0.0, repository: https://x.example}\n"
    )
    report = look(tmp_path, files)
    assert any("helm dependency build deploy" in each.reason for each in report.unread)


HOSTILE = {
    "a range without end": "{{ range until 300000000 }}a{{ end }}",
    "much output": '{{ range until 3000 }}{{ repeat 100000 "a" }}{{ end }}',
    "a helper that includes itself": '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    "text that grows": '{{ $x := "aaaaaaaa" }}{{ range until 40 }}{{ $x = cat $x $x }}{{ end }}{{ $x }}',
    "tpl of tpl": '{{ define "b" }}{{ tpl (repeat 9 "{{ include `b` . }}") . }}{{ end }}{{ include "b" . }}',
    "a loop that takes time": "{{ range until 20000 }}{{ range until 20000 }}{{ end }}{{ end }}",
}


@pytest.mark.parametrize("bomb", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_costs_its_own_chart_alone(bomb: str, tmp_path: Path) -> None:
    files = chart(LITERAL, "image: registry.example.com/app\ntag: 1\n")
    files |= {"bad/Chart.yaml": CHART, "bad/templates/a.yaml": f"kind: ConfigMap\ndata:\n  a: {bomb}\n"}
    report = look(tmp_path, files)
    assert report.failures == ()
    assert len([each for each in report.unread if each.path == "bad/Chart.yaml"]) == 1
    assert {each.status.value for each in report.findings} == {"fixed"}


def test_links_out_of_a_chart_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text(LITERAL.replace("name: app", "name: stolen"))
    folder = tmp_path / "repository"
    files = chart(LITERAL, "image: registry.example.com/app\ntag: 1\n")
    (folder / "deploy" / "templates").mkdir(parents=True)
    (folder / "deploy" / "templates" / "b.yaml").symlink_to(secret)
    report = look(folder, files)
    assert not any("stolen" in each.resource for each in report.findings)


def test_a_schema_is_never_fetched(tmp_path: Path) -> None:
    files = chart(LITERAL, "image: registry.example.com/app\ntag: 1\n")
    files["deploy/values.schema.json"] = '{"$ref": "http://127.0.0.1:9/x.json", "type": "object"}'
    report = look(tmp_path, files)
    assert {each.status.value for each in report.findings} == {"fixed"}
