"""What is handed to a chart, a module or a patch: a bad value is for a person, the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.settings import Settings
from tests.first_rules import first_rules

SECRET = "plum-Tr4ctor9"
VALUES = f"""\
auth:
  rootPassword: {SECRET}
securityContext:
  privileged: true
  readOnlyRootFilesystem: false
"""


def indent(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def look(folder: Path, **files: str) -> Report:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), Settings())


def said(report: Report) -> set[str]:
    assert {each.status.value for each in report.findings} <= {"manual"}
    assert report.patches == ()
    assert SECRET not in repr([(each.message, each.reason) for each in report.findings])
    return {each.rule for each in report.findings}


ALL = {"privileged-container", "readonly-root-filesystem", "secret-in-environment"}
HANDED = {
    "a HelmRelease": (
        "a.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  values:\n"
        + indent(VALUES, 4),
    ),
    "a chart of k3s": (
        "a.yaml",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: web}\nspec:\n  valuesContent: |-\n"
        + indent(VALUES, 4),
    ),
    "an application's text": (
        "a.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source:\n"
        "    helm:\n      values: |\n" + indent(VALUES, 8),
    ),
    "an application's object": (
        "a.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  sources:\n"
        "  - helm:\n      valuesObject:\n" + indent(VALUES, 8),
    ),
    "an application set": (
        "a.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web}\nspec:\n  template:\n"
        "    spec:\n      source:\n        helm:\n          valuesObject:\n" + indent(VALUES, 12),
    ),
    "a release of Crossplane": (
        "a.yaml",
        "apiVersion: helm.crossplane.io/v1beta1\nkind: Release\nmetadata: {name: web}\nspec:\n"
        "  forProvider:\n    chart: {name: x}\n    values:\n" + indent(VALUES, 6),
    ),
    "a chart of a kustomization": (
        "kustomization.yaml",
        "helmCharts:\n- name: web\n  valuesInline:\n" + indent(VALUES, 4),
    ),
    "a bundle of Fleet": ("fleet.yaml", "helm:\n  values:\n" + indent(VALUES, 4)),
    "a Helmfile": (
        "helmfile.yaml", "releases:\n- name: web\n  chart: x/y\n  values:\n  -\n" + indent(VALUES, 4),
    ),
    "a release of Terraform": (
        "main.tf",
        'resource "helm_release" "web" {\n  values = [<<-EOT\n' + indent(VALUES, 4) + "    EOT\n  ]\n}\n",
    ),
    "an encoded release": (
        "main.tf",
        (f'resource "helm_release" "web" {{\n  values = [yamlencode({{\n    password = "{SECRET}"\n'
        "    node = { privileged = true, readOnlyRootFilesystem = false }\n  })]\n}\n"),
    ),
    "single values": (
        "main.tf",
        ('resource "helm_release" "web" {\n'
        '  set {\n    name  = "node.securityContext.privileged"\n    value = "true"\n  }\n'
        '  set {\n    name  = "node.readOnlyRootFilesystem"\n    value = "false"\n  }\n'
        f'  set_sensitive {{\n    name  = "auth.password"\n    value = "{SECRET}"\n  }}\n}}\n'),
    ),
    "a list of single values": (
        "main.tf",
        ('resource "helm_release" "web" {\n  set = [\n    { name = "a.privileged", value = true },\n'
        '    { name = "a.readOnlyRootFilesystem", value = false },\n'
        f'    {{ name = "a.password", value = "{SECRET}" }},\n  ]\n}}\n'),
    ),
    "a manifest as text": (
        "main.tf",
        'resource "kubectl_manifest" "web" {\n  yaml_body = <<YAML\napiVersion: example.org/v1\nkind: Thing\n'
        "spec:\n  containers: []\n" + indent(VALUES, 2) + "YAML\n}\n",
    ),
    "a module": (
        "main.tf",
        ('module "web" {\n  source                   = "example/web/aws"\n  privileged               = true\n'
        f'  readonly_root_filesystem = false\n  environment = {{\n    DB_PASSWORD = "{SECRET}"\n  }}\n}}\n'),
    ),
    "pairs of a module": (
        "main.tf",
        ('module "web" {\n  source = "a/b/aws"\n  privileged = true\n  readonlyRootFilesystem = false\n'
        f'  env_vars = [{{ name = "DB_PASSWORD", value = "{SECRET}" }}]\n}}\n'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", HANDED)
def test_an_outright_bad_value_is_for_a_person_and_the_rest_is_named(tmp_path: Path, how: str) -> None:
    name, text = HANDED[how]
    report = look(tmp_path, **{name: text})
    assert said(report) == ALL
    assert report.unread


PATCHES = {
    "an operation": "- op: add\n  path: /spec/template/spec/containers/0/securityContext/privileged\n"
    "  value: true\n",
    "a merge": "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n"
    "        securityContext:\n          privileged: true\n",
}  # fmt: skip


@pytest.mark.parametrize("how", PATCHES)
@pytest.mark.parametrize("listed", ["patches", "patchesJson6902"])
def test_patches_of_both_kinds_are_looked_at(tmp_path: Path, how: str, listed: str) -> None:
    text = f"{listed}:\n- target: {{kind: Deployment}}\n  patch: |-\n{indent(PATCHES[how], 4)}"
    assert said(look(tmp_path, **{"kustomization.yaml": text})) == {"privileged-container"}


@pytest.mark.parametrize("generator", ["configMapGenerator", "secretGenerator"])
def test_literals_of_generators_are_looked_at(tmp_path: Path, generator: str) -> None:
    text = f"{generator}:\n- name: web\n  literals:\n  - LOG_LEVEL=info\n  - DB_PASSWORD={SECRET}\n"
    report = look(tmp_path, **{"kustomization.yaml": text})
    assert said(report) == {"secret-in-environment"}
    assert [each.line for each in report.findings] == [5]


GOOD = """\
existingSecret: web-login
auth:
  existingSecretPasswordKey: admin-password
  secretName: web
  passwordFile: /run/secrets/password
tokenRef: web-token
securityContext:
  privileged: false
  readOnlyRootFilesystem: true
podSecurityContext:
  runAsUser: 1000
env:
  LOG_LEVEL: info
"""


def test_nothing_is_said_of_good_values(tmp_path: Path) -> None:
    head = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  values:\n"
    )
    report = look(tmp_path, **{"a.yaml": head + indent(GOOD, 4)})
    assert report.findings == ()
    assert len(report.unread) == 1


NAMED = {
    "compose.yaml": "services:\n  web:\n    image: x\n    privileged: true\n",
    "stack.yml": "name: shop\nx-base: {}\nservices:\n  web:\n    image: x\n    deploy: {replicas: 2}\n",
    "serverless.yml": "service: web\nprovider: {name: aws, iam: {role: {statements: []}}}\n",
    "serverless.ts": "export default { provider: { iamRoleStatements: [] } }\n",
    "live/terragrunt.hcl": 'terraform { source = "../m" }\ninputs = { privileged = true }\n',
    "main.jsonnet": "{ containers: [{ image: 'x', securityContext: { privileged: true } }] }\n",
    "lib.libsonnet": "{ containers: [] }\n",
    "cdk.json": '{"app": "npx ts-node bin/app.ts"}\n',
    "cdktf.json": '{"language": "python"}\n',
    "Pulumi.yaml": "name: web\nruntime: nodejs\n",
    "root.hcl": "inputs = {\n  privileged = true\n}\n",
    "lib/shop-stack.ts": "import * as ecs from 'aws-cdk-lib/aws-ecs';\n",
    "ShopStack.java": "import software.amazon.awscdk.services.ecs.*;\n",
    "deploy.yaml.erb": "containers: [{image: <%= image %>, securityContext: {privileged: true}}]\n",
    "web.hcl": 'job "web" { group "g" { task "t" { config { image = "x" } } } }\n',
    "web.nomad": 'job "web" { group "g" { task "t" { config { image = "x" } } } }\n',
    "web.nomad.hcl": 'job "web" { group "g" { task "t" { config { image = "x" } } } }\n',
    "a.cue": 'containers: [{image: "x"}]\n',
    "main.k": 'containers = [{image = "x"}]\n',
    "main.bicep": "resource a 'x' = { properties: { containers: [] } }\n",
    "skaffold.yaml": "kind: Config\ndeploy: {helm: {releases: [{setValues: {a.privileged: true}}]}}\n",
    "copilot/manifest.yml": "name: web\ntype: Load Balanced Web Service\nimage: {port: 80}\n",
    ".drone.yml": "kind: pipeline\nsteps:\n- name: a\n  image: x\n  privileged: true\n",
    "policies.json": '{"all": [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]}\n',
    "ack.yaml": "apiVersion: ecs.services.k8s.aws/v1\nkind: TaskDefinition\nspec:\n  containerDefinitions:\n"
    "  - name: web\n    image: x\n    privileged: true\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_formats_that_are_not_read_are_named(tmp_path: Path, name: str) -> None:
    report = look(tmp_path, **{name: NAMED[name]})
    assert {(each.path, each.cause) for each in report.unread} == {(name, "unserved")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.jsonnet", "{ a: 1 }\n"),
        ("package.json", '{"name": "container"}\n'),
        (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    env: {A: b}\n"),
        ("Pulumi.prod.yaml", "config:\n  a: b\n"),
    ],
)
def test_what_holds_nothing_is_not_named(tmp_path: Path, name: str, text: str) -> None:
    assert look(tmp_path, **{name: text}).unread == ()
